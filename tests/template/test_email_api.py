"""The mail API, deployed: IAM lets in, nobody floods it, and it reaches what it needs and nothing beside that."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from eventpost.adapters import ledger_rows
from eventpost.model import EventKey
from eventpost.runtime.email_api import serve_email_api
from eventpost.settings import Settings
from intrinsics import actions, filled, listed

API = {"Ref": "EmailApi"}
ROUTE = "AWS::ApiGatewayV2::Route"
STAGE = "AWS::ApiGatewayV2::Stage"
LEDGER = {"Fn::GetAtt": ["Ledger", "Arn"]}
TIMES_UP = 29  # seconds after which API Gateway gives up
POSTING = {"POST /lists/{list}/events", "POST /emails"}
EVENT = EventKey("news", "an#event")
# A partition key of each kind of row in the ledger's table, as the adapters write it.
KEYS = {
    "event": ledger_rows.event_key(EVENT)["partition"]["S"],
    "slices": ledger_rows.slices_partition(EVENT)["S"],
    "delivery": ledger_rows.partition(EVENT, "c")["S"],
    "receipt": "#accepted#0123456789abcdef0123456789abcdef",
    "posts": "#attempts#posts#0123456789abcdef",
    "attempts": "#attempts#0123456789abcdef0123456789abcdef",
    "budget": "#budget#day",
    "events": "#attempts#posts#event",  # what ends as an event's own row does, and is none
}
STACK = "eventpost-prod"
# Names of queues, and whether events go there.
MAY_SEND = {
    f"{STACK}-stock_alerts": True,
    f"{STACK}-direct_mail": True,
    f"{STACK}-relay_news": True,
    f"{STACK}-Relay": False,
    f"{STACK}-RelayDeadLetters": False,
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


@pytest.fixture(scope="session")
def statements(root_stack: Any) -> dict[str, dict[str, Any]]:
    """What its role may do, by the names of the statements."""
    return {each["Sid"]: each for role, each in root_stack.statements() if role == "EmailRole"}


def test_nobody_gets_in_without_iam(routes: dict[str, Any]) -> None:
    """By no route, unknown paths among them."""
    assert "$default" in routes
    assert {route["AuthorizationType"] for route in routes.values()} == {"AWS_IAM"}
    assert {route["Target"]["Fn::Sub"] for route in routes.values()} == {"integrations/${EmailIntegration}"}


def test_every_operation_has_a_route(routes: dict[str, Any]) -> None:
    """Of its own: what is throttled, logged and measured is told apart by it. And no route leads nowhere."""
    operations = serve_email_api().api.operations
    asked = {f"{each.method} {re.sub(r'<\w+>', 'x', each.rule)}" for each in operations}
    patterns = {key: re.sub(r"{\w+}", "[^/]+", key).replace("ANY", r"\w+") for key in routes if key != "$default"}
    reached = {key: {each for each in asked if re.fullmatch(pattern, each)} for key, pattern in patterns.items()}

    assert asked == set().union(*reached.values())
    assert [key for key, found in reached.items() if not found] == []


def test_the_api_reaches_its_function(root_stack: Any) -> None:
    """In the form that it reads, in time, and no other API does."""
    integration = root_stack.of("AWS::ApiGatewayV2::Integration")["EmailIntegration"]
    permission = root_stack.of("AWS::Lambda::Permission")["EmailPermission"]

    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["Email", "Arn"]}
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    assert root_stack.of("AWS::Lambda::Function")["Email"]["Timeout"] < TIMES_UP
    assert permission["FunctionName"] == {"Ref": "Email"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${EmailApi}/*")


def test_requests_are_throttled_and_logged(root_stack: Any, routes: dict[str, Any]) -> None:
    """What posts apart from what asks, and faster than one owner may; a log tells no path, for ids are in it."""
    stage = root_stack.of(STAGE)["EmailStage"]
    limits, quota = stage["RouteSettings"], root_stack.source["Parameters"]["PostsPerMinute"]
    before_it = {root_stack.of(ROUTE)[name]["RouteKey"] for name in root_stack.resources["EmailStage"]["DependsOn"]}

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert limits.keys() == before_it == POSTING
    assert routes.keys() >= POSTING
    assert all(limit["ThrottlingRateLimit"] * 60 > quota["Default"] for limit in limits.values())
    assert json.loads(stage["AccessLogSettings"]["Format"]).keys() == {"request_id", "route", "status", "latency_ms"}
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["EmailAccessLogs", "Arn"]}


def test_the_quota_is_the_librarys(root_stack: Any) -> None:
    """Fifty a second, where nothing else is said."""
    assert (
        root_stack.source["Parameters"]["PostsPerMinute"]["Default"]
        == Settings.model_fields["posts_per_minute"].default
    )


@pytest.mark.parametrize(("queue", "allowed"), MAY_SEND.items())
def test_events_go_to_lists_alone(statements: dict[str, Any], queue: str, allowed: bool) -> None:  # noqa: FBT001
    """Whatever path somebody asks for: dead letters, letters, feedback and the relay are out of reach."""
    arn = f"arn:aws:sqs:eu-west-1:111122223333:{queue}"

    assert statements["SendToNothingElse"]["Effect"] == "Deny"
    assert (_names(statements["SendToLists"], arn) and not _names(statements["SendToNothingElse"], arn)) == allowed


def test_of_the_ledger_it_has_its_rows(statements: dict[str, Any]) -> None:
    """It reads what became of events, keeps its receipts and counts; no delivery, budget or attempt is in its hands."""
    granted = {
        (action, kind)
        for statement in statements.values()
        if LEDGER in listed(statement["Resource"])
        for action in actions(statement)
        for kind, key in KEYS.items()
        if _reaches(statement, key)
    }

    assert granted == {
        ("dynamodb:GetItem", "receipt"),
        ("dynamodb:PutItem", "receipt"),
        ("dynamodb:UpdateItem", "receipt"),
        ("dynamodb:UpdateItem", "posts"),
        ("dynamodb:UpdateItem", "events"),
        ("dynamodb:GetItem", "event"),
        ("dynamodb:Query", "slices"),
        ("dynamodb:Query", "delivery"),
    }


def test_it_lists_nobody_and_no_files(statements: dict[str, Any]) -> None:
    """Who is on a list, what lies in the bucket, and what was captured or mailed: none of it can be asked for."""
    allowed = {action: listed(each["Resource"]) for each in statements.values() for action in actions(each)}
    of_people = {action for action, places in allowed.items() if {"Fn::GetAtt": ["Subscribers", "Arn"]} in places}
    of_files = {action: places for action, places in allowed.items() if action.startswith("s3:")}

    assert "dynamodb:Query" not in of_people
    assert of_files.keys() == {"s3:PutObject", "s3:GetObject"}
    assert all(places == [{"Fn::Sub": "${Screenshots.Arn}/attachments/*"}] for places in of_files.values())
    assert not allowed.keys() & {"dynamodb:Scan", "lambda:InvokeFunction", "ses:SendEmail"}


def test_it_has_the_key_of_ids_and_no_other(statements: dict[str, Any]) -> None:
    """It signs no link, and logs in nowhere."""
    assert statements["ReadSecrets"]["Resource"] == [
        {"Fn::GetAtt": ["SubscriberIdKey", "Id"]},
        {"Fn::If": ["MayUseFirestoreKey", {"Ref": "FirestoreKeySecret"}, {"Ref": "AWS::NoValue"}]},
    ]


def test_its_function_is_told_what_it_needs(root_stack: Any) -> None:
    """The settings, and where figures go; it makes no mail, so it has no templates."""
    function = root_stack.of("AWS::Lambda::Function")["Email"]

    assert root_stack.layers("Email") == {"SharedLayer": "", "FirestoreLayer": "UsesFirestore"}
    assert function["Environment"]["Variables"] == {
        "EVENTPOST_SETTINGS": {"Fn::GetAtt": ["Settings", "Value"]},
        "POWERTOOLS_SERVICE_NAME": "email_api",
        "POWERTOOLS_METRICS_NAMESPACE": {"Ref": "AWS::StackName"},
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }


def _reaches(statement: dict[str, Any], key: str) -> bool:
    """Whether a row with this partition key fulfils every condition of the statement."""
    conditions = statement["Condition"]
    assert conditions.keys() <= {"ForAllValues:StringLike", "ForAllValues:StringNotLike"}
    like = conditions["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    unlike = conditions.get("ForAllValues:StringNotLike", {"dynamodb:LeadingKeys": []})["dynamodb:LeadingKeys"]
    return any(fnmatchcase(key, each) for each in like) and not any(fnmatchcase(key, each) for each in unlike)


def _names(statement: dict[str, Any], arn: str) -> bool:
    values = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
    patterns = [filled(each["Fn::Sub"], values | {"AWS::StackName": STACK}) for each in listed(statement["Resource"])]
    return any(fnmatchcase(arn, pattern) for pattern in patterns)
