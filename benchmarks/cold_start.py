"""How long a list function takes to be imported, against a function that only makes a boto3 client.

    make bench-cold-start

All start as Lambda starts them: a fresh interpreter, and nothing else imported. Runs take turns, and medians are
compared. `ready` also makes every client that a delivery uses, which a function does at its first event; `firestore`
is the same where Firestore has the subscribers, up to its first call. `google` is what that adds, with Google's
packages as their layer has them, and `google_compiled` the same as SAM's own builder would leave them: without
bytecode, so that each start compiles them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.delivery.pages import put
from benchmarks.delivery.place import RESULTS, ROOT

ROUNDS: Final = 15
BEGIN: Final = "<!-- Written by make bench-cold-start -->"
END: Final = "<!-- As far as here: cold starts -->"
PAGE: Final = ROOT / "docs" / "benchmarks.md"

# Each prints its own seconds, so that the interpreter's start, the same for all, is left out.
CLOCK: Final = "{before}\nimport time; start = time.perf_counter()\n{work}\nprint(time.perf_counter() - start)"
APP: Final = "import sys; sys.path.insert(0, 'functions/dcf_engine_results'); import app"
READY: Final = """
import os
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
from eventpost.settings import Settings
from eventpost.wiring import Wiring
names = ("subscribers_table", "ledger_table", "screenshots_bucket", "capture_function", "link_keys_secret", "smtp_host")
settings = Settings(link_base_url="https://m.example.com", sender="a@example.com",
                    smtp_port=25, smtp_security="tls", **dict.fromkeys(names, "x"), {store})
wiring = Wiring(settings)
wiring.subscribers, wiring.ledger, wiring.outbox, wiring.secrets, wiring._capture, wiring._blobs, wiring.transport
"""
FEDERATED: Final = (
    'subscriber_store="firestore", firestore_project="x", firestore_service_account="x@x.iam.gserviceaccount.com", '
    'firestore_identity_provider="projects/1/locations/global/workloadIdentityPools/x/providers/x"'
)


@dataclass(frozen=True, slots=True)
class Start:
    """Something that a process does when it starts.

    Attributes:
        words: What it is, in the document.
        work: What is measured.
        before: What is done before that.
        compiling: Whether Python finds no bytecode but its own and the library's.
    """

    words: str
    work: str
    before: str = ""
    compiling: bool = False


STARTS: Final[Mapping[str, Start]] = {
    "boto3": Start(
        "a function that only makes a client of DynamoDB's",
        "import boto3; boto3.client('dynamodb', region_name='eu-west-1')",
    ),
    "init": Start("a list function, imported", APP),
    "ready": Start("the same with every client that a delivery uses", APP + READY.format(store="")),
    "firestore": Start("the same with its subscribers in Firestore", APP + READY.format(store=FEDERATED)),
    "google": Start("of this, Google's packages", "import eventpost.wiring.firestore", APP),
    "google_compiled": Start(
        "the same if their layer had no bytecode", "import eventpost.wiring.firestore", APP, compiling=True
    ),
}


def seconds(start: Start, bytecode: Path) -> float:
    """What this takes in an interpreter of its own; bytecode is in this folder, and comes there where it is not yet."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept = {"PYTHONPYCACHEPREFIX": str(bytecode)} | ({"PYTHONDONTWRITEBYTECODE": "1"} if start.compiling else {})
    ran = subprocess.run(
        [sys.executable, "-c", CLOCK.format(before=start.before, work=start.work)],
        cwd=ROOT,
        env=inherited | kept,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def measured() -> dict[str, float]:
    """The median of each, in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory() as folder:
        whole, without_packages = Path(folder, "whole"), Path(folder, "without-packages")
        for start in STARTS.values():
            if not start.compiling:
                seconds(start, whole)
        shutil.copytree(whole, without_packages, ignore=shutil.ignore_patterns("site-packages"))
        for _ in range(ROUNDS):
            for name, start in STARTS.items():
                taken[name].append(seconds(start, without_packages if start.compiling else whole))
    return {name: median(runs) for name, runs in taken.items()}


def figures_of(medians: Mapping[str, float]) -> dict[str, float]:
    """What is kept of it: ratios to the function that only makes a client, and what bytecode does for the layer."""
    against = {f"cold_start.{name}_vs_boto3": medians[name] / medians["boto3"] for name in STARTS if name != "boto3"}
    bytecode = {"cold_start.google_compiled_vs_google": medians["google_compiled"] / medians["google"]}
    return {name: round(value, 2) for name, value in (against | bytecode).items()}


def table(figures: Mapping[str, float]) -> Iterator[str]:
    """How many times as long as the first each takes."""
    yield "| | times as long |"
    yield "| --- | ---: |"
    for name, start in STARTS.items():
        yield f"| {start.words} | {figures.get(f'cold_start.{name}_vs_boto3', 1):.1f} |"


def main() -> None:
    """Print the medians and their ratios; keep the ratios in results.json and in the document."""
    medians = measured()
    figures = figures_of(medians)
    for name, value in medians.items():
        print(f"{name:15} {value * 1000:7.0f} ms")
    for name, value in figures.items():
        print(f"{name} {value}")
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(known | figures, indent=2, sort_keys=True) + "\n")
    put(PAGE, BEGIN, END, table(figures))


if __name__ == "__main__":
    main()
