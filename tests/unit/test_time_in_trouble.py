"""Time in trouble: targets that are slow, rules that no longer hold, stores that stop halfway, minutes without end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber

from eventpost.adapters import schedule_rows
from eventpost.adapters.sqs_outbox import SqsOutbox
from eventpost.errors import EventpostError, ScheduleRefused, StoreUnavailable
from eventpost.model import Cron, Every, Occurrence, Schedule, ScheduleState, Target, schedule_id
from eventpost.ports import Post
from eventpost.schedule import Changes, RelayReport, Request, Targets, relay_message
from eventpost.schedule.relay_message import RelayMessage
from eventpost.schedule.relaying import PAUSE
from eventpost.schedule.standing import attribute
from time_world import LIST, MINUTE, RELAY, SECOND, START, TimeWorld

RELAYS_TIMEOUT = 40 * SECOND
LIST_URL = RELAY.replace("relay", LIST)
DUE = START + 2 * MINUTE
SOON = START.replace(second=0) + MINUTE


@pytest.fixture
def world() -> TimeWorld:
    """A world in which five minutes have been swept."""
    world = TimeWorld()
    world.sweep()
    return world


def added(world: TimeWorld, number: int, queue: str = "", **what: object) -> Occurrence:
    """There is such a schedule; its next occurrence."""
    usual = Schedule(
        id=schedule_id("owner", str(number)),
        owner="owner",
        version=1,
        state=ScheduleState.ACTIVE,
        rule=Every(3600, DUE),
        target=Target(queue_arn=f"arn:aws:sqs:eu-west-1:123456789012:{queue}") if queue else Target(LIST),
        body="{}",
        next_at=DUE,
        max_lateness=timedelta(hours=1),
        created_at=START,
    )
    known = replace(usual, **what)  # type: ignore[arg-type]
    assert world.schedules.add(known)
    assert known.next_at
    return Occurrence(known.next_at, known.id, 1)


def relay(world: TimeWorld, message: RelayMessage) -> tuple[RelayReport, list[tuple[RelayMessage, EventpostError]]]:
    """What becomes of the message, and who was given up on."""
    report, dead = RelayReport(), list[tuple[RelayMessage, EventpostError]]()
    world.relaying().relay(
        relay_message.write(message), report, lambda body, why: dead.append((relay_message.read(body), why))
    )
    return report, dead


def messages(world: TimeWorld) -> list[RelayMessage]:
    """What is on the relay's queue."""
    return [relay_message.read(each.post.body) for each in sorted(world.queues.waiting) if each.queue_url == RELAY]


def events(world: TimeWorld) -> list[str]:
    """The ids of the events on the queues of targets."""
    return [each.post.attributes["event_id"] for each in world.queues.waiting if each.queue_url != RELAY]


type SendAll = Callable[[str, Sequence[Post], timedelta], None]


def in_front(world: TimeWorld, first: Callable[[str, Sequence[Post]], None]) -> None:
    """Have this happen before messages are put on a target's queue."""
    send_all: SendAll = world.queues.send_all

    def both(queue_url: str, posts: Sequence[Post], delay: timedelta = timedelta(0)) -> None:
        if queue_url != RELAY:
            first(queue_url, posts)
        send_all(queue_url, posts, delay)

    world.queues.send_all = both  # type: ignore[method-assign]


def test_targets_that_do_not_answer_do_not_take_the_relays_time(world: TimeWorld) -> None:
    """Killed for it, it would begin anew with the same message, until all of its schedules are on dead letters."""
    occurrences = tuple(added(world, number, f"slow{number % 20}") for number in range(200))

    def silent(_: str, __: Sequence[Post]) -> None:
        world.clock.advance(15 * SECOND)  # three attempts of five seconds
        msg = "SQS did not answer"
        raise StoreUnavailable(msg)

    in_front(world, silent)
    report, _ = relay(world, RelayMessage(occurrences))

    assert world.clock.now() - START <= RELAYS_TIMEOUT * 3 / 4
    assert report.put_back == 200
    assert {each for message in messages(world) for each in message.occurrences} == set(occurrences)


