"""The function behind the links in mails: an HTTP API's request in, a page out.

`GET` and `HEAD` change nothing, whatever the link: mail scanners follow links. Nothing of a request is logged but its
route, the status and the type of an error: the path holds a token, and a form an address.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from eventpost.consent.consenting import Consenting
from eventpost.pages import Pages, headers
from eventpost.runtime.faults import explained
from eventpost.runtime.web import joining, leaving, moving, preferring, tasks
from eventpost.runtime.web.troubles import no_such_page, not_like_that, trouble
from eventpost.runtime.web.visit import Answer, Handle, Visit, accepted_language
from eventpost.runtime.wired import Wired, wired_for_tasks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from eventpost.tasks import Tasks

_METHODS: Final = ["GET", "HEAD", "POST"]
_PART_OF_PATH: Final = re.compile(r"<\w+>")
# Where not even the page that says so can be made, such as in a function without the templates layer.
_LAST_RESORT: Final = "<!doctype html><html lang=en><title>Error</title><h1>Something went wrong</h1>"


class Route(NamedTuple):
    """What a path answers to: `get` serves HEAD as well. A rule without a slash is no path's."""

    rule: str
    get: Handle | None = None
    post: Handle | None = None

    @property
    def allowed(self) -> str:
        """The methods, as the `Allow` header names them."""
        return ", ".join((["GET", "HEAD"] if self.get else []) + (["POST"] if self.post else []))

    def has(self, path: str) -> bool:
        """Whether this is the route of that path."""
        return re.fullmatch(_PART_OF_PATH.sub("[^/]+", self.rule), path) is not None

    def handle(self, method: str) -> Handle | None:
        """What answers this method, or None where nothing does."""
        return {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method)


ROUTES: Final = (
    Route("/", get=joining.lists),
    Route("/join", get=joining.lists),
    Route("/join/<mail_list>", get=joining.show, post=joining.ask),
    Route("/link", get=preferring.link_form, post=preferring.mail_link),
    Route("/u/<token>", get=leaving.show, post=leaving.leave),
    Route("/undo/<token>", post=leaving.undo),
    Route("/p/<token>", get=preferring.show, post=preferring.change),
    Route("/c/<token>", get=joining.question, post=joining.confirm),
    Route("/m/<token>", get=moving.question, post=moving.confirm),
    Route("/t/<token>", get=tasks.show, post=tasks.change),
)


class Platform(Protocol):
    """What this function needs: `wiring.tasks.TaskWiring`, or its like in a test."""

    @property
    def consenting(self) -> Consenting:
        """The ports of consent."""
        ...

    @property
    def pages(self) -> Pages:
        """The pages' templates."""
        ...

    @property
    def tasks(self) -> "Tasks":
        """What is mailed by the clock."""
        ...


def serve_pages(platform: Callable[[], Platform] | None = None) -> "PreferencesFunction":
    """The Lambda handler of the preferences. Nothing is read, made or called until its first invocation."""
    return PreferencesFunction(platform or wired_for_tasks)


class PreferencesFunction(Wired[Platform]):
    """Answers each request with a page."""

    def __init__(self, platform: Callable[[], Platform]) -> None:
        super().__init__(platform)
        self._resolver = APIGatewayHttpResolver(debug=False)
        for route in ROUTES:
            self._resolver.route(route.rule, method=_METHODS)(self._serving(route))
        self._resolver.not_found(lambda _: self._answered(Route("none")))

    def __call__(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer one request, of API Gateway's payload format 2.0."""
        return self._resolver.resolve(dict(event), context)

    @cached_property
    def _logger(self) -> Logger:
        return Logger()

    def _serving(self, route: Route) -> Callable[..., Response[str]]:
        def served(**rest_of_path: str) -> Response[str]:
            return self._answered(route, **rest_of_path)

        return served

    def _answered(self, route: Route, **rest_of_path: str) -> Response[str]:
        """The response to the request that the resolver is at. Never raises: an error is a page, too."""
        event = self._resolver.current_event.raw_event
        method: str = event["requestContext"]["http"]["method"].upper()
        told = {"route": f"{method if method in _METHODS else 'other'} {route.rule}"}
        try:
            language = self._platform.pages.language(accepted_language(event))
            answer = self._answer(event, language, route, method, rest_of_path)
            response = self._response(language, answer)
            told |= {"error": answer.error} if answer.error else {}
        except Exception as error:  # noqa: BLE001 - such as templates that are not there
            self._log_fault(error)
            response = Response(HTTPStatus.INTERNAL_SERVER_ERROR, body=_LAST_RESORT, headers=dict(headers("")))
        self._logger.info("page", extra={**told, "status": response.status_code})
        if method == "HEAD":
            response.body = ""
        return response

    def _answer(
        self, event: Mapping[str, Any], language: str, route: Route, method: str, rest_of_path: Mapping[str, str]
    ) -> Answer:
        handle = route.handle(method)
        if handle is None:
            return _refused(method, self._resolver.current_event.path)
        try:
            platform = self._platform
            visit = Visit(event, platform.consenting, language, lambda: platform.tasks)
            return handle(visit, **rest_of_path)
        except Exception as error:  # noqa: BLE001 - each has its page
            answer = trouble(error)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._log_fault(error)
            return answer

    def _response(self, language: str, answer: Answer) -> Response[str]:
        pages = self._platform.pages
        values = {"root": _root(self._resolver.current_event.path), **answer.values}
        body = pages.render(answer.page, language, values)
        sent = {**pages.headers, "Content-Language": language, **answer.headers}
        return Response(answer.status, body=body, headers=sent)

    def _log_fault(self, error: Exception) -> None:
        kind, reason = explained(error)
        self._logger.error("page failed", extra={"error": kind, "reason": reason})


def _refused(method: str, path: str) -> Answer:
    """The page where nothing answers this method at this path."""
    route = next((route for route in ROUTES if route.has(path)), None)
    return no_such_page() if route is None or route.handle(method) else not_like_that(route.allowed)


def _root(path: str) -> str:
    """The relative way from this path to what links begin with, so that pages work behind any prefix."""
    return "../" * (path.count("/") - 1) or "./"
