"""The mail API as its callers see it: what they hand in, what becomes of it, and what is none of their business."""

import json
from datetime import timedelta
from typing import Any

import pytest

from api_site import OTHER_ROLE
from email_site import ALERT, DCF, DIRECT, STOCKS, EmailSite, event_of, mail
from eventpost.mailapi.attaching import ROOM_FOR_THE_REST
from eventpost.model import Delivery, DeliveryState, EventKey, SuppressionReason, subscriber_id
from eventpost.model.envelope import opened
from given import ID_KEY
from posting_world import OUTAGE, Failing, World
from sentinels import address

ENVELOPE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "4711",
    "source": "/prices",
    "type": "com.example.price.moved",
    "data": ALERT,
}
HEADERS = {"ce_specversion": "1.0", "ce_id": "4711", "ce_source": "/prices", "ce_type": "com.example.price.moved"}


@pytest.fixture
def site() -> EmailSite:
    """Nothing was handed in."""
    return EmailSite()


def test_an_event_is_on_its_lists_queue_once_it_is_answered(site: EmailSite) -> None:
    """As it came; the answer says under which id, and where to ask what became of it."""
    taken = site.taken("POST", f"/lists/{STOCKS}/events", ALERT)

    assert site.queued == [(STOCKS, ALERT, taken["event_id"])]
    assert taken["list"] == STOCKS
    assert taken["id"] == EventKey(STOCKS, taken["event_id"]).digest
    assert taken["accepted_at"] == "2026-01-01T00:00:00Z"
    assert taken["state_url"] == f"/events/{taken['id']}"


def test_an_event_keeps_its_digits_and_its_spelling(site: EmailSite) -> None:
    """What is mailed is what was sent, not what a float makes of it."""
    body = json.dumps(ALERT)[:-1] + ', "price": 183.30000000000000001, "note":  "🚀"}'

    assert site.raw("POST", f"/lists/{STOCKS}/events", body.encode()).status == 202
    assert site.world.outbox.sent[0][1] == body


def test_the_same_key_is_the_same_event(site: EmailSite) -> None:
    """Whoever got no answer asks again; each caller has keys of their own, for each list."""
    target = f"/lists/{STOCKS}/events"
    first = site.taken("POST", target, ALERT, Idempotency_Key="k-1")
    site.world.clock.advance(timedelta(hours=1))

    assert site.taken("POST", target, ALERT, idempotency_key="k-1") == first
    assert len(site.queued) == 1
    assert site.taken("POST", target, ALERT, role=OTHER_ROLE, Idempotency_Key="k-1")["id"] != first["id"]
    other = site.send("POST", target, {**ALERT, "price": "1"}, Idempotency_Key="k-1")
    assert other.problem == (409, "token-reused")
    assert site.send("POST", target, ALERT, Idempotency_Key="a key").faults.keys() == {"Idempotency-Key"}
    assert len(site.queued) == 2


def test_an_event_that_does_not_fit_its_list_is_refused_with_what_is_wrong(site: EmailSite) -> None:
    """By pointers; nothing of it goes on the queue, and no value is repeated."""
    told = site.send("POST", f"/lists/{STOCKS}/events", {**ALERT, "ticker": "NOPE", "price": [1]} | {"currency": None})

    assert told.problem == (422, "invalid-event")
    assert {"#/ticker", "#/price", "#/currency"} <= told.faults.keys()
    assert "NOPE" not in told.text
    assert site.queued == []


def test_a_list_that_there_is_not_is_unknown(site: EmailSite) -> None:
    """Whatever is wanted of it."""
    who = {"address": address("ann"), "consent": {"source": "settings"}}
    answers = [
        site.send("GET", "/lists/nothing"),
        site.send("POST", "/lists/nothing/events", ALERT),
        site.send("PUT", "/lists/nothing/subscribers", who),
        site.send("DELETE", "/lists/nothing/subscribers", who),
    ]

    assert [answer.problem for answer in answers] == [(404, "unknown-list")] * 4


