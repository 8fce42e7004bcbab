"""Letters: mails of our own to one person, about their memberships. They go by a queue, not by a list."""

from dataclasses import dataclass
from enum import StrEnum


class LetterKind(StrEnum):
    """What a letter says."""

    CONFIRM = "confirm"  # somebody asked to join: confirm it
    ALREADY_ON = "already_on"  # somebody asked to join what this address is on: nothing to do
    PREFERENCES = "preferences"  # a fresh link to the preferences
    MOVE = "move"  # to the new address: confirm that it is yours
    MOVED = "moved"  # to the old address: your mails go elsewhere now


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be written. It names the person by id: the address is looked up when it is sent.

    Attributes:
        kind: What it says.
        subscriber: Who gets it.
        audiences: The audiences it is about, at most 50; none where it is about none.
        asked: The tag that the link in it confirms, or "".
        language: The language the person was reading when they asked, such as `de`.
    """

    kind: LetterKind
    subscriber: str
    audiences: tuple[str, ...] = ()
    asked: str = ""
    language: str = "en"
