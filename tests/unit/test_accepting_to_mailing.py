"""From the door to the mailbox: what was accepted, its list's own function mails, and its owner is told so."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

import sentinels
from direct_mail import DIRECT_MAIL, TEMPLATES
from direct_world import DIRECT, DirectSystem
from eventpost.compose import Templates
from eventpost.errors import StoreUnavailable
from eventpost.mailapi import FollowedState, RecipientState
from eventpost.model import DeliveryState, SuppressionReason
from eventpost.model.receipt import Receipt
from eventpost.runtime.queue import QueueFunction
from eventpost.settings import ListSettings
from http_gateway import Context
from posting_world import ORDERS, OUTAGE, Failing, World, mail

SETTINGS = ListSettings(list_name=DIRECT, queue_url="https://queue", dead_letters_url="https://dead", max_receives=5)
SENT, FAILED, SKIPPED = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED


class Minute(Context):
    """An invocation that has a minute."""

    def get_remaining_time_in_millis(self) -> int:
        """That."""
        return 60_000


@dataclass
class Post:
    """The mail API and the list's function, over the same stores and queue."""

    system: DirectSystem = field(default_factory=lambda: DirectSystem(Templates(TEMPLATES)))
    handed_out: int = 0

    def __post_init__(self) -> None:
        system = self.system
        self.function = QueueFunction(DIRECT_MAIL, lambda: system, lambda: SETTINGS)
        self.world = World(system.clock, system.outbox, system.subscribers, ledger=system.ledger)

    def deliver(self) -> None:
        """Let the function have what is on its queue and was not handed out before."""
        waiting = [each for each in self.system.outbox.sent[self.handed_out :] if each[0] != "https://dead"]
        self.handed_out = len(self.system.outbox.sent)
        for number, (_, body, attributes) in enumerate(waiting):
            record = _record(f"{self.handed_out}-{number}", body, dict(attributes), self.system)
            assert self.function({"Records": [record]}, Minute()) == {"batchItemFailures": []}

    def told(self, receipt: Receipt) -> Any:
        """What its owner is told."""
        return self.world.following.follow(ORDERS, receipt.id)


def _record(id_: str, body: str, attributes: dict[str, str], system: DirectSystem) -> dict[str, Any]:
    sent_at = str(int(system.clock.now().timestamp() * 1000))
    return {
        "messageId": id_,
        "receiptHandle": id_,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": sent_at},
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()},
    }


@pytest.fixture
def post() -> Post:
    """Everything, empty."""
    return Post()


def test_a_mail_is_followed_from_the_door_to_everybody_it_names(post: Post) -> None:
    """By the id that its owner was given; its list never saw that."""
    receipt = post.world.accepting.accept(ORDERS, mail("ann", cc=[sentinels.address("ben")]))
    assert post.told(receipt).state is FollowedState.ACCEPTED

    post.deliver()

    told = post.told(receipt)
    assert (told.state, told.counts) == (FollowedState.FINISHED, {"sent": 2})
    assert told.recipients == [RecipientState("#/to/0", SENT, ""), RecipientState("#/cc/0", SENT, "")]
    assert sorted(post.system.mailed()) == ["ann", "ben"]


def test_who_bounced_meanwhile_is_skipped_and_the_owner_told(post: Post) -> None:
    """The door was open when they were named."""
    receipt = post.world.accepting.accept(ORDERS, mail("ann", "ben"))
    post.world.suppress(sentinels.address("ben"), SuppressionReason.BOUNCE, "5.1.1")

    post.deliver()

    told = post.told(receipt)
    assert told.state is FollowedState.FINISHED
    assert told.recipients[1] == RecipientState("#/to/1", SKIPPED, "suppressed: bounce 5.1.1")
    assert [(each.reason, each.deliveries) for each in told.reasons] == [("suppressed: bounce 5.1.1", 1)]
    assert post.system.mailed() == ["ann"]


@pytest.mark.parametrize("copies_come", ["at once", "after the first was mailed"])
def test_a_lost_answer_is_one_mail(post: Post, copies_come: str) -> None:
    """The caller asks again, and two messages are on the queue: with one id, they are one event."""
    outbox = post.system.outbox
    post.world.outbox = Failing(outbox, "send", OUTAGE, done=True)
    with pytest.raises(StoreUnavailable):
        post.world.accepting.accept(ORDERS, mail("ann", token="k1"))
    if copies_come != "at once":
        post.deliver()

    receipt = post.world.accepting.accept(ORDERS, mail("ann", token="k1"))
    post.deliver()

    assert len(outbox.sent) == 2
    assert post.system.mailed() == ["ann"]
    assert post.told(receipt).state is FollowedState.FINISHED


def test_what_its_list_gives_up_on_its_owner_is_told_of(post: Post) -> None:
    """A file that was there at the door has gone."""
    key = "attachments/" + "a" * 32
    post.world.uploads.kept = {key: 100}
    receipt = post.world.accepting.accept(ORDERS, mail("ann", attachments=[{"key": key, "filename": "a.pdf"}]))

    post.deliver()

    told = post.told(receipt)
    assert told.state is FollowedState.GIVEN_UP
    assert told.given_up.error == "AttachmentMissing"
    assert key in told.given_up.reason
    assert not post.system.mailed()
    assert post.system.outbox.sent[-1][0] == "https://dead"


def test_an_owner_is_told_for_as_long_as_the_receipt_is_kept(post: Post) -> None:
    """Thirty days, in which the ledger forgets nothing of it."""
    receipt = post.world.accepting.accept(ORDERS, mail("ann"))
    post.deliver()
    post.system.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    post.system.ledger.tidy()

    assert post.told(receipt).counts == {"sent": 1}
