"""The figures that are kept, by name, and what they were to be."""

from collections.abc import Mapping
from statistics import median
from typing import Final

from benchmarks.capture.rounds import Bench
from benchmarks.delivery.figures import Target

STAGE: Final = "capture.stage_ms."
TARGETS: Final = (
    Target("capture.warm_vs_floor", 1.8),
    Target("capture.vs_shot_scraper", 4, at_least=True),
    Target("capture.vs_shot_scraper_multi", 1.3, at_least=True),
    Target("capture.proxy_cost", 1.1),
    Target("capture.cold_vs_unpack", 1.6),
)
# One over the other; a figure is there if both were measured.
_RATIOS: Final = {
    "capture.warm_vs_floor": ("ours", "floor"),
    "capture.vs_shot_scraper": ("shot_scraper", "ours"),
    "capture.vs_shot_scraper_multi": ("shot_scraper_multi", "ours"),
    "capture.proxy_cost": ("ours", "direct"),
    "capture.cold_vs_unpack": ("cold", "unpack"),
}


def figures_of(bench: Bench) -> dict[str, float]:
    """Everything that was measured, as flat names and numbers."""
    found = {f"capture.{who}_ms": median(taken) for who, taken in bench.ms.items()}
    found |= {
        name: _ratio(bench.ms[over], bench.ms[under])
        for name, (over, under) in _RATIOS.items()
        if over in bench.ms and under in bench.ms
    }
    found |= {f"{STAGE}{stage.replace(' ', '_')}": median(taken) for stage, taken in bench.stages.items()}
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _ratio(over: list[float], under: list[float]) -> float:
    """The median of the rounds' ratios, each of two that followed each other."""
    return median(one / other for one, other in zip(over, under, strict=True))


def merged(known: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """What is known, and these figures in place of earlier ones. A stage that is no more has none."""
    return {name: value for name, value in known.items() if not name.startswith(STAGE)} | dict(found)
