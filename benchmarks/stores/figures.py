"""The figures that are kept, by name; in the end all of them are counts, or ratios of two stores in the same run."""

from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.delivery.pricing import MILLION
from benchmarks.stores.prices import lambda_usd, usd_per_million
from benchmarks.stores.rounds import SUBSCRIBERS, Bench, Taken, What

PLACES: Final = ("dynamodb", "firestore")
CHANGES: Final = ("join.one_by_one", "join.at_once", "join.imported", "leave.one_by_one", "leave.at_once")
_PAID: Final = "delivery.usd_per_million"


def of(bench: Bench, known: Mapping[str, float]) -> dict[str, float]:
    """What was measured, with what is known of deliveries beside it."""
    found: dict[str, float] = {}
    for place in PLACES:
        if (what := What("read", place)) in bench.taken:
            found |= _of_reading(place, bench.taken[what], bench.slices[place])
            found |= _of_deliveries(place, bench.taken, known)
        for change in CHANGES:
            if (what := What(change, place)) in bench.taken:
                found |= _of_change(what, bench.taken[what])
    return {name: float(f"{value:.4g}") for name, value in (found | _ratios(bench)).items()}


def _of_reading(place: str, taken: Taken, slices: int) -> dict[str, float]:
    return {
        f"stores.read.{place}.s": taken.watch.wall_s * SUBSCRIBERS / taken.done,
        f"stores.read.{place}.cpu_per_1000": _cpu_s(taken) * 1000,
        f"stores.read.{place}.slices": slices,
        **{f"stores.read.{place}.{unit}": count * SUBSCRIBERS / taken.done for unit, count in taken.units.items()},
    }


def _of_deliveries(place: str, taken: Mapping[What, Taken], known: Mapping[str, float]) -> dict[str, float]:
    """A million deliveries: reading the audience, and all that stays on AWS by `make bench-delivery`.

    That has the processor time of reading from DynamoDB in it, so here is what another store takes more.
    """
    read = taken[What("read", place)]
    paid = usd_per_million(read.units, read.done)
    more_cpu_s = _cpu_s(read) - _cpu_s(taken.get(What("read", PLACES[0]), read))
    parts = {
        "data_out": paid.pop("response_bytes", 0.0),
        "reading": sum(paid.values()),
        "processor": lambda_usd(more_cpu_s * MILLION),
        "all_else": known[_PAID] - known.get(f"{_PAID}.read_units", 0.0),  # of units nothing else is read there
    }
    name = f"stores.usd_per_million_deliveries.{place}"
    return {name: sum(parts.values()), **{f"{name}.{part}": usd for part, usd in parts.items()}}


def _cpu_s(taken: Taken) -> float:
    return taken.watch.cpu_s / taken.done


def _of_change(what: What, taken: Taken) -> dict[str, float]:
    name = f"stores.{what.name}.{what.place}"
    return {
        f"{name}.per_s": median(taken.rates),
        f"{name}.usd_per_million": sum(usd_per_million(taken.units, taken.done).values()),
        **{f"{name}.{unit}": count / taken.done for unit, count in taken.units.items()},
    }


def _ratios(bench: Bench) -> dict[str, float]:
    """Firestore's over DynamoDB's: the median of the rounds' ratios, each of two runs that followed each other."""
    found = {}
    ours, theirs = (bench.taken.get(What("read", place)) for place in PLACES)
    if ours and theirs:
        found["stores.read.cpu_firestore_vs_dynamodb"] = theirs.watch.cpu_s / ours.watch.cpu_s
    for change in CHANGES:
        rates = [bench.taken[What(change, place)].rates for place in PLACES if What(change, place) in bench.taken]
        if len(rates) == len(PLACES):
            pairs = zip(*rates, strict=True)
            found[f"stores.{change}.firestore_vs_dynamodb"] = median(theirs / ours for ours, theirs in pairs)
    return found


def merged(known: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """What is known, and these figures in place of earlier ones of the same parts."""
    parts = {".".join(name.split(".")[:2]) for name in found}
    return {name: value for name, value in known.items() if ".".join(name.split(".")[:2]) not in parts} | dict(found)
