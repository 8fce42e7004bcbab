"""How long a list function takes to be imported, against a function that only makes a boto3 client.

    make bench-cold-start

Both start as Lambda starts them: a fresh interpreter, bytecode there, nothing else imported. Runs take turns, and
medians are compared. `ready` also makes every client that a delivery uses, which a function does at its first event.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
ROUNDS = 15

# Each prints its own seconds, so that the interpreter's start, the same for all, is left out.
CLOCK = "import time; start = time.perf_counter()\n{work}\nprint(time.perf_counter() - start)"
APP = "import sys; sys.path.insert(0, 'functions/dcf_engine_results'); import app"
WORK = {
    "boto3": "import boto3; boto3.client('dynamodb', region_name='eu-west-1')",
    "init": APP,
    "ready": APP
    + """
import os
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
from eventpost.settings import Settings
from eventpost.wiring import Wiring
names = ("subscribers_table", "ledger_table", "screenshots_bucket", "capture_function", "link_keys_secret", "smtp_host")
settings = Settings(link_base_url="https://m.example.com", sender="a@example.com",
                    smtp_port=25, smtp_security="tls", **dict.fromkeys(names, "x"))
wiring = Wiring(settings)
wiring.subscribers, wiring.ledger, wiring.outbox, wiring.secrets, wiring._capture, wiring._blobs, wiring.transport
""",
}


def seconds(work: str) -> float:
    """What this work takes in an interpreter of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", CLOCK.format(work=work)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(ran.stdout)


def main() -> None:
    """Print the medians and their ratios; keep the ratios in results.json."""
    for work in WORK.values():
        seconds(work)  # writes the bytecode
    taken = {name: [] for name in WORK}
    for _ in range(ROUNDS):
        for name, work in WORK.items():
            taken[name].append(seconds(work))
    medians = {name: median(runs) for name, runs in taken.items()}
    figures = {f"cold_start.{name}_vs_boto3": round(medians[name] / medians["boto3"], 2) for name in ("init", "ready")}
    for name, value in medians.items():
        print(f"{name:6} {value * 1000:7.0f} ms")
    for name, value in figures.items():
        print(f"{name} {value}")
    results = ROOT / "benchmarks" / "results.json"
    known = json.loads(results.read_text()) if results.exists() else {}
    results.write_text(json.dumps(known | figures, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
