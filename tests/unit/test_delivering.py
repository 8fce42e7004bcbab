"""Delivering: everyone in the audience once, whatever happens to a try."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Literal

import pytest

import given
from eventpost import slicing
from eventpost.adapters.budget import Limits
from eventpost.adapters.memory import MemoryTransport
from eventpost.adapters.memory_ledger import MemoryBudget, MemoryLedger
from eventpost.deliver import Invocation, Report, recording, serving
from eventpost.errors import (
    CaptureRefused,
    CaptureUnavailable,
    EventIdReused,
    Misconfigured,
    SliceExpired,
    StoreUnavailable,
    TemplateFault,
)
from eventpost.lists import MailList, Screenshot
from eventpost.model import (
    CaptureRequest,
    Change,
    Claim,
    Delivery,
    DeliveryState,
    EventKey,
    IdRange,
    MembershipKey,
    MembershipState,
    Message,
    Outcome,
    OutcomeKind,
    RaisedEvent,
    Slice,
)
from given import NOW, System, price_moves, raised
from mortal import Mortal

WITH_PICTURE = price_moves(screenshot=Screenshot(url="{{ event.page }}"))


def deliver(
    system: System, event: RaisedEvent | None = None, mail_list: MailList | None = None, owner: str = "one"
) -> Report:
    """One try at an event."""
    event, report = event or raised(), Report()
    body = event.event.model_dump_json()
    system.delivering.deliver(mail_list or price_moves(), event, body, system.invocation(owner), report)
    return report


def serve_slice(
    system: System, slice_: Slice | None = None, mail_list: MailList | None = None, owner: str = "two"
) -> Report:
    """One try at a slice: the last one that was put on the queue, unless it is given."""
    report = Report()
    system.delivering.deliver_slice(
        mail_list or price_moves(), slice_ or slices(system)[-1], system.invocation(owner), report
    )
    return report


def slices(system: System) -> list[Slice]:
    """The slices on the queue."""
    return [slicing.read("price_moves", body) for _, body, _ in system.outbox.sent]


def states(system: System) -> dict[str, DeliveryState]:
    """What the ledger says, by subscriber's id."""
    return {subscriber: ended.state for (_, subscriber), ended in system.ledger.ended.items()}


def ids(*locals_: str) -> list[str]:
    """The ids of these subscribers."""
    return [given.subscriber(local).id for local in locals_]


def test_everyone_in_the_audience_gets_a_mail(system: System) -> None:
    """An event for three subscribers is three mails, each to its own address, and three rows in the ledger."""
    system.join("ann", "bob", "cyd")
    report = deliver(system)

    assert sorted(system.mailed()) == ["ann", "bob", "cyd"]
    assert states(system) == dict.fromkeys(ids("ann", "bob", "cyd"), DeliveryState.SENT)
    assert report.counts == {"sent": 3}
    assert report.first_sent_at == NOW


def test_other_audiences_get_nothing(system: System) -> None:
    """An event for a topic is mailed to that topic's subscribers alone."""
    system.join("list")
    system.join("amzn", audience="price_moves/AMZN")
    system.join("ibm", audience="price_moves/IBM")
    deliver(system, raised(topic="AMZN"))

    assert system.mailed() == ["amzn"]


def test_an_empty_audience_captures_nothing_and_mails_nobody(system: System) -> None:
    """A page is not loaded for nobody, and a template is not rendered."""
    report = deliver(system, mail_list=WITH_PICTURE)

    assert system.capture.requests == []
    assert system.transport.sent == []
    assert report.counts == {}


def test_an_audience_of_late_joiners_is_empty(system: System) -> None:
    """Whoever joined after the event was raised is as good as not there."""
    system.join("late", joined_at=NOW + timedelta(seconds=1))
    deliver(system, mail_list=WITH_PICTURE)

    assert system.capture.requests == []
    assert system.transport.sent == []


def test_who_joined_after_the_event_is_not_mailed(system: System) -> None:
    """The moment of raising decides, to the instant, not that of delivery."""
    system.join("before", joined_at=NOW - timedelta(microseconds=1))
    system.join("same", joined_at=NOW)
    system.join("after", joined_at=NOW + timedelta(microseconds=1))
    system.clock.advance(timedelta(hours=1))
    deliver(system)

    assert sorted(system.mailed()) == ["before", "same"]


