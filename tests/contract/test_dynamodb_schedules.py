"""The schedules' rows in DynamoDB, what they take, and what the stores do when DynamoDB does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from eventpost.adapters.dynamodb_occurrences import DynamoOccurrences
from eventpost.adapters.dynamodb_schedules import DynamoSchedules
from eventpost.adapters.dynamodb_sweeps import DynamoQuotas, DynamoSweeps
from eventpost.adapters.memory import MemoryClock
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.model import (
    Cron,
    Every,
    Occurrence,
    Once,
    Schedule,
    ScheduleState,
    Target,
    owner_tag,
    schedule_id,
    shards,
)
from eventpost.ports import Advance
from faults import Fault, Faulty, answering, cancelled, failing
from tables import SCHEDULES_KEYS, new_table

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWNER = "arn:aws:iam::000000000000:role/shop"
SECRET = "a body that nobody may quote"


@dataclass
class Stores:
    """The four stores over one table, and their client."""

    client: Faulty
    schedules: DynamoSchedules
    occurrences: DynamoOccurrences
    sweeps: DynamoSweeps
    quotas: DynamoQuotas


@dataclass
class Table:
    """A schedules' table and its client."""

    client: Any
    name: str

    def stores(self, **faults: list[Fault]) -> Stores:
        """Stores over the table whose client has these faults."""
        client: Any = Faulty(self.client, **faults)
        at = (client, self.name)
        clock = MemoryClock()
        return Stores(
            client, DynamoSchedules(*at, clock), DynamoOccurrences(*at, clock), DynamoSweeps(*at), DynamoQuotas(*at)
        )

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every row without its keys, by its keys."""
        items = self.client.scan(TableName=self.name, ConsistentRead=True)["Items"]
        return {(item.pop("partition")["S"], item.pop("sort")["S"]): item for item in items}


@pytest.fixture
def table(dynamodb_client: Any) -> Iterator[Table]:
    """A schedules' table in DynamoDB."""
    with new_table(dynamodb_client, SCHEDULES_KEYS) as name:
        yield Table(dynamodb_client, name)


def scheduled(name: str = "first", **other: Any) -> Schedule:
    """A schedule of the owner's, due next at noon."""
    plain = Schedule(
        *(schedule_id(OWNER, name), OWNER, 1, ScheduleState.ACTIVE, Every(900, NOON), Target("site_watch"), SECRET),
        next_at=NOON,
        max_lateness=timedelta(hours=1),
        created_at=NOON,
    )
    return replace(plain, **other)


def due(schedule: Schedule) -> Occurrence:
    """What its next event is kept as."""
    return Occurrence(NOON, schedule.id, schedule.version)


def seconds(moment: datetime) -> dict[str, str]:
    """A moment as rows spell it."""
    return {"N": str(int(moment.timestamp()))}


def test_a_schedules_row_is_as_written_down(table: Table) -> None:
    """What is empty has no attribute; the moment of expiry is in whole seconds, and never too early."""
    stores = table.stores()
    bare = scheduled(next_at=None, state=ScheduleState.PAUSED)
    full = scheduled(
        "full",
        rule=Cron("0 8 * * *", "Europe/Berlin"),
        target=Target(queue_arn="arn:aws:sqs:eu-west-1:000000000000:orders"),
        expires_at=NOON + timedelta(microseconds=1),
        fingerprint="f" * 64,
        title="Daily",
        changed_at=NOON + timedelta(microseconds=1),
    )
    once = scheduled("once", rule=Once(NOON))
    for each in (bare, full, once):
        stores.schedules.add(each)
    rows = {sort: (partition, row) for (partition, sort), row in table.rows().items()}

    common = {
        "owner": {"S": OWNER},
        "version": {"N": "1"},
        "body": {"S": SECRET},
        "created_at": {"S": "2026-11-22T12:00:00+00:00"},
    }
    assert rows[bare.id] == (
        f"owner#{owner_tag(OWNER)}#{bare.id[12]}",
        {
            **common,
            "state": {"S": "paused"},
            "rule": {"M": {"seconds": {"N": "900"}, "first": seconds(NOON)}},
            "target": {"M": {"list": {"S": "site_watch"}}},
            "max_lateness_s": {"N": "3600"},
        },
    )
    assert rows[full.id] == (
        f"owner#{owner_tag(OWNER)}#{full.id[12]}",
        {
            **common,
            "state": {"S": "active"},
            "rule": {"M": {"cron": {"S": "0 8 * * *"}, "time_zone": {"S": "Europe/Berlin"}}},
            "target": {"M": {"queue": {"S": "arn:aws:sqs:eu-west-1:000000000000:orders"}}},
            "max_lateness_s": {"N": "3600"},
            "next_at": seconds(NOON),
            "expires_at": seconds(NOON + timedelta(seconds=1)),
            "fingerprint": {"S": "f" * 64},
            "title": {"S": "Daily"},
            "changed_at": {"S": "2026-11-22T12:00:00.000001+00:00"},
        },
    )
    assert rows[once.id][1]["rule"] == {"M": {"at": seconds(NOON)}}


