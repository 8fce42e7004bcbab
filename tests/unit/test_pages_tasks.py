"""The page behind the link to a task in its mails: whoever gets them can pause, resume and stop it for everybody."""

import pytest

from consent_world import id_of, link
from eventpost.errors import ScheduleChanged, StoreUnavailable
from eventpost.links import LinkTarget, Purpose, audience_tag
from eventpost.model import MembershipState, ScheduleState
from eventpost.tasks import Tasks, audience_of
from preferences_site import Site
from task_world import OWNER, PAGE, task

PAUSE, RESUME, STOP = ({"action": name} for name in ("pause", "resume", "stop"))


class Watched(Site):
    """Ann and Bob get the mails of one task, and Cyd those of another."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.id = self.tasks.add(OWNER, task("ann", "bob", title="Prices <b>")).schedule.id
        self.other = self.tasks.add(OWNER, task("cyd", title="Other")).schedule.id

    def link(self, local: str = "ann", task_id: str = "") -> str:
        """The path of the link in this mailbox's mails."""
        return self.url(Purpose.TASK, link(local, audience_of(task_id or self.id)))

    @property
    def state(self) -> ScheduleState:
        """What the task is up to."""
        return self.tasks.get(None, self.id).schedule.state


@pytest.fixture
def site() -> Watched:
    """The tasks have just been added."""
    return Watched()


def test_the_page_says_what_is_watched(site: Watched) -> None:
    """Its title, page, rhythm and next time; looking changes nothing, also by HEAD."""
    before, page = site.kept(), site.get(site.link())

    assert page.status == 200
    for words in ("Prices <b>", PAGE, "every 15 minutes", "2026-01-01, 00:00 UTC", "For everybody"):
        assert words in page.text
    assert "<b>" not in page.html
    assert "pii.example.com" not in page.html, "it tells nobody who else gets the mails"
    assert (site.kept(), site.state) == (before, ScheduleState.ACTIVE)
    assert site.visit("HEAD", site.link()).html == ""


def test_times_are_those_of_the_task(site: Watched) -> None:
    """By the clock that its rhythm goes by."""
    kept = site.tasks.add(OWNER, task("ann", cron="0 8 * * *", time_zone="Europe/Berlin", title="Mornings"))

    assert "2026-01-01, 08:00 CET" in site.get(site.link("ann", kept.schedule.id)).text


def test_pause_and_resume(site: Watched) -> None:
    """Each is one press, and the page then offers the other."""
    page = site.get(site.link())
    paused = site.post(page.target, **PAUSE)
    assert site.state is ScheduleState.PAUSED
    assert "Paused. Nobody gets these mails" in paused.text
    assert "not before it is resumed" in paused.text
    assert [dict(form.fields) for form in paused.shown.forms] == [RESUME, STOP]

    resumed = site.post(page.target, **RESUME)
    assert site.state is ScheduleState.ACTIVE
    assert "The mails go on." in resumed.text
    assert [dict(form.fields) for form in resumed.shown.forms] == [PAUSE, STOP]


def test_stopping_ends_it_for_everybody(site: Watched) -> None:
    """The others are off it as well, their records say so, and the other task goes on."""
    stopped = site.post(site.link(), **STOP)

    assert "Stopped. Nobody gets these mails any more." in stopped.text
    assert "never again" in stopped.text
    assert stopped.shown.forms == []
    assert site.state is ScheduleState.CANCELLED
    assert [site.world.states(local)[audience_of(site.id)] for local in ("ann", "bob")] == [MembershipState.LEFT] * 2
    assert site.task_world.mailed(site.other) == ["cyd"]
    assert "You are not on this list" in site.get(site.link("bob")).text


@pytest.mark.parametrize("wish", [PAUSE, RESUME, STOP])
def test_doing_it_twice_says_the_same(site: Watched, wish: dict[str, str]) -> None:
    """But for who has been taken off by the first one."""
    once, twice = (site.post(site.link(), **wish) for _ in range(2))

    assert (once.status, twice.status) == (200, 200)
    assert wish is STOP or once.html == twice.html


@pytest.mark.parametrize("body", [b"", b"action=erase", b"List-Unsubscribe=One-Click", b"\xff\x00"])
def test_a_post_that_asks_for_nothing_changes_nothing(site: Watched, body: bytes) -> None:
    """Some scanners post. They do not know the words."""
    page = site.visit("POST", site.link(), body, content_type="application/x-www-form-urlencoded")

    assert page.status == 400
    assert site.state is ScheduleState.ACTIVE


