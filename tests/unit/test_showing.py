"""What an event's mails show: one capture for all slices and tries, and one decision where that fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any, Literal

import pytest

import given
import received_mail
from eventpost.deliver import Report
from eventpost.deliver.comparing import changed_share
from eventpost.deliver.decision import Decision, Shows
from eventpost.deliver.difference import difference_hash
from eventpost.deliver.showing import Showing, Shown
from eventpost.errors import (
    CaptureFailed,
    CaptureRefused,
    CaptureUnavailable,
    MailTooLarge,
    Misconfigured,
    StoreUnavailable,
    TemplateFault,
)
from eventpost.lists import Screenshot
from eventpost.model import NoPicture, OutcomeKind, Picture
from eventpost.ports import Capture
from given import NOW, System, price_moves, raised
from page_pictures import DOWN, ScriptedCapture, encoded, page
from queue_world import QueueWorld, join_many

REFUSED = CaptureRefused("UrlRefused: the host of the page is not public")
OnFailure = Literal["retry", "send", "dead_letters"]


def screenshot(on_failure: OnFailure = "retry", only_if_changed: int | None = None) -> Screenshot:
    """The page that the event names."""
    return Screenshot(url="{{ event.page }}", on_failure=on_failure, only_if_changed=only_if_changed)


@pytest.fixture
def world(system: System) -> QueueWorld:
    """A queue with its function, for a list that sends without a picture rather than not at all."""
    return QueueWorld(system, mail_list=price_moves(screenshot=screenshot("send")))


def scripted(system: System, *script: Any) -> ScriptedCapture:
    """The system's capture function from now on."""
    capture = ScriptedCapture(system.blobs, system.clock, *script)
    system.capture = capture  # type: ignore[assignment] # it is asked no more than the port says
    return capture


def shapes(system: System) -> set[str]:
    """How the mails are built that went out: a hundredth of them, and the last one."""
    some = [*system.transport.sent[::100], system.transport.sent[-1]]
    return {received_mail.shape(received_mail.read(message.content)) for message in some}


# --- one capture for an event -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_failure", ["retry", "send", "dead_letters"])
@pytest.mark.parametrize("only_if_changed", [None, 2])
def test_an_event_is_captured_once(
    system: System, world: QueueWorld, on_failure: OnFailure, only_if_changed: int | None
) -> None:
    """However many slices there are, however often they are handed out twice, and when all of it is replayed."""
    world.mail_list = price_moves(screenshot=screenshot(on_failure, only_if_changed))
    world.duplicates = 0.5
    capture = scripted(system, page())
    join_many(system, 3_000)
    world.raise_event(raised())
    world.run()
    world.raise_event(raised())
    for slice_ in world.slices():
        world.put(slice_)
    world.run()

    assert len(capture.requests) == 1
    assert sum(report.capture_ms is not None for report in world.reports) == 1
    assert len(system.transport.sent) == 3_000
    assert len({message.shared for message in system.transport.sent}) == 1, "everybody sees the same picture"


