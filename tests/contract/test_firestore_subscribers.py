"""The subscribers' documents in Firestore, and what the store does when Firestore does not."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.types import BatchGetDocumentsRequest, RunQueryResponse

import given
from eventpost.adapters import firestore_subscribers
from eventpost.adapters.firestore_reads import PAGE_PATIENCE, PAGE_TIMEOUT_S, PATIENCE, TIMEOUT_S
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.adapters.memory import MemoryClock
from eventpost.errors import Misconfigured, PersonChanged, StoreUnavailable
from eventpost.model import (
    Change,
    ConsentRecord,
    ConsentWay,
    Copied,
    IdRange,
    Membership,
    MembershipKey,
    MembershipState,
    Person,
    Suppression,
    SuppressionReason,
)
from firestore_faults import Delayed, Fault, FaultyFirestore, cut_off, faulty_firestore, lost, meanwhile, refused
from sentinels import address

ANN, BOB = "a" * 32, "b" * 32
NOW = given.NOW
KEY = MembershipKey("price_moves", ANN)
PENDING = Membership(
    *("price_moves", ANN, address("ann"), {"name": "Zebedee"}, MembershipState.PENDING, NOW),
    ConsentRecord(ConsentWay.FORM, NOW, "join/price_moves"),
    asked="0123456789ab",
    expires_at=NOW + timedelta(days=7, microseconds=1),
)
CODES = grpc.StatusCode
UNANSWERED = [CODES.UNAVAILABLE, CODES.DEADLINE_EXCEEDED, CODES.INTERNAL, CODES.CANCELLED, CODES.UNKNOWN]
ANSWERED = ["BatchGetDocuments", "Commit"]
"""The calls of a save that nothing comes between."""


@dataclass
class Base:
    """A database behind a Firestore that can be told what is to go wrong, and a store on it."""

    firestore: FaultyFirestore
    client: firestore.Client
    clock: MemoryClock = field(default_factory=MemoryClock)

    @property
    def store(self) -> FirestoreSubscribers:
        """A store, as in any process."""
        return FirestoreSubscribers(self.client, self.clock)

    def documents(self) -> dict[str, dict[str, Any] | None]:
        """Every document, by its path."""
        found = [*self.client.collection("people").stream(), *self.client.collection_group("subscribers").stream()]
        return {each.reference.path: each.to_dict() for each in found}

    def fail(self, method: str, *faults: Fault) -> None:
        """From now on: these, one for each call of this method. Forgets the calls so far."""
        self.firestore.faults[method] = list(faults)
        self.firestore.calls.clear()

    def raised(self, *ids: str) -> None:
        """Somebody else saves these persons, as they are."""
        self.store.save([Change(self.store.people([id_]).get(id_, Person(id_))) for id_ in ids])


@pytest.fixture
def base(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    """A new, empty database."""
    with faulty_firestore(firestore_emulator, f"test-{uuid.uuid4().hex[:12]}", monkeypatch) as (faulty, client):
        yield Base(faulty, client)


def test_documents_are_as_written_down(base: Base) -> None:
    """What is empty has no field; moments are Firestore's own, so that its TTL policy can go by them."""
    topic = replace(PENDING, audience="stock_alerts/AMZN", asked="", expires_at=None, left=PENDING.joined)
    person = Person(ANN, address("ann"), frozenset({KEY.audience, topic.audience}), expires_at=PENDING.expires_at)
    person = replace(person, copied=Copied(theirs=7, ours=1))
    base.store.save([Change(person, (PENDING, topic))])
    documents = base.documents()
    saved = (documents[f"people/{ANN}"] or {}).pop("saved")
    joined = {"how": "form", "at": NOW, "form": "join/price_moves"}
    both = {
        "address": address("ann"),
        "attributes": {"name": "Zebedee"},
        "state": "pending",
        "joined_at": NOW,
        "joined": joined,
    }

    assert documents == {
        f"lists/price_moves/subscribers/{ANN}": {**both, "asked": "0123456789ab", "expires_at": PENDING.expires_at},
        f"lists/stock_alerts/topics/AMZN/subscribers/{ANN}": {**both, "left": joined},
        f"people/{ANN}": {
            "address": address("ann"),
            "audiences": ["price_moves", "stock_alerts/AMZN"],
            "version": 1,
            "expires_at": PENDING.expires_at,
            "copied": {"theirs": 7, "ours": 1},
        },
    }
    assert len(bytes.fromhex(saved)) == 8


