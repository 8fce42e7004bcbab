"""How a queue stands, as AWS/SQS would publish it."""

from eventpost_cli.local.embedded_aws.standing import standing

NOW = 1_000.0


def test_an_empty_queue_has_nothing_and_no_age() -> None:
    """No message, no age: the alarms stay calm."""
    assert standing([], NOW) == (0, 0.0)


def test_messages_in_flight_or_delayed_are_not_visible() -> None:
    """Only what could be received now counts."""
    messages = [
        {"visible_at": NOW - 1, "sent_at": NOW - 5},
        {"visible_at": NOW + 30, "sent_at": NOW - 40},
    ]

    assert standing(messages, NOW).visible == 1


def test_the_oldest_message_counts_even_in_flight() -> None:
    """An event that is received again and again is late, whoever holds it just now."""
    messages = [
        {"visible_at": NOW - 1, "sent_at": NOW - 5},
        {"visible_at": NOW + 30, "sent_at": NOW - 40},
    ]

    assert standing(messages, NOW).oldest_seconds == 40


def test_a_message_that_came_by_a_topic_counts_as_well() -> None:
    """SNS puts messages into queues without saying when they become visible."""
    assert standing([{"body": "hello"}], NOW) == (1, 0.0)
