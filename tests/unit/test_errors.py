"""Errors say by their type what becomes of an event."""

import inspect
from datetime import timedelta

import pytest

from eventpost import errors
from eventpost.errors import EventpostError, InvalidEvent, Misconfigured, Permanent, Retryable, UnknownTopic

OURS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, EventpostError) and kind not in (EventpostError, Retryable, Permanent)
]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_is_either_retryable_or_permanent(kind: type[EventpostError]) -> None:
    """No error leaves open whether to try again."""
    assert issubclass(kind, Retryable) != issubclass(kind, Permanent)


@pytest.mark.parametrize("kind", [*OURS, Misconfigured])
def test_every_error_says_when_it_is_raised_and_what_to_do(kind: type[Exception]) -> None:
    """The docstring of an error is what an operator reads first: a condition and an action, of its own."""
    assert kind.__doc__ is not None
    assert len(kind.__doc__.split()) > 8


def test_misconfigured_is_not_swallowed_with_failed_events() -> None:
    """Whoever handles failed events does not catch a faulty deployment."""
    assert not issubclass(Misconfigured, EventpostError)


def test_an_unknown_topic_is_an_invalid_event() -> None:
    """A producer that names no topic of the list made the same kind of mistake as with any other field."""
    assert issubclass(UnknownTopic, InvalidEvent)


def test_a_retryable_error_may_say_how_long_to_wait() -> None:
    """What an adapter knows of the pause reaches the queue; without it the usual back-off holds."""
    assert Retryable("busy", timedelta(seconds=7)).retry_after == timedelta(seconds=7)
    assert Retryable("busy").retry_after is None
