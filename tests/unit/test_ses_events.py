"""What is made of SES's events: whom each is about, and what it says of the mailbox."""

import json
import re
from base64 import urlsafe_b64encode
from datetime import UTC, timedelta, timezone

import pytest

import ses_told
from eventpost.adapters import ses_events
from eventpost.adapters.message_tags import event_in, tags_of
from eventpost.errors import InvalidEvent
from eventpost.model import EventKey, Feedback, FeedbackKind, Message, bounce_kind, status_in
from sentinels import address, found_in
from ses_told import AT, tagged

ANN = "a" * 32
EVENT = EventKey("price_moves", "event-1")
OURS = tagged(ANN, "price_moves", "ZXZlbnQtMQ")
HARD, SOFT, CONTENT = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.CONTENT_BOUNCE


def tags(event: EventKey | None) -> dict[str, str]:
    """The tags of a mail about this event."""
    message = Message(ANN, "news@example.com", address("ann"), b"", event=event)
    return {tag["Name"]: tag["Value"] for tag in tags_of(message)}


def feedback(kind: FeedbackKind, detail: str = "") -> Feedback:
    """That of Ann about the event."""
    return Feedback(kind, ANN, AT, EVENT, "price_moves", detail)


@pytest.mark.parametrize(
    "event_id", ["event-1", "é/1 {}", "0", "x" * 192, "x" * 256, "ü" * 128, "58c4e3a1-0f1e-4a8e-9a9a-1f7f6d1d2a3b"]
)
def test_an_event_id_comes_back_from_the_tags_whatever_it_is(event_id: str) -> None:
    """Each value holds no more than SES takes, and no sign that it does not."""
    there = tags(EventKey("price_moves", event_id))

    assert event_in(there) == EventKey("price_moves", event_id)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value) for value in there.values())


def test_a_letter_is_of_no_event() -> None:
    """Its subscriber is all that its tags tell."""
    assert tags(None) == {"subscriber": ANN}
    assert event_in(tags(None)) is None


@pytest.mark.parametrize("spelt", ["!", "a", urlsafe_b64encode(b"\xff\xfe").decode()])
def test_a_tag_that_is_no_event_id_is_none(spelt: str) -> None:
    """Whoever else sends by this configuration set may use the same names."""
    assert event_in({"list": "price_moves", "event": spelt}) is None
    assert event_in({"list": "Price Moves", "event": "ZXZlbnQtMQ"}) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ses_told.sent(OURS), feedback(FeedbackKind.SENT)),
        (ses_told.delivered(OURS), feedback(FeedbackKind.DELIVERED)),
        (ses_told.delayed(OURS), feedback(FeedbackKind.DELAYED, "4.2.2")),
        (ses_told.rejected(OURS), feedback(FeedbackKind.REJECTED, "Bad_content")),
        (ses_told.bounced(OURS), feedback(HARD, "5.1.1")),
        (ses_told.bounced(OURS, subtype="NoEmail", status=""), feedback(HARD, "NoEmail")),
        (ses_told.bounced(OURS, subtype="Suppressed", status="5.7.1"), feedback(HARD, "5.7.1")),
        (ses_told.bounced(OURS, subtype="OnAccountSuppressionList"), feedback(HARD, "5.1.1")),
        (ses_told.bounced(OURS, status="5.7.26"), feedback(SOFT, "5.7.26")),
        (ses_told.bounced(OURS, "Transient", "General", "4.4.7"), feedback(SOFT, "4.4.7")),
        (ses_told.bounced(OURS, "Transient", "General", ""), feedback(SOFT, "General")),
        (ses_told.bounced(OURS, "Transient", "MailboxFull", "5.2.2"), feedback(SOFT, "5.2.2")),
        (ses_told.bounced(OURS, "Transient", "SomethingNew", ""), feedback(SOFT, "SomethingNew")),
        (ses_told.bounced(OURS, "Undetermined", "Undetermined", ""), feedback(SOFT, "Undetermined")),
        (ses_told.bounced(OURS, "Transient", "MessageTooLarge", ""), feedback(CONTENT, "MessageTooLarge")),
        (ses_told.bounced(OURS, "Transient", "ContentRejected", "5.7.1"), feedback(CONTENT, "5.7.1")),
        (ses_told.bounced(OURS, "Transient", "AttachmentRejected", ""), feedback(CONTENT, "AttachmentRejected")),
        (ses_told.bounced(OURS, recipients=()), feedback(HARD, "General")),
        (ses_told.bounced(OURS, recipients=("ann", "forwarded")), feedback(HARD, "5.1.1")),
        (ses_told.complained(OURS), feedback(FeedbackKind.COMPLAINT, "abuse")),
        (ses_told.complained(OURS, None), feedback(FeedbackKind.COMPLAINT)),
        (
            ses_told.complained(OURS, None, "OnAccountSuppressionList"),
            feedback(FeedbackKind.COMPLAINT, "OnAccountSuppressionList"),
        ),
    ],
)
def test_each_kind_says_what_it_says(body: str, expected: Feedback) -> None:
    """Nothing of it is an address or a text of a server's."""
    assert ses_events.read(body) == expected
    assert found_in([repr(ses_events.read(body))]) == []


