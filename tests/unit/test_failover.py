"""The second transport gets what the first put off, and nothing else."""

from collections.abc import Iterable, Iterator

import pytest

from eventpost.adapters.failover_transport import FailoverTransport
from eventpost.adapters.memory import MemoryTransport
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind
from outcomes_told import told_before


def message(name: str) -> Message:
    """A message to this subscriber."""
    return Message(name, "news@example.com", f"{name}@example.com", b"Subject: x\r\n\r\nx\r\n")


def names(number: int) -> list[str]:
    """So many subscribers."""
    return [f"s{index:03}" for index in range(number)]


class Hoarder(MemoryTransport):
    """Takes as many messages as it may before it tells of any."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        stream, taken = iter(messages), []
        for one in stream:
            taken.append(one)
            if len(taken) == 16:
                yield from super().send(taken)
                taken.clear()
        yield from super().send(taken)


class Refusing(MemoryTransport):
    """Refuses us at this subscriber; the ones that it had by then are put off."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`."""
        for one in messages:
            yield Outcome(one.subscriber, OutcomeKind.DEFERRED, "554")
            if one.subscriber == "s002":
                msg = "sending is paused"
                raise Misconfigured(msg)


def test_a_healthy_first_transport_sends_everything() -> None:
    """Nothing is said to be rerouted, and the second is not troubled."""
    first, second = MemoryTransport(), MemoryTransport()
    told = list(FailoverTransport(first, second).send(map(message, names(100))))

    assert told == [Outcome(name, OutcomeKind.SENT) for name in names(100)]
    assert second.sent == []


@pytest.mark.parametrize("kind", [OutcomeKind.REFUSED, OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN, OutcomeKind.SENT])
def test_what_is_not_put_off_stays_with_the_first(kind: OutcomeKind) -> None:
    """A message that may have arrived, or that nobody wants, does not go by another door."""
    first, second = MemoryTransport(), MemoryTransport()
    first.answers["s001"] = kind
    told = {outcome.subscriber: outcome for outcome in FailoverTransport(first, second).send(map(message, names(3)))}

    assert (told["s001"].kind, told["s001"].rerouted) == (kind, False)
    assert second.sent == []


@pytest.mark.parametrize("first", [MemoryTransport(), Hoarder()], ids=["one by one", "sixteen at a time"])
@pytest.mark.parametrize("every", [1, 2, 7])
def test_what_is_put_off_goes_by_the_second(first: MemoryTransport, every: int) -> None:
    """Each of them once, marked as rerouted; and never are more than 16 taken and not told."""
    first.sent, second = [], MemoryTransport()
    first.answers = dict.fromkeys(names(100)[::every], OutcomeKind.DEFERRED)
    taken, told = 0, list[Outcome]()

    def stream() -> Iterator[Message]:
        nonlocal taken
        for name in names(100):
            assert taken - len(told) < 16
            taken += 1
            yield message(name)

    for outcome in FailoverTransport(first, second).send(stream()):
        told += [outcome]

    assert sorted(outcome.subscriber for outcome in told) == names(100)
    assert {outcome.kind for outcome in told} == {OutcomeKind.SENT}
    assert sorted(outcome.subscriber for outcome in told if outcome.rerouted) == names(100)[::every]
    assert [sent.subscriber for sent in second.sent] == names(100)[::every]
    assert len(first.sent) + len(second.sent) == 100


def test_the_seconds_word_is_final() -> None:
    """There is no third: what it puts off too is put off."""
    first, second = MemoryTransport(), MemoryTransport()
    for transport in (first, second):
        transport.answers["s001"] = OutcomeKind.DEFERRED
    told = list(FailoverTransport(first, second).send(map(message, names(3))))

    assert Outcome("s001", OutcomeKind.DEFERRED, "as told", rerouted=True) in told
    assert len(told) == 3


def test_a_first_transport_that_refuses_us_stops_the_list() -> None:
    """A paused or suspended account is not to be got round: what it put off stays put off."""
    second = MemoryTransport()
    told, fault = told_before(Misconfigured, FailoverTransport(Refusing(), second).send(map(message, names(100))))

    assert str(fault) == "sending is paused"
    assert told == [Outcome(name, OutcomeKind.DEFERRED, "554") for name in names(3)]
    assert second.sent == []


def test_a_second_transport_that_refuses_us_leaves_what_it_did_not_send_put_off() -> None:
    """Of every message that was taken there is word: what is not told of would count as in doubt."""
    first = MemoryTransport()
    first.answers = dict.fromkeys(names(8), OutcomeKind.DEFERRED)
    told, fault = told_before(Misconfigured, FailoverTransport(first, Refusing()).send(map(message, names(8))))

    assert str(fault) == "sending is paused"
    assert {outcome.subscriber for outcome in told} == set(names(8))
    assert {outcome.kind for outcome in told} == {OutcomeKind.DEFERRED}
    assert len(told) == 8


def test_a_fault_of_the_stream_comes_after_all_that_was_taken() -> None:
    """What the first had put off by then still goes by the second."""
    first, second = MemoryTransport(), MemoryTransport()
    first.answers["s001"] = OutcomeKind.DEFERRED

    def stream() -> Iterator[Message]:
        yield from map(message, names(2))
        msg = "a template failed"
        raise ValueError(msg)

    told, fault = told_before(ValueError, FailoverTransport(first, second).send(stream()))

    assert str(fault) == "a template failed"
    assert told == [Outcome("s000", OutcomeKind.SENT), Outcome("s001", OutcomeKind.SENT, rerouted=True)]


def test_a_mail_must_fit_both() -> None:
    """It may have to go by either."""
    first, second = MemoryTransport(), MemoryTransport()
    first.largest, second.largest = 40_000_000, 25_000_000

    assert FailoverTransport(first, second).largest_mail() == 25_000_000
