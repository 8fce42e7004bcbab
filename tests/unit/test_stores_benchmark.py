"""The stores' benchmark measures what it says: everybody read once, what each store bills, prices as documented."""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from benchmarks.delivery.dataset import LIST
from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.pricing import memory_mb
from benchmarks.stores import figures, pages, prices
from benchmarks.stores.firestore_calls import FirestoreCall, FirestoreRecorder, usage_of
from benchmarks.stores.joining import People
from benchmarks.stores.reading import audiences, read
from benchmarks.stores.rounds import SUBSCRIBERS, Bench, Taken, What
from google.cloud.firestore_v1 import types

from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.model import Change, IdRange, Membership, Person, Subscriber

ROOT = Path(__file__).parents[2]
KNOWN = {"delivery.usd_per_million": 2.0, "delivery.usd_per_million.read_units": 0.5}


def _enroll(store: MemorySubscribers, members: Sequence[Membership]) -> None:
    for member in members:
        store.save([Change(Person(member.subscriber, member.address, frozenset({member.audience})), (member,))])


class _Place:
    """A store in memory that takes a unit for each time it is asked what it took."""

    def __init__(self, name: str, unit: str) -> None:
        self.name = name
        self.unit = unit
        self.store = MemorySubscribers()

    def enroll(self, members: Sequence[Membership]) -> None:
        """See `Place`."""
        _enroll(self.store, members)

    def forget(self) -> None:
        """See `Place`."""

    def counted(self) -> Counter[str]:
        """See `Place`."""
        return Counter({self.unit: 1})


def _silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[_Place]:
    monkeypatch.setattr("benchmarks.stores.rounds.SUBSCRIBERS", 1_300)
    monkeypatch.setattr("benchmarks.stores.rounds.PEOPLE", {"one_by_one": 3, "at_once": 5, "imported": 7})
    return [_Place("dynamodb", "read_units"), _Place("firestore", "document_reads")]


def test_an_audience_is_read_in_slices_of_some_five_hundred_and_everybody_once() -> None:
    store = MemorySubscribers()
    ((audience, members),) = audiences(1, 2_600)
    _enroll(store, members)
    found = read(store, audience)
    assert sorted(each.id for each in found.subscribers) == sorted(member.subscriber for member in members)
    assert 4 <= found.slices <= 8
    assert {member.audience for _, some in audiences(2, 3) for member in some} == {f"{LIST}/T000", f"{LIST}/T001"}


def test_a_query_takes_a_read_for_each_document_and_one_at_the_least() -> None:
    found = types.RunQueryResponse(document=types.Document(name="lists/offers/subscribers/a"))
    end = types.RunQueryResponse(done=True)
    calls = [
        FirestoreCall("RunQuery", types.RunQueryRequest(), [found, found, end]),
        FirestoreCall("RunQuery", types.RunQueryRequest(), [end]),
    ]
    usage = usage_of(calls)
    assert usage["calls"] == {"RunQuery": 2}
    assert usage["units"] == {"document_reads": 2 + 1, "response_bytes": 2 * (2 + 2 + 26) + 2 * 2}


def test_documents_that_are_asked_for_and_writes_are_counted_one_by_one() -> None:
    asked = types.BatchGetDocumentsRequest(documents=["people/a", "people/b"])
    missing = types.BatchGetDocumentsResponse(missing="people/b")
    writes = [types.Write(update=types.Document(name="a")), types.Write(delete="b"), types.Write(delete="c")]
    commit = types.CommitRequest(writes=writes)
    calls = [
        FirestoreCall("BatchGetDocuments", asked, [missing]),
        FirestoreCall("Commit", commit, [types.CommitResponse()]),
        FirestoreCall("Commit", commit, []),  # refused
    ]
    units = usage_of(calls)["units"]
    assert units["document_reads"] == 2
    assert (units["document_writes"], units["document_deletes"]) == (1, 2)


def test_a_method_that_nobody_has_priced_is_an_error() -> None:
    with pytest.raises(KeyError):
        usage_of([FirestoreCall("ListCollectionIds", None, [])])


def test_a_recorder_notes_what_goes_through_and_changes_nothing() -> None:
    class Details:
        method = b"/google.firestore.v1.Firestore/RunQuery"

    recorder = FirestoreRecorder()
    answers = [types.RunQueryResponse(done=True)] * 2
    assert list(recorder.intercept_unary_stream(lambda *_: iter(answers), Details, "asked")) == answers
    assert recorder.calls == [FirestoreCall("RunQuery", "asked", answers)]


