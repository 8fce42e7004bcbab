"""The schedules' API as HTTP sees it: who calls, what is no request at all, and what is told of it in the log."""

import json
from typing import Any

import pytest

from api_site import ROLE, session_of, signed
from eventpost.errors import Misconfigured, ScheduleChanged, StoreUnavailable
from eventpost.model import Schedule
from eventpost.runtime.caller import caller_of
from eventpost.runtime.json_api import MOST_BYTES
from eventpost.runtime.problems import Refusal
from eventpost.runtime.schedules import serve_schedules
from http_gateway import Context, http_event
from schedules_site import DAILY, SchedulesSite, wanted
from sentinels import NAME, address

JSON = {"content-type": "application/json"}


@pytest.fixture
def site() -> SchedulesSite:
    """Nothing is scheduled."""
    return SchedulesSite()


@pytest.mark.parametrize(
    ("arn", "owner"),
    [
        (session_of(ROLE, "a"), ROLE),
        (session_of(ROLE, "Zebedee@example.com"), ROLE),
        (session_of(ROLE.replace(":aws:", ":aws-cn:")), ROLE.replace(":aws:", ":aws-cn:")),
        ("arn:aws:iam::111122223333:user/deploy", "arn:aws:iam::111122223333:user/deploy"),
        ("arn:aws:iam::111122223333:user/a/path/deploy", "arn:aws:iam::111122223333:user/a/path/deploy"),
        ("arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"),
        ("arn:aws:sts::111122223333:federated-user/b", "arn:aws:sts::111122223333:federated-user/b"),
    ],
)
def test_the_owner_is_the_role_and_not_its_session(arn: str, owner: str) -> None:
    """What one instance of a service has made, the next may change."""
    assert caller_of(signed(http_event("GET", "/schedules"), arn)) == owner


@pytest.mark.parametrize("arn", ["", "ann", "arn:aws:sts::1:assumed-role/", "arn:aws:iam::1:group/x", f"{ROLE}\n"])
def test_who_is_nobody_is_refused(site: SchedulesSite, arn: str) -> None:
    """API Gateway lets nobody through unsigned; should its route ever not ask for IAM, we do."""
    with pytest.raises(Refusal):
        caller_of(signed(http_event("GET", "/schedules"), arn))
    told = site.answer(http_event("GET", "/schedules"))

    assert told.problem == (401, "unidentified")
    assert told.headers["WWW-Authenticate"] == "AWS4-HMAC-SHA256"


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("PUT", "/schedules", "GET, POST"),
        ("OPTIONS", "/schedules", "GET, POST"),
        ("HEAD", "/schedules/x", "DELETE, GET, PATCH"),
        ("GET", "/schedules/preview", "POST"),
        ("GET", "/schedules/x/pause", "POST"),
        ("PATCH", "/tasks/x", "DELETE, GET, PUT"),
    ],
)
def test_other_methods_are_told_which_there_are(site: SchedulesSite, method: str, target: str, allowed: str) -> None:
    """405 with `Allow` (RFC 9110, 15.5.6)."""
    told = site.send(method, target)

    assert told.problem == (405, "about:blank")
    assert told.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/schedule",
        "/schedules/",
        "/schedules/a/b",
        "/tasks/a/pause",
        "/%00",
        "/schedules/%0a",
        "/schedules/%F0%9F%9A%80",
    ],
)
def test_where_nothing_is_nothing_is(site: SchedulesSite, target: str) -> None:
    """404, as a problem document too."""
    assert site.send("GET", target).problem == (404, "about:blank")


def test_a_stage_in_front_of_the_path_is_no_part_of_it(site: SchedulesSite) -> None:
    """API Gateway leaves it there for stages that have a name."""
    event = signed(http_event("GET", "/live/schedules"), session_of(ROLE))
    event["requestContext"]["stage"] = "live"

    assert site.answer(event).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"{'rule': 1}",
        b'{"body": {"a": NaN}}',
        b'{"body": {"a": 1e999}}',
        b'{"body": {"a": ' + b"9" * 5000 + b"}}",
        b'{"body": {"a": "\\ud800"}}',
        b'{"body": ' + b'{"a":' * 150 + b"1" + b"}" * 150 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_refused(site: SchedulesSite, body: bytes) -> None:
    """Nor what no queue could take, nor what others could not read."""
    assert site.raw("POST", "/schedules", body).problem == (400, "malformed-json")
    assert site.raw("POST", "/tasks", body).problem == (400, "malformed-json")


