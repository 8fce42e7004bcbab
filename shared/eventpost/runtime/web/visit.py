"""A visit to a page, and the answer that it gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from eventpost.consent.consenting import Consenting
from eventpost.links import LinkTarget, Purpose
from eventpost.registry import Registry
from eventpost.runtime.web.fields import Fields, header, in_body, in_query

if TYPE_CHECKING:
    from eventpost.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Answer:
    """The page that a visit gets.

    Attributes:
        page: Its template.
        values: What the template wants to know.
        status: Its HTTP status.
        headers: What it goes out with beside what every page does.
        error: The type of what went wrong, for the log; "" where nothing did.
    """

    page: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


class Named(NamedTuple):
    """An audience in a reader's words."""

    title: str
    topic: str


def named(registry: Registry, audience: str) -> Named:
    """What readers know this audience as, even where its list is no longer there."""
    mail_list, _, topic = audience.partition("/")
    entry = registry.entry(mail_list)
    return Named(entry.title if entry else mail_list.replace("_", " ").capitalize(), topic)


class UnknownWish(ValueError):
    """The form says nothing that this page can do."""


class Visit:
    """One request for a page, with what it takes to answer it.

    Args:
        event: The request, of API Gateway's payload format 2.0.
        consenting: The ports of consent.
        language: The language that the reader gets.
        tasks: Gives the tasks; few pages ask for them.
    """

    def __init__(
        self, event: Mapping[str, Any], consenting: Consenting, language: str, tasks: "Callable[[], Tasks]"
    ) -> None:
        self._event = event
        self._tasks = tasks
        self.consenting = consenting
        self.language = language

    @cached_property
    def query(self) -> Fields:
        """What stands behind the question mark.

        Raises:
            BadForm: Nothing that could stand there.
        """
        return in_query(self._event)

    @cached_property
    def form(self) -> Fields:
        """What the form says.

        Raises:
            TooLarge: Too much.
            BadForm: Nothing that a form could.
        """
        return in_body(self._event)

    @property
    def tasks(self) -> "Tasks":
        """What is mailed by the clock, and can be paused and stopped."""
        return self._tasks()

    @property
    def source(self) -> str:
        """The IP address of whoever asks, as API Gateway saw it: no header can claim another."""
        return str(self._event["requestContext"]["http"]["sourceIp"])

    def target(self, purpose: Purpose, token: str) -> LinkTarget:
        """Whom the link is for.

        Raises:
            ExpiredLink: It is too old.
            BadLink: It is none of ours for this purpose.
        """
        return self.consenting.links().read(purpose, token)

    def token(self, purpose: Purpose, target: LinkTarget) -> str:
        """What a new link for this purpose ends with."""
        return self.consenting.links().token(purpose, target)

    def named(self, audience: str, topic: str = "") -> Named | None:
        """What readers know this audience as, and its topic as, if not by its name; None for none."""
        if not audience:
            return None
        known = named(self.consenting.registry, audience)
        return known._replace(topic=topic) if topic else known


type Handle = Callable[..., Answer]
"""Answers a visit; takes it, and the rest of the path by name."""


def accepted_language(event: Mapping[str, Any]) -> str:
    """What the reader's browser says of languages."""
    return header(event, "accept-language")
