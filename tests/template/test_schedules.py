"""Time: whom the API lets in, what sweeps and the relay may do, and what calls when events are not on time."""

import json
import re
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from eventpost.adapters import schedule_rows as rows
from eventpost.model import Occurrence, schedule_id
from eventpost.runtime.relay import COUNTED
from eventpost.runtime.schedules import serve_schedules
from eventpost.runtime.sweeper import MARGIN
from eventpost.schedule.sweeping import AHEAD
from eventpost.schedule.targets import ALLOWED_BY
from eventpost.schedule.verdict import LONGEST_DELAY
from given import NOW
from intrinsics import actions, filled, listed, spelt_out, text_of

API = {"Ref": "SchedulesApi"}
ROUTE = "AWS::ApiGatewayV2::Route"
STAGE = "AWS::ApiGatewayV2::Stage"
TABLE = {"Fn::GetAtt": ["SchedulesTable", "Arn"]}
TIMES_UP = 29_000  # milliseconds after which API Gateway gives up
FREE_METRICS = 50  # of a dashboard
ID = schedule_id("owner", "token")
# A partition key of each kind of row, as the adapters write it.
KEYS = {
    "schedule": rows.schedule_key(ID)["partition"]["S"],
    "occurrence": rows.occurrence_row(Occurrence(NOW, ID, 1))["partition"]["S"],
    "mark": rows.mark_key("begun")["partition"]["S"],
    "quota": rows.created_key("owner", NOW)["partition"]["S"],
}
STACK = "eventpost-prod"
# Names of queues in the stack, and whether the relay may raise events there.
MAY_RAISE = {
    f"{STACK}-stock_alerts": True,
    f"{STACK}-a": True,
    f"{STACK}-stock_alerts-dead-letters": False,
    f"{STACK}-preferences-letters": False,
    f"{STACK}-preferences-letters-dead-letters": False,
    f"{STACK}-ses-feedback": False,
    f"{STACK}-two-stock_alerts": False,  # another stack's, whose name begins with ours
    "orders": False,
}


@pytest.fixture(scope="session")
def routes(root_stack: Any) -> dict[str, dict[str, Any]]:
    """The API's routes by their keys."""
    return root_stack.routes(API)


def test_nobody_gets_in_without_iam(routes: dict[str, Any]) -> None:
    """By no route, unknown paths among them."""
    assert "$default" in routes
    assert {route["AuthorizationType"] for route in routes.values()} == {"AWS_IAM"}
    assert {route["Target"]["Fn::Sub"] for route in routes.values()} == {"integrations/${SchedulesIntegration}"}


def test_every_operation_has_a_route(routes: dict[str, Any]) -> None:
    """Of its own: what is throttled, logged and measured is told apart by it. And no route leads nowhere."""
    asked = {_key(method, path) for method, path in _operations()}
    patterns = {key: re.sub(r"{\w+}", "[^/]+", key).replace("ANY", r"\w+") for key in routes if key != "$default"}
    reached = {key: {each for each in asked if re.fullmatch(pattern, each)} for key, pattern in patterns.items()}

    assert asked == set().union(*reached.values())
    assert [key for key, operations in reached.items() if not operations] == []