def test_a_second_try_sends_nothing_twice(system: System) -> None:
    """SQS may hand out a message again after it was done."""
    system.join("ann", "bob")
    deliver(system)
    report = deliver(system, owner="two")

    assert len(system.mailed()) == 2
    assert report.counts == {"settled": 2}
    assert report.first_sent_at is None


def test_the_same_id_with_another_body_is_refused(system: System) -> None:
    """A reused id would silence its event: the producer hears of it."""
    system.join("ann")
    deliver(system)
    other = RaisedEvent(EventKey("price_moves", "event-1"), raised().event, None, NOW, "another digest")

    with pytest.raises(EventIdReused):
        deliver(system, other)
    assert len(system.mailed()) == 1


def test_two_events_are_two_mails(system: System) -> None:
    """What one event settled does not count for the next."""
    system.join("ann")
    deliver(system, raised(event_id="1"))
    deliver(system, raised(event_id="2"))

    assert system.mailed() == ["ann", "ann"]


@pytest.mark.parametrize("bad", ["ann", "a b@example.com", "ann@example.com\r\nBcc: eve@example.com", "ann@localhost"])
def test_a_bad_address_fails_alone(system: System, bad: str) -> None:
    """One row that was imported wrongly costs nobody else the mail, and is not tried again."""
    system.join("ann", "bob")
    broken = given.subscriber_at(bad)
    given.enrol(system.subscribers, "price_moves", [broken])
    report = deliver(system)

    assert sorted(system.mailed()) == ["ann", "bob"]
    assert states(system)[broken.id] is DeliveryState.FAILED
    assert report.counts == {"sent": 2, "failed": 1}
    assert bad not in system.ledger.ended[EventKey("price_moves", "event-1"), broken.id].reason


def test_a_refused_delivery_fails_for_good(system: System) -> None:
    """An address that the provider refuses is recorded with the reason; a further try leaves it alone."""
    system.join("ann", "bob")
    (refused,) = ids("bob")
    system.transport.answers[refused] = OutcomeKind.REFUSED
    report = deliver(system)

    assert report.counts == {"sent": 1, "failed": 1}
    assert states(system)[refused] is DeliveryState.FAILED
    assert deliver(system, owner="two").counts == {"settled": 2}


@pytest.mark.parametrize("kind", [OutcomeKind.THROTTLED, OutcomeKind.DEFERRED])
def test_what_was_not_sent_is_free_for_the_next_try(system: System, kind: OutcomeKind) -> None:
    """What certainly was not sent has its claim given up at once; the rest of the range comes back as a slice."""
    first, second = sorted(["ann", "bob"], key=ids)
    system.join("ann", "bob")
    system.transport.answers[ids(second)[0]] = kind
    report = deliver(system)

    assert report.counts == {"sent": 1, kind: 1}
    assert slices(system)[0].ids == IdRange(ids(second)[0])
    assert timedelta(seconds=8) <= system.outbox.delays[0] <= timedelta(seconds=12)
    system.transport.answers.clear()
    assert serve_slice(system).counts == {"sent": 1}
    assert system.mailed() == [first, second]


def test_an_uncertain_delivery_waits_for_its_lease(system: System) -> None:
    """Silence after the last byte: nobody sends again before the lease is over; then it is sent again."""
    system.join("ann")
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    report = deliver(system)

    assert report.counts == {"unknown": 1}
    assert system.outbox.delays == [timedelta(seconds=125)], "the deadline and thirty seconds"
    system.transport.answers.clear()
    assert serve_slice(system).counts == {"held": 1}
    system.clock.advance(timedelta(seconds=126))
    assert serve_slice(system, owner="three").counts == {"uncertain": 1, "sent": 1}
    assert len(system.mailed()) == 2, "the policy is to resend: once more, and no more than that"


def test_a_provider_that_never_answers_does_not_double_a_mail_for_ever(system: System) -> None:
    """It may take each of them: after some tries the mail is held, and an operator says what became of it."""
    system.join("ann")
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    deliver(system)
    for number in range(slicing.SILENCES_MAX):
        system.clock.advance(system.outbox.delays[-1] + timedelta(seconds=1))
        report = serve_slice(system, owner=f"try-{number}")

    assert len(system.mailed()) == slicing.SILENCES_MAX
    assert report.counts["uncertain"] == 1
    assert report.unfinished == {}
    assert states(system) == {ids("ann")[0]: DeliveryState.UNCERTAIN}
    assert len(system.outbox.sent) == slicing.SILENCES_MAX