def test_an_erased_person_is_no_more_than_an_id(base: Base) -> None:
    """Nothing is left in the document but what keeps an import from bringing them back."""
    base.store.save([Change(Person(ANN, address("ann"), frozenset({"price_moves"})), (PENDING,))])
    erased = Person(ANN, version=1, suppression=Suppression(SuppressionReason.ERASED, NOW))
    base.store.save([Change(erased, gone=frozenset({"price_moves"}))])

    ((path, document),) = base.documents().items()
    assert path == f"people/{ANN}"
    assert document is not None
    assert document.keys() == {"version", "saved", "suppression"}


def test_a_suppressed_document_is_never_mailed(base: Base) -> None:
    """Even one that does not say why is told as suppressed; an active one is not, whatever it still says."""
    row = replace(PENDING, state=MembershipState.SUPPRESSED)
    active = replace(PENDING, subscriber=BOB, state=MembershipState.ACTIVE, suppressed="suppressed: bounce")
    base.store.save([Change(Person(ANN), (row,)), Change(Person(BOB), (active,))])

    assert [one.suppressed for one in base.store.enrolled(KEY.audience, IdRange(), 5)] == ["suppressed", ""]


def test_an_attribute_without_a_name_comes_back(base: Base) -> None:
    """Firestore has no empty names, and DynamoDB neither: here it is told apart from all others."""
    row = replace(PENDING, attributes={"": "nothing", "%": "a sign"})
    base.store.save([Change(Person(ANN), (row,))])

    assert base.store.of([KEY]) == {KEY: row}


def test_a_delivery_reads_who_is_on_the_list_and_no_more(base: Base) -> None:
    """Firestore is paid by the document that is read; and of each, only what a mail needs is carried."""
    people = sorted((given.subscriber(f"s{number}") for number in range(12)), key=lambda one: one.id)
    given.enrol(base.store, KEY.audience, people)
    for one in people[::2]:
        row = replace(PENDING, subscriber=one.id, state=MembershipState.LEFT)
        base.store.save([Change(base.store.people([one.id])[one.id], (row,))])
    assert base.store.enrolled(KEY.audience, IdRange(), 5) == people[1::2][:5]

    read = [RunQueryResponse.deserialize(answer).document for answer in base.firestore.answers["RunQuery"]]
    assert [document.fields.keys() for document in read if document.name] == [
        {"address", "attributes", "joined_at", "state"}
    ] * 5


def test_a_save_is_one_read_and_one_commit(base: Base) -> None:
    """However many persons and memberships; of the persons no more is read than what the save is decided on."""
    base.store.save([Change(Person(ANN), (PENDING,)), Change(Person(BOB))])

    assert base.firestore.calls == ANSWERED
    (request,) = base.firestore.requests["BatchGetDocuments"]
    assert BatchGetDocumentsRequest.deserialize(request).mask.field_paths == ["saved", "version"]


def test_many_are_read_in_a_few_calls(base: Base) -> None:
    """Three hundred at a time, and each once however often it is asked for."""
    ids = [f"{number:032x}" for number in range(601)]
    base.store.people(ids + ids)
    base.store.of([MembershipKey("a", id_) for id_ in ids + ids])

    assert base.firestore.calls == ["BatchGetDocuments"] * 6


