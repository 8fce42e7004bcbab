"""CloudEvents 1.0: an event in an envelope is the same event, whichever way and however often it comes."""

import json
import subprocess
import sys
from typing import Any

import pytest

import given
from eventpost.deliver import read_event
from eventpost.errors import InvalidEvent
from eventpost.lists import MailList
from eventpost.model import Amount, Event
from eventpost.model.envelope import from_headers, opened
from eventpost.runtime.received import Received
from sentinels import BODY

ATTRIBUTES = {"specversion": "1.0", "id": "4711", "source": "/prices", "type": "PriceMoved"}
HEADERS = {f"ce-{name}": value for name, value in ATTRIBUTES.items()}


class Paid(Event):
    """Somebody has paid."""

    amount: Amount


PAID = MailList(name="paid", event=Paid, subject="", title="Paid", description="It is.")


def enveloped(data: Any = None, **attributes: Any) -> str:
    """An envelope around these data."""
    said = {**ATTRIBUTES, "data": {"amount": 1} if data is None else data, **attributes}
    return json.dumps({name: value for name, value in said.items() if value != "left out"})


def received(body: str, **attributes: str) -> Received:
    """A message as SQS hands it out, with these message attributes."""
    told = {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()}
    system = {"ApproximateReceiveCount": "1", "SentTimestamp": "0"}
    record = {"messageId": "m1", "receiptHandle": "r", "body": body, "attributes": system, "messageAttributes": told}
    return Received.of(record)


def test_the_data_are_the_event() -> None:
    """With every digit of an amount, which a float would lose."""
    body = enveloped().replace('"amount": 1', '"amount": "1234567890.123456789"')
    number = enveloped().replace('"amount": 1', '"amount": 0.10')

    assert read_event(PAID, body, "e1", given.NOW).event == Paid.model_validate({"amount": "1234567890.123456789"})
    envelope = opened(number)
    assert envelope
    assert envelope.data == '{"amount":0.10}'


def test_source_and_id_are_the_event_s_id() -> None:
    """Nothing else is; a message attribute goes first, and without an envelope SQS's id is it."""
    one = received(enveloped()).event_id

    assert one == received(enveloped({"amount": 2}, type="Other", time="2026-01-01T00:00:00Z", extra=5)).event_id
    assert len({one, received(enveloped(id="4712")).event_id, received(enveloped(source="/other")).event_id}) == 3
    assert received(enveloped(), event_id="mine").event_id == "mine"
    assert received('{"amount": 1}').event_id == "m1"
    assert received(enveloped(id=None)).event_id == "m1"


def test_two_parts_cannot_be_taken_for_one_another() -> None:
    """What would move the border between source and id is refused."""
    with pytest.raises(InvalidEvent, match="control character"):
        opened(enveloped(id="b\0c"))


def test_a_retry_with_another_time_is_the_same_event() -> None:
    """Id and digest are; so are they of the same data in another order, with other blanks."""
    first = enveloped({"amount": 1, "note": "é"}, time="2026-01-01T00:00:00Z")
    again = json.dumps(json.loads(enveloped({"note": "é", "amount": 1}, time="2026-01-02T00:00:00+01:00")), indent=2)
    other = enveloped({"amount": 2, "note": "é"})
    digests = [read_event(PAID, body, "e1", given.NOW).body_digest for body in (first, again, other)]

    assert received(first).event_id == received(again).event_id
    assert digests[0] == digests[1] != digests[2]


def test_what_the_envelope_holds_alone_has_the_same_digest() -> None:
    """The mail API puts the data on the queue, with the id: it is one event with the envelope that came directly."""
    envelope = opened(enveloped({"note": "Zürich \uffff", "amount": 1}))

    assert envelope
    alone, within = (
        read_event(PAID, body, "e1", given.NOW)
        for body in (envelope.data, enveloped({"amount": 1, "note": "Zürich \uffff"}))
    )
    assert alone.body_digest == within.body_digest
    assert "\uffff" not in envelope.data