def test_lists_tell_what_they_are(site: EmailSite) -> None:
    """And each one what its events look like."""
    lists = {each["name"]: each for each in site.send("GET", "/lists").json["lists"]}
    assert lists[STOCKS]["topics"] == ["AMZN", "GOOG"]
    assert (lists[DIRECT]["addressed"], lists[DIRECT]["open"]) == (True, False)

    told = site.send("GET", f"/lists/{DCF}").json
    assert told["title"] == "DCF results"
    assert "ticker" in told["event_schema"]["properties"]


# ---- CloudEvents ----------------------------------------------------------------------------------------------------


def test_a_cloud_event_is_the_same_in_an_envelope_and_in_headers(site: EmailSite) -> None:
    """And as on a list's queue: its source and id are the event's id, and its data what is mailed."""
    target = f"/lists/{STOCKS}/events"
    structured = site.taken("POST", target, ENVELOPE, content_type="application/cloudevents+json; charset=utf-8")
    binary = site.taken("POST", target, ALERT, **HEADERS)
    bare = site.taken("POST", target, {**ENVELOPE, "time": "2026-01-01T00:00:00Z"})

    assert structured == binary == bare
    envelope = opened(json.dumps(ENVELOPE))
    assert envelope is not None
    assert site.queued == [(STOCKS, ALERT, envelope.event_id)]


def test_where_a_cloud_event_is_at_fault_is_where_it_was_sent(site: EmailSite) -> None:
    """In the envelope's data, or in the body."""
    wrong = {**ALERT, "price": [1]}
    target = f"/lists/{STOCKS}/events"

    structured = site.send("POST", target, ENVELOPE | {"data": wrong}, content_type="application/cloudevents+json")
    binary = site.send("POST", target, wrong, **HEADERS)

    assert structured.problem == binary.problem == (422, "invalid-event")
    assert (set(structured.faults), set(binary.faults)) == ({"#/data/price"}, {"#/price"})


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ALERT, {"content_type": "application/cloudevents+json"}),
        ({**ENVELOPE, "id": ""}, {"content_type": "application/cloudevents+json"}),
        ({**ENVELOPE, "specversion": "2.0"}, {}),
        ({name: ENVELOPE[name] for name in ENVELOPE if name != "data"}, {}),
        (ALERT, {"ce_id": "4711"}),
        (ALERT, {**HEADERS, "ce_time": "tomorrow"}),
        ({**ENVELOPE, "data": {**ENVELOPE, **ALERT}}, {}),
        ({**ENVELOPE, "data": {**ALERT, "specversion": "1.0"}}, {}),
        ({**ENVELOPE, **ALERT}, HEADERS),
    ],
)
def test_what_says_that_it_is_a_cloud_event_and_is_none_is_refused(
    site: EmailSite, body: object, headers: dict[str, str]
) -> None:
    """Nothing is guessed; nor is an envelope opened here which its list would open once more."""
    told = site.send("POST", f"/lists/{STOCKS}/events", body, **headers)

    assert told.problem == (422, "invalid-event")
    assert site.queued == []


def test_batches_and_other_formats_are_not_taken(site: EmailSite) -> None:
    """One event is one answer."""
    for media_type in ("application/cloudevents-batch+json", "application/cloudevents+avro", "text/plain"):
        told = site.send("POST", f"/lists/{STOCKS}/events", ENVELOPE, content_type=media_type)
        assert told.problem == (415, "about:blank"), media_type


# ---- direct mail ----------------------------------------------------------------------------------------------------


def test_a_mail_goes_to_whom_it_names(site: EmailSite) -> None:
    """Once for the same key."""
    first = site.taken("POST", "/emails", mail("ann", cc=[address("ben")]), Idempotency_Key="invoice-7")
    again = site.taken("POST", "/emails", mail("ann", cc=[address("ben")]), Idempotency_Key="invoice-7")

    assert first == again
    assert first["state_url"] == f"/emails/{first['id']}"
    assert site.queued == [(DIRECT, mail("ann", cc=[address("ben")]), first["event_id"])]


