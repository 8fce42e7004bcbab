"""The shipped schemas promise what the lists keep: what fits one is taken by the list, and the other way round."""

import json
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import given as holds_for
from hypothesis import strategies as st
from pydantic import ValidationError

import given
from eventpost import schemas
from eventpost.errors import BodyRefused, UnknownTopic
from eventpost.lists import MailList, is_topic
from eventpost.mailapi.formats import FORMATS
from eventpost.mailapi.validation import Schemas
from eventpost_cli.contract.checks import checks
from eventpost_cli.contract.schema import TOPIC
from eventpost_cli.project import Project
from fitting import ANYTHING, fitting

PROJECT: Final = Project(given.REPOSITORY)
NAMES: Final = PROJECT.list_names()
LISTS: Final = {name: PROJECT.load(name) for name in NAMES}
LENIENT: Final = {
    f"must be {FORMATS['date-time'].means}",
    f"must be {FORMATS['uri'].means}",
    'must be a number, or one as text, such as 125.5 or "125.50"',
    f"must be {' or '.join(PROJECT.mail_templates('direct_mail'))}",
}
"""Where docs/events.md says that queues take more than the schema promises: a model does so even where it is strict."""


@cache
def events(name: str) -> st.SearchStrategy[Any]:
    """Values that fit the list's shipped schema."""
    schema = schemas.load(name)
    assert schema
    return fitting(schema)


def faults(name: str, body: str) -> list[tuple[tuple[str | int, ...], str]]:
    """What the mail API would find wrong."""
    try:
        Schemas().check(name, body)
    except BodyRefused as error:
        return [*error.faults]
    return []


def unexplained(mail_list: MailList, error: ValidationError) -> list[str]:
    """What the model found wrong that docs/events.md does not say it looks for."""
    known = {check.place for check in checks(mail_list.event)}
    found = ((".".join(map(str, each["loc"])), each["type"]) for each in error.errors(include_context=False))
    return [f"{place}: {type_}" for place, type_ in found if type_ != "value_error" or place not in known]


EVERY_LIST: Final = pytest.mark.parametrize("name", NAMES)
FEW: Final = settings(max_examples=15, suppress_health_check=list(HealthCheck))


@EVERY_LIST
@FEW
@holds_for(data=st.data())
def test_what_fits_the_schema_is_taken_by_the_list(name: str, data: st.DataObject) -> None:
    """Or it is refused by a check that docs/events.md tells of."""
    mail_list, body = LISTS[name], json.dumps(data.draw(events(name)))
    assume(not faults(name, body))
    refusal: ValidationError | None = None
    try:
        mail_list.topic_of(mail_list.event.model_validate_json(body))
    except ValidationError as error:
        refusal = error

    assert refusal is None or unexplained(mail_list, refusal) == []


@EVERY_LIST
@FEW
@holds_for(data=st.data())
def test_what_the_list_takes_fits_the_schema(name: str, data: st.DataObject) -> None:
    """Of events with one field changed at random: all but the spellings that docs/events.md does not promise."""
    mail_list, sample = LISTS[name], json.loads(next(iter(PROJECT.samples(name).values())).read_text(encoding="utf-8"))
    field = data.draw(st.sampled_from(sorted(mail_list.event.model_fields)))
    sample[field] = data.draw(ANYTHING | events(name).map(lambda other: other.get(field)))
    body = json.dumps(sample)
    try:
        mail_list.topic_of(mail_list.event.model_validate_json(body, strict=True))
    except (ValidationError, UnknownTopic):
        return

    assert [said for _, said in faults(name, body) if said not in LENIENT] == []


@EVERY_LIST
@FEW
@holds_for(data=st.data())
def test_what_the_model_writes_fits_the_schema(name: str, data: st.DataObject) -> None:
    """An event as it is kept in memory, written as JSON again: amounts are text then."""
    mail_list, body = LISTS[name], json.dumps(data.draw(events(name)))
    try:
        event = mail_list.event.model_validate_json(body)
        mail_list.topic_of(event)
    except (ValidationError, UnknownTopic):
        return
    written = event.model_dump_json(by_alias=True)

    assert [said for _, said in faults(name, written) if said not in LENIENT] == []


@EVERY_LIST
def test_the_samples_fit(name: str) -> None:
    """All of them, the hostile ones as well."""
    assert {
        sample: found
        for sample, path in PROJECT.samples(name).items()
        if (found := faults(name, path.read_text(encoding="utf-8")))
    } == {}


@holds_for(name=st.text(max_size=70) | st.from_regex(TOPIC))
def test_a_topic_looks_as_the_schema_says(name: str) -> None:
    """The pattern and the function that it stands for agree."""
    schema = {"type": "string", "pattern": TOPIC}
    try:
        Schemas(lambda _: schema).check("any", json.dumps(name))
    except BodyRefused:
        assert not is_topic(name)
    else:
        assert is_topic(name)
