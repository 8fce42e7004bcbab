"""What a function is made of: found at its first invocation, so that importing it costs nothing but the import."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from eventpost.settings import Settings

if TYPE_CHECKING:
    from eventpost.wiring import Wiring
    from eventpost.wiring.direct import DirectWiring
    from eventpost.wiring.mailapi import EmailApiWiring
    from eventpost.wiring.people import PeopleWiring
    from eventpost.wiring.tasks import TaskWiring
    from eventpost.wiring.time import TimeWiring


def wired() -> "Wiring":
    """The platform as it was deployed. What it is made of, boto3 above all, is imported when it is needed."""
    from eventpost.wiring import Wiring  # noqa: PLC0415 - see above

    return Wiring(Settings.load())


def wired_for_direct_mail() -> "DirectWiring":
    """The same for the list whose events name whom they go to, and what goes with their mails."""
    from eventpost.wiring.direct import DirectWiring  # noqa: PLC0415 - see above

    return DirectWiring(Settings.load())


def wired_for_people() -> "PeopleWiring":
    """The same for joining and leaving, which lists' functions have no use for: it would make their starts longer."""
    from eventpost.wiring.people import PeopleWiring  # noqa: PLC0415 - see above

    return PeopleWiring(Settings.load())


def wired_for_time() -> "TimeWiring":
    """The same for sweeping and raising what is due."""
    from eventpost.wiring.time import TimeWiring  # noqa: PLC0415 - see above

    return TimeWiring(Settings.load())


def wired_for_tasks() -> "TaskWiring":
    """The same for who makes schedules and tasks, and for pages that change them."""
    from eventpost.wiring.tasks import TaskWiring  # noqa: PLC0415 - see above

    return TaskWiring(Settings.load())


def wired_for_email_api() -> "EmailApiWiring":
    """The same for the mail API."""
    from eventpost.wiring.mailapi import EmailApiWiring  # noqa: PLC0415 - see above

    return EmailApiWiring(Settings.load())


class Wired[Platform]:
    """A function, before it knows what it works with.

    Args:
        platform: Gives that.
    """

    def __init__(self, platform: Callable[[], Platform]) -> None:
        self._make_platform = platform

    @cached_property
    def _platform(self) -> Platform:
        return self._make_platform()


class QueueConsumer[Platform, Settings](Wired[Platform]):
    """A function that takes messages off a queue, before it knows which.

    Args:
        platform: Gives what it works with.
        settings: Gives what it is told about its queue.
    """

    def __init__(self, platform: Callable[[], Platform], settings: Callable[[], Settings]) -> None:
        super().__init__(platform)
        self._load_settings = settings

    @cached_property
    def _settings(self) -> Settings:
        return self._load_settings()
