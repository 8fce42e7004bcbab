"""The relay: what it makes of each occurrence, and what becomes of targets that do not take their events."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from eventpost.errors import EventpostError, InvalidEvent, Misconfigured, Permanent, StoreUnavailable
from eventpost.model import Every, Occurrence, Once, Schedule, ScheduleState, Target, schedule_id
from eventpost.ports import Post
from eventpost.schedule import RelayReport, relay_message
from eventpost.schedule.raising import TOGETHER
from eventpost.schedule.relay_message import RelayMessage
from eventpost.schedule.relaying import LOOKS, PAUSE
from sentinels import BODY, found_in
from time_world import MINUTE, RELAY, SECOND, START, TimeWorld

LIST_URL = RELAY.replace("relay", "price_moves")
OTHER_URL = RELAY.replace("eventpost-relay", "other")
OTHER = Target(queue_arn="arn:aws:sqs:eu-west-1:123456789012:other")


def schedule(number: int = 0, **what: object) -> Schedule:
    """A schedule whose next event is due in a minute and a half, and then each minute."""
    due = START + timedelta(seconds=90)
    usual = Schedule(
        id=schedule_id("owner", str(number)),
        owner="owner",
        version=1,
        state=ScheduleState.ACTIVE,
        rule=Every(60, due),
        target=Target("price_moves"),
        body=f'{{"ticker": "{BODY}"}}',
        next_at=due,
        max_lateness=timedelta(hours=1),
        created_at=START,
    )
    return replace(usual, **what)  # type: ignore[arg-type]


def next_of(schedule: Schedule) -> Occurrence:
    """What a schedule names as its next."""
    assert schedule.next_at
    return Occurrence(schedule.next_at, schedule.id, schedule.version)


@dataclass
class Relay:
    """A relay in a world in which five minutes have been swept."""

    world: TimeWorld = field(default_factory=TimeWorld)
    report: RelayReport = field(default_factory=RelayReport)
    dead: list[tuple[RelayMessage, EventpostError]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.sweep()

    def run(self, *occurrences: Occurrence, looks: int = 0, again: bool = False) -> None:
        """Relay these."""
        body = relay_message.write(RelayMessage(occurrences, looks, again=again))
        self.world.relaying().relay(body, self.report, self._give_up)

    def _give_up(self, body: str, error: EventpostError) -> None:
        self.dead.append((relay_message.read(body), error))

    def add(self, *schedules: Schedule) -> None:
        """There are such."""
        for each in schedules:
            assert self.world.schedules.add(each)

    def sent(self, queue_url: str = LIST_URL) -> list[tuple[timedelta, Post]]:
        """What is on a queue, and for how long it is hidden."""
        return [
            (each.visible_at - self.world.clock.now(), each.post)
            for each in sorted(self.world.queues.waiting)
            if each.queue_url == queue_url
        ]

    def relayed(self) -> list[tuple[timedelta, RelayMessage]]:
        """What is on the relay's own queue, and for how long it is hidden."""
        return [(hidden, relay_message.read(post.body)) for hidden, post in self.sent(RELAY)]


@pytest.fixture
def relay() -> Relay:
    """A relay with nothing to do."""
    return Relay()


def test_an_event_goes_to_its_queue_to_be_seen_when_it_is_due(relay: Relay) -> None:
    """With its id, whose it is, and when it was to be."""
    relay.add(known := schedule())
    relay.run(next_of(known))
    ((hidden, post),) = relay.sent()

    assert hidden == timedelta(seconds=90)
    assert post.body == known.body
    due = int(next_of(known).due.timestamp())
    assert post.attributes == {
        "event_id": f"{known.id}-{due}",
        "schedule": f"{known.id}/1/{due}",
        "scheduled_for": "2026-11-22T10:01:50+00:00",
    }
    assert (relay.report.fired, relay.report.lateness_ms) == (1, [0])