def test_whom_nothing_may_be_mailed_is_refused_by_where_they_stand(site: EmailSite) -> None:
    """Who has left gets what is transactional; who bounced gets nothing. No address is repeated."""
    site.world.suppress(address("ann"), SuppressionReason.BOUNCE, "5.1.1")
    site.world.leave(address("ben"))
    asked = mail("cleo", "ann", bcc=[address("ben")])

    told = site.send("POST", "/emails", asked)

    assert told.problem == (422, "recipients-refused")
    assert told.faults.keys() == {"#/to/1", "#/bcc/0"}
    assert "bounce 5.1.1" in told.faults["#/to/1"]
    assert site.send("POST", "/emails", asked | {"transactional": True}).faults.keys() == {"#/to/1"}
    site.taken("POST", "/emails", mail("cleo", bcc=[address("ben")], transactional=True))
    assert len(site.queued) == 1


def test_a_mail_that_does_not_hold_together_is_refused(site: EmailSite) -> None:
    """Also where a schema cannot say it: a mail with a text and a template, say."""
    for wrong in (mail("ann", template="receipt"), mail("ann", sbject="x"), {**mail("ann"), "to": ["nobody"]}):
        told = site.send("POST", "/emails", wrong)
        assert told.problem == (422, "invalid-event"), told.text
        assert "errors" in told.json


def test_a_file_is_uploaded_before_the_mail_that_it_goes_with(site: EmailSite) -> None:
    """Its key goes into the mail, which is refused where nothing is under the key."""
    asked = {"filename": "invoice.pdf", "media_type": "application/pdf", "size": 9_000_000}
    offered = site.send("POST", "/attachments", asked)
    assert offered.status == 201
    assert (offered.json["method"], offered.json["headers"]["Content-Length"]) == ("PUT", "9000000")
    assert offered.json["expires_at"] == "2026-01-01T00:15:00Z"
    with_it = mail("ann", attachments=[{"key": offered.json["key"], "filename": "invoice.pdf"}])

    early = site.send("POST", "/emails", with_it)
    assert early.problem == (422, "attachment-refused")
    assert early.faults.keys() == {"#/attachments/0/key"}
    site.world.uploads.kept[offered.json["key"]] = 9_000_000
    site.taken("POST", "/emails", with_it)


def test_a_file_that_no_mail_can_have_is_refused_before_it_is_uploaded(site: EmailSite) -> None:
    """The answer says how much a mail may have."""
    large = site.send("POST", "/attachments", {"media_type": "application/pdf", "size": 50_000_000})
    assert large.problem == (413, "attachment-too-large")
    assert "25,000,000" in large.json["detail"]
    assert large.faults.keys() == {"#/size"}
    for field, value in (("filename", "run.exe"), ("media_type", "pdf"), ("sha256", "abc")):
        asked = {"media_type": "application/pdf", "size": 1, field: value}
        told = site.send("POST", "/attachments", asked)
        assert told.problem == (422, "attachment-refused")
        assert told.faults.keys() == {f"#/{field}"}


def test_files_that_are_too_large_together_are_refused_with_the_mail() -> None:
    """Each alone would do."""
    site = EmailSite(World(largest=ROOM_FOR_THE_REST + 10_000))
    keys = [f"attachments/{number:032x}" for number in range(2)]
    site.world.uploads.kept |= dict.fromkeys(keys, 5_000)

    told = site.send("POST", "/emails", mail(attachments=[{"key": key, "filename": "a.pdf"} for key in keys]))

    assert told.problem == (413, "attachment-too-large")
    assert told.faults.keys() == {"#/attachments"}


# ---- what became of it ----------------------------------------------------------------------------------------------


