"""The benchmark measures what it says: everybody has the same work, and prices are those of its document."""

import json
import re
from pathlib import Path

import pytest
from benchmarks.delivery import dataset, pricing
from benchmarks.delivery.figures import TARGETS
from benchmarks.delivery.pricing import PathUsage
from benchmarks.delivery.usage import Call, item_bytes, usage_of

ROOT = Path(__file__).parents[2]


def test_everybody_has_the_same_work() -> None:
    body, branching = (dataset.templates(kind)["body.html"] for kind in (False, True))
    assert branching.replace("{% if subscriber.id|last == '7' %}Seven is your lucky number. {% endif %}", "") == body
    assert branching != body
    assert list(dataset.people(3)) == list(dataset.people(5))[:3]
    assert len(dataset.picture()) == pytest.approx(200 * 1024, rel=0.01)


def test_calls_take_what_aws_says_they_take() -> None:
    small = {"subscriber": {"S": "a" * 32}}
    large = {"subscriber": {"S": "a" * 1024}}
    puts = [{"Put": {"Item": small}}, {"Put": {"Item": large}}]
    rows = [{"id": {"S": "b" * 3000}}, {"id": {"S": "c" * 3000}}]
    calls = [
        Call("dynamodb", "TransactWriteItems", {"TransactItems": puts}, {}),
        Call("dynamodb", "BatchWriteItem", {"RequestItems": {"t": [{"PutRequest": {"Item": small}}] * 25}}, {}),
        Call("dynamodb", "Query", {"ConsistentRead": True}, {"Items": rows}),
        Call("sqs", "SendMessageBatch", {"Entries": [{"MessageBody": "x" * 40_000}] * 2}, {}),
    ]
    usage = usage_of(calls)
    # In a transaction twice a unit, and twice two for more than a KB; 25 rows; 6 KB read; 80 KB sent.
    assert usage["units"] == {"write_units": 2 + 4 + 25, "read_units": 2, "sqs_requests": 2}
    assert usage["calls"]["dynamodb.Query"] == 1


def test_a_call_that_nobody_has_priced_is_an_error() -> None:
    with pytest.raises(KeyError):
        usage_of([Call("dynamodb", "Scan", {}, {})])


def test_a_row_is_as_large_as_dynamodb_says() -> None:
    assert item_bytes({"name": {"S": "Zoë"}, "at": {"N": "1234"}, "more": {"M": {"a": {"S": "b"}}}}) == 8 + 5 + 10


def test_a_million_costs_what_its_parts_cost() -> None:
    usage = PathUsage(
        mails=1000,
        invocations=2,
        cpu_s=1.0,
        calls={"dynamodb.Query": 10, "dynamodb.TransactWriteItems": 10},
        units={"write_units": 3000, "read_units": 100},
    )
    parts = pricing.usd_per_million(usage, memory=1769)
    assert usage.calls_per_1000 == 20
    assert parts["write_units"] == pytest.approx(3 * 0.625)
    assert parts["read_units"] == pytest.approx(0.1 * 0.125)
    # One second of a whole processor, 10 answers of 5 ms and 10 of 40 ms, 1000 mails of 40 ms on four connections.
    seconds = 1 + 0.05 + 0.4 + 10
    assert parts["lambda_gb_s"] == pytest.approx(seconds * 1769 / 1024 * 1000 * 0.0000166667)
    assert parts["lambda_requests"] == pytest.approx(2000 * 0.2e-6)


def test_the_document_says_the_prices_and_latencies_that_are_reckoned_with() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text()
    assert pricing.PRICES_NOTED_ON in text
    told = dict(re.findall(r"^\| `([\w.]+)` \|[^|]*\| \$?([\d.]+)", text, re.MULTILINE))
    for name, latency in pricing.LATENCIES.items():
        assert float(told[name]) == latency * 1000, name
    for name in pricing.PRICES.keys() - {"free", "lambda_gb_s"}:
        assert float(told[name]) == pytest.approx(pricing.PRICES[name] * 1e6), name
    assert float(told["lambda_gb_s"]) == pricing.PRICES["lambda_gb_s"]


def test_results_are_flat_numbers_and_every_target_has_one() -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    assert all(isinstance(value, int | float) for value in results.values())
    assert {target.name for target in TARGETS} <= results.keys()


def test_a_function_has_the_memory_that_its_template_gives_it() -> None:
    assert pricing.memory_mb() == 1024
