"""What a visitor is told when something went wrong: enough to go on, and nothing about anybody."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from eventpost.errors import (
    PersonChanged,
    Retryable,
    ScheduleChanged,
    StoreUnavailable,
    TooManyAttempts,
    TooManyChanges,
    UnknownAudience,
)
from eventpost.links import BadLink, ExpiredLink
from eventpost.runtime.web.fields import BadForm, TooLarge
from eventpost.runtime.web.visit import Answer, UnknownWish

_WAIT: Final = timedelta(seconds=30)

_TROUBLES: Final[tuple[tuple[type[Exception], HTTPStatus, str], ...]] = (
    (ExpiredLink, HTTPStatus.GONE, "expired"),
    (BadLink, HTTPStatus.BAD_REQUEST, "bad_link"),
    (UnknownAudience, HTTPStatus.NOT_FOUND, "not_found"),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    (BadForm, HTTPStatus.BAD_REQUEST, "bad_form"),
    (UnknownWish, HTTPStatus.BAD_REQUEST, "bad_form"),
    (TooManyChanges, HTTPStatus.BAD_REQUEST, "too_large"),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS, "too_many"),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    (PersonChanged, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    (ScheduleChanged, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
)


def trouble(error: Exception) -> Answer:
    """The page for this error."""
    for kind, status, name in _TROUBLES:
        if isinstance(error, kind):
            return Answer("trouble", {"trouble": name}, status, _waiting(error), type(error).__name__)
    return Answer("trouble", {"trouble": "broken"}, HTTPStatus.INTERNAL_SERVER_ERROR, error=type(error).__name__)


def no_such_page() -> Answer:
    """The page where there is none."""
    return Answer("trouble", {"trouble": "not_found"}, HTTPStatus.NOT_FOUND)


def not_like_that(allowed: str) -> Answer:
    """The page for a method that is not among those allowed."""
    return Answer("trouble", {"trouble": "method"}, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": allowed})


def _waiting(error: Exception) -> dict[str, str]:
    """When to come again (RFC 9110, 10.2.3)."""
    if not isinstance(error, Retryable):
        return {}
    return {"Retry-After": str(int((error.retry_after or _WAIT).total_seconds()))}
