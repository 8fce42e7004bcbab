"""Measure everything, keep the figures in `benchmarks/results.json`, draw the chart and write the tables.

    make bench-delivery

Ends with 0 whatever the figures are, with 1 if a run did not do its work, with 2 if a program is missing.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial

from benchmarks.delivery import audiences, chart, dataset, pages
from benchmarks.delivery.errors import RunWrong, ToolMissing
from benchmarks.delivery.figures import figures_of, table
from benchmarks.delivery.local_aws import local_aws, subscribe
from benchmarks.delivery.place import RESULTS
from benchmarks.delivery.programs import installed
from benchmarks.delivery.rounds import RUNS, Bench

ONCE = ("memory", "first_mail")  # neither is a rate, and each takes half a minute
PARTS = ("path", *(run.name for run in RUNS), "ses_api", *ONCE)


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often everyone takes a turn (3)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, by commas: {', '.join(PARTS)}")
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        found, wrong = _measured(options.rounds, options.only.split(","))
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 2
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(known | found, indent=2, sort_keys=True) + "\n")
    pages.write(known | found)
    print()
    table(found, print)
    print(f"\n{time.monotonic() - begun:.0f} s; drawn: {chart.draw(known | found)}")
    for failure in wrong:
        print(f"WRONG, and no figure: {failure}", file=sys.stderr)
    return 1 if wrong else 0


def _measured(rounds: int, names: list[str]) -> tuple[dict[str, float], list[RunWrong]]:
    """The figures of these parts, and what went wrong in others."""
    data = dataset.made()
    bench = Bench(installed(), str(data), _say)
    wrong: list[RunWrong] = []
    with local_aws() as endpoint:
        for topic in (audiences.WARMING, audiences.PATH):
            subscribe(endpoint, topic)
        parts = _parts(bench, endpoint)
        turns = [name for _ in range(rounds) for name in names if name not in ONCE]
        for name in [*turns, *(name for name in names if name in ONCE)]:
            _take(bench, name, parts, wrong)
    return figures_of(bench, data / "picture.png"), wrong


def _parts(bench: Bench, endpoint: str) -> dict[str, Callable[[], None]]:
    return {
        "path": partial(bench.path, endpoint),
        **{run.name: partial(bench.deliver, run) for run in RUNS},
        "ses_api": bench.ses_api,
        "memory": bench.memory,
        "first_mail": partial(bench.first_mail, endpoint),
    }


def _take(bench: Bench, name: str, parts: dict[str, Callable[[], None]], wrong: list[RunWrong]) -> None:
    """Measure a part once; one that went wrong is not measured again, and what it measured before is dropped."""
    if name not in parts:
        return
    try:
        parts[name]()
    except RunWrong as error:
        wrong.append(error)
        bench.forget(name)
        del parts[name]


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
