"""Measure both stores, keep the figures in `benchmarks/results.json` and write the table of `docs/benchmarks.md`.

    make bench-stores

Ends with 0 whatever the figures are, with 1 if a run did not do its work, with 2 if the emulator is missing.
"""

import argparse
import json
import sys
import time

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.local_aws import local_aws
from benchmarks.delivery.place import RESULTS
from benchmarks.stores import figures, pages
from benchmarks.stores.places import Dynamo, Firestore, emulator
from benchmarks.stores.rounds import ROUNDS, TOPICS, Bench

from eventpost_cli.local.errors import ToolMissing

PARTS = ("change", "read")


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, by commas: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often people join and leave ({ROUNDS})")
    parser.add_argument("--topics", type=int, default=TOPICS, help=f"how many share the subscribers ({TOPICS})")
    options = parser.parse_args()
    begun = time.monotonic()
    known = json.loads(RESULTS.read_text())
    try:
        found = figures.of(_measured(options.only.split(","), options.rounds, options.topics), known)
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 2
    except RunWrong as error:
        print(f"WRONG, and no figure: {error}", file=sys.stderr)
        return 1
    known = figures.merged(known, found)
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    pages.write(known)
    print("", *pages.table(known), sep="\n")
    print(f"\n{time.monotonic() - begun:.0f} s")
    return 0


def _measured(parts: list[str], rounds: int, topics: int) -> Bench:
    with local_aws() as endpoint, emulator() as host:
        bench = Bench([Dynamo(endpoint), Firestore(host)], _say)
        if "change" in parts:
            bench.change(rounds)
        if "read" in parts:
            bench.read(topics)
    return bench


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
