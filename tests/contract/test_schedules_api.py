"""The schedules function does what docs/schedules-api.yaml says, whatever is sent to it over HTTP."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml

import given
from api_checks import HELD_TO, SAME_REQUESTS
from api_site import ROLE, session_of, signed
from eventpost.runtime.problems import Kind
from eventpost.runtime.schedules import KINDS
from eventpost_cli import api_document
from http_gateway import serve_http
from schedules_site import DAILY, SchedulesSite

DOCUMENT = given.REPOSITORY / api_document.SCHEDULES.place
API = schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture(scope="module")
def site() -> SchedulesSite:
    """The function over a world in which there is something of each kind."""
    return SchedulesSite()


@pytest.fixture(scope="module")
def url(site: SchedulesSite) -> Iterator[str]:
    """Where it is served, behind a gateway that takes everybody for the same role."""
    with serve_http(lambda event, context: site.function(signed(dict(event), session_of(ROLE)), context)) as gateway:
        yield gateway.url


def kept(site: SchedulesSite) -> dict[str, str]:
    """The id of a schedule and of a task that are there and active."""
    task = {"page": "https://example.com", "mail_to": ["ann@example.com"], "every": "1 hour"}
    made = site.send("POST", "/tasks", task, Idempotency_Key="task")
    if made.json["state"] == "cancelled":
        made = site.send("POST", "/tasks", task)
    return {"schedule": site.made(rule=DAILY)["id"], "task": made.json["id"]}


@API.parametrize()
@SAME_REQUESTS
def test_every_answer_is_as_documented(case: Any, site: SchedulesSite, url: str) -> None:
    """No 5xx; statuses, headers and bodies that the document has. Two of three ids are those of what is there."""
    site.world.__post_init__()
    real = kept(site)
    for name, generated in (case.path_parameters or {}).items():
        if sum(map(ord, str(generated))) % 3:
            case.path_parameters[name] = real[name]

    case.call_and_validate(base_url=url, checks=HELD_TO)


def test_the_document_has_not_drifted_from_the_code() -> None:
    """`make docs` would change nothing."""
    assert DOCUMENT.read_text(encoding="utf-8") == api_document.written(api_document.SCHEDULES), "run `make docs`"


def test_every_operation_is_documented(site: SchedulesSite) -> None:
    """With its id, its answer if all is well, and the problems that any may have."""
    paths = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    found = {(method.upper(), path): told for path, item in paths.items() for method, told in item.items()}

    assert {*found} == {
        (operation.method, operation.rule.replace("<", "{").replace(">", "}"))
        for operation in site.function.api.operations
    }
    assert len({told["operationId"] for told in found.values()}) == len(found)
    assert all({"200", "401", "422", "500", "503"} <= {*told["responses"]} for told in found.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_problem_is_explained(kind: Kind) -> None:
    """With its status, what it means, and what to do."""
    text = (given.REPOSITORY / "docs" / "schedules.md").read_text(encoding="utf-8")

    assert re.search(rf"^\| {int(kind.status)} \| `{kind.name}` \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