def test_an_occurrence_is_its_key_and_expires(table: Table) -> None:
    """A small row: what is due is read by the thousand. It goes after eight days."""
    table.stores().occurrences.put([Occurrence(NOON + timedelta(seconds=61), "0" * 31 + "c", 12)])
    ((key, row),) = table.rows().items()

    assert key == ("minute#202611221201#c", f"{int(NOON.timestamp()) + 61}#{'0' * 31}c#12")
    assert row == {"expires_at": seconds(NOON + timedelta(days=8, seconds=61))}


def test_marks_and_counts_are_rows_of_their_own(table: Table) -> None:
    """An hour's count goes an hour after it; what recurs is counted as long as there is anything."""
    stores = table.stores()
    stores.sweeps.begin(NOON)
    stores.sweeps.finish(NOON - timedelta(minutes=1))
    stores.quotas.take_creation(OWNER, NOON, 5)
    stores.quotas.take_recurring(OWNER, 5)
    quota = f"quota#{owner_tag(OWNER)}"

    assert table.rows() == {
        ("sweep#", "begun"): {"up_to": seconds(NOON)},
        ("sweep#", "done"): {"up_to": seconds(NOON - timedelta(minutes=1))},
        (quota, "hour#2026112212"): {"used": {"N": "1"}, "expires_at": seconds(NOON + timedelta(hours=2))},
        (quota, "recurring"): {"used": {"N": "1"}},
    }


def test_a_large_quota_is_counted_some_at_once(table: Table) -> None:
    """A process asks for each fiftieth schedule, for each owner and hour by itself."""
    stores = table.stores()
    for hour in (NOON, NOON + timedelta(hours=1)):
        assert all(stores.quotas.take_creation(OWNER, hour, 1_000_000) for _ in range(101))
    assert stores.quotas.take_creation("another", NOON, 1_000_000)

    assert stores.client.calls == ["update_item"] * 7
    used = {key: row["used"]["N"] for key, row in table.rows().items()}
    assert used == {
        (f"quota#{owner_tag(OWNER)}", "hour#2026112212"): "150",
        (f"quota#{owner_tag(OWNER)}", "hour#2026112213"): "150",
        (f"quota#{owner_tag('another')}", "hour#2026112212"): "50",
    }


def test_the_last_of_a_large_quota_are_counted_one_by_one(table: Table) -> None:
    """Two processes make no more than it in all, and whoever asks gets what is left."""
    one, two = table.stores(), table.stores()
    key = {"partition": {"S": f"quota#{owner_tag(OWNER)}"}, "sort": {"S": "hour#2026112212"}}
    table.client.put_item(TableName=table.name, Item={**key, "used": {"N": "19947"}})

    assert [one.quotas.take_creation(OWNER, NOON, 20_000) for _ in range(3)] == [True] * 3
    assert two.quotas.take_creation(OWNER, NOON, 20_000)
    assert [two.quotas.take_creation(OWNER, NOON, 20_000) for _ in range(4)] == [True, True, False, False]
    assert [one.quotas.take_creation(OWNER, NOON, 20_000) for _ in range(48)] == [True] * 47 + [False]


