"""The processes of a run: environments of the API's function, and a function of each list at work."""

import json
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from benchmarks.soak_api.plan import LISTS, Plan
from benchmarks.soak_time.cloud import DEAD_LETTERS, Cloud

from eventpost.settings import SETTINGS_VARIABLE
from eventpost_cli.local.ports import free_port
from eventpost_cli.local.processes import Child

ROOT: Final = Path(__file__).parents[2]
STACK: Final = "soak-api"


class Phase(StrEnum):
    """How the lists' functions are."""

    WELL = "all is well"
    NO_SERVER = "no mail server"
    CRASHING = "functions crash"


class StartsNot(Exception):
    """A process of the run ended before it was ready."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Starts them, as Lambda would, on an AWS that is up.

    Attributes:
        plan: What is done to them.
        cloud: The AWS.
        folder: Where their logs and journals go.
        chance: Seeds theirs.
    """

    plan: Plan
    cloud: Cloud
    folder: Path
    chance: random.Random

    @property
    def refusing(self) -> Path:
        """The file during whose life SQS refuses what the API sends."""
        return self.folder / "sqs-refuses"

    @property
    def door_journal(self) -> Path:
        """What was done to the API's functions: its `fault` in each line."""
        return self.folder / "doors.jsonl"

    @property
    def sender_journal(self) -> Path:
        """How each invocation of a list's function ended: its `phase` and `end` in each line."""
        return self.folder / "senders.jsonl"

    @contextmanager
    def doors(self) -> Iterator[list[int]]:
        """Environments of the API's function: their ports."""
        with ExitStack() as running:
            yield [int(reply) for reply in _replies(map(self._door, range(self.plan.doors)), running)]

    def _door(self, number: int) -> Child:
        orders = {
            "journal": str(self.door_journal),
            "refusing": str(self.refusing),
            "hiccup": self.plan.hiccup,
            "hang_up": self.plan.hang_up,
            "seed": self.chance.randrange(2**32),
        }
        return Child(
            f"Door {number}",
            (sys.executable, "-P", "-m", "benchmarks.soak_api.door", json.dumps(orders)),
            log=self.folder / f"door-{number}.log",
            env=self._environment("email_api"),
            cwd=ROOT,
            replies=True,
        )

    @contextmanager
    def senders(self, phase: Phase) -> Iterator[None]:
        """A function of each list at work."""
        with ExitStack() as running:
            _replies((self._sender(name, phase) for name in LISTS), running)
            yield

    def _sender(self, name: str, phase: Phase) -> Child:
        queue_url, journal = self.cloud.queues[name], str(self.sender_journal)
        variables = {
            SETTINGS_VARIABLE: self._settings(phase),
            "EVENTPOST_LIST": name,
            "EVENTPOST_QUEUE_URL": queue_url,
            "EVENTPOST_DEAD_LETTERS_URL": self.cloud.queues[DEAD_LETTERS],
            "EVENTPOST_MAX_RECEIVES": "5",
        }
        return Child(
            f"The function of {name}",
            (sys.executable, "-P", "-m", "benchmarks.soak_api.sender", queue_url, journal, phase),
            log=self.folder / f"{name}-{time.monotonic_ns()}.log",
            env={**self._environment(name), **variables},
            cwd=ROOT,
            replies=True,
        )

    def _settings(self, phase: Phase) -> str:
        """What the functions are told: all that they need, or a port on which nobody listens, or nothing."""
        settings = self.cloud.settings
        match phase:
            case Phase.NO_SERVER:
                return settings.model_copy(update={"smtp_port": free_port()}).model_dump_json()
            case Phase.CRASHING:
                return "{}"
            case _:
                return settings.model_dump_json()

    def _environment(self, function: str) -> dict[str, str]:
        """As on Lambda: the function's folder and its layers on Python's path, its variables."""
        places = (ROOT / "functions" / function, ROOT / "shared", ROOT / "templates", ROOT / "cli", ROOT)
        return {
            **os.environ,
            SETTINGS_VARIABLE: self.cloud.settings.model_dump_json(),
            "PYTHONPATH": ":".join(map(str, places)),
            "POWERTOOLS_SERVICE_NAME": function,
            "POWERTOOLS_METRICS_NAMESPACE": STACK,
        }


def _replies(children: Iterable[Child], running: ExitStack) -> list[str]:
    """What each child says when it is ready; they start side by side, and stop with the stack.

    Raises:
        StartsNot: One of them ended before.
    """
    started = list(children)
    for child in started:
        running.callback(child.stop)
    return [_reply(child) for child in started]


def _reply(child: Child) -> str:
    if reply := child.reply():
        return reply
    msg = f"{child.name} has not started: look at {child.log}"
    raise StartsNot(msg)
