"""The ledger's rows, as they stand in DynamoDB.

| row | partition | subscriber |
|---|---|---|
| a delivery | `list#event#digit`, the first digit of the subscriber's id | the subscriber's id |
| the event | `list#event#event` | `-` |
| a finished slice | `list#event#slices` | `first-last` |

A row holds no address, and stays under a kilobyte: one write unit. None of its attributes has a name that
DynamoDB reserves but `state`, which no condition needs: whatever has ended has lost its `claimed_by`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange, SliceDone
from eventpost.ports import GivenUp, Opened

type Row = Mapping[str, Any]
"""An item or a key as DynamoDB's low-level client takes and gives it."""

# Outlives the queue (4 days) and the dead letters (14 days): a replay must still find what was sent.
RETENTION: Final = timedelta(days=30)
REASON_MAX: Final = 256  # bytes: a row with the longest event id stays under 1 KB
DIGITS: Final = "0123456789abcdef"
CLAIMED: Final = {"S": DeliveryState.CLAIMED.value}


def expiry(now: datetime) -> Row:
    """The attribute by which DynamoDB deletes a row, some day after its retention is over."""
    return {"expires_at": {"N": str(int((now + RETENTION).timestamp()))}}


def event_key(event: EventKey) -> Row:
    """The key of the event's own row."""
    return {"partition": {"S": f"{event.list_name}#{event.event_id}#event"}, "subscriber": {"S": "-"}}


def opened_of(row: Row) -> Opened:
    """What the event's own row tells."""
    digest = row["body_digest"]["S"] if "body_digest" in row else ""
    given_up = _given_up_of(row["given_up"]["M"]) if "given_up" in row else None
    return Opened(digest, _moment_of(row["opened_at"]), own_of(row), given_up)


def given_up(error: str, reason: str, now: datetime) -> Row:
    """What the event's own row says of why it was given up on."""
    return {"M": {"error": {"S": error}, "reason": {"S": cut(reason)}, "at": {"N": milliseconds(now)}}}


def _given_up_of(value: Row) -> GivenUp:
    return GivenUp(value["error"]["S"], value["reason"]["S"], _moment_of(value["at"]))


def own_of(row: Row) -> IdRange | None:
    """The first message's own part of the ids, if the event's row tells of one."""
    return range_of(row["own_ids"]["S"]) if "own_ids" in row else None


def slices_partition(event: EventKey) -> Row:
    """Where the event's finished slices are."""
    return {"S": f"{event.list_name}#{event.event_id}#slices"}


def partition(event: EventKey, digit: str) -> Row:
    """Where the deliveries are to subscribers whose ids begin with this digit."""
    return {"S": f"{event.list_name}#{event.event_id}#{digit}"}


def delivery_key(event: EventKey, subscriber: str) -> Row:
    """The key of a delivery's row."""
    return {"partition": partition(event, subscriber[0]), "subscriber": {"S": subscriber}}


def ended_row(event: EventKey, delivery: Delivery, end: Row) -> Row:
    """The row of a delivery that ended; `end` says when, see `ended_at`."""
    row = {**delivery_key(event, delivery.subscriber), "state": {"S": delivery.state.value}, **end}
    return {**row, "reason": {"S": cut(delivery.reason)}} if delivery.reason else row


def ended_at(now: datetime) -> Row:
    """The moment a delivery ended, and its row's expiry."""
    return {"ended_at": {"N": milliseconds(now)}, **expiry(now)}


def delivery_of(row: Row) -> Delivery:
    """The delivery that a row tells of."""
    return Delivery(row["subscriber"]["S"], DeliveryState(row["state"]["S"]), row.get("reason", {}).get("S", ""))


def claim_of(row: Row, now: datetime) -> Claim:
    """What a delivery's row says to somebody who does not own it.

    Settled only by a row that says so: whoever is taken for settled is never mailed.
    """
    state = row.get("state", {}).get("S")
    if state is None:
        return Claim.HELD
    if state != DeliveryState.CLAIMED.value:
        return Claim.SETTLED
    return Claim.UNCERTAIN if int(row["claimed_until"]["N"]) < int(milliseconds(now)) else Claim.HELD


def slice_row(event: EventKey, done: SliceDone, now: datetime) -> Row:
    """The row of a finished slice."""
    return {
        "partition": slices_partition(event),
        "subscriber": {"S": range_text(done.ids)},
        "counts": {"M": {name: {"N": str(count)} for name, count in done.counts.items()}},
        "finished_at": {"N": milliseconds(now)},
        **expiry(now),
    }


def slice_of(row: Row) -> SliceDone:
    """The finished slice that a row tells of."""
    counts = {name: int(count["N"]) for name, count in row["counts"]["M"].items()}
    return SliceDone(range_of(row["subscriber"]["S"]), counts)


def range_text(ids: IdRange) -> str:
    """A range of ids as rows spell it."""
    return f"{ids.first}-{ids.last}"


def range_of(text: str) -> IdRange:
    """The range of ids that a row spells."""
    first, _, last = text.partition("-")
    return IdRange(first, last)


def milliseconds(moment: datetime) -> str:
    """The moment as rows spell it: as fine as leases are kept."""
    return str(int(moment.timestamp() * 1000))


def _moment_of(value: Row) -> datetime:
    return datetime.fromtimestamp(int(value["N"]) / 1000, UTC)


def cut(reason: str) -> str:
    """As much of the reason as a row has room for."""
    return reason.encode()[:REASON_MAX].decode(errors="ignore")
