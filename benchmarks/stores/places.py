"""The two stores as a deployment has them, each with a counter in front: ministack and the Firestore emulator."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import batched, count
from typing import Final, Protocol

import boto3
from benchmarks.delivery.local_aws import SUBSCRIBERS
from benchmarks.delivery.ours.aws_calls import Recorder
from benchmarks.delivery.place import ROOT
from benchmarks.delivery.usage import Call, item_bytes
from benchmarks.delivery.usage import usage_of as aws_usage_of
from benchmarks.stores.firestore_calls import RecordedClient
from benchmarks.stores.firestore_calls import usage_of as firestore_usage_of

from eventpost.adapters import firestore_documents as documents
from eventpost.adapters import subscriber_rows as rows
from eventpost.adapters.clock import SystemClock
from eventpost.adapters.dynamodb_bulk import BulkWriter
from eventpost.adapters.dynamodb_subscribers import DynamoSubscribers
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.model import Membership
from eventpost.ports import SubscriberStore
from eventpost_cli.local import firestore
from eventpost_cli.local.state import State
from eventpost_cli.local.surroundings import toward

PROJECT: Final = "bench"
_WRITES: Final = 500  # documents in one commit


class Place(Protocol):
    """One of the stores."""

    @property
    def name(self) -> str:
        """What it is called in figures."""
        ...

    @property
    def store(self) -> SubscriberStore:
        """The real adapter, with a counter behind it."""
        ...

    def enroll(self, members: Sequence[Membership]) -> None:
        """Put these memberships where deliveries find them, without their persons: not measured.

        A stand-in that looks through all that it holds for each query begins with nothing.
        """
        ...

    def forget(self) -> None:
        """Forget the calls that were made so far."""
        ...

    def counted(self) -> Counter[str]:
        """What the calls since then have taken of what is billed."""
        ...


class Dynamo:
    """DynamoDB, by the local AWS."""

    name = "dynamodb"

    def __init__(self, endpoint: str) -> None:
        os.environ |= toward(endpoint)
        self._recorder = Recorder()
        client = boto3.client("dynamodb")
        self.store: SubscriberStore = DynamoSubscribers(client, SUBSCRIBERS, SystemClock())
        self._bulk = BulkWriter(client, SUBSCRIBERS, SystemClock())
        self._bytes: dict[str, int] = {}

    def enroll(self, members: Sequence[Membership]) -> None:
        """See `Place`. How large the rows are is kept: what is read of a row is billed as the whole row."""
        written = list(map(rows.membership_row, members))
        self._bytes |= {row["id"]["S"]: item_bytes(row) for row in written}
        self._bulk.put_all(written)

    def forget(self) -> None:
        """See `Place`."""
        self._recorder.calls.clear()

    def counted(self) -> Counter[str]:
        """See `Place`."""
        return aws_usage_of(map(self._whole, self._recorder.calls))["units"]

    def _whole(self, call: Call) -> Call:
        """A query's answer with rows as large as they are in the table: an answer holds some attributes of each."""
        if call.operation != "Query":
            return call
        whole = [{"": {"B": bytes(self._bytes[row["id"]["S"]])}} for row in call.answer["Items"]]
        return call._replace(answer={"Items": whole})


class Firestore:
    """Firestore, by Google's emulator."""

    name = "firestore"

    def __init__(self, host: str) -> None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = host
        self._databases = count()
        self._renew()

    def _renew(self) -> None:
        """Go on with an empty database."""
        self._client = RecordedClient(project=PROJECT, database=f"bench-{next(self._databases)}")
        self.store: SubscriberStore = FirestoreSubscribers(self._client, SystemClock())

    def enroll(self, members: Sequence[Membership]) -> None:
        """See `Place`: the emulator looks through a database, so each audience is in one of its own."""
        self._renew()
        for group in batched(members, _WRITES, strict=False):
            batch = self._client.batch()
            for member in group:
                path = (*documents.audience_path(member.audience), member.subscriber)
                batch.set(self._client.document(*path), documents.membership_document(member))
            batch.commit()

    def forget(self) -> None:
        """See `Place`."""
        self._client.recorder.calls.clear()

    def counted(self) -> Counter[str]:
        """See `Place`."""
        return firestore_usage_of(self._client.recorder.calls)["units"]


@contextmanager
def emulator() -> Iterator[str]:
    """The address of an empty Firestore emulator, for as long as the block.

    Raises:
        eventpost_cli.local.errors.ToolMissing: It is not on this machine.
    """
    state = State.of(ROOT, "bench-stores")
    with state.held(), firestore.running(state) as host:
        yield host
