"""The figures that are kept, by name, and what they were to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.delivery import audiences, pricing
from benchmarks.delivery.rounds import MEMORY_SIZES, RUNS, Bench, Taken, together


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure was to be: at least or at most so much."""

    name: str
    bound: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether this is good enough."""
        return value >= self.bound if self.at_least else value <= self.bound


TARGETS: Final = (
    Target("delivery.plain.vs_nodemailer", 25, at_least=True),
    Target("delivery.attach.vs_nodemailer", 25, at_least=True),
    Target("delivery.plain.vs_raw", 0.30, at_least=True),
    Target("delivery.attach.vs_raw", 0.70, at_least=True),
    Target("delivery.cpu_per_1000.plain", 0.12),
    Target("delivery.cpu_per_1000.attach", 0.20),
    Target("delivery.path_cpu_vs_nodemailer", 0.20),
    Target("delivery.aws_calls_per_1000", 110),
    Target("delivery.usd_per_million", 2.20),
    Target("delivery.rss_growth", 1.15),
    Target("delivery.first_mail_s", 0.25),
    Target("delivery.first_mail_100k_s", 1.0),
    Target("delivery.unpipelined.vs_nodemailer", 12, at_least=True),
    Target("delivery.branching.vs_nodemailer", 4, at_least=True),
)


def figures_of(bench: Bench, picture: Path) -> dict[str, float]:
    """Everything that was measured, as flat names and numbers."""
    found = _rates(bench) | _ratios(bench)
    if bench.paths:
        found |= _of_the_path(bench, picture)
    if bench.first_mails:
        found["delivery.first_mail_s"] = bench.first_mails[audiences.SMALL]
        found["delivery.first_mail_100k_s"] = bench.first_mails[audiences.LARGE]
    if bench.peaks_mb:
        small, large = (bench.peaks_mb[size] for size in MEMORY_SIZES)
        found["delivery.rss_growth"] = large / small
        found["delivery.peak_mb"] = large
    return {name: _rounded(value) for name, value in found.items()}


def _rates(bench: Bench) -> dict[str, float]:
    found = {}
    for (run, who), taken in bench.taken.items():
        if run == "ses_api":
            found["delivery.ses_api_cpu_per_1000"] = median(each.cpu_per_1000 for each in taken)
            continue
        found[f"delivery.{run}.{who}_per_s"] = median(each.per_s for each in taken)
        found[f"delivery.{run}.{who}_cpu_per_1000"] = median(each.cpu_per_1000 for each in taken)
    for run in ("plain", "attach"):
        if (run, "ours") in bench.taken:
            found[f"delivery.cpu_per_1000.{run}"] = found[f"delivery.{run}.ours_cpu_per_1000"]
    return found


def _ratios(bench: Bench) -> dict[str, float]:
    return {
        f"delivery.{run.name}.vs_{peer}": _ratio(bench, run.name, peer)
        for run in RUNS
        for peer in run.who
        if peer != "ours" and (run.name, peer) in bench.taken
    }


def _ratio(bench: Bench, run: str, peer: str) -> float:
    """The median of the rounds' ratios, each of two runs that followed each other."""
    return median(ours.per_s / theirs.per_s for ours, theirs in together(bench, run, "ours", peer))


def _of_the_path(bench: Bench, picture: Path) -> dict[str, float]:
    usage = sorted(bench.paths, key=lambda path: path.cpu_s)[len(bench.paths) // 2]
    memory = pricing.memory_mb()
    parts = pricing.usd_per_million(usage, memory)
    found = {
        "delivery.aws_calls_per_1000": median(path.calls_per_1000 for path in bench.paths),
        **{f"delivery.aws_calls_per_1000.{name}": 1000 * n / usage.mails for name, n in usage.calls.items()},
        "delivery.usd_per_million": sum(parts.values()),
        **{f"delivery.usd_per_million.{name}": value for name, value in parts.items() if value},
        **{f"delivery.usd_per_million_beside.{name}": usd for name, usd in pricing.beside(usage, picture).items()},
    }
    if ("ses_api", "ours") in bench.taken and ("plain", "ours") in bench.taken:
        by_api = replace(usage, cpu_s=usage.cpu_s + usage.mails / 1000 * _more_by_api(bench))
        found["delivery.usd_per_million_by_ses_api"] = sum(pricing.usd_per_million(by_api, memory).values())
    if nodemailer := bench.taken.get(("plain", "nodemailer")):
        pairs = zip(bench.taken["path", "ours"], nodemailer, strict=True)
        found["delivery.path_cpu_vs_nodemailer"] = median(_cpu_ratio(*pair) for pair in pairs)
    return found


def _more_by_api(bench: Bench) -> float:
    """The processor seconds that a thousand mails take more by SES's API than by SMTP."""
    api, smtp = (median(each.cpu_per_1000 for each in bench.taken[run, "ours"]) for run in ("ses_api", "plain"))
    return api - smtp


def _cpu_ratio(ours: Taken, theirs: Taken) -> float:
    return ours.cpu_per_1000 / theirs.cpu_per_1000


def _rounded(value: float) -> float:
    """Four digits: there is no more in it."""
    return float(f"{value:.4g}")


def table(found: Mapping[str, float], say: Callable[[str], None]) -> None:
    """Say each target with its figure, and whether it is met."""
    say(f"{'':42} {'measured':>10} {'target':>10}")
    for target in TARGETS:
        if target.name in found:
            sign = "≥" if target.at_least else "≤"
            word = "met" if target.is_met(found[target.name]) else "NOT MET"
            say(f"{target.name:42} {found[target.name]:>10,} {sign} {target.bound:>8,} {word}")
    name = "delivery.ses_api_cpu_per_1000"
    if name in found:
        say(f"{name:42} {found[name]:>10,} {'stated':>10}")
