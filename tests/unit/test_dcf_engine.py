"""The demo's microservice: its valuations are sane, its reports say what they are, its events are the list's."""

import csv
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3
import pytest
from moto import mock_aws

from dcf_engine.events import figures, raise_event
from dcf_engine.report import render
from dcf_engine.server import serve_reports
from dcf_engine.valuation import (
    DISCOUNT_BOUNDS,
    GROWTH_BOUNDS,
    TERMINAL_GROWTH,
    Outlook,
    Valuation,
    fair_value,
    value,
    value_all,
)

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "functions" / "dcf_engine_results" / "samples"
VALUATIONS = value_all()

each_valuation = pytest.mark.parametrize("valuation", VALUATIONS, ids=lambda valuation: valuation.ticker)


def test_every_company_is_valued_at_its_last_price() -> None:
    """Five companies, valued on the same day, and again with the same result."""
    assert [valuation.ticker for valuation in VALUATIONS] == ["AAPL", "AMZN", "GOOG", "IBM", "MSFT"]
    assert {date(2010, 3, 1)} == {valuation.as_of for valuation in VALUATIONS}
    assert value_all() == VALUATIONS


@each_valuation
def test_the_outlook_stays_within_its_bounds(valuation: Valuation) -> None:
    """A discount rate above terminal growth is what keeps the terminal value finite."""
    outlook = valuation.outlook

    assert GROWTH_BOUNDS[0] <= outlook.growth <= GROWTH_BOUNDS[1]
    assert TERMINAL_GROWTH < DISCOUNT_BOUNDS[0] <= outlook.discount_rate <= DISCOUNT_BOUNDS[1]
    assert valuation.price / 3 < valuation.fair_value < valuation.price * 3


def test_fair_value_is_gordons_when_growth_has_nothing_to_fade_from() -> None:
    """With terminal growth from the first year on, ten years and the rest are one perpetuity."""
    outlook = Outlook(cash_flow=5.0, growth=TERMINAL_GROWTH, volatility=0.2, discount_rate=0.1)

    assert pytest.approx(5.0 / (0.1 - TERMINAL_GROWTH)) == fair_value(outlook)


def test_fair_value_rises_with_growth_and_falls_with_the_discount_rate() -> None:
    """The model answers to its two main assumptions in the direction everybody expects."""
    outlook = Outlook(cash_flow=5.0, growth=0.05, volatility=0.2, discount_rate=0.1)

    assert fair_value(replace(outlook, growth=0.1)) > fair_value(outlook)
    assert fair_value(replace(outlook, discount_rate=0.11)) < fair_value(outlook)


def test_upside_is_measured_from_the_price() -> None:
    """A fair value of half the price is a downside of fifty percent."""
    valuation = replace(VALUATIONS[0], price=Decimal("80.00"), fair_value=Decimal("40.00"))

    assert Decimal("-50.0") == valuation.upside_percent


@each_valuation
def test_the_report_shows_the_figures_of_the_valuation(valuation: Valuation) -> None:
    """Both amounts stand in the page and in the chart that the mail shows."""
    page = render(valuation)
    shown = re.search(r'<figure id="report">.*</figure>', page, re.DOTALL)

    assert shown is not None
    for amount in (valuation.fair_value, valuation.price):
        assert f"{amount:,.2f}" in shown.group()
        assert f"<b>{amount:,.2f} USD</b>" in page
    assert all(assumption.partition(": ")[2] in page for assumption in valuation.assumptions)


@each_valuation
def test_the_report_needs_nothing_but_itself(valuation: Valuation) -> None:
    """No script runs in it and no address in it is fetched."""
    page = render(valuation)

    assert re.search(r"<script|<link|<img|@import|url\((?!#)|https?://", page) is None


def test_the_report_escapes_a_company_that_is_markup() -> None:
    """A name with markup in it is shown, in the page as in the picture, and not obeyed."""
    page = render(replace(VALUATIONS[0], company='<script>alert("1")</script>'))

    assert "<script" not in page


@pytest.mark.parametrize("fair", ["0.01", "28.80", "28.81", "40000.00"])
def test_the_chart_holds_any_amount(fair: str) -> None:
    """Two amounts that meet keep their labels apart, and a far one stays in the picture."""
    microsoft = VALUATIONS[-1]
    fair_values = (*microsoft.fair_values[:-1], (microsoft.as_of, Decimal(fair)))
    page = render(replace(microsoft, fair_value=Decimal(fair), fair_values=fair_values))

    heights = [float(height) for height in re.findall(r'<text class="end amount \w+" x="[\d.]+" y="([\d.-]+)"', page)]
    assert abs(heights[0] - heights[1]) >= 40
    assert all(0 < height < 300 for height in heights)


def test_a_short_history_has_no_valuation_behind_it() -> None:
    """One month more than two years gives exactly one fair value."""
    prices = VALUATIONS[0].prices[:25]

    assert len(value("AAPL", prices).fair_values) == 1


@each_valuation
def test_every_event_has_the_shape_of_the_lists_sample(valuation: Valuation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event carries the fields of the typical sample, in the same types."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    sample = json.loads((SAMPLES / "typical.json").read_text(encoding="utf-8"))
    with mock_aws():
        sqs = boto3.client("sqs")
        queue_url = sqs.create_queue(QueueName="results")["QueueUrl"]
        event_id = raise_event(queue_url, valuation, f"http://127.0.0.1:8000/{valuation.ticker}")
        (message,) = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])["Messages"]
    event = json.loads(message["Body"])

    assert event_id == message["MessageAttributes"]["event_id"]["StringValue"]
    assert sample.keys() == event.keys()
    assert {name: type(field) for name, field in sample.items()} == {name: type(field) for name, field in event.items()}
    assert str(valuation.fair_value) == event["fair_value"]


def test_the_sample_of_the_list_is_what_the_service_raises() -> None:
    """The list's typical sample is a real event of this service, so docs and previews show the truth."""
    sample = json.loads((SAMPLES / "typical.json").read_text(encoding="utf-8"))
    raised = next(figures(valuation) for valuation in VALUATIONS if valuation.ticker == sample["ticker"])
    del sample["report_url"]

    assert sample == json.loads(json.dumps(raised, default=str))


def test_the_reports_are_served_until_the_block_ends() -> None:
    """Each ticker has its page, an unknown one has none, and the server knows when all were read."""
    with serve_reports(VALUATIONS) as reports:
        assert not reports.wait_until_read(timeout=0)
        for valuation in VALUATIONS:
            with urlopen(reports.url(valuation.ticker)) as answer:
                assert 'id="report"' in answer.read().decode()
        with pytest.raises(HTTPError, match="404") as missing:
            urlopen(reports.url("NONE"))
        missing.value.close()

        assert reports.wait_until_read(timeout=0)


def test_the_subscribers_are_two_hundred_different_addresses() -> None:
    """A tenth of them follow prices only, and none lives outside the domains reserved for examples."""
    with (ROOT / "examples" / "dcf_engine" / "subscribers.csv").open(encoding="utf-8", newline="") as rows:
        subscribers = list(csv.DictReader(rows))

    assert 200 == len({subscriber["address"].casefold() for subscriber in subscribers}) == len(subscribers)
    assert sum("dcf_engine_results" in subscriber["lists"].split(";") for subscriber in subscribers) == 180
    assert all(re.search(r"@example\.(com|org|net)$", subscriber["address"]) for subscriber in subscribers)
