"""Feedback: what SES says of a mail comes from its configuration set by a topic and a queue to the function."""

from typing import Any

import pytest

from intrinsics import Deploy

PARTS = (
    "FeedbackTopic",
    "FeedbackTopicPolicy",
    "FeedbackSubscription",
    "FeedbackQueue",
    "FeedbackQueuePolicy",
    "FeedbackDeadLetters",
    "FeedbackDeadLettersPolicy",
    "Feedback",
    "FeedbackTold",
    "FeedbackLogs",
    "FeedbackRole",
)
SET_IN_FORCE = {"Fn::If": ["MakesConfigurationSet", {"Ref": "FeedbackSet"}, {"Ref": "SesConfigurationSet"}]}


@pytest.mark.parametrize("name", PARTS)
def test_there_is_feedback_where_ses_sends(root_stack: Any, name: str) -> None:
    """All of it hangs on one condition, and what SES itself needs on SES."""
    assert root_stack.condition(name) == "TakesFeedback"
    assert root_stack.condition("FeedbackDestination") == "UsesSes"
    assert root_stack.condition("FeedbackSet") == "MakesConfigurationSet"


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"Transport": "ses"}, {"UsesSes", "MakesConfigurationSet", "TakesFeedback"}),
        ({"Transport": "smtp,ses"}, {"UsesSes", "MakesConfigurationSet", "TakesFeedback"}),
        ({"Transport": "ses", "SesConfigurationSet": "theirs"}, {"UsesSes", "TakesFeedback"}),
        ({"Transport": "smtp"}, set()),
        ({"Transport": "smtp", "SesConfigurationSet": "theirs"}, set()),
        ({"Transport": "smtp", "Environment": "local"}, {"TakesFeedback"}),
    ],
)
def test_what_is_made_when(root_stack: Any, given: dict[str, str], made: set[str]) -> None:
    """A set of one's own is taken as it is; the local stack takes feedback without SES, so that it can be tried."""
    defaults = {name: str(found.get("Default", "")) for name, found in root_stack.source["Parameters"].items()}
    deploy = Deploy(defaults | given, root_stack.source["Conditions"])

    assert {name for name in ("UsesSes", "MakesConfigurationSet", "TakesFeedback") if deploy.holds(name)} == made


def test_ses_tells_of_what_matters(root_stack: Any) -> None:
    """Whatever settles a delivery or ends in silence; nothing that would watch people read."""
    destination = root_stack.only("AWS::SES::ConfigurationSetEventDestination")
    told = destination["EventDestination"]

    assert destination["ConfigurationSetName"] == SET_IN_FORCE
    assert told["Enabled"] is True
    assert set(told["MatchingEventTypes"]) == {"send", "delivery", "bounce", "complaint", "reject", "deliveryDelay"}
    assert told["SnsDestination"] == {"TopicARN": {"Ref": "FeedbackTopic"}}
    assert root_stack.resources["FeedbackDestination"]["DependsOn"] == "FeedbackTopicPolicy"


def test_ses_alone_may_publish(root_stack: Any) -> None:
    """For this account's set; and no key of SNS's own keeps it out."""
    statements = root_stack.of("AWS::SNS::TopicPolicy")["FeedbackTopicPolicy"]["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    conditions = allowed["Condition"]["StringEquals"]
    arn, variables = conditions["aws:SourceArn"]["Fn::Sub"]

    assert "KmsMasterKeyId" not in root_stack.of("AWS::SNS::Topic")["FeedbackTopic"]
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "ses.amazonaws.com"}, "sns:Publish")
    assert conditions["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert arn == "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${Set}"
    assert variables == {"Set": SET_IN_FORCE}


@pytest.mark.parametrize("topic", ["AlarmTopic", "FeedbackTopic"])
def test_topics_refuse_plain_http(root_stack: Any, topic: str) -> None:
    """Publishing needs TLS."""
    assert root_stack.denies_plain_http("AWS::SNS::TopicPolicy", "Topics", {"Ref": topic}, "sns:Publish")


def test_the_topic_hands_over_what_ses_said(root_stack: Any) -> None:
    """As it was said; what cannot be delivered goes to dead letters, for SNS tries no queue for ever."""
    subscription = root_stack.only("AWS::SNS::Subscription")

    assert subscription["TopicArn"] == {"Ref": "FeedbackTopic"}
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", True)
    assert subscription["Endpoint"] == {"Fn::GetAtt": ["FeedbackQueue", "Arn"]}
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": {"Fn::GetAtt": ["FeedbackDeadLetters", "Arn"]}}


@pytest.mark.parametrize("queue", ["FeedbackQueue", "FeedbackDeadLetters"])
def test_the_topic_alone_may_send(root_stack: Any, queue: str) -> None:
    """Anybody else's word could take a subscriber off every list."""
    (policy,) = (
        found for found in root_stack.of("AWS::SQS::QueuePolicy").values() if found["Queues"] == [{"Ref": queue}]
    )
    (allowed,) = (found for found in policy["PolicyDocument"]["Statement"] if found["Effect"] == "Allow")

    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "sns.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "FeedbackTopic"}}}


@pytest.mark.parametrize("part", ["Letters", "Feedback"])
def test_a_message_that_fails_comes_again_alone(root_stack: Any, part: str) -> None:
    """Batches are reported message by message."""
    (mapping,) = (
        found
        for found in root_stack.of("AWS::Lambda::EventSourceMapping").values()
        if found["EventSourceArn"] == {"Fn::GetAtt": [f"{part}Queue", "Arn"]}
    )

    assert mapping["FunctionName"] == {"Ref": part}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 10
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
