"""The mail API's function over a world in memory, and services that call it."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api_site import ApiSite
from consent_world import ConsentWorld
from eventpost.consent import Consenting
from eventpost.mailapi import Accepting, Attaching, Following
from eventpost.mailapi.validation import Schemas
from eventpost.model import EventKey
from eventpost.registry import ListEntry, Registry
from eventpost.runtime.email_api import EmailApiFunction, serve_email_api
from posting_world import World
from sentinels import BODY, NAME, address

DCF, STOCKS, WATCH, DIRECT = "dcf_engine_results", "stock_alerts", "site_watch", "direct_mail"
REGISTRY: Final = Registry(
    lists=(
        ListEntry(name=DCF, title="DCF results", description="What a company is worth."),
        ListEntry(name=DIRECT, title="Mail", description="To you.", open=False, addressed=True),
        ListEntry(name=WATCH, title="Site watch", description="How a page looks.", any_topic=True, open=False),
        ListEntry(name=STOCKS, title="Stock alerts", description="One stock.", topics=("AMZN", "GOOG")),
    )
)
"""Names of lists whose schemas there are."""

ALERT: Final = {
    "ticker": "AMZN",
    "company": BODY,
    "price": "183.30",
    "previous_price": "178.83",
    "change_percent": "2.5",
    "currency": "USD",
    "occurred_at": "2026-01-01T09:05:00Z",
}


def mail(*to: str, **fields: Any) -> dict[str, Any]:
    """A mail to these sentinel mailboxes."""
    named = [address(local) for local in to or ("ann",)]
    return {"to": named, "subject": f"Hello {NAME}", "text": BODY, **fields}


@dataclass
class EmailSite(ApiSite):
    """The function and its callers; fulfils `runtime.email_api.operating.Platform`."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.function: EmailApiFunction = serve_email_api(lambda: self)
        self.put_in(self.world)

    def put_in(self, world: World) -> None:
        """From now on, this is all there is."""
        self.world = world
        self.people = ConsentWorld(world.memberships, REGISTRY, world.clock, world.outbox)

    @property
    def accepting(self) -> Accepting:
        """The use case; bodies are judged by the schemas in the layer."""
        return replace(self.world.accepting, registry=REGISTRY, check_body=Schemas().check)

    @property
    def following(self) -> Following:
        """The use case."""
        return self.world.following

    @property
    def attaching(self) -> Attaching:
        """The use case."""
        return self.world.attaching

    @property
    def consenting(self) -> Consenting:
        """Who is on which list."""
        return self.people.consenting

    def taken(self, method: str, target: str, body: Any, **headers: str) -> dict[str, Any]:
        """What is told of something that was taken."""
        told = self.send(method, target, body, **headers)
        assert told.status == 202, told.text
        assert told.headers["Location"] == told.json["state_url"]
        answered: dict[str, Any] = told.json
        return answered

    @property
    def queued(self) -> list[tuple[str, Any, str]]:
        """What the queues have: the list, the body and the event's id, in order of time."""
        prefix = "https://queue/eventpost-"
        return [
            (queue.removeprefix(prefix), json.loads(body), attributes["event_id"])
            for queue, body, attributes in self.world.outbox.sent
        ]


def event_of(answered: dict[str, Any]) -> EventKey:
    """What the ledger knows it by."""
    return EventKey(answered["list"], answered["event_id"])
