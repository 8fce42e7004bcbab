"""A task is a schedule and an audience: both are made, changed and ended together."""

import json
from datetime import timedelta

import pytest

import given
from consent_world import id_of
from eventpost.errors import QuotaReached, ScheduleChanged, ScheduleRefused, TokenReused, UnknownSchedule
from eventpost.model import ConsentWay, Cron, Every, MembershipState, ScheduleState, Target, schedule_id
from eventpost.schedule import Created, Limits, Request, Scheduling
from eventpost.tasks import Kept, TaskRefused, audience_of
from eventpost_cli.project import Project
from sentinels import address
from task_world import OWNER, PAGE, TaskWorld, task

SOON = given.NOW + timedelta(seconds=1)


@pytest.fixture
def world() -> TaskWorld:
    """There are no tasks; it is a quarter of a second past a whole one."""
    return TaskWorld()


def event(kept: Kept) -> dict[str, object]:
    """The event that the task raises."""
    found: dict[str, object] = json.loads(kept.schedule.body)
    return found


def test_a_task_is_a_schedule_for_site_watch(world: TaskWorld) -> None:
    """Its event is what the list wants, its audience is its own, and the first picture is due at once."""
    kept = world.tasks.add(OWNER, task("ada", "bob", title="Prices", only_if_changed=True, capture={"dark": True}))

    assert kept.is_new
    assert kept.schedule.target == Target(list_name="site_watch")
    assert kept.schedule.rule == Every(900, SOON)
    assert kept.schedule.next_at == SOON, "not before those who get it have joined"
    assert event(kept) == {
        "task": kept.schedule.id,
        "title": "Prices",
        "page_url": PAGE,
        "rhythm": "every 15 minutes",
        "only_if_changed": 0,
        "capture": {"dark": True},
    }
    assert world.mailed(kept.schedule.id) == ["ada", "bob"]


def test_the_event_fits_the_list(world: TaskWorld) -> None:
    """Of the plainest task, and of one with everything."""
    site_watch = Project(given.REPOSITORY).load("site_watch")
    everything = {
        "device": "phone", "full_page": True, "dark": True, "wait_for": "#a", "delay_s": 2.5, "hide": ["#ad"],
        "locale": "de-CH", "time_zone": "Europe/Zurich",
    }  # fmt: skip
    minutes = ",".join(str(minute) for minute in range(0, 60, 2))
    for each in (task(), task(cron=f"{minutes} 8-18 * * 1-5", time_zone="Europe/Berlin", capture=everything)):
        kept = world.tasks.add(OWNER, each)
        read = site_watch.event.model_validate_json(kept.schedule.body)
        assert site_watch.topic_of(read) == kept.schedule.id


def test_nobodys_address_is_in_the_schedule(world: TaskWorld) -> None:
    """Schedules are read by more than those who may know."""
    kept = world.tasks.add(OWNER, task("ada"))

    assert "pii.example.com" not in repr(kept.schedule) + kept.schedule.body


def test_the_record_says_by_whose_word_and_for_which_task(world: TaskWorld) -> None:
    """A service's by the API; an operator's by a command or a file."""
    by_service = world.tasks.add(OWNER, task("ada")).schedule.id
    by_operator = world.operators.add("operator", task("ada")).schedule.id

    joined = world.people.there("ada", audience_of(by_service)).joined
    assert (joined.how, joined.form) == (ConsentWay.SERVICE, f"task {by_service} of {OWNER}")
    assert world.people.there("ada", audience_of(by_operator)).joined.how is ConsentWay.OPERATOR


def test_a_task_reads_back_as_it_was_written(world: TaskWorld) -> None:
    """All of it; the title is the page's host where none was given."""
    for each in (
        task("ada", title="Prices", only_if_changed=5, max_lateness="3 minutes", capture={"hide": ["#ad"]}),
        task("ada", cron="0 8 * * 1-5", time_zone="Europe/Berlin", title="Mornings"),
    ):
        kept = world.tasks.add(OWNER, each)
        assert world.tasks.get(OWNER, kept.schedule.id).task == each
    assert world.tasks.add(OWNER, task()).task.shown_title == "example.com"


