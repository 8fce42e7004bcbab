"""What the use cases of consent should do, told over plain sets: of each mailbox, what it is on, left and was asked.

It knows no rows, no saves and no versions. Whether it and the real thing agree is what tests/properties/test_consent.py
is about.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
FOR_GOOD = ("bounce", "complaint")
WEIGHT = {"": -1, "erased": 0, "bounce": 1, "complaint": 2}


@dataclass
class Mailbox:
    """What is known of one mailbox.

    Attributes:
        on: The audiences it is on, mailed or not.
        left: Those left by somebody's own will, and when.
        gone: Those that have moved to another mailbox.
        pending: Those asked for, and until when that may be confirmed.
        asked: The tag of the last question, by audience; it stays when the question is answered with yes.
        refused: Why it is mailed nothing, or "".
        erased: All about it was erased, and its owner has not come back.
        known: Its address is stored.
        stored: Something is.
        until: When what is stored goes by itself.
        to: The mailbox that its person has now.
        froms: The mailboxes that its person had before.
        move: The tag of a change of address to this mailbox, and from where; from "" once it is made.
    """

    on: set[str] = field(default_factory=set)
    left: dict[str, datetime] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    pending: dict[str, datetime] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    erased: bool = False
    known: bool = False
    stored: bool = False
    until: datetime | None = None
    to: str = ""
    froms: set[str] = field(default_factory=set)
    move: tuple[str, str] | None = None

    def has(self, audience: str) -> bool:
        """Whether there is anything of this audience."""
        return audience in self.on or audience in self.left or audience in self.gone or audience in self.pending

    def drop(self, audience: str) -> None:
        """Forget where it stands; the tag stays."""
        self.on.discard(audience)
        self.gone.discard(audience)
        self.left.pop(audience, None)
        self.pending.pop(audience, None)

    def join(self, audience: str) -> None:
        """Be on it."""
        self.drop(audience)
        self.on.add(audience)

    def leave(self, audience: str, now: datetime) -> bool:
        """Be on it no more, and not be asked either; returns whether they were on it or asked."""
        was = audience in self.on or audience in self.pending
        withdrawn = self.asked.pop(audience, None) is not None
        if was:
            self.drop(audience)
            if self.refused != "erased":
                self.left[audience] = now
        if was or withdrawn:
            self.known, self.until = self.known or self.refused != "erased", None
        return was

    def state(self, audience: str) -> str:
        """As the store names it."""
        if audience in self.on:
            return "suppressed" if self.refused else "active"
        if audience in self.left or audience in self.gone:
            return "left"
        return "pending" if audience in self.pending else ""


class Model:
    """All mailboxes, and what is open."""

    def __init__(self, mailboxes: Iterable[str], is_open: Callable[[str], bool]) -> None:
        self.boxes = {name: Mailbox() for name in mailboxes}
        self.is_open = is_open

    def age(self, now: datetime) -> None:
        """What has expired is gone."""
        for name, box in self.boxes.items():
            for audience in [each for each, until in box.pending.items() if until <= now]:
                box.drop(audience)
                box.asked.pop(audience, None)
            if box.until is not None and box.until <= now:
                self.boxes[name] = Mailbox(stored=True)

    def names(self, name: str) -> list[str]:
        """This mailbox, and those that its person moved to."""
        names = [name]
        while self.boxes[names[-1]].to:
            names.append(self.boxes[names[-1]].to)
        return names

    def chain(self, name: str) -> Iterator[Mailbox]:
        """What is known of them."""
        return (self.boxes[each] for each in self.names(name))

    def end(self, name: str) -> str:
        """The mailbox that the person has now."""
        return self.names(name)[-1]

    def holder(self, name: str, audience: str) -> Mailbox | None:
        """Where the membership is that a link of this mailbox is about."""
        last = None
        for box in self.chain(name):
            if box.has(audience):
                last = box
                if audience not in box.gone:
                    break
        return last

    def to_ask(self, name: str, audiences: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Which letter a request has sent, and what about."""
        box = self.boxes[name]
        if box.refused in FOR_GOOD:
            return "confirm", tuple(audiences)  # there is nothing to confirm
        wanted = tuple(each for each in audiences if each not in box.on)
        return ("confirm", wanted) if wanted else ("already_on", tuple(audiences))

    def asked(self, name: str, wanted: Sequence[str], tag: str, now: datetime) -> None:
        """The question was mailed, if it may be."""
        box = self.boxes[name]
        if box.refused in FOR_GOOD:
            return
        for audience in wanted:
            box.asked[audience] = tag
            if audience not in box.left and audience not in box.gone:
                box.pending[audience] = now + WEEK
        if not box.refused:
            self._unanswered(box, now + WEEK)
            box.known = True

    def confirm(self, name: str, tag: str) -> tuple[str, ...]:
        """The question was answered with yes."""
        owner = next((each for each in self.names(name) if tag in self.boxes[each].asked.values()), "")
        if not owner or self.boxes[owner].refused in FOR_GOOD:
            return ()
        box = self.boxes[owner]
        rows = sorted(audience for audience, its in box.asked.items() if its == tag)
        told = tuple(each for each in rows if each in box.on or self.is_open(each))
        if set(told) - box.on:
            for audience in told:
                box.join(audience)
            box.refused, box.erased, box.known, box.until = "", False, True, None
            self._parted(owner)
        return told

    def leave(self, name: str, audience: str, now: datetime) -> str:
        """Somebody leaves by a link in a mail."""
        box = self.holder(name, audience)
        if box is None:
            return ""
        box.leave(audience, now)
        return audience

    def undo(self, name: str, audience: str, now: datetime) -> str:
        """Somebody undoes that."""
        box = self.holder(name, audience)
        if box is None or box.refused:
            return ""
        left = box.left.get(audience)
        if left is not None and (left > now - DAY or self.is_open(audience)):
            box.join(audience)
        return audience if audience in box.on else ""

    def save(self, name: str, join: set[str], leave: set[str], now: datetime) -> tuple[set[str], set[str]] | str:
        """Somebody saves their preferences; what changed, or the name of the error."""
        box = self.boxes[self.end(name)]
        new = join - leave - box.on
        if new and not all(map(self.is_open, new)):
            return "UnknownAudience"
        if new and (box.refused or not box.known):
            return "Suppressed"
        for audience in new:
            box.join(audience)
            box.until = None
        return new, {audience for audience in sorted(leave) if box.leave(audience, now)}

    def leave_everything(self, name: str, now: datetime) -> int:
        """Somebody leaves all there is."""
        return sum(
            box.leave(audience, now)
            for box in list(self.chain(name))
            for audience in sorted(box.on | box.left.keys() | box.gone | box.pending.keys())
        )

    def may_ask_to_move(self, name: str, new: str) -> str:
        """The name of the error, or "" where a letter is sent."""
        old = self.end(name)
        box = self.boxes[old]
        if old == new:
            return "AddressRefused"
        if box.refused in ("complaint", "erased"):
            return "Suppressed"
        if not box.on and not box.pending:
            return "UnknownAudience"
        return ""

    def asked_to_move(self, name: str, new: str, tag: str, now: datetime) -> None:
        """The question was mailed to the new mailbox, if it may be."""
        box = self.boxes[new]
        if box.refused:
            return
        self._unanswered(box, now + DAY)
        box.known, box.move = True, (tag, self.end(name))

    def confirm_move(self, name: str, tag: str) -> bool:
        """Its owner said yes."""
        new = self.boxes[name]
        if new.move is None or new.move[0] != tag or new.refused:
            return False
        source = new.move[1]
        if not source:
            return True
        old = self.boxes[source]
        if old.to not in ("", name) or old.refused in ("complaint", "erased"):
            return False
        self._parted(name, but=source)
        self._merge(old, new)
        new.froms = (new.froms | old.froms | {source}) - {name}
        new.to, new.until, new.move = "", None, (tag, "")
        old.to, old.froms, old.until, old.move = name, set(), None, None
        return True

    def imported(self, name: str, audience: str) -> bool:
        """An operator puts somebody on an audience; returns whether they are new to it."""
        box = self.boxes[name]
        if box.to or box.refused or audience in box.on or audience in box.left or audience in box.gone:
            return False
        box.join(audience)
        box.known, box.stored, box.until = True, True, None
        return True

    def suppressed(self, name: str, reason: str) -> None:
        """The mailbox bounced, or its owner complained."""
        box = self.boxes[name]
        if WEIGHT[box.refused] >= WEIGHT[reason]:
            return
        if box.until is not None:
            box.known, box.move, box.until = False, None, None
        box.refused, box.stored = reason, True

    def lifted(self, name: str) -> None:
        """An operator lets mail go there again; who was erased all the same stays so."""
        if self.boxes[name].refused in FOR_GOOD:
            self.boxes[name].refused = "erased" if self.boxes[name].erased else ""

    def erased(self, name: str) -> set[str]:
        """All about the person of this mailbox is erased, under every address of theirs; returns these."""
        names, wanted = set(), {name}
        while wanted:
            names |= wanted
            wanted = {each for one in wanted for each in {self.boxes[one].to, *self.boxes[one].froms} if each} - names
        for each in names:
            if self.boxes[each].stored:
                self.boxes[each] = Mailbox(refused=self.boxes[each].refused or "erased", erased=True, stored=True)
        return names

    def _unanswered(self, box: Mailbox, until: datetime) -> None:
        box.stored = True
        if box.until is not None:
            box.until = max(box.until, until)
        elif not box.known:
            box.until = until

    def _parted(self, name: str, but: str = "") -> None:
        """The mailbox is somebody's own again."""
        heir = self.end(name)
        if heir not in (name, but):
            self.boxes[heir].froms.discard(name)
        self.boxes[name].to = ""

    def _merge(self, old: Mailbox, new: Mailbox) -> None:
        back = set(new.gone)
        for audience in sorted(old.on | old.left.keys() | old.pending.keys()):
            tag = (new.asked.get(audience) if audience in back else None) or old.asked.get(audience)
            if audience in back:
                new.drop(audience)
            if audience in old.on and audience not in new.on:
                new.join(audience)
            elif not new.has(audience) and audience in old.left:
                new.left[audience] = old.left[audience]
            elif not new.has(audience):
                new.pending[audience] = old.pending[audience]
            elif audience in old.left and audience in new.pending:
                new.drop(audience)
                new.left[audience], tag = old.left[audience], new.asked[audience]
            else:
                continue
            new.asked.pop(audience, None)
            if tag:
                new.asked[audience] = tag
        old.gone |= old.on | old.left.keys() | old.pending.keys()
        for each in old.on | old.left.keys() | old.pending.keys():
            old.asked.pop(each, None)
        old.on, old.left, old.pending = set(), {}, {}