def test_everybody_is_read_page_by_page(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page is asked for when the one before has been used up: an export needs room for one."""
    monkeypatch.setattr(firestore_subscribers, "PAGE", 4)
    given.enrol(base.store, "price_moves", [given.subscriber(f"s{number}") for number in range(10)])
    asked_after = []
    for _ in base.store.everybody("price_moves"):
        asked_after.append(base.firestore.calls.count("RunQuery"))  # noqa: PERF401 - as each comes

    assert asked_after == [1] * 4 + [2] * 4 + [3] * 2


def test_no_call_waits_without_end(base: Base) -> None:
    """Every call has a time-out, so that a function has time left to say that the store did not answer.

    Pages of everybody, which only commands ask for, may take longer.
    """
    for call in calls(base):
        call()
    for_a_page = [each for each in base.firestore.seconds if each > TIMEOUT_S + 1]  # gRPC is not exact to the second
    assert 0 < len(for_a_page) < len(base.firestore.seconds)
    assert max(for_a_page) < PAGE_TIMEOUT_S + 1
    assert PATIENCE.total_seconds() > TIMEOUT_S
    assert PAGE_PATIENCE.total_seconds() > PAGE_TIMEOUT_S


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("code", UNANSWERED)
def test_a_save_whose_answer_was_lost_is_known_for_ours(base: Base, code: grpc.StatusCode, version: int) -> None:
    """The person's document says so, and it is not made again."""
    if version:
        base.raised(ANN)
    base.fail("Commit", lost(code))
    base.store.save([Change(Person(ANN, version=version), (PENDING,))])

    assert base.firestore.calls == [*ANSWERED, "BatchGetDocuments"]
    assert base.store.people([ANN]) == {ANN: Person(ANN, version=version + 1)}


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("code", [*UNANSWERED, CODES.ABORTED, CODES.RESOURCE_EXHAUSTED])
def test_a_save_that_was_not_made_is_made_a_little_later(base: Base, code: grpc.StatusCode, version: int) -> None:
    """Each time it is looked whether it has been made; nothing can double."""
    if version:
        base.raised(ANN)
    base.fail("Commit", *[refused(code)] * 3)
    base.store.save([Change(Person(ANN, version=version), (PENDING,))])

    assert base.firestore.calls == ANSWERED * 4
    assert base.store.people([ANN]) == {ANN: Person(ANN, version=version + 1)}
    assert base.store.of([KEY]) == {KEY: PENDING}


@pytest.mark.parametrize("version", [0, 1])
def test_a_save_that_arrives_late_is_still_made_once(base: Base, version: int) -> None:
    """It was under way when it was looked for: whichever of the two is first is the one, and both were ours."""
    if version:
        base.raised(ANN)
    late = Delayed()
    base.fail("Commit", late, meanwhile(late.arrive))
    base.store.save([Change(Person(ANN, version=version), (PENDING,))])

    assert base.firestore.calls == [*ANSWERED * 2, "BatchGetDocuments"]
    assert base.store.people([ANN]) == {ANN: Person(ANN, version=version + 1)}


def test_one_of_those_saved_together_tells_for_all(base: Base) -> None:
    """The answer is lost, and one of them saved again before it is looked: the other's document still says so."""
    base.fail("Commit", lost())
    base.firestore.faults["BatchGetDocuments"] = [passing, meanwhile(lambda: base.raised(ANN))]
    base.store.save([Change(Person(ANN), (PENDING,)), Change(Person(BOB))])

    assert {id_: person.version for id_, person in base.store.people([ANN, BOB]).items()} == {ANN: 2, BOB: 1}


def passing(forward: Callable[[], Iterator[bytes]], _: grpc.ServicerContext) -> Iterator[bytes]:
    """No fault."""
    return forward()


@pytest.mark.parametrize("version", [0, 1])
def test_who_was_faster_between_read_and_commit_is_not_overwritten(base: Base, version: int) -> None:
    """Nothing of the save is made, not for the others either."""
    if version:
        base.raised(ANN)
    base.fail("Commit", meanwhile(lambda: base.raised(ANN)))
    with pytest.raises(PersonChanged):
        base.store.save([Change(Person(BOB)), Change(Person(ANN, version=version), (PENDING,))])

    assert base.store.people([ANN, BOB]) == {ANN: Person(ANN, version=version + 1)}
    assert base.store.of([KEY]) == {}


def test_who_was_deleted_between_read_and_commit_does_not_come_back(base: Base) -> None:
    """The row's time was over: whoever read it has to read again."""
    base.raised(ANN)
    base.fail("Commit", meanwhile(base.client.document("people", ANN).delete))
    base.firestore.faults["Commit"].insert(1, passing)  # the deletion's own
    with pytest.raises(PersonChanged):
        base.store.save([Change(Person(ANN, version=1), (PENDING,))])
    assert base.documents() == {}


@pytest.mark.parametrize("others", [[ANN], [BOB], [BOB, BOB], [ANN, BOB]])
def test_a_save_that_can_never_be_made_any_more_was_overtaken(base: Base, others: list[str]) -> None:
    """It was not made, and somebody else has saved one of its persons before it was tried again."""
    base.fail("Commit", refused(CODES.UNAVAILABLE))
    base.firestore.faults["BatchGetDocuments"] = [
        passing,
        meanwhile(lambda: [base.raised(other) for other in others]),
    ]
    with pytest.raises(PersonChanged):
        base.store.save([Change(Person(ANN), (PENDING,)), Change(Person(BOB))])
    assert base.store.of([KEY]) == {}


@pytest.mark.parametrize("fault", [lost(), refused(CODES.UNAVAILABLE)])
def test_what_nobody_can_tell_any_more_is_not_told(base: Base, fault: Fault) -> None:
    """Two others have saved the person since the answer was lost: it may have been made, or not."""
    base.fail("Commit", fault)
    twice = meanwhile(lambda: [base.raised(ANN), base.raised(ANN)])
    base.firestore.faults["BatchGetDocuments"] = [passing, twice]

    with pytest.raises(StoreUnavailable, match="others have been since"):
        base.store.save([Change(Person(ANN), (PENDING,))])


def test_a_save_that_firestore_broke_off_was_not_made(base: Base) -> None:
    """It had met another's, so who has saved since was faster, however often."""
    twice = meanwhile(lambda: [base.raised(ANN), base.raised(ANN)])
    base.fail("Commit", refused(CODES.ABORTED))
    base.firestore.faults["BatchGetDocuments"] = [passing, twice]

    with pytest.raises(PersonChanged):
        base.store.save([Change(Person(ANN), (PENDING,))])


@pytest.mark.usefixtures("naps")
@pytest.mark.parametrize("code", [CODES.ABORTED, CODES.UNAVAILABLE])
def test_a_save_that_is_never_answered_is_an_outage(base: Base, code: grpc.StatusCode) -> None:
    """Whoever waits for the answer is told within seconds."""
    base.fail("Commit", *[refused(code)] * 99)

    with pytest.raises(StoreUnavailable, match="kept not saying"):
        base.store.save([Change(Person(ANN), (PENDING,))])
    assert 5 < base.firestore.calls.count("Commit") < 12
    assert base.clock.now() - MemoryClock().now() < PATIENCE
    assert base.documents() == {}


@pytest.mark.parametrize("code", [*UNANSWERED, CODES.RESOURCE_EXHAUSTED, CODES.ABORTED])
def test_a_read_that_breaks_off_is_made_again(base: Base, code: grpc.StatusCode) -> None:
    """From the beginning: nobody is missing, nobody comes twice, and none too many."""
    people = sorted((given.subscriber(f"s{number}") for number in range(9)), key=lambda one: one.id)
    given.enrol(base.store, "price_moves", people)
    ids = [one.id for one in people]
    broken = [refused(code), cut_off(2, code)]

    base.fail("RunQuery", *broken)
    assert base.store.enrolled("price_moves", IdRange(), 5) == people[:5]
    base.fail("RunQuery", *broken)
    assert [row.subscriber for row in base.store.everybody("price_moves")] == ids
    base.fail("BatchGetDocuments", *broken)
    assert base.store.people(ids).keys() == set(ids)


def calls(base: Base) -> list[Callable[[], object]]:
    """Everything that the store can be asked."""
    return [
        lambda: base.store.enrolled("price_moves", IdRange(), 5),
        lambda: list(base.store.everybody("price_moves")),
        lambda: list(base.store.everyone()),
        lambda: base.store.people([ANN]),
        lambda: base.store.of([KEY]),
        lambda: base.store.save([Change(Person(ANN), (PENDING,))]),
    ]


@pytest.mark.usefixtures("naps")
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (CODES.UNAVAILABLE, StoreUnavailable),
        (CODES.INVALID_ARGUMENT, StoreUnavailable),
        (CODES.DATA_LOSS, StoreUnavailable),
        (CODES.PERMISSION_DENIED, Misconfigured),
        (CODES.UNAUTHENTICATED, Misconfigured),
        (CODES.NOT_FOUND, Misconfigured),
        (CODES.FAILED_PRECONDITION, Misconfigured),
    ],
)
def test_errors_of_firestore_become_ours(base: Base, code: grpc.StatusCode, error: type[Exception]) -> None:
    """Outages are tried again, and what only a deployment can mend says so; neither repeats an address."""
    for call in calls(base):
        for method in ("RunQuery", "BatchGetDocuments"):
            base.fail(method, *[refused(code, address("ann"))] * 99)
        with pytest.raises(error, match="Firestore") as caught:
            call()
        assert address("ann") not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (CODES.PERMISSION_DENIED, Misconfigured),  # one that may read
        (CODES.UNAUTHENTICATED, Misconfigured),
        (CODES.INVALID_ARGUMENT, StoreUnavailable),
        (CODES.OUT_OF_RANGE, StoreUnavailable),
    ],
)
def test_a_save_that_is_refused_is_not_tried_again(base: Base, code: grpc.StatusCode, error: type[Exception]) -> None:
    """It would be refused again."""
    base.fail("Commit", refused(code, address("ann")))
    with pytest.raises(error, match="Firestore") as caught:
        base.store.save([Change(Person(ANN), (PENDING,))])

    assert base.firestore.calls == ANSWERED
    assert address("ann") not in str(caught.value)
    assert caught.value.__cause__ is None
