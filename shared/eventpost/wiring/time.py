"""What time takes: schedules made and changed, swept, and raised. Apart, since hardly a list's event comes of one."""

from functools import cached_property

from eventpost.adapters.dynamodb_occurrences import DynamoOccurrences
from eventpost.adapters.dynamodb_sweeps import DynamoQuotas, DynamoSweeps
from eventpost.registry import Registry
from eventpost.schedule.handing import Handing
from eventpost.schedule.limits import Limits
from eventpost.schedule.relaying import Relaying
from eventpost.schedule.scheduling import Scheduling
from eventpost.schedule.sweeping import Sweeping
from eventpost.schedule.targets import Targets
from eventpost.wiring import Wiring


class TimeWiring(Wiring):
    """Everything that the scheduler's functions need besides."""

    @cached_property
    def scheduling(self) -> Scheduling:
        """Making schedules and changing them."""
        return Scheduling(
            schedules=self.schedules,
            quotas=DynamoQuotas(self._dynamodb, self.settings.schedules_table),
            handing=self._handing,
            clock=self.clock,
            targets=self._targets,
            limits=Limits(self.settings.schedules_per_owner, self.settings.schedules_per_hour),
        )

    @cached_property
    def sweeping(self) -> Sweeping:
        """Finding what is due."""
        return Sweeping(self._occurrences, self._sweeps, self._handing, self.clock)

    @cached_property
    def relaying(self) -> Relaying:
        """Raising it."""
        return Relaying(
            schedules=self.schedules,
            handing=self._handing,
            outbox=self.outbox,
            clock=self.clock,
            targets=self._targets,
        )

    @cached_property
    def _handing(self) -> Handing:
        return Handing(self._occurrences, self._sweeps, self.outbox, self.clock, self.settings.relay_queue_url)

    @cached_property
    def _occurrences(self) -> DynamoOccurrences:
        return DynamoOccurrences(self._dynamodb, self.settings.schedules_table, self.clock)

    @cached_property
    def _sweeps(self) -> DynamoSweeps:
        return DynamoSweeps(self._dynamodb, self.settings.schedules_table)

    @cached_property
    def _targets(self) -> Targets:
        lists = [entry.name for entry in Registry.load().lists]
        settings = self.settings
        return Targets(settings.stack_name, settings.relay_queue_url, lists, settings.allowed_targets)
