"""The mail API and direct mail, each alone under Lambda's own runtime client: a request in, an event out; a mail."""

import json
import uuid
from http import HTTPStatus
from typing import Any, Final

import received_mail
import sentinels
from deployed import Deployed, wait_until
from http_gateway import http_event
from lambda_alone import Function, Start, a_message

SESSION: Final = "arn:aws:sts::000000000000:assumed-role/tests/a-session"
LIST: Final = "stock_alerts"


def test_the_mail_api_puts_an_event_on_its_lists_queue(deployed: Deployed, start: Start) -> None:
    """For the role that called; then it says what became of it."""
    people = deployed.join(f"{LIST}/AMZN", "ann")

    with start("Email") as function:
        accepted = _asked(function, "POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED)
        told = json.loads(accepted["body"])
        wait_until(lambda: deployed.mailed() == people)
        deployed.settle(LIST)
        state = _asked(function, "GET", told["state_url"])

    assert accepted["statusCode"] == HTTPStatus.ACCEPTED, told
    assert (state["statusCode"], json.loads(state["body"])["counts"]) == (HTTPStatus.OK, {"sent": 1})


def test_the_mail_api_knows_each_lists_schema(start: Start) -> None:
    """They are in its layer, as what checks bodies by them is: a fault is told by its place, and by no value."""
    with start("Email") as function:
        shown = _asked(function, "GET", f"/lists/{LIST}")
        refused = _asked(function, "POST", f"/lists/{LIST}/events", sentinels.PRICE_MOVED | {"price": sentinels.NAME})

    problem = json.loads(refused["body"])
    assert "price" in json.loads(shown["body"])["event_schema"]["properties"]
    assert refused["statusCode"] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [fault["pointer"] for fault in problem["errors"]] == ["#/price"]
    assert sentinels.NAME not in refused["body"]


def test_direct_mail_mails_whom_its_event_names(deployed: Deployed, queues: dict[str, str], start: Start) -> None:
    """Nobody has joined anything: each gets a mail in an envelope of their own, with what was attached."""
    ann, bob = (sentinels.address(local) for local in ("ann", "bob"))
    key, content = f"attachments/{uuid.uuid4().hex}", b"%PDF-1.7 of a sort"
    bucket = deployed.stack.outputs["ScreenshotsBucket"]
    deployed.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/pdf")
    asked = {
        "to": [ann],
        "bcc": [bob],
        "subject": "Your report",
        "text": sentinels.BODY,
        "attachments": [{"key": key, "filename": "report.pdf"}],
    }

    with start("DirectMail") as function:
        answer = function.invoke(a_message(deployed, queues, json.dumps(asked)))

    mails = deployed.mails()
    assert answer == {"batchItemFailures": []}
    assert [str(mail["To"]) for mail in mails] == [ann, ann]
    assert [mail for mail in mails if "Bcc" in mail] == [], "nobody is told of a blind copy"
    assert all(sentinels.BODY in received_mail.text(mail, "plain") for mail in mails)
    assert [part.get_content() for mail in mails for part in mail.iter_attachments()] == [content, content]


def _asked(function: Function, method: str, path: str, body: Any = None) -> Any:
    """What the function answers to a request that IAM has let in."""
    content = b"" if body is None else json.dumps(body).encode()
    event = http_event(method, path, content, {"content-type": "application/json"})
    event["requestContext"]["authorizer"] = {"iam": {"userArn": SESSION}}
    return function.invoke(event)
