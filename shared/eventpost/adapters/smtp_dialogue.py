"""What is said on one SMTP connection: which message is at which step, and what an answer settles.

With PIPELINING (RFC 2920) MAIL, RCPT and DATA go out in one write, and the next message's behind the final dot; so
at most two messages are on the way: the head, whose answers are awaited, and its follower. Without it, every command
waits for the answer to the one before. Nothing here touches a socket.
"""

from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from eventpost.adapters.smtp_content import SharedParts
from eventpost.adapters.smtp_replies import GO_AHEAD, NO_REPLY, SERVICE_CLOSING, Step, verdict
from eventpost.model import Message, Outcome, OutcomeKind

_OK: Final = 250
_YES: Final = 2  # the first digit of a reply (RFC 5321, 4.2.1)
_NO: Final = (4, 5)
_OF_A_MESSAGE: Final = (Step.MAIL, Step.RCPT)
_AFTER: Final = {Step.RSET: Step.MAIL, Step.MAIL: Step.RCPT, Step.RCPT: Step.DATA}
_GROUP: Final = (Step.MAIL, Step.RCPT, Step.DATA)
_LONE_DOT: Final = b".\r\n"

type Supply = Callable[[], Transaction | None]
type Tell = Callable[[Outcome], None]


class Transaction:
    """A message on its way, since when, and how many connections it has lost."""

    __slots__ = ("losses", "message", "since")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.since = monotonic()
        self.losses = 0


