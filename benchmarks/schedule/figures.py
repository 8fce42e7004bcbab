"""The figures that are kept, by name, and what they were to be."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.delivery.figures import Target
from benchmarks.schedule.local_load import Fired
from benchmarks.schedule.price import Share, logs_per_million, usd_per_million

TARGETS: Final = (
    Target("schedule.fired_per_hour", 1_000_000, at_least=True),
    Target("schedule.lateness_p50_s", 1.0),
    Target("schedule.lateness_p99_s", 2.0),
    Target("schedule.usd_per_million", 5.0),
    Target("schedule.simulated_10m_lost", 0),
    Target("schedule.simulated_10m_doubled", 0),
)
STATED: Final = (
    "schedule.relayed_per_hour",
    "schedule.usd_per_million_recurring",
    "schedule.usd_per_million_beside.logs",
)
_USD: Final = "schedule.usd_per_million"


def of_the_load(fired: Fired) -> dict[str, float]:
    """What a minute's load came to."""
    return _rounded(
        {
            "schedule.fired_per_hour": fired.per_hour,
            "schedule.relayed_per_hour": fired.relayed_per_hour,
            "schedule.lateness_p50_s": fired.p50_s,
            "schedule.lateness_p99_s": fired.p99_s,
        }
    )


def of_the_path(said: Mapping[str, Sequence[Mapping[str, Any]]], events: int) -> dict[str, float]:
    """What a million events cost that are made and raised once, and what a million more of recurring ones."""
    once, every = ([Share(**share) for share in said[name]] for name in ("once", "every"))
    parts = usd_per_million(events, *once)
    raised = [share for share in every if share.function != "Schedules"]
    return _rounded(
        {
            _USD: sum(parts.values()),
            **{f"{_USD}.{unit}": usd for unit, usd in parts.items()},
            f"{_USD}_recurring": sum(usd_per_million(events, *raised).values()),
            f"{_USD}_beside.logs": logs_per_million(events, *once),
        }
    )


def merged(known: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """What is known, and these figures in place of earlier ones. A part that is no more paid for has none."""
    parts = f"{_USD}."
    kept = {name: value for name, value in known.items() if _USD not in found or not name.startswith(parts)}
    return kept | dict(found)


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    """Four digits: there is no more in it."""
    return {name: float(f"{value:.4g}") for name, value in found.items()}
