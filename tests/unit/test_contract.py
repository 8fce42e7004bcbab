"""The contract is made of what the models hold to; where a queue is more lenient, the page for producers says so."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

import given
from eventpost import schemas
from eventpost.deliver import read_event
from eventpost.errors import BodyRefused
from eventpost.lists import MailList, Topics
from eventpost.mailapi.validation import Schemas
from eventpost.model import Event
from eventpost_cli import contract
from eventpost_cli.contract.checks import Check, checks
from eventpost_cli.contract.fields import Row, rows
from eventpost_cli.contract.schema import schema_of
from eventpost_cli.project import Project

PROJECT = Project(given.REPOSITORY)
PAGE = (given.REPOSITORY / "docs" / "events.md").read_text(encoding="utf-8")


class Part(BaseModel):
    """A part.

    Attributes:
        weight: What it weighs, which may
            take two lines to say.
    """

    weight: Annotated[int, Field(ge=1)] | None = None

    @field_validator("weight")
    @classmethod
    def _even(cls, weight: int | None) -> int | None:
        """It is even."""
        return weight


class Built(Event):
    """Something was built.

    Attributes:
        kind: What it is.
        cost: What it cost.
        nothing: No field of this name is there.
    """

    model_config = ConfigDict(str_max_length=50)

    kind: str
    cost: Annotated[Decimal, Field(ge=0, decimal_places=2)] = Decimal(0)
    parts: tuple[Part, ...] = ()
    built_by: Annotated[str, Field(validation_alias="builtBy", min_length=3)] = "Ann"

    @model_validator(mode="after")
    def _stands(self) -> Self:
        """It stands.

        By itself.
        """
        return self


def mail_list(topics: Topics | None = None, *, open_: bool = True) -> MailList:
    """A list of such events."""
    return MailList(
        name="built", event=Built, subject="", title="Built", description="It is.", topics=topics, open=open_
    )


def test_a_schema_says_what_pydantic_leaves_out() -> None:
    """Lengths of texts, descriptions from the docstring, digits."""
    made = schema_of(mail_list())

    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["properties"]["kind"] == {"type": "string", "maxLength": 50, "description": "What it is."}
    assert made["properties"]["builtBy"] == {"type": "string", "maxLength": 50, "minLength": 3, "default": "Ann"}
    assert made["properties"]["cost"]["x-max-decimals"] == 2
    assert made["properties"]["cost"]["anyOf"][0] == {"type": "number", "minimum": 0}
    assert made["description"] == "Something was built."
    assert (
        made["$defs"]["Part"]["properties"]["weight"]["description"]
        == "What it weighs, which may take two lines to say."
    )


def test_a_topic_is_what_its_list_takes() -> None:
    """One of its names; or of any name, what a topic looks like."""
    assert schema_of(mail_list(Topics("kind", ("a", "b"))))["properties"]["kind"]["enum"] == ["a", "b"]
    assert "pattern" in schema_of(mail_list(Topics("kind", None), open_=False))["properties"]["kind"]


def test_an_addressed_list_takes_the_templates_that_there_are(small_project: Path) -> None:
    """A folder more is a name more, in the schema and on the page; what stands beside them is none."""
    project = Project(small_project)
    (project.templates / "direct_mail" / "welcome").mkdir()
    made = contract.generated(project)

    schema = json.loads(made[contract.SCHEMAS / "direct_mail.schema.json"])
    assert schema["properties"]["template"]["anyOf"][0] == {"type": "string", "enum": ["receipt", "welcome"]}
    assert "`receipt`, `welcome`" in made[Path("docs", "events.md")]
    assert "welcome" in made[Path("docs", "asyncapi.yaml")]


def test_a_text_that_may_be_longer_than_others_says_so() -> None:
    """Of a mail's own texts, the page's 20,000 characters are not true."""
    said = {row.name: row.about for row in rows(schema_of(PROJECT.load("direct_mail")))}

    assert said["text"].endswith("1 to 1,000,000 characters.")


def test_what_a_list_checks_beyond_its_schema_is_found() -> None:
    """At whatever depth."""
    assert [*checks(Built)] == [
        Check("", "_stands", "It stands. By itself."),
        Check("parts.weight", "_even", "It is even."),
    ]


@pytest.mark.parametrize("name", PROJECT.list_names())
def test_every_check_says_what_it_checks(name: str) -> None:
    """In its docstring, which producers read in docs/events.md."""
    found = [*checks(PROJECT.load(name).event)]

    assert [check for check in found if not check.about] == []
    assert all(check.about in PAGE for check in found)


def test_fields_are_told_in_words() -> None:
    """Inner ones under their whole names."""
    assert [*rows(schema_of(mail_list()))] == [
        Row("kind", "text", "yes", "What it is. 50 characters at most."),
        Row("cost", "amount", 'no: `"0"`', "What it cost. 2 digits behind the point at most."),
        Row("parts", "list of objects", "no", ""),
        Row("parts[].weight", "whole number", "no", "What it weighs, which may take two lines to say. 1 at least."),
        Row("builtBy", "text", 'no: `"Ann"`', "3 to 50 characters."),
    ]


@pytest.mark.parametrize("name", PROJECT.list_names())
def test_every_field_is_explained(name: str) -> None:
    """A table that says nothing of a field is no help."""
    assert [row.name for row in rows(schema_of(PROJECT.load(name))) if not row.about] == []


@pytest.mark.parametrize(
    ("list_name", "change", "said"),
    [
        ("site_watch", {"capture": {"full_page": "true"}}, '`"true"` for a boolean'),
        ("site_watch", {"only_if_changed": "3"}, '`"3"` for a whole number'),
        ("stock_alerts", {"occurred_at": 1267453800}, "seconds since 1970 for a date and time"),
        ("stock_alerts", {"occurred_at": "2010-03-01T14:30:00"}, "or one without its zone"),
        ("stock_alerts", {"chart_url": "https:charts.example.com"}, "an address without its slashes"),
        ("stock_alerts", {"price": " 128.82 "}, "blanks around an amount"),
    ],
)
def test_where_a_queue_is_more_lenient_the_page_says_so(list_name: str, change: dict[str, Any], said: str) -> None:
    """The list takes it, the schema does not."""
    body = json.dumps(json.loads(PROJECT.samples(list_name)["typical"].read_text(encoding="utf-8")) | change)

    read_event(PROJECT.load(list_name), body, "e1", given.NOW)
    with pytest.raises(BodyRefused):
        Schemas().check(list_name, body)
    assert said in PAGE


def test_writing_takes_away_what_is_left_over(tmp_path: Path, small_project: Path) -> None:
    """A list that is gone leaves no schema; what is written is what is read."""
    project = Project(small_project)
    old = small_project / contract.SCHEMAS / "gone.schema.json"
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_text("{}")

    places = contract.write(project)

    assert not old.exists()
    assert {str(place) for place in places} >= {"docs/asyncapi.yaml", "docs/events.md"}
    assert {place: (small_project / place).read_text(encoding="utf-8") for place in places} == contract.generated(
        project
    )


def test_the_shipped_schemas_are_those_of_the_lists() -> None:
    """Every list has one; a name that is none has none."""
    assert all(
        schemas.load(name) == json.loads(json.dumps(schema_of(PROJECT.load(name), PROJECT.mail_templates(name))))
        for name in PROJECT.list_names()
    )
    assert schemas.load("../registry") is None
    assert schemas.load("nothing") is None
