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
    put(README, BEGIN, END, overview(figures))
    put(PAGE, BEGIN, END, against_targets(figures))


def put(page: Path, begin: str, end: str, *tables: Iterable[str]) -> None:
    """Write these tables between the two marks of the page, in place of what is there."""
    written = "\n\n".join((begin, *("\n".join(table) for table in tables), end))
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page.write_text(between.sub(lambda _: written, page.read_text()))


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


def stated(names: Iterable[str], figures: Mapping[str, float]) -> Iterator[str]:
    """Rows of the same table for figures that have no target."""
    for name in names:
        if name in figures:
            yield f"| `{name}` | {figures[name]:,g} | | stated |"


def against_targets(figures: Mapping[str, float]) -> Iterator[str]:
    """Each target, what was measured, and whether that meets it; and what is only stated."""
    yield from verdicts(TARGETS, figures)
    yield from stated(("delivery.ses_api_cpu_per_1000", "delivery.usd_per_million_by_ses_api"), figures)


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
