"""A stream of messages over a pool of SMTP connections: who takes the next message, and what is told when."""

from collections import deque
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Final, Protocol

from eventpost.adapters.smtp_connection import HAND_OVER_S, Connection
from eventpost.adapters.smtp_dialogue import Transaction
from eventpost.adapters.smtp_opening import NotOpened, Opening, SmtpServer
from eventpost.adapters.unfit_messages import MAX_OUTSTANDING, unfit
from eventpost.errors import Misconfigured
from eventpost.model import Message, Outcome, OutcomeKind

_TRIES: Final = 2  # connections that a message may lose before it is put off
_LOSSES: Final = 8  # connections lost without an answer between: the server is as good as down
_AGAIN_S: Final = 5  # until a server that did not let us in is asked again, in the same stream
_TICK_S: Final = 0.1  # how often to look for answers that are overdue
_OPENING_TICK_S: Final = 0.01  # how long a connection that was opened meanwhile may wait for its first message


class Pool(Protocol):
    """The connections, as a stream sees them."""

    server: SmtpServer
    connections: list[Connection]
    opening: Opening | None
    trouble: NotOpened
    shut_out_until: float

    def open(self) -> None:
        """Begin to open one more."""
        ...

    def adopt(self) -> NotOpened | None:
        """Take what came of it."""
        ...

    def drop(self, connection: Connection) -> None:
        """Part from one."""
        ...

    def ready(self, seconds: float) -> list[Connection]:
        """Wait for any of them."""
        ...

    def largest_mail(self) -> int:
        """Bytes."""
        ...


