"""One list's real function over memory, given a message at a time: what becomes of it, and of whom it was for."""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import given
from declared_lists import FOLDERS, declared, samples
from eventpost.adapters.memory import MemoryOutbox
from eventpost.adapters.memory_mailapi import MemoryUploads
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.addressees import Addressees
from eventpost.compose import Templates
from eventpost.compose.email import EmailComposer
from eventpost.deliver import Delivering
from eventpost.deliver.addressees import NamedSubscribers
from eventpost.deliver.attachments import Attachments
from eventpost.deliver.emails import EmailMails
from eventpost.errors import Permanent
from eventpost.lists import MailList
from eventpost.model import IdRange, Subscriber, subscriber_id
from eventpost.runtime.queue import QueueFunction
from eventpost.runtime.received import Received
from eventpost.settings import ListSettings
from fuzzed_bodies import SECRET, Posted, takes
from http_gateway import Context

MAX_RECEIVES: Final = 5
SQS_MAX: Final = 1_048_576
MOST_ATTRIBUTES: Final = 10
DEAD_LETTERS: Final = "https://dead"
TEMPLATES: Final = Templates(given.REPOSITORY / "templates")
LISTS: Final = {folder.name: declared(folder) for folder in FOLDERS}
FILES: Final = (f"attachments/{'0' * 31}1", f"attachments/{'0' * 31}2", "attachments/0123456789abcdef0123456789abcdef")
"""Those that go with the samples' mails."""
SAMPLES: Final = {
    folder.name: [json.loads(file.read_text(encoding="utf-8")) for file in samples(folder)] for folder in FOLDERS
}
HEADERS: Final = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted", "feedback-id",
    "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "reply-to", "cc", "content-transfer-encoding",
    "x-eventpost-delivery",
}  # fmt: skip


class StrictOutbox(MemoryOutbox):
    """Queues that refuse what SQS refuses."""

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str], delay: timedelta = timedelta(0)) -> None:
        """See `ports.Outbox`.

        Raises:
            Permanent: There is a character, an empty text, or more of all, than SQS takes.
        """
        texts = [body, *attributes.values()]
        size = sum(len(text.encode()) for text in (*texts, *attributes, *(["String"] * len(attributes))))
        if not all(texts) or not all(map(takes, "".join(texts))) or size > SQS_MAX or len(attributes) > MOST_ATTRIBUTES:
            msg = "the queue refused the message: InvalidMessageContents"
            raise Permanent(msg)
        super().send(queue_url, body, attributes, delay)


class AskedSubscribers(MemorySubscribers):
    """Knows who was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: list[Subscriber] = []

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`. Two subscribers are read at once, so none is read twice."""
        found = super().enrolled(audience, ids, limit)
        self.asked_for += found
        return found


class AskedSystem(given.System):
    """The platform in memory, as the list's own function would wire it; see `wiring.direct` for those addressed."""

    addressed = False

    @property
    def delivering(self) -> Delivering:
        """The use case."""
        if not self.addressed:
            return super().delivering
        uploads = MemoryUploads(self.clock)
        for key in FILES:
            self.blobs.kept[key] = given.PICTURE
            uploads.kept[key] = len(given.PIXEL)
        addressees = Addressees(self.subscribers, lambda: given.ID_KEY)
        composer = EmailComposer(self.templates, lambda: given.LINKS, given.SENDER)
        mails = EmailMails(composer, Attachments(self.blobs, uploads), self.transport, self.clock)
        return replace(
            super().delivering, subscribers_of=lambda raised: NamedSubscribers(addressees, raised), mails=mails
        )


class Minute(Context):
    """An invocation that has a minute."""

    def get_remaining_time_in_millis(self) -> int:
        """That."""
        return 60_000


class FuzzWorld:
    """A list with two subscribers on each of its audiences that a sample names; nothing is remembered of others.

    Attributes:
        left: How often the message was put back on its queue.
        raised_at: When the message says that its event was raised.
        named: Whom its event names.
    """

    def __init__(self, mail_list: MailList) -> None:
        self.mail_list = mail_list
        self.subscribers = AskedSubscribers()
        self.outbox = StrictOutbox()
        self.system = AskedSystem(TEMPLATES, subscribers=self.subscribers, outbox=self.outbox)
        self.system.addressed = mail_list.addressed
        for audience in self._audiences():
            people = [given.subscriber("ann", name=SECRET), replace(given.subscriber("bob"), attributes={})]
            given.enrol(self.subscribers, audience, people)
        self.left = 0
        self.raised_at = given.NOW
        self.named: list[str] = []

    def _audiences(self) -> set[str]:
        name, topics = self.mail_list.name, self.mail_list.topics
        return {f"{name}/{sample[topics.field]}" if topics else name for sample in SAMPLES[name]}

    def take(self, message: Posted) -> None:
        """Hand the message to the function until it is off the queue, as SQS does; five times at most."""
        settings = ListSettings(
            list_name=self.mail_list.name,
            queue_url=given.QUEUE_URL,
            dead_letters_url=DEAD_LETTERS,
            max_receives=MAX_RECEIVES,
        )
        self.named = _named(message.body) if self.mail_list.addressed else []
        self.raised_at = Received.of(_record(message, 1)).raised_at
        function = QueueFunction(self.mail_list, lambda: self.system, lambda: settings)
        for receives in range(1, MAX_RECEIVES + 1):
            answer = function({"Records": [_record(message, receives)]}, Minute())  # type: ignore[arg-type]
            if not answer["batchItemFailures"]:
                return
            self.left += 1

    @property
    def dead(self) -> list[Mapping[str, str]]:
        """What came with the message to dead letters."""
        return [attributes for queue, _, attributes in self.outbox.sent if queue == DEAD_LETTERS]

    @property
    def expected(self) -> list[str]:
        """Whom mail was to go to, by id: whom the event names, or who joined its audience before it was raised."""
        if self.mail_list.addressed:
            return sorted({subscriber_id(address, given.ID_KEY) for address in self.named})
        return sorted(each.id for each in self.subscribers.asked_for if each.joined_at < self.raised_at)

    @property
    def mailed(self) -> list[str]:
        """Whom mail went to, by id."""
        return sorted(message.subscriber for message in self.system.transport.sent)

    @property
    def contents(self) -> list[bytes]:
        """The mails."""
        return [message.content for message in self.system.transport.sent]


def _named(body: str) -> list[str]:
    """Whom the event in this body names, in an envelope or without; nobody in what is no event."""
    try:
        event = json.loads(body)
        if "specversion" in event:
            event = event["data"] if "data" in event else json.loads(b64decode(event["data_base64"]))
        return [*event["to"], *event.get("cc", []), *event.get("bcc", [])]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _record(message: Posted, receives: int) -> dict[str, Any]:
    """The message as Lambda hands it to the function, sent a minute ago."""
    sent_at = str(int((given.NOW - timedelta(minutes=1)).timestamp() * 1000))
    return {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "receipt",
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": sent_at, "SenderId": "A"},
        "messageAttributes": dict(message.attributes),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:list",
        "awsRegion": "eu-west-1",
    }
