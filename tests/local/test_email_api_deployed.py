"""The mail API, deployed: what services post by signed requests is mailed, and its function reaches all that it needs.

Each call is checked against the function's own policy, as on AWS.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Final

import pytest
from botocore.credentials import Credentials

import received_mail
import sentinels
from deployed import Deployed, wait_until
from eventpost.consent.suppressing import suppress
from eventpost.model import Suppression, SuppressionReason
from eventpost_cli.local.surroundings import REGION
from signed_api import SignedApi, answer_to

LIST: Final = "stock_alerts"
AMZN: Final = f"{LIST}/AMZN"
ANN, BOB, CARL = (sentinels.address(local) for local in ("ann", "bob", "carl"))
FILE: Final = bytes(range(256)) * 40
PDF: Final = "application/pdf"


@pytest.fixture
def api(deployed: Deployed) -> SignedApi:
    """The API, to who may do everything."""
    return SignedApi(deployed.stack.addresses.email_api)


@pytest.fixture
def service(deployed: Deployed) -> Iterator[Credentials]:
    """A service that may raise events of one list over HTTP, and nothing else."""
    iam, name = deployed.stack.client("iam"), f"service-{uuid.uuid4().hex[:8]}"
    allowed = f"arn:aws:execute-api:{REGION}:000000000000:*/$default/POST/lists/{LIST}/events"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": allowed}
    iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName=name,
        PolicyName="Raise",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="Raise")
    iam.delete_user(UserName=name)


def test_an_event_is_posted_and_mailed_once(deployed: Deployed, api: SignedApi) -> None:
    """Posted twice under one key, it is one event; asked for, it says that everybody has it."""
    people = deployed.join(AMZN, "ann", "bob")
    key = uuid.uuid4().hex

    first, again = (
        api.ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED, Idempotency_Key=key) for _ in range(2)
    )
    state = wait_until(lambda: _finished(api, first.json["state_url"]))

    assert (first.status, again.status) == (HTTPStatus.ACCEPTED, HTTPStatus.ACCEPTED), first.content
    assert first.json == again.json
    assert deployed.mailed() == people
    assert (state["counts"], state["exact"], state["given_up"]) == ({"sent": 2}, True, None)
    assert {row["state"] for row in deployed.ledger(LIST, first.json["event_id"]).values()} == {"sent"}


def test_a_mail_goes_to_whom_it_names_with_its_file(deployed: Deployed, api: SignedApi) -> None:
    """The file by an address that the API has signed: S3 takes no other one there, and the mail has it as it was."""
    digest = hashlib.sha256(FILE).hexdigest()
    offered = api.ask("POST", "/attachments", {"media_type": PDF, "size": len(FILE), "sha256": digest})
    assert offered.status == HTTPStatus.CREATED, offered.content
    upload = offered.json
    larger = {**upload["headers"], "Content-Length": str(len(FILE) + 1)}
    refused = answer_to("PUT", upload["url"], FILE + b"!", larger)
    put = answer_to(upload["method"], upload["url"], FILE, upload["headers"])
    mail = {
        "to": [ANN],
        "cc": [BOB],
        "subject": f"Your report {sentinels.BODY}",
        "text": "Here it is.",
        "attachments": [{"key": upload["key"], "filename": "report.pdf"}],
        "transactional": True,
    }

    accepted = api.ask("POST", "/emails", mail, Idempotency_Key=uuid.uuid4().hex)
    assert accepted.status == HTTPStatus.ACCEPTED, accepted.content
    state = wait_until(lambda: _finished(api, accepted.json["state_url"]))
    mails = deployed.mails()

    assert (refused.status, put.status) == (HTTPStatus.FORBIDDEN, HTTPStatus.OK), put.content
    assert [(each["pointer"], each["state"]) for each in state["recipients"]] == [
        ("#/to/0", "sent"),
        ("#/cc/0", "sent"),
    ]
    assert len(mails) == 2
    assert all(str(each["To"]) == ANN and str(each["Cc"]) == BOB for each in mails)
    for each in mails:
        assert received_mail.defects(each) == []
        assert _file(each, "report.pdf") == FILE


def test_what_is_refused_at_the_door_is_mailed_to_nobody(deployed: Deployed, api: SignedApi) -> None:
    """A body that does not fit, a file that is not there, a list that is none, a stranger, who may not be mailed."""
    missing = {"key": f"attachments/{uuid.uuid4().hex}", "filename": "report.pdf"}
    mail = {"to": [ANN], "subject": "A report", "text": "Here."}
    _suppress(deployed, BOB)

    unfit = api.ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED | {"price": "a lot"})
    fileless = api.ask("POST", "/emails", mail | {"attachments": [missing]})
    suppressed = api.ask("POST", "/emails", mail | {"to": [ANN, BOB]})
    unknown = api.ask("POST", "/lists/preferences-letters/events", sentinels.PRICE_MOVED)
    unsigned = SignedApi(api.url, None).ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED)
    deployed.settle(LIST, "direct_mail")

    assert [each.status for each in (unfit, fileless, suppressed)] == [HTTPStatus.UNPROCESSABLE_ENTITY] * 3
    assert _pointers(unfit.json) == ["#/price"]
    assert _pointers(fileless.json) == ["#/attachments/0/key"]
    assert _pointers(suppressed.json) == ["#/to/1"]
    assert (unknown.status, unsigned.status) == (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
    assert deployed.mails() == []


def test_what_its_list_gives_up_on_is_told(deployed: Deployed, api: SignedApi) -> None:
    """A template that lacks what it needs is found when the mail is made, after the 202: whoever asks hears of it."""
    mail = {"to": [ANN], "template": "receipt", "data": {}}

    accepted = api.ask("POST", "/emails", mail)
    assert accepted.status == HTTPStatus.ACCEPTED, accepted.content
    state = wait_until(lambda: _finished(api, accepted.json["state_url"], "given_up"))

    (letter,) = deployed.letters("direct_mail").values()
    assert state["given_up"]["error"] == letter.attributes["error"] == "TemplateFault"
    assert letter.attributes["event_id"] == accepted.json["event_id"]
    assert deployed.mails() == []


def test_a_service_puts_its_users_on_a_list_and_takes_them_off(deployed: Deployed, api: SignedApi) -> None:
    """By their own word, which it passes on: what is raised in between is mailed to them, and afterwards nothing is."""
    who = {"address": CARL, "topics": ["AMZN"], "consent": {"source": "account settings"}}

    joined = api.ask("PUT", f"/lists/{LIST}/subscribers", who)
    first = api.ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED)
    wait_until(lambda: _finished(api, first.json["state_url"]))
    left = api.ask("DELETE", f"/lists/{LIST}/subscribers", who)
    second = api.ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED)
    state = wait_until(lambda: _finished(api, second.json["state_url"]))

    assert [each["became"] for each in joined.json["audiences"]] == ["joined"], joined.content
    assert [each["became"] for each in left.json["audiences"]] == ["left"], left.content
    assert deployed.mailed() == [CARL]
    assert state["counts"] == {}


def test_iam_says_what_a_service_may_post(deployed: Deployed, api: SignedApi, service: Credentials) -> None:
    """One list's events and nothing else; and what it has posted is its own: another caller is told of none."""
    people = deployed.join(AMZN, "ann")
    theirs = SignedApi(api.url, service)

    accepted = theirs.ask("POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED)
    others = [
        theirs.ask("POST", "/lists/dcf_engine_results/events", sentinels.PRICE_MOVED),
        theirs.ask("POST", "/emails", {"to": [ANN], "subject": "Hello", "text": "Hello"}),
        theirs.ask("PUT", f"/lists/{LIST}/subscribers", {"address": ANN, "consent": {"source": "x"}}),
        theirs.ask("GET", "/lists"),
    ]
    deployed.settle(LIST)

    assert accepted.status == HTTPStatus.ACCEPTED, accepted.content
    assert {each.status for each in others} == {HTTPStatus.FORBIDDEN}
    assert api.ask("GET", accepted.json["state_url"]).status == HTTPStatus.NOT_FOUND
    assert deployed.mailed() == people


def _finished(api: SignedApi, path: str, ended: str = "finished") -> dict[str, Any] | None:
    """What became of it, as soon as everybody is settled, or it has ended otherwise."""
    told = api.ask("GET", path)
    assert told.status == HTTPStatus.OK, told.content
    state: dict[str, Any] = told.json
    return state if state["state"] == ended else None


def _pointers(problem: dict[str, Any]) -> list[str]:
    return [fault["pointer"] for fault in problem["errors"]]


def _file(mail: EmailMessage, name: str) -> bytes:
    (content,) = (part.get_content() for part in mail.iter_attachments() if part.get_filename() == name)
    assert isinstance(content, bytes)
    return content


def _suppress(deployed: Deployed, address: str) -> None:
    """What is done when mail to this address comes back for good."""
    suppression = Suppression(SuppressionReason.BOUNCE, datetime.now(UTC), "5.1.1")
    suppress(deployed.deployment.wiring.consenting, deployed.id_of(address), suppression)
