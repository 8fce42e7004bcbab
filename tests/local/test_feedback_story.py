"""What SES says of mails, published to the stack's topic as SES does it: whom a mail came back from gets no more."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import ses_told
from deployed import Deployed, wait_until
from eventpost.consent.feedback import SOFT_LIMIT

LIST = "stock_alerts"
AUDIENCE = f"{LIST}/AMZN"
EVENT = {
    "ticker": "AMZN",
    "company": "Amazon",
    "price": "130.28",
    "previous_price": "118.40",
    "change_percent": "10.0",
    "occurred_at": "2026-11-20T20:00:00Z",
}


class Ses:
    """Stands for SES: says things to the topic that it publishes to."""

    def __init__(self, deployed: Deployed) -> None:
        self.dead_letters = deployed.stack.outputs["FeedbackDeadLettersUrl"]
        self._topic = deployed.stack.outputs["FeedbackTopic"]
        self._sns, self._sqs = deployed.stack.client("sns"), deployed.sqs

    def says(self, event: str) -> None:
        """Publish what SES says of a mail."""
        self._sns.publish(TopicArn=self._topic, Message=event)

    def given_up(self) -> list[dict[str, Any]]:
        """What the function could not work on."""
        answer = self._sqs.receive_message(
            QueueUrl=self.dead_letters, WaitTimeSeconds=0, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages


@pytest.fixture
def ses(deployed: Deployed) -> Iterator[Ses]:
    """SES, of whose words none is left afterwards."""
    ses = Ses(deployed)
    yield ses
    deployed.sqs.purge_queue(QueueUrl=ses.dead_letters)


def tags_of(deployed: Deployed, address: str, event_id: str) -> dict[str, str]:
    """The tags of the mail of this event to this address."""
    event = urlsafe_b64encode(event_id.encode()).decode().rstrip("=")
    return ses_told.tagged(deployed.id_of(address), LIST, event)


def outcome(deployed: Deployed, address: str) -> dict[str, str]:
    """What the ledger says of an event that is raised now to this subscriber."""
    event_id = deployed.raise_event(LIST, EVENT)
    deployed.settle(LIST)
    return deployed.ledger(LIST, event_id)[deployed.id_of(address)]


def is_suppressed(deployed: Deployed, address: str) -> bool:
    """Whether the person at this address is mailed nothing any more."""
    id_ = deployed.id_of(address)
    return deployed.deployment.wiring.subscribers.people([id_])[id_].suppression is not None


@pytest.mark.parametrize(
    ("said", "reason"),
    [(ses_told.bounced, "suppressed: bounce 5.1.1"), (ses_told.complained, "suppressed: complaint abuse")],
    ids=["hard bounce", "complaint"],
)
def test_who_bounced_or_complained_is_passed_over(deployed: Deployed, ses: Ses, said: Any, reason: str) -> None:
    """From the next event on, with the reason in the ledger; whoever else is on the list gets it."""
    ann, bob = deployed.join(AUDIENCE, "ann", "bob")
    first = deployed.raise_event(LIST, EVENT)
    deployed.settle(LIST)

    ses.says(said(tags_of(deployed, ann, first)))
    wait_until(lambda: is_suppressed(deployed, ann))
    row = outcome(deployed, ann)

    assert (row["state"], row["reason"]) == ("skipped", reason)
    assert deployed.mailed() == sorted([ann, bob, bob])


def test_a_mailbox_that_is_full_is_given_time(deployed: Deployed, ses: Ses) -> None:
    """Only bounces on several days take somebody off, and one that is told twice counts once."""
    (ann,) = deployed.join(AUDIENCE, "ann")
    days = [datetime.now(UTC) - timedelta(days=days) for days in range(SOFT_LIMIT)]
    bounces = [
        ses_told.bounced(tags_of(deployed, ann, "e"), "Transient", "MailboxFull", "4.2.2", at=day) for day in days
    ]

    for bounce in [*bounces[:-1], bounces[0]]:
        ses.says(bounce)
    id_, people = deployed.id_of(ann), deployed.deployment.wiring.subscribers.people
    wait_until(lambda: len(people([id_])[id_].soft_bounces) == SOFT_LIMIT - 1)
    before = outcome(deployed, ann)
    ses.says(bounces[-1])
    wait_until(lambda: is_suppressed(deployed, ann))

    assert before["state"] == "sent"
    assert outcome(deployed, ann)["state"] == "skipped"


def test_a_mail_in_doubt_is_settled(deployed: Deployed, ses: Ses) -> None:
    """SES speaks of it, so SES had it: the ledger learns that it was sent, and nobody need send it again."""
    (ann,) = deployed.join(AUDIENCE, "ann")
    event_id = deployed.raise_event(LIST, EVENT)
    deployed.settle(LIST)
    in_doubt(deployed, event_id)

    ses.says(ses_told.sent(tags_of(deployed, ann, event_id)))

    wait_until(lambda: deployed.ledger(LIST, event_id)[deployed.id_of(ann)]["state"] == "sent")


def test_what_ses_would_not_say_goes_to_dead_letters(deployed: Deployed, ses: Ses) -> None:
    """With the reason, and without another try."""
    ses.says("no event of SES")

    (letter,) = wait_until(ses.given_up)

    assert letter["Body"] == "no event of SES"
    assert letter["MessageAttributes"]["error"]["StringValue"] == "InvalidEvent"


def in_doubt(deployed: Deployed, event_id: str) -> None:
    """Have the ledger say of each mail of this event that nobody knows whether it left."""
    dynamodb, table = deployed.stack.client("dynamodb"), deployed.stack.outputs["LedgerTable"]
    for row in deployed.ledger(LIST, event_id).values():
        dynamodb.update_item(
            TableName=table,
            Key={name: {"S": row[name]} for name in ("partition", "subscriber")},
            UpdateExpression="SET #state = :uncertain",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":uncertain": {"S": "uncertain"}},
        )