def test_the_picture_is_there_before_the_first_slice(
    system: System, world: QueueWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slices are served at once: if none of the first group is to be mailed, they would all have the page captured."""
    capture = scripted(system, page())
    everybody = [given.subscriber(f"s{number}", NOW + timedelta(days=1)) for number in range(3_000)]
    given.enrol(system.subscribers, "price_moves", everybody)
    system.join("ann", "bob", "cyd")
    captured: list[int] = []
    send_all = system.outbox.send_all

    def posting(*arguments: Any) -> None:
        captured.append(len(capture.requests))
        send_all(*arguments)

    monkeypatch.setattr(system.outbox, "send_all", posting)
    world.raise_event(raised())
    world.run()

    assert captured == [1]
    assert len(capture.requests) == 1
    assert sorted(system.mailed()) == ["ann", "bob", "cyd"]


def test_a_picture_is_never_that_of_another_event(system: System) -> None:
    """Another id, another body under the same id, another list: each has a key of its own."""
    capture = scripted(system, page())
    showing, report = Showing(capture, system.blobs, system.clock), Report()
    other = given.PriceMoved(ticker="AMZN", note="corrected")
    for event in (raised(), raised(event_id="event-2"), raised(other), raised(mail_list="other_moves")):
        showing.of(screenshot(), event, report)
        showing.of(screenshot(), event, report)

    assert len({request.key for request in capture.requests}) == len(capture.requests) == 4


@pytest.mark.parametrize(("days", "captures"), [(0, 1), (29, 1), (30, 2), (400, 2)])
def test_a_picture_is_as_old_as_the_ledgers_memory_at_most(system: System, days: int, captures: int) -> None:
    """An id and a body that come again later are a new event, even where pictures are kept for years."""
    capture = scripted(system, page())
    showing, report = Showing(capture, system.blobs, system.clock), Report()
    showing.of(screenshot(), raised(), report)
    system.clock.advance(timedelta(days=days))
    shown = showing.of(screenshot(), raised(raised_at=NOW + timedelta(days=days)), report)

    assert len(capture.requests) == captures
    assert isinstance(shown.picture, Picture)


def test_the_mail_says_when_its_picture_was_taken(system: System) -> None:
    """Not when it was mailed: a slice may come hours later."""
    scripted(system, page())
    showing = Showing(system.capture, system.blobs, system.clock)
    first = showing.of(screenshot(), raised(), Report())
    system.clock.advance(timedelta(hours=5))
    again = showing.of(screenshot(), raised(), Report())

    assert isinstance(first.picture, Picture)
    assert again.picture == first.picture
    assert first.picture.captured_at == NOW


# --- the page cannot be captured --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [DOWN, REFUSED])
def test_news_goes_out_without_its_picture(system: System, world: QueueWorld, fault: Exception) -> None:
    """Whether the page is down or may not be captured: all are mailed, nobody asks again, the operator reads why."""
    capture = scripted(system, fault, page())
    join_many(system, 3_000)
    world.raise_event(raised())
    world.run()

    assert len(capture.requests) == 1
    assert len(system.transport.sent) == 3_000
    assert shapes(system) == {"alternative[plain, html]"}
    assert world.is_finished(raised())
    assert sum(report.counts["without_picture"] for report in world.reports) == 1
    assert [report.capture_fault for report in world.reports if report.capture_fault] == [str(fault)]


def test_all_tries_agree_on_the_note(system: System, world: QueueWorld) -> None:
    """The page is up again for the second slice, and for a replay: they say what the first one said."""
    scripted(system, DOWN, page())
    given.write_templates(system.templates.folder, text="{{ screenshot.missing }} {{ screenshot.tried_at }}")
    join_many(system, 1_500)
    world.raise_event(raised())
    world.run()
    system.clock.advance(timedelta(days=2))
    world.raise_event(raised())
    world.run()
    some = [*system.transport.sent[::50], system.transport.sent[-1]]
    texts = {received_mail.text(received_mail.read(each.content), "plain") for each in some}

    assert {text.strip() for text in texts} == {f"True {NOW}"}
    assert len(system.transport.sent) == 1_500


def test_another_event_is_captured_again(system: System, world: QueueWorld) -> None:
    """What was decided is decided of one event."""
    capture = scripted(system, DOWN, page())
    system.join("ann")
    for event_id in ("event-1", "event-2"):
        world.raise_event(raised(event_id=event_id))
    world.run()

    assert len(capture.requests) == 2
    assert shapes(system) == {"alternative[plain, html]", "alternative[plain, related[html, png]]"}


@pytest.mark.parametrize("fault", [DOWN, REFUSED])
def test_an_event_is_given_up_on_at_once(system: System, world: QueueWorld, fault: Exception) -> None:
    """A list may say that nothing is better than later; a replay captures anew."""
    world.mail_list = price_moves(screenshot=screenshot("dead_letters"))
    scripted(system, fault, page())
    system.join("ann")
    world.raise_event(raised())
    world.run()

    (dead,) = world.dead
    assert isinstance(dead, CaptureFailed)
    assert str(dead) == str(fault)
    assert system.transport.sent == []
    world.raise_event(raised())
    world.run()
    assert len(system.transport.sent) == 1


@pytest.mark.parametrize(
    "fault", [Misconfigured("no browser"), StoreUnavailable("S3 answered SlowDown"), TemplateFault("event.page")]
)
@pytest.mark.parametrize("on_failure", ["send", "dead_letters"])
def test_what_is_not_the_pages_fault_is_told(system: System, fault: Exception, on_failure: OnFailure) -> None:
    """A function without a browser or a store that is down would else go unnoticed for weeks."""
    showing = Showing(scripted(system, fault), system.blobs, system.clock)
    with pytest.raises(type(fault)):
        showing.of(screenshot(on_failure), raised(), Report())

    assert system.blobs.kept == {}, "nothing is decided"


@pytest.mark.parametrize("on_failure", ["retry", "send", "dead_letters"])
def test_a_picture_that_cannot_be_read_is_told_whatever_the_list_says(system: System, on_failure: OnFailure) -> None:
    """The page was captured: it is the policies that are wrong."""

    class Elsewhere:
        def capture(self, _: object) -> None:
            """Keep the picture where this list cannot see it."""

    with pytest.raises(CaptureUnavailable, match="policies"):
        Showing(Elsewhere(), system.blobs, system.clock).of(screenshot(on_failure), raised(), Report())


def test_lists_that_only_retry_decide_nothing(system: System, world: QueueWorld) -> None:
    """The default costs no object in S3 but the picture."""
    world.mail_list = price_moves(screenshot=screenshot())
    scripted(system, page())
    system.join("ann")
    world.raise_event(raised())
    world.run()

    assert [key.partition("/")[0] for key in system.blobs.kept] == ["captures"]


def test_a_decision_of_an_event_that_is_forgotten_is_none(system: System) -> None:
    """An id and a body that come again after the ledger's memory are captured anew, and that stands from then on."""
    capture = scripted(system, DOWN, page())
    showing = Showing(capture, system.blobs, system.clock)
    again = raised(raised_at=NOW + timedelta(days=31))

    assert isinstance(showing.of(screenshot("send"), raised(), Report()).picture, NoPicture)
    system.clock.advance(timedelta(days=31))
    assert isinstance(showing.of(screenshot("send"), again, Report()).picture, Picture)
    (kept,) = (blob for key, blob in system.blobs.kept.items() if key.endswith(".shows.json"))
    assert Decision.model_validate_json(kept.content).shows is Shows.PICTURE


def test_a_picture_that_expired_is_captured_again(system: System) -> None:
    """A replay after weeks, where pictures are kept for less; if the page is gone, the rest is mailed without."""
    capture = scripted(system, page(), page((1, 1)), DOWN)
    showing = Showing(capture, system.blobs, system.clock)
    shown = []
    for _ in range(3):
        shown.append(showing.of(screenshot("send"), raised(), Report()).picture)
        system.blobs.kept = {key: blob for key, blob in system.blobs.kept.items() if not key.startswith("captures/")}

    assert [type(picture) for picture in shown] == [Picture, Picture, NoPicture]


# --- two first invocations at once ------------------------------------------------------------------------------------


@dataclass
class Interrupted:
    """Blobs and a capture of which one step, the `at`-th, is preceded by a whole other try."""

    system: System
    capture: Capture
    at: int
    other: Callable[[], object]
    steps: int = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            self.other()

    def __getattr__(self, name: str) -> Any:
        done = getattr(self.system.blobs, name)

        def step(*arguments: Any) -> Any:
            self._step()
            return done(*arguments)

        return step

    @property
    def taking(self) -> "Interrupted._Taking":
        """The capture function, interrupted before and after."""
        return Interrupted._Taking(self)

    @dataclass
    class _Taking:
        whole: "Interrupted"

        def capture(self, request: Any) -> None:
            """See `ports.Capture`."""
            self.whole._step()
            try:
                self.whole.capture.capture(request)
            finally:
                self.whole._step()


def at_once(system: System, shot: Screenshot, at: int, *script: Any) -> tuple[Shown, Shown, int]:
    """What two tries find, the second of which runs before the first one's `at`-th step; and how many steps it has."""
    capture = scripted(system, *script)
    others: list[Shown] = []

    def other() -> None:
        others.append(Showing(capture, system.blobs, system.clock).of(shot, raised(), Report()))

    world = Interrupted(system, capture, at, other)
    shown = Showing(world.taking, world, system.clock).of(shot, raised(), Report())  # type: ignore[arg-type]
    if not others:
        other()
    return shown, others[0], world.steps


def kinds_of_two() -> Iterator[tuple[Screenshot, tuple[Any, Any]]]:
    """Each way to show pictures, with each luck of two captures."""
    for shot in (screenshot("send"), screenshot("send", 2)):
        yield from ((shot, luck) for luck in product((page(), DOWN), repeat=2))
    yield screenshot(only_if_changed=2), (page(), page((9, 9, 1)))
    yield screenshot("dead_letters", 0), (page(), page())


@pytest.mark.parametrize("at", range(1, 12))
def test_two_first_tries_at_once_agree(system: System, at: int) -> None:
    """SQS may hand out an event twice at the same time. Wherever one interrupts the other, both show the same."""
    for number, (shot, luck) in enumerate(kinds_of_two()):
        system.blobs.kept.clear()
        one, other, steps = at_once(system, shot, at, *luck)

        assert (type(one.picture), one.is_unchanged) == (type(other.picture), other.is_unchanged), (number, at)
        assert one.mailed == other.mailed
        assert steps < 11, "the last step of all has been interrupted, too"


def test_two_first_tries_may_load_the_page_twice(system: System) -> None:
    """Nobody waits for another's capture. Each mail says when its own picture was taken; later ones show the last."""
    one, other, _ = at_once(system, screenshot(), 2, page(), page((1, 2)))
    third = Showing(system.capture, system.blobs, system.clock).of(screenshot(), raised(), Report())

    assert isinstance(one.picture, Picture)
    assert isinstance(other.picture, Picture)
    assert third.picture == one.picture


def test_who_fails_uses_what_another_has_captured(system: System) -> None:
    """The page answered one of two: neither the retry nor dead letters are needed."""
    shown = [at_once(replace_all(system), screenshot(way), 2, page(), DOWN)[0] for way in ("retry", "dead_letters")]

    assert all(isinstance(each.picture, Picture) for each in shown)


def replace_all(system: System) -> System:
    """The system with nothing kept."""
    system.blobs.kept.clear()
    return system


# --- watching a page --------------------------------------------------------------------------------------------------


@pytest.fixture
def watch(system: System) -> "Watch":
    """A list that mails changes of a page."""
    system.join("ann", "bob")
    return Watch(system, QueueWorld(system, mail_list=price_moves(screenshot=screenshot(only_if_changed=2))))


@dataclass
class Watch:
    """Raises one event after the other, each with the picture that the page has by then."""

    system: System
    world: QueueWorld
    raised: int = 0

    def see(self, image: Any, page_url: str = "https://pages.example.com/", topic: str | None = None) -> list[str]:
        """Raise an event while the page looks so; whom it was mailed to."""
        self.raised += 1
        before = len(self.system.transport.sent)
        capture = scripted(self.system, image)
        self.world.raise_event(raised(given.PriceMoved(ticker="A", page=page_url), f"watch-{self.raised}", topic))
        self.world.run()
        assert len(capture.requests) <= 1
        self.system.clock.advance(timedelta(minutes=10))
        return sorted(self.system.mailed()[before:])

    @property
    def last(self) -> Report:
        """What came of the last event."""
        return self.world.reports[-1]


OTHER = page((7, 1, 7, 1, 7))


def test_only_changes_are_mailed(watch: Watch) -> None:
    """The first picture is, the same again is not, another one is, and so is the way back."""
    assert watch.see(page()) == ["ann", "bob"]
    assert watch.see(page()) == []
    assert watch.see(OTHER) == ["ann", "bob"]
    assert watch.see(OTHER) == []
    assert watch.see(page()) == ["ann", "bob"]


def test_an_event_that_is_not_mailed_is_finished_and_told(watch: Watch) -> None:
    """All ids are covered, no subscriber has a row, the figure counts it, and a replay changes nothing."""
    watch.see(page())
    rows = len(watch.system.ledger.ended)
    watch.see(page())
    silent = raised(given.PriceMoved(ticker="A"), "watch-2")

    assert dict(watch.last.counts) == {"unchanged": 1}
    assert watch.world.is_finished(silent)
    assert [done.counts for done in watch.system.ledger.finished(silent.key)] == [{"unchanged": 1}]
    assert len(watch.system.ledger.ended) == rows
    scripted(watch.system, OTHER)
    watch.world.raise_event(silent)
    watch.world.run()
    assert len(watch.system.transport.sent) == 2, "what was decided of an event stands"


def test_a_large_audience_hears_nothing_of_no_change(watch: Watch) -> None:
    """No slice is handed out, and the audience is not read to its end."""
    join_many(watch.system, 3_000)
    watch.see(page())
    on_the_queue = len(watch.world.slices())
    assert on_the_queue > 3

    assert watch.see(page()) == []
    assert len(watch.world.slices()) == on_the_queue
    assert dict(watch.last.counts) == {"unchanged": 1}
    everybody = [given.subscriber(f"late{number}", NOW + timedelta(days=9)) for number in range(3_000)]
    given.enrol(watch.system.subscribers, "price_moves/AMZN", everybody)
    watch.see(page(), topic="AMZN")
    slices = len(watch.world.slices())
    watch.see(page(), topic="AMZN")
    assert len(watch.world.slices()) > slices, "nobody was mailed the first time, so there is nothing to compare with"


def test_slices_do_not_take_their_own_event_for_the_last_one(watch: Watch) -> None:
    """The first slice has mailed the picture when the second one comes: that is no reason to be silent."""
    join_many(watch.system, 3_000)

    assert len(watch.see(page())) == 3_002
    assert sum(report.counts["unchanged"] for report in watch.world.reports) == 0


def test_a_small_change_goes_on_counting_from_the_last_mail(watch: Watch) -> None:
    """A page that changes a little each time is mailed once the sum is enough: compared is what was mailed."""
    heights = [(3, 5, 2, 6), *((3 + step, 5, 2, 6 - step) for step in range(1, 6))]
    mailed = [bool(watch.see(page(bars))) for bars in heights]

    assert mailed[0]
    assert any(mailed[1:])


def test_pages_and_topics_are_watched_each_by_itself(watch: Watch) -> None:
    """The same picture of another page, or for another topic, is news there."""
    watch.system.join("cyd", audience="price_moves/AMZN")
    assert watch.see(page()) == ["ann", "bob"]

    assert watch.see(page(), page_url="https://pages.example.com/other") == ["ann", "bob"]
    assert watch.see(page(), topic="AMZN") == ["cyd"]
    assert watch.see(page(), topic="AMZN") == []


def test_a_picture_that_nobody_got_is_not_the_last_one(watch: Watch) -> None:
    """The provider was down until the event was given up on: the next one tells what has changed."""
    watch.see(page())
    transport = watch.system.transport
    transport.answers = {given.subscriber(local).id: OutcomeKind.DEFERRED for local in ("ann", "bob")}
    scripted(watch.system, OTHER)
    report, event = Report(), raised(given.PriceMoved(ticker="A"), "in-vain")
    watch.system.delivering.deliver(watch.world.mail_list, event, "{}", watch.system.invocation(), report)
    assert report.counts["deferred"] == 2
    transport.answers = {}

    assert watch.see(OTHER) == ["ann", "bob"]


def test_a_crash_before_the_note_is_made_good_by_the_next_try(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are mailed, then S3 is down: the message comes again, finds everybody settled, and notes the picture."""
    system, event = watch.system, raised(given.PriceMoved(ticker="A"), "watch-0")
    scripted(system, page())
    put = system.blobs.put

    def down(key: str, blob: Any) -> None:
        if key.startswith("watched/"):
            msg = "S3 answered SlowDown"
            raise StoreUnavailable(msg)
        put(key, blob)

    monkeypatch.setattr(system.blobs, "put", down)
    with pytest.raises(StoreUnavailable):
        system.delivering.deliver(watch.world.mail_list, event, "{}", system.invocation("one"), Report())
    assert len(system.transport.sent) == 2
    monkeypatch.undo()
    system.delivering.deliver(watch.world.mail_list, event, "{}", system.invocation("two"), Report())

    assert len(system.transport.sent) == 2
    assert watch.see(page()) == []


def test_a_late_slice_does_not_bring_back_an_old_picture(watch: Watch) -> None:
    """An event that is mailed for hours ends after a newer one: what was captured last counts."""
    watch.see(page())
    watch.see(OTHER)
    showing = Showing(watch.system.capture, watch.system.blobs, watch.system.clock)
    shot = watch.world.mail_list.screenshot
    assert shot is not None
    old = showing.of(shot, raised(given.PriceMoved(ticker="A"), "watch-1"), Report())
    assert old.mailed is not None
    newest = {key: blob for key, blob in watch.system.blobs.kept.items() if key.startswith("watched/")}
    showing.note_mailed(shot, raised(), replace_time(old))

    assert {key: blob for key, blob in watch.system.blobs.kept.items() if key.startswith("watched/")} == newest


def replace_time(shown: Shown) -> Shown:
    """What this one would note, captured before anything else."""
    assert shown.mailed is not None
    return replace(shown, mailed=shown.mailed.model_copy(update={"captured_at": NOW - timedelta(days=1)}))


def test_a_page_that_is_down_says_nothing_of_changes(watch: Watch) -> None:
    """Under `retry` the event is tried again; under `send` it is mailed with the note."""
    watch.see(page())
    with pytest.raises(CaptureUnavailable):
        watch.see(DOWN)
    watch.world = replace(watch.world, mail_list=price_moves(screenshot=screenshot("send", 2)))

    assert watch.see(DOWN) == ["ann", "bob"]


def test_a_page_that_stays_down_is_told_of_once_and_so_is_that_it_is_back(watch: Watch) -> None:
    """Who wants changes alone, of a page that is looked at each minute, is not told each minute that it is down."""
    watch.world = replace(watch.world, mail_list=price_moves(screenshot=screenshot("send", 2)))
    seen = [bool(watch.see(image)) for image in (DOWN, DOWN, page(), page(), DOWN, DOWN, page(), page(), OTHER)]

    assert seen == [True, False, True, False, True, False, True, False, True]
    assert watch.see(DOWN, page_url="https://pages.example.com/other") == ["ann", "bob"], "of each page by itself"


def test_each_note_is_mailed_where_each_picture_is(watch: Watch) -> None:
    """Who wants to see the page at eight is told at eight that it cannot be seen."""
    watch.world = replace(watch.world, mail_list=price_moves(screenshot=screenshot("send")))

    assert [bool(watch.see(image)) for image in (page(), DOWN, DOWN, page())] == [True] * 4


def test_a_note_that_nobody_got_is_mailed_again(watch: Watch) -> None:
    """As a picture that nobody got: the provider was down until the event was given up on."""
    watch.world = replace(watch.world, mail_list=price_moves(screenshot=screenshot("send", 2)))
    transport = watch.system.transport
    transport.answers = {given.subscriber(local).id: OutcomeKind.DEFERRED for local in ("ann", "bob")}
    scripted(watch.system, DOWN)
    event = raised(given.PriceMoved(ticker="A"), "in-vain")
    watch.system.delivering.deliver(watch.world.mail_list, event, "{}", watch.system.invocation(), Report())
    transport.answers = {}

    assert watch.see(DOWN) == ["ann", "bob"]


def test_pictures_that_cannot_be_compared_are_mailed(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is the next one: nobody knows whether it is the same."""
    monkeypatch.setattr("eventpost.deliver.difference.MOST_PIXELS", 1000)
    assert watch.see(page()) == ["ann", "bob"]
    assert watch.see(page()) == ["ann", "bob"]
    monkeypatch.undo()
    assert watch.see(page()) == ["ann", "bob"]
    assert watch.see(page()) == []


def test_nobody_to_mail_is_no_reason_to_look(watch: Watch) -> None:
    """An audience of nobody captures nothing, and the next event is the first."""
    assert watch.see(page(), topic="IBM") == []
    watch.system.join("cyd", audience="price_moves/IBM")
    assert watch.see(page(), topic="IBM") == ["cyd"]


# --- what was mailed before -------------------------------------------------------------------------------------------


@pytest.fixture
def beside(system: System) -> Watch:
    """A list that mails every picture of a page, beside the one before."""
    system.join("ann", "bob")
    return Watch(system, QueueWorld(system, mail_list=price_moves(screenshot=BESIDE)))


BESIDE = Screenshot(url="{{ event.page }}", with_previous=True)


def before_of(system: System, which: int = -1) -> bytes | None:
    """The picture from before in this mail, if there is one."""
    mail = received_mail.read(system.transport.sent[which].content)
    found = [part for part in received_mail.leaves(mail) if str(part["Content-ID"]).startswith("<before.")]
    content: bytes | None = found[0].get_content() if found else None
    return content


def kept_copies(system: System) -> list[str]:
    """The keys of the copies that are kept for the next event."""
    return [key for key in system.blobs.kept if key.startswith("watched/") and key.endswith(".jpg")]


def test_each_mail_shows_the_picture_of_the_one_before(beside: Watch) -> None:
    """The first has none; then it is what was mailed last, made smaller, whatever the page looks like by now."""
    seen = []
    for image in (page(), OTHER, OTHER, page()):
        assert beside.see(image) == ["ann", "bob"], "every picture is mailed"
        seen.append(before_of(beside.system))

    assert seen[0] is None
    assert seen[1] is not None
    assert changed_share(seen[1], encoded(page())) == pytest.approx(0, abs=0.02)
    assert seen[2] == seen[3]
    assert changed_share(seen[3] or b"", encoded(OTHER)) == pytest.approx(0, abs=0.02)
    assert len(kept_copies(beside.system)) == 1, "one copy for each page, not for each mail"


def test_all_slices_and_replays_show_the_same_two_pictures(beside: Watch) -> None:
    """Also those that come when the next event has been mailed: its picture has taken the place of the last one."""
    join_many(beside.system, 3_000)
    beside.see(page())
    first = len(beside.system.transport.sent)
    beside.see(OTHER)
    second = {before_of(beside.system, which) for which in range(first, len(beside.system.transport.sent), 100)}
    assert len(second) == 1
    assert None not in second
    showing = Showing(beside.system.capture, beside.system.blobs, beside.system.clock)
    again = showing.of(BESIDE, raised(given.PriceMoved(ticker="A"), "watch-2"), Report())

    assert again.last is not None
    assert again.last.picture is not None
    assert again.last.picture.content in second
    assert again.last.changed == pytest.approx(changed_share(encoded(page()), encoded(OTHER)), abs=0.01)


def test_the_copy_outlives_the_capture(beside: Watch) -> None:
    """Captures expire after weeks. A page that is mailed once a year has its picture of last year all the same."""
    beside.see(page())
    kept = beside.system.blobs.kept
    for key in [key for key in kept if key.startswith(("captures/", "events/"))]:
        del kept[key]
    beside.see(OTHER)

    assert before_of(beside.system) is not None


def test_a_copy_that_is_gone_is_no_fault(beside: Watch) -> None:
    """The mail says since when, and that it cannot tell what has changed."""
    beside.see(page())
    for key in kept_copies(beside.system):
        del beside.system.blobs.kept[key]
    shown = showing_of(beside, OTHER)

    assert shown.last is not None
    assert (shown.last.picture, shown.last.changed, shown.last.captured_at) == (None, None, NOW)


def test_a_copy_of_another_picture_is_not_taken_for_the_last_one(beside: Watch) -> None:
    """A crash between the copy and the note of it leaves the two apart."""
    beside.see(page())
    (key,) = kept_copies(beside.system)
    blob = beside.system.blobs.kept[key]
    later = {**blob.metadata, "captured-at": (NOW + timedelta(hours=1)).isoformat()}
    beside.system.blobs.kept[key] = replace(blob, metadata=later)
    shown = showing_of(beside, OTHER)

    assert shown.last is not None
    assert shown.last.picture is None


def showing_of(watch: Watch, image: Any) -> Shown:
    """What an event shows while the page looks so."""
    capture = scripted(watch.system, image)
    event = raised(given.PriceMoved(ticker="A"), "looked-at")
    return Showing(capture, watch.system.blobs, watch.system.clock).of(BESIDE, event, Report())


def test_a_page_that_cannot_be_compared_is_mailed_alone(beside: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many pixels: no copy is kept of it, and the copy from before is not taken for one of it."""
    beside.see(page())
    monkeypatch.setattr("eventpost.deliver.difference.MOST_PIXELS", 1000)
    assert beside.see(OTHER) == ["ann", "bob"]
    monkeypatch.undo()

    assert beside.see(page()) == ["ann", "bob"]
    assert before_of(beside.system) is None


def test_only_changes_are_mailed_beside_the_last_mailed(beside: Watch) -> None:
    """What nobody got is nobody's picture from before."""
    both = replace(BESIDE, only_if_changed=2)
    beside.world.mail_list = price_moves(screenshot=both)
    assert [beside.see(image) for image in (page(), page(), OTHER)] == [["ann", "bob"], [], ["ann", "bob"]]
    before = before_of(beside.system)

    assert before is not None
    assert changed_share(before, encoded(page())) == pytest.approx(0, abs=0.02)


def test_where_any_change_counts_so_does_one_that_the_hash_cannot_see(beside: Watch) -> None:
    """A price of small figures: its cells have changed, though the picture is as light and dark as before."""
    beside.world.mail_list = price_moves(screenshot=replace(BESIDE, only_if_changed=0))
    cheap, dear = page(footer="Flat white 4.50"), page(footer="Flat white 5.20")
    assert difference_hash(encoded(cheap)) == difference_hash(encoded(dear))

    assert [bool(beside.see(image)) for image in (cheap, cheap, dear, dear, cheap)] == [True, False, True, False, True]


def test_a_small_change_is_none_where_some_may_differ(beside: Watch) -> None:
    """For pages with a clock or a banner."""
    beside.world.mail_list = price_moves(screenshot=replace(BESIDE, only_if_changed=1))

    assert [bool(beside.see(page(footer=f"It is {hour}:00"))) for hour in (10, 11, 12)] == [True, False, False]


def test_a_note_in_the_pictures_place_leaves_the_last_one(beside: Watch) -> None:
    """The page was down once: the next mail shows what was seen before that."""
    beside.world.mail_list = price_moves(screenshot=replace(BESIDE, on_failure="send"))
    for image in (page(), DOWN, OTHER):
        assert beside.see(image) == ["ann", "bob"]
    before = before_of(beside.system)

    assert before is not None
    assert changed_share(before, encoded(page())) == pytest.approx(0, abs=0.02)


def test_the_last_picture_is_left_out_where_both_are_too_large(beside: Watch) -> None:
    """Rather than mailing nobody. Where the present one alone is too large, the event is given up as ever."""
    beside.see(page())
    beside.see(OTHER)
    alone, both = (len(beside.system.transport.sent[which].content) for which in (0, -1))
    assert alone < both
    beside.system.transport.largest = both - 1
    assert beside.see(page()) == ["ann", "bob"]
    assert before_of(beside.system) is None
    beside.system.transport.largest = 400
    beside.see(OTHER)

    assert isinstance(beside.world.dead[-1], MailTooLarge)


def test_each_event_says_for_itself_how_its_page_is_captured(system: System) -> None:
    """By a function in the list's declaration; what cannot be captured is the event's fault."""

    def by_note(event: given.PriceMoved) -> Screenshot:
        return Screenshot(url="{{ event.page }}", selector=event.note or None)

    world = QueueWorld(system, mail_list=price_moves(screenshot=by_note))
    capture = scripted(system, page())
    system.join("ann")
    for number, note in enumerate(("#chart", "", " ")):
        world.raise_event(raised(given.PriceMoved(ticker="A", note=note), f"event-{number}"))
    world.run()

    assert [request.options.selector for request in capture.requests] == ["#chart", None]
    assert len(system.transport.sent) == 2
    assert [str(fault) for fault in world.dead] == [
        "the event asks for a screenshot that cannot be taken: see the options in docs/screenshots.md"
    ]


@pytest.mark.parametrize("at", range(1, 16))
def test_two_first_tries_at_once_show_the_same_two_pictures(system: System, at: int) -> None:
    """Wherever one interrupts the other: the same from before, or none, and as much that has changed."""
    for luck in ((OTHER, OTHER), (OTHER, page((9, 9, 1)))):
        system.blobs.kept.clear()
        showing = Showing(scripted(system, page()), system.blobs, system.clock)
        first = raised(event_id="event-0")
        showing.note_mailed(BESIDE, first, showing.of(BESIDE, first, Report()))
        one, other, steps = at_once(system, BESIDE, at, *luck)

        assert one.last == other.last
        assert one.last is not None
        assert one.last.picture is not None
        assert one.mailed == other.mailed
        assert steps < 15, "the last step of all has been interrupted, too"
