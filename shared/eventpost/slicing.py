"""Slices: how an audience of any size is cut into ranges of ids, and how a range travels over the queue.

Ids are uniform, so the first subscribers of a range tell how many there are in all of it: nobody counts, nobody
coordinates, and a slice never grows into a chain. A wrong estimate costs time, not mails: whoever finds their
range too wide cuts it again.
"""

import json
import math
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from eventpost.errors import InvalidEvent
from eventpost.model import EventKey, IdRange, Slice
from eventpost.ports import Post

SLICE: Final = 500  # subscribers: seconds of work, so that little is done twice after a crash
MOST_SLICES: Final = 4000  # of one cut: two million subscribers; beyond, slices get larger and go on by themselves
SLICE_LIFE: Final = timedelta(days=4)  # from when it is first put back; as long as the queue keeps a message
REPLAY_LIMIT: Final = timedelta(days=30)  # the ledger's memory: beyond it a replay would mail everybody again
HOPS_MAX: Final = 20_000  # in vain; the pauses between them are longer than the slice's life, those of `turn` too
SILENCES_MAX: Final = 5  # then what is in doubt is held: a provider that takes mails and never says so doubles them
FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(minutes=15)  # SQS delays a message no longer
LONGEST_TURN: Final = timedelta(minutes=1)
KIND: Final = "slice"

_Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Body(BaseModel):
    """A slice as it is written on the queue. Its list is the queue's own."""

    model_config = ConfigDict(extra="forbid")

    event_id: Annotated[str, Field(min_length=1, max_length=256)]
    body_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    raised_at: AwareDatetime
    first: _Id
    last: _Id
    hops: Annotated[int, Field(ge=0)]
    silences: Annotated[int, Field(ge=0)]
    expires_at: AwareDatetime | None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.first > self.last:
            msg = "nobody is in it"
            raise ValueError(msg)
        return self


def cut(ids: IdRange, seen: int, reached: str) -> tuple[IdRange, list[IdRange]]:
    """What to keep of this range, about one slice, and the rest in ranges of about one slice each, shuffled.

    Shuffled, because neighbours in time would otherwise write to the same partition of the ledger.

    Args:
        ids: The range.
        seen: How many of its subscribers are known, from its beginning.
        reached: The id of the last of these.
    """
    first, last = int(ids.first, 16), int(ids.last, 16)
    width = (int(reached, 16) - first + 1) * SLICE // seen  # of the ids that one slice has, at this density
    own_last = first + width - 1
    if own_last + width // 2 >= last:
        return ids, []
    count = min(math.ceil((last - own_last) / width), MOST_SLICES)
    edges = [own_last + (last - own_last) * number // count for number in range(count + 1)]
    rest = [_range(before + 1, edge) for before, edge in pairwise(edges)]
    random.shuffle(rest)
    return _range(first, own_last), rest


def gaps(done: Iterable[IdRange]) -> list[IdRange]:
    """The ranges of the id space that none of these covers, in order; none are left once an event is finished."""
    missing, next_ = [], 0
    for ids in sorted(done, key=lambda ids: ids.first):
        if int(ids.first, 16) > next_:
            missing.append(_range(next_, int(ids.first, 16) - 1))
        next_ = max(next_, int(ids.last, 16) + 1)
    last = int(IdRange().last, 16)
    return [*missing, _range(next_, last)] if next_ <= last else missing


def before(ids: IdRange, id_: str) -> IdRange | None:
    """The part of this range before that id, or None where there is nothing before it."""
    return _range(int(ids.first, 16), int(id_, 16) - 1) if id_ > ids.first else None


def body_key(event: EventKey, body_digest: str) -> str:
    """Where the event's body is kept for its slices. The digest binds it to this very event."""
    return f"events/{event.kept_as(body_digest)}.json"


def pause(hops: int) -> timedelta:
    """How long to wait after that many tries in vain: ten seconds, doubled each time, a quarter of an hour at most.

    With jitter, so that slices which failed together do not come back together.
    """
    grown = min(FIRST_PAUSE * 2.0 ** min(hops, 10), LONGEST_PAUSE)
    return min(grown * random.uniform(0.8, 1.2), LONGEST_PAUSE)  # noqa: S311 - jitter


def turn(hops: int) -> timedelta:
    """How long to wait for the sending budget: a moment drawn from ten seconds, twice that, and so on, up to a minute.

    Thousands of slices may wait for a rate that serves one a second. Drawn from the whole span, their turns come
    spread over time, so that hardly any of the budget goes unused and few ask for it in vain.
    """
    longest = min(FIRST_PAUSE * 2.0 ** min(hops, 10), LONGEST_TURN)
    return longest * random.uniform(0.1, 1)  # noqa: S311 - jitter


def posted(slice_: Slice) -> Post:
    """The slice as it goes on the queue; its attributes are those of its event, for whoever looks at the queue."""
    raised_at = slice_.raised_at.isoformat()
    body = {
        "event_id": slice_.event.event_id,
        "body_digest": slice_.body_digest,
        "raised_at": raised_at,
        "first": slice_.ids.first,
        "last": slice_.ids.last,
        "hops": slice_.hops,
        "silences": slice_.silences,
        "expires_at": _iso(slice_.expires_at),
    }
    return Post(json.dumps(body), {"kind": KIND, "event_id": slice_.event.event_id, "raised_at": raised_at})


def read(list_name: str, body: str) -> Slice:
    """The slice in this body.

    Raises:
        InvalidEvent: There is none; anybody who may send to the queue may say that there is.
    """
    try:
        said = _Body.model_validate_json(body)
    except ValidationError:
        msg = "said to be a slice, but not written by us: leave the message attribute `kind` out of events"
        raise InvalidEvent(msg) from None
    return Slice(
        event=EventKey(list_name, said.event_id),
        body_digest=said.body_digest,
        raised_at=said.raised_at,
        ids=IdRange(said.first, said.last),
        hops=said.hops,
        silences=said.silences,
        expires_at=said.expires_at,
    )


def renewed(body: str) -> str:
    """The slice in this body with its life before it, for dead letters; a body that holds none as it is."""
    try:
        said = json.loads(body) | {"hops": 0, "expires_at": None}
    except (ValueError, TypeError, RecursionError):
        return body
    return json.dumps(said)


def _range(first: int, last: int) -> IdRange:
    return IdRange(f"{first:032x}", f"{last:032x}")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
