"""What a body is told that does not fit its list: where, what to write there, and never what it said."""

import json
import time
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st
from pydantic import ConfigDict, Field

import given
from eventpost.errors import BodyRefused, UnknownList
from eventpost.lists import MailList
from eventpost.mailapi.validation import Schemas
from eventpost.model import Amount, Event
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project
from sentinels import BODY

SHIPPED = Schemas()
PROJECT = Project(given.REPOSITORY)
ALERT = json.loads(PROJECT.samples("stock_alerts")["typical"].read_text(encoding="utf-8"))
WATCH = json.loads(PROJECT.samples("site_watch")["typical"].read_text(encoding="utf-8"))
A_MOMENT = "must be a date and time with its zone, such as 2010-03-01T14:30:00Z"


class Counted(Event):
    """Things were counted."""

    model_config = ConfigDict(extra="forbid")

    how_many: Annotated[int, Field(ge=1, lt=10)] = 1
    cents: Annotated[Decimal, Field(max_digits=5, decimal_places=2)] | None = None
    share: Annotated[float, Field(gt=0, multiple_of=0.5)] = 0.5
    names: Annotated[tuple[str, ...], Field(max_length=1)] = ()
    short: Annotated[str, Field(min_length=2, max_length=3)] = "ab"
    either: int | tuple[str, ...] = 0
    size: Literal["small", "large"] | None = None


COUNTED = Schemas(
    lambda _: schema_of(MailList(name="counted", event=Counted, subject="", title="Counted", description="They were."))
)


def faults(schemas: Schemas, list_name: str, body: Any) -> dict[str, str]:
    """What is said of this body, by its place."""
    text = body if isinstance(body, str) else json.dumps(body)
    found: tuple[Any, ...] = ()
    try:
        schemas.check(list_name, text)
    except BodyRefused as error:
        found = error.faults
    assert BODY not in str(found)
    assert len(found) == len(dict.fromkeys(found))
    return {"/".join(map(str, path)): said for path, said in found}


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        ({"ticker": BODY}, "ticker", "must be AAPL, AMZN, GOOG, IBM or MSFT"),
        ({"company": 5}, "company", "must be text"),
        ({"company": "x" * 20_001}, "company", "must have 20,000 characters at most"),
        ({"price": BODY}, "price", 'must be a number, or one as text, such as 125.5 or "125.50"'),
        ({"price": None}, "price", "must be a number or text"),
        ({"price": "1" * 21}, "price", "must have 20 digits at most, zeros before and behind not counted"),
        ({"occurred_at": "2010-03-01"}, "occurred_at", A_MOMENT),
        ({"occurred_at": "2010-03-01T14:30:00"}, "occurred_at", A_MOMENT),
        ({"occurred_at": "2010-13-01T00:00:00Z"}, "occurred_at", A_MOMENT),
        ({"chart_url": "ftp://example.com"}, "chart_url", "must be an address, such as https://example.com/report"),
        ({"chart_url": "https://"}, "chart_url", "must be an address, such as https://example.com/report"),
        ({"chart_url": [BODY]}, "chart_url", "must be text or null"),
    ],
)  # fmt: skip
def test_a_field_is_told_what_it_must_be(change: dict[str, Any], place: str, said: str) -> None:
    """In words, with an example where there is a format."""
    assert faults(SHIPPED, "stock_alerts", ALERT | change) == {place: said}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"how_many": 0}, {"how_many": "must be 1 or more"}),
        ({"how_many": 10}, {"how_many": "must be less than 10"}),
        ({"how_many": 1.5}, {"how_many": "must be a whole number"}),
        ({"how_many": 1.0}, {}),
        ({"share": 0.7}, {"share": "must be a multiple of 0.5"}),
        ({"names": [BODY, "b"]}, {"names": "must have 1 item at most"}),
        ({"names": [5]}, {"names/0": "must be text"}),
        ({"short": "a"}, {"short": "must have 2 characters or more"}),
        ({"either": "x"}, {"either": "must be a whole number or a list"}),
        ({"either": [5]}, {"either/0": "must be text"}),
        ({"size": BODY}, {"size": "must be small or large"}),
        ({"size": 5}, {"size": "must be text or null"}),
        ({"size": None}, {}),
        ({"cents": 1.234}, {"cents": "must have 2 digits behind the point at most"}),
        ({"cents": "123456"}, {"cents": "must have 5 digits at most, zeros before and behind not counted"}),
        ({"cents": None}, {}),
        ({"unknown": 1}, {"unknown": "is not known here"}),
        ({f"{BODY} and spaces": 1}, {"": "has a field that is not known here"}),
        ([], {"": "must be a JSON object"}),
        ("{", {"": "must be JSON, with numbers that a float holds"}),
        ('{"share": NaN}', {"": "must be JSON, with numbers that a float holds"}),
        ('{"share": 1e999}', {"": "must be JSON, with numbers that a float holds"}),
        ("[" * 100_000, {"": "must be JSON, with numbers that a float holds"}),
    ],
)
def test_each_kind_of_limit_has_its_sentence(body: Any, told: dict[str, str]) -> None:
    """A field that is not known is named if its name can be nobody's secret."""
    assert faults(COUNTED, "counted", body) == told


