"""What the operations on schedules and those on tasks have in common."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from aws_lambda_powertools.event_handler import Response

from eventpost.errors import ScheduleChanged
from eventpost.ports import Clock
from eventpost.runtime.api_parts import Answer
from eventpost.runtime.schedules.parameters import other_version, version_of
from eventpost.schedule import Scheduling
from eventpost.tasks import Tasks

MADE: Final = {201: "It is kept, and active.", 200: "It was made before, with this Idempotency-Key."}
"""How an operation answers that makes something."""
CHANGING: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)
"""The problems that a change may have."""
MAKING: Final = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
"""The problems that making something may have."""
VERSION: Final = ("ETag",)
"""What an answer goes out with that shows a schedule."""
MADE_HEADERS: Final = (*VERSION, "Location")
"""What an answer goes out with when something was made."""


class Platform(Protocol):
    """What this API needs: `wiring.tasks.TaskWiring`, or its like in a test."""

    @property
    def scheduling(self) -> Scheduling:
        """Making schedules and changing them."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Tasks of site watch."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...


@dataclass(frozen=True, slots=True)
class Routes:
    """Operations of this API.

    Attributes:
        platform: Gives what they work with.
        caller: Tells who made the present request: the owner of what it makes.
    """

    platform: Callable[[], Platform]
    caller: Callable[[], str]


@contextmanager
def asked_for(if_match: str | None) -> Iterator[int | None]:
    """The version that `If-Match` asks for. Where it is not the current one, that is why nothing was done.

    Raises:
        Refusal: It asks for none that there could be, or another is current.
    """
    version = version_of(if_match)
    try:
        yield version
    except ScheduleChanged:
        if version is None:
            raise
        raise other_version() from None


def told[A: Answer](
    answer: A, version: int, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[A]:
    """The response with this answer; the version is its `ETag`."""
    return Response(status, "application/json", answer, {"ETag": f'"{version}"', **(headers or {})})
