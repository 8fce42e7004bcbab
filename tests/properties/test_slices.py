"""Slices, whatever happens to them: everybody in the audience is mailed, and nobody twice without a reason."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventpost import slicing
from eventpost.adapters.memory import MemoryTransport
from eventpost.deliver import serving
from eventpost.model import Message, Outcome, OutcomeKind
from given import System, raised, write_templates
from mortal import Mortal
from queue_world import QueueWorld, join_many

KINDS = [OutcomeKind.SENT] * 12 + [OutcomeKind.DEFERRED, OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN]


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Moody(MemoryTransport):
    """Takes up to sixteen messages ahead, answers as it likes, in any order, and now and then dies."""

    ledger: Mortal
    chance: random.Random
    crash_rate: float
    crashes: int = 0
    silences: int = 0
    sent: list[Message] = field(default_factory=list)
    largest: int = 10_000_000

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        stream, ahead = iter(messages), []
        while True:
            while len(ahead) < self.chance.randint(1, 16) and (message := next(stream, None)) is not None:
                ahead.append(message)
            if not ahead:
                return
            yield self._answered(ahead.pop(self.chance.randrange(len(ahead))))

    def _answered(self, message: Message) -> Outcome:
        kind = self.chance.choice(KINDS)
        went_out = kind is OutcomeKind.SENT or (kind is OutcomeKind.UNKNOWN and self.chance.random() < 0.5)
        if went_out:
            self.sent.append(message)
        self.silences += kind is OutcomeKind.UNKNOWN
        if self.chance.random() < self.crash_rate:
            self.crashes += 1
            self.ledger.dead = True
            raise Crash
        return Outcome(message.subscriber, kind, "451" if kind is not OutcomeKind.SENT else "")


class MortalWorld(QueueWorld):
    """A queue that hands out a message again when who had it died."""

    def _serve(self, message: object, owner: str) -> None:
        try:
            super()._serve(message, owner)  # type: ignore[arg-type]
        except Crash:
            self.system.ledger.dead = False  # type: ignore[attr-defined]
            self._collect()
            back_at = self.system.clock.now() + timedelta(seconds=600)  # the queue's visibility timeout
            self._waiting.append((back_at, message))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with templates."""
    folder = tmp_path_factory.mktemp("templates")
    write_templates(folder)
    return folder


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 260),
    seed=st.integers(0, 2**32),
    crash_rate=st.sampled_from([0, 0, 0.01, 0.05]),
    duplicates=st.sampled_from([0, 0.3]),
)
def test_everybody_is_mailed_and_doubles_have_a_reason(
    folder: Path, number: int, seed: int, crash_rate: float, duplicates: float
) -> None:
    """Under crashes, silence, throttling and messages that come twice: nobody is lost, and doubles are bounded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicing, "SLICE", 40)
        patch.setattr(serving, "GROUP", 20)
        patch.setattr(slicing, "SILENCES_MAX", 1000)  # what is held after so many is not this test's
        chance = random.Random(seed)
        system = System(write_templates(folder))
        ledger = Mortal(system.clock)
        system.ledger = ledger
        transport = system.transport = Moody(ledger, chance, crash_rate)
        join_many(system, number)
        world = MortalWorld(system, chance=chance, duplicates=duplicates)
        world.raise_event(raised())
        world.run()

    times = Counter(message.subscriber for message in transport.sent)
    assert len(times) == number
    assert world.dead == []
    assert world.is_finished(raised())
    assert sum(times.values()) - number <= 32 * transport.crashes + transport.silences
