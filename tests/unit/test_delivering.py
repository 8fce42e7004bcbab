"""Delivering: everyone in the audience once, whatever happens to a try."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import given
from eventpost.adapters.memory import MemoryLedger, MemoryTransport
from eventpost.deliver import Report, delivery
from eventpost.errors import (
    CaptureRefused,
    CaptureUnavailable,
    DeliveryUnfinished,
    EventIdReused,
    Misconfigured,
    StoreUnavailable,
    TemplateFault,
    TransportUnavailable,
)
from eventpost.lists import MailList, Screenshot
from eventpost.model import (
    CaptureRequest,
    Claim,
    Delivery,
    DeliveryState,
    EventKey,
    IdRange,
    Message,
    Outcome,
    OutcomeKind,
    RaisedEvent,
)
from given import NOW, System, price_moves, raised

WITH_PICTURE = price_moves(screenshot=Screenshot(url="{{ event.page }}"))


def deliver(
    system: System, event: RaisedEvent | None = None, mail_list: MailList | None = None, owner: str = "one"
) -> Report:
    """One try that ends well."""
    report = Report()
    system.delivering.deliver(mail_list or price_moves(), event or raised(), owner, system.deadline, report)
    return report


def unfinished(system: System, owner: str = "one") -> tuple[DeliveryUnfinished, Report]:
    """One try that leaves somebody unmailed."""
    report = Report()
    with pytest.raises(DeliveryUnfinished) as caught:
        system.delivering.deliver(price_moves(), raised(), owner, system.deadline, report)
    return caught.value, report


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
    system.subscribers.add("price_moves", [broken])
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


def test_a_throttled_delivery_is_free_for_the_next_try(system: System) -> None:
    """`Not now` was certainly not sent: its claim is given up at once, and the next try sends it."""
    system.join("ann", "bob")
    (throttled,) = ids("bob")
    system.transport.answers[throttled] = OutcomeKind.NOT_NOW
    error, report = unfinished(system)

    assert str(error) == "still to be mailed: 1 not_now"
    assert error.retry_after is None, "no lease to wait for"
    assert report.counts == {"sent": 1, "not_now": 1}
    system.transport.answers.clear()
    assert deliver(system, owner="two").counts == {"settled": 1, "sent": 1}
    assert sorted(system.mailed()) == ["ann", "bob"]


def test_an_uncertain_delivery_waits_for_its_lease(system: System) -> None:
    """Silence after the last byte: nobody sends again before the lease is over; then it is sent again."""
    system.join("ann")
    system.transport.answers[ids("ann")[0]] = OutcomeKind.UNKNOWN
    error, report = unfinished(system)

    assert report.counts == {"unknown": 1}
    assert error.retry_after == timedelta(seconds=125), "the deadline and thirty seconds"
    system.transport.answers.clear()
    assert unfinished(system, owner="two")[1].counts == {"held": 1}
    system.clock.advance(timedelta(seconds=126))
    assert deliver(system, owner="three").counts == {"sent": 1}
    assert len(system.mailed()) == 2, "the policy is to resend: once more, and no more than that"


def test_a_claim_of_another_try_is_left_alone(system: System) -> None:
    """While another invocation holds a claim, this one mails the others and comes back after the lease."""
    system.join("ann", "bob")
    system.ledger.claim(raised().key, ids("ann"), "other", NOW + timedelta(seconds=90))
    error, report = unfinished(system)

    assert system.mailed() == ["bob"]
    assert report.counts == {"held": 1, "sent": 1}
    assert error.retry_after is not None
    system.clock.advance(error.retry_after + timedelta(milliseconds=1))
    assert deliver(system, owner="two").counts == {"settled": 1, "sent": 1}


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
    deadline = NOW + timedelta(seconds=left)
    if sent:
        system.delivering.deliver(price_moves(), raised(), "one", deadline, report)
    else:
        with pytest.raises(DeliveryUnfinished, match="still to be mailed: 1 late"):
            system.delivering.deliver(price_moves(), raised(), "one", deadline, report)

    assert len(system.transport.sent) == sent


def test_running_out_of_time_in_a_group_leaves_the_rest_free(system: System) -> None:
    """What was sent is recorded, what was not is released, and the next try finishes at once."""
    names = [f"s{number}" for number in range(20)]
    system.join(*names)
    system.transport = given.TickingTransport(system.clock, timedelta(seconds=9))
    error, report = unfinished(system)

    sent = len(system.transport.sent)
    assert report.counts == {"sent": sent, "late": 20 - sent}
    assert 0 < sent <= 6, "50 seconds at nine each"
    assert system.clock.now() <= NOW + timedelta(seconds=95)
    assert error.retry_after is None
    system.transport = MemoryTransport()
    assert deliver(system, owner="two").counts == {"settled": sent, "sent": 20 - sent}


def test_a_large_audience_is_read_page_by_page(system: System) -> None:
    """Pages and groups leave nobody out and take nobody twice, at their edges too."""
    names = [f"s{number}" for number in range(2 * delivery.GROUP + 1)]
    system.join(*names)
    deliver(system)

    assert sorted(system.mailed()) == sorted(names)


def test_a_page_of_late_joiners_does_not_end_the_audience(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a page with nobody to mail there may be more."""
    monkeypatch.setattr(delivery, "GROUP", 2)
    names = sorted((f"s{number}" for number in range(9)), key=lambda name: ids(name)[0])
    for name in names[:4]:
        system.join(name, joined_at=NOW + timedelta(days=1))
    system.join(*names[4:])
    deliver(system)

    assert sorted(system.mailed()) == sorted(names[4:])


