"""The schedules' API as its callers see it: what they can make, see and change, and what is none of their business."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import given
from api_site import OTHER_ROLE, ROLE
from eventpost.model import Cron, Every, Once, ScheduleState
from schedules_site import DAILY, EVENT, LATER, QUEUE, SchedulesSite, wanted

AT = datetime(2026, 2, 1, 17, tzinfo=UTC)
SOON = given.NOW + timedelta(seconds=1)


@pytest.fixture
def site() -> SchedulesSite:
    """Nothing is scheduled; it is a quarter of a second past midnight, UTC, on the first day of 2026."""
    return SchedulesSite()


def test_one_event_at_a_moment(site: SchedulesSite) -> None:
    """It is kept as it was asked for, and the answer says where and as what."""
    told = site.send("POST", "/schedules", wanted())

    assert told.status == 201
    assert told.headers["Location"] == f"/schedules/{told.json['id']}"
    assert told.headers["ETag"] == '"1"'
    assert told.json["next_at"] == "2026-02-01T17:00:00Z"
    kept = site.kept(told.json["id"])
    assert (kept.owner, kept.rule, kept.target.list_name) == (ROLE, Once(AT), "news")
    assert json.loads(kept.body) == EVENT
    assert site.send("GET", told.headers["Location"]).json == told.json


@pytest.mark.parametrize(
    ("written", "rule", "answered"),
    [
        ({"at": "2026-02-01T18:00:00+01:00"}, Once(AT), {"at": "2026-02-01T17:00:00Z"}),
        ({"at": "2026-02-01 16:59:59.001Z"}, Once(AT), {"at": "2026-02-01T17:00:00Z"}),
        (DAILY, Cron("0 8 * * *", "Europe/Berlin"), DAILY),
        ({"cron": "0  8 * * *"}, Cron("0 8 * * *"), {"cron": "0 8 * * *", "time_zone": "UTC"}),
        (
            {"every": "15 minutes", "first": "2026-02-01T17:00:00Z"},
            Every(900, AT),
            {"every": "15 minutes", "first": "2026-02-01T17:00:00Z"},
        ),
        ({"every": 5400}, Every(5400, SOON), {"every": "1 hour 30 minutes", "first": "2026-01-01T00:00:01Z"}),
    ],
)
def test_a_rule_is_kept_as_it_is_meant(site: SchedulesSite, written: object, rule: object, answered: object) -> None:
    """Parts of a second are rounded up; an interval that says nothing else begins at once; answers can be sent back."""
    made = site.made(rule=written)

    assert site.kept(made["id"]).rule == rule
    assert made["rule"] == answered
    assert site.made(rule=made["rule"])["rule"] == answered


def test_a_schedule_for_another_queue_and_how_late_it_may_be(site: SchedulesSite) -> None:
    """By the queue's ARN; lateness in words or in seconds."""
    made = site.made(target={"queue": QUEUE}, max_lateness="90 minutes")

    assert made["target"] == {"list": None, "queue": QUEUE}
    assert made["max_lateness"] == "1 hour 30 minutes"
    assert site.kept(made["id"]).max_lateness == timedelta(minutes=90)
    assert site.made(max_lateness=5)["max_lateness"] == "5 seconds"
    assert (site.made()["max_lateness"], site.made(rule=DAILY)["max_lateness"]) == ("1 day", "1 hour")


def test_the_same_key_makes_one_schedule(site: SchedulesSite) -> None:
    """Whoever gets no answer asks again; "from now on" is the same request a minute later."""
    asked = wanted(rule={"every": "15 minutes"})
    first = site.send("POST", "/schedules", asked, idempotency_key="order-7")
    site.world.people.wait(seconds=40)
    again = site.send("POST", "/schedules", asked, Idempotency_Key="order-7")

    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]


def test_the_same_key_for_something_else_is_a_conflict(site: SchedulesSite) -> None:
    """But each caller has keys of its own."""
    site.send("POST", "/schedules", wanted(), Idempotency_Key="order-7")

    other = site.send("POST", "/schedules", wanted(title="another"), Idempotency_Key="order-7")

    assert other.problem == (409, "token-reused")
    assert site.send("POST", "/schedules", wanted(title="another"), OTHER_ROLE, Idempotency_Key="order-7").status == 201


def test_pages_hold_all_of_the_callers_and_nobody_elses(site: SchedulesSite) -> None:
    """In order of id, without their events, until there is nothing more."""
    ours = sorted(site.made()["id"] for _ in range(5))
    site.made(OTHER_ROLE)

    seen, after = [], ""
    while after is not None:
        page = site.send("GET", f"/schedules?limit=2&after={after}").json
        seen.append([each["id"] for each in page["schedules"]])
        after = page["next_after"]

    assert seen == [ours[:2], ours[2:4], ours[4:]]
    assert "body" not in site.send("GET", "/schedules").json["schedules"][0]


