"""The rows of the schedules' table, as they stand in DynamoDB.

| row | partition | sort |
|---|---|---|
| a schedule | `owner#tag#digit`: the owner's tag and the digit after it in the schedule's id | the schedule's id |
| an occurrence | `minute#202611221040#shard` | `epoch second#schedule#version` |
| a mark of the sweeps | `sweep#` | `begun` or `done` |
| what an owner has made in an hour | `quota#tag` | `hour#2026112210` |
| an owner's recurring schedules | `quota#tag` | `recurring` |

An owner's schedules are spread over sixteen partitions, and so is each minute: a partition takes about 1,000 writes a
second. What is not known is not there: an empty text and a moment that never comes have no attribute.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from eventpost.model import (
    Cron,
    Every,
    Occurrence,
    Once,
    Rule,
    Schedule,
    ScheduleState,
    Target,
    owner_tag,
)

type Row = Mapping[str, Any]
"""An item or a key as DynamoDB's low-level client takes and gives it."""

KEYS: Final = ("partition", "sort")
OCCURRENCE_KEPT: Final = timedelta(days=8)
"""For how long an occurrence is kept after it was due: longer than an outage may last before it is caught up."""
_TAG: Final = len(owner_tag(""))
_ID: Final = re.compile(r"[0-9a-f]{32}")
DIGITS: Final = "0123456789abcdef"

ACTIVE: Final[Row] = {"S": ScheduleState.ACTIVE.value}
FINISHED: Final[Row] = {"S": ScheduleState.FINISHED.value}


def is_id(text: str) -> bool:
    """Whether this may be the id of a schedule. What may not has no key."""
    return _ID.fullmatch(text) is not None


def schedule_key(schedule: str) -> Row:
    """The key of the schedule of this id."""
    return {"partition": {"S": owned(schedule[:_TAG], schedule[_TAG])}, "sort": {"S": schedule}}


def owned(tag: str, digit: str) -> str:
    """The partition of those schedules of an owner whose ids go on with this digit after the owner's tag."""
    return f"owner#{tag}#{digit}"


def schedule_row(schedule: Schedule) -> Row:
    """The row of a schedule."""
    return {
        **schedule_key(schedule.id),
        "owner": {"S": schedule.owner},
        "version": number(schedule.version),
        "state": {"S": schedule.state.value},
        "rule": _rule(schedule.rule),
        "target": _target(schedule.target),
        "body": {"S": schedule.body},
        "max_lateness_s": {"N": f"{schedule.max_lateness.total_seconds():.15g}"},
        "created_at": {"S": schedule.created_at.isoformat()},
        **({"changed_at": {"S": schedule.changed_at.isoformat()}} if schedule.changed_at else {}),
        **_moments(changed_before=schedule.changed_before),
        **({"next_at": second(schedule.next_at)} if schedule.next_at else {}),
        **expiry(schedule.expires_at),
        **_texts(fingerprint=schedule.fingerprint, title=schedule.title),
    }


def schedule_of(row: Row) -> Schedule:
    """The schedule that a row tells of."""
    return Schedule(
        id=row["sort"]["S"],
        owner=row["owner"]["S"],
        version=int(row["version"]["N"]),
        state=ScheduleState(row["state"]["S"]),
        rule=_rule_of(row["rule"]["M"]),
        target=_target_of(row["target"]["M"]),
        body=row["body"]["S"],
        next_at=moment_of(row["next_at"]) if "next_at" in row else None,
        max_lateness=timedelta(seconds=float(row["max_lateness_s"]["N"])),
        created_at=datetime.fromisoformat(row["created_at"]["S"]),
        expires_at=moment_of(row["expires_at"]) if "expires_at" in row else None,
        fingerprint=_text_of(row, "fingerprint"),
        title=_text_of(row, "title"),
        changed_at=datetime.fromisoformat(row["changed_at"]["S"]) if "changed_at" in row else None,
        changed_before=tuple(map(datetime.fromisoformat, _text_of(row, "changed_before").split())),
    )


def minute(moment: datetime, shard: str) -> Row:
    """The partition of what is due in this minute and kept under this shard."""
    return {"S": f"minute#{moment.astimezone(UTC):%Y%m%d%H%M}#{shard}"}


def occurrence_row(occurrence: Occurrence) -> Row:
    """The row of an occurrence. Its key says all there is to say."""
    due = int(occurrence.due.timestamp())
    return {
        "partition": minute(occurrence.due, occurrence.shard),
        "sort": {"S": f"{due}#{occurrence.schedule}#{occurrence.version}"},
        **expiry(occurrence.due + OCCURRENCE_KEPT),
    }


def occurrence_of(row: Row) -> Occurrence:
    """The occurrence that a row tells of."""
    due, schedule, version = row["sort"]["S"].split("#")
    return Occurrence(datetime.fromtimestamp(int(due), UTC), schedule, int(version))


def mark_key(name: str) -> Row:
    """The key of a mark of the sweeps: `begun` or `done`."""
    return {"partition": {"S": "sweep#"}, "sort": {"S": name}}


def created_key(owner: str, hour: datetime) -> Row:
    """The key of what an owner has made in the hour of this moment."""
    return {**_quota(owner), "sort": {"S": f"hour#{hour.astimezone(UTC):%Y%m%d%H}"}}


def recurring_key(owner: str) -> Row:
    """The key of how many recurring schedules an owner has."""
    return {**_quota(owner), "sort": {"S": "recurring"}}


def _quota(owner: str) -> Row:
    return {"partition": {"S": f"quota#{owner_tag(owner)}"}}


def number(value: int) -> Row:
    """A whole number as rows spell it."""
    return {"N": str(value)}


def second(moment: datetime) -> Row:
    """A moment of whole seconds as rows spell it."""
    return number(int(moment.timestamp()))


def moment_of(value: Row) -> datetime:
    """The moment that a row spells so."""
    return datetime.fromtimestamp(int(value["N"]), UTC)


def expiry(moment: datetime | None) -> Row:
    """The attribute by which DynamoDB deletes a row: in whole seconds, so rounded up lest it goes too early."""
    return {} if moment is None else {"expires_at": number(math.ceil(moment.timestamp()))}


def _rule(rule: Rule) -> Row:
    """Each kind of rule by the attribute that it alone has."""
    match rule:
        case Once(at):
            return {"M": {"at": second(at)}}
        case Every(seconds, first):
            return {"M": {"seconds": number(seconds), "first": second(first)}}
        case Cron(expression, time_zone):
            return {"M": {"cron": {"S": expression}, "time_zone": {"S": time_zone}}}


def _rule_of(told: Row) -> Rule:
    if "at" in told:
        return Once(moment_of(told["at"]))
    if "seconds" in told:
        return Every(int(told["seconds"]["N"]), moment_of(told["first"]))
    return Cron(told["cron"]["S"], told["time_zone"]["S"])


def _target(target: Target) -> Row:
    return {"M": _texts(list=target.list_name, queue=target.queue_arn)}


def _target_of(told: Row) -> Target:
    return Target(_text_of(told, "list"), _text_of(told, "queue"))


def _texts(**texts: str) -> Row:
    return {name: {"S": text} for name, text in texts.items() if text}


def _moments(**moments: tuple[datetime, ...]) -> Row:
    return _texts(**{name: " ".join(each.isoformat() for each in these) for name, these in moments.items()})


def _text_of(row: Row, name: str) -> str:
    return str(row[name]["S"]) if name in row else ""
