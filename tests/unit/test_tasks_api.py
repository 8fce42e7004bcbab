"""Tasks over HTTP: pages whose pictures are mailed, and addresses that no answer, log or error ever holds."""

from time import perf_counter
from typing import Any

import pytest

from api_site import OTHER_ROLE, Told
from eventpost.model import MembershipState
from eventpost.runtime.schedules.task_bodies import _AsTasksAreWritten
from eventpost.tasks import Task, audience_of
from eventpost.tasks.task import WatchedPart
from schedules_site import SchedulesSite
from sentinels import address, found_in

PAGE = "https://example.com/prices"


def wanted(*to: str, **fields: Any) -> dict[str, Any]:
    """What to send for a task."""
    return {"page": PAGE, "every": "15 minutes", "mail_to": [address(local) for local in to or ("ann",)], **fields}


@pytest.fixture
def site() -> SchedulesSite:
    """There are no tasks."""
    return SchedulesSite()


def seen(told: Told) -> Told:
    """The answer, when it was seen to hold no address."""
    assert not found_in([told.text, repr(told.headers)])
    assert "@" not in told.text
    return told


def test_a_task_is_made_seen_and_ended(site: SchedulesSite) -> None:
    """Its people are on its audience from the first to the last, and its answers say how many there are."""
    made = seen(site.send("POST", "/tasks", wanted("ann", "bob", title="Prices", capture={"device": "phone"})))

    assert made.status == 201
    assert made.headers["Location"] == f"/tasks/{made.json['id']}"
    assert (made.json["mailed"], made.json["not_mailed"], made.json["title"]) == (2, [], "Prices")
    assert (made.json["page"], made.json["in_words"], made.json["capture"]) == (
        PAGE,
        "every 15 minutes",
        {"device": "phone"},
    )
    assert seen(site.send("GET", made.headers["Location"])).json == made.json
    assert seen(site.send("GET", "/tasks")).json == {"tasks": [made.json], "next_after": None}
    assert site.world.mailed(made.json["id"]) == ["ann", "bob"]

    ended = seen(site.send("DELETE", made.headers["Location"], None, If_Match=made.headers["ETag"]))
    assert (ended.status, ended.json["state"], ended.json["mailed"]) == (200, "cancelled", 0)
    assert site.world.mailed(made.json["id"]) == []


def test_a_task_is_a_schedule_too(site: SchedulesSite) -> None:
    """It is paused, resumed and looked at as one; its event names nobody."""
    id_ = site.send("POST", "/tasks", wanted()).json["id"]

    assert seen(site.send("POST", f"/schedules/{id_}/pause")).json["state"] == "paused"
    assert seen(site.send("GET", f"/tasks/{id_}")).json["state"] == "paused"
    assert seen(site.send("POST", f"/schedules/{id_}/resume")).json["state"] == "active"
    assert len(seen(site.send("GET", f"/schedules/{id_}/occurrences?count=4")).json["occurrences"]) == 4
    assert seen(site.send("GET", f"/schedules/{id_}")).json["target"]["list"] == "site_watch"


def test_a_task_is_put_in_place_of_what_it_was(site: SchedulesSite) -> None:
    """Who is no longer named is taken off."""
    made = site.send("POST", "/tasks", wanted("ann", "bob"))
    path = made.headers["Location"]

    changed = seen(site.send("PUT", path, wanted("bob", "cat", title="New"), If_Match='"1"'))
    stale = seen(site.send("PUT", path, wanted("ann"), If_Match='"1"'))

    assert (changed.status, changed.json["title"], changed.json["mailed"]) == (200, "New", 2)
    assert stale.problem == (412, "other-version")
    assert site.world.mailed(made.json["id"]) == ["bob", "cat"]
    assert site.send("PUT", path, wanted(), OTHER_ROLE).problem == (404, "unknown-schedule")


def test_the_same_key_makes_one_task(site: SchedulesSite) -> None:
    """And another task with it is a conflict."""
    first = site.send("POST", "/tasks", wanted(), Idempotency_Key="prices")
    again = seen(site.send("POST", "/tasks", wanted(), Idempotency_Key="prices"))

    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    other = seen(site.send("POST", "/tasks", wanted(page=f"{PAGE}/2"), Idempotency_Key="prices"))
    assert other.problem == (409, "token-reused")


