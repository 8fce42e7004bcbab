"""Two transports in order: what the first puts off goes by the second, and nothing else does.

A message that was throttled would be as unwelcome by another door, one that was refused stays refused, and one whose
fate is unknown may have arrived: only `deferred` is certain not to be sent, and not to be the message's own fault.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from eventpost.adapters.unfit_messages import MAX_OUTSTANDING
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind
from eventpost.ports import Transport

_HELD: Final = MAX_OUTSTANDING // 2


class FailoverTransport:
    """Sends by the first transport, in rounds: a round ends early when enough is to go by the second."""

    def __init__(self, first: Transport, second: Transport) -> None:
        self._first = first
        self._second = second

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """See `ports.Transport`. Where either refuses us altogether, what the first put off stays put off."""
        stream = _Rounds(messages)
        while not stream.exhausted:
            try:
                for outcome in self._first.send(stream.round()):
                    if not stream.holds(outcome):
                        yield outcome
                        stream.told()
                if stream.held:
                    for outcome in self._second.send(stream.held):
                        stream.put_off.pop(outcome.subscriber)
                        yield replace(outcome, rerouted=True)
                        stream.told()
            except Misconfigured:
                yield from stream.put_off.values()
                raise
            stream.next_round()
        if stream.fault:
            raise stream.fault

    def largest_mail(self) -> int:
        """See `ports.Transport`: what both take."""
        return min(self._first.largest_mail(), self._second.largest_mail())


class _Rounds:
    """A stream of messages, a round at a time: never are there more than 16 taken from it and not told."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = iter(messages)
        self._taken: dict[str, Message] = {}  # in this round
        self._untold = 0
        self.put_off: dict[str, Outcome] = {}  # and not taken on by the second
        self.held: list[Message] = []
        self.exhausted = False
        self.fault: Exception | None = None

    def round(self) -> Iterator[Message]:
        """Messages until the stream ends, fails, or leaves too much untold."""
        while self._untold < MAX_OUTSTANDING and len(self.held) < _HELD:
            try:
                message = next(self._messages)
            except StopIteration:
                self.exhausted = True
                return
            except Exception as error:  # noqa: BLE001 - it is raised when all that was taken is told
                self.exhausted, self.fault = True, error
                return
            self._untold += 1
            self._taken[message.subscriber] = message
            yield message

    def holds(self, outcome: Outcome) -> bool:
        """Whether this message goes by the second transport; it is kept for it then."""
        message = self._taken.pop(outcome.subscriber)
        if outcome.kind is not OutcomeKind.DEFERRED:
            return False
        self.put_off[outcome.subscriber] = outcome
        self.held.append(message)
        return True

    def told(self) -> None:
        """One outcome more has been told."""
        self._untold -= 1

    def next_round(self) -> None:
        """Whatever was held is settled."""
        self.held.clear()