def test_a_picture_that_is_late_is_left_out_once_the_next_is_due(world: TaskWorld) -> None:
    """An hour at most, so that an outage is not followed by a burst; by cron it is the hour."""
    usual = {"90 s": 90, "15 minutes": 900, "2 days": 3600}

    for every, seconds in usual.items():
        assert world.tasks.add(OWNER, task(every=every)).schedule.max_lateness == timedelta(seconds=seconds)
    assert world.tasks.add(OWNER, task(cron="0 8 * * *")).schedule.max_lateness == timedelta(hours=1)


def test_the_same_token_makes_one_task(world: TaskWorld) -> None:
    """Whenever it is asked for again, and whatever has become of the task since."""
    first = world.tasks.add(OWNER, task("ada"), "once")
    world.people.wait(minutes=20)
    again = world.tasks.add(OWNER, task("ada"), "once")

    assert first.schedule.id == schedule_id(OWNER, "once")
    assert not again.is_new
    assert again.schedule == first.schedule
    world.tasks.remove(OWNER, first.schedule.id)
    assert world.tasks.add(OWNER, task("ada"), "once").schedule.state is ScheduleState.CANCELLED
    assert world.mailed(first.schedule.id) == []


def test_another_task_with_the_same_token_is_refused(world: TaskWorld) -> None:
    """And nobody is put on anything for it."""
    world.tasks.add(OWNER, task("ada"), "once")

    with pytest.raises(TokenReused):
        world.tasks.add(OWNER, task("bob", page="https://example.org"), "once")
    assert world.people.rows("bob") == {}


def test_a_task_that_mails_nobody_is_none(world: TaskWorld) -> None:
    """Where everybody has refused, there is nothing to be captured."""
    world.people.imported("ada", "news")
    world.people.suppress("ada")

    with pytest.raises(TaskRefused, match=r"^mail_to, number 1: mails to them bounced, or they complained$") as refused:
        world.tasks.add(OWNER, task("ada"))
    assert refused.value.faults[0].path == ("mail_to", 0)
    assert world.tasks.page(OWNER) == ([], None)


def test_those_who_refused_are_told_and_the_others_are_mailed(world: TaskWorld) -> None:
    """By position and id."""
    world.people.imported("ada", "news")
    world.people.suppress("ada")
    kept = world.tasks.add(OWNER, task("bob", "ada"))

    assert [(each.position, each.subscriber) for each in kept.refused] == [(1, id_of("ada"))]
    assert world.mailed(kept.schedule.id) == ["bob"]


def test_who_has_too_many_adds_none_and_nobody_is_left_on_it(world: TaskWorld) -> None:
    """The audience of a task that was not made is empty."""
    world = TaskWorld(limits=Limits(recurring_per_owner=1))
    world.tasks.add(OWNER, task("ada"))

    with pytest.raises(QuotaReached):
        world.tasks.add(OWNER, task("bob"))
    assert world.people.on("bob") == set()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": "* * * *"}, "cron"),
        ({"cron": "0 8 * * *", "time_zone": "Europe/Berln"}, "time_zone"),
        ({"every": "99999 weeks"}, "every"),
    ],
)
def test_a_time_that_never_comes_is_refused_by_its_field(
    world: TaskWorld, fields: dict[str, object], path: str
) -> None:
    """Before anybody is put on anything."""
    with pytest.raises(TaskRefused) as refused:
        world.tasks.add(OWNER, task("ada", **fields))

    assert [fault.path for fault in refused.value.faults] == [(path,)]
    assert str(refused.value).startswith(path)
    assert world.people.rows("ada") == {}


# ---- replacing ------------------------------------------------------------------------------------------------------


