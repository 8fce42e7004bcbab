"""The tables in the documents, written anew from the kept figures: `python -m benchmarks.delivery.pages`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.delivery.figures import TARGETS, Target
from benchmarks.delivery.place import RESULTS, ROOT

BEGIN: Final = "<!-- Written by make bench-delivery -->"
END: Final = "<!-- As far as here -->"
README: Final = ROOT / "README.md"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_PEERS: Final = ("ours", "nodemailer", "post_office")
_RUNS: Final = {
    "plain": "mails a second",
    "attach": "each with a picture of 200 KB",
    "unpipelined": "to a server without PIPELINING, such as SES's",
    "branching": "of a template that nothing can be prepared of",
}


def write(figures: Mapping[str, float]) -> None:
    """Put the figures into both documents, where their marks are."""
    _replace(README, overview(figures))
    _replace(PAGE, against_targets(figures))


def _replace(page: Path, lines: Iterator[str]) -> None:
    text = page.read_text()
    table = "\n".join((BEGIN, "", *lines, "", END))
    page.write_text(re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: table, text, flags=re.DOTALL))


def overview(figures: Mapping[str, float]) -> Iterator[str]:
    """What a reader of the README wants to know."""
    yield "| | Eventpost | nodemailer | django-post_office |"
    yield "| --- | ---: | ---: | ---: |"
    for run, words in _RUNS.items():
        yield _row(words, [figures.get(f"delivery.{run}.{who}_per_s") for who in _PEERS])
    cpu = [figures.get(f"delivery.plain.{who}_cpu_per_1000") for who in _PEERS]
    yield _row("processor seconds for 1,000 mails", cpu)
    yield _row("the same with DynamoDB's ledger and all", [figures.get("delivery.path.ours_cpu_per_1000"), None, None])
    yield _row("seconds from event to first mail", [figures.get("delivery.first_mail_s"), None, None])
    yield f"| AWS's bill for a million mails, SES's aside | ${figures.get('delivery.usd_per_million', 0):.2f} | | |"


def _row(words: str, values: list[float | None]) -> str:
    cells = ("" if value is None else _short(value) for value in values)
    return f"| {words} | {' | '.join(cells)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"  # noqa: PLR2004 - of a rate no fraction


def verdicts(targets: Iterable[Target], figures: Mapping[str, float]) -> Iterator[str]:
    """The table of these targets, what was measured, and whether that meets them."""
    yield "| figure | measured | target | |"
    yield "| --- | ---: | ---: | --- |"
    for target in targets:
        if target.name in figures:
            value = figures[target.name]
            bound = f"{'≥' if target.at_least else '≤'} {target.bound:g}"
            yield f"| `{target.name}` | {value:,g} | {bound} | {'met' if target.is_met(value) else '**not met**'} |"


def against_targets(figures: Mapping[str, float]) -> Iterator[str]:
    """Each target, what was measured, and whether that meets it; and what is only stated."""
    yield from verdicts(TARGETS, figures)
    for name in ("delivery.ses_api_cpu_per_1000", "delivery.usd_per_million_by_ses_api"):
        if name in figures:
            yield f"| `{name}` | {figures[name]:,g} | | stated |"


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
