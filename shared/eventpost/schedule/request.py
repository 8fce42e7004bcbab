"""What is asked of a scheduler, and whether that makes a schedule."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from eventpost.errors import ScheduleRefused
from eventpost.model import Cron, Every, Once, Rule, Target
from eventpost.schedule import rules
from eventpost.schedule.limits import Limits

LONGEST_TITLE: Final = 200
"""Characters of a title."""
LONGEST_TOKEN: Final = 128
"""Characters of a client token."""
SHORTEST_LATENESS: Final = timedelta(seconds=1)
LONGEST_LATENESS: Final = timedelta(days=7)
"""What is due stays to be found for eight days (`adapters.schedule_rows`)."""

_USUAL_LATENESS: Final = timedelta(hours=1)  # longer than an outage that nobody has to mend by hand
_USUAL_LATENESS_ONCE: Final = timedelta(days=1)  # nothing comes after it that would make up for it
_NOT_FOR_SQS: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")  # of all that JSON lets be (SQS: SendMessage)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks to have scheduled.

    Attributes:
        rule: When.
        target: Where to.
        body: The event's JSON, an object.
        max_lateness: An event that is later than this is dropped. None: an hour where it recurs, a day where not.
        title: What its owner calls it.
    """

    rule: Rule
    target: Target
    body: str = field(repr=False)
    max_lateness: timedelta | None = None
    title: str = ""

    @property
    def lateness(self) -> timedelta:
        """How late an event may be."""
        if self.max_lateness is not None:
            return self.max_lateness
        return _USUAL_LATENESS_ONCE if isinstance(self.rule, Once) else _USUAL_LATENESS


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes different of a schedule; None stays as it is."""

    rule: Rule | None = None
    body: str | None = field(default=None, repr=False)
    max_lateness: timedelta | None = None
    title: str | None = None


def check(changes: Changes, now: datetime, limits: Limits) -> None:
    """See that a schedule may be so.

    Raises:
        ScheduleRefused: It names the field and says what to write.
    """
    if changes.rule is not None:
        rules.check(changes.rule, now, limits)
    if changes.body is not None:
        _check_body(changes.body, limits.largest_body)
    if changes.max_lateness is not None and not SHORTEST_LATENESS <= changes.max_lateness <= LONGEST_LATENESS:
        msg = f"max_lateness: write a time between a second and {LONGEST_LATENESS.days} days"
        raise ScheduleRefused(msg)
    if changes.title is not None and (len(changes.title) > LONGEST_TITLE or not changes.title.isprintable()):
        msg = f"title: write one line of at most {LONGEST_TITLE} characters"
        raise ScheduleRefused(msg)


def check_token(token: str) -> None:
    """See that a token tells one request from another.

    Raises:
        ScheduleRefused: It does not.
    """
    if not 1 <= len(token) <= LONGEST_TOKEN or not token.isprintable():
        msg = f"token: write 1 to {LONGEST_TOKEN} characters, different ones for each schedule; a UUID will do"
        raise ScheduleRefused(msg)


def _check_body(body: str, largest: int) -> None:
    if _NOT_FOR_SQS.search(body):
        msg = "body: it has characters that no queue takes; write U+FFFE and U+FFFF as \\ufffe and \\uffff"
        raise ScheduleRefused(msg)
    if (size := len(body.encode())) > largest:
        msg = f"body: it has {size} bytes and may have {largest}; send a reference to what is large"
        raise ScheduleRefused(msg)
    if not _is_object(body):
        msg = "body: write the event as a JSON object"
        raise ScheduleRefused(msg)


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body, parse_constant=_no_json), dict)
    except (ValueError, RecursionError):
        return False


def _no_json(constant: str) -> Any:
    raise ValueError(constant)  # NaN and the infinities


def fingerprints(request: Request, now: datetime) -> tuple[str, ...]:
    """What tells this request from others: the first is kept, and one that was kept makes another request the same.

    "Every hour, from now on" is the same request whenever it is made, although "now" is another each time. So what
    begins when it is asked for is kept without its beginning.
    """
    rule = request.rule
    if not isinstance(rule, Every):
        return (_digest(request, rule.at.isoformat() if isinstance(rule, Once) else _spelled(rule)),)
    whenever = _digest(request, f"{rule.seconds}")
    since = _digest(request, f"{rule.seconds} since {rule.first.isoformat()}")
    return (whenever, since) if abs(rule.first - now) <= rules.GRACE else (since, whenever)


def _spelled(rule: Cron) -> str:
    return f"{rule.expression} {rule.time_zone}"


def _digest(request: Request, rule: str) -> str:
    target = request.target
    said = [rule, target.list_name, target.queue_arn, request.body, request.lateness.total_seconds(), request.title]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