def test_what_is_somebody_elses_is_not_there(site: SchedulesSite) -> None:
    """Whatever is asked of it: as if there were none."""
    id_ = site.made(rule=DAILY)["id"]
    task = site.send("POST", "/tasks", {"page": "https://example.com", "mail_to": ["a@example.com"], "every": "1 hour"})

    answers = [
        site.send(method, target.format(id_), body, OTHER_ROLE)
        for method, target, body in [
            ("GET", "/schedules/{}", None),
            ("PATCH", "/schedules/{}", {"title": "mine"}),
            ("DELETE", "/schedules/{}", None),
            ("POST", "/schedules/{}/pause", None),
            ("POST", "/schedules/{}/resume", None),
            ("GET", "/schedules/{}/occurrences", None),
            ("GET", f"/tasks/{task.json['id']}", None),
            ("DELETE", f"/tasks/{task.json['id']}", None),
        ]
    ]

    assert {answer.problem for answer in answers} == {(404, "unknown-schedule")}
    assert site.send("GET", "/schedules/no-such-id").problem == (404, "unknown-schedule")
    assert site.send("GET", "/schedules/" + "0" * 32).problem == (404, "unknown-schedule")
    assert site.kept(id_).version == 1


def test_pause_resume_and_cancel(site: SchedulesSite) -> None:
    """Each says what the schedule is now, and may be asked for twice."""
    one = f"/schedules/{site.made(rule=DAILY)['id']}"

    for target, method, state, version in [
        (f"{one}/pause", "POST", ScheduleState.PAUSED, 2),
        (f"{one}/pause", "POST", ScheduleState.PAUSED, 2),
        (f"{one}/resume", "POST", ScheduleState.ACTIVE, 3),
        (one, "DELETE", ScheduleState.CANCELLED, 4),
        (one, "DELETE", ScheduleState.CANCELLED, 4),
    ]:
        told = site.send(method, target)
        assert (told.status, told.json["state"], told.headers["ETag"]) == (200, state, f'"{version}"')

    assert site.send("POST", f"{one}/resume").problem == (422, "invalid-request")


def test_a_change_leaves_what_it_does_not_name(site: SchedulesSite) -> None:
    """And says so."""
    id_ = site.made()["id"]

    told = site.send("PATCH", f"/schedules/{id_}", {"rule": DAILY, "max_lateness": "10 minutes", "title": None})

    assert told.json["rule"] == DAILY
    assert told.json["next_at"] == "2026-01-01T07:00:00Z"
    assert told.json["max_lateness"] == "10 minutes"
    assert told.json["title"] == wanted()["title"]
    assert told.json["body"] == EVENT
    assert site.send("PATCH", f"/schedules/{id_}", {"body": {}}).json["body"] == {}


@pytest.mark.parametrize(
    ("if_match", "status"), [('"1"', 200), ("1", 200), ("*", 200), ('"2"', 412), ('W/"1"', 412), ("one", 422)]
)
def test_a_change_of_a_version_that_is_not_current_is_not_made(site: SchedulesSite, if_match: str, status: int) -> None:
    """By `If-Match`, for every operation that changes something."""
    for method, part, body in [
        ("PATCH", "", {"title": "new"}),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
    ]:
        id_ = site.made(rule=DAILY)["id"]
        told = site.send(method, f"/schedules/{id_}{part}", body, If_Match=if_match)

        assert told.status == status
        if status != 200:
            assert told.problem[1] == {412: "other-version", 422: "invalid-request"}[status]
            assert site.kept(id_).version == 1


def test_what_comes_next_is_told_by_the_clock_that_the_rule_goes_by(site: SchedulesSite) -> None:
    """Eight o'clock stays eight o'clock when clocks are put forward; of a schedule, or of a rule that is not kept."""
    site.world.people.wait(days=86)
    expected = ["2026-03-28T08:00:00+01:00", "2026-03-29T08:00:00+02:00", "2026-03-30T08:00:00+02:00"]

    kept = site.send("GET", f"/schedules/{site.made(rule=DAILY)['id']}/occurrences?count=3").json
    shown = site.send("POST", "/schedules/preview", {"rule": DAILY, "count": 3}).json

    assert kept["occurrences"] == expected
    assert shown == kept
    assert shown["in_words"]
    assert len(site.world.schedules.of_owner(ROLE, "", 10)) == 1


def test_a_preview_begins_as_the_schedule_would(site: SchedulesSite) -> None:
    """At once where nothing else is said; a moment in the past is refused in the same words."""
    every = {"every": "1 hour"}
    shown = site.send("POST", "/schedules/preview", {"rule": every, "count": 2}).json["occurrences"]

    assert shown == ["2026-01-01T00:00:01Z", "2026-01-01T01:00:01Z"]
    assert site.made(rule=every)["next_at"] == shown[0]
    past = {"rule": {"at": "2025-01-01T00:00:00Z"}}
    assert site.send("POST", "/schedules/preview", past).json == site.send("POST", "/schedules", wanted(**past)).json


