"""The stack on the local AWS, as those see it who use it: services, subscribers, operators."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cached_property
from typing import Any, Final

from click.testing import CliRunner, Result

import given
import received_mail
import sentinels
from eventpost.links import Links
from eventpost.model import Membership, MembershipKey, Person, Subscriber, subscriber_id
from eventpost.ports import SubscriberStore
from eventpost_cli.demo.story import environment
from eventpost_cli.deployment import Deployment
from eventpost_cli.local.firestore import PROJECT
from eventpost_cli.local.loopback import ask
from eventpost_cli.local.sam_cli.sam import STACK_NAME
from eventpost_cli.local.stack import LocalStack
from eventpost_cli.main import main
from privacy import WATCH

PATIENCE_S: Final = 60
LOOK_S: Final = 0.1
MESSAGES = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def wait_until(happened: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """What `happened` comes to as soon as that is true; fails the test when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (outcome := happened()):
        assert time.monotonic() < deadline, f"nothing for {seconds} s"
        time.sleep(LOOK_S)
    return outcome


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: its body, and the attributes that say why and of which event."""

    body: str = field(repr=False)
    attributes: Mapping[str, str]


class Deployed:
    """What is deployed on this stack; nobody is on any list when a test begins."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.deployment = Deployment(STACK_NAME)

    # ---- subscribers ------------------------------------------------------------------------------------------------

    @property
    def subscribers(self) -> SubscriberStore:
        """The subscribers, in whatever store the stack has them."""
        return self.deployment.wiring.subscribers

    def join(self, audience: str, *locals_: str, name: str = sentinels.NAME) -> list[str]:
        """Put subscribers at sentinel addresses on the audience. Returns the addresses."""
        addresses = [sentinels.address(local) for local in locals_]
        moment = datetime.now(UTC)
        rows = [Subscriber(self.id_of(address), address, {"name": name}, moment) for address in addresses]
        given.enrol(self.subscribers, audience, rows)
        return addresses

    def id_of(self, address: str) -> str:
        """The id that this address has in this deployment."""
        return subscriber_id(address, self._id_key)

    @cached_property
    def _id_key(self) -> bytes:
        return self.deployment.subscriber_id_key()

    def state(self, address: str, audience: str) -> str:
        """What the store says of this address on the audience; nothing where there is no membership."""
        key = MembershipKey(audience, self.id_of(address))
        return str(row.state) if (row := self.subscribers.of([key]).get(key)) else ""

    def everything_stored(self) -> tuple[list[Person], list[Membership]]:
        """All that the store holds of people, in order of their ids."""
        store = self.subscribers
        people = sorted((each for page in store.everyone() for each in page.persons), key=lambda each: each.id)
        keys = [MembershipKey(audience, each.id) for each in people for audience in sorted(each.audiences)]
        there = store.of(keys)
        return people, [there[key] for key in keys if key in there]

    def clear(self) -> None:
        """Take everybody off every list, in both stores, and throw dead letters and mails away."""
        if emulator := self.stack.addresses.firestore:
            ask(f"http://{emulator}/emulator/v1/projects/{PROJECT}/databases/(default)/documents", "DELETE")
        dynamodb, table = self.stack.client("dynamodb"), self.stack.outputs["SubscribersTable"]
        pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="audience, id")
        for row in [row for page in pages for row in page["Items"]]:  # of memberships and of people
            dynamodb.delete_item(TableName=table, Key=row)
        for name, url in self.stack.outputs.items():
            if name.endswith("DeadLettersUrl"):
                self.sqs.purge_queue(QueueUrl=url)
        self.stack.inbox.delete_all()

    def begin_anew(self) -> None:
        """Have every function go on in new processes, which know nothing of what it had read before."""
        functions = self.stack.client("lambda")
        for page in functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                functions.update_function_configuration(
                    FunctionName=function["FunctionName"], MemorySize=function["MemorySize"]
                )

    # ---- events -----------------------------------------------------------------------------------------------------

    @cached_property
    def sqs(self) -> Any:
        """A client of the queues."""
        return self.stack.client("sqs")

    def raise_event(self, list_name: str, event: Mapping[str, Any] | str, **attributes: str) -> str:
        """Send the event to its list's queue, under an id of its own unless one is given. Returns that id."""
        attributes.setdefault("event_id", uuid.uuid4().hex)
        body = event if isinstance(event, str) else json.dumps(event)
        WATCH.learn_body(body)
        self.sqs.send_message(
            QueueUrl=self.deployment.queue_url(list_name),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
        return attributes["event_id"]

    def settle(self, *list_names: str) -> None:
        """Wait until there is no event left on these lists' queues, neither waiting nor being worked on."""
        wait_until(lambda: not any(self.waiting(name) for name in list_names))

    def waiting(self, list_name: str) -> int:
        """How many events the list's queue holds."""
        url = self.deployment.queue_url(list_name)
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=MESSAGES)["Attributes"]
        return sum(int(told[name]) for name in MESSAGES)

    def letters(self, list_name: str) -> dict[str, Letter]:
        """The list's dead letters by event id; they stay."""
        url = self.deployment.dead_letters_url(list_name)
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            WaitTimeSeconds=0,
            MessageAttributeNames=["All"],
        )
        found = [_letter(message) for message in answer.get("Messages", [])]
        return {letter.attributes["event_id"]: letter for letter in found}

    # ---- what became of them ----------------------------------------------------------------------------------------

    def mails(self) -> list[EmailMessage]:
        """Every mail in the inbox, parsed from its source, in order of arrival."""
        inbox = self.stack.inbox
        return [received_mail.read(inbox.source(mail["id"])) for mail in inbox.listing()]

    def mailed(self) -> list[str]:
        """Whom mail has come to: each address as often as it got one, in order of the alphabet."""
        return sorted(str(mail["To"]) for mail in self.mails())

    def ledger(self, list_name: str, event_id: str) -> dict[str, dict[str, str]]:
        """What the ledger says of the event: each subscriber's row, by id."""
        rows = self.stack.client("dynamodb").scan(
            TableName=self.stack.outputs["LedgerTable"],
            # The event's own row and those of its slices have no state.
            FilterExpression="begins_with(#partition, :event) AND attribute_exists(#state)",
            ExpressionAttributeNames={"#partition": "partition", "#state": "state"},
            ExpressionAttributeValues={":event": {"S": f"{list_name}#{event_id}#"}},
        )["Items"]
        plain = [{name: next(iter(value.values())) for name, value in row.items()} for row in rows]
        return {row["subscriber"]: row for row in plain}

    def pictures(self, list_name: str) -> dict[str, dict[str, Any]]:
        """The screenshots that are kept for the list, by key: `Body`, `ContentType` and `Metadata`."""
        s3, bucket = self.stack.client("s3"), self.stack.outputs["ScreenshotsBucket"]
        listing = s3.list_objects_v2(Bucket=bucket, Prefix=f"captures/{list_name}/").get("Contents", [])
        kept = {entry["Key"]: s3.get_object(Bucket=bucket, Key=entry["Key"]) for entry in listing}
        return {key: {**picture, "Body": picture["Body"].read()} for key, picture in kept.items()}

    def links(self) -> Links:
        """Reads the links in mails with the keys that are deployed."""
        wiring = self.deployment.wiring
        return Links(wiring.secrets.keys(self.stack.outputs["LinkKeysSecret"]), wiring.settings.link_base_url)

    # ---- people -----------------------------------------------------------------------------------------------------

    def eventpost(self, *arguments: str, stdin: str = "") -> Result:
        """Run the command in the project that is deployed here, with --local, as its owner would."""
        with environment({}):  # the command leads this process's AWS clients to the stack; not for good
            return CliRunner().invoke(main, [*arguments, "--local"], input=stdin)

    def logs(self) -> Iterator[tuple[str, str]]:
        """What has been logged; see `logs_of`."""
        return logs_of(self.stack)