def test_what_became_of_an_event_is_told_as_the_ledger_has_it(site: EmailSite) -> None:
    """How far it has come, how many are in which state, and why."""
    taken = site.taken("POST", f"/lists/{STOCKS}/events", ALERT)
    target, event, ledger = taken["state_url"], event_of(taken), site.world.ledger
    before = site.send("GET", target).json
    assert (before["state"], before["counts"], before["recipients"]) == ("accepted", {}, [])
    assert {name: before[name] for name in taken} == taken

    ledger.open(event, "digest")
    ids = [subscriber_id(address(local), ID_KEY) for local in ("ann", "ben")]
    ledger.claim(event, ids, "me", site.world.clock.now() + timedelta(minutes=1))
    skipped = Delivery(ids[1], DeliveryState.SKIPPED, "suppressed: bounce 5.1.1")
    ledger.record(event, [Delivery(ids[0], DeliveryState.SENT), skipped], "me")
    told = site.send("GET", target).json

    assert (told["state"], told["exact"], told["given_up"]) == ("mailing", True, None)
    assert told["counts"] == {"sent": 1, "skipped": 1}
    assert told["reasons"] == [{"state": "skipped", "reason": "suppressed: bounce 5.1.1", "count": 1}]
    ledger.give_up(event, "TemplateFault", "body.html: no field `prize`")
    given_up = site.send("GET", target).json
    assert given_up["state"] == "given_up"
    assert given_up["given_up"] == {
        "error": "TemplateFault",
        "reason": "body.html: no field `prize`",
        "at": "2026-01-01T00:00:00Z",
    }


def test_what_became_of_a_mail_is_told_for_each_whom_it_names(site: EmailSite) -> None:
    """By where they stand in it."""
    taken = site.taken("POST", "/emails", mail("ann", "ben"))
    event = event_of(taken)
    site.world.ledger.open(event, "digest")
    site.world.ledger.record(event, [Delivery(subscriber_id(address("ann"), ID_KEY), DeliveryState.SENT)], "me")

    told = site.send("GET", taken["state_url"]).json

    assert told["recipients"] == [
        {"pointer": "#/to/0", "state": "sent", "reason": ""},
        {"pointer": "#/to/1", "state": None, "reason": ""},
    ]
    assert told["state_url"] == taken["state_url"]


def test_what_somebody_else_handed_in_is_not_there(site: EmailSite) -> None:
    """Nor what nobody did, nor an event where a mail is asked for."""
    email = site.taken("POST", "/emails", mail())
    event = site.taken("POST", f"/lists/{STOCKS}/events", ALERT)
    answers = [
        site.send("GET", email["state_url"], role=OTHER_ROLE),
        site.send("GET", event["state_url"], role=OTHER_ROLE),
        site.send("GET", f"/emails/{event['id']}"),
        site.send("GET", f"/events/{'0' * 32}"),
        site.send("GET", "/events/nothing"),
    ]

    assert [answer.problem for answer in answers] == [(404, "unknown-receipt")] * 5
    assert site.send("GET", f"/events/{email['id']}").status == 200


# ---- when it cannot be done -----------------------------------------------------------------------------------------


def test_who_hands_in_too_much_is_told_when_to_go_on() -> None:
    """Others are not."""
    site = EmailSite(World(per_minute=2))
    for _ in range(2):
        site.taken("POST", f"/lists/{STOCKS}/events", ALERT)
    site.world.clock.advance(timedelta(seconds=20))

    told = site.send("POST", f"/lists/{STOCKS}/events", ALERT)

    assert told.problem == (429, "quota-reached")
    assert told.headers["Retry-After"] == "40"
    assert site.send("POST", "/attachments", {"media_type": "text/plain", "size": 1}).problem[0] == 429
    site.taken("POST", "/emails", mail(), role=OTHER_ROLE)


def test_what_no_queue_has_is_not_taken(site: EmailSite) -> None:
    """503 says that it may be sent again; sent again it is one event."""
    site.world.outbox = Failing(site.world.outbox, "send", OUTAGE, done=True)

    told = site.send("POST", f"/lists/{STOCKS}/events", ALERT, Idempotency_Key="k")
    assert told.problem == (503, "unavailable")
    assert told.headers["Retry-After"] == "5"
    taken = site.taken("POST", f"/lists/{STOCKS}/events", ALERT, Idempotency_Key="k")
    assert {event_id for _, _, event_id in site.queued} == {taken["event_id"]}


def test_what_no_queue_takes_is_too_large(site: EmailSite) -> None:
    """A megabyte, less what we say of it."""
    told = site.send("POST", f"/lists/{STOCKS}/events", {**ALERT, "more": "x" * 1_048_000})

    assert told.problem == (413, "too-large")
    assert site.queued == []
