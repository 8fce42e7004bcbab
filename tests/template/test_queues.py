"""Queues keep events safe: encrypted, long-polled, and with dead letters behind them."""

import re
from datetime import timedelta
from typing import Any

import pytest

from eventpost.adapters.ledger_rows import RETENTION
from eventpost.deliver.invocation import LEASE_BEYOND_DEADLINE
from eventpost.slicing import REPLAY_LIMIT, SLICE_LIFE

QUEUE = "AWS::SQS::Queue"
DAY = 24 * 60 * 60


def test_every_queue_has_dead_letters_or_is_one(stack: Any) -> None:
    """What a queue gives up on is kept in another queue of the same stack."""
    queues = stack.of(QUEUE)
    behind = {name: _dead_letters_of(queue) for name, queue in queues.items()}
    lost = [name for name in queues if behind[name] is None and name not in behind.values()]

    assert lost == [], "these queues drop what cannot be worked on"
    assert {target for target in behind.values() if target} <= queues.keys()


def test_an_event_is_received_five_times(stack: Any) -> None:
    """The fifth failure is the last one."""
    tries = [
        queue["RedrivePolicy"]["maxReceiveCount"] for queue in stack.of(QUEUE).values() if "RedrivePolicy" in queue
    ]

    assert set(tries) <= {5}


def test_the_function_knows_how_often_it_gets_an_event(list_stack: Any) -> None:
    """`EVENTPOST_MAX_RECEIVES` and the redrive policy agree."""
    variables = list_stack.only("AWS::Lambda::Function")["Environment"]["Variables"]
    queue = list_stack.of(QUEUE)["Queue"]

    assert str(queue["RedrivePolicy"]["maxReceiveCount"]) == variables["EVENTPOST_MAX_RECEIVES"]


def test_queues_are_encrypted_at_rest(stack: Any) -> None:
    """SQS encrypts with a key of its own."""
    plain = [name for name, queue in stack.of(QUEUE).items() if queue.get("SqsManagedSseEnabled") is not True]

    assert plain == []


def test_queues_refuse_plain_http(stack: Any) -> None:
    """Everyone needs TLS, whatever else they are allowed."""
    open_to_http = [
        name
        for name in stack.of(QUEUE)
        if not stack.denies_plain_http("AWS::SQS::QueuePolicy", "Queues", {"Ref": name}, "sqs:*")
    ]

    assert open_to_http == []


def test_queues_are_long_polled(stack: Any) -> None:
    """A receive waits for 20 s, the most there is."""
    short = [name for name, queue in stack.of(QUEUE).items() if queue.get("ReceiveMessageWaitTimeSeconds") != 20]

    assert short == []


@pytest.mark.parametrize(
    ("part", "behind"), [("Letters", "-dead-letters"), ("Feedback", "-dead-letters"), ("Relay", "DeadLetters")]
)
def test_queues_of_the_root_are_as_those_of_lists(root_stack: Any, list_stack: Any, part: str, behind: str) -> None:
    """Six times the function's timeout hidden, 4 and 14 days kept, and dead letters that take their own queue's."""
    queues, of_list = root_stack.of(QUEUE), list_stack.of(QUEUE)
    queue, dead_letters = queues[f"{part}Queue"], queues[f"{part}DeadLetters"]
    function = root_stack.of("AWS::Lambda::Function")[part]
    allowed = dead_letters["RedriveAllowPolicy"]
    ((arn, name),) = ((source["Fn::Sub"], queue["QueueName"]["Fn::Sub"]) for source in allowed["sourceQueueArns"])

    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
    assert queue["MessageRetentionPeriod"] == of_list["Queue"]["MessageRetentionPeriod"]
    assert dead_letters["MessageRetentionPeriod"] == of_list["DeadLetters"]["MessageRetentionPeriod"]
    assert _dead_letters_of(queue) == f"{part}DeadLetters"
    assert allowed["redrivePermission"] == "byQueue"
    assert arn == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:" + name
    assert dead_letters["QueueName"]["Fn::Sub"] == f"{name}{behind}"


@pytest.mark.parametrize("part", ["Letters", "Feedback", "Relay"])
def test_functions_of_the_root_know_their_queues(root_stack: Any, part: str) -> None:
    """By the variables that the library reads of any function with a queue."""
    variables = root_stack.of("AWS::Lambda::Function")[part]["Environment"]["Variables"]
    queue = root_stack.of(QUEUE)[f"{part}Queue"]

    assert variables["EVENTPOST_QUEUE_URL"] == {"Ref": f"{part}Queue"}
    assert variables["EVENTPOST_DEAD_LETTERS_URL"] == {"Ref": f"{part}DeadLetters"}
    assert variables["EVENTPOST_MAX_RECEIVES"] == str(queue["RedrivePolicy"]["maxReceiveCount"])