def test_people_join_and_leave_as_the_use_cases_have_it() -> None:
    store = MemorySubscribers()
    people = People(store)
    people.join("a@example.org")
    people.come_by_file(["b@example.org", "c@example.org"])
    assert len(store.enrolled(f"{LIST}/JOIN", IdRange(), 9)) == 3
    people.leave("b@example.org")
    assert len(store.enrolled(f"{LIST}/JOIN", IdRange(), 9)) == 2
    with pytest.raises(RunWrong):
        people.come_by_file(["a@example.org"])
    with pytest.raises(RunWrong):
        people.leave("nobody@example.org")


def test_everything_is_done_by_both_and_all_of_it_is_told(places: list[_Place]) -> None:
    bench = Bench(places, _silent)
    bench.change(rounds=2)
    bench.read(topics=2)
    found = figures.of(bench, KNOWN)
    assert found["stores.read.firestore.document_reads"] == pytest.approx(2 * SUBSCRIBERS / 1_300, rel=1e-3)
    assert found["stores.leave.at_once.dynamodb.read_units"] == pytest.approx(2 / 10)
    assert {f"stores.{change}.firestore_vs_dynamodb" for change in figures.CHANGES} <= found.keys()
    told = "\n".join(pages.table(found))
    assert all(row.count("|") == 4 for row in told.splitlines())
    assert "a leave | read units 0.3333 | documents read 0.3333 |" in told


def _lost(store: MemorySubscribers) -> Callable[..., Sequence[Subscriber]]:
    """Reading that forgets the last of each page."""
    whole = store.enrolled
    return lambda *asked: whole(*asked)[:-1]


def test_a_run_that_loses_somebody_is_no_figure(places: list[_Place], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places[1].store, "enrolled", _lost(places[1].store))
    with pytest.raises(RunWrong, match="firestore: not everybody"):
        Bench(places, _silent).read(topics=2)


def test_who_did_not_get_onto_the_list_makes_no_figure(places: list[_Place], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.stores.rounds.People.join", lambda *_: None)
    with pytest.raises(RunWrong):
        Bench(places, _silent).change(rounds=1)


def test_a_million_deliveries_cost_the_reading_and_what_stays_on_aws(places: list[_Place]) -> None:
    bench = Bench(places, _silent)
    units = {"dynamodb": {"read_units": 80}, "firestore": {"document_reads": 1_000, "response_bytes": 2**20}}
    for place, read_ in units.items():
        bench.taken[What("read", place)] = Taken(done=1_000, units=Counter(read_))
    bench.taken[What("read", "dynamodb")].watch.cpu_s = 0.1
    bench.taken[What("read", "firestore")].watch.cpu_s = 0.6
    found = figures.of(bench, KNOWN)
    processor = 500 * 1769 / memory_mb() * memory_mb() / 1024 * 0.0000166667
    data_out = 1_000 * 2**20 / 2**30 * 0.12
    assert found["stores.usd_per_million_deliveries.dynamodb"] == pytest.approx(0.08 * 0.125 + 1.5)
    total = found["stores.usd_per_million_deliveries.firestore"]
    assert total == pytest.approx(0.30 + data_out + processor + 1.5, rel=1e-3)


def test_a_part_that_is_measured_again_takes_the_place_of_its_earlier_figures() -> None:
    known = {"stores.read.dynamodb.s": 9.0, "stores.read.gone.s": 1.0, "stores.join.one_by_one.dynamodb.per_s": 2.0}
    assert figures.merged(known, {"stores.read.dynamodb.s": 8.0}) == {
        "stores.read.dynamodb.s": 8.0,
        "stores.join.one_by_one.dynamodb.per_s": 2.0,
    }


def test_the_document_says_the_prices_that_are_reckoned_with_and_of_when_and_where() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    section = text.partition("\n## DynamoDB or Firestore\n")[2].partition("\n## ")[0]
    assert prices.NOTED_ON in section
    assert prices.REGION in section
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| ([\d.]+)", section, re.MULTILINE))
    for name, price in prices.PRICES.items():
        assert float(told[name]) == pytest.approx(price * prices.LOTS.get(name, 1e6)), name
    assert prices.PRICES.keys() == prices.UNITS["dynamodb"] | prices.UNITS["firestore"]


def test_the_document_has_the_table_of_the_kept_figures() -> None:
    known = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    written = text.partition(pages.BEGIN)[2].partition(pages.END)[0]
    assert written.strip() == "\n".join(pages.table(known))