def test_a_transport_that_takes_nothing_ends_the_try(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a whole group is turned away, the next groups are not even claimed."""
    monkeypatch.setattr(delivery, "GROUP", 5)
    names = [f"s{number}" for number in range(20)]
    system.join(*names)
    system.transport.answers = dict.fromkeys(ids(*names), OutcomeKind.NOT_NOW)
    report = Report()
    with pytest.raises(TransportUnavailable):
        system.delivering.deliver(price_moves(), raised(), "one", system.deadline, report)

    assert report.counts == {"not_now": 5}
    system.transport.answers.clear()
    assert deliver(system, owner="two").counts == {"sent": 20}


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


def refused(system: System, reasons: Mapping[str, str]) -> None:
    """Have the transport refuse these local parts for these reasons."""

    class Refusing(MemoryTransport):
        def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
            for message in messages:
                reason = reasons.get(message.address.partition("@")[0])
                if reason is None:
                    yield from super().send([message])
                else:
                    yield Outcome(message.subscriber, OutcomeKind.REFUSED, reason)

    system.transport = Refusing()


def test_every_mail_refused_alike_is_nobodys_failure(system: System) -> None:
    """A sender that is not verified is told mail by mail: it must not be the end of the whole audience."""
    names = ["ann", "bob", "cyd"]
    system.join(*names)
    refused(system, dict.fromkeys(names, "554"))
    report = Report()
    with pytest.raises(Misconfigured, match=r"refuses every mail alike \(554\)"):
        system.delivering.deliver(price_moves(), raised(), "one", system.deadline, report)

    assert states(system) == {}
    assert not report.made_progress
    system.transport = MemoryTransport()
    assert deliver(system, owner="two").counts == {"sent": 3}


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
    refused(system, reasons)
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
    system.transport.answers[ids("bob")[0]] = OutcomeKind.NOT_NOW
    with pytest.raises(DeliveryUnfinished):
        deliver(system, mail_list=WITH_PICTURE)
    system.transport.answers.clear()
    deliver(system, mail_list=WITH_PICTURE, owner="two")

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


class Mortal(MemoryLedger):
    """A ledger that a dead process can no longer write to."""

    dead = False

    def record(self, event: EventKey, deliveries: Sequence[Delivery], owner: str) -> None:
        """Record, unless dead."""
        if not self.dead:
            super().record(event, deliveries, owner)

    def release(self, event: EventKey, subscribers: Sequence[str], owner: str) -> None:
        """Release, unless dead."""
        if not self.dead:
            super().release(event, subscribers, owner)


class Dying(MemoryTransport):
    """A transport whose process dies with its last message under way."""

    def __init__(self, ledger: Mortal, sends: int) -> None:
        super().__init__()
        self._ledger, self._left = ledger, sends

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Send, and at last die: what was to be written afterwards is not."""
        for outcome in super().send(messages):
            self._left -= 1
            if self._left == 0:
                self._ledger.dead = True
                raise KeyboardInterrupt
            yield outcome


def test_a_crash_in_the_second_group_repeats_at_most_that_group(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was recorded before the crash is not mailed again; those in doubt are, after the lease."""
    monkeypatch.setattr(delivery, "GROUP", 4)
    names = [f"s{number}" for number in range(12)]
    system.join(*names)
    ledger = system.ledger = Mortal(system.clock)
    system.transport = Dying(ledger, sends=7)
    with pytest.raises(KeyboardInterrupt):
        deliver(system)
    before = system.mailed()
    ledger.dead = False
    system.transport = MemoryTransport()
    _, report = unfinished(system, owner="two")

    assert report.counts == {"settled": 4, "held": 4, "sent": 4}
    system.clock.advance(timedelta(seconds=126))
    assert deliver(system, owner="three").counts == {"settled": 8, "sent": 4}
    times = Counter(before + system.mailed())
    assert set(times) == set(names)
    assert sorted(times.values()) == [1] * 9 + [2] * 3, "the three of the second group that had gone out"


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

    assert unfinished(system, owner="two")[1].counts == {"held": 1}
    assert len(system.mailed()) == 1


def test_an_audience_is_not_read_on_when_time_has_run_out(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the group in which time ran out nobody is looked up: reading a long list costs money and time."""
    monkeypatch.setattr(delivery, "GROUP", 2)
    system.join(*(f"s{number}" for number in range(20)))
    system.transport = given.TickingTransport(system.clock, timedelta(seconds=20))
    read: list[IdRange] = []
    active = system.subscribers.active
    monkeypatch.setattr(
        system.subscribers, "active", lambda audience, ids, limit: read.append(ids) or active(audience, ids, limit)
    )
    error, report = unfinished(system)

    assert len(read) == 2
    assert report.counts["sent"] == 3
    assert str(error) == "still to be mailed: 1 late"