def test_a_slow_target_makes_no_event_late_and_leaves_the_rest_for_later(world: TimeWorld) -> None:
    """How long an event is hidden is reckoned when its call is made, not when the first one was."""
    occurrences = tuple(added(world, number) for number in range(200))
    in_front(world, lambda _, __: world.clock.advance(SECOND))
    report, _ = relay(world, RelayMessage(occurrences))
    visible = [each.visible_at for each in world.queues.waiting if each.queue_url == LIST_URL]

    assert world.clock.now() - START <= RELAYS_TIMEOUT / 2
    assert max(visible) - DUE <= SECOND
    assert report.fired + report.put_back == 200
    assert 0 < report.fired == len(events(world))


def test_where_a_target_falls_silent_only_what_it_may_not_have_goes_again(world: TimeWorld) -> None:
    """Events of calls that were answered are on their queue."""
    occurrences = tuple(added(world, number) for number in range(200))
    answered = iter([True] * 12)

    def silent_at_last(_: str, __: Sequence[Post]) -> None:
        if not next(answered, False):
            msg = "SQS did not answer"
            raise StoreUnavailable(msg)

    in_front(world, silent_at_last)
    report, _ = relay(world, RelayMessage(occurrences))

    assert (report.fired, report.put_back) == (120, 80)


def test_a_rule_that_no_longer_holds_is_its_own_schedules_trouble(world: TimeWorld) -> None:
    """Time zones are renamed. The event is raised; that the schedule cannot go on is a dead letter."""
    good, bad = added(world, 0), added(world, 1, rule=Cron("0 8 * * *", "Europe/Nowhere"))
    report, dead = relay(world, RelayMessage((bad, good)))
    after = world.schedules.get(good.schedule)

    assert len(events(world)) == 2
    assert after
    assert after.next_at == DUE + timedelta(hours=1)
    assert [(message, "time_zone" in str(why)) for message, why in dead] == [(RelayMessage((bad,), raised=True), True)]
    assert report.refused == 1


def test_redriven_when_its_rule_is_mended_such_a_schedule_goes_on(world: TimeWorld) -> None:
    """From wherever time is by then."""
    bad = added(world, 1, rule=Cron("0 8 * * *", "Europe/Nowhere"))
    ((message, _),) = relay(world, RelayMessage((bad,)))[1]
    known = world.schedules.get(bad.schedule)
    assert known
    world.schedules._schedules[bad.schedule] = replace(known, rule=Every(60, DUE))
    world.clock.advance(timedelta(days=2))
    relay(world, message)
    after = world.schedules.get(bad.schedule)

    assert after
    assert after.next_at
    assert after.next_at > DUE


@pytest.mark.parametrize("call", ["put", "advance"])
def test_a_store_that_stops_halfway_does_not_double_what_is_raised(world: TimeWorld, call: str) -> None:
    """A table that throttles writes is tried again each quarter of a minute: not with all events each time."""
    occurrence = added(world, 0)
    port = world.schedules if call == "advance" else world.occurrences
    works = getattr(port, call)
    setattr(port, call, _throttled)
    message = RelayMessage((occurrence,))
    for _ in range(3):
        report, _ = relay(world, message)
        assert report.put_back == 1
        message = next(each for each in messages(world) if occurrence in each.occurrences)
        world.queues.waiting[:] = [each for each in world.queues.waiting if each.queue_url != RELAY]
        world.clock.advance(PAUSE)
    setattr(port, call, works)
    world.clock.advance(timedelta(hours=2))
    report, _ = relay(world, message)
    after = world.schedules.get(occurrence.schedule)

    assert len(events(world)) == 1
    assert after
    assert after.next_at
    assert after.next_at > DUE
    assert report.late_dropped == 0, "it was raised in time"


def _throttled(*_: object) -> None:
    msg = "DynamoDB is contended or throttled"
    raise StoreUnavailable(msg)


def test_a_minute_that_one_sweep_has_no_time_for_is_finished_by_the_next_ones(world: TimeWorld) -> None:
    """Where a million are due on the hour, a sweep that began the minute anew each time would never get past it."""
    due = [Occurrence(SOON + 5 * MINUTE, schedule_id("owner", str(number)), 1) for number in range(400)]
    world.occurrences.put(due)
    world.clock.advance(MINUTE)
    due_in = world.occurrences.due_in

    def slow(minute: datetime, shard: str) -> Iterator[Sequence[Occurrence]]:
        world.clock.advance(10 * SECOND * (minute == due[0].minute))
        yield from due_in(minute, shard)

    world.occurrences.due_in = slow  # type: ignore[method-assign]
    reports = []
    while not reports or reports[-1].behind:
        began = world.clock.now()
        reports.append(world.sweeping().sweep(began + 39 * SECOND))
        assert world.clock.now() - began <= 59 * SECOND, "it was killed"
        assert len(reports) <= 10, "no sweep gets past it"

    assert sum(each.occurrences for each in reports) == 400, "none is handed over twice"
    assert {each for message in messages(world) for each in message.occurrences} == set(due)
    assert world.sweeps.done() == world.clock.now().replace(second=0) + 5 * MINUTE