def test_all_faults_are_told_at_once() -> None:
    """What is missing, too; those of inner objects with their whole path."""
    body = {"task": "a b", "capture": {"device": BODY, "hide": ["#a", 5]}, "rhythm": "two\nlines"}

    assert sorted(faults(SHIPPED, "site_watch", body)) == [
        "capture/device", "capture/hide/1", "page_url", "rhythm", "task", "title"
    ]  # fmt: skip


def test_a_pattern_ends_at_the_very_end() -> None:
    """As in ECMA's expressions, which a schema's are, and as in the models: a last line break does not pass."""
    assert sorted(faults(SHIPPED, "site_watch", WATCH | {"title": "one line\n", "task": "task\n"})) == ["task", "title"]


def test_a_mail_must_say_something() -> None:
    """That one of three must be there is said in a sentence."""
    assert faults(SHIPPED, "direct_mail", {"to": ["ann@example.com"]}) == {"": "must have text, html or template"}
    assert sorted(faults(SHIPPED, "direct_mail", {"to": ["no address"], "text": "x"})) == ["to/0"]


def test_a_mail_names_a_template_that_is_there() -> None:
    """One that is not would only be missed when the mail is made."""
    receipt = {"to": ["ann@example.com"], "data": {}}

    assert faults(SHIPPED, "direct_mail", {**receipt, "template": "receipt"}) == {}
    for name in ("no_such", "../receipt", "_mail", ""):
        assert faults(SHIPPED, "direct_mail", {**receipt, "template": name}) == {"template": "must be receipt"}


def test_no_more_than_twenty_faults_are_told() -> None:
    """A body of nothing but faults does not make an answer of megabytes."""
    assert len(faults(SHIPPED, "direct_mail", {"to": [5] * 40, "text": "x"})) == 20


def test_not_every_fault_is_looked_for() -> None:
    """In a megabyte there may be half a million: to find them all took longer than the API's function is given."""
    hopeless = json.dumps({"to": [5] * 300_000, "text": "x"})
    began = time.process_time()

    with pytest.raises(BodyRefused, match="in more than 20 places"):
        SHIPPED.check("direct_mail", hopeless)
    assert time.process_time() - began < 1


def test_a_list_that_is_not_there_is_told_so() -> None:
    """Whatever it is called: no other file is looked for."""
    for name in ("nothing", "../registry", "", "stock_alerts.schema", "a" * 300):
        with pytest.raises(UnknownList):
            SHIPPED.check(name, "{}")


class Paid(Event):
    """Somebody has paid."""

    amount: Amount
    cents: Annotated[Decimal, Field(max_digits=6, decimal_places=2)] = Decimal(0)


PAID = MailList(name="paid", event=Paid, subject="", title="Paid", description="It is.")
DIGITS = st.from_regex(r"[+-]?(0{0,3}[0-9]{1,24}(\.[0-9]{0,24})?|\.[0-9]{1,24})([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@holds_for(amount=DIGITS, cents=DIGITS, as_text=st.booleans())
def test_digits_are_counted_as_the_models_count_them(amount: str, cents: str, as_text: bool) -> None:  # noqa: FBT001
    """Of numbers and of numbers as text, for all that a decimal may look like."""
    spelt = [json.dumps(each) if as_text else str(Decimal(each)) for each in (amount, cents)]
    body = f'{{"amount": {spelt[0]}, "cents": {spelt[1]}}}'
    try:
        Paid.model_validate_json(body)
    except ValueError:
        fits = False
    else:
        fits = True

    assert (faults(Schemas(lambda _: schema_of(PAID)), "paid", body) == {}) == fits, body
