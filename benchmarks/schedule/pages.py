"""The table in `docs/benchmarks.md`, written anew from the kept figures: `python -m benchmarks.schedule.pages`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.delivery.pages import verdicts
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
    tables = (against_targets(figures), parts(figures))
    written = "\n\n".join((BEGIN, *("\n".join(table) for table in tables), END))
    text = PAGE.read_text()
    PAGE.write_text(re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: written, text, flags=re.DOTALL))


def against_targets(figures: Mapping[str, float]) -> Iterator[str]:
    """Each target, what was measured, and whether that meets it; and what is only stated."""
    yield from verdicts(TARGETS, figures)
    for name in STATED:
        if name in figures:
            yield f"| `{name}` | {figures[name]:,g} | | stated |"


def parts(figures: Mapping[str, float]) -> Iterator[str]:
    """What the dollars of a million are for."""
    yield "| for | dollars for a million |"
    yield "| --- | ---: |"
    for unit, words in _PAID.items():
        if (name := f"schedule.usd_per_million.{unit}") in figures:
            yield f"| {words} | {figures[name]:.2f} |"


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