class Dialogue:
    """What has been said and what is awaited.

    Attributes:
        tell: Is told of every outcome.
        head: The message whose answers are awaited.
        follower: The message behind it.
        over: Why nothing that the server says counts any more, or "": it makes no sense, or it said that it leaves.
        fault: Why the server takes no mail from us at all, or "".
        wants_data: The head's content is to be sent.
    """

    def __init__(self, content: SharedParts, *, pipelining: bool, eight_bit: bool) -> None:
        self.tell: Tell = _nobody
        self.head: Transaction | None = None
        self.follower: Transaction | None = None
        self.over = ""
        self.fault = ""
        self.wants_data = False
        self._content = content
        self._pipelining = pipelining
        self._eight_bit = eight_bit
        self._awaited: deque[Step] = deque()
        self._dotted = False  # the head's content has been given out
        self._behind_dot = 0  # bytes given out after its final dot
        self._refused = False  # the head was refused before its data; more answers to it are to come
        self._reset = False  # a transaction was left open

    @property
    def idle(self) -> bool:
        """Nothing is on the way."""
        return not (self._awaited or self.head)

    @property
    def is_full(self) -> bool:
        """As many messages are on the way as ever will be at a time."""
        return self._dotted and (self.follower is not None or not self._pipelining)

    @property
    def can_take(self) -> bool:
        """Whether another message can begin now."""
        if self.over or self._refused:
            return False
        if not self._pipelining:
            return self.idle
        return self.head is None or (self._dotted and self.follower is None)

    def is_handed_over(self, unsent: int) -> bool:
        """Whether the kernel has the head's final dot, with so many bytes still to be sent."""
        return self._dotted and unsent <= self._behind_dot

    def begin(self, transaction: Transaction) -> bytes:
        """What to send to begin with this message."""
        if self.head is None:
            self.head = transaction
        else:
            self.follower = transaction
        commands = self._envelope(transaction.message) if self._pipelining else self._first_command()
        if self._dotted:
            self._behind_dot += len(commands)
        return commands

    def _envelope(self, message: Message) -> bytes:
        """All the commands that open a transaction."""
        envelope = self._content.envelope(message, eight_bit=self._eight_bit)
        if self._reset:
            self._reset = False
            self._awaited.append(Step.RSET)
            envelope = b"RSET\r\n" + envelope
        self._awaited.extend(_GROUP)
        return envelope

    def _first_command(self) -> bytes:
        step = Step.RSET if self._reset else Step.MAIL
        self._reset = False
        return self._command(step)

    def _command(self, step: Step) -> bytes:
        assert self.head is not None, "a command is about a message"
        self._awaited.append(step)
        return self._content.command(step, self.head.message, eight_bit=self._eight_bit)

    def data(self, supply: Supply) -> list[bytes]:
        """What to send where the data is wanted: the head's content, and the next message's commands behind it."""
        assert self.head is not None, "somebody wants its data"
        self.wants_data = False
        pieces = self._content.pieces(self.head.message)
        self._awaited.append(Step.DOT)
        self._dotted = True
        following = supply() if self._pipelining else None
        if following:
            pieces.append(self.begin(following))
        return pieces

    def hear(self, replies: Iterable[tuple[int, bytes]], unsent: int) -> bytes:
        """Take in what the server said, when so many bytes were still to be sent; what to send at once, if anything."""
        awaited, pipelining = self._awaited, self._pipelining
        at_once = b""
        for code, text in replies:
            if code == _OK and pipelining and awaited and awaited[0] in _OF_A_MESSAGE:
                awaited.popleft()  # what nearly every answer is: yes, go on
            elif not self.over:
                at_once += self._hear(code, text, unsent)
        return at_once

    def _hear(self, code: int, text: bytes, unsent: int) -> bytes:
        if code == NO_REPLY or not self._awaited:
            self.over = "no reply" if code == NO_REPLY else f"{code} unasked"
            return b""
        step = self._awaited.popleft()
        if code == SERVICE_CLOSING:
            self.over = str(code)
        if step is Step.DOT:
            self._hear_of_dot(code, text, handed_over=self.is_handed_over(unsent))
        elif step is Step.DATA:
            return self._hear_of_data(code, text)
        elif code // 100 in _NO and step in _OF_A_MESSAGE:
            self._refuse(step, code, text)
        elif code // 100 != _YES and step is not Step.LONE_DOT:
            self.over = self.over or "confused"
        elif not self._pipelining and step in _AFTER:
            return self._command(_AFTER[step])
        return b""

    def _hear_of_data(self, code: int, text: bytes) -> bytes:
        if self._refused:
            self._refused = False
            if code == GO_AHEAD:  # RFC 2920, 3.1: it wants data for nobody, and gets the least there is
                self._awaited.append(Step.LONE_DOT)
                return _LONE_DOT
            self._reset = True
        elif code == GO_AHEAD:
            self.wants_data = True
        elif code // 100 in _NO:
            self._refuse(Step.DATA, code, text)
        else:
            self.over = "confused"
        return b""

    def _hear_of_dot(self, code: int, text: bytes, *, handed_over: bool) -> None:
        if code // 100 in _NO:
            self._settle(Step.DOT, code, text)
            if not handed_over:  # it did not want the rest; where the rest ends is lost on it now
                self.over = self.over or "refused half-way"
        elif code // 100 == _YES and handed_over and self.head:
            self.tell(Outcome(self.head.message.subscriber, OutcomeKind.SENT))
        else:
            self.over = "no reply"
            return
        self.head, self.follower = self.follower, None
        self._dotted = False
        self._behind_dot = 0

    def _refuse(self, step: Step, code: int, text: bytes) -> None:
        """The head does not get to its data. Only the first no counts: the others follow from it."""
        if self._refused:
            return
        self._settle(step, code, text)
        self.head = None
        self._refused = Step.DATA in self._awaited
        self._reset = not self._refused

    def _settle(self, step: Step, code: int, text: bytes) -> None:
        """Tell what a no means for the head."""
        assert self.head is not None, "an answer to a step is an answer to a message"
        judged = verdict(step, code, text)
        if judged.about_us:
            self.fault = judged.reason
        self.tell(Outcome(self.head.message.subscriber, judged.kind, judged.reason))


def _nobody(_: Outcome) -> None:
    """Between two streams there is nothing to tell."""
