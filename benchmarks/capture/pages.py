"""The table in `docs/benchmarks.md`, written anew from the kept figures: `python -m benchmarks.capture.pages`."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.capture.figures import STAGE, TARGETS
from benchmarks.delivery.pages import put, verdicts
from benchmarks.delivery.place import RESULTS, ROOT

BEGIN: Final = "<!-- Written by make bench-capture -->"
END: Final = "<!-- As far as here: capture -->"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_TOLD_MS: Final = 0.5
_WHO: Final = {
    "ours": "Eventpost, warm",
    "floor": "the floor: an open tab by CDP",
    "direct": "Eventpost, warm, without its guard",
    "shot_scraper": "shot-scraper, a command for each picture",
    "shot_scraper_multi": "shot-scraper's `multi`",
    "cold": "Eventpost, cold: a new process, the packed browser",
    "unpack": "unpacking that browser, nothing else",
}


def write(figures: Mapping[str, float]) -> None:
    """Put the figures into the document, where its marks are."""
    put(PAGE, BEGIN, END, against_targets(figures), milliseconds(figures), stages(figures))


def against_targets(figures: Mapping[str, float]) -> Iterator[str]:
    """Each target, what was measured, and whether that meets it."""
    return verdicts(TARGETS, figures)


def milliseconds(figures: Mapping[str, float]) -> Iterator[str]:
    """What a picture takes, by who takes it."""
    yield "| who | milliseconds for a picture |"
    yield "| --- | ---: |"
    for who, words in _WHO.items():
        if (name := f"capture.{who}_ms") in figures:
            yield f"| {words} | {figures[name]:,.0f} |"


def stages(figures: Mapping[str, float]) -> Iterator[str]:
    """Where our warm picture's time goes, by the function's own log."""
    yield "| stage of ours, warm | milliseconds |"
    yield "| --- | ---: |"
    taken = {name: ms for name, ms in figures.items() if name.startswith(STAGE)}
    for name, ms in sorted(taken.items(), key=lambda stage: -stage[1]):
        if ms >= _TOLD_MS:
            yield f"| {name.removeprefix(STAGE).replace('_', ' ')} | {ms:.1f} |"


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
