"""The bounce simulator's story: mails by SES, what SES says of them, and whom the next event skips, and why.

SES is moto's, and the stores are the real adapters on moto's
DynamoDB, the subscribers also on Google's emulator. moto publishes nothing of what becomes of a
mail (its own examples have no tags), so that is written here from the tags that SES was asked to give the mail.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

import given
import ses_told
from consent_world import ConsentWorld
from eventpost.adapters import ses_events
from eventpost.adapters.dynamodb_history import DynamoHistory
from eventpost.adapters.dynamodb_ledger import DynamoLedger
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryOutbox
from eventpost.adapters.ses_transport import SesTransport
from eventpost.consent.feedback import Heeding
from eventpost.consent.suppressing import lift
from eventpost.deliver import Delivering, EventMails, Report
from eventpost.model import Delivery, DeliveryState, EventKey, IdRange, Message, subscriber_id
from eventpost.ports import SubscriberStore
from eventpost.runtime.feedback import serve_feedback
from eventpost.settings import QueueSettings
from given import PriceMoved, price_moves, raised, subscriber_at
from tables import LEDGER_KEYS, SUBSCRIBERS_KEYS, new_table

SETTINGS = QueueSettings(queue_url="https://queue", dead_letters_url="https://dead", max_receives=5)
SUCCESS, BOUNCE, FULL, COMPLAINT = (
    f"{name}@simulator.amazonses.com" for name in ("success", "bounce", "full", "complaint")
)


def id_of(address: str) -> str:
    """The subscriber's id."""
    return subscriber_id(address, given.ID_KEY)


@dataclass
class Simulator:
    """SES's mailbox simulator: remembers the tags of each mail, and says of it what its address asks for."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def note(self, params: dict[str, Any], **_: object) -> None:
        """Called by boto3 with what SendEmail is asked."""
        (address,) = params["Destination"]["ToAddresses"]
        assert params["ConfigurationSetName"] == "events"
        self.sent.append((address, {tag["Name"]: tag["Value"] for tag in params["EmailTags"]}))

    def says(self, at: Any) -> list[str]:
        """What SES says of the mails since the last time."""
        mails, self.sent = self.sent, []
        told = []
        for address, tags in mails:
            told.append(ses_told.sent(tags, at=at))
            if address == BOUNCE:
                told.append(ses_told.bounced(tags, at=at))
            elif address == FULL:
                told.append(ses_told.bounced(tags, "Transient", "MailboxFull", "4.2.2", at=at))
            else:
                told.append(ses_told.delivered(tags, at=at))
            if address == COMPLAINT:
                told.append(ses_told.complained(tags, at=at))
        return told


@dataclass
class Story:
    """A deployment: its stores, its transport, its list and its feedback function."""

    system: given.System
    stores: tuple[SubscriberStore, DynamoLedger, DynamoHistory]
    transport: SesTransport
    simulator: Simulator

    def __post_init__(self) -> None:
        self.clock = self.system.clock
        self.subscribers, self.ledger, self.history = self.stores
        self.consenting = ConsentWorld(self.subscribers, clock=self.clock).consenting
        self.feedback = Heeding(self.consenting, self.ledger, self.history)
        self.outbox = MemoryOutbox()
        self.read_feedback = ses_events.read
        self.function = serve_feedback(lambda: self, lambda: SETTINGS)

    def raise_event(self, event_id: str) -> dict[str, str]:
        """Deliver an event; gives what the ledger says of each address then, with the reason."""
        mails = EventMails(self.system.composer, self.system.capture, self.system.blobs, self.transport, self.clock)
        delivering = Delivering(
            subscribers_of=lambda _: self.subscribers,
            ledger=self.ledger,
            transport=self.transport,
            budget=self.system.budget,
            blobs=self.system.blobs,
            outbox=self.outbox,
            mails=mails,
            clock=self.clock,
        )
        event = PriceMoved(ticker="AMZN")
        it = raised(event, event_id, raised_at=self.clock.now())
        delivering.deliver(price_moves(), it, event.model_dump_json(), self.system.invocation(event_id), Report())
        return self.told(event_id)

    def told(self, event_id: str) -> dict[str, str]:
        """What the ledger says of each address."""
        names = {id_of(address): address.partition("@")[0] for address in (SUCCESS, BOUNCE, FULL, COMPLAINT)}
        rows = self.history.deliveries(EventKey("price_moves", event_id))
        return {names[row.subscriber]: f"{row.state}: {row.reason}".removesuffix(": ") for row in rows}

    def hear(self, *, times: int = 2) -> None:
        """SES says what became of the mails; SNS and SQS bring each word twice, in an order of their own."""
        bodies = self.simulator.says(self.clock.now()) * times
        for start in range(0, len(bodies), 10):
            batch = enumerate(reversed(bodies[start : start + 10]))
            answer = self.function({"Records": [_record(body, str(number)) for number, body in batch]}, None)
            assert answer == {"batchItemFailures": []}


def _record(body: str, message_id: str) -> dict[str, Any]:
    system = {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"}
    return {"messageId": message_id, "receiptHandle": "r", "body": body, "attributes": system}


@pytest.fixture(params=["dynamodb", pytest.param("firestore", marks=pytest.mark.heavy)])
def story(
    request: pytest.FixtureRequest,
    system: given.System,
    moto: Callable[[str], Any],
    dynamodb_on: Callable[[str], Any],
) -> Iterator[Story]:
    """The simulator's mailboxes on a list, its subscribers in either store."""
    simulator = Simulator()
    dynamodb, ses = dynamodb_on("moto"), moto("sesv2")
    moto("ses").verify_domain_identity(Domain="example.com")
    ses.meta.events.register("provide-client-params.sesv2.SendEmail", simulator.note)
    with ExitStack() as stack:
        tables = [stack.enter_context(new_table(dynamodb, keys)) for keys in (SUBSCRIBERS_KEYS, LEDGER_KEYS)]
        stores = (
            DynamoSubscribers(dynamodb, tables[0], system.clock)
            if request.param == "dynamodb"
            else FirestoreSubscribers(request.getfixturevalue("firestore_client"), system.clock),
            DynamoLedger(dynamodb, tables[1], system.clock),
            DynamoHistory(dynamodb, tables[1], system.clock),
        )
        transport = SesTransport(ses, "events")
        stack.callback(transport.close)
        stack.callback(ses.meta.events.unregister, "provide-client-params.sesv2.SendEmail", simulator.note)
        everybody = [subscriber_at(address) for address in (SUCCESS, BOUNCE, FULL, COMPLAINT)]
        for audience in ("price_moves", "news"):
            given.enrol(stores[0], audience, everybody)
        yield Story(system, stores, transport, simulator)


