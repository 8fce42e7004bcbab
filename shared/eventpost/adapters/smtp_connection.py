"""One SMTP connection: its bytes, its dialogue, and how long either may take."""

from time import monotonic
from typing import Final

from eventpost.adapters.smtp_content import SharedParts
from eventpost.adapters.smtp_dialogue import Dialogue, Supply, Tell, Transaction
from eventpost.adapters.smtp_opening import Opened
from eventpost.adapters.smtp_replies import ReplyReader
from eventpost.model import Outcome, OutcomeKind

ANSWER_S: Final = 8  # for the next answer, and for the kernel to take more bytes: a server that is slower is stuck
DOT_S: Final = 20  # for the answer to the final dot: servers scan the mail then, and giving up leaves us in doubt
HAND_OVER_S: Final = 24  # for a message until its final dot is out; with DOT_S within the 45 s in which none starts


class Connection:
    """A connection that carries messages.

    Attributes:
        broken: Why the connection is of no more use, or "".
        since: When it last got anywhere, by `monotonic`.
    """

    def __init__(self, opened: Opened, content: SharedParts) -> None:
        self.wire = opened.wire
        self.dialogue = Dialogue(content, pipelining=opened.pipelining, eight_bit=opened.eight_bit)
        self.broken = ""
        self.since = monotonic()
        self._replies = ReplyReader()
        self._silent_since_taken_up = False  # it may have been dead for long, which is no message's fault

    def take(self, transaction: Transaction) -> None:
        """Begin with this message."""
        if self.dialogue.head is None:
            self.since = monotonic()
        self._write([self.dialogue.begin(transaction)])

    def serve(self) -> None:
        """Write what can be written and hear what has been said."""
        if self.wire.unsent:
            self._flush()
        self._listen()

    def advance(self, supply: Supply) -> None:
        """Where the head's data is wanted: write it, and the next message's commands behind it."""
        if self.dialogue.wants_data and not self.broken:
            pieces = self.dialogue.data(supply)
            self.since = monotonic()
            self._write(pieces)

    def overdue(self, now: float) -> bool:
        """Whether it is time to give up on an answer, or on getting rid of a message."""
        dialogue = self.dialogue
        if dialogue.idle:
            return False
        if dialogue.is_handed_over(self.wire.unsent):
            return now - self.since > DOT_S
        return now - self.since > ANSWER_S or (dialogue.head is not None and now - dialogue.head.since > HAND_OVER_S)

    def lose(self) -> list[Transaction]:
        """Give it up: tell of the message that may have been sent; return those that certainly were not."""
        self._listen()
        dialogue = self.dialogue
        head, follower = dialogue.head, dialogue.follower
        dialogue.head = dialogue.follower = None
        not_sent = [follower] if follower else []
        if head and dialogue.is_handed_over(self.wire.unsent):
            dialogue.tell(Outcome(head.message.subscriber, OutcomeKind.UNKNOWN, self.broken))
        elif head:
            head.losses += not self._silent_since_taken_up
            not_sent.insert(0, head)
        return not_sent

    def take_up_again(self, tell: Tell) -> None:
        """Use it for another stream, after a while in which the server may have left."""
        self._listen()
        self._silent_since_taken_up = True
        self.dialogue.tell = tell
        self.dialogue.fault = ""

    def goodbye(self) -> None:
        """Say QUIT where nothing is on the way; the answer is of no interest."""
        if self.dialogue.idle and not self.broken:
            self._write([b"QUIT\r\n"])

    def _write(self, pieces: list[bytes]) -> None:
        try:
            self.wire.write(pieces)
        except OSError as error:
            self._lost(type(error).__name__)

    def _flush(self) -> None:
        before = self.wire.unsent
        try:
            self.wire.flush()
        except OSError as error:
            self._lost(type(error).__name__)
        if self.wire.unsent < before:
            self.since = monotonic()

    def _listen(self) -> None:
        """Hear what has been said; also on a broken connection, which may have said why."""
        if self.dialogue.over:
            return
        try:
            data = self.wire.read()
        except OSError as error:
            self._lost(type(error).__name__)
            return
        if data:
            self._silent_since_taken_up = False
            self.since = monotonic()
            at_once = self.dialogue.hear(self._replies.feed(data), self.wire.unsent)
            self.broken = self.broken or self.dialogue.over
            if at_once and not self.broken:
                self._write([at_once])
        elif data is not None:
            self._lost("hung up")

    def _lost(self, how: str) -> None:
        self.broken = self.broken or f"connection lost: {how}"
