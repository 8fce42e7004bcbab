"""What an operator asks about an event, and decides about mails of which nobody knows whether they went out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deployed import Deployed, wait_until
from eventpost.model import Delivery, DeliveryState, EventKey

OURS = "stock_alerts"
EVENT = json.loads((Path(__file__).parents[2] / "functions" / OURS / "samples" / "typical.json").read_text())


def leave_in_doubt(deployed: Deployed, event: EventKey, address: str) -> str:
    """Have the ledger say of this delivery what it says under `hold` after a crash; the subscriber's id."""
    subscriber, ledger = deployed.id_of(address), deployed.deployment.wiring.ledger
    ledger.claim(event, [subscriber], "a worker that died", datetime.now(UTC) + timedelta(minutes=1))
    ledger.record(event, [Delivery(subscriber, DeliveryState.UNCERTAIN, "no answer")], "a worker that died")
    return subscriber


def explained(deployed: Deployed, event: EventKey) -> dict[str, Any]:
    """What `eventpost explain` says of the event."""
    result = deployed.eventpost("explain", event.list_name, event.event_id, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_an_operator_settles_what_is_in_doubt(deployed: Deployed) -> None:
    """The others get their mail; the one in doubt is named, and gets it once the operator says so, and only then."""
    ann, bob = deployed.join(f"{OURS}/AMZN", "ann", "bob")
    event = EventKey(OURS, "in-doubt")
    subscriber = leave_in_doubt(deployed, event, ann)
    deployed.raise_event(OURS, EVENT, event_id=event.event_id)
    wait_until(lambda: deployed.mailed() == [bob])
    deployed.settle(OURS)

    story = explained(deployed, event)
    assert story["finished"]
    assert (story["counts"]["sent"], story["counts"]["uncertain"]) == (1, 1)
    assert story["uncertain"] == [{"subscriber": subscriber, "reason": "no answer"}]

    result = deployed.eventpost("settle", OURS, event.event_id, "--resend", subscriber)
    assert result.exit_code == 0, result.output
    deployed.raise_event(OURS, EVENT, event_id=event.event_id)
    wait_until(lambda: deployed.mailed() == sorted([ann, bob]))
    deployed.settle(OURS)
    assert explained(deployed, event)["counts"]["sent"] == 2
