"""What feedback does: at once, after a while, or not at all; however often and in whatever order it comes."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, permutations

import pytest

import given
from consent_world import NEWS, PRICES, ConsentWorld, id_of
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.consent.feedback import OCCASION, SOFT_LIMIT, SOFT_WINDOW, Heeding, occasions
from eventpost.model import Delivery, DeliveryState, EventKey, Feedback, FeedbackKind, Suppression, SuppressionReason

EVENT = EventKey(PRICES, "event-1")
SOFT = FeedbackKind.SOFT_BOUNCE
DAY = timedelta(days=1)


class World(ConsentWorld):
    """Consent, with a ledger."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ledger = MemoryLedger(self.clock)
        self.heeding = Heeding(self.consenting, self.ledger, self.ledger)

    def hears(self, kind: FeedbackKind, at: datetime | None = None, detail: str = "", local: str = "ann") -> bool:
        """The provider says this of a mail to this mailbox."""
        return self.heeding.heed(Feedback(kind, id_of(local), at or self.clock.now(), EVENT, PRICES, detail))

    def state(self) -> DeliveryState | None:
        """What the ledger says of the delivery to Ann."""
        return next((each.state for each in self.ledger.deliveries(EVENT)), None)


@pytest.fixture
def world() -> World:
    """Ann, on two lists."""
    made = World()
    made.imported("ann", NEWS, PRICES)
    return made


def test_a_hard_bounce_suppresses_at_once_on_all_lists(world: World) -> None:
    """The reason says when and by which code; told again, nothing changes."""
    assert world.hears(FeedbackKind.HARD_BOUNCE, detail="5.1.1")
    assert world.person("ann").suppression == Suppression(SuppressionReason.BOUNCE, given.NOW, "5.1.1")
    assert world.on("ann") == set()
    before = world.person("ann")

    assert not world.hears(FeedbackKind.HARD_BOUNCE, detail="5.1.1")
    assert world.person("ann") == before


def test_a_complaint_suppresses_at_once_on_all_lists(world: World) -> None:
    """Of the whole address: who calls one mail spam wants none."""
    assert world.hears(FeedbackKind.COMPLAINT, detail="abuse")
    assert world.there("ann", PRICES).suppressed == "suppressed: complaint abuse"
    assert world.on("ann") == set()


@pytest.mark.parametrize(
    "kind",
    [
        FeedbackKind.SENT,
        FeedbackKind.DELIVERED,
        FeedbackKind.DELAYED,
        FeedbackKind.CONTENT_BOUNCE,
        FeedbackKind.REJECTED,
    ],
)
def test_what_is_not_the_mailbox_s_fault_does_not_count_against_it(world: World, kind: FeedbackKind) -> None:
    """However often it is said."""
    before = world.person("ann")
    for day in range(10):
        assert not world.hears(kind, given.NOW + day * DAY)

    assert world.person("ann") == before


def test_the_fifth_soft_bounce_in_two_weeks_suppresses(world: World) -> None:
    """Not the fourth; and the reason holds the code of the last."""
    told = []
    for _ in range(5):
        world.wait(days=3)
        told.append(world.hears(SOFT, detail="4.2.2"))

    assert told == [False, False, False, False, True]
    assert world.there("ann").suppressed == "suppressed: bounce 4.2.2"


def test_a_mail_that_arrives_ends_the_count(world: World) -> None:
    """The mailbox works: what bounced before counts no more, what bounced after does. Nothing else is written."""
    for day in range(4):
        world.hears(SOFT, given.NOW + day * DAY)
        world.wait(days=1)
    later = given.NOW + 3 * DAY
    ledger = world.state()

    world.hears(FeedbackKind.DELIVERED, later - timedelta(hours=1))
    assert world.person("ann").soft_bounces == (later,)
    before = world.person("ann")
    world.hears(FeedbackKind.DELIVERED, later - timedelta(hours=1))
    assert world.person("ann") == before
    assert world.state() == ledger
    assert not world.hears(SOFT, later + DAY)


def test_soft_bounces_that_are_further_apart_never_suppress(world: World) -> None:
    """Every four days makes four in any two weeks, and no more are kept."""
    for _ in range(30):
        world.wait(days=4)
        assert not world.hears(SOFT)

    assert len(world.person("ann").soft_bounces) == 4


def test_the_same_soft_bounce_told_again_counts_once(world: World) -> None:
    """SNS and SQS deliver at least once; nothing is written for it."""
    before = world.person("ann").version
    for _ in range(20):
        world.hears(SOFT, given.NOW)
        world.wait(hours=1)

    assert world.person("ann").soft_bounces == (given.NOW,)
    assert world.person("ann").version == before + 1


def test_a_day_of_many_mails_is_one_occasion(world: World) -> None:
    """A mailbox that is full for a night is not gone."""
    for _ in range(40):
        world.wait(minutes=15)
        world.hears(SOFT)

    assert len(world.person("ann").soft_bounces) == 1


