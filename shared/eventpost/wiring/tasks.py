"""What tasks take: a schedule and an audience each."""

from functools import cached_property

from eventpost.consent.admitting import Admitting
from eventpost.tasks import Tasks
from eventpost.wiring.people import PeopleWiring
from eventpost.wiring.time import TimeWiring


class TaskWiring(PeopleWiring, TimeWiring):
    """Everything that the schedules' API, the pages and the command need."""

    @cached_property
    def tasks(self) -> Tasks:
        """The tasks of site watch, kept by a service's word."""
        return Tasks(self.scheduling, Admitting(self.consenting), self.clock)
