"""Time: schedules are made, swept when they are due, and their events put on their queues. See `ports.scheduling`."""

from eventpost.schedule import relay_message, rules
from eventpost.schedule.handing import Handing
from eventpost.schedule.limits import Limits
from eventpost.schedule.relaying import DeadLetter, Relaying, RelayReport
from eventpost.schedule.request import Changes, Request
from eventpost.schedule.scheduling import Created, Scheduling
from eventpost.schedule.standing import Standing
from eventpost.schedule.sweeping import Sweeping, SweepReport
from eventpost.schedule.targets import Targets

__all__ = [
    "Changes",
    "Created",
    "DeadLetter",
    "Handing",
    "Limits",
    "RelayReport",
    "Relaying",
    "Request",
    "Scheduling",
    "Standing",
    "SweepReport",
    "Sweeping",
    "Targets",
    "relay_message",
    "rules",
]
