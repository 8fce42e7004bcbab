"""Measure, keep the figures in `benchmarks/results.json` and write the table of `docs/benchmarks.md`.

    make bench-capture

Ends with 0 whatever the figures are, with 1 if a program did not take its picture, with 2 if one is missing.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.capture import pages
from benchmarks.capture.figures import figures_of, merged
from benchmarks.capture.programs import installed
from benchmarks.capture.rounds import Bench
from benchmarks.capture.site import site
from benchmarks.delivery.errors import RunWrong, ToolMissing
from benchmarks.delivery.place import RESULTS


def main() -> int:
    """Run all rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="how often everyone takes a turn (10)")
    parser.add_argument("--no-cold", action="store_true", help="leave out the packed browser, which is fetched once")
    options = parser.parse_args()
    begun = time.monotonic()
    try:
        found = _measured(options.rounds, cold=not options.no_cold)
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 2
    except RunWrong as error:
        print(f"WRONG, and no figures: {error}", file=sys.stderr)
        return 1
    figures = merged(json.loads(RESULTS.read_text()) if RESULTS.exists() else {}, found)
    RESULTS.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    pages.write(figures)
    print("", *pages.against_targets(figures), sep="\n")
    print(f"\n{time.monotonic() - begun:.0f} s")
    return 0


def _measured(rounds: int, *, cold: bool) -> dict[str, float]:
    with site() as url, tempfile.TemporaryDirectory(prefix="bench-capture-") as folder:
        bench = Bench(installed(cold=cold), url, Path(folder), lambda line: print(line, flush=True))
        bench.run(rounds)
    return figures_of(bench)


if __name__ == "__main__":
    sys.exit(main())
