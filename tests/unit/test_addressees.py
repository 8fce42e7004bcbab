"""The people that an event names: each is mailed once, but for those whose mailbox or own word stands against it."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from consent_world import NEWS, id_of, link
from direct_mail import DIRECT_MAIL, KEY, attached
from direct_world import DIRECT, DirectSystem, DirectWorld, request
from eventpost import slicing
from eventpost.adapters.budget import Limits
from eventpost.adapters.memory_ledger import MemoryBudget
from eventpost.addressees import Addressees
from eventpost.deliver import Report
from eventpost.errors import AttachmentMissing
from eventpost.links import Purpose
from eventpost.model import (
    ConsentWay,
    DeliveryState,
    IdRange,
    OutcomeKind,
    SuppressionReason,
)
from eventpost.runtime import serve
from eventpost.runtime.wired import wired, wired_for_direct_mail
from given import LINKS, NOW, price_moves
from sentinels import address

SENT, LEFT, BOUNCED = "sent", "skipped: left", "skipped: suppressed: bounce 5.1.1"
FIFTY = tuple(f"reader{number}" for number in range(50))


@pytest.fixture
def world() -> DirectWorld:
    """Nobody is known."""
    return DirectWorld()


def times_mailed(system: DirectSystem) -> Counter[int]:
    """How many people got how many mails."""
    return Counter(Counter(message.subscriber for message in system.transport.sent).values())


def test_everybody_named_is_mailed_once(world: DirectWorld) -> None:
    """Nobody need be known. Who is named twice, or in two spellings, gets one mail."""
    twice = [address("ann"), address("ANN"), address("bob")]

    assert world.mail(to=twice, cc=[address("cyd")], bcc=[address("dan"), address("ann")]) == dict.fromkeys(
        ("ANN", "bob", "cyd", "dan"), SENT
    )
    assert sorted(world.system.mailed()) == ["ann", "bob", "cyd", "dan"]
    assert world.queue.is_finished(request("ann"))
    assert world.people.person("ann").version == 0


def test_a_mailbox_that_bounced_is_mailed_nothing(world: DirectWorld) -> None:
    """Whoever asks for it, however important: the ledger says why, and the others are mailed."""
    world.people.suppress("bob")
    world.people.suppress("cyd", SuppressionReason.COMPLAINT, "")
    told = {"ann": SENT, "bob": BOUNCED, "cyd": "skipped: suppressed: complaint"}

    assert world.mail("ann", "bob", "cyd") == told
    assert world.mail("ann", "bob", "cyd", event_id="2", transactional=True) == told
    assert world.system.mailed() == ["ann", "ann"]


def test_who_has_left_gets_only_what_is_transactional(world: DirectWorld) -> None:
    """They have left these mails; a receipt is no mail of a list."""
    world.people.leave("bob", DIRECT)

    assert world.mail("ann", "bob") == {"ann": SENT, "bob": LEFT}
    assert world.mail("ann", "bob", event_id="2", transactional=True) == {"ann": SENT, "bob": SENT}


def test_who_left_another_list_is_mailed(world: DirectWorld) -> None:
    """And who is on one that bounces nowhere."""
    world.people.imported("ann", NEWS)
    world.people.leave("ann", NEWS)

    assert world.mail("ann") == {"ann": SENT}


def test_who_was_erased_gets_only_what_is_transactional(world: DirectWorld) -> None:
    """They may have left these mails before, which nobody knows any more. A receipt they never refused."""
    world.people.imported("ann", NEWS)
    world.people.leave("ann", DIRECT)
    world.people.erase("ann")

    assert world.mail("ann") == {"ann": "skipped: suppressed: erased"}
    assert world.mail("ann", event_id="2", transactional=True) == {"ann": SENT}


def test_the_link_in_the_mail_takes_them_off(world: DirectWorld) -> None:
    """The mail's own one-click link; and undoing it brings the next mail."""
    world.mail("ann")
    (mail,) = world.system.transport.sent
    (token,) = re.findall(rb"List-Unsubscribe: <https://mail\.example\.com/u/([^>]+)>", mail.content)
    target = LINKS.read(Purpose.UNSUBSCRIBE, token.decode())

    assert world.people.leaving.leave(target, ConsentWay.ONE_CLICK) == DIRECT
    assert world.mail("ann", event_id="2") == {"ann": LEFT}
    assert world.people.leaving.undo(target) == DIRECT
    assert world.mail("ann", event_id="3") == {"ann": SENT}