@pytest.mark.parametrize(
    "body",
    [
        ses_told.complained(OURS, "not-spam"),
        ses_told.complained(OURS, "auth-failure"),
        ses_told.told("Open", OURS, {"timestamp": "2026-01-01T00:00:00Z"}),
        ses_told.told("Rendering Failure", OURS, {"errorMessage": "Attribute 'name' is missing"}),
        ses_told.told("Subscription", OURS, {"contactList": "all", "source": "UnsubscribeHeader"}),
        ses_told.told("SomethingNew", OURS),
        ses_told.bounced({}),
        ses_told.bounced({"subscriber": "somebody else's idea of one"}),
        '{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed"}',
        "Successfully validated SNS topic for Amazon SES event publishing.",
        json.dumps({"Type": "Notification", "Message": "Successfully validated SNS topic for Amazon SES."}),
    ],
)
def test_what_means_nothing_to_us_is_no_fault(body: str) -> None:
    """It is done with, and does not come to dead letters."""
    assert ses_events.read(body) is None


def test_a_mail_that_went_by_smtp_is_known_by_the_message_id_that_we_gave_it() -> None:
    """It has no tags; SES tells the header fields as they were."""
    headers = {
        "Message-ID": f"<{'e' * 32}.{ANN}@example.com>",
        "Feedback-ID": f"{'e' * 32}:price_moves:event:eventpost",
    }
    read = ses_events.read(ses_told.told("Bounce", {}, json.loads(ses_told.bounced({}))["bounce"], headers))

    assert read == Feedback(HARD, ANN, AT, None, "price_moves", "5.1.1")


def test_the_envelope_of_sns_is_taken_off() -> None:
    """A subscription without raw delivery is as good."""
    wrapped = json.dumps({"Type": "Notification", "MessageId": "1", "Message": ses_told.bounced(OURS)})

    assert ses_events.read(wrapped) == feedback(HARD, "5.1.1")


def test_a_moment_is_told_in_utc() -> None:
    """Whatever the zone, and in UTC where there is none."""
    east = AT.astimezone(timezone(timedelta(hours=5)))
    for at in (east, AT.replace(tzinfo=None)):
        read = ses_events.read(ses_told.bounced(OURS, at=at))
        assert read is not None
        assert read.at == AT
        assert read.at.tzinfo is UTC


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        '"Bounce"',
        "not JSON " + address("ann"),
        '{"eventType": "Bounce"}',
        '{"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": []}',
        ses_told.bounced(OURS).replace('"timestamp": "2026', '"timestamp": "yesterday 2026'),
        '{"eventType": 7}',
        '{"Type": "Notification", "Message": 7}',
    ],
)
def test_what_cannot_be_read_is_told_without_its_content(body: str) -> None:
    """Whoever looks into dead letters sees it there."""
    with pytest.raises(InvalidEvent, match="not an event of SES") as caught:
        ses_events.read(body)

    assert found_in([str(caught.value), repr(caught.value.__cause__)]) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("smtp; 550 5.1.1 unknown", "5.1.1"),
        ("550-5.7.26 This", "5.7.26"),
        ("5.1.10 (x)", "5.1.10"),
        ("from 192.5.1.10", ""),
        ("5.1.1.7", ""),
        ("9.1.1", ""),
        ("", ""),
    ],
)
def test_a_status_code_is_found_in_a_text(text: str, status: str) -> None:
    """An IP address is none."""
    assert status_in(text) == status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", HARD),
        ("5.2.1", HARD),
        ("5.4.4", HARD),
        ("", HARD),
        ("4.4.7", SOFT),
        ("5.2.2", SOFT),
        ("5.7.1", SOFT),
        ("5.2.3", CONTENT),
        ("5.3.4", CONTENT),
        ("5.6.0", CONTENT),
    ],
)
def test_a_permanent_bounce_by_its_status_code(status: str, kind: FeedbackKind) -> None:
    """By RFC 3463: only what is about the mailbox is held against it."""
    assert bounce_kind(status, permanent=True) is kind


def test_what_is_not_permanent_is_soft() -> None:
    """Whatever its code."""
    assert bounce_kind("5.1.1", permanent=False) is SOFT