class Stream:
    """One call of `send`: a fault on either side stops the taking, what is on its way is told, then it is raised."""

    def __init__(self, pool: Pool, messages: Iterable[Message]) -> None:
        self._pool = pool
        self._messages = iter(messages)
        self._waiting: deque[Transaction] = deque()  # taken, and certainly not sent
        self._known: deque[Outcome] = deque()  # and not told yet
        self._open_messages = 0  # taken and not told
        self._exhausted = False
        self._fault: Exception | None = None
        self._refuses_us = ""  # the server does; then nothing more is sent that has not been begun
        self._losses = 0
        self._answers = False  # the server has answered for some message
        self._look_again = 0.0
        self._trouble = pool.trouble
        self._ask_again = pool.shut_out_until
        self._inherited = pool.opening  # begun for an earlier stream, whose server may have been another one since
        for connection in pool.connections:
            connection.take_up_again(self._answered)

    def outcomes(self) -> Iterator[Outcome]:
        """Every outcome as soon as it is known.

        Raises:
            Misconfigured: The server takes no mail from us; or whatever the messages' iterator raised.
        """
        while True:
            self._feed()
            yield from self._tell()
            if self._is_over():
                break
            late = self._overdue()
            for connection in self._ready(0 if late else _TICK_S):
                late.discard(connection)
                connection.serve()
                if self._known:
                    yield from self._tell()
                connection.advance(self._supply_behind)
                if connection.broken or connection.dialogue.fault:
                    self._look_after(connection)
            for connection in late:
                connection.broken = connection.broken or "no answer in time"
                self._look_after(connection)
        if self._fault:
            raise self._fault

    def _is_over(self) -> bool:
        """Nothing is to come, to be sent, to be answered or to be told."""
        return self._exhausted and not self._open_messages

    def _tell(self) -> Iterator[Outcome]:
        while self._known:
            outcome = self._known.popleft()
            yield outcome
            self._open_messages -= 1

    def _answered(self, outcome: Outcome) -> None:
        self._losses = 0
        self._answers = True
        self._known.append(outcome)

    def _supply_behind(self) -> Transaction | None:
        """A message to travel behind another; the first of all does not wait for the stream to come up with one."""
        return self._supply() if self._answers else None

    def _supply(self) -> Transaction | None:
        """The next message to be sent, if there is one that may be taken now."""
        if self._waiting:
            return self._waiting.popleft()
        while not self._exhausted and self._open_messages < MAX_OUTSTANDING:
            try:
                message = next(self._messages, None)
            except Exception as error:  # noqa: BLE001 - it is raised when all that was taken is told
                self._stop(error)
                return None
            if message is None:
                self._exhausted = True
                return None
            self._open_messages += 1
            reason = unfit(message, self._pool.largest_mail())
            if not reason:
                return Transaction(message)
            self._known.append(Outcome(message.subscriber, OutcomeKind.REFUSED, reason))
        return None

    def _stop(self, fault: Exception, refuses_us: str = "") -> None:
        """Take no more, since this happened; the first fault is the one to be raised."""
        self._fault = self._fault or fault
        self._exhausted = True
        self._refuses_us = self._refuses_us or refuses_us
        if self._refuses_us:
            self._put_off(NotOpened(self._refuses_us))

    def _feed(self) -> None:
        """Give a message to each connection that can take one, and open another connection if that is not enough."""
        pool = self._pool
        if pool.opening and pool.opening.wait(0):
            self._adopt()
        for connection in list(pool.connections):
            if connection.dialogue.can_take and not connection.broken:
                transaction = self._supply()
                if transaction is None:
                    break
                connection.take(transaction)
            if connection.broken:
                self._look_after(connection)
        self._open_another()

    def _adopt(self) -> None:
        inherited = self._pool.opening is self._inherited
        try:
            trouble = self._pool.adopt()
        except Exception as error:  # noqa: BLE001 - it is raised when all that was taken is told
            self._stop(error, "no connection")
            return
        if trouble and not inherited:
            self._shut_out(trouble)
        elif not trouble:
            self._pool.connections[-1].dialogue.tell = self._answered

    def _shut_out(self, trouble: NotOpened) -> None:
        """The server does not let us in: with no connection left, nothing goes out until it is asked again."""
        self._trouble = trouble
        self._ask_again = monotonic() + _AGAIN_S

    def _open_another(self) -> None:
        """Open a connection if a message waits for one; where none can be had, put the message off."""
        pool = self._pool
        if pool.opening or len(pool.connections) >= pool.server.connections:
            return
        if not self._waiting and not (all(one.dialogue.is_full for one in pool.connections) and self._peek()):
            return
        if monotonic() >= self._ask_again:
            pool.open()
        elif not pool.connections:
            self._put_off(self._trouble)

    def _peek(self) -> bool:
        """Whether there is one more message; it is taken then, and waits."""
        transaction = self._supply()
        if transaction:
            self._waiting.append(transaction)
        return transaction is not None

    def _put_off(self, trouble: NotOpened) -> None:
        while self._waiting:
            subscriber = self._waiting.popleft().message.subscriber
            self._known.append(Outcome(subscriber, trouble.kind, trouble.reason))

    def _ready(self, seconds: float) -> list[Connection]:
        """The connections to be served, after a while in which the one being opened may come up too."""
        pool = self._pool
        if all(connection.dialogue.idle for connection in pool.connections):
            if pool.opening and self._waiting:
                pool.opening.wait(seconds)
            return []
        return pool.ready(min(seconds, _OPENING_TICK_S) if pool.opening else seconds)

    def _overdue(self) -> set[Connection]:
        """The connections that are to be given up on unless they have something to say right now."""
        now = monotonic()
        if now < self._look_again:
            return set()
        self._look_again = now + _TICK_S
        for transaction in [one for one in self._waiting if now - one.since > HAND_OVER_S]:
            self._waiting.remove(transaction)
            self._known.append(Outcome(transaction.message.subscriber, OutcomeKind.DEFERRED, "no connection in time"))
        return {connection for connection in self._pool.connections if connection.overdue(now)}

    def _look_after(self, connection: Connection) -> None:
        """Where the connection is of no more use, part from it, and see to the messages that it had."""
        fault = connection.dialogue.fault
        if fault and not self._refuses_us:
            msg = f"the SMTP server refuses us ({fault}): look at the sender and the account"
            self._stop(Misconfigured(msg), fault)
        if not connection.broken:
            return
        not_sent = connection.lose()
        self._losses += bool(not_sent)
        for transaction in not_sent:
            self._again(transaction, connection.broken)
        self._pool.drop(connection)
        if self._losses >= _LOSSES:
            self._shut_out(NotOpened("connections lost"))

    def _again(self, transaction: Transaction, reason: str) -> None:
        """A message whose connection was lost goes by another, unless it has lost enough of them or its time."""
        late = monotonic() - transaction.since > HAND_OVER_S
        if late or transaction.losses >= _TRIES or self._refuses_us:
            self._known.append(Outcome(transaction.message.subscriber, OutcomeKind.DEFERRED, reason))
        else:
            self._waiting.append(transaction)