def test_who_may_not_be_mailed_is_said_by_their_place(site: SchedulesSite) -> None:
    """Those who have left come back by nobody's word but their own; the others are mailed."""
    first = site.send("POST", "/tasks", wanted("ann", "bob"))
    id_ = first.json["id"]
    site.world.people.leave("ann", audience_of(id_))

    told = seen(site.send("PUT", f"/tasks/{id_}", wanted("ann", "bob")))

    assert told.json["mailed"] == 1
    assert [(each["pointer"], "have left" in each["reason"]) for each in told.json["not_mailed"]] == [
        ("#/mail_to/0", True)
    ]
    states = [row.state for row in site.world.people.store.everybody(audience_of(id_))]
    assert sorted(states) == [MembershipState.ACTIVE, MembershipState.LEFT]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"mail_to": [address("ann"), f"{address('bob')}>"]}, "#/mail_to/1"),
        ({"mail_to": [{"email": address("ann")}]}, "#/mail_to/0"),
        ({"mail_to": []}, "#/mail_to"),
        ({"page": "example.com"}, "#/page"),
        ({"every": "a while"}, "#/every"),
        ({"every": "30 seconds"}, "#/every"),
        ({"cron": "0 8 * * *"}, "#"),
        ({"every": None, "cron": "0 25 * * *"}, "#/cron"),
        ({"capture": {"device": "watch"}}, "#/capture/device"),
        ({"title": "x" * 101}, "#/title"),
    ],
)
def test_what_makes_no_task_is_said_where_it_is(site: SchedulesSite, fields: dict[str, Any], where: str) -> None:
    """Without a word of anybody's address, and nothing is kept."""
    told = seen(site.send("POST", "/tasks", wanted(**fields)))

    assert told.problem == (422, "invalid-request")
    assert [*told.faults] == [where]
    assert not site.world.schedules.of_owner("", "", 10)


def test_an_address_that_is_a_fields_name_is_not_repeated_either(site: SchedulesSite) -> None:
    """Whoever mistakes a list for a table."""
    seen(site.send("POST", "/tasks", {"page": PAGE, "every": "1 hour", address("ann"): True}))
    seen(site.send("POST", "/tasks", wanted(capture={address("ann"): True})))


def test_every_field_of_a_task_is_documented() -> None:
    """As the class declares it."""
    schema = _AsTasksAreWritten().__get_pydantic_json_schema__(None, None)  # type: ignore[arg-type]

    assert {*schema["properties"]} == {*Task.model_fields}
    assert {*schema["properties"]["capture"]["properties"]} == {*WatchedPart.model_fields}
    assert [name for name, field in schema["properties"].items() if not field.get("description")] == []


@pytest.mark.parametrize(
    "body", [{}, {"task": "a" * 32, "title": "T", "page_url": "javascript:alert(1)", "rhythm": "daily"}]
)
def test_a_schedule_is_no_way_to_a_tasks_people(site: SchedulesSite, body: dict[str, Any]) -> None:
    """Its event names the task that it is mailed for, which may be another service's, and a page that nobody judged."""
    id_ = site.send("POST", "/tasks", wanted()).json["id"]
    made = {"rule": {"every": "1 hour"}, "target": {"list": "site_watch"}, "body": body}

    assert site.send("POST", "/schedules", made).problem == (422, "invalid-request")
    for changes in ({"body": body}, {"rule": {"at": "2026-02-01T18:00:00Z"}}, {"title": "Other"}):
        refused = site.send("PATCH", f"/schedules/{id_}", changes)
        assert refused.problem == (422, "invalid-request")
        assert "/tasks" in refused.json["detail"]
    assert [task["id"] for task in site.send("GET", "/tasks").json["tasks"]] == [id_]


def test_somebody_elses_task_is_unknown_to_who_changes_it_as_a_schedule(site: SchedulesSite) -> None:
    """They are not even told that it is a task."""
    id_ = site.send("POST", "/tasks", wanted()).json["id"]

    refused = site.send("PATCH", f"/schedules/{id_}", {"title": "Other"}, OTHER_ROLE)
    assert refused.problem == (404, "unknown-schedule")


def test_a_task_that_is_cancelled_as_a_schedule_mails_nobody_and_keeps_nobody(site: SchedulesSite) -> None:
    """A week later its schedule is gone, and nobody could take them off any more."""
    made = site.send("POST", "/tasks", wanted("ann", "bob"))
    id_ = made.json["id"]

    assert site.send("DELETE", f"/schedules/{id_}", None, OTHER_ROLE).problem == (404, "unknown-schedule")
    assert site.send("DELETE", f"/schedules/{id_}", None, If_Match='"2"').problem == (412, "other-version")
    assert site.world.mailed(id_) == ["ann", "bob"]
    assert seen(site.send("DELETE", f"/schedules/{id_}", None, If_Match='"1"')).json["state"] == "cancelled"
    assert site.world.mailed(id_) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"mail_to": ["a"] * 100_000},
        {f"field{number}": 1 for number in range(40_000)},
        {"capture": {f"field{number}": 1 for number in range(40_000)}},
    ],
    ids=["addresses", "fields", "options"],
)
def test_of_a_great_many_faults_the_first_few_are_told(site: SchedulesSite, fields: dict[str, Any]) -> None:
    """An answer of Lambda has six megabytes at the most, and its time is paid for."""
    begun = perf_counter()
    told = site.send("POST", "/tasks", {**wanted(), **fields})

    assert told.problem == (422, "invalid-request")
    assert len(told.text) < 10_000
    assert perf_counter() - begun < 2, "it takes some 0.2 s"


def test_of_a_schedules_great_many_faults_the_first_few_are_told(site: SchedulesSite) -> None:
    """As of a task's."""
    fields = {f"field{number}": 1 for number in range(40_000)}
    told = site.send(
        "POST", "/schedules", {"rule": {"every": "1 hour"}, "target": {"list": "news"}, "body": {}, **fields}
    )

    assert told.problem == (422, "invalid-request")
    assert len(told.text) < 10_000
