"""The sweeper's function: invoked each minute, it hands over what is due soon."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from eventpost.ports import Clock
from eventpost.runtime.wired import Wired, wired_for_time
from eventpost.schedule.sweeping import Sweeping
from eventpost.settings import metrics_namespace

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NAME: Final = "sweeper"
MARGIN: Final = timedelta(seconds=20)
"""No shard of a minute is begun in the last seconds: one in which a hundred thousand events are due takes some."""


class Platform(Protocol):
    """What the function needs: `wiring.time.TimeWiring`, or its like in a test."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def sweeping(self) -> Sweeping:
        """The use case."""
        ...


def serve_sweeper(
    platform: Callable[[], Platform] | None = None, namespace: Callable[[], str] = metrics_namespace
) -> "SweeperFunction":
    """The Lambda handler of the minute. Nothing is read, made or called until its first invocation."""
    return SweeperFunction(platform or wired_for_time, namespace)


class SweeperFunction(Wired[Platform]):
    """Sweeps once for each invocation, for as long as this may take."""

    def __init__(self, platform: Callable[[], Platform], namespace: Callable[[], str]) -> None:
        super().__init__(platform)
        self._namespace = namespace

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> None:
        """Hand over what is due from where the last sweep ended; what there is no time for is left to the next one.

        Raises:
            EventpostError: The sweep broke off. What it had finished stays so, and the next one goes on from there.
        """
        del event
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        report = self._platform.sweeping.sweep(self._platform.clock.now() + remaining - MARGIN)
        behind = report.behind.total_seconds() / 60
        told = {"minutes": report.minutes, "occurrences": report.occurrences, "behind_min": round(behind, 1)}
        self._logger.info("swept", extra=told)
        metrics = Metrics(namespace=self._namespace(), service=NAME)
        metrics.add_metric("sweeps", MetricUnit.Count, 1)
        metrics.add_metric("behind", MetricUnit.Count, round(behind, 1))
        metrics.flush_metrics()

    @cached_property
    def _logger(self) -> Logger:
        return Logger(service=NAME)
