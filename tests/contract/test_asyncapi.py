"""docs/asyncapi.yaml is a document that AsyncAPI's own parser takes, and its examples fit their schemas."""

from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

import given
from asyncapi_parser import Parsed, parsed
from eventpost_cli.contract import asyncapi
from eventpost_cli.project import Project

TEXT: Final = (given.REPOSITORY / asyncapi.PLACE).read_text(encoding="utf-8")
DOCUMENT: Final = yaml.safe_load(TEXT)
PROJECT: Final = Project(given.REPOSITORY)
MESSAGES: Final[dict[str, Any]] = DOCUMENT["components"]["messages"]
BROKEN: Final = {
    "fifoQueue: false": "fifoQueue: perhaps",
    "action: receive": "action: swallow",
    "'#/components/parameters/stack'": "'#/components/parameters/nothing'",
    "bindingVersion: 0.2.0": "bindingVersion: 9.0.0",
}


@pytest.fixture(scope="module")
def found() -> list[Parsed]:
    """What the parser says of the document as it is, and then of each that is broken."""
    return parsed(TEXT, *(TEXT.replace(part, broken) for part, broken in BROKEN.items()))


def faults(message: dict[str, Any], example: Any) -> list[str]:
    """Where an example does not fit the message's payload, by the dialect that AsyncAPI's own schemas are of."""
    whole = Resource.from_contents(DOCUMENT, default_specification=DRAFT7)
    registry: Registry[Any] = Registry().with_resource("asyncapi:", whole)
    payload = yaml.safe_load(yaml.safe_dump(message["payload"]).replace("#/", "asyncapi:#/"))
    return [each.json_path for each in Draft7Validator(payload, registry=registry).iter_errors(example)]


def test_the_parser_finds_nothing_wrong(found: list[Parsed]) -> None:
    """Not even advice, but that there is a later version of AsyncAPI."""
    assert found[0].errors == []
    assert {each["code"] for each in found[0].advice} <= {"asyncapi-latest-version"}


def test_every_list_has_its_channel(found: list[Parsed]) -> None:
    """The address of each is the name of its queue."""
    assert found[0].channels == [f"{{stack}}-{name}" for name in PROJECT.list_names()]


def test_the_parser_sees_what_is_wrong(found: list[Parsed]) -> None:
    """A document that is none is refused."""
    assert [bool(each.errors) for each in found[1:]] == [True] * len(BROKEN)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_fits(name: str) -> None:
    """Each message has one at least."""
    examples = MESSAGES[name]["examples"]

    assert examples
    assert [faults(MESSAGES[name], example["payload"]) for example in examples] == [[]] * len(examples)


def test_an_example_that_does_not_fit_is_seen() -> None:
    """Also within an envelope, and in an object that is described elsewhere."""
    alert, enveloped = (MESSAGES[f"stock_alerts.{kind}"] for kind in ("event", "cloudevent"))
    watch = MESSAGES["site_watch.event"]

    assert faults(alert, alert["examples"][0]["payload"] | {"ticker": "FIVE"}) == ["$.ticker"]
    assert faults(enveloped, enveloped["examples"][0]["payload"] | {"data": {}}) != []
    assert faults(watch, watch["examples"][0]["payload"] | {"capture": {"device": "tablet"}}) == ["$.capture.device"]
