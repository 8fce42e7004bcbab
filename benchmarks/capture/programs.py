"""Who takes pictures, and with what: all with one browser, found as `eventpost local` finds its own."""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.capture.package import package
from benchmarks.capture.pictures import SIZE
from benchmarks.delivery.errors import ToolMissing
from benchmarks.delivery.peers.install import python_with
from benchmarks.delivery.place import BENCH
from benchmarks.delivery.programs import heard_out

from eventpost_cli.browser import ensure_browser
from eventpost_cli.local.errors import ToolMissing as NoTool

SHOT_SCRAPER: Final = Path(__file__).parent / "peers" / "shot_scraper.txt"
_TIMEOUT_S: Final = 120


@dataclass(frozen=True, slots=True)
class Programs:
    """The commands, and the environment that all of them have."""

    browser: Path
    peer: Path
    package: Path | None
    environment: dict[str, str]

    def warm(self, url: str) -> dict[str, tuple[str, ...]]:
        """Those that stay up between pictures, by name."""
        module = (sys.executable, "-m")
        return {
            "floor": (*module, "benchmarks.capture.floor", str(self.browser), url),
            "ours": (*module, "benchmarks.capture.ours.warm", url),
            "direct": (*module, "benchmarks.capture.ours.direct", url),
        }

    def cold(self, url: str, file: Path, temporary: Path) -> float:
        """The seconds of a new process of the packed function from its start to its first picture.

        Raises:
            RunWrong: It failed, or took minutes.
        """
        return self._packed("cold", temporary, url, str(file))

    def unpack(self, temporary: Path) -> float:
        """The seconds of a new process from its start until the packed browser is unpacked.

        Raises:
            RunWrong: It failed, or took minutes.
        """
        return self._packed("unpack", temporary)

    def _packed(self, module: str, temporary: Path, *arguments: str) -> float:
        packed = {"BENCH_FUNCTION": str(self.package), "TMPDIR": str(temporary)}
        environment = {name: value for name, value in self.environment.items() if name != "CHROMIUM_PATH"} | packed
        begun = repr(time.monotonic())
        command = (sys.executable, "-m", f"benchmarks.capture.ours.{module}", begun, *arguments)
        return float(json.loads(heard_out(module, command, environment, _TIMEOUT_S).splitlines()[-1])["s"])

    def shot_scraper(self, *arguments: str) -> None:
        """Run shot-scraper's command once.

        Raises:
            RunWrong: It failed, or took minutes.
        """
        command = (str(self.peer), "-m", "benchmarks.capture.peers.shot_scraper", *arguments)
        heard_out("shot-scraper", command, self.environment, _TIMEOUT_S)


def installed(*, cold: bool = True) -> Programs:
    """All of them; what is not there yet is fetched. Without `cold` the packed function is left out.

    Raises:
        ToolMissing: There is no browser, or the peer cannot be had.
    """
    try:
        browser = ensure_browser(BENCH)
    except NoTool as error:
        raise ToolMissing(str(error)) from error
    ours = {
        "CHROMIUM_PATH": str(browser),
        "CAPTURE_ALLOW_HOSTS": "127.0.0.1",
        "CAPTURE_BROWSER_FLAGS": "--no-sandbox",  # as the others start it
        "SCREENSHOTS_BUCKET": "not-used",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return Programs(
        browser,
        python_with(SHOT_SCRAPER),
        package() if cold else None,
        {**environment, **ours, "BENCH_BROWSER": str(browser)},
    )


def multi_yaml(url: str, files: list[Path]) -> str:
    """What shot-scraper's `multi` is told: the page once for each file."""
    width, height = SIZE
    shots = (f"- {{url: '{url}', output: '{file}', width: {width}, height: {height}}}\n" for file in files)
    return "".join(shots)
