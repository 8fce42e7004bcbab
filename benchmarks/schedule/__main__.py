"""Measure everything, keep the figures in `benchmarks/results.json` and write the table of `docs/benchmarks.md`.

    make bench-schedule

Ends with 0 whatever the figures are, with 1 if a run did not do its work.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.local_aws import local_aws
from benchmarks.delivery.place import RESULTS
from benchmarks.delivery.programs import heard_out
from benchmarks.schedule import figures, local_load, pages

EVENTS: Final = 1_000
_PATH_S: Final = 300
_SIMULATED_S: Final = 3600
_SIMULATE: Final = "import json, benchmarks.schedule.simulated as it; print(json.dumps(it.simulate()))"


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, by commas: {', '.join(PARTS)}")
    names = parser.parse_args().only.split(",")
    begun = time.monotonic()
    found: dict[str, float] = {}
    wrong: list[str] = []
    for name in names:
        try:
            found |= PARTS[name]()
        except RunWrong as error:
            wrong.append(f"{name}: {error}")
    known = figures.merged(json.loads(RESULTS.read_text()) if RESULTS.exists() else {}, found)
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    pages.write(known)
    print("", *pages.against_targets(known), sep="\n")
    print(f"\n{time.monotonic() - begun:.0f} s")
    for failure in wrong:
        print(f"WRONG, and no figure: {failure}", file=sys.stderr)
    return 1 if wrong else 0


def _fired() -> dict[str, float]:
    return figures.of_the_load(local_load.fired(_say))


def _paid() -> dict[str, float]:
    with local_aws() as endpoint:
        job = json.dumps({"endpoint": endpoint, "events": EVENTS})
        return figures.of_the_path(_said("path", ("-m", "benchmarks.schedule.path", job), _PATH_S), EVENTS)


def _simulated() -> dict[str, float]:
    said = _said("simulated", ("-c", _SIMULATE), _SIMULATED_S)
    return {f"schedule.{name}": said[name] for name in ("simulated_10m_lost", "simulated_10m_doubled")}


def _said(name: str, arguments: tuple[str, ...], seconds: int) -> dict[str, Any]:
    """What a program of ours says at its end."""
    _say(f"{name} ...")
    heard = heard_out(name, (sys.executable, *arguments), dict(os.environ), seconds)
    said: dict[str, Any] = json.loads(heard.splitlines()[-1])
    return said


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


PARTS: Final[Mapping[str, Callable[[], dict[str, float]]]] = {
    "fired": _fired,
    "paid": _paid,
    "simulated": _simulated,
}

if __name__ == "__main__":
    sys.exit(main())