def test_who_has_left_can_do_nothing(site: Watched) -> None:
    """An old mail is no way to what others get. Nor does it tell how their task goes."""
    site.post(site.url(Purpose.UNSUBSCRIBE, link("ann", audience_of(site.id))), action="leave")
    for page in (site.get(site.link()), site.post(site.link(), **STOP)):
        assert "You are not on this list" in page.text
        assert PAGE not in page.text
    assert site.state is ScheduleState.ACTIVE


def test_a_strangers_link_leads_nowhere(site: Watched) -> None:
    """Cyd is on another task; and a link for another purpose, or for no task, is none to a task."""
    assert "You are not on this list" in site.get(site.link("cyd")).text
    site.world.join("ann", "stock_alerts/AMZN")
    assert "nothing to do any more" in site.get(site.url(Purpose.TASK, link("ann", "stock_alerts/AMZN"))).text
    forged = site.link().replace("/t/", "/p/")
    assert site.get(forged).status == 400
    assert site.get(site.preferences("ann").replace("/p/", "/t/")).status == 400


def test_a_link_works_after_a_change_of_address(site: Watched) -> None:
    """As those to leave and to the preferences do."""
    site.world.move("ann", "ann-new", audience_of(site.id))

    site.post(site.link("ann"), **PAUSE)
    assert site.state is ScheduleState.PAUSED


def test_the_page_offers_to_leave_for_oneself(site: Watched) -> None:
    """By the same link that is in the mail; there the topic has its title, and so it has once they have left."""
    (path,) = [target for target in site.get(site.link()).shown.links if "/u/" in target]
    assert path.removeprefix("../") == site.url(Purpose.UNSUBSCRIBE, link("ann", audience_of(site.id))).lstrip("/")
    question = site.get(f"/{path.removeprefix('../')}")
    assert "Site watch" in question.text
    assert "Prices <b>" in question.text
    left = site.press(question)
    assert "Prices <b>" in left.text
    undone = site.press(left)
    assert "Prices <b>" in undone.text
    assert site.task_world.mailed(site.id) == ["ann", "bob"]


def test_preferences_call_tasks_by_their_titles(site: Watched) -> None:
    """An id says nothing to anybody; and what a task is called is not carried over to what is joined beside it."""
    page = site.get(site.preferences("ann", audience_of(site.id)))
    assert "Prices <b>" in page.text
    assert site.id not in page.text
    found = site.get(f"{site.preferences('ann', audience_of(site.id))}?q=prices")
    assert "Prices <b>" in found.text

    site.post(page.target, ("shown_off", "news"), ("on", "news"), action="save")
    assert site.world.on("ann") == {"news", audience_of(site.id)}
    assert "title" not in site.world.there("ann", "news").attributes


def test_nobody_joins_a_task_by_themselves(site: Watched) -> None:
    """Neither by a made-up form nor from the preferences of somebody who is on another one."""
    mine, others = audience_of(site.other), audience_of(site.id)
    page = site.post(site.preferences("cyd", mine), ("shown_off", others), ("on", others), action="save")

    assert "can no longer be joined" in page.text
    assert site.world.on("cyd") == {mine}
    site.post("/join/site_watch", email="dan@example.com", topic=site.id)
    assert site.task_world.mailed(site.id) == ["ann", "bob"]


def test_a_link_that_is_too_old_is_none(site: Watched) -> None:
    """After more than a year."""
    target = LinkTarget(id_of("ann"), audience_tag(audience_of(site.id)))
    with pytest.MonkeyPatch.context() as patched:
        past = 1_600_000_000
        patched.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _: past)
        old = site.url(Purpose.TASK, target)

    assert site.get(old).status == 410


@pytest.mark.parametrize(("fault", "status"), [(StoreUnavailable("x"), 503), (ScheduleChanged("x"), 503)])
def test_a_fault_has_its_page(site: Watched, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int) -> None:
    """And nothing is done by half that a second press does not mend."""

    def failing(*_: object) -> None:
        raise fault

    monkeypatch.setattr(Tasks, "pause", failing)
    assert site.post(site.link(), **PAUSE).status == status


def test_the_page_speaks_german(site: Watched) -> None:
    """All of it but the rhythm, which says so."""
    page = site.get(site.link(), accept_language="de")

    assert "Für alle, die diese Mails bekommen" in page.text
    assert '<dd lang="en"><bdi>every 15 minutes</bdi>' in page.html