@pytest.mark.parametrize(
    ("fields", "where", "says"),
    [
        ({"rule": {"at": "2026-02-01T18:00:00"}}, "#/rule/at", "say which offset from UTC"),
        ({"rule": {"at": "tomorrow"}}, "#/rule/at", "such as"),
        ({"rule": {"at": "2026-02-30T18:00:00Z"}}, "#/rule/at", "no such date"),
        ({"rule": {"at": "0001-01-01T00:00:00+23:00"}}, "#/rule/at", "no such date"),
        ({"rule": {"at": 1767225600}}, "#/rule/at", "such as"),
        ({"rule": {"at": "2025-02-01T18:00:00Z"}}, "#/rule/at", "past"),
        ({"rule": {"at": "2126-02-01T18:00:00Z"}}, "#/rule/at", "too far ahead"),
        ({"rule": {}}, "#/rule", "exactly one of"),
        ({"rule": {"at": LATER, "cron": "* * * * *"}}, "#/rule", "exactly one of"),
        ({"rule": "daily"}, "#/rule", "exactly one of"),
        ({"rule": {"cron": "0 8 * *"}}, "#/rule/cron", ""),
        ({"rule": {"cron": "0 8 * * *", "time_zone": "Berlin"}}, "#/rule/time_zone", ""),
        ({"rule": {"cron": "0 8 30 2 *"}}, "#/rule/cron", ""),
        ({"rule": {"cron": "0 8 * * *", "timezone": "UTC"}}, "#/rule/timezone", "not known"),
        ({"rule": {"every": "15"}}, "#/rule/every", "15 minutes"),
        ({"rule": {"every": "a while"}}, "#/rule/every", "15 minutes"),
        ({"rule": {"every": 10**300}}, "#/rule/every", "15 minutes"),
        ({"rule": {"every": "30 seconds"}}, "#/rule/every", "60"),
        ({"rule": {"every": "15 minutes", "first": "2026-02-01T18:00"}}, "#/rule/first", "such as"),
        ({"target": {}}, "#/target", "exactly one of"),
        ({"target": {"list": "news", "queue": QUEUE}}, "#/target", "exactly one of"),
        ({"target": {"list": "nws"}}, "#/target", "news"),
        ({"target": {"queue": QUEUE + "2"}}, "#/target", "ScheduleTargetQueues"),
        ({"target": {"queue": QUEUE + ".fifo"}}, "#/target", "FIFO"),
        ({"body": []}, "#/body", "must be a JSON object"),
        ({"body": None}, "#/body", "must be a JSON object"),
        ({"body": {"text": "x" * 200_000}}, "#/body", "200000"),
        ({"max_lateness": "0 seconds"}, "#/max_lateness", "a second"),
        ({"max_lateness": "8 days"}, "#/max_lateness", "7 days"),
        ({"title": "x" * 201}, "#/title", "200"),
        ({"title": "two\nlines"}, "#/title", "one line"),
        ({"max_latness": 5}, "#/max_latness", "not known"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_and_in_words(
    site: SchedulesSite, fields: dict[str, object], where: str, says: str
) -> None:
    """One sentence for each fault, and nothing is kept."""
    told = site.send("POST", "/schedules", wanted(**fields))

    assert told.problem == (422, "invalid-request")
    assert [*told.faults] == [where]
    assert says in told.faults[where]
    assert not site.world.schedules.of_owner(ROLE, "", 10)


def test_all_faults_are_said_at_once(site: SchedulesSite) -> None:
    """Of the body, the query and the headers."""
    told = site.send("POST", "/schedules", {"title": 3}, Idempotency_Key="two words")

    assert [*told.faults] == ["Idempotency-Key", "#/rule", "#/target", "#/body", "#/title"]
    assert [*site.send("GET", "/schedules?limit=0&after=" + "a" * 33).faults] == ["limit", "after"]
    assert [*site.send("PATCH", "/schedules/" + "0" * 32, {}).faults] == ["#"]


def test_quotas(site: SchedulesSite) -> None:
    """429; with the seconds until more may be made, where time alone helps."""
    limits = {"recurring_per_owner": 1, "created_per_hour": 3}
    world = site.world
    world.scheduling = type(world.scheduling)(
        **{name: getattr(world.scheduling, name) for name in ("schedules", "quotas", "handing", "clock", "targets")},
        limits=type(world.limits)(**limits),
    )
    site.made(rule=DAILY)

    standing = site.send("POST", "/schedules", wanted(rule=DAILY))
    site.made()
    hourly = site.send("POST", "/schedules", wanted())

    assert standing.problem == (429, "quota-reached")
    assert "Retry-After" not in standing.headers
    assert hourly.problem == (429, "quota-reached")
    assert hourly.headers["Retry-After"] == "3600"
    assert site.made(OTHER_ROLE, rule=DAILY)