def test_no_list_has_a_queue_of_the_roots_name(root_stack: Any, list_stack: Any) -> None:
    """Whatever a list is called: in its name is neither a hyphen nor a capital, and in each of these is one of them."""
    pattern = list_stack.source["Parameters"]["List"]["AllowedPattern"]
    names = [name.removeprefix("${AWS::StackName}-") for name in _names(root_stack)]

    assert len(names) == len(set(names)) == 6
    assert [name for name in names if re.fullmatch(pattern, name.removesuffix("-dead-letters"))] == []
    assert all(name.startswith("${AWS::StackName}-") for name in _names(root_stack))


def test_retention(list_stack: Any) -> None:
    """Events wait for up to 4 days; dead letters for 14."""
    queues = list_stack.of(QUEUE)

    assert queues["Queue"]["MessageRetentionPeriod"] == 4 * DAY
    assert queues["DeadLetters"]["MessageRetentionPeriod"] == 14 * DAY


def test_dead_letters_accept_their_own_queue_only(list_stack: Any) -> None:
    """No other queue may redrive into a list's dead letters; the ARN that they name is that of the list's queue."""
    queues = list_stack.of(QUEUE)
    allowed = queues["DeadLetters"]["RedriveAllowPolicy"]
    ((arn, root),) = (source["Fn::Sub"] for source in allowed["sourceQueueArns"])
    name, root_of_queue = queues["Queue"]["QueueName"]["Fn::Sub"]

    assert allowed["redrivePermission"] == "byQueue"
    assert arn == "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:" + name
    assert root == root_of_queue


def test_visibility_is_six_times_the_timeout(list_stack: Any) -> None:
    """For each timeout that a list may have, and the function and its queue take it from the same parameter."""
    timeouts = list_stack.source["Parameters"]["Timeout"]["AllowedValues"]
    visibility = {key: row["Seconds"] for key, row in list_stack.source["Mappings"]["Visibility"].items()}

    assert visibility == {str(timeout): 6 * timeout for timeout in timeouts}
    assert list_stack.only("AWS::Lambda::Function")["Timeout"] == {"Ref": "Timeout"}
    assert list_stack.of(QUEUE)["Queue"]["VisibilityTimeout"] == {
        "Fn::FindInMap": ["Visibility", {"Ref": "Timeout"}, "Seconds"]
    }


def test_a_lease_ends_before_its_event_comes_back(list_stack: Any) -> None:
    """Visibility exceeds the longest lease: one that was taken as the invocation began, with all its time ahead."""
    visibility = list_stack.source["Mappings"]["Visibility"]
    beyond = LEASE_BEYOND_DEADLINE.total_seconds()
    short = [timeout for timeout, row in visibility.items() if row["Seconds"] <= int(timeout) + beyond]

    assert short == []


def test_an_event_can_come_back_as_often_as_it_may(list_stack: Any) -> None:
    """All receives, each hidden for as long as can be, fit into what the queue keeps; else SQS would drop the event."""
    queue = list_stack.of(QUEUE)["Queue"]
    longest = max(row["Seconds"] for row in list_stack.source["Mappings"]["Visibility"].values())

    assert longest * queue["RedrivePolicy"]["maxReceiveCount"] < queue["MessageRetentionPeriod"]


def test_the_ledger_outlives_whatever_waits(root_stack: Any, list_stack: Any) -> None:
    """An event in its queue, its slices, their dead letters: at the end of all, rows, body and picture are there."""
    queues = list_stack.of(QUEUE)
    waiting = sum(queues[name]["MessageRetentionPeriod"] for name in ("Queue", "DeadLetters"))
    waits = timedelta(seconds=waiting) + SLICE_LIFE
    rules = root_stack.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    (body,) = (timedelta(days=rule["ExpirationInDays"]) for rule in rules if rule.get("Prefix") == "events/")
    picture = timedelta(days=root_stack.source["Parameters"]["ScreenshotRetentionDays"]["MinValue"])

    assert waits < min(RETENTION, body, picture)
    assert min(RETENTION, body) >= REPLAY_LIMIT, "what is replayed later is refused, not mailed again"


def _names(stack: Any) -> list[str]:
    return [queue["QueueName"]["Fn::Sub"] for queue in stack.of(QUEUE).values()]


def _dead_letters_of(queue: dict[str, Any]) -> str | None:
    if "RedrivePolicy" not in queue:
        return None
    target, attribute = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
    assert attribute == "Arn"
    return str(target)
