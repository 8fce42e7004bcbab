"""The least that a picture can take: a tab that is open already loads the page, and the browser is asked for a picture.

Nothing is between but the DevTools protocol over a pipe: no driver, no new context, no wait but for the load event.
`python -m benchmarks.capture.floor BROWSER URL`, then one file name a line.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.capture.pictures import SIZE
from benchmarks.capture.turns import each_turn

# As Playwright starts it where they have a say in the picture or the speed; without sandbox, as root and Lambda do.
_FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--hide-scrollbars",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-field-trial-config",
)
_ITS_INPUT, _ITS_OUTPUT = 3, 4  # the descriptors that the browser reads from and writes to


class Tab:
    """A browser with one open tab."""

    def __init__(self, browser: str, profile: str) -> None:
        self._heard = b""
        self._asked = 0
        self._events: list[dict[str, Any]] = []
        its_input, self._to = os.pipe()
        self._from, its_output = os.pipe()
        # A shell puts the pipes where the browser looks for them: no code of ours runs between fork and exec.
        moved = f'exec "$@" {_ITS_INPUT}<&{its_input} {_ITS_OUTPUT}>&{its_output}'
        self._process = subprocess.Popen(
            ("/bin/bash", "-c", moved, "bash", browser, *_FLAGS, f"--user-data-dir={profile}", "about:blank"),
            pass_fds=(its_input, its_output),
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        self._session = ""
        self._session = self._attached()

    def __enter__(self) -> Self:
        width, height = SIZE
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Page.enable")
        self._call("Emulation.setDeviceMetricsOverride", **metrics)
        return self

    def __exit__(self, *_: object) -> None:
        self._session = ""  # the browser itself is meant
        self._call("Browser.close")
        self._process.wait()

    def picture(self, url: str) -> bytes:
        """Load the page and take its picture."""
        self._events.clear()
        self._call("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def _attached(self) -> str:
        targets = self._call("Target.getTargets")["targetInfos"]
        tab = next(target["targetId"] for target in targets if target["type"] == "page")
        return str(self._call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._asked += 1
        session = {"sessionId": self._session} if self._session else {}
        call = {"id": self._asked, "method": method, "params": params, **session}
        os.write(self._to, json.dumps(call).encode() + b"\0")
        while (answer := self._read()).get("id") != self._asked:
            self._events.append(answer)
        return dict(answer["result"])

    def _wait_for(self, event: str) -> None:
        while not any(heard["method"] == event for heard in self._events):
            self._events.append(self._read())

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            more = os.read(self._from, 1 << 20)
            if not more:
                sys.exit("the browser is gone")
            self._heard += more
        message, _, self._heard = self._heard.partition(b"\0")
        return dict(json.loads(message))


def main() -> None:
    """Take a picture for each turn."""
    browser, url = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="bench-floor-", ignore_cleanup_errors=True) as profile, \
            Tab(browser, profile) as tab:  # fmt: skip

        def turn(file: str) -> dict[str, float]:
            Path(file).write_bytes(tab.picture(url))
            return {}

        each_turn(turn)


if __name__ == "__main__":
    main()
