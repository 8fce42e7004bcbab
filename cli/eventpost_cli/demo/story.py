"""What happens in the demo: subscribers join, a microservice raises events, one of them is malformed."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Final

import boto3

from dcf_engine.events import raise_event
from dcf_engine.server import ReportServer
from dcf_engine.valuation import Valuation
from eventpost.consent.importing import Importing
from eventpost.model import mailbox
from eventpost_cli.demo.checks import Arrived, Raised
from eventpost_cli.deployment import Deployment
from eventpost_cli.local.inbox.client import Inbox
from eventpost_cli.subscribers.people_file import PeopleFile

LIST: Final = "dcf_engine_results"
MALFORMED: Final = '{"ticker": "AMZN", "fair_value": "a lot"}'
PATIENCE_S: Final = 120
LITTLE_PATIENCE_S: Final = 10  # once something has not come, what else does is soon told
LOOK_S: Final = 0.2


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Let every AWS client of this process lead where these variables say, as they would for a service of its own."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Joined:
    """How many people the file holds, and the addresses of those on the demo's list."""

    people: int
    addresses: list[str]


def join(deployment: Deployment, file: Path) -> Joined:
    """Put the rows of the file on their lists."""
    rows = list(PeopleFile(file, None).rows())
    became = list(Importing(deployment.wiring.consenting).take(rows, file.name))
    on_the_list = {each.line for each in became if each.audience == LIST}
    return Joined(len(rows), [mailbox(row.address) for row in rows if row.line in on_the_list])


def raise_all(queue_url: str, valuations: list[Valuation], reports: ReportServer) -> list[Raised]:
    """Raise an event for each valuation, then the malformed one. Returns what the good ones must become."""
    raised = []
    for valuation in valuations:
        moment = datetime.now(UTC)
        raise_event(queue_url, valuation, reports.url(valuation.ticker))
        subject = f"{valuation.ticker}: fair value {valuation.fair_value} {valuation.currency}"
        raised.append(Raised(valuation.ticker, subject, moment))
    boto3.client("sqs").send_message(QueueUrl=queue_url, MessageBody=MALFORMED)
    return raised


def mails(inbox: Inbox) -> list[Arrived]:
    """Every mail in the inbox, read from the file that the inbox keeps it in: asking for each takes a minute."""
    return [_arrived(Path(entry["source"])) for entry in inbox.listing()]


def _arrived(file: Path) -> Arrived:
    message = message_from_bytes(file.read_bytes())
    parts = {part.get_content_maintype(): part for part in message.walk() if not part.is_multipart()}
    picture = _content(parts.get("image"))
    plain = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    return Arrived(
        address=message["To"],
        subject=message["Subject"],
        # The inbox itself tells whole seconds: by those, a mail may seem to arrive before its event.
        arrived_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        picture=hashlib.sha256(picture).hexdigest() if picture else "",
        picture_size=len(picture),
        unsubscribe=message["List-Unsubscribe"] or "",
        text=_content(plain).decode(),
    )


def _content(part: Message | None) -> bytes:
    content = part.get_payload(decode=True) if part else None
    return content if isinstance(content, bytes) else b""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: what it says of itself."""

    error: str
    reason: str
    event_id: str


def dead_letters(deployment: Deployment) -> list[Letter]:
    """The letters that are there now; they stay."""
    answer = boto3.client("sqs").receive_message(
        QueueUrl=deployment.dead_letters_url(LIST),
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        VisibilityTimeout=0,
        WaitTimeSeconds=0,  # the queue itself would have us wait for twenty
    )
    told = [message.get("MessageAttributes", {}) for message in answer.get("Messages", [])]
    return [Letter(*(each[name]["StringValue"] for name in ("error", "reason", "event_id"))) for each in told]


class AlarmWatch:
    """Hears what the alarm topic says, by a queue of its own, and asks for the alarm's state."""

    def __init__(self, topic: str) -> None:
        sqs = boto3.client("sqs")
        self._url = sqs.create_queue(QueueName="demo-alarms")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": _lets_in(topic, arn)})
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def state(self, queue_name: str) -> str:
        """The state of the alarm that was deployed on this queue."""
        alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
        dimension = {"Name": "QueueName", "Value": queue_name}
        return next((alarm["StateValue"] for alarm in alarms if dimension in alarm["Dimensions"]), "no such alarm")

    def notified(self) -> bool:
        """Whether the topic has told of an alarm."""
        answer = boto3.client("sqs").receive_message(QueueUrl=self._url, VisibilityTimeout=0)
        return any("ALARM" in message["Body"] for message in answer.get("Messages", []))


def _lets_in(topic: str, queue: str) -> str:
    """The policy by which this topic, and nobody else, may send to the queue."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def wait_until(happened: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """Wait until it has happened (True), or for so many seconds (False)."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
