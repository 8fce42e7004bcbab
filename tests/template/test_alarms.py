"""Alarms are heard: they watch the right queue, reach the topic, and say what to do."""

import re
from datetime import timedelta
from typing import Any

import pytest

from eventpost.runtime.figures import COUNTED
from eventpost.slicing import LONGEST_PAUSE

ALARM = "AWS::CloudWatch::Alarm"
QUEUES = {
    "DeadLettersAlarm": ("ApproximateNumberOfMessagesVisible", "DeadLetters", 1),
    "LateAlarm": ("ApproximateAgeOfOldestMessage", "Queue", {"Ref": "LateAfterSeconds"}),
}
ALARMS = (*QUEUES, "TransportAlarm")
# Those of the root stack, and the condition under which there is one.
ROOT_ALARMS = {
    "EmailAlarm": None,
    "PreferencesAlarm": None,
    "LettersDeadLettersAlarm": None,
    "FeedbackDeadLettersAlarm": "TakesFeedback",
    "BounceRateAlarm": "UsesSes",
    "ComplaintRateAlarm": "UsesSes",
    "SweeperMissedAlarm": None,
    "LatenessAlarm": None,
    "DroppedAlarm": None,
    "RelayLateAlarm": None,
    "RelayDeadLettersAlarm": None,
    "RelayErrorsAlarm": None,
}


def test_a_list_has_three_alarms(list_stack: Any) -> None:
    """Each costs $0.10 a month; three say what there is to say."""
    assert list_stack.of(ALARM).keys() == set(ALARMS)


@pytest.mark.parametrize("name", QUEUES)
def test_alarms_watch_the_list(list_stack: Any, name: str) -> None:
    """One lost event calls, and one that waits too long."""
    metric, queue, threshold = QUEUES[name]
    alarm = list_stack.of(ALARM)[name]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", metric)
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", threshold)
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)


def test_trouble_with_the_provider_calls(list_stack: Any) -> None:
    """The metric is one that the library publishes, under the namespace and the dimension that it is told."""
    alarm = list_stack.of(ALARM)["TransportAlarm"]
    variables = list_stack.only("AWS::Lambda::Function")["Environment"]["Variables"]

    assert alarm["MetricName"] in COUNTED
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["EVENTPOST_LIST"]}]
    assert (alarm["Statistic"], alarm["EvaluationPeriods"]) == ("Sum", 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)


def test_an_outage_of_the_provider_is_one_call(list_stack: Any) -> None:
    """Two tries in vain always lie within the alarm's period, so it does not end and begin anew between them."""
    period = timedelta(seconds=list_stack.of(ALARM)["TransportAlarm"]["Period"])

    assert period >= 2 * LONGEST_PAUSE


@pytest.mark.parametrize("name", ALARMS)
def test_alarms_reach_the_topic(list_stack: Any, name: str) -> None:
    """Position 2 of the platform; and a queue that nobody uses is no reason to call."""
    alarm = list_stack.of(ALARM)[name]

    assert alarm["AlarmActions"] == [{"Fn::Select": [2, {"Ref": "Platform"}]}]
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", ALARMS)
def test_alarms_say_what_to_do(list_stack: Any, name: str) -> None:
    """In one sentence, with the list's name and the page that says more."""
    description = list_stack.of(ALARM)[name]["AlarmDescription"]["Fn::Sub"]

    assert "${List}" in description
    assert "docs/" in description
    assert description.count(". ") == 0


def test_the_page_that_alarms_name_exists(list_stack: Any, project: Any) -> None:
    """Whoever is called at night finds it."""
    pages = {word for alarm in list_stack.of(ALARM).values() for word in alarm["AlarmDescription"]["Fn::Sub"].split()}
    missing = [page for page in (word.strip("().,:") for word in pages) if page.startswith("docs/")]

    assert [page for page in missing if not (project / page).is_file()] == []


def test_what_is_not_a_list_has_alarms_too(root_stack: Any) -> None:
    """What fails over HTTP, letters and feedback given up on, how the account stands with SES, what is not on time."""
    assert root_stack.of(ALARM).keys() == ROOT_ALARMS.keys()
    assert {name: root_stack.condition(name) for name in ROOT_ALARMS} == ROOT_ALARMS


@pytest.mark.parametrize("name", ROOT_ALARMS)
def test_alarms_of_the_root_are_heard(root_stack: Any, project: Any, name: str) -> None:
    """They reach the topic and say what to do, in one sentence, with the page that says more."""
    alarm = root_stack.of(ALARM)[name]
    (page,) = re.findall(r"\((docs/[^)]+)\)", alarm["AlarmDescription"])

    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["AlarmDescription"].count(". ") == 0
    assert (project / page).is_file()


@pytest.mark.parametrize("part", ["Letters", "Feedback", "Relay"])
def test_one_dead_letter_calls(root_stack: Any, part: str) -> None:
    """A confirmation that never comes, a complaint that nobody heard, an event that was not raised."""
    alarm = root_stack.of(ALARM)[f"{part}DeadLettersAlarm"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [f"{part}DeadLetters", "QueueName"]}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Maximum", "notBreaching")


@pytest.mark.parametrize("part", ["Preferences", "Email"])
def test_what_fails_over_http_calls(root_stack: Any, part: str) -> None:
    """By what people and services got, so that a function that was never reached counts as well."""
    alarm = root_stack.of(ALARM)[f"{part}Alarm"]

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/ApiGateway", "5xx", "Sum")
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": f"{part}Api"}}]
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize(("name", "rate"), [("BounceRateAlarm", 0.05), ("ComplaintRateAlarm", 0.001)])
def test_the_account_is_warned_before_ses_reviews_it(root_stack: Any, name: str, rate: float) -> None:
    """At the rates from which on SES puts an account under review; they belong to the account, so no dimension."""
    alarm = root_stack.of(ALARM)[name]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SES", f"Reputation.{name.removesuffix('Alarm')}")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", rate)
    assert "Dimensions" not in alarm


def test_cloudwatch_may_publish(root_stack: Any) -> None:
    """The topic lets the alarms of this account in, and no key keeps them out."""
    topic = root_stack.of("AWS::SNS::Topic")["AlarmTopic"]
    statements = root_stack.of("AWS::SNS::TopicPolicy")["AlarmTopicPolicy"]["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")

    assert "KmsMasterKeyId" not in topic, "under alias/aws/sns, CloudWatch's alarms are lost without a word"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_slack_only_when_it_is_given(root_stack: Any) -> None:
    """Workspace and channel make the channel and its role; without them there is neither."""
    for name in ("SlackChannel", "SlackRole"):
        assert root_stack.resources[name]["Condition"] == "HasSlack"
    assert root_stack.only("AWS::Chatbot::SlackChannelConfiguration")["SnsTopicArns"] == [{"Ref": "AlarmTopic"}]
