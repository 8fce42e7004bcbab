"""Where scheduled events may go, and by which URL."""

import pytest

from eventpost.errors import ScheduleRefused
from eventpost.model import Target
from eventpost.schedule import Targets
from schedule_world import NEWS, ORDERS, RELAY

TARGETS = Targets("eventpost", RELAY, ["news"], ["arn:aws:sqs:*:210987654321:orders*", "arn:aws:sqs:eu-west-1:*"])
ARN = "arn:aws:sqs:eu-west-1:"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target("news", f"{ARN}210987654321:orders"), "one of the two"),
        (Target(list_name="weather"), "there is no such list"),
        (Target(queue_arn="orders"), "this is no queue's ARN; one looks like arn:aws:sqs:"),
        (Target(queue_arn="arn:aws:sns:eu-west-1:210987654321:orders"), "this is no queue's ARN"),
        (Target(queue_arn=f"{ARN}210987654321:orders.fifo"), "a FIFO queue cannot delay a single message"),
        (Target(queue_arn="arn:aws:sqs:eu-west-2:210987654321:orders"), "in another region than the scheduler"),
        (Target(queue_arn=f"{ARN}123456789012:eventpost-relay"), "an operator adds its ARN to ScheduleTargetQueues"),
        (Target(queue_arn=f"{ARN}123456789012:eventpost-news"), "an operator adds its ARN to ScheduleTargetQueues"),
    ],
)
def test_a_target_that_may_not_be_says_why(target: Target, said: str) -> None:
    with pytest.raises(ScheduleRefused, match=said) as refused:
        TARGETS.check(target)

    assert str(refused.value).startswith("target: ")


def test_a_queue_that_the_operator_names_may_be_a_target() -> None:
    named = f"{ARN}123456789012:eventpost-shop"
    narrow = Targets("eventpost", RELAY, [], [named, f"{ARN}210987654321:orders-*"])

    for arn in (named, f"{ARN}210987654321:orders-eu", f"{ARN}210987654321:orders-"):
        narrow.check(Target(queue_arn=arn))
    for arn in (f"{ARN}210987654321:orders", f"{ARN}123456789012:eventpost-shop2", f"{ARN}310987654321:orders-eu"):
        with pytest.raises(ScheduleRefused, match="may not send to this queue"):
            narrow.check(Target(queue_arn=arn))


def test_queues_have_their_urls_beside_the_relays() -> None:
    local = Targets("eventpost", "http://127.0.0.1:4566/000000000000/eventpost-relay", ["news"], [f"{ARN}*"])

    assert TARGETS.queue_url(NEWS) == "https://sqs.eu-west-1.amazonaws.com/123456789012/eventpost-news"
    assert TARGETS.queue_url(ORDERS) == "https://sqs.eu-west-1.amazonaws.com/210987654321/orders"
    assert local.queue_url(NEWS) == "http://127.0.0.1:4566/000000000000/eventpost-news"
    local.check(ORDERS)  # its URLs name no region
