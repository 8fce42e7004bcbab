"""The mail API as HTTP sees it: what goes into its log, what is no request at all, and failures of ours."""

import json
from typing import Any

import pytest

from api_site import ROLE, session_of, signed
from email_site import ALERT, STOCKS, EmailSite, mail
from eventpost.errors import Misconfigured
from eventpost.runtime import problems
from eventpost.runtime.email_api import KINDS, serve_email_api
from eventpost.runtime.json_api import MOST_BYTES
from eventpost.runtime.schedules import KINDS as SCHEDULE_KINDS
from http_gateway import Context, http_event
from posting_world import Failing
from sentinels import NAME, address, found_in

EVENTS = f"/lists/{STOCKS}/events"


@pytest.fixture
def site() -> EmailSite:
    """Nothing was handed in."""
    return EmailSite()


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", EVENTS, "POST"),
        ("POST", "/lists", "GET"),
        ("POST", f"/lists/{STOCKS}/subscribers", "DELETE, PUT"),
        ("DELETE", "/emails", "POST"),
        ("PATCH", f"/emails/{'0' * 32}", "GET"),
    ],
)
def test_other_methods_are_told_which_there_are(site: EmailSite, method: str, target: str, allowed: str) -> None:
    """405 with `Allow`."""
    told = site.send(method, target)

    assert told.problem == (405, "about:blank")
    assert told.headers["Allow"] == allowed


@pytest.mark.parametrize("target", ["/", "/list", "/lists/", "/lists/a/b", "/events", "/emails/", "/lists/%0a"])
def test_where_nothing_is_nothing_is(site: EmailSite, target: str) -> None:
    """404, as a problem document too."""
    assert site.send("GET", target).problem == (404, "about:blank")


def test_who_is_nobody_is_refused(site: EmailSite) -> None:
    """API Gateway lets nobody through unsigned; should its route ever not ask for IAM, we do."""
    assert site.answer(http_event("GET", "/lists")).problem == (401, "unidentified")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b"[" * 9999])
@pytest.mark.parametrize("target", [EVENTS, "/emails"])
def test_what_is_no_json_is_refused(site: EmailSite, target: str, body: bytes) -> None:
    """Whatever kind of JSON it is said to be."""
    for media_type in ("application/json", "application/cloudevents+json"):
        assert site.raw("POST", target, body, content_type=media_type).problem == (400, "malformed-json")
    assert site.queued == []


@pytest.mark.parametrize("body", [b"", b"3", b"[]", b"null", b'"text"'])
def test_an_event_is_an_object(site: EmailSite, body: bytes) -> None:
    """Nor is nothing one."""
    for target in (EVENTS, "/emails"):
        told = site.raw("POST", target, body)
        assert told.problem == (422, "invalid-request")
        assert [*told.faults] == ["#"]


def test_a_body_that_is_too_large_is_refused(site: EmailSite) -> None:
    """Before anybody reads it."""
    assert site.raw("POST", "/emails", b" " * MOST_BYTES + b"{}").problem == (413, "too-large")


def test_a_body_arrives_as_text_or_in_base64(site: EmailSite) -> None:
    """API Gateway sends what it does not know for text in base64."""
    event = signed(http_event("POST", EVENTS, json.dumps(ALERT).encode()), session_of(ROLE))
    assert event["isBase64Encoded"]
    assert site.answer(event).status == 202
    assert site.send("POST", EVENTS, ALERT).status == 202
    assert [body for _, body, _ in site.queued] == [ALERT, ALERT]


@pytest.mark.parametrize("error", [Misconfigured("no table pii"), KeyError(address("ann")), RecursionError(NAME)])
def test_a_failure_of_ours_tells_nothing_of_it(site: EmailSite, error: Exception) -> None:
    """It is in the log."""
    site.world.receipts = Failing(site.world.receipts, "keep", error, done=False)

    told = site.send("POST", "/emails", mail())

    assert told.problem == (500, "about:blank")
    assert "pii" not in told.text


def test_a_function_that_is_deployed_wrongly_answers_as_well(caplog: pytest.LogCaptureFixture) -> None:
    """What it lacks is in its log."""

    def broken() -> Any:
        msg = "EVENTPOST_SETTINGS is not set"
        raise Misconfigured(msg)

    caplog.set_level("ERROR")
    answer = serve_email_api(broken)(signed(http_event("GET", "/lists"), session_of(ROLE)), Context())  # type: ignore[arg-type]

    assert answer["statusCode"] == 500
    assert [vars(record).get("reason") for record in caplog.records] == ["EVENTPOST_SETTINGS is not set"]


def test_the_log_holds_ids_alone(site: EmailSite, caplog: pytest.LogCaptureFixture) -> None:
    """A line for each request: its route, the status, the id in its path, and the type of an error."""
    caplog.set_level("INFO")
    id_ = site.taken("POST", "/emails", mail())["id"]
    site.send("GET", f"/emails/{id_}")
    site.send("POST", "/emails", mail(subject=3))
    site.send("POST", EVENTS, {NAME: NAME}, content_type="application/cloudevents+json")
    site.send("PUT", f"/lists/{STOCKS}/subscribers", {"address": address("ann"), "consent": {"source": NAME}})

    lines = [vars(record) for record in caplog.records]
    assert [(line["route"], line["status"], line.get("email"), line.get("error")) for line in lines] == [
        ("POST /emails", 202, None, None),
        ("GET /emails/<email>", 200, id_, None),
        ("POST /emails", 422, None, "BodyRefused"),
        ("POST /lists/<list_name>/events", 422, None, "invalid-event"),
        ("PUT /lists/<list_name>/subscribers", 422, None, "invalid-request"),
    ]
    assert found_in([repr(lines)]) == []


def test_every_kind_of_problem_belongs_to_an_api() -> None:
    """So that one of the two documents explains it."""
    named = {value for value in vars(problems).values() if isinstance(value, problems.Kind) and value.name}

    assert named == {*KINDS, *SCHEDULE_KINDS}
