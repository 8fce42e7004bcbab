"""The mail API under load while lists' functions fail and SQS refuses: is what it accepted lost, or mailed twice?

    make soak-api
    make soak-api API_OPTIONS=--small

Ends with 1 if what was accepted was not delivered, or twice; if anything was accepted while SQS refused it, or if a
message is left. Figures: benchmarks/soak_api.json.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.soak_api.account import wrong
from benchmarks.soak_api.plan import FULL, LISTS, SMALL, Plan
from benchmarks.soak_api.processes import ROOT, STACK
from benchmarks.soak_api.run import Run
from benchmarks.soak_time.cloud import cloud
from benchmarks.soak_time.sink import listening

RESULTS: Final = ROOT / "benchmarks" / "soak_api.json"
_AT_LEAST: Final = 0.95
"""The part of the pace that a run must keep to count."""


def main() -> int:
    """Run; keep the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="Half a minute, to see whether it works at all.")
    parser.add_argument("--per-s", type=float, help="Requests a second, where the machine cannot do fifty.")
    parser.add_argument("--results", type=Path, help="Where the figures go; those of a small run are not kept.")
    parser.add_argument("--folder", type=Path, help="Where logs and journals go, to be looked at.")
    options = parser.parse_args()
    plan = SMALL if options.small else FULL
    plan = replace(plan, per_s=options.per_s or plan.per_s)
    with tempfile.TemporaryDirectory(prefix="soak-api-") as temporary:
        folder: Path = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        figures = _soaked(plan, folder)
    whole = plan == FULL
    if results := options.results or (RESULTS if whole else None):
        results.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    faults = [f"WRONG: {fault}" for fault in wrong(figures)]
    if whole and figures["answered_per_s"] < plan.per_s * _AT_LEAST:
        faults.append(f"WRONG: this machine is too slow or too busy for {plan.per_s:.0f} requests a second")
    print("\n".join(faults) or "all that was accepted was delivered, once")
    return bool(faults)


def _soaked(plan: Plan, folder: Path) -> dict[str, int | float]:
    with (
        listening(folder) as (port, journal),
        cloud(ROOT, port, stack=STACK, lists=LISTS, visibility_s=plan.visibility_s) as there,
    ):
        return Run(plan, there, folder, journal, tell=lambda line: print(line, file=sys.stderr, flush=True)).go()


if __name__ == "__main__":
    sys.exit(main())