def test_in_whatever_order_they_come_the_result_is_the_same() -> None:
    """Occasions that are clear of each other, each told twice."""
    at = [given.NOW + day * DAY for day in (0, 1, 2, 5)]
    for order in permutations(at):
        world = World()
        world.imported("ann", NEWS)
        world.clock.advance(6 * DAY)
        for each in (*order, *order):
            world.hears(SOFT, each)
        assert world.person("ann").soft_bounces == tuple(at)
        assert world.on("ann") == {NEWS}


def test_occasions_never_grow_beyond_their_window() -> None:
    """Whatever comes: all within the window, none closer than an occasion, and in order."""
    chance = random.Random(7)
    counted: tuple[datetime, ...] = ()
    now = given.NOW
    for _ in range(3000):
        now += timedelta(hours=chance.uniform(0, 3))
        counted = tuple(occasions(counted, now - timedelta(hours=chance.uniform(-72, 500)), now))
        assert list(counted) == sorted(counted)
        assert all(later - earlier >= OCCASION for earlier, later in pairwise(counted))
        assert all(now - SOFT_WINDOW < each < now + DAY for each in counted)


@pytest.mark.parametrize("off", [-timedelta(days=15), timedelta(days=2), timedelta(days=4000)])
def test_what_bounced_long_ago_or_in_the_future_does_not_count(world: World, off: timedelta) -> None:
    """An old mailbox is read for the first time, or a server's clock is wrong."""
    for day in range(5):
        world.hears(SOFT, given.NOW + off + (day * DAY if off > timedelta(0) else -day * DAY))

    assert world.person("ann").soft_bounces == ()
    assert world.on("ann") == {NEWS, PRICES}


def test_a_suppression_that_failed_after_the_count_is_made_up_for(world: World) -> None:
    """The fifth has been counted, and comes again since its message was not done with."""
    five = tuple(given.NOW + day * DAY for day in range(5))
    world.wait(days=5)
    world._save(world.person("ann"), (), soft_bounces=five)

    assert world.hears(SOFT, five[4], "4.2.2")
    assert world.on("ann") == set()


def test_after_a_lift_soft_bounces_are_counted_anew(world: World) -> None:
    """Four more are borne."""
    for _ in range(SOFT_LIMIT):
        world.wait(days=1)
        world.hears(SOFT)
    world.lift("ann")
    for _ in range(SOFT_LIMIT - 1):
        world.wait(days=1)
        assert not world.hears(SOFT)

    assert world.on("ann") == {NEWS, PRICES}


def test_of_strangers_and_of_the_erased_nothing_is_counted(world: World) -> None:
    """Nothing but the id stays of who was erased."""
    world.erase("ann")
    before = world.person("ann")
    world.hears(SOFT)
    world.hears(SOFT, local="nobody")

    assert world.person("ann") == before
    assert world.person("nobody").version == 0


def test_the_old_address_of_somebody_who_moved_bounces_alone(world: World) -> None:
    """Soft bounces, too."""
    world.join("old", NEWS)
    world.move("old", "new")
    for _ in range(5):
        world.wait(days=1)
        world.hears(SOFT, local="old")

    assert world.person("old").suppression is not None
    assert world.person("new").soft_bounces == ()
    assert world.on("new") == {NEWS}


# ---- the ledger ---------------------------------------------------------------------------------------------------


def claimed(world: World, state: DeliveryState | None = None) -> None:
    """The delivery to Ann was claimed, and ended so, or nobody knows."""
    world.ledger.claim(EVENT, [id_of("ann")], "one", world.clock.now() + timedelta(seconds=90))
    if state:
        world.ledger.record(EVENT, [Delivery(id_of("ann"), state)], "one")


@pytest.mark.parametrize("kind", sorted(set(FeedbackKind) - {FeedbackKind.REJECTED, FeedbackKind.DELIVERED}))
@pytest.mark.parametrize("state", [None, DeliveryState.UNCERTAIN, DeliveryState.SKIPPED, DeliveryState.SENT])
def test_what_the_provider_speaks_of_was_sent(world: World, kind: FeedbackKind, state: DeliveryState | None) -> None:
    """A worker died after its mail had gone: nobody sends it again, and no operator need be asked."""
    claimed(world, state)
    world.hears(kind)

    assert world.state() is DeliveryState.SENT
    world.wait(minutes=5)
    assert set(world.ledger.take_over(EVENT, [id_of("ann")], "two", world.clock.now()).values()) == {"settled"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DeliveryState.UNCERTAIN, DeliveryState.FAILED),
        (DeliveryState.SENT, DeliveryState.SENT),
        (DeliveryState.SKIPPED, DeliveryState.SKIPPED),
        (None, DeliveryState.CLAIMED),
    ],
)
def test_what_the_provider_rejects_has_failed_where_nobody_knew(
    world: World, before: DeliveryState | None, after: DeliveryState
) -> None:
    """Whoever is at work on it has the word; and what was handed over is not handed over again."""
    claimed(world, before)
    world.hears(FeedbackKind.REJECTED)

    assert world.state() is after


def test_a_letter_has_no_row_in_the_ledger(world: World) -> None:
    """Its bounce suppresses all the same."""
    letter = replace(Feedback(FeedbackKind.HARD_BOUNCE, id_of("ann"), given.NOW), detail="5.1.1")

    assert world.heeding.heed(letter)
    assert world.ledger.ended == {}
