"""`eventpost settle` takes an operator's word for what nobody else knows, and for nothing else."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from eventpost import slicing
from eventpost.adapters.memory import MemoryClock, MemoryOutbox
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.errors import StoreUnavailable
from eventpost.model import Claim, Delivery, DeliveryState, EventKey, IdRange
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main

EVENT = EventKey("price_moves", "event 1")
UNCERTAIN = [f"{number:032x}" for number in range(25)]
SENT, FAILED, UNKNOWN = "a" * 32, "b" * 32, "c" * 32
DIGEST = "d" * 64


class Outbox(MemoryOutbox):
    """An outbox that may fail, and that tells what the ledger said when a message came."""

    fails_at = -1

    def send_all(self, queue_url, posts, delay):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - as in its parent
        """See `ports.Outbox`."""
        if len(self.sent) == self.fails_at:
            msg = "SQS did not answer"
            raise StoreUnavailable(msg)
        self.sent += [(queue_url, post.body, post.attributes) for post in posts]
        self.delays.append(delay)


@pytest.fixture
def outbox() -> Outbox:
    """The queues of the deployment."""
    return Outbox()


@pytest.fixture
def ledger(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> MemoryLedger:
    """The ledger of a deployment, with deliveries of an event in each state."""
    clock = MemoryClock()
    ledger = MemoryLedger(clock)
    ledger.open(EVENT, DIGEST)
    ledger.claim(EVENT, [*UNCERTAIN, SENT, FAILED], "one", clock.now())
    ended = {SENT: DeliveryState.SENT, FAILED: DeliveryState.FAILED}
    ledger.record(EVENT, [Delivery(id_, DeliveryState.UNCERTAIN) for id_ in UNCERTAIN], "one")
    ledger.record(EVENT, [Delivery(id_, state) for id_, state in ended.items()], "one")
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(history=ledger, outbox=outbox))
    monkeypatch.setattr(Deployment, "queue_url", lambda _self, name: f"queue of {name}")
    return ledger


def settle(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["settle", "price_moves", "event 1", "--stack", "eventpost", *arguments])


def states(ledger: MemoryLedger) -> dict[str, str]:
    """What the ledger says of each delivery."""
    return {each.subscriber: str(each.state) for each in ledger.deliveries(EVENT)}


def test_named_ones_are_settled_as_sent(ledger: MemoryLedger) -> None:
    """Those and no others; nothing goes on a queue."""
    done = settle("--sent", *UNCERTAIN[:2], UNCERTAIN[0])

    assert (done.exit_code, done.output) == (0, "2 settled as sent\n")
    assert [states(ledger)[id_] for id_ in UNCERTAIN[:3]] == ["sent", "sent", "uncertain"]


def test_all_are_settled_as_sent(ledger: MemoryLedger) -> None:
    """All that are uncertain; those that ended otherwise stay as they are."""
    assert settle("--sent", "--all").output == "25 settled as sent\n"
    assert states(ledger) == {**dict.fromkeys(UNCERTAIN, "sent"), SENT: "sent", FAILED: "failed"}
    assert settle("--sent", "--all").output == "0 settled as sent\n"


@pytest.mark.parametrize("outcome", ["--sent", "--resend"])
def test_what_is_not_uncertain_is_left_and_told(ledger: MemoryLedger, outbox: Outbox, outcome: str) -> None:
    """A delivery that ended, or that the ledger does not know, is an error; the others are settled."""
    ledger.handed_out(EVENT, IdRange())
    done = settle(outcome, FAILED, UNCERTAIN[0], UNKNOWN)

    assert done.exit_code == 1
    assert f"2 are not uncertain, and were left as they are: {FAILED}, {UNKNOWN}" in done.output
    assert states(ledger).get(UNCERTAIN[0], "forgotten") != "uncertain"
    assert states(ledger)[FAILED] == "failed"
    assert len(outbox.sent) == (outcome == "--resend")


def test_resent_ones_go_on_the_queue_as_slices_of_one(ledger: MemoryLedger, outbox: Outbox) -> None:
    """A replay of the event would serve its first message's ids only; the body is kept, so each is a slice."""
    ledger.handed_out(EVENT, IdRange())
    done = settle("--resend", "--all")

    assert (done.exit_code, done.output) == (0, "25 put on queue of price_moves, to be sent in a minute\n")
    slices = [slicing.read("price_moves", body) for _, body, _ in outbox.sent]
    assert [each.ids for each in slices] == [IdRange(id_, id_) for id_ in UNCERTAIN]
    assert {(each.event, each.body_digest, each.raised_at) for each in slices} == {(EVENT, DIGEST, MemoryClock().now())}
    assert {attributes["kind"] for _, _, attributes in outbox.sent} == {"slice"}
    assert min(outbox.delays).total_seconds() == 60
    assert set(ledger.claim(EVENT, UNCERTAIN, "two", MemoryClock().now()).values()) == {Claim.MINE}


def test_a_queue_that_fails_loses_nobody(ledger: MemoryLedger, outbox: Outbox) -> None:
    """Who is not on the queue is uncertain still, so that the command can be given again."""
    ledger.handed_out(EVENT, IdRange())
    outbox.fails_at = 20
    assert settle("--resend", "--all").exit_code == 1

    left = {id_ for id_, state in states(ledger).items() if state == "uncertain"}
    assert left == set(UNCERTAIN[20:])


def test_an_event_in_one_piece_is_to_be_raised_again(ledger: MemoryLedger, outbox: Outbox) -> None:
    """Its body is not kept: how to raise it again is said, ready to be pasted into a shell."""
    done = settle("--resend", *UNCERTAIN[:2])

    assert done.exit_code == 0
    assert "2 forgotten" in done.output
    assert "eventpost send price_moves EVENT --event-id 'event 1'" in done.output
    assert outbox.sent == []
    assert UNCERTAIN[0] not in states(ledger)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--all"], "--sent or --resend"),
        (["--sent"], "or --all"),
        (["--sent", "--all", UNCERTAIN[0]], "or --all"),
        (["--sent", "ada@example.com"], "no subscriber id"),
        (["--sent", "A" * 32], "no subscriber id"),
    ],
)
def test_what_cannot_be_meant_is_refused(ledger: MemoryLedger, arguments: list[str], told: str) -> None:
    """Before anything is settled."""
    done = settle(*arguments)

    assert done.exit_code != 0
    assert told in done.output
    assert states(ledger)[UNCERTAIN[0]] == "uncertain"
