"""The sweeper's and the relay's functions: what they are invoked with, what becomes of a batch, what they count."""

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest

from eventpost.adapters.memory import MemoryClock, MemoryOutbox
from eventpost.adapters.memory_schedules import MemoryOccurrences, MemoryQuotas, MemorySchedules, MemorySweeps
from eventpost.errors import Permanent, StoreUnavailable
from eventpost.model import Occurrence, Once, Schedule, Target
from eventpost.ports import Post
from eventpost.runtime.relay import COUNTED, serve_relay
from eventpost.runtime.sweeper import MARGIN, serve_sweeper
from eventpost.schedule import Handing, Limits, Relaying, Request, Scheduling, Sweeping, Targets, relay_message
from eventpost.schedule.relay_message import RelayMessage
from eventpost.settings import QueueSettings
from sentinels import BODY

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RELAY: Final = "https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-dev-Relay"
LIST_QUEUE: Final = "https://sqs.eu-west-1.amazonaws.com/111122223333/eventpost-dev-price_moves"
SETTINGS: Final = QueueSettings(
    queue_url=RELAY, dead_letters_url="https://dead", max_receives=5, metrics_namespace="eventpost-dev"
)
VALUES_OF_A_METRIC: Final = 100  # as many as CloudWatch takes of one metric in one line