def test_no_event_is_early_and_each_tells_how_late_it_is(relay: Relay) -> None:
    """A queue hides messages for whole seconds."""
    due = [schedule(0), schedule(1, next_at=START - 3 * SECOND)]
    relay.add(*due)
    relay.world.clock.advance(timedelta(milliseconds=300))
    relay.run(*map(next_of, due))

    assert [hidden for hidden, _ in relay.sent()] == [timedelta(0), 90 * SECOND]
    assert sorted(relay.report.lateness_ms) == [300, 3300]


def test_a_schedule_goes_on_to_what_is_next(relay: Relay) -> None:
    """The next occurrence is kept for the sweep, or handed over where that has been."""
    relay.add(known := schedule())
    relay.run(next_of(known))
    after = relay.world.schedules.get(known.id)

    assert after == replace(known, next_at=known.next_at + MINUTE)
    assert list(relay.world.occurrences.kept()) == [next_of(after)]
    assert [message.occurrences for _, message in relay.relayed()] == [(next_of(after),)]


def test_an_event_that_comes_once_finishes_its_schedule(relay: Relay) -> None:
    """Nothing is next."""
    due = START + 30 * SECOND
    relay.add(known := schedule(rule=Once(due), next_at=due))
    relay.run(next_of(known))

    assert relay.world.schedules.get(known.id) == replace(known, state=ScheduleState.FINISHED, next_at=None)
    assert list(relay.world.occurrences.kept()) == relay.relayed() == []


