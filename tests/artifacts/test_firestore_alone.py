"""Functions of a deployment that has its subscribers in Firestore, each alone under Lambda's own runtime client."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest

import given
import sentinels
from artifacts import Artifacts
from deployed import Deployed
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.model import IdRange, Membership, MembershipKey, Subscriber
from eventpost.ports import SubscriberStore
from eventpost.wiring import Wiring
from http_gateway import http_event
from lambda_alone import Start, a_message
from ses_told import bounced, tagged

AUDIENCE: Final = "stock_alerts/AMZN"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def changed(firestore_emulator: str) -> dict[str, str]:
    """What such a deployment is told, of a database that is this test's alone."""
    return {
        "subscriber_store": "firestore",
        "firestore_project": "eventpost-alone",
        "firestore_database": f"alone-{uuid.uuid4().hex[:12]}",
        "firestore_emulator": firestore_emulator,
    }


@pytest.fixture
def start(start_of: Callable[..., Start], on_firestore: Artifacts, changed: dict[str, str]) -> Start:
    """Starts a function with the layer that this choice deploys."""
    return start_of(on_firestore, **changed)


@pytest.fixture
def store(deployed: Deployed, changed: dict[str, str]) -> SubscriberStore:
    """The subscribers, as another process of the deployment sees them."""
    return Wiring(deployed.deployment.wiring.settings.model_copy(update=changed)).subscribers


def test_a_list_function_mails_who_is_in_firestore(
    deployed: Deployed, queues: dict[str, str], store: SubscriberStore, start: Start
) -> None:
    """And nobody else: who is on the list in the stack's own store gets nothing."""
    deployed.join(AUDIENCE, "carol")
    people = joined(deployed, store, "ann", "bob")

    with start("StockAlerts") as function:
        answer = function.invoke(a_message(deployed, queues, json.dumps(sentinels.PRICE_MOVED)))

    assert answer == {"batchItemFailures": []}
    assert deployed.mailed() == people


def test_the_pages_take_somebody_off_a_list(deployed: Deployed, store: SubscriberStore, start: Start) -> None:
    """They show what is in Firestore, change nothing by that, and keep there what the mail program's button asks."""
    (address,) = joined(deployed, store, "ann")
    target = LinkTarget(deployed.id_of(address), audience_tag(AUDIENCE))
    path = f"/u/{deployed.links().token(Purpose.UNSUBSCRIBE, target)}"

    with start("Preferences") as function:
        shown = function.invoke(http_event("GET", path))
        before = membership(deployed, store, address)
        left = function.invoke(http_event("POST", path, b"List-Unsubscribe=One-Click", FORM))

    assert (shown["statusCode"], before.state) == (200, "active")
    assert "Do you want to leave this list?" in shown["body"]
    assert (left["statusCode"], membership(deployed, store, address).state) == (200, "left")


def test_feedback_suppresses_who_bounced(
    deployed: Deployed, queues: dict[str, str], store: SubscriberStore, start: Start
) -> None:
    """In Firestore, where the next delivery looks."""
    (address,) = joined(deployed, store, "ann")
    body = bounced(tagged(deployed.id_of(address)), "Permanent", "General")

    with start("Feedback") as function:
        answer = function.invoke(a_message(deployed, queues, body))

    (enrolled,) = store.enrolled(AUDIENCE, IdRange(), 2)
    assert answer == {"batchItemFailures": []}
    assert enrolled.suppressed.startswith("suppressed: bounce")


def joined(deployed: Deployed, store: SubscriberStore, *locals_: str) -> list[str]:
    """Sentinel addresses that are on the list in this store."""
    addresses = [sentinels.address(local) for local in locals_]
    moment = datetime.now(UTC)
    rows = [Subscriber(deployed.id_of(each), each, {"name": sentinels.NAME}, moment) for each in addresses]
    given.enrol(store, AUDIENCE, rows)
    return addresses


def membership(deployed: Deployed, store: SubscriberStore, address: str) -> Membership:
    """What this store says of the address."""
    key = MembershipKey(AUDIENCE, deployed.id_of(address))
    return store.of([key])[key]
