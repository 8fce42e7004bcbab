"""The table in `docs/benchmarks.md`, written anew from the kept figures: `python -m benchmarks.stores.pages`."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from benchmarks.delivery.pages import put
from benchmarks.delivery.place import RESULTS, ROOT
from benchmarks.delivery.pricing import MILLION
from benchmarks.stores.figures import PLACES
from benchmarks.stores.prices import LOTS, NOTED_ON, PRICES, REGION, UNITS

BEGIN: Final = "<!-- Written by make bench-stores -->"
END: Final = "<!-- As far as here: stores -->"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_SHORT: Final = {
    "read_units": "read units",
    "write_units": "write units",
    "document_reads": "documents read",
    "document_writes": "documents written",
    "document_deletes": "documents deleted",
    "response_bytes": "bytes out",
}
_READ: Final = "stores.read.{}"
_DELIVERED: Final = "stores.usd_per_million_deliveries.{}"
_JOINED: Final = {
    "join.one_by_one": "joins by the form, one by one",
    "join.at_once": "joins by the form, eight at once",
    "join.imported": "joins by a file",
    "leave.one_by_one": "leaves by the button, one by one",
    "leave.at_once": "leaves by the button, eight at once",
}
_BILLED: Final = {
    "join.one_by_one": "a join by the form",
    "join.imported": "a join by a file",
    "leave.one_by_one": "a leave",
}

type Cell = Callable[[str], str]


def write(figures: Mapping[str, float]) -> None:
    """Put the figures into the document, where its marks are."""
    put(PAGE, BEGIN, END, table(figures))


def table(figures: Mapping[str, float]) -> Iterator[str]:
    """Everything, a column for each store: first what is true on the clouds as well, then what is this machine's."""
    yield f"| | DynamoDB, us-east-1 | Firestore, {REGION} |"
    yield "| --- | ---: | ---: |"
    for words, cell in _rows(figures):
        yield f"| {words} | {' | '.join(map(cell, PLACES))} |"


def _rows(figures: Mapping[str, float]) -> Iterator[tuple[str, Cell]]:
    def of(pattern: str, form: str) -> Cell:
        return lambda place: form.format(figures[pattern.format(place)]) if pattern.format(place) in figures else ""

    def billed(pattern: str, form: str) -> Cell:
        return lambda place: ", ".join(
            f"{words} {form.format(figures[name])}"
            for unit, words in _SHORT.items()
            if figures.get(name := f"{pattern.format(place)}.{unit}")
        )

    yield f"**dollars, at the prices of {NOTED_ON}**", lambda _: ""
    yield "price basis: dollars for a million of each; of bytes, for a GiB", _basis
    yield "a million deliveries: the audience read", of(f"{_DELIVERED}.reading", "{:.3f}")
    yield "data out of Google Cloud for it", of(f"{_DELIVERED}.data_out", "{:.3f}")
    yield "functions, by the processor time that reading takes more", of(f"{_DELIVERED}.processor", "{:.3f}")
    yield "all else: ledger, queues, functions, on AWS", of(f"{_DELIVERED}.all_else", "{:.2f}")
    yield "together, SES aside", of(_DELIVERED, "{:.2f}")
    for change, words in _BILLED.items():
        yield f"a million times {words}", of(f"stores.{change}.{{}}.usd_per_million", "{:.2f}")
    yield "**what is billed, counted**", lambda _: ""
    yield "100,000 subscribers read in slices", billed(_READ, "{:,.0f}")
    for change, words in _BILLED.items():
        yield words, billed(f"stores.{change}.{{}}", "{:,.4g}")
    yield "**our processor, this machine's**", lambda _: ""
    yield "seconds for 1,000 subscribers read", of(f"{_READ}.cpu_per_1000", "{:.3f}")
    yield "**beside the stand-ins, this machine's**", lambda _: ""
    yield "seconds for 100,000 subscribers read in slices", of(f"{_READ}.s", "{:,.0f}")
    for change, words in _JOINED.items():
        yield f"{words}, a second", of(f"stores.{change}.{{}}.per_s", "{:,.0f}")


def _basis(place: str) -> str:
    """What one pays by."""
    theirs = {unit: words for unit, words in _SHORT.items() if unit in UNITS[place]}
    return ", ".join(f"{words} {PRICES[unit] * LOTS.get(unit, MILLION):.4g}" for unit, words in theirs.items())


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