def test_first_the_events_then_the_announcement_then_the_schedules(relay: Relay) -> None:
    """For hundreds, in few calls: whoever dies in between does again what is not sure."""
    known = [schedule(number) for number in range(200)]
    relay.add(*known)
    relay.world.calls.names.clear()
    relay.run(*map(next_of, known))

    assert relay.world.calls.names == [
        "get_all",
        *["send_all"] * (200 // TOGETHER),
        *("put", "begun", "send_all", "advance"),
    ]


def test_a_message_that_comes_again_does_nothing(relay: Relay) -> None:
    """All has been done."""
    relay.add(known := schedule())
    relay.run(next_of(known))
    relay.run(next_of(known), next_of(known))

    assert len(relay.sent()) == 1
    assert (relay.report.fired, relay.report.stale) == (1, 1)


@pytest.mark.parametrize(
    "now",
    [
        {"version": 2},
        {"state": ScheduleState.PAUSED, "version": 2, "next_at": None},
        {"state": ScheduleState.CANCELLED, "version": 2, "next_at": None},
        {"state": ScheduleState.FINISHED, "next_at": None},
        {"next_at": START + timedelta(seconds=150)},
    ],
)
def test_what_is_over_is_left_alone(relay: Relay, now: dict[str, object]) -> None:
    """Changed, paused, cancelled, raised already."""
    relay.add(schedule(**now))
    relay.run(next_of(schedule()))

    assert relay.sent() == relay.relayed() == []
    assert relay.report.stale == 1


@pytest.mark.parametrize(
    "known", [None, schedule(version=1), schedule(version=2, next_at=START + timedelta(seconds=30))]
)
def test_what_no_schedule_names_yet_is_looked_at_again(relay: Relay, known: Schedule | None) -> None:
    """Whoever announced it is about to write it down, or died before they could."""
    relay.add(*filter(None, [known]))
    unnamed = next_of(schedule(version=2))
    relay.run(unnamed)

    assert relay.relayed() == [(LOOKS[0], RelayMessage((unnamed,), looks=1))]
    assert (relay.report.unnamed, relay.sent()) == (1, [])


def test_what_is_never_named_is_let_go_when_nobody_can_name_it_any_more(relay: Relay) -> None:
    """No function runs for more than a quarter of an hour."""
    unnamed = next_of(schedule())
    relay.run(unnamed, looks=len(LOOKS) - 1)
    assert [message.looks for _, message in relay.relayed()] == [len(LOOKS)]
    relay.run(unnamed, looks=len(LOOKS))

    assert (relay.report.unnamed, relay.report.stale) == (1, 1)
    assert sum(LOOKS, timedelta(0)) > timedelta(minutes=15)


def test_what_is_too_late_is_dropped_and_the_schedule_goes_on_to_what_is_not(relay: Relay) -> None:
    """After an outage of two hours nobody is mailed a hundred pictures at once."""
    late = [
        schedule(0, max_lateness=5 * MINUTE),
        schedule(1, rule=Once(START + timedelta(seconds=90)), max_lateness=MINUTE),
    ]
    relay.add(*late)
    relay.world.clock.advance(timedelta(hours=2))
    relay.run(*map(next_of, late))
    now = relay.world.clock.now()
    recurring, once = relay.world.schedules.get(late[0].id), relay.world.schedules.get(late[1].id)

    assert relay.sent() == []
    assert relay.report.late_dropped == 2
    assert recurring
    assert recurring.next_at
    assert now - 5 * MINUTE <= recurring.next_at < now - 4 * MINUTE
    assert once
    assert once.state is ScheduleState.FINISHED


def test_what_is_as_late_as_may_be_is_raised(relay: Relay) -> None:
    """Late by more is too late."""
    relay.add(known := schedule(max_lateness=5 * MINUTE))
    relay.world.clock.advance(timedelta(seconds=90) + 5 * MINUTE)
    relay.run(next_of(known))

    assert relay.report.lateness_ms == [300_000]


def test_what_is_far_off_waits_on_the_relays_queue(relay: Relay) -> None:
    """A sweep by a clock that is hours ahead costs nothing but messages: no queue delays that long."""
    far = [schedule(0, next_at=START + timedelta(hours=2)), schedule(1, next_at=START + timedelta(hours=1))]
    relay.add(*far)
    relay.run(*map(next_of, far))

    assert relay.relayed() == [(15 * MINUTE, RelayMessage(tuple(map(next_of, far))))]
    assert relay.sent() == []


@pytest.mark.parametrize("error", [Misconfigured("no such queue"), Permanent("access denied")])
def test_an_event_that_its_target_refuses_goes_to_dead_letters_alone(relay: Relay, error: Exception) -> None:
    """The others go out, and its schedule goes on: the target may be there again next time."""
    known = [schedule(0, target=OTHER), schedule(1)]
    relay.add(*known)
    relay.world.queues.broken[OTHER_URL] = error
    relay.run(*map(next_of, known))
    ((message, reason),) = relay.dead

    assert message == RelayMessage((next_of(known[0]),), again=True)
    assert str(error) in str(reason)
    assert found_in([str(reason), relay_message.write(message)]) == []
    assert len(relay.sent()) == 1
    assert (relay.report.fired, relay.report.refused) == (1, 1)
    after = relay.world.schedules.get(known[0].id)
    assert after
    assert after.next_at == START + timedelta(seconds=150)


def test_of_many_only_the_event_that_is_refused_is_given_up(relay: Relay) -> None:
    """A queue that refuses a message takes its neighbours."""
    known = [schedule(number, body="too large" if number == 3 else "{}") for number in range(5)]
    relay.add(*known)
    send_all = relay.world.queues.send_all

    def refusing(queue_url: str, posts: Sequence[Post], *more: timedelta) -> None:
        if any(post.body == "too large" for post in posts):
            msg = "the queue refused a message: InvalidMessageContents"
            raise Permanent(msg)
        send_all(queue_url, posts, *more)

    relay.world.queues.send_all = refusing  # type: ignore[method-assign, assignment]
    relay.run(*map(next_of, known))

    assert [message.occurrences for message, _ in relay.dead] == [(next_of(known[3]),)]
    assert (relay.report.fired, len(relay.sent())) == (4, 4)


def test_a_target_that_does_not_answer_is_tried_again_and_holds_up_no_other(relay: Relay) -> None:
    """Its schedules do not go on until then."""
    known = [schedule(0, target=OTHER), schedule(1)]
    relay.add(*known)
    relay.world.queues.broken[OTHER_URL] = StoreUnavailable("SQS did not answer")
    relay.run(*map(next_of, known))

    assert len(relay.sent()) == 1
    assert relay.relayed()[-1] == (PAUSE, RelayMessage((next_of(known[0]),)))
    assert relay.report.put_back == 1
    assert relay.world.schedules.get(known[0].id) == known[0]


@pytest.mark.parametrize("call", ["get_all", "put", "begun", "advance"])
def test_a_store_that_does_not_answer_costs_no_message(relay: Relay, call: str) -> None:
    """The message goes back as a new one: on dead letters, all its schedules would stand still."""
    relay.add(known := schedule())
    ports = relay.world.schedules if call in {"get_all", "advance"} else relay.world.occurrences
    setattr(relay.world.sweeps if call == "begun" else ports, call, _silent)
    relay.run(next_of(known), looks=2)

    left = {"looks": 2} if call == "get_all" else {"raised": True}
    assert (PAUSE, RelayMessage((next_of(known),), **left)) in relay.relayed()  # type: ignore[arg-type]
    assert (relay.report.put_back, relay.report.trouble) == (1, "DynamoDB did not answer")


def _silent(*_: object) -> None:
    msg = "DynamoDB did not answer"
    raise StoreUnavailable(msg)


def test_where_the_relays_queue_does_not_answer_the_message_stays_on_it(relay: Relay) -> None:
    """It comes again by itself."""
    relay.add(known := schedule())
    relay.world.queues.broken[RELAY] = StoreUnavailable("SQS did not answer")

    with pytest.raises(StoreUnavailable):
        relay.run(next_of(known))


def test_a_replayed_event_is_raised_though_its_schedule_has_gone_on(relay: Relay) -> None:
    """However late, and its schedule stays where it is."""
    relay.add(known := schedule(next_at=START + timedelta(hours=3), max_lateness=MINUTE))
    relay.world.clock.advance(timedelta(hours=2))
    relay.run(next_of(schedule()), again=True)

    assert [post.body for _, post in relay.sent()] == [known.body]
    assert relay.world.schedules.get(known.id) == known
    assert relay.report.lateness_ms == []


@pytest.mark.parametrize("state", [ScheduleState.PAUSED, ScheduleState.CANCELLED])
def test_a_replayed_event_of_a_schedule_that_is_stopped_is_not_raised(relay: Relay, state: ScheduleState) -> None:
    """Its owner has spoken since."""
    relay.add(schedule(state=state, version=2))
    relay.run(next_of(schedule()), again=True)

    assert (relay.sent(), relay.report.stale) == ([], 1)


def test_a_replayed_event_whose_target_does_not_answer_stays_a_message(relay: Relay) -> None:
    """Its time has gone by, so nothing but the message knows of it."""
    relay.add(schedule())
    relay.world.queues.broken[LIST_URL] = StoreUnavailable("SQS did not answer")

    with pytest.raises(StoreUnavailable):
        relay.run(next_of(schedule()), again=True)
    assert relay.relayed() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"occurrences": []}',
        '{"occurrences": [["x", 1, 1]]}',
        '{"occurrences": [["0123456789abcdef0123456789abcdef", 0, 1]]}',
        '{"occurrences": [["0123456789abcdef0123456789abcdef", 1, 1e99]]}',
        f'{{"occurrences": [["{BODY}", 1, 1]], "more": 1}}',
    ],
)
def test_a_message_of_somebody_else_is_refused_for_good(body: str) -> None:
    """And none of it is repeated."""
    with pytest.raises(InvalidEvent) as caught:
        relay_message.read(body)

    assert found_in([str(caught.value)]) == []


def test_a_message_is_read_as_it_was_written() -> None:
    """Of as many occurrences as one may hold."""
    occurrences = tuple(next_of(schedule(number)) for number in range(relay_message.MOST))
    message = RelayMessage(occurrences, looks=3, again=True)
    body = relay_message.write(message)

    assert relay_message.read(body) == message
    assert len(body) < 64_000, "SQS counts another request for each 64 KB"