def test_what_could_not_be_announced_does_not_count_as_recurring(world: TimeWorld) -> None:
    """Tried again for as long as a store is down, it would use up its owner's quota for good."""
    scheduling = world.scheduling()
    scheduling = replace(scheduling, limits=replace(scheduling.limits, recurring_per_owner=1))
    request = Request(Every(3600, DUE), Target(LIST), "{}")
    put = world.occurrences.put
    world.occurrences.put = _throttled  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            scheduling.create("owner", request, "token")
    world.occurrences.put = put  # type: ignore[method-assign]

    assert scheduling.create("owner", request, "token").is_new


@pytest.mark.parametrize("changes", [1, 2, 5])
def test_what_was_due_before_several_changes_stands(world: TimeWorld, changes: int) -> None:
    """Events wait at a busy list: who mends a title twice meanwhile must not take them off."""
    told = added(world, 0)
    world.clock.advance(DUE - world.clock.now() + SECOND)
    for number in range(changes):
        world.scheduling().reschedule("owner", told.schedule, Changes(title=f"title {number}"))
        world.clock.advance(SECOND)

    assert not world.standing.is_off(attribute(told))


def test_what_was_due_after_the_first_of_several_changes_is_off(world: TimeWorld) -> None:
    """Whether the last one was before it does not matter."""
    told = added(world, 0)
    world.scheduling().reschedule("owner", told.schedule, Changes(body='{"a": 1}'))
    world.clock.advance(DUE - world.clock.now() + SECOND)
    world.scheduling().reschedule("owner", told.schedule, Changes(title="another"))

    assert world.standing.is_off(attribute(told))


def test_changes_that_are_long_ago_are_forgotten(world: TimeWorld) -> None:
    """A row does not grow with every change."""
    told = added(world, 0)
    for number in range(40):
        world.clock.advance(SECOND)
        after = world.scheduling().reschedule("owner", told.schedule, Changes(title=f"title {number}"))

    assert len(after.changed_before) < 10
    assert list(after.changed_before) == sorted(after.changed_before, reverse=True)
    assert schedule_rows.schedule_of(schedule_rows.schedule_row(after)) == after


def test_a_queue_that_the_relays_role_is_kept_from_is_no_target() -> None:
    """Its events would all be dead letters, though an operator has named it."""
    arn = "arn:aws:sqs:eu-west-1:123456789012:eventpost-orders-inbox"

    with pytest.raises(ScheduleRefused, match="give the queue another name"):
        Targets("eventpost", RELAY, [LIST], [arn]).check(Target(queue_arn=arn))
    elsewhere = arn.replace("123456789012", "210987654321")
    Targets("eventpost", RELAY, [LIST], [elsewhere]).check(Target(queue_arn=elsewhere))


@pytest.mark.parametrize(
    "code",
    [
        *("KmsAccessDenied", "KmsDisabled", "KmsInvalidState", "KmsNotFound", "InvalidAddress"),
        *("KMS.AccessDeniedException", "KMS.DisabledException", "KMS.InvalidStateException", "KMS.NotFoundException"),
        *("InvalidMessageContents", "InvalidParameterValue", "AWS.SimpleQueueService.BatchRequestTooLong"),
        *("AccessDenied", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ],
)
def test_a_queue_that_cannot_be_sent_to_is_told_from_one_that_does_not_answer(world: TimeWorld, code: str) -> None:
    """Tried again until it is too late, the event would be dropped and nobody would know why."""
    client = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="-", aws_secret_access_key="-")
    told = added(world, 0)
    with Stubber(client) as stubber:
        stubber.add_client_error("send_message_batch", code)
        relaying = replace(world.relaying(), outbox=SqsOutbox(client))
        report, dead = RelayReport(), list[str]()
        relaying.relay(relay_message.write(RelayMessage((told,))), report, lambda body, _: dead.append(body))

    assert (len(dead), report.refused, report.put_back) == (1, 1, 0)