@pytest.mark.parametrize(("policy", "state"), [("skip", DeliveryState.SKIPPED), ("hold", DeliveryState.UNCERTAIN)])
def test_silence_is_settled_by_the_lists_policy(
    system: System, policy: Literal["skip", "hold"], state: DeliveryState
) -> None:
    """A list may say that a mail which may have gone out is never sent again, or not before an operator says so."""
    mail_list = dataclasses.replace(price_moves(), uncertain=policy)
    system.join("ann", "bob")
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    report = deliver(system, mail_list=mail_list)

    assert states(system) == {ids("ann")[0]: state, ids("bob")[0]: DeliveryState.SENT}
    assert report.counts["uncertain"] == 1
    assert report.unfinished == {}
    assert system.outbox.sent == []


@pytest.mark.parametrize(("policy", "state"), [("skip", DeliveryState.SKIPPED), ("hold", DeliveryState.UNCERTAIN)])
def test_a_claim_without_a_word_is_settled_by_the_lists_policy(
    system: System, policy: Literal["skip", "hold"], state: DeliveryState
) -> None:
    """A worker died with a claim: whether it sent that mail nobody knows."""
    system.join("ann", "bob")
    system.ledger.claim(raised().key, ids("ann"), "dead", NOW - timedelta(seconds=1))
    report = deliver(system, mail_list=dataclasses.replace(price_moves(), uncertain=policy))

    assert system.mailed() == ["bob"]
    assert states(system)[ids("ann")[0]] is state
    assert report.counts["uncertain"] == 1
    assert system.outbox.sent == []


def test_a_claim_of_another_try_is_left_alone(system: System) -> None:
    """While another invocation holds a claim, this one mails the others and comes back after the lease."""
    system.join("ann", "bob")
    system.ledger.claim(raised().key, ids("ann"), "other", NOW + timedelta(seconds=90))
    report = deliver(system)

    assert system.mailed() == ["bob"]
    assert report.counts == {"held": 1, "sent": 1}
    system.clock.advance(system.outbox.delays[0] + timedelta(milliseconds=1))
    assert serve_slice(system).counts["sent"] == 1
    assert sorted(system.mailed()) == ["ann", "bob"]


def test_the_lease_outlasts_the_deadline_by_thirty_seconds(system: System) -> None:
    """Whoever is still sending at the deadline has the claim until it is surely dead."""
    asked: list[datetime] = []

    class Watched(MemoryLedger):
        def claim(
            self, event: EventKey, subscribers: Sequence[str], owner: str, until: datetime
        ) -> Mapping[str, Claim]:
            asked.append(until)
            return super().claim(event, subscribers, owner, until)

    system.ledger = Watched(system.clock)
    system.join("ann")
    deliver(system)

    assert asked == [system.deadline + timedelta(seconds=30)]


@pytest.mark.parametrize(("left", "sent"), [(46, 1), (45, 1), (44, 0), (0, 0), (-5, 0)])
def test_nothing_is_sent_in_the_last_45_seconds(system: System, left: int, sent: int) -> None:
    """A send that begins late could outlive its invocation, and its mail would be sent again."""
    system.join("ann")
    report = Report()
    invocation = Invocation("one", NOW + timedelta(seconds=left), given.QUEUE_URL)
    system.delivering.deliver(price_moves(), raised(), "{}", invocation, report)

    assert len(system.transport.sent) == sent
    assert report.counts == ({"sent": 1} if sent else {"late": 1})
    assert len(system.outbox.sent) == 1 - sent


def test_running_out_of_time_in_a_group_leaves_the_rest_free(system: System) -> None:
    """What was sent is recorded, what was not is released, and the next try finishes at once."""
    names = [f"s{number}" for number in range(20)]
    system.join(*names)
    system.transport = given.TickingTransport(system.clock, timedelta(seconds=9))
    report = deliver(system)

    sent = len(system.transport.sent)
    assert report.counts == {"sent": sent, "late": 20 - sent}
    assert 0 < sent <= 6, "50 seconds at nine each"
    assert system.clock.now() <= NOW + timedelta(seconds=95)
    assert system.outbox.delays == [timedelta(0)], "only time ran out: there is nothing to wait for"
    system.transport = MemoryTransport()
    assert serve_slice(system).counts == {"sent": 20 - sent}, "the rest alone is looked at"