def test_every_read_is_consistent(table: Table) -> None:
    """A sweep that did not see what was put a moment ago would lose it; so would who did not see the sweep."""
    asked: list[bool] = []

    def note(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        asked.append(arguments.get("RequestItems", {}).get(table.name, arguments)["ConsistentRead"])
        return real(**arguments)

    stores = table.stores(get_item=[note] * 3, batch_get_item=[note], query=[note] * 2)
    stores.schedules.get(scheduled().id)
    stores.schedules.get_all([scheduled().id])
    stores.schedules.of_owner(OWNER, f"{owner_tag(OWNER)}f", 5)
    list(stores.occurrences.due_in(NOON, "0"))
    stores.sweeps.begun()
    stores.sweeps.done()

    assert asked == [True] * 6


def test_calls_are_as_few_as_dynamodb_takes(table: Table) -> None:
    """A relay's message of two hundred: each call costs it processor time."""
    stores = table.stores()
    many = [scheduled(str(number)) for number in range(200)]
    stores.schedules.get_all([each.id for each in many])
    stores.occurrences.put([due(each) for each in many])

    assert stores.client.calls == ["batch_get_item"] * 2 + ["batch_write_item"] * 8


def test_two_hundred_are_advanced_by_two_transactions(table: Table) -> None:
    """Where no condition fails."""
    stores = table.stores(transact_write_items=[lambda _, asked: sizes.append(len(asked["TransactItems"]))] * 3)
    sizes: list[int] = []
    many = [due(scheduled(str(number))) for number in range(201)]

    assert set(stores.schedules.advance([Advance(each, None) for each in many])) == set(many)
    assert sizes == [100, 100, 1]


def short_page(limit: int) -> Fault:
    """A page that ends after so many rows, as real ones end after a megabyte."""
    return lambda real, arguments: real(**{**arguments, "Limit": limit})


def nothing(_: Callable[..., Any], __: dict[str, Any]) -> Any:
    """A page without rows that is not the last: it was the size of what was looked at."""
    return {"Items": [], "LastEvaluatedKey": {"partition": {"S": "minute#202611221200#0"}, "sort": {"S": "0"}}}


def test_a_minute_of_many_pages_is_read_to_its_end(table: Table) -> None:
    """Page by page, the next when the one before has been used up; empty ones are not handed on."""
    every = [Occurrence(NOON, f"{number:031x}0", 1) for number in range(25)]
    stores = table.stores(query=[nothing, *(short_page(10) for _ in range(3))])
    stores.occurrences.put(every)
    pages, calls = [], []
    for page in stores.occurrences.due_in(NOON, "0"):
        pages.append(page)
        calls.append(stores.client.calls.count("query"))

    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(each for page in pages for each in page) == every
    assert calls == [2, 3, 4]


def test_a_minute_of_more_than_a_megabyte_is_read_to_its_end(table: Table) -> None:
    """Rows of so many bytes that an answer cannot hold them all, by DynamoDB's own count."""
    keys = [f"{int(NOON.timestamp())}#{number:031x}0#1" for number in range(300)]
    filling = {"S": "x" * 5000}
    for group in batched(keys, 25, strict=False):
        puts = [
            {"PutRequest": {"Item": {"partition": {"S": "minute#202611221200#0"}, "sort": {"S": key}, "more": filling}}}
            for key in group
        ]
        table.client.batch_write_item(RequestItems={table.name: puts})
    pages = list(table.stores().occurrences.due_in(NOON, "0"))

    assert sorted(each.schedule for page in pages for each in page) == [f"{number:031x}0" for number in range(300)]
    assert len(pages) > 1


def test_an_owners_page_goes_over_pages_and_partitions(table: Table) -> None:
    """However DynamoDB cuts its answers."""
    stores = table.stores(query=[short_page(1)] * 60)
    ours = [scheduled(str(number)) for number in range(30)]
    for each in ours:
        stores.schedules.add(each)

    assert [each.id for each in stores.schedules.of_owner(OWNER, "", 29)] == sorted(each.id for each in ours)[:29]


def half_written(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A fault: DynamoDB does half of the writes, and hands the others back."""
    ((table, requests),) = arguments["RequestItems"].items()
    middle = len(requests) // 2
    return {**real(RequestItems={table: requests[:middle]}), "UnprocessedItems": {table: requests[middle:]}}


def half_read(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A fault: DynamoDB reads half of the keys, and hands the others back."""
    ((table, asked),) = arguments["RequestItems"].items()
    keys, middle = asked["Keys"], len(asked["Keys"]) // 2
    answer = real(RequestItems={table: {**asked, "Keys": keys[:middle]}})
    return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": keys[middle:]}}}


def none(_: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A fault: DynamoDB hands everything back."""
    asked = arguments["RequestItems"]
    return {"Responses": {}, "UnprocessedKeys": asked, "UnprocessedItems": asked}


def test_what_dynamodb_did_not_get_to_is_asked_for_again(table: Table, naps: list[float]) -> None:
    """Whether to be put or to be read; after a pause each time."""
    stores = table.stores(batch_write_item=[half_written] * 3, batch_get_item=[half_read] * 2)
    many = [scheduled(str(number)) for number in range(20)]
    for each in many:
        stores.schedules.add(each)
    stores.occurrences.put([due(each) for each in many])
    put = [each for shard in shards() for page in stores.occurrences.due_in(NOON, shard) for each in page]

    assert sorted(put) == sorted(map(due, many))
    assert len(stores.schedules.get_all([each.id for each in many])) == 20
    assert stores.client.calls.count("batch_write_item") == 4
    assert len(naps) == 5


@pytest.mark.parametrize("method", ["batch_write_item", "batch_get_item"])
def test_what_dynamodb_never_gets_to_is_an_outage(table: Table, naps: list[float], method: str) -> None:
    """A schedule that was not read must not pass for one that is gone, nor an occurrence for one that was kept."""
    stores = table.stores(**{method: [none] * 1000})

    with pytest.raises(StoreUnavailable, match=r"un(read|written)"):
        CALLS[method](stores)
    assert 1 < sum(naps) < 5


def test_a_conflict_of_transactions_is_tried_again(table: Table, naps: list[float]) -> None:
    """Another relay is at the same schedules: a moment later there is an answer."""
    conflict = cancelled(table.client, "TransactionConflict", "None")
    stores = table.stores(transact_write_items=[conflict, conflict])
    many = [scheduled("one"), scheduled("two")]
    for each in many:
        stores.schedules.add(each)

    assert len(stores.schedules.advance([Advance(due(each), None) for each in many])) == 2
    assert len(naps) == 2


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_conflict_that_lasts_is_an_outage(table: Table, naps: list[float], code: str) -> None:
    """The relay's message goes back to its queue; nothing is taken for advanced."""
    stores = table.stores(transact_write_items=[cancelled(table.client, code)] * 1000)
    stores.schedules.add(scheduled())

    with pytest.raises(StoreUnavailable):
        stores.schedules.advance([Advance(due(scheduled()), None)])
    assert 1 < sum(naps) < 5
    assert stores.schedules.get(scheduled().id) == scheduled()


def too_large(most: int) -> Fault:
    """A transaction of more rows than this is over 4 MB."""

    def fault(real: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        if len(arguments["TransactItems"]) <= most:
            return real(**arguments)
        raise ClientError({"Error": {"Code": "ValidationException", "Message": SECRET}}, "TransactWriteItems")

    return fault


def test_a_transaction_that_is_cancelled_as_too_large_is_halved_too(table: Table) -> None:
    """DynamoDB's reference names that among the reasons of a cancellation as well as among errors of a call."""
    invalid = cancelled(table.client, *["ValidationError"] * 4)
    stores = table.stores(transact_write_items=[invalid])
    many = [scheduled(str(number)) for number in range(4)]
    for each in many:
        stores.schedules.add(each)

    assert len(stores.schedules.advance([Advance(due(each), None) for each in many])) == 4
    assert stores.client.calls.count("transact_write_items") == 3


def test_a_transaction_that_is_too_large_is_halved(table: Table) -> None:
    """As often as it takes, and those whose condition fails are told apart all the same."""
    stores = table.stores(transact_write_items=[too_large(3)] * 99)
    many = [scheduled(str(number), version=1 + (number == 5)) for number in range(10)]
    for each in many:
        stores.schedules.add(each)
    advanced = stores.schedules.advance([Advance(Occurrence(NOON, each.id, 1), None) for each in many])

    assert {each.schedule for each in advanced} == {each.id for each in many} - {many[5].id}
    states = [each.state for each in stores.schedules.get_all([each.id for each in many]).values()]
    assert states.count(ScheduleState.FINISHED) == 9


def test_a_row_that_no_transaction_takes_is_an_outage_and_ends(table: Table) -> None:
    """There is nothing left to halve."""
    stores = table.stores(transact_write_items=[too_large(0)] * 99)

    with pytest.raises(StoreUnavailable, match="ValidationException") as caught:
        stores.schedules.advance([Advance(due(scheduled(str(number))), None) for number in range(4)])
    assert SECRET not in str(caught.value)
    assert stores.client.calls == ["transact_write_items"] * 3


CALLS: dict[str, Callable[[Stores], object]] = {
    "get_item": lambda stores: stores.schedules.get(scheduled().id),
    "batch_get_item": lambda stores: stores.schedules.get_all([scheduled().id]),
    "query": lambda stores: list(stores.occurrences.due_in(NOON, "0")),
    "put_item": lambda stores: stores.schedules.add(scheduled()),
    "transact_write_items": lambda stores: stores.schedules.advance([Advance(due(scheduled()), None)]),
    "batch_write_item": lambda stores: stores.occurrences.put([due(scheduled())]),
    "update_item": lambda stores: stores.sweeps.begin(NOON),
}
MORE: dict[str, tuple[str, Callable[[Stores], object]]] = {
    "change": ("put_item", lambda stores: stores.schedules.change(scheduled(version=2))),
    "of_owner": ("query", lambda stores: stores.schedules.of_owner(OWNER, "", 5)),
    "begun": ("get_item", lambda stores: stores.sweeps.begun()),
    "take_creation": ("update_item", lambda stores: stores.quotas.take_creation(OWNER, NOON, 5)),
    "give_back": ("update_item", lambda stores: stores.quotas.give_back_recurring(OWNER)),
}


@pytest.mark.parametrize(("method", "call"), [*CALLS.items(), *MORE.values()], ids=[*CALLS, *MORE])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException", words=SECRET), StoreUnavailable),
        (answering("ProvisionedThroughputExceededException", words=SECRET), StoreUnavailable),
        (answering("InternalServerError", words=SECRET), StoreUnavailable),
        (answering("AccessDeniedException", words=SECRET), Misconfigured),
        (answering("ResourceNotFoundException", words=SECRET), Misconfigured),
        (failing(EndpointConnectionError(endpoint_url="https://dynamodb")), StoreUnavailable),
    ],
)
def test_errors_of_dynamodb_become_ours(
    table: Table, naps: list[float], method: str, call: Callable[[Stores], object], fault: Fault, error: type[Exception]
) -> None:
    """Outages are tried again, and what only a deployment can mend says so. No body is quoted."""
    stores = table.stores(**{method: [fault] * 1000})

    with pytest.raises(error, match="DynamoDB") as caught:
        call(stores)
    assert sum(naps) < 5
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded", "Unheard"])
def test_a_cancellation_that_no_pause_mends_is_told_at_once(table: Table, naps: list[float], code: str) -> None:
    """It says which, and not what of."""
    told = cancelled(table.client, code, Message=SECRET, Item={"body": {"S": SECRET}})
    stores = table.stores(transact_write_items=[told])

    with pytest.raises(StoreUnavailable, match=code) as caught:
        stores.schedules.advance([Advance(due(scheduled()), None)])
    assert SECRET not in str(caught.value)
    assert naps == []
