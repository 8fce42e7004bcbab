"""What services ask of the API: mails to people they name, and events of a list, each different from all others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.soak_api.plan import EMAILS, EVENTS, OWNERS

DOMAIN: Final = "soak.example.net"
READERS: Final = (f"ada@{DOMAIN}", f"bob@{DOMAIN}")
"""Who is on the list whose events are raised."""

_CLOUD_EVENT: Final = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing asked for, as often as it takes to have an answer.

    Attributes:
        number: Which one it is.
        owner: The session that asks, as IAM names it.
        path: Of the POST.
        body: As sent.
        headers: By their names in small letters.
        recipients: Whom mail must come to if it is accepted.
    """

    number: int
    owner: str
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    recipients: tuple[str, ...] = field(repr=False)


def ask(number: int) -> Ask:
    """The one with this number: three in five are mails, of the events half are CloudEvents."""
    owner, key = OWNERS[number % len(OWNERS)], {"idempotency-key": f"soak-{number}"}
    if number % 5 < 3:  # noqa: PLR2004 - three in five
        email = _email(number)
        everybody = (*email["to"], *email.get("cc", ()), *email.get("bcc", ()))
        return _ask(number, owner, "/emails", email, key, everybody)
    path, event = f"/lists/{EVENTS}/events", _event(number)
    if number % 2:
        return _ask(number, owner, path, event, key, READERS)
    return _ask(number, owner, path, _envelope(number, event), {"content-type": _CLOUD_EVENT}, READERS)


def list_of(path: str) -> str:
    """The list whose event was asked for by this path."""
    return EMAILS if path == "/emails" else EVENTS


def _ask(number: int, owner: str, path: str, body: Any, headers: Mapping[str, str], recipients: tuple[str, ...]) -> Ask:
    sent = {"content-type": "application/json", **headers}
    return Ask(number, owner, path, json.dumps(body).encode(), sent, recipients)


def _email(number: int) -> dict[str, Any]:
    email: dict[str, Any] = {
        "to": [f"to-{number}@{DOMAIN}"],
        "subject": f"Order {number} is on its way",
        "text": f"Order {number} has left our house.\n",
        "transactional": number % 2 == 0,
    }
    if number % 3 == 0:
        email["cc"] = [f"cc-{number}@{DOMAIN}"]
    if number % 4 == 0:
        email["bcc"] = [f"bcc-{number}@{DOMAIN}"]
    return email


def _event(number: int) -> dict[str, Any]:
    return {
        "ticker": "AMZN",
        "company": "Amazon",
        "price": f"{100 + number / 100:.2f}",
        "previous_price": "131.10",
        "change_percent": "-9.7",
        "occurred_at": "2010-03-01T15:04:05+00:00",
    }


def _envelope(number: int, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"price-{number}",
        "source": "https://prices.example.com",
        "type": "com.example.price_moved",
        "datacontenttype": "application/json",
        "data": event,
    }