def test_another_page_is_shown_at_once(world: TaskWorld) -> None:
    """So are another capture and another interval: who changes a task wants to see what it does."""
    kept = world.tasks.add(OWNER, task())
    for changed in (
        task(page="https://example.org"),
        task(page="https://example.org", capture={"dark": True}),
        task(page="https://example.org", capture={"dark": True}, every="1 hour"),
    ):
        world.people.wait(minutes=2)
        kept = world.tasks.replace(OWNER, kept.schedule.id, changed)
        assert kept.task == changed.model_copy(update={"title": "example.org"})
        assert isinstance(kept.schedule.rule, Every)
        assert kept.schedule.next_at == kept.schedule.rule.first
        assert timedelta(0) < kept.schedule.rule.first - world.people.clock.now() < timedelta(seconds=1)


def test_what_is_changed_in_the_second_of_a_picture_is_shown_in_the_next(world: TaskWorld) -> None:
    """The event of this second may have been raised: it is the same one, and cannot be mailed with another body."""
    before = world.tasks.add(OWNER, task()).schedule
    assert before.next_at is not None
    world.people.clock.advance(before.next_at - world.people.clock.now())
    after = world.tasks.replace(OWNER, before.id, task(page="https://example.org")).schedule

    assert after.next_at == before.next_at + timedelta(seconds=1)


def test_another_title_leaves_the_next_picture_where_it_was(world: TaskWorld) -> None:
    """The people on it know it by the new one from then on."""
    before = world.tasks.add(OWNER, task()).schedule
    world.people.wait(minutes=2)
    after = world.tasks.replace(OWNER, before.id, task(title="Prices", only_if_changed=True))

    assert after.schedule.rule == before.rule
    assert event(after)["title"] == "Prices"
    assert world.people.there("ada", audience_of(before.id)).attributes["title"] == "Prices"


def test_other_people_change_no_version(world: TaskWorld) -> None:
    """Whoever is new is put on it, whoever is gone is taken off, and who has left stays away."""
    kept = world.tasks.add(OWNER, task("ada", "bob", "eve"))
    world.people.leave("eve", audience_of(kept.schedule.id))
    after = world.tasks.replace(OWNER, kept.schedule.id, task("bob", "eve", "joe"))

    assert after.schedule == kept.schedule
    assert world.mailed(kept.schedule.id) == ["bob", "joe"]
    assert [each.position for each in after.refused] == [1]


def test_the_same_again_changes_nothing(world: TaskWorld) -> None:
    """However a cron expression is spaced."""
    by_cron = world.tasks.add(OWNER, task(cron="0  8 * * *")).schedule
    by_interval = world.tasks.add(OWNER, task()).schedule
    world.people.wait(minutes=2)

    assert world.tasks.replace(OWNER, by_cron.id, task(cron="0 8 * * *")).schedule == by_cron
    assert world.tasks.replace(OWNER, by_interval.id, task()).schedule == by_interval


def test_from_interval_to_cron_and_back(world: TaskWorld) -> None:
    """Both are rhythms."""
    id_ = world.tasks.add(OWNER, task()).schedule.id

    assert world.tasks.replace(OWNER, id_, task(cron="0 8 * * *")).schedule.rule == Cron("0 8 * * *", "UTC")
    assert isinstance(world.tasks.replace(OWNER, id_, task()).schedule.rule, Every)


def test_a_paused_task_is_replaced_and_stays_paused(world: TaskWorld) -> None:
    """Somebody wanted it so."""
    id_ = world.tasks.add(OWNER, task()).schedule.id
    world.tasks.pause(OWNER, id_)

    assert world.tasks.replace(OWNER, id_, task(title="Prices")).schedule.state is ScheduleState.PAUSED


def test_a_removed_task_is_not_replaced(world: TaskWorld) -> None:
    """And nobody is put on it."""
    id_ = world.tasks.add(OWNER, task("ada")).schedule.id
    world.tasks.remove(OWNER, id_)

    with pytest.raises(ScheduleRefused):
        world.tasks.replace(OWNER, id_, task("bob"))
    assert world.people.rows("bob") == {}


# ---- pausing, removing ----------------------------------------------------------------------------------------------


