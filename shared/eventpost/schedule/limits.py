"""How much a deployment lets its owners schedule."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What one owner may ask for.

    Attributes:
        recurring_per_owner: Recurring schedules that may stand at a time, paused ones too.
        created_per_hour: Schedules that may be made in an hour of the clock (UTC), of whatever kind.
        largest_body: Bytes of an event's JSON in UTF-8. A queue takes more; the rest is for attributes.
        shortest_interval_s: Seconds of an interval. A cron comes once a minute at the most.
        furthest: How far ahead an event may be due.
    """

    recurring_per_owner: int = 1_000
    created_per_hour: int = 1_000_000
    largest_body: int = 200_000
    shortest_interval_s: int = 60
    furthest: timedelta = timedelta(days=5 * 366)


DEFAULT: Final = Limits()
"""What holds unless the deployment says otherwise."""