def test_a_large_audience_is_read_page_by_page(system: System) -> None:
    """Pages and groups leave nobody out and take nobody twice, at their edges too."""
    names = [f"s{number}" for number in range(2 * serving.GROUP + 1)]
    system.join(*names)
    deliver(system)

    assert sorted(system.mailed()) == sorted(names)


def test_a_page_of_late_joiners_does_not_end_the_audience(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a page with nobody to mail there may be more."""
    monkeypatch.setattr(serving, "GROUP", 2)
    names = sorted((f"s{number}" for number in range(9)), key=lambda name: ids(name)[0])
    for name in names[:4]:
        system.join(name, joined_at=NOW + timedelta(days=1))
    system.join(*names[4:])
    deliver(system)

    assert sorted(system.mailed()) == sorted(names[4:])


def test_a_transport_that_takes_nothing_ends_the_try(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """When two dozen in a row are turned away, the next groups are not even claimed; the operator is called."""
    monkeypatch.setattr(serving, "GROUP", 5)
    names = [f"s{number}" for number in range(40)]
    system.join(*names)
    system.transport.answers = dict.fromkeys(ids(*names), OutcomeKind.DEFERRED)
    report = deliver(system)

    assert report.counts == {"deferred": 25, "transport_trouble": 1}
    assert not report.made_progress
    system.transport.answers.clear()
    assert serve_slice(system).counts == {"sent": 40}


def test_a_mailbox_that_is_busy_is_no_trouble_of_the_provider(system: System) -> None:
    """One mailbox that wants its mail later, among many or alone, calls no operator."""
    system.join("ann")
    reply(system, {"ann": "450 4.2.1"}, OutcomeKind.DEFERRED)
    report = deliver(system)

    assert report.counts == {"deferred": 1}


@pytest.mark.parametrize("reason", ["452 4.2.2", "451 4.7.1", "lost"])
def test_a_stuck_mailbox_holds_up_nobody_behind_it(
    system: System, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """It may be the first whom a slice has left, and the only one of its group who is not settled."""
    monkeypatch.setattr(serving, "GROUP", 3)
    names = sorted((f"s{number}" for number in range(9)), key=ids)
    system.join(*names)
    settled = [Delivery(id_, DeliveryState.SENT) for id_ in ids(*names[1:3])]
    system.ledger.record(raised().key, settled, "earlier")
    reply(system, {names[0]: reason}, OutcomeKind.DEFERRED)
    deliver(system)

    assert system.mailed() == names[3:]


def test_a_provider_that_never_answers_is_trouble(system: System) -> None:
    """It may have taken the mails, so they are as good as a crash: two dozen in doubt are enough, and are told."""
    names = [f"s{number}" for number in range(60)]
    system.join(*names)
    system.transport.answers = dict.fromkeys(ids(*names), OutcomeKind.UNKNOWN)
    report = deliver(system)

    assert len(system.transport.sent) == 24
    assert report.counts == {"unknown": 24, "deferred": 36, "transport_trouble": 1}


def test_an_outcome_that_is_never_told_loses_nobody(system: System) -> None:
    """A transport with a defect: whoever is open stays on the queue, whatever the reason."""
    system.join("ann")
    system.transport.send = lambda messages: iter(list(messages)[:0])  # type: ignore[method-assign]
    deliver(system)

    assert slices(system)[0].ids.first == ids("ann")[0]


def test_a_throttled_provider_is_asked_no_further(system: System) -> None:
    """After the first `too fast`, what is not under way stays here, and nobody counts it as trouble."""
    names = [f"s{number}" for number in range(20)]
    system.join(*names)
    third = sorted(names, key=ids)[2]
    system.transport.answers = {ids(third)[0]: OutcomeKind.THROTTLED}
    report = deliver(system)

    assert report.counts == {"sent": 2, "throttled": 18}
    assert len(slices(system)) == 1


def test_a_mailbox_that_is_busy_for_days_has_failed(system: System) -> None:
    """As mail servers do: after days of `not now` from one mailbox its mail is returned, and no operator is called."""
    system.join("ann")
    reply(system, {"ann": "452 4.2.2"}, OutcomeKind.DEFERRED)
    deliver(system)
    system.clock.advance(slicing.SLICE_LIFE)
    report = serve_slice(system)

    assert report.counts == {"failed": 1}
    assert system.ledger.ended[raised().key, ids("ann")[0]].reason == "452 4.2.2"


def test_a_provider_that_is_down_for_days_is_given_up_on(system: System) -> None:
    """A slice does not go round for ever, whatever is wrong; nobody in it is marked as failed."""
    system.join("ann")
    reply(system, {"ann": "no connection: TimeoutError"}, OutcomeKind.DEFERRED)
    deliver(system)
    started, tries = system.clock.now(), 0
    while system.clock.now() - started < slicing.SLICE_LIFE:
        system.clock.advance(system.outbox.delays[-1] + timedelta(seconds=1))
        if system.clock.now() - started < slicing.SLICE_LIFE:
            serve_slice(system, owner=f"try-{tries}")
            tries += 1
    with pytest.raises(SliceExpired, match=r"tried for 4 days, .* in vain; still to be mailed: 1 deferred"):
        serve_slice(system)

    assert states(system) == {}
    assert 380 < tries < slicing.HOPS_MAX, "every quarter of an hour, or nearly"


@pytest.mark.parametrize("template", ["{{ event.misspelt }}", "{{ subscriber.name / 2 }}", "{% if %}"])
def test_a_template_fault_releases_the_claims_and_sends_nothing(tmp_path: Path, template: str) -> None:
    """Nobody gets half a mail; once the template is mended, a replay reaches everybody at once."""
    system = System(given.write_templates(tmp_path, html=template))
    system.join("ann", "bob")
    with pytest.raises(TemplateFault):
        deliver(system)

    assert system.transport.sent == []
    assert states(system) == {}
    mended = given.write_templates(tmp_path / "mended")
    system.composer = System(mended).composer
    assert deliver(system, owner="two").counts == {"sent": 2}


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_template_fault_for_one_subscriber_is_theirs_alone(tmp_path: Path, place: int) -> None:
    """A template that fails for one, wherever they stand, keeps nobody waiting; the event is given up on after."""
    names = ["s0", "s1", "s2", "s3"]
    unlucky = sorted(names, key=lambda name: ids(name)[0])[place]
    fails_for = f"{{% if subscriber.address.startswith('{unlucky}@') %}}{{{{ event.misspelt }}}}{{% endif %}}"
    system = System(given.write_templates(tmp_path, text=fails_for))
    system.join(*names)
    with pytest.raises(TemplateFault):
        deliver(system)

    assert len(system.mailed()) == 3
    assert list(states(system).values()) == [DeliveryState.SENT] * 3
    system.composer = System(given.write_templates(tmp_path / "mended")).composer
    assert deliver(system, owner="two").counts == {"settled": 3, "sent": 1}


class Ahead(MemoryTransport):
    """A transport that takes eight mails before it tells of the first, as real ones may."""

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send eight at a time."""
        for batch in batched(messages, 8, strict=False):
            yield from list(super().send(batch))


@pytest.mark.parametrize("earlier", [False, True])
def test_template_faults_in_a_row_are_the_subscribers_own_where_others_were_mailed(
    tmp_path: Path, *, earlier: bool
) -> None:
    """Be it by an earlier try, or a moment ago: whoever comes behind them is mailed."""
    names = sorted((f"s{number}" for number in range(6)), key=ids)
    first, *unlucky, last = names[0], *names[1:5], names[5]
    fails_for = f"{{% if subscriber.address[:2] in {unlucky} %}}{{{{ event.misspelt }}}}{{% endif %}}"
    system = System(given.write_templates(tmp_path, text=fails_for))
    system.transport = Ahead()
    system.join(*names)
    if earlier:
        system.ledger.record(raised().key, [Delivery(ids(first)[0], DeliveryState.SENT)], "earlier")
    with pytest.raises(TemplateFault):
        deliver(system)

    assert system.mailed() == ([last] if earlier else [first, last])


def reply(system: System, reasons: Mapping[str, str], kind: OutcomeKind = OutcomeKind.REFUSED) -> None:
    """Have the transport answer so to these local parts, for these reasons."""

    class Replying(MemoryTransport):
        def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
            for message in messages:
                reason = reasons.get(message.address.partition("@")[0])
                if reason is None:
                    yield from super().send([message])
                else:
                    yield Outcome(message.subscriber, kind, reason)

    system.transport = Replying()


def test_every_mail_refused_alike_is_nobodys_failure(system: System) -> None:
    """A sender that is not verified is told mail by mail: it must not be the end of the whole audience."""
    names = ["ann", "bob", "cyd"]
    system.join(*names)
    reply(system, dict.fromkeys(names, "554"))
    report = Report()
    with pytest.raises(Misconfigured, match=r"refuses every mail alike \(554\)"):
        system.delivering.deliver(price_moves(), raised(), "{}", system.invocation(), report)

    assert states(system) == {}
    assert not report.made_progress
    assert report.counts["transport_trouble"] == 1, "the operator is called at once"
    system.transport = MemoryTransport()
    assert deliver(system, owner="two").counts == {"sent": 3}


def test_refusals_alike_do_not_free_what_may_have_gone_out(system: System) -> None:
    """A list that would rather lose a mail than double it gets its way, whatever befell the others."""
    names = ["ann", "bob", "cyd", "dan"]
    mail_list = dataclasses.replace(price_moves(), uncertain="skip")
    system.join(*names)
    reply(system, dict.fromkeys(names[1:], "554"))
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    deliver(system, mail_list=mail_list)
    deliver(system, mail_list=mail_list, owner="two")

    assert system.mailed() == ["ann"]
    assert states(system)[ids("ann")[0]] is DeliveryState.SKIPPED


@pytest.mark.parametrize("most", [10_000, 4])
def test_they_are_nobodys_failure_either_where_the_budget_grants_one_at_a_time(system: System, most: int) -> None:
    """An account that may send ten a second is as easily refused; so it is where the budget ends the try."""
    system.budget = MemoryBudget(system.clock, lambda: Limits(per_second=10, per_day=most, critical_share=0))
    names = [f"s{number}" for number in range(8)]
    system.join(*names)
    reply(system, dict.fromkeys(names, "554"))
    with pytest.raises(Misconfigured, match="refuses every mail alike"):
        deliver(system)

    assert states(system) == {}


@pytest.mark.parametrize(
    "reasons",
    [
        {"ann": "550 5.1.1", "bob": "550 5.1.1", "cyd": "550 5.1.1"},
        {"ann": "550 5.2.2", "bob": "550 5.2.2", "cyd": "550 5.2.2"},
        {"ann": "554", "bob": "554", "cyd": "550"},
        {"ann": "554", "bob": "554"},
    ],
)
def test_refusals_that_differ_or_are_of_addresses_are_failures(system: System, reasons: dict[str, str]) -> None:
    """Mailboxes that do not exist fail by themselves, however many they are."""
    system.join("ann", "bob", "cyd")
    reply(system, reasons)
    deliver(system)

    assert list(states(system).values()).count(DeliveryState.FAILED) == len(reasons)


def test_a_line_break_in_a_subject_sends_nothing(system: System) -> None:
    """A header that an event breaks is refused before anything is sent."""
    system.join("ann")
    broken = raised(given.PriceMoved(ticker="AMZN\r\nBcc: eve@example.com"))
    with pytest.raises(TemplateFault, match="Subject would hold a line break"):
        deliver(system, broken)

    assert system.transport.sent == []


def test_one_capture_serves_every_try(system: System) -> None:
    """However often an event is tried, its page is loaded once and everybody sees the same picture."""
    system.join("ann", "bob")
    system.transport.answers[ids("bob")[0]] = OutcomeKind.DEFERRED
    deliver(system, mail_list=WITH_PICTURE)
    system.transport.answers.clear()
    serve_slice(system, mail_list=WITH_PICTURE)

    assert len(system.capture.requests) == 1
    assert len(system.mailed()) == 2


def test_each_event_has_a_picture_of_its_own(system: System) -> None:
    """Another event is another capture, kept under another key, and a key tells no text of the producer's."""
    system.join("ann")
    deliver(system, raised(event_id="../../1"), WITH_PICTURE)
    deliver(system, raised(event_id="2"), WITH_PICTURE)

    keys = [request.key for request in system.capture.requests]
    assert len(set(keys)) == 2
    assert all(key.startswith("captures/price_moves/") and ".." not in key for key in keys)


@pytest.mark.parametrize("error", [CaptureUnavailable("down"), CaptureRefused("private"), Misconfigured("no browser")])
def test_without_its_picture_an_event_is_not_mailed(
    system: System, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A page that is down stops the event before anybody is claimed."""

    def fail(_: CaptureRequest) -> None:
        raise error

    monkeypatch.setattr(system.capture, "capture", fail)
    system.join("ann")
    with pytest.raises(type(error)):
        deliver(system, mail_list=WITH_PICTURE)

    assert system.transport.sent == []
    assert system.ledger.claim(raised().key, ids("ann"), "next", NOW) == {ids("ann")[0]: Claim.MINE}


def test_a_picture_that_cannot_be_read_is_told(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture that succeeds without a readable picture points at the policies."""
    monkeypatch.setattr(system.capture, "capture", lambda _: None)
    system.join("ann")
    with pytest.raises(CaptureUnavailable, match="policies"):
        deliver(system, mail_list=WITH_PICTURE)


class Dying(MemoryTransport):
    """A transport that takes mails ahead, as real ones do, and whose process dies after some answers."""

    def __init__(self, ledger: Mortal, answers: int, ahead: int = 1) -> None:
        super().__init__()
        self._ledger, self._left, self._ahead = ledger, answers, ahead

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send, and at last die: what was to be written afterwards is not."""
        for batch in batched(messages, self._ahead, strict=False):
            for outcome in list(super().send(batch)):
                if self._left == 0:
                    self._ledger.dead = True
                    raise KeyboardInterrupt
                self._left -= 1
                yield outcome


def test_who_was_recorded_before_a_crash_is_not_mailed_again(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first group was recorded; of the second those in doubt are mailed again, after the lease."""
    monkeypatch.setattr(serving, "GROUP", 4)
    monkeypatch.setattr(recording, "RECORD_FROM", 4)
    monkeypatch.setattr(slicing, "SLICE", 1000)
    names = [f"s{number}" for number in range(12)]
    system.join(*names)
    ledger = system.ledger = Mortal(system.clock)
    system.transport = Dying(ledger, answers=7)
    with pytest.raises(KeyboardInterrupt):
        deliver(system)
    before = system.mailed()
    ledger.dead = False
    system.transport = MemoryTransport()

    assert deliver(system, owner="two").counts == {"settled": 4, "held": 4, "sent": 4}
    system.clock.advance(timedelta(seconds=126))
    assert serve_slice(system, owner="three").counts == {"settled": 4, "uncertain": 4, "sent": 4}
    times = Counter(before + system.mailed())
    assert set(times) == set(names)
    assert sorted(times.values()) == [1] * 8 + [2] * 4, "the four of the second group that had gone out"


@pytest.mark.parametrize("ahead", [1, 8, 16])
@pytest.mark.parametrize("answers", range(1, 99, 7))
def test_a_crash_doubles_at_most_32_mails(system: System, answers: int, ahead: int) -> None:
    """However far ahead the transport is, and wherever in a group of a hundred the process dies."""
    names = [f"s{number}" for number in range(100)]
    system.join(*names)
    ledger = system.ledger = Mortal(system.clock)
    system.transport = Dying(ledger, answers, ahead)
    with pytest.raises(KeyboardInterrupt):
        deliver(system)
    before = system.mailed()
    ledger.dead = False
    system.clock.advance(timedelta(seconds=126))
    system.transport = MemoryTransport()
    deliver(system, owner="two")

    times = Counter(before + system.mailed())
    assert set(times) == set(names)
    assert sum(times.values()) - 100 <= 32


def test_a_store_that_fails_to_record_keeps_the_claims(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be recorded stays claimed until the lease, rather than being sent again at once."""
    system.join("ann")

    def fail(*_: object) -> None:
        msg = "down"
        raise StoreUnavailable(msg)

    monkeypatch.setattr(system.ledger, "record", fail)
    with pytest.raises(StoreUnavailable):
        deliver(system)
    monkeypatch.undo()

    assert deliver(system, owner="two").counts == {"held": 1}
    assert len(system.mailed()) == 1


def test_what_a_hiccup_of_the_store_left_unrecorded_is_recorded_after_all(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of these mails we know that they went out: nobody gets a second one."""
    names = [f"s{number}" for number in range(40)]
    system.join(*names)
    record, calls = system.ledger.record, []

    def once_down(event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        calls.append(len(deliveries))
        if len(calls) == 1:
            msg = "down"
            raise StoreUnavailable(msg)
        record(event, deliveries, owner)

    monkeypatch.setattr(system.ledger, "record", once_down)
    with pytest.raises(StoreUnavailable):
        deliver(system)

    assert calls == [24, 24]
    system.clock.advance(timedelta(seconds=126))
    deliver(system, owner="two")
    assert sorted(system.mailed()) == sorted(names)


def test_a_ledger_that_refuses_us_releases_nothing_that_may_have_gone_out(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials may expire in the middle of a group: what the transport has then is in doubt."""
    monkeypatch.setattr(recording, "RECORD_FROM", 2)
    names = [f"s{number}" for number in range(8)]
    system.join(*names)
    system.transport = Ahead()

    def refuse(*_: object) -> None:
        msg = "DynamoDB answered UnrecognizedClientException"
        raise Misconfigured(msg)

    monkeypatch.setattr(system.ledger, "record", refuse)
    with pytest.raises(Misconfigured):
        deliver(system)
    monkeypatch.undo()

    assert deliver(system, owner="two").counts == {"held": 8}
    assert len(system.mailed()) == 8


def test_an_audience_is_not_read_on_when_time_has_run_out(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the group in which time ran out nobody is looked up: reading a long list costs money and time."""
    monkeypatch.setattr(serving, "GROUP", 2)
    system.join(*(f"s{number}" for number in range(20)))
    system.transport = given.TickingTransport(system.clock, timedelta(seconds=20))
    read: list[IdRange] = []
    enrolled = system.subscribers.enrolled
    monkeypatch.setattr(
        system.subscribers, "enrolled", lambda audience, ids, limit: read.append(ids) or enrolled(audience, ids, limit)
    )
    report = deliver(system)

    assert len(read) == 2
    assert report.counts == {"sent": 3, "late": 1}


def suppress(system: System, *locals_: str) -> None:
    """Turn these subscribers' membership into a suppressed one."""
    for id_ in ids(*locals_):
        person = system.subscribers.people([id_])[id_]
        row = system.subscribers.of([MembershipKey("price_moves", id_)])[MembershipKey("price_moves", id_)]
        told = "suppressed: bounce 5.1.1"
        row = dataclasses.replace(row, state=MembershipState.SUPPRESSED, suppressed=told)
        system.subscribers.save([Change(person, (row,))])


def test_who_is_suppressed_is_skipped_with_the_reason(system: System) -> None:
    """An address that bounced gets nothing more, and the ledger says why: an operator who is asked finds it there."""
    system.join("ann", "bob", "cyd")
    suppress(system, "bob")

    first, again = deliver(system), deliver(system, owner="two")

    assert sorted(system.mailed()) == ["ann", "cyd"]
    assert first.counts == {"sent": 2, "skipped": 1}
    assert again.counts == {"settled": 3}
    (bob,) = ids("bob")
    ended = next(row for (_, subscriber), row in system.ledger.ended.items() if subscriber == bob)
    assert (ended.state, ended.reason) == (DeliveryState.SKIPPED, "suppressed: bounce 5.1.1")


def test_an_audience_of_nobody_who_may_be_mailed_is_not_composed_for(system: System) -> None:
    """Where all are suppressed, no page is captured and no template rendered."""
    system.join("ann")
    suppress(system, "ann")

    assert deliver(system, mail_list=WITH_PICTURE).counts == {"skipped": 1}
    assert system.capture.requests == []


def test_who_joined_after_the_event_is_not_skipped_either(system: System) -> None:
    """The event was not for them, so it has no row of theirs."""
    system.join("ann", joined_at=NOW + timedelta(seconds=1))
    suppress(system, "ann")

    assert deliver(system).counts == {}
    assert system.ledger.ended == {}


def test_a_slice_that_goes_on_under_hold_claims_as_carefully_as_a_list_that_holds(system: System) -> None:
    """After silences the policy in force is not the list's own, and what a crash leaves is an operator's work."""
    system.join("ann")
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    limits: list[int] = []
    enrolled = system.subscribers.enrolled
    system.subscribers.enrolled = (  # type: ignore[method-assign]
        lambda audience, ids, limit: limits.append(limit) or enrolled(audience, ids, limit)
    )
    deliver(system)
    for number in range(slicing.SILENCES_MAX):
        system.clock.advance(system.outbox.delays[-1] + timedelta(seconds=1))
        serve_slice(system, owner=f"try-{number}")

    assert (limits[0], limits[-1]) == (serving.GROUP, serving.CAREFUL_GROUP)