@pytest.fixture
def system(tmp_path: Any) -> given.System:
    """Templates, a clock, and what else is in memory."""
    return given.System(given.write_templates(tmp_path / "templates"))


def test_who_bounced_or_complained_is_skipped_by_the_next_event(story: Story) -> None:
    """A hard bounce and a complaint at once, a full mailbox after its fifth time; and a lift ends it."""
    assert story.raise_event("event-1") == dict.fromkeys(("success", "bounce", "full", "complaint"), "sent")
    story.hear()

    for day in range(2, 6):
        story.clock.advance(timedelta(days=1))
        assert story.raise_event(f"event-{day}") == {
            "success": "sent",
            "bounce": "skipped: suppressed: bounce 5.1.1",
            "full": "sent",
            "complaint": "skipped: suppressed: complaint abuse",
        }
        assert {address for address, _ in story.simulator.sent} == {SUCCESS, FULL}
        story.hear()

    story.clock.advance(timedelta(days=1))
    assert story.raise_event("event-6") == {
        "success": "sent",
        "bounce": "skipped: suppressed: bounce 5.1.1",
        "full": "skipped: suppressed: bounce 4.2.2",
        "complaint": "skipped: suppressed: complaint abuse",
    }
    news = {each.address: each.suppressed for each in story.subscribers.enrolled("news", IdRange(), 9)}
    assert news[SUCCESS] == ""
    assert all(news[address].startswith("suppressed: ") for address in (BOUNCE, FULL, COMPLAINT))

    assert lift(story.consenting, id_of(FULL)) == 2
    assert story.raise_event("event-7")["full"] == "sent"


def test_the_word_of_ses_settles_what_a_dead_worker_left(story: Story) -> None:
    """It died with a mail at SES and no row that says so: nobody gets it twice, even where the list would resend."""
    event = EventKey("price_moves", "event-1")
    owner, until = "a worker that dies", story.clock.now() + timedelta(seconds=90)
    story.ledger.claim(event, [id_of(SUCCESS)], owner, until)
    mail = Message(id_of(SUCCESS), "news@example.com", SUCCESS, b"Subject: x\r\n\r\nx\r\n", event=event)
    assert [outcome.kind for outcome in story.transport.send([mail])] == ["sent"]
    story.hear()
    story.clock.advance(timedelta(minutes=5))

    assert story.raise_event("event-1")["success"] == "sent"
    assert SUCCESS not in {address for address, _ in story.simulator.sent}


def test_what_is_held_as_uncertain_is_settled_by_the_word_of_ses(story: Story) -> None:
    """No operator need be asked."""
    event = EventKey("price_moves", "event-1")
    story.ledger.claim(event, [id_of(SUCCESS)], "one", story.clock.now() + timedelta(seconds=90))
    story.ledger.record(event, [Delivery(id_of(SUCCESS), DeliveryState.UNCERTAIN, "no answer")], "one")
    assert story.told("event-1") == {"success": "uncertain: no answer"}
    mail = Message(id_of(SUCCESS), "news@example.com", SUCCESS, b"Subject: x\r\n\r\nx\r\n", event=event)
    list(story.transport.send([mail]))
    story.hear()

    assert story.told("event-1") == {"success": "sent"}
