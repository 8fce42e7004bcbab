"""Bad input ends as the design says, loses nothing, and (see the fixture `deployed`) leaves nothing in a log."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

import given
import received_mail
import sentinels
from deployed import Deployed, wait_until
from eventpost.model import Subscriber
from pages import Page

DCF, STOCKS = "dcf_engine_results", "stock_alerts"
SQS_MAX = 1024 * 1024  # bytes of body and attributes


def sample(deployed: Deployed, list_name: str, name: str = "typical") -> dict[str, Any]:
    """A sample of the list as an event that tests may change."""
    path = deployed.stack.root / "functions" / list_name / "samples" / f"{name}.json"
    event: dict[str, Any] = json.loads(path.read_text())
    return event


def given_up(deployed: Deployed, list_name: str, body: str) -> tuple[str, str]:
    """Raise an event with this body. Returns the error and the reason that its dead letter tells."""
    event_id = deployed.raise_event(list_name, body)
    deployed.settle(list_name)
    letter = deployed.letters(list_name)[event_id]
    assert letter.body == body, "dead letters keep the event as it was"
    assert letter.attributes["receives"] == "1"
    return letter.attributes["error"], letter.attributes["reason"]


@pytest.mark.parametrize(
    "body",
    [f"{sentinels.BODY} is no JSON", "", "[]", "null", f'"{sentinels.BODY}"', '{"ticker": '],
    ids=["prose", "empty", "array", "null", "text", "cut"],
)
def test_what_is_no_event_goes_to_dead_letters(deployed: Deployed, body: str) -> None:
    """At once, with a reason that repeats nothing of it."""
    deployed.join(f"{STOCKS}/AMZN", "ann")

    error, reason = given_up(deployed, STOCKS, body or " ")  # SQS takes no empty body

    assert error == "InvalidEvent"
    assert sentinels.found_in([reason]) == []
    assert deployed.mailed() == []


def test_missing_and_wrong_fields_are_named(deployed: Deployed) -> None:
    """The reason names the fields, and not what was in them."""
    event = sample(deployed, STOCKS) | {"price": sentinels.BODY}
    del event["company"]

    error, reason = given_up(deployed, STOCKS, json.dumps(event))

    assert error == "InvalidEvent"
    assert "price" in reason
    assert "company" in reason
    assert sentinels.found_in([reason]) == []


def test_an_unknown_topic_is_told(deployed: Deployed) -> None:
    """An event of a stock that the list does not declare mails nobody, not even followers of others."""
    deployed.join(f"{STOCKS}/AMZN", "ann")

    error, reason = given_up(deployed, STOCKS, json.dumps(sample(deployed, STOCKS) | {"ticker": sentinels.BODY}))

    assert error == "UnknownTopic"
    assert sentinels.found_in([reason]) == []
    assert deployed.mailed() == []


@pytest.mark.parametrize("spare", [0, 2048], ids=["to the last byte", "with room for a reason"])
def test_a_mebibyte_of_text_is_not_lost(deployed: Deployed, spare: int) -> None:
    """It is given up on as it is: as much as SQS takes, and with less.

    AWS counts attributes as well and would have no room for a reason in the first case, the local SQS has;
    what the function does then is in tests/unit/test_function.py.
    """
    event_id = uuid.uuid4().hex
    attributes = len("event_id" + "String" + event_id)
    frame = sample(deployed, STOCKS) | {"company": ""}
    body = json.dumps(frame | {"company": "W" * (SQS_MAX - spare - attributes - len(json.dumps(frame)))})

    deployed.raise_event(STOCKS, body, event_id=event_id)
    deployed.settle(STOCKS)

    letter = deployed.letters(STOCKS)[event_id]
    assert letter.body == body
    assert letter.attributes["error"] == "InvalidEvent"


def test_a_line_break_in_the_subject_is_refused(deployed: Deployed, page: Page) -> None:
    """No header can be smuggled in: the event is given up on, and nobody is mailed."""
    deployed.join(DCF, "ann")
    event = sample(deployed, DCF) | {"ticker": "AMZN\r\nBcc: eve@example.com", "report_url": page.url}

    error, _ = given_up(deployed, DCF, json.dumps(event))

    assert error == "TemplateFault"
    assert deployed.mailed() == []


def test_html_in_every_field_is_text_in_the_mail(deployed: Deployed, page: Page) -> None:
    """The sample full of markup is mailed, and none of its markup is markup there."""
    (ann,) = deployed.join(DCF, "ann", name=f"<u>{sentinels.NAME}</u>")
    event = sample(deployed, DCF, "hostile") | {"report_url": page.url}

    deployed.raise_event(DCF, event)
    deployed.settle(DCF)

    assert deployed.mailed() == [ann]
    (mail,) = deployed.mails()
    assert received_mail.defects(mail) == []
    assert str(mail["Subject"]).startswith(event["ticker"])
    tags = received_mail.Tags(received_mail.text(mail, "html"))
    assert not [tag for tag, _ in tags.all if tag in ("script", "b", "i", "u")]
    assert [image["src"] for image in tags.named("img")] == [
        f"cid:{received_mail.part(mail, 'image/png')['Content-ID'].strip('<>')}"
    ]
    assert "<script>" in tags.words


def test_an_address_that_is_none_fails_alone(deployed: Deployed) -> None:
    """That delivery is `failed` in the ledger, with the reason; everybody else gets their mail."""
    people = deployed.join(f"{STOCKS}/AMZN", "ann", "bob")
    wrong = "0" * 32
    row = Subscriber(wrong, f"nobody {sentinels.ADDRESS_DOMAIN}", {}, datetime(2020, 1, 1, tzinfo=UTC))
    given.enrol(deployed.subscribers, f"{STOCKS}/AMZN", [row])

    event_id = deployed.raise_event(STOCKS, sample(deployed, STOCKS))
    deployed.settle(STOCKS)

    assert deployed.mailed() == people
    ledger = deployed.ledger(STOCKS, event_id)
    failed = ledger.pop(wrong)
    assert (failed["state"], failed["reason"]) == ("failed", "the address is not a valid mailbox")
    assert {row["state"] for row in ledger.values()} == {"sent"}
    assert deployed.letters(STOCKS) == {}


def test_an_empty_list_is_no_error(deployed: Deployed, page: Page) -> None:
    """Nobody is mailed, no picture is taken, and nothing is given up on."""
    before = deployed.pictures(DCF).keys()

    deployed.raise_event(DCF, sample(deployed, DCF) | {"report_url": page.url})
    deployed.settle(DCF)

    assert deployed.mailed() == []
    assert deployed.letters(DCF) == {}
    assert page.reads == 0
    assert deployed.pictures(DCF).keys() == before


def test_a_page_that_is_down_is_waited_for(deployed: Deployed, page: Page) -> None:
    """The event goes back to its queue with the reason in the log, and is mailed once the page is up."""
    (ann,) = deployed.join(DCF, "ann")
    page.up = False

    event_id = deployed.raise_event(DCF, sample(deployed, DCF) | {"report_url": page.url})
    told = wait_until(lambda: log_lines(deployed, event_id))

    assert told[0]["message"] == "event will be tried again"
    assert told[0]["error"] == "CaptureUnavailable"
    assert "503" in told[0]["reason"]
    assert told[0]["pause_s"] == 10
    assert deployed.waiting(DCF) == 1
    assert deployed.letters(DCF) == {}
    assert deployed.mailed() == []
    page.up = True
    deployed.settle(DCF)
    assert deployed.mailed() == [ann]


def log_lines(deployed: Deployed, event_id: str) -> list[dict[str, Any]]:
    """What functions have logged of the event."""
    lines = (line for _, text in deployed.logs() for line in text.splitlines() if event_id in line)
    return [json.loads(line) for line in lines if line.startswith('{"level"')]