def logs_of(stack: LocalStack) -> Iterator[tuple[str, str]]:
    """What has been logged: by the stack's processes, and by the functions into their log groups.

    The inbox's log is left out: it stands for mailboxes and the servers before them, which are not ours.
    """
    for file in stack.state.logs.glob("*.log"):
        if file.name != "inbox.log":
            yield file.name, file.read_text(errors="replace")
    logs = stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        yield group["logGroupName"], "\n".join(event["message"] for page in pages for event in page["events"])


def search_logs(stack: LocalStack) -> None:
    """See that nothing of what has been logged tells of anybody, or of a body; what functions tell fails their test.

    The stack's other processes are other people's programs, which name their authors: there, sentinels are all.
    """
    for name, text in logs_of(stack):
        if name.endswith(".log"):
            found = sentinels.found_in([text])
            assert not found, f"{name} holds what no log may hold: {found}"
        else:
            WATCH.tell(name, text)


def _letter(message: dict[str, Any]) -> Letter:
    told = message.get("MessageAttributes", {})
    # What SQS itself moved has no attributes of ours: it is known by its message id, as a list's function knows it.
    attributes = {"event_id": message["MessageId"]} | {name: value["StringValue"] for name, value in told.items()}
    WATCH.tell("a dead letter's reason", f"{attributes.get('error')}: {attributes.get('reason')}")
    return Letter(message["Body"], attributes)
