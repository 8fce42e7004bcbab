"""Ten thousand pictures due and mailed by one machine: is one missed, or does its memory grow?

    make soak-time
    make soak-time TIME_OPTIONS="--minutes 50"

Ends with 1 if a picture was not mailed, or twice, or without the picture; if a message failed, or is left; or if the
process's memory has grown from the first quarter of the run to the last. Figures: benchmarks/soak_time.json.
"""

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import boto3
from benchmarks.soak_time.cloud import Cloud, cloud
from benchmarks.soak_time.machine import Machine
from benchmarks.soak_time.sink import listening

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "benchmarks" / "soak_time.json"
BEGIN: Final = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
RHYTHMS: Final = {"every minute": (5, 1), "every ten minutes": (50, 10)}
"""How many tasks, and the minutes between two pictures of each: half of all pictures are of either kind."""

_LOOK_EVERY: Final = 25
"""Minutes between two changes to the folder: a file comes, changes, goes."""

_MAY_GROW: Final = 1.03
"""By which the last quarter's median may be above the second's: allocators keep some."""


def main() -> int:
    """Run; keep the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=1000, help="Of virtual time; ten pictures are due in each.")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-time-") as folder, listening(Path(folder)) as (port, journal):
        figures = _soaked(options.minutes, Path(folder), port, journal)
    figures["seconds"] = round(time.monotonic() - began)
    options.results.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    wrong = [f"WRONG: {name}: {figures[name]}" for name in _MUST_BE_NONE if figures[name]]
    if figures["memory_mb_last"] > figures["memory_mb_early"] * _MAY_GROW:
        wrong.append("WRONG: its memory grew")
    print("\n".join(wrong) or "every picture was mailed once, and the memory stayed as it was")
    return bool(wrong)


_MUST_BE_NONE: Final = ("missed", "too_many", "doubled", "without_picture", "failures", "left_on_queues", "troubles")


def _soaked(minutes: int, folder: Path, port: int, journal: Path) -> dict[str, Any]:
    tasks = folder / "tasks"
    tasks.mkdir()
    for name, (count, interval) in RHYTHMS.items():
        for number in range(count):
            _write(tasks, f"{name}-{number}".replace(" ", "-"), interval)
    with cloud(ROOT, port) as there:
        machine = Machine(there, ROOT, tasks, BEGIN)
        memory, theirs = [], []
        with (folder / "functions.log").open("w") as log, redirect_stdout(log):
            machine.look()
            for minute in range(1, minutes + 1):
                _disturb(machine, tasks, minute)
                machine.run_until(BEGIN + timedelta(minutes=minute))
                memory.append(_megabytes(os.getpid()))
                theirs.append(_megabytes(there.process.pid))
                print(
                    f"{minute} of {minutes} minutes, {memory[-1]:.0f} MB", file=sys.stderr
                ) if minute % 100 == 0 else None
            _end(machine, tasks, BEGIN + timedelta(minutes=minutes + 1))
        mails = _mails(journal)
        return {**_counted(mails, minutes), **_grown(memory, theirs), **_left(machine, there)}


def _write(folder: Path, name: str, interval: int, title: str = "") -> None:
    fields = {"page": f"https://example.com/{name}", "every": f"{interval} minutes", "mail_to": f"{name}@example.com"}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in {**fields, "title": title or name}.items()]
    (folder / f"{name}.toml").write_text("".join(lines), encoding="utf-8")


def _disturb(machine: Machine, folder: Path, minute: int) -> None:
    """Now and then a file comes, is changed, and goes again."""
    match minute % (3 * _LOOK_EVERY), folder / "now-and-then.toml":
        case 25, _:
            _write(folder, "now-and-then", 1)
        case 50, _:
            _write(folder, "now-and-then", 2, f"Since minute {minute}")
        case 0, file:
            file.unlink(missing_ok=True)
        case _:
            return
    machine.look()


def _end(machine: Machine, folder: Path, moment: datetime) -> None:
    """Remove every task, and let what is under way come to its end: nothing is mailed any more."""
    for file in folder.glob("*.toml"):
        file.unlink()
    machine.look()
    machine.run_until(moment)


def _mails(journal: Path) -> dict[str, list[list[str]]]:
    """What arrived, by address: Message-ID, pictures and Subject of each mail."""
    found: dict[str, list[list[str]]] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        address, *rest = line.split("\t")
        found.setdefault(address, []).append(rest)
    return found


def _counted(mails: Mapping[str, list[list[str]]], minutes: int) -> dict[str, int]:
    due = {
        f"{name}-{number}@example.com".replace(" ", "-"): (minutes - 1) // interval + 1
        for name, (count, interval) in RHYTHMS.items()
        for number in range(count)
    }
    once = {address: {mail[0] for mail in mails.get(address, [])} for address in due}
    all_mails = [mail for address in due for mail in mails.get(address, [])]
    return {
        "due": sum(due.values()),
        "mailed": sum(map(len, once.values())),
        "missed": sum(max(0, due[address] - len(once[address])) for address in due),
        "too_many": sum(max(0, len(once[address]) - due[address]) for address in due),
        "doubled": len(all_mails) - sum(map(len, once.values())),
        "without_picture": sum(mail[1] == "0" for mail in all_mails),
        "mailed_now_and_then": len(mails.get("now-and-then@example.com", [])),
    }


def _grown(memory: list[float], theirs: list[float]) -> dict[str, float]:
    """Of the first quarter nothing is said: everything is imported, made and filled in it."""
    quarter = max(1, len(memory) // 4)
    return {
        "memory_mb_early": round(median(memory[quarter : 2 * quarter] or memory), 1),
        "memory_mb_last": round(median(memory[-quarter:]), 1),
        "memory_mb_peak": round(max(memory), 1),
        "embedded_aws_mb_early": round(median(theirs[quarter : 2 * quarter] or theirs), 1),
        "embedded_aws_mb_last": round(median(theirs[-quarter:]), 1),
    }


def _left(machine: Machine, there: Cloud) -> dict[str, int]:
    counts: Counter[str] = Counter(failures=machine.failures, troubles=len(machine.told))
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for url in there.queues.values():
        told = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]
        counts["left_on_queues"] += sum(int(told[name]) for name in names)
    return {name: counts[name] for name in ("failures", "left_on_queues", "troubles")}


def _megabytes(pid: int) -> float:
    gc.collect() if pid == os.getpid() else None
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
