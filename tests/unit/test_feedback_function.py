"""The feedback function: batches off its queue, what it logs, and what it counts."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

import ses_told
from consent_world import NEWS, PRICES, ConsentWorld, id_of
from eventpost.adapters import ses_events
from eventpost.adapters.memory import MemoryOutbox
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.consent.feedback import Heeding
from eventpost.errors import StoreUnavailable
from eventpost.model import Change, DeliveryState, EventKey
from eventpost.runtime.feedback import serve_feedback
from eventpost.settings import QueueSettings
from sentinels import address
from ses_told import tagged

SETTINGS = QueueSettings(
    queue_url="https://queue", dead_letters_url="https://dead", max_receives=5, metrics_namespace="eventpost-dev"
)
EVENT = EventKey(PRICES, "event-1")


class Store(MemorySubscribers):
    """A store that may be down for saves."""

    down = False

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`."""
        if self.down:
            msg = "the store did not answer"
            raise StoreUnavailable(msg)
        super().save(changes)


@dataclass
class Deployed:
    """The function, and the world that it works in."""

    store: Store
    world: ConsentWorld

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.world.clock)
        self.outbox = MemoryOutbox()
        self.feedback = Heeding(self.world.consenting, self.ledger, self.ledger)
        self.read_feedback = ses_events.read
        self.function = serve_feedback(lambda: self, lambda: SETTINGS)

    def takes(self, *bodies: str, receives: int = 1) -> list[str]:
        """Which messages of this batch come again: each is named by its place."""
        sent_at = str(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000))
        records = [
            {
                "messageId": str(place),
                "receiptHandle": f"receipt-{place}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": sent_at},
                "messageAttributes": {},
            }
            for place, body in enumerate(bodies)
        ]
        return [each["itemIdentifier"] for each in self.function({"Records": records}, None)["batchItemFailures"]]


@pytest.fixture
def deployed() -> Deployed:
    """Ann and Bob, on two lists."""
    store = Store()
    world = ConsentWorld(store)
    for local in ("ann", "bob"):
        world.imported(local, NEWS, PRICES)
    return Deployed(store, world)


def tags(local: str = "ann", list_name: str = PRICES) -> dict[str, str]:
    """The tags of the event's mail to this mailbox; of a letter, without a list."""
    return tagged(id_of(local), list_name, "ZXZlbnQtMQ" if list_name else "")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that is logged."""
    caplog.set_level(logging.INFO)
    return caplog


def figures(capfd: pytest.CaptureFixture[str]) -> dict[str, dict[str, float]]:
    """The figures that were written, by list."""
    found = {}
    for line in (json.loads(text) for text in capfd.readouterr().out.splitlines() if '"_aws"' in text):
        for described in line["_aws"]["CloudWatchMetrics"]:
            assert described["Namespace"] == "eventpost-dev"
            assert described["Dimensions"] == [["service"]]
            names = [metric["Name"] for metric in described["Metrics"]]
            found[line["service"]] = {name: sum(line[name]) for name in names}
    return found


def test_a_batch_is_heeded_logged_and_counted(
    deployed: Deployed, log: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """By ids and codes: the logs hold no address (`privacy` looks at all of them)."""
    failed = deployed.takes(
        ses_told.sent(tags()),
        ses_told.bounced(tags()),
        ses_told.bounced(tags()),
        ses_told.bounced(tags("bob"), "Transient", "MailboxFull", "4.2.2"),
        ses_told.bounced(tags("bob"), "Transient", "ContentRejected", ""),
        ses_told.complained(tags("bob", "")),
        ses_told.rejected(tags("bob")),
        ses_told.delayed(tags("bob")),
        ses_told.told("Open", tags()),
    )

    assert failed == []
    assert deployed.world.there("ann").suppressed == "suppressed: bounce 5.1.1"
    assert deployed.world.there("bob").suppressed == "suppressed: complaint abuse"
    assert deployed.ledger.ended[EVENT, id_of("ann")].state is DeliveryState.SENT
    assert figures(capfd) == {
        PRICES: {"bounces": 2, "suppressed": 1, "soft_bounces": 2, "rejects": 1, "delays": 1},
        "letters": {"complaints": 1, "suppressed": 1},
    }
    told = [vars(record) for record in log.records]
    assert [(each["levelname"], each["msg"], each["detail"], each["suppressed"]) for each in told] == [
        ("INFO", "hard_bounce", "5.1.1", True),
        ("INFO", "hard_bounce", "5.1.1", False),
        ("INFO", "soft_bounce", "4.2.2", False),
        ("INFO", "content_bounce", "ContentRejected", False),
        ("WARNING", "complaint", "abuse", True),
        ("WARNING", "rejected", "Bad_content", False),
        ("INFO", "delayed", "4.2.2", False),
    ]
    assert told[0]["subscriber"] == id_of("ann")
    assert told[0]["list"] == PRICES
    assert told[0]["event_id"] == "event-1"


def test_what_ses_says_of_every_mail_is_neither_logged_nor_counted(
    deployed: Deployed, log: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A million mails would be a million lines."""
    assert deployed.takes(ses_told.sent(tags()), ses_told.delivered(tags())) == []
    assert log.records == []
    assert figures(capfd) == {}


def test_what_cannot_be_read_goes_to_dead_letters_and_is_not_the_others_trouble(
    deployed: Deployed, log: pytest.LogCaptureFixture
) -> None:
    """With the reason, and without its content in the log."""
    failed = deployed.takes(f"not JSON {address('ann')}", ses_told.bounced(tags()))

    assert failed == []
    assert deployed.world.on("ann") == set()
    ((queue, _, attributes),) = deployed.outbox.sent
    assert queue == "https://dead"
    assert attributes["error"] == "InvalidEvent"
    assert log.messages[0] == "feedback given up"
    assert "not JSON" not in repr([vars(record) for record in log.records])


def test_while_the_store_is_down_feedback_waits_on_its_queue(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """What needs no store is done with; the figures count a bounce when it has been heeded."""
    deployed.store.down = True
    assert deployed.takes(ses_told.bounced(tags()), ses_told.delayed(tags("bob"))) == ["0"]
    assert figures(capfd) == {PRICES: {"delays": 1}}
    assert deployed.world.on("ann") == {NEWS, PRICES}

    deployed.store.down = False
    assert deployed.takes(ses_told.bounced(tags()), receives=2) == []
    assert deployed.world.on("ann") == set()


def test_ses_s_own_test_of_the_topic_is_no_fault(deployed: Deployed) -> None:
    """Else every deployment would begin with an alarm."""
    assert deployed.takes("Successfully validated SNS topic for Amazon SES event publishing.") == []
    assert deployed.outbox.sent == []