def test_leaving_follows_a_change_of_address(world: DirectWorld) -> None:
    """Who left at the old address, or leaves at the new one by a mail to the old, has left at both."""
    world.people.imported("ann", NEWS)
    world.people.imported("cyd", NEWS)
    world.people.leave("ann", DIRECT)
    world.people.move("ann", "bob")
    world.people.move("bob", "bea")
    world.people.move("cyd", "dan")
    world.people.leave("cyd", DIRECT)

    told = world.mail("ann", "bob", "bea", "cyd", "dan", "eve")
    assert told == {**dict.fromkeys(("ann", "bob", "bea", "cyd", "dan"), LEFT), "eve": SENT}
    world.people.leaving.undo(link("ann", DIRECT))
    assert world.mail("ann", "bea", event_id="2") == {"ann": SENT, "bea": SENT}


def test_an_old_address_that_is_somebodys_own_again_is_left_on_its_own(world: DirectWorld) -> None:
    """What moved away stays with whom it moved to."""
    world.people.imported("ann", NEWS)
    world.people.leave("ann", DIRECT)
    world.people.move("ann", "bob")
    world.people.join("ann", "price_moves")

    assert world.mail("ann", "bob") == {"ann": SENT, "bob": LEFT}
    assert world.people.leave("ann", DIRECT) == DIRECT
    assert world.mail("ann", event_id="2") == {"ann": LEFT}
    world.people.leaving.undo(link("bob", DIRECT))
    assert world.mail("ann", "bob", event_id="3") == {"ann": LEFT, "bob": SENT}


def test_where_nobody_is_to_be_mailed_no_mail_is_made(world: DirectWorld) -> None:
    """Not even its files are looked at; the event is finished."""
    world.people.suppress("ann")
    world.people.leave("bob", DIRECT)

    assert world.mail("ann", "bob", attachments=attached((KEY, "a.pdf"))) == {"ann": BOUNCED, "bob": LEFT}
    assert world.queue.dead == []
    assert world.queue.is_finished(request("ann", "bob"))


def test_a_file_that_is_missing_gives_the_event_up(world: DirectWorld) -> None:
    """Nobody is mailed without it, and nobody is claimed: a replay mails everybody."""
    assert world.mail("ann", "bob", attachments=attached((KEY, "a.pdf"))) == {}
    assert [type(error) for error in world.queue.dead] == [AttachmentMissing]


