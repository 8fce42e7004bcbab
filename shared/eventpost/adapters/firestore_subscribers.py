"""Subscribers in Firestore: a collection per audience, ordered by subscriber id, and a document per person.

The person's document is what a save is decided on: every save raises its version, on condition that nobody has
written it since it was read. All documents of a save go in one commit, which is made whole or not at all.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from google.api_core.exceptions import Aborted
from google.cloud.firestore import DELETE_FIELD
from google.cloud.firestore_v1.base_query import And, FieldFilter

from eventpost.adapters import firestore_documents as documents
from eventpost.adapters.firestore_errors import OVERTAKEN, PASSING, translated
from eventpost.adapters.firestore_reads import NAME, PATIENCE, TIMEOUT_S, FirestoreReader, Found
from eventpost.adapters.patience import tries
from eventpost.errors import PersonChanged, StoreUnavailable
from eventpost.model import Change, IdRange, Membership, MembershipKey, Person, Subscriber
from eventpost.ports import Clock, People, check_size

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, DocumentReference, WriteBatch

PAGE: Final = 500  # documents in one answer, where everybody is read

type Stored = Mapping[str, Found]
"""Persons' documents by the person's id, as they were read."""

_CHANGED: Final = "the person has been changed meanwhile"


class FirestoreSubscribers:
    """Subscribers as documents, see `firestore_documents`. Fulfils `ports.SubscriberStore`."""

    def __init__(self, client: "Client", clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._reader = FirestoreReader(client, clock)

    def enrolled(self, audience: str, ids: IdRange, limit: int) -> Sequence[Subscriber]:
        """See `ports.Subscribers`."""
        members = self._members(audience)
        wanted = And(
            [
                FieldFilter("state", "in", documents.ENROLLED),
                FieldFilter(NAME, ">=", members.document(ids.first)),
                FieldFilter(NAME, "<=", members.document(ids.last)),
            ]
        )
        query = members.where(filter=wanted).order_by(NAME).select(documents.SUBSCRIBER_FIELDS).limit(limit)
        return [documents.subscriber_of(found.id, found.fields) for found in self._reader.matching(query)]

    def everybody(self, audience: str) -> Iterator[Membership]:
        """See `ports.Memberships`."""
        for found in chain.from_iterable(self._reader.pages(self._members(audience), PAGE)):
            yield documents.membership_of(MembershipKey(audience, found.id), found.fields)

    def everyone(self, after: str = "") -> Iterator[People]:
        """See `ports.Memberships`. The order is that of the ids."""
        for page in self._reader.pages(self._client.collection("people"), PAGE, after):
            yield People(list(map(_person_of, page)), page[-1].id if len(page) == PAGE else "")

    def people(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """See `ports.Memberships`."""
        found = self._reader.get_all(map(self._person, dict.fromkeys(subscribers)))
        return {document.id: _person_of(document) for document in found}

    def of(self, keys: Collection[MembershipKey]) -> Mapping[MembershipKey, Membership]:
        """See `ports.Memberships`."""
        by_path = {(reference := self._membership(key)).path: (key, reference) for key in keys}
        found = self._reader.get_all(reference for _, reference in by_path.values())
        read = {by_path[document.path][0]: document for document in found}
        return {key: documents.membership_of(key, document.fields) for key, document in read.items()}

    def save(self, changes: Sequence[Change]) -> None:
        """See `ports.Memberships`.

        After an answer that was lost, the persons' documents tell whether the save was made, by a tag of its own.
        """
        check_size(changes)
        if not changes:
            return
        save = _Save(changes, secrets.token_hex(8))
        for _ in tries(self._clock, "Firestore kept not saying whether a save was made", PATIENCE):
            persons = self._reader.get_all(map(self._person, save.subscribers), ("saved", "version"))
            stored = {person.id: person for person in persons}
            if save.is_made(stored) or self._is_committed(save, stored):
                return

    def _is_committed(self, save: "_Save", stored: Stored) -> bool:
        """Commit; False where the answer was lost, or another was being made just then."""
        batch = self._client.batch()
        for change in save.changes:
            self._write(batch, change, stored.get(change.person.id), save.tag)
        with translated():
            try:
                batch.commit(retry=None, timeout=TIMEOUT_S)
            except OVERTAKEN:  # maybe by itself, if an answer was lost
                if not save.is_lost:
                    raise PersonChanged(_CHANGED) from None
            except PASSING as error:
                save.is_lost |= not isinstance(error, Aborted)
            else:
                return True
        return False

    def _write(self, batch: "WriteBatch", change: Change, stored: Found | None, tag: str) -> None:
        person = change.person
        document = documents.person_document(person, person.version + 1, tag)
        if stored is None:
            batch.create(self._person(person.id), document)
        else:
            unchanged = self._client.write_option(last_update_time=stored.updated_at)
            gone = dict.fromkeys(documents.PERSON_FIELDS, DELETE_FIELD)
            batch.update(self._person(person.id), {**gone, **document}, option=unchanged)
        for membership in change.memberships:
            batch.set(self._membership(membership.key), documents.membership_document(membership))
        for audience in change.gone:
            batch.delete(self._membership(MembershipKey(audience, person.id)))

    def _person(self, subscriber: str) -> "DocumentReference":
        return self._client.document("people", subscriber)

    def _membership(self, key: MembershipKey) -> "DocumentReference":
        return self._members(key.audience).document(key.subscriber)

    def _members(self, audience: str) -> "CollectionReference":
        return self._client.collection(*documents.audience_path(audience))


@dataclass
class _Save:
    """A save that is being made.

    Attributes:
        changes: What is saved; at least one.
        tag: What stands in the documents of all of its persons once it is made, and in nobody else's.
        is_lost: Whether the answer to a commit was lost, so that it may be made already.
    """

    changes: Sequence[Change]
    tag: str
    is_lost: bool = False

    @property
    def subscribers(self) -> Sequence[str]:
        """The persons' ids."""
        return [change.person.id for change in self.changes]

    def is_made(self, stored: Stored) -> bool:
        """Whether it is made already; if not, it can be made on what is stored.

        Raises:
            PersonChanged: Somebody was faster: it is not made, and never will be.
            StoreUnavailable: Everybody has been saved since, so nothing tells any more whether it was made.
        """
        if any(document.fields.get("saved") == self.tag for document in stored.values()):
            return True
        steps = {_version(stored.get(change.person.id)) - change.person.version for change in self.changes}
        if steps == {0}:
            return False
        if self.is_lost and steps.isdisjoint({0, 1}):  # one step on by another's save, or none at all: not by this one
            msg = "Firestore did not say whether a save was made, and others have been since"
            raise StoreUnavailable(msg)
        raise PersonChanged(_CHANGED)


def _version(document: Found | None) -> int:
    return document.fields["version"] if document else 0


def _person_of(document: Found) -> Person:
    return documents.person_of(document.id, document.fields)