def test_paused_and_resumed_by_a_link(world: TaskWorld) -> None:
    """Who holds it is nobody's owner; its pictures come when they would have come."""
    before = world.tasks.add(OWNER, task()).schedule
    assert world.tasks.pause(None, before.id).schedule.state is ScheduleState.PAUSED
    assert world.tasks.upcoming(None, before.id, 3) == []
    world.people.wait(minutes=20)

    assert world.tasks.resume(None, before.id).schedule.next_at == SOON + timedelta(minutes=30)
    assert world.tasks.upcoming(None, before.id, 2) == [SOON + timedelta(minutes=30), SOON + timedelta(minutes=45)]


def test_removed_it_raises_no_more_and_nobody_is_on_it(world: TaskWorld) -> None:
    """The records say by whose word; doing it again changes nothing."""
    id_ = world.tasks.add(OWNER, task("ada", "bob")).schedule.id
    for _ in range(2):
        assert world.operators.remove(None, id_).schedule.state is ScheduleState.CANCELLED

    row = world.people.there("ada", audience_of(id_))
    assert row.state is MembershipState.LEFT
    assert row.left is not None
    assert (row.left.how, row.left.form) == (ConsentWay.OPERATOR, f"task {id_} of {OWNER}")
    assert world.mailed(id_) == []


def test_a_version_that_is_not_the_current_one_changes_nothing(world: TaskWorld) -> None:
    """Neither the schedule nor the audience."""
    id_ = world.tasks.add(OWNER, task("ada")).schedule.id

    for change in (
        lambda: world.tasks.replace(OWNER, id_, task("bob"), version=7),
        lambda: world.tasks.remove(OWNER, id_, version=7),
        lambda: world.tasks.pause(OWNER, id_, version=7),
        lambda: world.tasks.resume(OWNER, id_, version=7),
    ):
        with pytest.raises(ScheduleChanged):
            change()
    assert world.mailed(id_) == ["ada"]
    assert world.tasks.get(OWNER, id_).schedule.version == 1


def test_somebody_elses_task_is_unknown(world: TaskWorld) -> None:
    """And so is a schedule that is no task."""
    theirs = world.tasks.add(OWNER, task()).schedule.id
    request = Request(Every(900, SOON), Target(list_name="news"), "{}")
    other = world.scheduling.create(OWNER, request, "other").schedule.id

    for owner, id_ in (("arn:another", theirs), (OWNER, other), (OWNER, "0" * 32), (None, "0" * 32)):
        for change in (world.tasks.get, world.tasks.pause, world.tasks.remove):
            with pytest.raises(UnknownSchedule):
                change(owner, id_)


def test_tasks_are_listed_page_by_page(world: TaskWorld) -> None:
    """Without the owner's other schedules, and without other owners'."""
    ours = sorted(world.tasks.add(OWNER, task(title=f"Number {number}")).schedule.id for number in range(5))
    world.scheduling.create(OWNER, Request(Every(900, SOON), Target(list_name="news"), "{}"), "other")
    world.tasks.add("arn:another", task())

    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page, after = world.tasks.page(OWNER, after, 2)
        found += [kept.schedule.id for kept in page]
    assert found == ours


def test_whoever_is_left_is_read_back(world: TaskWorld) -> None:
    """Nobody, in the end: by their address, as it was given."""
    kept = world.tasks.add(OWNER, task("ada"))
    assert kept.task.mail_to == (address("ada"),)
    world.people.leave("ada", audience_of(kept.schedule.id))

    assert world.tasks.get(OWNER, kept.schedule.id).task.mail_to == ()


def test_sent_twice_at_once_within_the_last_of_the_quota_it_is_one_task(
    world: TaskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one finds the quota used up by the faster one, and must not take its people off."""
    world = TaskWorld(limits=Limits(recurring_per_owner=1))
    create, faster = Scheduling.create, [True]

    def overtaken(scheduling: Scheduling, owner: str, request: Request, token: str | None = None) -> Created:
        if faster.pop() if faster else False:
            world.tasks.add(OWNER, task("ada"), token)
            raise QuotaReached("there is 1 recurring schedule, as many as may be; cancel some")
        return create(scheduling, owner, request, token)

    monkeypatch.setattr(Scheduling, "create", overtaken)
    kept = world.tasks.add(OWNER, task("ada"), "once")

    assert not kept.is_new
    assert world.mailed(kept.schedule.id) == ["ada"]
