"""The embedded AWS's queues and rows: of many, only those are looked at that a call is about."""

from collections import defaultdict

from eventpost_cli.local.embedded_aws.plain_copies import copied
from eventpost_cli.local.embedded_aws.queue_messages import parted, visible


def test_messages_come_in_the_order_in_which_they_became_visible() -> None:
    """Delayed ones and those in flight are passed over, however many; of equals, whichever was sent first."""
    moments = (11.0, 10.0, None, 1.0, 1.0)
    messages = [{"n": n, **({} if at is None else {"visible_at": at})} for n, at in enumerate(moments)]

    assert [each["n"] for each in visible(messages, 10.0, 9)] == [2, 3, 4, 1]
    assert [each["n"] for each in visible(messages, 10.0, 2)] == [2, 3]
    assert visible(messages, 10.0, 1)[0] is messages[2], "who receives it marks the message itself"


def test_messages_are_parted_by_their_receipts() -> None:
    """One that was never received has none, and no empty receipt is of it."""
    messages = [{"n": 0, "receipt_handle": None}, {"n": 1, "receipt_handle": "a"}, {"n": 2, "receipt_handle": "b"}, {}]
    left, found = parted(messages, {"a", "", "gone"})

    assert left == [messages[0], messages[2], {}]
    assert found == {"a"}


def test_a_copy_shares_nothing_that_can_be_changed() -> None:
    """Also what JSON has no word for, by its own rules."""
    row = {"a": {"L": [{"S": "x"}, {"N": "1"}]}, "b": {"BOOL": True}, "c": {"NULL": None}, "d": {"B": b"x"}}
    copy = copied(row)
    copy["a"]["L"][0]["S"] = "y"
    other = defaultdict(dict, {"p": {"s": row}})

    assert row["a"]["L"][0] == {"S": "x"}
    assert copied(row) == row
    assert copied(other) == other
    assert copied(other).default_factory is dict
    assert copied(other)["p"]["s"] is not row
