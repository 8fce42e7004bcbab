"""Five hundred captures in a row by one function: whether its memory and its temporary files stay as they are.

    make soak-capture
    make soak-capture CAPTURE_OPTIONS=--captures=50

Four of five pages are good, each fifth is one that misbehaves, so that browsers die, hang and are replaced on the way.
What the browser, its driver and this process hold is read between shots; the medians of the first and the last quarter
are compared. Ends with 1 if a good page gave no picture, a bad one took longer than its deadline allows, memory or
files grew, or a process or a file was left behind. The figures are in `benchmarks/capture_soak.json`.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "benchmarks" / "capture_soak.json"
sys.path[:0] = [str(ROOT / "functions" / "capture"), str(ROOT / "tests" / "capture")]

from capture_site import Site  # noqa: E402 - see above
from misbehaving_site import MisbehavingSite  # noqa: E402
from process_tree import alive, children, driver, family  # noqa: E402

from eventpost_capture.errors import CaptureError  # noqa: E402
from eventpost_capture.laps import Laps  # noqa: E402
from eventpost_capture.processes import Processes  # noqa: E402
from eventpost_capture.request import Shot  # noqa: E402
from eventpost_capture.settings import Settings  # noqa: E402
from eventpost_capture.studio import Studio  # noqa: E402

_GOOD: Final = ("/card", "/cookie", "/remembers", "/popups", "/far", "/lazy", "/slow-image", "/tall")
_BAD: Final = (
    "/silent", "/loop-at-once", "/alerts", "/downloads", "/fills-memory", "/history", "/redirects-on", "/fills-storage",
    "/goes-on", "/prints", "/pdf", "/reset-mid-body", "/frames", "/logs", "/gzip-bomb", "/fills-canvases",
)  # fmt: skip
_BAD_EVERY: Final = 5
_GOOD_S: Final = 15.0
_BAD_S: Final = 0.7
_OVERTIME_S: Final = 3.0
_MAY_GROW: Final = 1.25
"""By which a quarter's median may be above the first's: allocators keep some, and pages differ."""
_TIMES: Final = frozenset({"good_page_ms"})
"""What is told and not judged: others work on the machine, too."""


@dataclass
class Readings:
    """What was seen between shots, one list a figure, in the order of the shots."""

    rows: list[dict[str, float]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    late: int = 0

    def growth(self, figure: str) -> dict[str, float]:
        """The medians of a figure in the first and the last quarter, and its peak."""
        seen = [row[figure] for row in self.rows if figure in row]
        quarter = max(1, len(seen) // 4)
        first, last = median(seen[:quarter]), median(seen[-quarter:])
        return {"first": round(first, 1), "last": round(last, 1), "peak": round(max(seen), 1)}


def main() -> int:
    """Take the pictures; keep the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=500)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-capture-") as folder:
        tempfile.tempdir = folder
        figures = _soaked(options.captures, Path(folder))
        tempfile.tempdir = None
    figures["seconds"] = round(time.monotonic() - began)
    options.results.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    wrong = _wrong(figures)
    print("\n".join(wrong) or "nothing grew, nothing was left, and every good page was captured")
    return bool(wrong)


def _soaked(captures: int, folder: Path) -> dict[str, Any]:
    site, misbehaving = Site.start(), MisbehavingSite.start()
    settings = Settings.read({"SCREENSHOTS_BUCKET": "unused", "CAPTURE_ALLOW_HOSTS": "127.0.0.1", **_flags()})
    studio, readings, browsers = Studio(settings), Readings(), set()
    for number in range(captures):
        bad = number % _BAD_EVERY == _BAD_EVERY - 1
        of = number // _BAD_EVERY if bad else number
        url = misbehaving.url(_BAD[of % len(_BAD)]) if bad else site.url(_GOOD[of % len(_GOOD)])
        _take(studio, url, readings, bad=bad)
        browsers |= {studio.browser.pid} - {None}
        readings.rows.append(_read(studio, folder))
    processes = family(os.getpid())[1:]
    studio.close()
    site.stop()
    misbehaving.stop()
    left = {"processes": sum(alive(pid) for pid in processes), "files": sum(1 for _ in folder.rglob("*"))}
    return _figures(captures, readings, len(browsers), left)


def _flags() -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ if name.startswith("CAPTURE_") or name == "CHROMIUM_PATH"}


def _take(studio: Studio, url: str, readings: Readings, *, bad: bool) -> None:
    seconds = _BAD_S if bad else _GOOD_S
    began = time.monotonic()
    try:
        studio.take(Shot(url=url, key="unused", width=800, height=600, deadline_s=seconds), seconds, Laps("begin"))
        outcome = "picture"
    except CaptureError as error:
        outcome = type(error).__name__
    studio.rest()
    took = time.monotonic() - began
    readings.late += took > seconds + _OVERTIME_S
    readings.outcomes[f"{'bad' if bad else 'good'}: {outcome}"] += 1
    if not bad:
        readings.rows.append({"good_page_ms": took * 1000})


def _read(studio: Studio, folder: Path) -> dict[str, float]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    row = {"function_mb": _own_megabytes(os.getpid()), "files": len(files), "files_kb": sum(map(_size, files)) / 1000}
    row["processes"] = sum(len(family(child)) for child in children(os.getpid()))
    if studio.browser.pid is not None:
        with suppress(FileNotFoundError, ProcessLookupError):  # a browser that crashed may be ending just now
            row |= {
                "browser_mb": Processes.of(studio.browser.pid).megabytes(),
                "driver_mb": _own_megabytes(driver(studio.browser.pid)),
            }
    return row


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _own_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


def _figures(captures: int, readings: Readings, browsers: int, left: dict[str, int]) -> dict[str, Any]:
    seen = ("function_mb", "driver_mb", "browser_mb", "files", "files_kb", "processes", "good_page_ms")
    return {
        "captures": captures,
        "outcomes": dict(sorted(readings.outcomes.items())),
        "past_the_deadline": readings.late,
        "browsers": browsers,
        **{figure: readings.growth(figure) for figure in seen},
        "left_behind": left,
    }


def _wrong(figures: dict[str, Any]) -> list[str]:
    failed = [outcome for outcome in figures["outcomes"] if outcome.startswith("good: ") and outcome != "good: picture"]
    grew = [
        name
        for name, figure in figures.items()
        if isinstance(figure, dict) and "peak" in figure and name not in _TIMES
        if figure["last"] > figure["first"] * _MAY_GROW
    ]
    return [
        *(f"WRONG: {outcome}" for outcome in failed),
        *(f"WRONG: {name} grew: {figures[name]}" for name in grew),
        *(f"WRONG: {what} left behind: {count}" for what, count in figures["left_behind"].items() if count),
        *(["WRONG: a deadline did not hold"] if figures["past_the_deadline"] else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
