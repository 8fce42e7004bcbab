"""The table in `docs/benchmarks.md`, written anew from the kept figures: `python -m benchmarks.schedule.pages`."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.delivery.pages import put, stated, verdicts
from benchmarks.delivery.place import RESULTS, ROOT
from benchmarks.schedule.figures import STATED, TARGETS

BEGIN: Final = "<!-- Written by make bench-schedule -->"
END: Final = "<!-- As far as here: schedule -->"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_PAID: Final = {
    "write_units": "rows written",
    "http_requests": "the HTTP API in front",
    "lambda_gb_s": "functions, by their time",
    "read_units": "rows read",
    "lambda_requests": "functions, by their invocations",
    "sqs_requests": "queues",
}


def write(figures: Mapping[str, float]) -> None:
    """Put the figures into the document, where its marks are."""
    put(PAGE, BEGIN, END, against_targets(figures), parts(figures))


def against_targets(figures: Mapping[str, float]) -> Iterator[str]:
    """Each target, what was measured, and whether that meets it; and what is only stated."""
    yield from verdicts(TARGETS, figures)
    yield from stated(STATED, figures)


def parts(figures: Mapping[str, float]) -> Iterator[str]:
    """What the dollars of a million are for."""
    yield "| for | dollars for a million |"
    yield "| --- | ---: |"
    for unit, words in _PAID.items():
        if (name := f"schedule.usd_per_million.{unit}") in figures:
            yield f"| {words} | {figures[name]:.2f} |"


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
