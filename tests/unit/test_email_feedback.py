"""What comes back of a direct mail finds its recipient, although all copies have one Message-ID."""

import json

import given
from bounce_mails import AT, complaint, our_header, postfix
from direct_mail import PLAIN, message, raised
from eventpost.adapters import ses_events
from eventpost.model import Feedback, FeedbackKind
from eventpost_cli.bounces.reading import Ignored, read

ANN = given.subscriber("ann")
SENT = message(raised(PLAIN, cc=["bob@pii.example.com"]), to=ANN)
HEADER = SENT.content.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n") + "\n"


def test_a_bounce_by_mail_is_its_recipients() -> None:
    """By the field that says whose copy it was; its list is told by Feedback-ID."""
    for report, kind in ((postfix, FeedbackKind.HARD_BOUNCE), (complaint, FeedbackKind.COMPLAINT)):
        told = read(report(ANN.id).replace(of_a_list(), HEADER.encode()))

        assert isinstance(told, Feedback)
        assert (told.kind, told.subscriber, told.list_name) == (kind, ANN.id, "direct_mail")


def test_what_comes_back_without_that_field_is_nobodys() -> None:
    """The Message-ID alone does not say."""
    bare = "".join(line for line in HEADER.splitlines(keepends=True) if not line.startswith("X-Eventpost"))

    assert read(postfix(ANN.id).replace(of_a_list(), bare.encode())) is Ignored.NOT_OURS


def test_what_ses_says_of_a_mail_by_its_smtp_endpoint_is_its_recipients() -> None:
    """There are no tags then, but the header fields."""
    fields = [line.partition(": ") for line in HEADER.replace("\n ", " ").splitlines()]
    headers = [{"name": name, "value": value} for name, _, value in fields]
    told = ses_events.read(
        json.dumps(
            {
                "eventType": "Bounce",
                "mail": {"timestamp": AT.isoformat(), "headers": headers},
                "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "timestamp": AT.isoformat()},
            }
        )
    )

    assert told is not None
    assert (told.subscriber, told.list_name) == (ANN.id, "direct_mail")


def of_a_list() -> bytes:
    """What the reports in `bounce_mails` say was mailed."""
    return our_header(ANN.id).encode()