def test_the_api_reaches_its_function(root_stack: Any) -> None:
    """In the form that it reads, in time, and no other API does."""
    integration = root_stack.of("AWS::ApiGatewayV2::Integration")["SchedulesIntegration"]
    function = root_stack.of("AWS::Lambda::Function")["Schedules"]
    permission = root_stack.of("AWS::Lambda::Permission")["SchedulesPermission"]

    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["Schedules", "Arn"]}
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert function["Timeout"] * 1000 < TIMES_UP
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${SchedulesApi}/*")


def test_requests_are_throttled_and_logged(root_stack: Any, routes: dict[str, Any]) -> None:
    """Making schedules apart from all else, and quickly enough for what an owner may make in an hour by default."""
    stage = root_stack.of(STAGE)["SchedulesStage"]
    ((key, limit),) = stage["RouteSettings"].items()
    an_hour = root_stack.source["Parameters"]["SchedulesPerHour"]["Default"]
    before_it = root_stack.resources["SchedulesStage"]["DependsOn"]

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert limit["ThrottlingRateLimit"] * 3600 >= an_hour
    assert key in routes
    assert root_stack.of(ROUTE)[before_it]["RouteKey"] == key, "settings of a route that is not there yet are refused"
    assert json.loads(stage["AccessLogSettings"]["Format"]).keys() == {"request_id", "route", "status", "latency_ms"}
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["SchedulesAccessLogs", "Arn"]}


def test_a_sweep_begins_each_minute_and_none_is_repeated(root_stack: Any) -> None:
    """One that failed is not tried again: the next one goes on from where it was, and comes sooner."""
    rule = root_stack.only("AWS::Events::Rule")
    retries = root_stack.only("AWS::Lambda::EventInvokeConfig")

    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": ["Sweeper", "Arn"]}]
    assert retries["FunctionName"] == {"Ref": "Sweeper"}
    assert (retries["MaximumRetryAttempts"], retries["MaximumEventAgeInSeconds"]) == (0, 60)


def test_a_sweep_ends_before_the_next_but_one(root_stack: Any) -> None:
    """It begins with no minute when there is no time for one, and has most of its own to work in."""
    timeout = timedelta(seconds=root_stack.of("AWS::Lambda::Function")["Sweeper"]["Timeout"])

    assert timedelta(seconds=55) <= timeout < timedelta(minutes=1)
    assert timeout - MARGIN >= timedelta(seconds=30)


def test_a_relay_that_is_killed_comes_again_in_time(root_stack: Any) -> None:
    """What it held is seen again before it is due: a sweep is further ahead than a message stays hidden."""
    hidden = timedelta(seconds=root_stack.of("AWS::SQS::Queue")["RelayQueue"]["VisibilityTimeout"])

    assert hidden < AHEAD


def test_the_relay_may_go_round(root_stack: Any) -> None:
    """What recurs each minute comes by its own queue each time; Lambda would stop such a chain after some 16 hops."""
    mapping = root_stack.of("AWS::Lambda::EventSourceMapping")["RelayDue"]

    assert root_stack.of("AWS::Lambda::Function")["Relay"]["RecursiveLoop"] == "Allow"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 1
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["RelayQueue", "Arn"]}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (
            "SweeperRole",
            {
                ("dynamodb:Query", "occurrence"),
                ("dynamodb:GetItem", "mark"),
                ("dynamodb:UpdateItem", "mark"),
            },
        ),
        (
            "RelayRole",
            {
                ("dynamodb:BatchGetItem", "schedule"),
                ("dynamodb:UpdateItem", "schedule"),
                ("dynamodb:BatchWriteItem", "occurrence"),
                ("dynamodb:GetItem", "mark"),
            },
        ),
        (
            "SchedulesRole",
            {
                ("dynamodb:GetItem", "schedule"),
                ("dynamodb:Query", "schedule"),
                ("dynamodb:PutItem", "schedule"),
                ("dynamodb:BatchWriteItem", "occurrence"),
                ("dynamodb:UpdateItem", "quota"),
                ("dynamodb:GetItem", "mark"),
                ("dynamodb:UpdateItem", "mark"),
            },
        ),
        (
            "PreferencesRole",
            {
                ("dynamodb:GetItem", "schedule"),
                ("dynamodb:PutItem", "schedule"),
                ("dynamodb:BatchWriteItem", "occurrence"),
                ("dynamodb:UpdateItem", "quota"),
                ("dynamodb:GetItem", "mark"),
                ("dynamodb:UpdateItem", "mark"),
            },
        ),
    ],
)
def test_each_role_has_its_rows(root_stack: Any, role: str, allowed: set[tuple[str, str]]) -> None:
    """By the keys that the adapters write: sweeps read no event, the relay makes no schedule, pages list none."""
    granted = {
        (action, kind)
        for of_role, statement in root_stack.statements()
        if of_role == role and TABLE in listed(statement["Resource"])
        for action in actions(statement)
        for kind, key in KEYS.items()
        if any(fnmatchcase(key, pattern) for pattern in _leading_keys(statement))
    }

    assert granted == allowed


@pytest.mark.parametrize(("queue", "allowed"), MAY_RAISE.items())
def test_the_relay_raises_on_lists_alone(root_stack: Any, queue: str, allowed: bool) -> None:  # noqa: FBT001
    """Whatever somebody has named as a target: dead letters, letters and feedback of the stack are out of reach."""
    arn = f"arn:aws:sqs:eu-west-1:111122223333:{queue}"

    assert (
        _matches(root_stack, "RaiseOnLists", arn) and not _matches(root_stack, "RaiseOnNothingElse", arn)
    ) == allowed


@pytest.mark.parametrize("name", ["Relay", "RelayDeadLetters"])
def test_the_relay_reaches_its_own_queues(root_stack: Any, name: str) -> None:
    """What is denied to it does not deny these: their names have no second hyphen."""
    assert not _matches(root_stack, "RaiseOnNothingElse", f"arn:aws:sqs:eu-west-1:111122223333:{STACK}-{name}")


def test_other_queues_are_those_of_the_parameter(root_stack: Any) -> None:
    """Which is empty by default; then there is no such permission. The library is told the same."""
    (policy,) = (
        policy["Fn::If"] for policy in root_stack.of("AWS::IAM::Role")["RelayRole"]["Policies"] if "Fn::If" in policy
    )
    (statement,) = policy[1]["PolicyDocument"]["Statement"]

    assert root_stack.source["Parameters"][ALLOWED_BY]["Default"] == ""
    assert policy[0] == "HasScheduleTargets"
    assert (statement["Action"], statement["Resource"]) == (
        "sqs:SendMessage",
        {"Fn::Split": [",", {"Ref": ALLOWED_BY}]},
    )


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("", True),
        ("arn:aws:sqs:eu-west-1:111122223333:orders", True),
        ("arn:aws:sqs:eu-west-1:111122223333:orders-*,arn:aws:sqs:eu-west-1:444455556666:invoices", True),
        ("arn:aws:sqs:eu-west-1:111122223333:orders,", False),
        ("arn:aws:sqs:eu-west-1:111122223333:orders, arn:aws:sqs:eu-west-1:111122223333:b", False),
        ("arn:aws:sqs:*:111122223333:orders", False),
        ("arn:aws:sqs:eu-west-1:*:orders", False),
        ("arn:aws:sqs:eu-west-1:111122223333:orders.fifo", False),
        ("arn:aws:sns:eu-west-1:111122223333:orders", False),
        ("*", False),
        ("orders", False),
    ],
)
def test_what_the_parameter_takes(root_stack: Any, value: str, accepted: bool) -> None:  # noqa: FBT001
    """ARNs of standard queues, whose names alone may hold stars."""
    pattern = root_stack.source["Parameters"][ALLOWED_BY]["AllowedPattern"]

    assert bool(re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value)) is accepted


def test_a_missed_sweep_calls(root_stack: Any) -> None:
    """Three minutes without one; there is nothing to be heard of it, so silence is what calls."""
    alarm = root_stack.of("AWS::CloudWatch::Alarm")["SweeperMissedAlarm"]

    assert (alarm["MetricName"], alarm["Dimensions"]) == ("sweeps", [{"Name": "service", "Value": "sweeper"}])
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Sum", 180, 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_lateness_calls(root_stack: Any) -> None:
    """When one event in a hundred is more than a minute late; nothing due is nothing late."""
    alarm = root_stack.of("AWS::CloudWatch::Alarm")["LatenessAlarm"]

    assert (alarm["MetricName"], alarm["Dimensions"]) == ("lateness", [{"Name": "service", "Value": "relay"}])
    assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p99", timedelta(minutes=1) / timedelta(milliseconds=1))
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "Statistic" not in alarm


def test_dropped_events_call(root_stack: Any) -> None:
    """They have no lateness: where everything is dropped, the alarm on lateness is silent."""
    alarm = root_stack.of("AWS::CloudWatch::Alarm")["DroppedAlarm"]

    assert alarm["MetricName"] in COUNTED
    assert (alarm["Dimensions"], alarm["Statistic"]) == ([{"Name": "service", "Value": "relay"}], "Sum")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_relay_that_does_not_run_calls(root_stack: Any) -> None:
    """By the age of what waits, and not for what is delayed on purpose."""
    alarm = root_stack.of("AWS::CloudWatch::Alarm")["RelayLateAlarm"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["RelayQueue", "QueueName"]}}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Maximum", "GreaterThanThreshold")
    assert timedelta(seconds=alarm["Threshold"]) >= LONGEST_DELAY
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", ["SweeperMissedAlarm", "LatenessAlarm", "DroppedAlarm"])
def test_alarms_hear_what_the_functions_say(root_stack: Any, name: str) -> None:
    """Under the namespace that they are told."""
    namespaces = {
        function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]["Ref"]
        for function in (root_stack.of("AWS::Lambda::Function")[name] for name in ("Sweeper", "Relay"))
    }

    assert root_stack.of("AWS::CloudWatch::Alarm")[name]["Namespace"] == {"Ref": "AWS::StackName"}
    assert namespaces == {"AWS::StackName"}


def test_a_relay_that_fails_calls(root_stack: Any) -> None:
    """By what Lambda saw, so that one that never answered counts as well."""
    alarm = root_stack.of("AWS::CloudWatch::Alarm")["RelayErrorsAlarm"]

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Relay"}}]
    assert alarm["TreatMissingData"] == "notBreaching"


def test_every_figure_is_on_the_schedules_dashboard(root_stack: Any) -> None:
    """What the functions publish is shown, and no more metrics than a dashboard shows for nothing."""
    dashboard = root_stack.of("AWS::CloudWatch::Dashboard")["SchedulesDashboard"]
    widgets = json.loads(filled(text_of(dashboard["DashboardBody"]), {"AWS::StackName": "ours"}))["widgets"]
    metrics = [metric for widget in widgets for metric in spelt_out(widget["properties"]["metrics"])]
    shown = {(name, service) for namespace, name, _, service in metrics if namespace == "ours"}

    assert shown == {
        *((figure, "relay") for figure in (*COUNTED, "lateness")),
        ("sweeps", "sweeper"),
        ("behind", "sweeper"),
    }
    assert len(metrics) <= FREE_METRICS
    assert {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"} <= {name for _, name, *_ in metrics}
    assert sum(widget["width"] for widget in widgets) % 24 == 0


def _operations() -> list[tuple[str, str]]:
    """What the function answers: methods and paths."""
    return [(operation.method, operation.rule) for operation in serve_schedules().api.operations]


def _key(method: str, path: str) -> str:
    return f"{method} {re.sub(r'<\w+>', 'x', path)}"


def _leading_keys(statement: dict[str, Any]) -> list[str]:
    """The patterns of the partition keys that a statement is limited to; all of them where there is no limit."""
    condition = statement.get("Condition", {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}})
    (keys,) = condition.values()
    found: list[str] = keys["dynamodb:LeadingKeys"]
    return found


def _matches(root_stack: Any, sid: str, arn: str) -> bool:
    values = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
    pattern = filled(text_of(root_stack.statement(sid)["Resource"]), values | {"AWS::StackName": STACK})
    return fnmatchcase(arn, pattern)
