"""The scheduler's benchmark measures what it says: every event, none early, and what AWS would bill."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.usage import Call, item_bytes, usage_of
from benchmarks.schedule import price
from benchmarks.schedule.consumer import Arrived
from benchmarks.schedule.figures import STATED, TARGETS, merged, of_the_load, of_the_path
from benchmarks.schedule.load import BODY, Load
from benchmarks.schedule.local_load import verdict
from benchmarks.schedule.pages import against_targets, parts
from benchmarks.schedule.price import Share

from eventpost.adapters.schedule_rows import schedule_row
from eventpost.model import Target

MINUTE = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOAD = Load("a run", MINUTE, 10, Target("bench_fired"))


def _arrived(late: float = 0.4) -> list[Arrived]:
    """All of the load, each so many seconds late."""
    begins = MINUTE.timestamp()
    return [
        Arrived(f"{second}-{number}", begins + second, begins - 300 + second / 2, begins + second + late)
        for second in range(60)
        for number in range(10)
    ]


def test_a_load_is_told_by_lateness_and_by_who_is_slower() -> None:
    fired = verdict(_arrived(), LOAD)
    assert (fired.p50_s, fired.p99_s) == pytest.approx((0.4, 0.4))
    assert fired.taken_per_hour == 600 * 60
    assert fired.relayed_per_hour == pytest.approx(600 / 29.5 * 3600)
    assert fired.per_hour == fired.taken_per_hour
    late = verdict([*_arrived()[1:], replace(_arrived()[0], taken=MINUTE.timestamp() + 120)], LOAD)
    assert late.per_hour == 600 * 30


@pytest.mark.parametrize(
    "wrong",
    [
        _arrived()[1:],
        [*_arrived(), _arrived()[0]],
        _arrived(-0.001),
        [*_arrived()[1:], _arrived()[1]],
    ],
    ids=["one is missing", "one came twice", "early", "one came twice, another not"],
)
def test_a_load_that_is_not_raised_once_and_in_time_is_no_figure(wrong: list[Arrived]) -> None:
    with pytest.raises(RunWrong):
        verdict(wrong, LOAD)


def test_calls_of_the_scheduler_take_what_aws_says_they_take() -> None:
    rows = [{"sort": {"S": "a"}}, {"sort": {"S": "a" * 5000}}]
    asked = {"RequestItems": {"t": {"Keys": [{}] * 4, "ConsistentRead": True}}}
    requests = [{"DeleteRequest": {"Key": {}}}, {"PutRequest": {"Item": {"a": {"S": "a" * 1500}}}}]
    updates = [{"Update": {"Key": {}}}] * 3
    calls = [
        Call("dynamodb", "BatchGetItem", asked, {"Responses": {"t": rows}}),
        Call("dynamodb", "BatchWriteItem", {"RequestItems": {"t": requests}}, {}),
        Call("dynamodb", "TransactWriteItems", {"TransactItems": updates}, {}),
    ]
    # Each row by itself, and two that are not there; a deletion and two KB; each update twice.
    assert usage_of(calls)["units"] == {"read_units": 1 + 2 + 2, "write_units": 1 + 2 + 6}


def test_a_million_cost_what_their_functions_take() -> None:
    made = Share("Schedules", 100, 0.5, {"dynamodb.PutItem": 100}, {"write_units": 200, "http_requests": 100})
    raised = Share("Relay", 1, 0.1, {"dynamodb.TransactWriteItems": 1}, {"write_units": 200})
    usd = price.usd_per_million(100, made, raised)
    memories = [price.memory_mb(name) for name in ("Schedules", "Relay")]
    billed = [0.5 * 1769 / memories[0] + 0.5, 0.1 * 1769 / memories[1] + 0.04]
    gb_s = sum(seconds * memory / 1024 for seconds, memory in zip(billed, memories, strict=True))

    assert usd["write_units"] == pytest.approx(4 * 0.625)
    assert usd["http_requests"] == pytest.approx(1.0)
    assert usd["lambda_requests"] == pytest.approx(1.01 * 0.2)
    assert usd["lambda_gb_s"] == pytest.approx(gb_s * 10_000 * 0.0000166667)


def test_rows_of_the_load_are_of_a_kilobyte() -> None:
    """Prices rest on it, and updates are counted by it."""
    (row, *_), *_ = LOAD.seconds()
    assert item_bytes(schedule_row(row)) < 1024
    assert len(BODY) > 150


def test_the_table_tells_all_targets_and_what_is_stated() -> None:
    said = {name: [{"function": "Relay", "invocations": 1, "cpu_s": 0.1}] for name in ("once", "every")}
    simulated = {"schedule.simulated_10m_lost": 0.0, "schedule.simulated_10m_doubled": 0.0}
    figures = of_the_load(verdict(_arrived(), LOAD)) | of_the_path(said, 10) | simulated
    told = "\n".join(against_targets(figures))

    assert all(f"`{name}`" in told for name in (*STATED, *(target.name for target in TARGETS)))
    assert "functions, by their time" in "\n".join(parts(figures))


def test_what_is_no_longer_paid_for_has_no_figure() -> None:
    known = {"schedule.usd_per_million.s3_reads": 1.0, "schedule.usd_per_million": 2.0, "delivery.peak_mb": 3.0}
    found = {"schedule.usd_per_million": 4.0}
    assert merged(known, found) == {"schedule.usd_per_million": 4.0, "delivery.peak_mb": 3.0}
    assert merged(known, {}) == known
