"""`make soak`: runs it all and writes soak.json; ends with 1 if a mail was lost or anything else must not be."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from benchmarks.soak.accounting import Account, account
from benchmarks.soak.crowd import WorkersFail
from benchmarks.soak.plan import FULL, SMALL, Plan
from benchmarks.soak.report import write_results, write_table
from benchmarks.soak.run import Run, TakesTooLong
from benchmarks.soak.site import HERE, Site, folder_of
from benchmarks.soak.tokens import try_tokens
from rich.console import Console

from eventpost_cli.local.stack import LocalStack
from eventpost_cli.local.steps import Announced

RESULTS: Final = HERE / "benchmarks" / "soak.json"
DOCUMENT: Final = HERE / "docs" / "soak.md"


def soak(root: Path, plan: Plan, console: Console) -> Account:
    """Try changed tokens; deploy the project that is at `root`, do what is planned to it, and draw up the account.

    Raises:
        LocalStackError: The stack cannot be started.
        TakesTooLong: The run does not come to its end.
        WorkersFail: Workers end by themselves.
    """
    with Announced(console) as steps, steps.step(f"{plan.tokens:,} changed tokens"):
        tokens = try_tokens(plan.tokens, plan.seed)
    with Announced(console) as steps:
        stack = LocalStack.start(root, run="soak", steps=steps)
    with stack:
        with Announced(console) as steps, steps.step(f"{plan.subscribers:,} subscribers"):
            site = Site.prepare(stack, folder_of(stack), plan)
        run = Run(plan, site, tell=lambda line: console.print(line, highlight=False))
        accounted = account(run.go())
        return Account(accounted.figures | tokens | run.figures)


def main() -> int:
    """Run by the arguments; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="A few minutes, to see whether it works at all.")
    parser.add_argument("--root", type=Path, default=HERE, help="The project to deploy.")
    parser.add_argument("--results", type=Path, help="Where the figures go; those of a small run are not kept.")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a shell has its background jobs ignore it
    console = Console(width=200, soft_wrap=True)
    plan = SMALL if options.small else FULL
    try:
        accounted = soak(options.root.resolve(), plan, console)
    except (TakesTooLong, WorkersFail) as error:
        console.print(f"{type(error).__name__}: {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 1
    if options.results:
        write_results(accounted.figures, options.results)
    elif not options.small:
        write_results(accounted.figures, RESULTS)
        write_table(accounted.figures, DOCUMENT)
    return _told(accounted, plan, console)


def _told(accounted: Account, plan: Plan, console: Console) -> int:
    for name, value in accounted.figures.items():
        console.print(f"{name:28} {value:8,}", highlight=False)
    faults = [f"{name}: {value}" for name, value in accounted.faults.items()]
    at_random = accounted.figures["kills"] - accounted.figures["kills_at_a_step"]
    if at_random < plan.kills:
        faults.append(f"only {at_random} of {plan.kills} kills at random came about")
    for fault in faults:
        console.print(f"[red]must not be:[/] {fault}", highlight=False)
    return 1 if faults else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Take a request to end as Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
