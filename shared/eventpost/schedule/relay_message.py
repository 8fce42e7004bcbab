"""What is on the relay's queue: occurrences, hundreds to a message."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventpost.errors import InvalidEvent
from eventpost.model import Occurrence

MOST: Final = 200
"""Occurrences in one message: two reads of a hundred schedules, and seconds of work."""

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
_Epoch = Annotated[int, Field(ge=0, lt=253_402_300_800)]  # up to the year 9999


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    occurrences: Annotated[list[tuple[_Id, Annotated[int, Field(ge=1)], _Epoch]], Field(min_length=1, max_length=MOST)]
    looks: Annotated[int, Field(ge=0)] = 0
    again: bool = False
    raised: bool = False


@dataclass(frozen=True, slots=True)
class RelayMessage:
    """A message of the relay.

    Attributes:
        occurrences: What is due.
        looks: How often the relay has looked at them in vain, since no schedule named them.
        again: Whether they were given up on and are replayed: raised although their schedules have gone on.
        raised: Whether their events are on their queues, and all that is left is that their schedules go on.
    """

    occurrences: tuple[Occurrence, ...]
    looks: int = 0
    again: bool = False
    raised: bool = False


def write(message: RelayMessage) -> str:
    """The message as a body."""
    rows = [(each.schedule, each.version, int(each.due.timestamp())) for each in message.occurrences]
    said = {"occurrences": rows, "looks": message.looks, "again": message.again, "raised": message.raised}
    return json.dumps(said, separators=(",", ":"))


def read(body: str) -> RelayMessage:
    """The message in this body.

    Raises:
        InvalidEvent: There is none.
    """
    try:
        said = _Body.model_validate_json(body)
    except ValidationError:
        msg = "not written by a sweep: nothing but the scheduler may send to the relay's queue"
        raise InvalidEvent(msg) from None
    return RelayMessage(_occurrences(said.occurrences), said.looks, said.again, said.raised)


def _occurrences(rows: Iterable[tuple[str, int, int]]) -> tuple[Occurrence, ...]:
    return tuple(Occurrence(datetime.fromtimestamp(due, UTC), id_, version) for id_, version, due in rows)