def test_people_are_asked_about_together(world: DirectWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two reads for fifty, however many are known."""
    for local in FIFTY:
        world.people.imported(local, NEWS)
    reads: list[int] = []
    store = world.system.subscribers
    for name in ("people", "of"):
        read = getattr(store, name)
        monkeypatch.setattr(store, name, lambda keys, read=read: reads.append(len(keys)) or read(keys))
    ids = [id_of(local) for local in FIFTY]

    assert Addressees(store, lambda: b"").refusals(DIRECT, ids, transactional=False) == {}
    assert Addressees(store, lambda: b"").refusals(DIRECT, ids, transactional=True) == {}
    assert reads == [50, 50, 50]


# ---- slices ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice is five people, so that fifty are cut into many."""
    monkeypatch.setattr(slicing, "SLICE", 5)


@pytest.mark.parametrize("policy", ["resend", "skip", "hold"])
@pytest.mark.usefixtures("small_slices")
def test_fifty_are_mailed_once_whatever_the_policy(world: DirectWorld, policy: str) -> None:
    """Under hold and skip they are served ten at a time, and handed out; doubled messages change nothing."""
    world.queue.mail_list = replace(DIRECT_MAIL, uncertain=policy)  # type: ignore[arg-type]
    world.queue.duplicates = 0.5
    world.people.suppress("reader7")

    told = world.mail(*FIFTY)

    assert told == {**dict.fromkeys(FIFTY, SENT), "reader7": BOUNCED}
    assert times_mailed(world.system) == {1: 49}
    assert bool(world.queue.slices()) is (policy != "resend")
    assert world.queue.is_finished(request("ann"))


def test_fifty_in_small_groups_need_no_slices_of_their_own(world: DirectWorld) -> None:
    """Ten of fifty tell that there are not five hundred: one invocation serves them all, and nothing is kept."""
    world.queue.mail_list = replace(DIRECT_MAIL, uncertain="hold")

    assert world.mail(*FIFTY) == dict.fromkeys(FIFTY, SENT)
    assert world.queue.slices() == []
    assert world.system.blobs.kept == {}


def test_what_the_budget_leaves_goes_on_in_a_slice(world: DirectWorld) -> None:
    """It reads the event again, and whoever has left meanwhile."""
    world.system.budget = MemoryBudget(world.system.clock, lambda: Limits(1, 20, 0))
    event = request(*FIFTY)
    delivering, invocation = world.system.delivering, world.system.invocation()
    delivering.deliver(DIRECT_MAIL, event, event.event.model_dump_json(), invocation, Report())
    late = [local for local in FIFTY if local not in world.system.mailed()]
    assert 0 < len(late) < 50
    (slice_,) = world.queue.slices()

    world.people.leave(late[0], DIRECT)
    world.people.suppress(late[1])
    world.system.clock.advance(timedelta(days=2))
    world.queue.put(slice_)
    world.queue.run()

    assert world.told(event) == {**dict.fromkeys(FIFTY, SENT), late[0]: LEFT, late[1]: BOUNCED}


def test_a_crash_under_hold_leaves_ten_in_doubt_at_most(world: DirectWorld) -> None:
    """What a dead try has claimed is held for an operator; all others are mailed once."""
    world.queue.mail_list = replace(DIRECT_MAIL, uncertain="hold")
    event = request(*FIFTY)
    first = sorted(map(id_of, FIFTY))[:10]
    system = world.system
    system.ledger.claim(event.key, first, "dead", system.clock.now() + timedelta(seconds=30))
    system.clock.advance(timedelta(minutes=1))

    told = world.mail(*FIFTY)

    states = Counter(each.partition(":")[0] for each in told.values())
    assert states == {SENT: 40, DeliveryState.UNCERTAIN: 10}
    assert times_mailed(system) == {1: 40}


def test_one_who_is_refused_does_not_keep_the_others_waiting(world: DirectWorld) -> None:
    """As on any list: each delivery ends on its own."""
    world.system.transport.answers[id_of("bob")] = OutcomeKind.REFUSED

    assert world.mail("ann", "bob", "cyd") == {"ann": SENT, "bob": "failed: as told", "cyd": SENT}


def test_a_range_of_ids_is_that_part_of_the_people(world: DirectWorld) -> None:
    """In order of id, with whom not to mail among them."""
    subscribers = world.system.delivering.subscribers_of(request(*FIFTY))
    ids = sorted(map(id_of, FIFTY))
    world.people.leave("reader3", DIRECT)
    everybody = subscribers.enrolled(DIRECT, IdRange(), 100)

    assert [one.id for one in everybody] == ids
    assert {one.id: one.suppressed for one in everybody if one.suppressed} == {id_of("reader3"): "left"}
    assert {one.joined_at for one in everybody} == {NOW}
    assert [one.id for one in subscribers.enrolled(DIRECT, IdRange(ids[10], ids[30]), 7)] == ids[10:17]
    assert subscribers.enrolled(DIRECT, IdRange(last="0" * 32), 7) == []


# ---- which platform --------------------------------------------------------------------------------------------------


def test_a_list_gets_the_platform_that_fits_its_declaration() -> None:
    """Lists that nobody is addressed by start without what direct mail takes."""
    assert serve(DIRECT_MAIL)._make_platform is wired_for_direct_mail
    assert serve(price_moves())._make_platform is wired