class Outbox(MemoryOutbox):
    """Queues, of which one may refuse, and all may be silent."""

    refuses = ""
    is_silent = False

    def send_all(self, queue_url: str, posts: Any, delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`."""
        if self.is_silent:
            msg = "SQS did not answer"
            raise StoreUnavailable(msg)
        if queue_url == self.refuses:
            msg = "the queue refused a message"
            raise Permanent(msg)
        super().send_all(queue_url, posts, delay)


@dataclass
class Deployed:
    """Both functions, on stores in memory."""

    clock: MemoryClock = field(default_factory=lambda: MemoryClock(NOW))
    outbox: Outbox = field(default_factory=Outbox)

    def __post_init__(self) -> None:
        schedules, occurrences, sweeps = MemorySchedules(), MemoryOccurrences(), MemorySweeps()
        handing = Handing(occurrences, sweeps, self.outbox, self.clock, RELAY)
        targets = Targets("eventpost-dev", RELAY, ["price_moves"], [])
        self.scheduling = Scheduling(schedules, MemoryQuotas(), handing, self.clock, targets, Limits())
        self.sweeping = Sweeping(occurrences, sweeps, handing, self.clock)
        self.relaying = Relaying(schedules, handing, self.outbox, self.clock, targets)
        self.sweeper = serve_sweeper(lambda: self, lambda: "eventpost-dev")
        self.relay = serve_relay(lambda: self, lambda: SETTINGS)

    def make(self, due: datetime) -> Schedule:
        """A schedule of one event for the list."""
        request = Request(Once(due), Target(list_name="price_moves"), json.dumps({"company": BODY}))
        return self.scheduling.create("owner", request).schedule

    def sweep(self, remaining: timedelta = timedelta(seconds=59)) -> None:
        """Invoke the sweeper with so much time to go."""
        milliseconds = int(remaining / timedelta(milliseconds=1))
        self.sweeper({}, SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds))

    def takes(self, body: str, receives: int = 1) -> list[str]:
        """Invoke the relay with this message; the ids of those that come again."""
        record = {
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1767225600000"},
            "messageAttributes": {},
        }
        return [each["itemIdentifier"] for each in self.relay({"Records": [record]}, None)["batchItemFailures"]]

    def sent(self, queue_url: str) -> list[Post]:
        """What is on a queue."""
        return [Post(body, attributes) for url, body, attributes in self.outbox.sent if url == queue_url]


@pytest.fixture
def deployed() -> Deployed:
    """Nothing is scheduled."""
    return Deployed()


def message(*schedules: Schedule) -> str:
    """What a sweep says of these."""
    return relay_message.write(
        RelayMessage(tuple(Occurrence(each.next_at or NOW, each.id, each.version) for each in schedules))
    )


def figures(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that CloudWatch reads."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines() if '"_aws"' in line]


def test_a_sweep_is_counted(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Its alarm hears of each, also of one that found nothing; and by how many minutes sweeps are behind."""
    deployed.sweep()

    (line,) = figures(capfd)
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "eventpost-dev"
    assert (line["service"], line["sweeps"], line["behind"]) == ("sweeper", [1.0], [0.0])


def test_a_sweep_hands_over_what_is_due(deployed: Deployed) -> None:
    """To the relay's queue."""
    deployed.sweep()
    schedule = deployed.make(NOW + timedelta(minutes=6))
    assert deployed.sent(RELAY) == []

    deployed.clock.advance(timedelta(minutes=1))
    deployed.sweep()

    (post,) = deployed.sent(RELAY)
    assert [each.schedule for each in relay_message.read(post.body).occurrences] == [schedule.id]


def test_a_sweep_without_time_leaves_its_minutes_to_the_next(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """It begins with none that it may have to leave in the middle; the alarm's figure says what is left."""
    deployed.sweep()
    deployed.clock.advance(timedelta(minutes=20))
    figures(capfd)

    deployed.sweep(MARGIN)
    (behind,) = figures(capfd)
    deployed.sweep()
    (caught_up,) = figures(capfd)

    assert behind["behind"] == [20.0]
    assert caught_up["behind"] == [0.0]


def test_a_sweep_that_breaks_off_is_not_counted(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Lambda hears of it, and the alarm of nothing."""
    deployed.sweep()
    deployed.make(NOW + timedelta(minutes=6))
    deployed.clock.advance(timedelta(minutes=1))
    figures(capfd)
    deployed.outbox.is_silent = True

    with pytest.raises(StoreUnavailable):
        deployed.sweep()

    assert figures(capfd) == []


def test_events_are_raised_and_counted(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Each with its lateness, a hundred to a line at the most."""
    schedules = [deployed.make(NOW + timedelta(seconds=5)) for _ in range(150)]
    deployed.clock.advance(timedelta(seconds=7))

    again = deployed.takes(message(*schedules))

    lines = figures(capfd)
    lateness = [line["lateness"] for line in lines if "lateness" in line]
    assert again == []
    assert len(deployed.sent(LIST_QUEUE)) == 150
    assert {line["service"] for line in lines} == {"relay"}
    assert sum(sum(line.get("fired", [])) for line in lines) == 150
    assert [len(values) for values in lateness] == [100, 50]
    assert {value for values in lateness for value in values} == {2000.0}
    assert max(map(len, lateness)) <= VALUES_OF_A_METRIC


def test_what_does_not_happen_is_not_written(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """A metric costs money in each hour in which it is written."""
    schedule = deployed.make(NOW + timedelta(seconds=5))
    deployed.scheduling.cancel("owner", schedule.id)

    deployed.takes(message(schedule))

    (line,) = figures(capfd)
    assert line["stale"] == [1.0]
    assert not line.keys() & {"fired", "dropped", "refused", "lateness"}


def test_a_refused_event_is_a_dead_letter_of_its_own(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """With its id and the reason; put on the relay's queue again, it is raised. No log tells what is in it."""
    schedule = deployed.make(NOW + timedelta(seconds=5))
    deployed.outbox.refuses = LIST_QUEUE
    caplog.set_level(logging.INFO)

    again = deployed.takes(message(schedule))
    (letter,) = deployed.sent("https://dead")
    deployed.outbox.refuses = ""
    replayed = deployed.takes(letter.body)

    assert again == replayed == []
    assert letter.attributes["error"] == "TargetRefused"
    assert letter.attributes["reason"]
    assert letter.attributes["event_id"] == deployed.sent(LIST_QUEUE)[0].attributes["event_id"]
    assert [line["refused"] for line in figures(capfd) if "refused" in line] == [[1.0]]
    assert BODY not in caplog.text


def test_what_no_sweep_wrote_is_a_dead_letter(deployed: Deployed) -> None:
    """At once: it will not become better."""
    assert deployed.takes("{}") == []
    assert deployed.sent("https://dead")[0].attributes["error"] == "InvalidEvent"


def test_a_silent_queue_brings_the_message_again(deployed: Deployed) -> None:
    """Its events have not been raised, or not all: it is received again, and only then given up on."""
    schedule = deployed.make(NOW + timedelta(seconds=5))
    deployed.outbox.is_silent = True

    assert deployed.takes(message(schedule)) == ["m1"]
    assert deployed.sent("https://dead") == []
    assert deployed.takes(message(schedule), receives=5) == []
    assert deployed.sent("https://dead")[0].attributes["error"] == "StoreUnavailable"


def test_every_figure_is_documented(pytestconfig: pytest.Config) -> None:
    """The operator's page says what each one means."""
    page = (pytestconfig.rootpath / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [name for name in (*COUNTED, "lateness", "sweeps", "behind") if f"| `{name}` |" not in page] == []
