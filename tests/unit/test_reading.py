"""Reading an event: what fits passes, what does not is told without its values."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from time import process_time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import pytest
from pydantic import AliasChoices, ConfigDict, Field, HttpUrl, field_validator, model_validator
from pydantic_core import PydanticCustomError

import given
from direct_mail import PLAIN
from eventpost.deliver import read_event
from eventpost.errors import InvalidEvent, UnknownTopic
from eventpost.lists import MailList, Topics
from eventpost.model import Event, RaisedEvent
from eventpost.model.email import EmailRequested
from sentinels import ALL, BODY


class Mood(StrEnum):
    """Two moods."""

    UP = "up"
    DOWN = "down"


class Everything(Event):
    """One field of every kind that an event may have."""

    text: str = ""
    short: Annotated[str, Field(max_length=3)] = ""
    shaped: Annotated[str, Field(pattern=r"^[a-z]*$")] = ""
    whole: int = 0
    number: Decimal = Decimal(0)
    bounded: Annotated[float, Field(gt=0)] = 1
    day: date = date(2026, 1, 1)
    moment: datetime = datetime(2026, 1, 1)  # noqa: DTZ001 - read from JSON in the tests
    link: HttpUrl | None = None
    mood: Mood = Mood.UP
    choice: Literal["a", "b"] = "a"
    flag: bool = False
    identity: UUID | None = None
    rows: tuple[int, ...] = ()
    prices: Mapping[str, Decimal] = {}
    judged: str = "fine"

    @field_validator("judged")
    @classmethod
    def _judge(cls, value: str) -> str:
        if value != "fine":
            msg = f"{value} is not fine"
            raise ValueError(msg)
        return value


class OwnWords(Event):
    """An event whose author words an error of its own."""

    text: str

    @field_validator("text")
    @classmethod
    def _judge(cls, value: str) -> str:
        raise PydanticCustomError("not_good", "{value} is not good", {"value": value})


class Whole(Event):
    """An event that is judged as a whole."""

    text: str

    @model_validator(mode="after")
    def _judge(self) -> Self:
        msg = f"{self.text} does not go with anything"
        raise ValueError(msg)


class Strict(Event):
    """An event that takes no unknown fields."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


class CamelCase(Event):
    """An event of a producer who writes names differently."""

    fair_value: Decimal = Field(alias="fairValue")
    last_price: Decimal = Field(validation_alias=AliasChoices("lastPrice", "last"))


def list_of(event: type[Event], topics: Topics | None = None) -> MailList:
    """A list of these events."""
    return MailList(name="everything", event=event, subject="", title="All", description="All of it.", topics=topics)


def read(body: str, event: type[Event] = given.PriceMoved, topics: Topics | None = None) -> RaisedEvent:
    """Read a body as the list's function does."""
    return read_event(list_of(event, topics), body, "event-1", given.NOW)


def refusal(body: Any, event: type[Event] = Everything) -> str:
    """The words with which this body is refused."""
    with pytest.raises(InvalidEvent) as caught:
        read(body if isinstance(body, str) else json.dumps(body), event)
    assert caught.value.__cause__ is None, "the cause would hold the body"
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_an_event_is_known_by_its_list_and_id() -> None:
    """What the queue says of an event is kept with it."""
    raised = read('{"ticker": "AMZN"}')

    assert (raised.key.list_name, raised.key.event_id) == ("everything", "event-1")
    assert raised.raised_at == given.NOW
    assert raised.audience == "everything"
    assert raised.event == given.PriceMoved(ticker="AMZN")


def test_a_producer_may_add_a_field_first() -> None:
    """Fields that the list does not know yet are ignored."""
    assert read('{"ticker": "AMZN", "brand_new": {"a": [1]}}').event == given.PriceMoved(ticker="AMZN")


def test_the_digest_tells_bodies_apart() -> None:
    """The same body has the same digest, another one another."""
    one, again, other = read('{"ticker":"A"}'), read('{"ticker":"A"}'), read('{"ticker":"B"}')

    assert one.body_digest == again.body_digest != other.body_digest
    assert len(one.body_digest) == 64


@pytest.mark.parametrize("body", ["", "not json", "{", "[1, 2", '{"ticker": "A"', "\x00", "<xml/>", "{'a': 1}", "NaN;"])
def test_what_is_not_json_is_an_invalid_event(body: str) -> None:
    """A body that is no JSON says so."""
    assert "JSON" in refusal(body)


@pytest.mark.parametrize("body", ["null", "1", '"text"', "[]", "true"])
def test_json_that_is_no_object_is_an_invalid_event(body: str) -> None:
    """Any JSON but an object says what is wanted."""
    assert "object" in refusal(body)


