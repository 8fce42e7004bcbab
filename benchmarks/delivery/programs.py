"""The programs that are measured, each started with a job and heard out."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.peers import install
from benchmarks.delivery.place import HERE, ROOT
from benchmarks.delivery.stopwatch import Job

_TIMEOUT_S: Final = 240


@dataclass(frozen=True, slots=True)
class Programs:
    """What to run for each name."""

    commands: dict[str, tuple[str, ...]]
    environment: dict[str, str]

    def run(self, name: str, job: Job) -> dict[str, Any]:
        """What the program said at its end.

        Raises:
            RunWrong: It failed, or took minutes.
        """
        command = (*self.commands[name], json.dumps(asdict(job)))
        said: dict[str, Any] = json.loads(heard_out(name, command, self.environment, _TIMEOUT_S).splitlines()[-1])
        return said


def heard_out(name: str, command: tuple[str, ...], environment: dict[str, str], seconds: int) -> str:
    """What a program said on its way to its end.

    Raises:
        RunWrong: It failed, or took longer than that.
    """
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        msg = f"{name} took longer than {seconds} s"
        raise RunWrong(msg) from None
    if done.returncode:
        msg = f"{name} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
        raise RunWrong(msg)
    return done.stdout


def installed() -> Programs:
    """All of them; the peers' packages are fetched if they are not there yet.

    Raises:
        ToolMissing: Something cannot be had.
    """
    python = (sys.executable, "-m")
    commands = {
        "nodemailer": ("node", str(HERE / "peers" / "nodemailer.mjs")),
        "post_office": (str(install.post_office()), "-m", "benchmarks.delivery.peers.post_office"),
        "raw": (*python, "benchmarks.delivery.peers.raw"),
        **{
            name: (*python, f"benchmarks.delivery.ours.{module}")
            for name, module in (
                ("ours", "smtp"),
                ("ours_ses", "ses"),
                ("ours_path", "path"),
                ("ours_memory", "memory"),
                ("ours_first_mail", "first_mail"),
            )
        },
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return Programs(commands, {**environment, "BENCH_NODE": str(install.nodemailer()), "PYTHONHASHSEED": "0"})