def test_json_that_others_write_is_taken_as_it_is(site: SchedulesSite) -> None:
    """In whatever characters; a hundred levels deep; with numbers and names that Python would write otherwise."""
    deep: Any = 1
    for _ in range(98):
        deep = [deep]
    body = {"text": "Ünïcode 🚀 \x00 \ufffe", "number": 12345678901234567890, "float": 1e-7, "deep": deep, "": None}
    asked = json.dumps(wanted(body=body), ensure_ascii=False).encode()

    told = site.raw("POST", "/schedules", asked, content_type="application/json; charset=utf-8")

    assert told.status == 201, told.text
    assert told.json["body"] == body
    assert "🚀" in site.kept(told.json["id"]).body, "an event is no larger than it must be"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("APPLICATION/JSON;charset=UTF-8", 201),
        ("application/vnd.api+json", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_the_body_says_that_it_is_json(site: SchedulesSite, content_type: str, status: int) -> None:
    """Whether API Gateway passes it on as text or in base64."""
    told = site.raw("POST", "/schedules", json.dumps(wanted()).encode(), content_type=content_type)

    assert told.status == status
    assert status == 201 or told.problem == (415, "about:blank")


def test_a_body_that_is_too_large_is_refused(site: SchedulesSite) -> None:
    """A megabyte is taken, one byte more is not."""
    fits = b" " * (MOST_BYTES - 2) + b"{}"

    assert site.raw("POST", "/schedules", fits).status == 422
    assert site.raw("POST", "/schedules", fits + b" ").problem == (413, "too-large")


def test_a_body_that_is_missing_is_missed(site: SchedulesSite) -> None:
    """The same for one that is no object."""
    for body in (b"", b"3", b"[]", b"null", b'"text"'):
        told = site.raw("POST", "/schedules", body)
        assert told.problem == (422, "invalid-request"), body
        assert [*told.faults] == ["#"]


def test_base64_that_is_none_is_refused(site: SchedulesSite) -> None:
    """No gateway sends it."""
    event = signed(http_event("POST", "/schedules", b"x", JSON), session_of(ROLE))

    assert site.answer({**event, "body": "***", "isBase64Encoded": True}).problem == (400, "malformed-json")


class BrokenStore:
    """A store that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> Schedule:
            raise self.error

        return fail


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (StoreUnavailable("the table pii is throttled"), 503, "5"),
        (ScheduleChanged("again and again"), 409, None),
        (Misconfigured("no table pii"), 500, None),
        (KeyError(address("ann")), 500, None),
        (RecursionError(NAME), 500, None),
    ],
)
def test_a_failure_of_ours_tells_nothing_of_it(
    site: SchedulesSite, error: Exception, status: int, retry_after: str | None
) -> None:
    """But whether, and when, to try again."""
    store: Any = BrokenStore(error)
    site.world.scheduling = type(site.scheduling)(
        store, *(getattr(site.world.scheduling, name) for name in ("quotas", "handing", "clock", "targets", "limits"))
    )
    one = f"/schedules/{'0' * 32}"

    answers = [
        site.send("GET", one),
        site.send("GET", "/schedules"),
        site.send("POST", f"{one}/pause"),
        site.send("POST", "/schedules", wanted(), Idempotency_Key="key"),
    ]

    assert {answer.problem[0] for answer in answers} == {status}
    assert {answer.headers.get("Retry-After") for answer in answers} == {retry_after}
    if status >= 500:
        assert not [answer for answer in answers if NAME in answer.text or "pii" in answer.text]


def test_a_function_that_is_deployed_wrongly_answers_as_well(caplog: pytest.LogCaptureFixture) -> None:
    """What it lacks is in its log, and no request goes without an answer."""

    def broken() -> Any:
        msg = "EVENTPOST_SETTINGS is not set"
        raise Misconfigured(msg)

    function = serve_schedules(broken)
    caplog.set_level("ERROR")

    answer = function(signed(http_event("GET", "/schedules"), session_of(ROLE)), Context())  # type: ignore[arg-type]

    assert answer["statusCode"] == 500
    assert "EVENTPOST_SETTINGS" not in answer["body"]
    assert [vars(record).get("reason") for record in caplog.records] == ["EVENTPOST_SETTINGS is not set"]


def test_every_answer_says_that_it_is_not_to_be_kept(site: SchedulesSite) -> None:
    """Neither by a cache nor by a browser that guesses types."""
    for told in (site.send("GET", "/schedules"), site.send("GET", "/nothing"), site.send("POST", "/schedules")):
        assert told.headers["Cache-Control"] == "no-store"
        assert told.headers["X-Content-Type-Options"] == "nosniff"


def test_the_log_holds_ids_alone(site: SchedulesSite, caplog: pytest.LogCaptureFixture) -> None:
    """A line for each request: its route, the status, the id in its path, and the type of an error."""
    caplog.set_level("INFO")
    id_ = site.made(rule=DAILY)["id"]
    site.send("GET", f"/schedules/{id_}/occurrences")
    site.send("GET", f"/schedules/{NAME.split()[0]}")
    site.send("GET", f"/{NAME}?after={NAME}")
    site.send("POST", "/schedules", wanted(title=3))
    site.send(NAME, "/schedules")

    lines = [vars(record) for record in caplog.records]
    assert [(line["route"], line["status"], line.get("schedule"), line.get("error")) for line in lines] == [
        ("POST /schedules", 201, None, None),
        ("GET /schedules/<schedule>/occurrences", 200, id_, None),
        ("GET /schedules/<schedule>", 404, None, "UnknownSchedule"),
        ("none", 404, None, "Not Found"),
        ("POST /schedules", 422, None, "RequestValidationError"),
        ("none", 405, None, "Method Not Allowed"),
    ]
    assert not [told for told in ("zebedee", "sentinel", "amzn", "role/") if told in repr(lines).casefold()]
