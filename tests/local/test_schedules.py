"""Time, deployed: events are raised at their second, by the API and by sweeps, and a cancel holds until the mail."""

import http.client
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import sentinels
from deployed import Deployed, wait_until
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.model import Once, Schedule, Target
from eventpost.schedule import Request
from eventpost.wiring.tasks import TaskWiring
from eventpost_cli.local.surroundings import CREDENTIALS, REGION

LIST: Final = "stock_alerts"
OWNER: Final = "arn:aws:iam::000000000000:role/tests"
SOON: Final = timedelta(seconds=8)  # the relay's first start takes a second or two of it
# By how much an event may be late here, where the machine is busy with other tests; `make bench-schedule` measures it.
LATE_S: Final = 8
A_MINUTE_S: Final = 100  # until the next sweep has been, which the local AWS begins each minute


@pytest.fixture
def time(deployed: Deployed) -> TaskWiring:
    """The deployed scheduler, used as its functions use it."""
    return TaskWiring(deployed.deployment.wiring.settings)


@pytest.fixture
def queue(deployed: Deployed) -> Iterator[str]:
    """A queue that has nothing to do with the stack: its URL."""
    url: str = deployed.sqs.create_queue(QueueName=f"orders-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    yield url
    deployed.sqs.delete_queue(QueueUrl=url)


def in_a_moment(after: timedelta = SOON) -> datetime:
    """A whole second not long from now."""
    return (datetime.now(UTC) + after).replace(microsecond=0)


def make(time: TaskWiring, due: datetime, target: Target, body: dict[str, Any] | None = None) -> Schedule:
    """A schedule of one event."""
    return time.scheduling.create(OWNER, Request(Once(due), target, json.dumps(body or {"order": 7}))).schedule


def arn_of(deployed: Deployed, queue: str) -> str:
    """The ARN of a queue."""
    told = deployed.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    return str(told["QueueArn"])


def test_an_event_is_raised_at_its_second(deployed: Deployed, time: TaskWiring, queue: str) -> None:
    """Once, not before it is due, on a queue of somebody else's, with what tells its consumer which one it is."""
    due = in_a_moment()
    schedule = make(time, due, Target(queue_arn=arn_of(deployed, queue)))

    (message,) = wait_until(lambda: _received(deployed, queue))
    seen_at = datetime.now(UTC)

    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert due <= seen_at < due + timedelta(seconds=LATE_S)
    assert json.loads(message["Body"]) == {"order": 7}
    assert told["event_id"] == f"{schedule.id}-{int(due.timestamp())}"
    assert told["schedule"].startswith(f"{schedule.id}/1")
    assert datetime.fromisoformat(told["scheduled_for"]) == due
    assert _received(deployed, queue) == []


def test_a_list_mails_what_the_api_has_scheduled(deployed: Deployed) -> None:
    """Asked for by a signed request; without a signature nobody gets that far."""
    people = deployed.join(f"{LIST}/AMZN", "ann", "bob")
    due = in_a_moment()
    asked = {"rule": {"at": due.isoformat()}, "target": {"list": LIST}, "body": sentinels.PRICE_MOVED}

    refused, _ = _asked(deployed, "POST", "/schedules", asked, signed=False)
    status, made = _asked(deployed, "POST", "/schedules", asked)
    wait_until(lambda: len(deployed.mails()) == len(people))

    assert (refused, status) == (HTTPStatus.FORBIDDEN, HTTPStatus.CREATED), made
    assert due <= datetime.now(UTC)
    assert deployed.mailed() == people
    event_id = f"{made['id']}-{int(due.timestamp())}"
    assert {row["state"] for row in deployed.ledger(LIST, event_id).values()} == {"sent"}


def test_a_cancelled_event_is_not_mailed(deployed: Deployed, time: TaskWiring) -> None:
    """Although it waits at its list already, when it is cancelled."""
    deployed.join(f"{LIST}/AMZN", "ann")
    schedule = make(time, in_a_moment(2 * SOON), Target(list_name=LIST), sentinels.PRICE_MOVED)
    url = deployed.deployment.queue_url(LIST)
    wait_until(lambda: _count(deployed, url, "ApproximateNumberOfMessagesDelayed"))

    time.scheduling.cancel(OWNER, schedule.id)
    wait_until(lambda: not _count(deployed, url, "ApproximateNumberOfMessagesDelayed"))
    deployed.settle(LIST)

    assert deployed.mails() == []
    assert deployed.letters(LIST) == {}


@pytest.mark.timeout(A_MINUTE_S + 60)
def test_a_sweep_finds_what_is_due_in_five_minutes(deployed: Deployed, time: TaskWiring, queue: str) -> None:
    """The local AWS begins a sweep each minute; the event then waits on its own queue, to be seen at its second."""
    due = in_a_moment(timedelta(minutes=6))
    make(time, due, Target(queue_arn=arn_of(deployed, queue)))
    relay = deployed.stack.outputs["RelayQueueUrl"]

    assert not _count(deployed, relay, "ApproximateNumberOfMessages"), "it is not yet to be handed over"
    wait_until(lambda: _count(deployed, queue, "ApproximateNumberOfMessagesDelayed"), A_MINUTE_S)

    assert _received(deployed, queue) == []
    assert _count(deployed, queue, "ApproximateNumberOfMessagesDelayed") == 1


def test_an_event_whose_queue_is_gone_becomes_a_dead_letter(deployed: Deployed, time: TaskWiring, queue: str) -> None:
    """With the reason; and redriven, when there is such a queue, it is raised although it is late."""
    target = Target(queue_arn=arn_of(deployed, queue))
    deployed.sqs.delete_queue(QueueUrl=queue)
    letters = deployed.stack.outputs["RelayDeadLettersUrl"]

    schedule = make(time, in_a_moment(), target)
    (letter,) = wait_until(lambda: _received(deployed, letters))
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    deployed.sqs.create_queue(QueueName=queue.rpartition("/")[2])
    deployed.sqs.send_message(QueueUrl=deployed.stack.outputs["RelayQueueUrl"], MessageBody=letter["Body"])
    (message,) = wait_until(lambda: _received(deployed, queue))

    assert told["error"] == "TargetRefused"
    assert told["event_id"].startswith(schedule.id)
    assert json.loads(message["Body"]) == {"order": 7}
    assert message["MessageAttributes"]["event_id"]["StringValue"] == told["event_id"]


def test_a_task_is_made_by_the_api_and_ended_by_a_link(deployed: Deployed) -> None:
    """Each by its own function's rights: the API puts people on the task, and its page takes them off again."""
    address = sentinels.address("ann")
    yearly = {"page": "https://example.com/", "cron": "0 0 1 1 *", "mail_to": [address]}

    status, made = _asked(deployed, "POST", "/tasks", yearly)
    one = f"/tasks/{made['id']}"
    token = deployed.links().token(
        Purpose.TASK, LinkTarget(deployed.id_of(address), audience_tag(f"site_watch/{made['id']}"))
    )
    states = [made["state"]]
    for button in ("pause", "resume", "stop"):
        shown = _pressed(deployed, f"/t/{token}", button)
        states.append(_asked(deployed, "GET", one)[1]["state"])
        assert shown == HTTPStatus.OK, button
    _, ended = _asked(deployed, "DELETE", one)

    assert status == HTTPStatus.CREATED, made
    assert states == ["active", "paused", "active", "cancelled"]
    assert (made["mailed"], ended["mailed"]) == (1, 0)


def _received(deployed: Deployed, queue: str) -> list[dict[str, Any]]:
    answer = deployed.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0, MessageAttributeNames=["All"])
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def _count(deployed: Deployed, queue: str, name: str) -> int:
    told = deployed.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"]
    return int(told[name])


def _asked(
    deployed: Deployed, method: str, path: str, body: dict[str, Any] | None = None, *, signed: bool = True
) -> tuple[int, dict[str, Any]]:
    """What the API answers: the status, and the body."""
    url = f"{deployed.stack.addresses.schedules_api}{path}"
    sent = {"Content-Type": "application/json"} if body else {}
    request = AWSRequest(method, url, sent, json.dumps(body).encode() if body else b"")
    if signed:
        key = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(key, "execute-api", REGION).add_auth(request)
    prepared = request.prepare()
    status, answer = _answer(method, url, prepared.body, dict(prepared.headers))
    return status, json.loads(answer)


def _pressed(deployed: Deployed, path: str, button: str) -> int:
    """The status of the page that a button of this page leads to."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return _answer("POST", f"{deployed.stack.outputs['PreferencesUrl']}{path}", f"action={button}".encode(), form)[0]


def _answer(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, parts.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