def test_data_in_base64_and_attributes_in_headers_are_read_too() -> None:
    """The three ways that CloudEvents has for JSON come to the same."""
    structured = opened(enveloped())

    assert structured == opened(enveloped("left out", data_base64="eyJhbW91bnQiOiAxfQ=="))
    assert structured == from_headers({**HEADERS, "Content-Type": "application/json"}, '{ "amount": 1 }')
    assert structured == from_headers({name.title(): value for name, value in HEADERS.items()}, '{"amount":1}')


def test_headers_are_read_as_the_binding_has_it() -> None:
    """Percent-encoded; without any there is no envelope."""
    plain, encoded = enveloped(source="/prüfung"), {**HEADERS, "ce-source": "/pr%C3%BCfung"}

    assert from_headers(encoded, '{"amount":1}') == opened(plain)
    assert from_headers({"content-type": "application/json"}, "{}") is None


def test_attributes_that_are_null_are_not_there() -> None:
    """As the JSON format wants it, 2.2."""
    assert opened(enveloped(time=None, subject=None, datacontenttype=None)) == opened(enveloped())


@pytest.mark.parametrize(
    "body",
    ["{}", "", '{"specversion"', '[{"specversion": "1.0"}]', '{"a": {"specversion": "1.0"}}', '{"specversion":NaN}'],
)
def test_what_has_no_specversion_at_the_top_is_no_envelope(body: str) -> None:
    """It is an event as it is, or none at all."""
    assert opened(body) is None


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"id": "left out"}, "id: is missing"),
        ({"source": None}, "source: is missing"),
        ({"type": ""}, "type: not as"),
        ({"id": 5}, "id: not as"),
        ({"specversion": "0.3"}, "specversion: not as"),
        ({"specversion": 1.0}, "specversion: not as"),
        ({"time": BODY}, "time or data_base64: not as"),
        ({"time": 5}, "time or data_base64: not as"),
        ({"time": "2026-01-01T00:00:00"}, "time: not as"),
        ({"Not_A_Name": BODY}, "the name of an extension: not as"),
        ({"datacontenttype": "text/xml"}, "datacontenttype: must be application/json"),
        ({"data": "left out"}, "data: is missing"),
        ({"data": "left out", "data_base64": "%%%"}, "data: is"),
        ({"data": "left out", "data_base64": "/w=="}, "data: is no JSON"),
        ({"data_base64": "e30="}, "exclude each other"),
        ({"data": "\ud800"}, "half of a surrogate pair"),
    ],
)
def test_what_is_no_envelope_is_told_why(attributes: dict[str, Any], said: str) -> None:
    """By the attribute's name, never by its value; the list refuses it for good."""
    with pytest.raises(InvalidEvent, match=said) as refusal:
        read_event(PAID, enveloped(**attributes), "e1", given.NOW)

    assert BODY not in str(refusal.value)


@pytest.mark.parametrize("missing", HEADERS)
def test_headers_that_make_no_envelope_are_told_why(missing: str) -> None:
    """All four must be there."""
    with pytest.raises(InvalidEvent, match=f"{missing.removeprefix('ce-')}: is missing"):
        from_headers({name: value for name, value in HEADERS.items() if name != missing}, "{}")


def test_a_body_that_is_no_json_is_no_data() -> None:
    """Whatever the headers say."""
    for body in ("", "{", BODY, "NaN"):
        with pytest.raises(InvalidEvent, match="data: is no JSON"):
            from_headers(HEADERS, body)


def test_data_nested_too_deeply_are_refused() -> None:
    """Nothing overflows."""
    for depth in (900, 5_000, 100_000):
        body = enveloped().replace('{"amount": 1}', "[" * depth + "]" * depth)
        with pytest.raises(InvalidEvent):
            read_event(PAID, body, "e1", given.NOW)


def test_the_sdk_is_imported_for_who_sends_an_envelope() -> None:
    """Reading any other event costs nothing of it."""
    script = """
import sys
from eventpost.runtime.received import Received
from eventpost.model.envelope import opened
assert opened('{"ticker": "IBM"}') is None and opened('{"x": "\\\\"specversion\\\\""}') is None
assert not {"cloudevents", "dateutil", "jsonschema"} & {name.partition(".")[0] for name in sys.modules}
assert opened('{"specversion": "1.0", "id": "1", "source": "a", "type": "b", "data": {}}')
assert "cloudevents" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