def test_every_missing_field_is_named() -> None:
    """Whoever mends the producer sees all at once."""
    words = refusal({}, CamelCase)

    assert "fairValue: Field required" in words
    assert "lastPrice: Field required" in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", 7),
        ("short", BODY),
        ("shaped", BODY),
        ("whole", BODY),
        ("number", BODY),
        ("number", "NaN"),
        ("bounded", -1),
        ("day", BODY),
        ("moment", BODY),
        ("link", BODY),
        ("link", f"ftp://{BODY}/"),
        ("mood", BODY),
        ("choice", BODY),
        ("flag", BODY),
        ("identity", BODY),
        ("rows", [BODY]),
        ("prices", {BODY: BODY}),
        ("judged", BODY),
        ("text", None),
    ],
)
def test_a_wrong_field_is_named_but_its_value_is_not_repeated(name: str, value: object) -> None:
    """The producer learns which field and why; dead letters and logs learn no value."""
    words = refusal({name: value})

    assert f"{name}: " in words
    assert not [sentinel for sentinel in ALL if sentinel in words]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": ["ann@example.com", f"{BODY} at example.com"]}, "to: the address is not of the form name@domain"),
        ({"reply_to": "x" * 400}, "reply_to: String should have at most 320 characters"),
        ({"subject": f"{BODY}\nBcc: x"}, "subject: must be on one line, without control characters"),
        ({"subject": None}, "subject is missing: only a template may bring one"),
        ({"data": {BODY: BODY}}, "data is what a template is told, and none is named"),
        ({"tags": {"list": "x"}}, "tags may have any names but event, event_rest, list, subscriber"),
    ],
)
def test_our_own_fixed_words_are_told(change: dict[str, object], words: str) -> None:
    """Who asked over a queue for a mail that is none learns as much as who asked by the API."""
    assert refusal({**PLAIN, **change}, EmailRequested) == f"not a EmailRequested: {words}"


@pytest.mark.parametrize("event", [OwnWords, Whole])
def test_words_of_a_lists_author_are_not_repeated(event: type[Event]) -> None:
    """A validator of a list may quote the value; only the kind of its error is told."""
    assert BODY not in refusal({"text": BODY}, event)


def test_keys_of_the_producer_are_not_repeated() -> None:
    """An unknown key is the producer's own text."""
    assert BODY not in refusal({BODY: 1}, Strict)


def test_a_field_is_named_as_the_producer_writes_it() -> None:
    """Where a field has an alias, the alias is what the producer knows."""
    assert "fairValue: " in refusal({"fairValue": "x", "last": "1"}, CamelCase)


def test_many_faults_are_cut_short() -> None:
    """Ten faults are told, the others counted: a reason has to fit on a dead letter."""
    words = refusal(
        {name: BODY for name in Everything.model_fields if name not in ("text", "judged")} | {"rows": [BODY] * 500}
    )

    assert words.count(";") == 10
    assert " more" in words
    assert len(words) < 1000


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "attachments"])
def test_a_mebibyte_of_what_is_none_is_not_looked_at_to_its_end(field: str) -> None:
    """What is wrong with each of them would fill the function's memory, and it would end without a word."""
    began = process_time()
    words = refusal({**PLAIN, field: [BODY, *[""] * 340_000]}, EmailRequested)

    assert process_time() - began < 5, "all of them take ten seconds and more"
    assert words.startswith(f"not a EmailRequested: {field}: ")
    assert words.count(";") <= 1


def test_a_mebibyte_of_text_is_refused_without_repeating_it() -> None:
    """A text field takes 20,000 characters; the largest body that SQS takes is refused in a short sentence."""
    body = json.dumps({"text": BODY * (2**20 // len(BODY))})
    words = refusal(body)

    assert words == "not a Everything: text: String should have at most 20000 characters"


def test_twenty_thousand_characters_are_taken() -> None:
    """The limit itself still fits."""
    assert len(getattr(read(json.dumps({"text": "x" * 20_000}), Everything).event, "text")) == 20_000  # noqa: B009


def test_a_topic_makes_the_audience() -> None:
    """The topic field says which audience inside the list the event is for."""
    raised = read('{"ticker": "AMZN"}', topics=Topics(field="ticker", names=("AMZN", "IBM")))

    assert (raised.topic, raised.audience) == ("AMZN", "everything/AMZN")


def test_an_unknown_topic_is_refused_without_repeating_it() -> None:
    """An event for no declared topic is the producer's mistake; which text it held stays out of the words."""
    with pytest.raises(UnknownTopic, match="ticker") as caught:
        read(json.dumps({"ticker": BODY}), topics=Topics(field="ticker", names=("AMZN",)))

    assert BODY not in str(caught.value)


@pytest.mark.parametrize("topic", ["amzn", "AMZN ", "", "AMZN/IBM"])
def test_a_topic_is_compared_exactly(topic: str) -> None:
    """No spelling but the declared one is a topic."""
    with pytest.raises(UnknownTopic):
        read(json.dumps({"ticker": topic}), topics=Topics(field="ticker", names=("AMZN",)))
