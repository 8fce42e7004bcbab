"""The functions of time, each alone under Lambda's own runtime client: a request, a minute, what is due."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import pytest

import sentinels
from deployed import Deployed
from eventpost.model import Occurrence, Once, Target
from eventpost.schedule import Request, relay_message
from eventpost.schedule.relay_message import RelayMessage
from eventpost.wiring.tasks import TaskWiring
from http_gateway import http_event
from lambda_alone import Start, a_message

OWNER: Final = "arn:aws:iam::000000000000:role/tests"
SESSION: Final = "arn:aws:sts::000000000000:assumed-role/tests/a-session"


@pytest.fixture
def time(deployed: Deployed) -> TaskWiring:
    """The deployed scheduler's stores."""
    return TaskWiring(deployed.deployment.wiring.settings)


def test_the_schedules_function_makes_a_schedule(time: TaskWiring, start: Start) -> None:
    """For the role that called, with the time zones and the rules that its layer brings."""
    asked = {
        "rule": {"cron": "0 8 * * 1-5", "time_zone": "Europe/Berlin"},
        "target": {"list": "stock_alerts"},
        "body": {"company": sentinels.BODY},
    }
    event = http_event("POST", "/schedules", json.dumps(asked).encode(), {"content-type": "application/json"})
    event["requestContext"]["authorizer"] = {"iam": {"userArn": SESSION}}

    with start("Schedules") as function:
        answer = function.invoke(event)

    made = json.loads(answer["body"])
    kept = time.scheduling.get(OWNER, made["id"])
    time.scheduling.cancel(OWNER, kept.id)
    assert answer["statusCode"] == HTTPStatus.CREATED, made
    assert json.loads(kept.body) == {"company": sentinels.BODY}


def test_the_sweeper_sweeps(deployed: Deployed, start: Start) -> None:
    """As far as five minutes ahead, where nothing is to be found too; then it says how far it is."""
    before = datetime.now(UTC)

    with start("Sweeper") as function:
        function.invoke({}, seconds=59)

    done = _done(deployed)
    assert done >= (before + timedelta(minutes=5)).replace(second=0, microsecond=0)


def test_the_relay_raises_what_is_due(
    deployed: Deployed, queues: dict[str, str], time: TaskWiring, start: Start
) -> None:
    """On the queue that the schedule names, to be seen at its second; and its schedule is over."""
    url = deployed.sqs.create_queue(QueueName="raised-alone")["QueueUrl"]
    due = (datetime.now(UTC) + timedelta(minutes=8)).replace(microsecond=0)
    target = Target(queue_arn=f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}")
    schedule = time.scheduling.create(
        OWNER, Request(Once(due), target, json.dumps({"company": sentinels.BODY}))
    ).schedule
    body = relay_message.write(RelayMessage((Occurrence(due, schedule.id, schedule.version),)))

    with start("Relay") as function:
        answer = function.invoke(a_message(deployed, queues, body))

    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    told = deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    deployed.sqs.delete_queue(QueueUrl=url)
    assert answer == {"batchItemFailures": []}
    assert told == {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "1"}
    assert time.scheduling.get(OWNER, schedule.id).next_at is None


def _done(deployed: Deployed) -> datetime:
    """Up to which minute all is swept, as the table says."""
    row = deployed.stack.client("dynamodb").get_item(
        TableName=deployed.stack.outputs["SchedulesTable"],
        Key={"partition": {"S": "sweep#"}, "sort": {"S": "done"}},
        ConsistentRead=True,
    )["Item"]
    return datetime.fromtimestamp(int(row["up_to"]["N"]), UTC)
