"""The function behind the mail API: an HTTP API's request in, JSON out."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from eventpost.runtime.caller import caller_of
from eventpost.runtime.email_api.email_routes import EmailRoutes
from eventpost.runtime.email_api.event_routes import EventRoutes
from eventpost.runtime.email_api.list_routes import ListRoutes
from eventpost.runtime.email_api.operating import Platform
from eventpost.runtime.email_api.subscriber_routes import SubscriberRoutes
from eventpost.runtime.json_api import JsonApi
from eventpost.runtime.problems import (
    ANYWHERE,
    CHANGED,
    INVALID_EVENT,
    NOT_ATTACHED,
    NOT_MAILED,
    QUOTA,
    REUSED,
    TOO_HEAVY,
    UNKNOWN_LIST,
    UNKNOWN_RECEIPT,
)
from eventpost.runtime.wired import Wired, wired_for_email_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

KINDS: Final = (
    *ANYWHERE,
    UNKNOWN_LIST,
    UNKNOWN_RECEIPT,
    INVALID_EVENT,
    NOT_MAILED,
    NOT_ATTACHED,
    TOO_HEAVY,
    REUSED,
    CHANGED,
    QUOTA,
)
"""The types that this API's problems may have."""


def serve_email_api(platform: Callable[[], Platform] | None = None) -> "EmailApiFunction":
    """The Lambda handler of the mail API. Nothing is read, made or called until its first invocation."""
    return EmailApiFunction(platform or wired_for_email_api)


class EmailApiFunction(Wired[Platform]):
    """Answers each request with what was taken, what became of it, or a problem document."""

    def __init__(self, platform: Callable[[], Platform]) -> None:
        super().__init__(platform)
        self.api = JsonApi("email_api", caller_of)
        for routes in (ListRoutes, EventRoutes, SubscriberRoutes, EmailRoutes):
            made = routes(lambda: self._platform, lambda: self.api.caller, lambda: self.api.sent)
            self.api.add(made.operations())

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer one request, of API Gateway's payload format 2.0."""
        return self.api(event, context)
