"""The operations on events of lists."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from eventpost.runtime.email_api import cloud_events
from eventpost.runtime.email_api.answers import Accepted, StateAnswer
from eventpost.runtime.email_api.operating import TAKEN, TAKING, WHERE, Routes
from eventpost.runtime.email_api.parameters import ListName, PathId, Token, known
from eventpost.runtime.json_api import Operation

# A plain name: powertools does not look behind those of `type`.
EventFields = Annotated[
    dict[str, Any],
    Body(
        description=(
            "The event, as `GET /lists/{list_name}` tells. Numbers that must keep their decimals keep them. Where the "
            "attributes of a CloudEvent are in headers (`ce-id`, `ce-source`, `ce-type`, `ce-specversion`), this is "
            "its data; an object with a `specversion` is an envelope, whatever its media type."
        )
    ),
]


class EventRoutes(Routes):
    """Events over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation(
                "POST",
                "/lists/<list_name>/events",
                self.hand_in,
                "Raise an event: everybody on the list gets their mail.",
                "events",
                TAKEN,
                (HTTPStatus.NOT_FOUND, *TAKING),
                WHERE,
                {cloud_events.STRUCTURED: cloud_events.SCHEMA},
            ),
            Operation(
                "GET",
                "/events/<event>",
                self.get,
                "What became of an event.",
                "events",
                {200: "How far it has come."},
                (HTTPStatus.NOT_FOUND,),
            ),
        )

    def hand_in(self, list_name: ListName, event: EventFields, token: Token = None) -> Response[Accepted]:
        """Put it on its list's queue, unless it is there."""
        del event  # it is JSON; what is mailed is what was sent, to the last digit
        sent = self.sent()
        posted = cloud_events.posted(sent, self.entry(list_name).name, token)
        receipt = cloud_events.telling_where(sent, lambda: self.platform().accepting.accept(self.caller(), posted))
        return taken(Accepted.of(receipt, "/events"))

    def get(self, event: PathId) -> StateAnswer:
        """How far it has come."""
        return StateAnswer.told(self.platform().following.follow(self.caller(), known(event)), "/events")


def taken(accepted: Accepted) -> Response[Accepted]:
    """The response that says so."""
    return Response(HTTPStatus.ACCEPTED, "application/json", accepted, {"Location": accepted.state_url})
