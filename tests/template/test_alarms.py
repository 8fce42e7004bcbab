"""Alarms are heard: they watch the right queue, reach the topic, and say what to do."""

from typing import Any

import pytest

ALARM = "AWS::CloudWatch::Alarm"
WATCHED = {
    "DeadLettersAlarm": ("ApproximateNumberOfMessagesVisible", "DeadLetters", 1),
    "LateAlarm": ("ApproximateAgeOfOldestMessage", "Queue", {"Ref": "LateAfterSeconds"}),
}


def test_a_list_has_two_alarms(list_stack: Any) -> None:
    """Each costs $0.10 a month; two say what there is to say."""
    assert list_stack.of(ALARM).keys() == WATCHED.keys()


@pytest.mark.parametrize("name", WATCHED)
def test_alarms_watch_the_list(list_stack: Any, name: str) -> None:
    """One lost event calls, and one that waits too long."""
    metric, queue, threshold = WATCHED[name]
    alarm = list_stack.of(ALARM)[name]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", metric)
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", threshold)
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)


@pytest.mark.parametrize("name", WATCHED)
def test_alarms_reach_the_topic(list_stack: Any, name: str) -> None:
    """Position 2 of the platform; and a queue that nobody uses is no reason to call."""
    alarm = list_stack.of(ALARM)[name]

    assert alarm["AlarmActions"] == [{"Fn::Select": [2, {"Ref": "Platform"}]}]
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", WATCHED)
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


def test_cloudwatch_may_publish(root_stack: Any) -> None:
    """The topic lets the alarms of this account in, and no key keeps them out."""
    topic = root_stack.only("AWS::SNS::Topic")
    statements = root_stack.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")

    assert "KmsMasterKeyId" not in topic, "under alias/aws/sns, CloudWatch's alarms are lost without a word"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_topic_refuses_plain_http(root_stack: Any) -> None:
    """Publishing needs TLS."""
    assert root_stack.denies_plain_http("AWS::SNS::TopicPolicy", "Topics", {"Ref": "AlarmTopic"}, "sns:Publish")


def test_slack_only_when_it_is_given(root_stack: Any) -> None:
    """Workspace and channel make the channel and its role; without them there is neither."""
    for name in ("SlackChannel", "SlackRole"):
        assert root_stack.resources[name]["Condition"] == "HasSlack"
    assert root_stack.only("AWS::Chatbot::SlackChannelConfiguration")["SnsTopicArns"] == [{"Ref": "AlarmTopic"}]
