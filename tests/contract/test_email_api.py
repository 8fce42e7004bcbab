"""The mail API's function does what docs/email-api.yaml says, whatever is sent to it over HTTP."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml

import given
from api_checks import HELD_TO, SAME_REQUESTS
from api_site import ROLE, session_of, signed
from email_site import ALERT, STOCKS, EmailSite, mail
from eventpost.runtime.email_api import KINDS
from eventpost.runtime.problems import Kind
from eventpost_cli import api_document
from http_gateway import serve_http
from posting_world import World
from sentinels import address

DOCUMENT = given.REPOSITORY / api_document.EMAIL.place
FILE = {"media_type": "text/csv", "size": 7}
WHO = {"address": address("ann"), "topics": ["AMZN"], "consent": {"source": "settings"}}
ENVELOPE = {"specversion": "1.0", "id": "4711", "source": "/prices", "type": "com.example.price.moved", "data": ALERT}
API = schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture(scope="module")
def site() -> EmailSite:
    """The function over a world in which there is something of each kind."""
    return EmailSite()


@pytest.fixture(scope="module")
def url(site: EmailSite) -> Iterator[str]:
    """Where it is served, behind a gateway that takes everybody for the same role."""
    with serve_http(lambda event, context: site.function(signed(dict(event), session_of(ROLE)), context)) as gateway:
        yield gateway.url


def kept(site: EmailSite) -> dict[str, str]:
    """A list, and the ids of an event and of a mail that were taken."""
    event = site.taken("POST", f"/lists/{STOCKS}/events", ALERT, Idempotency_Key="event")
    email = site.taken("POST", "/emails", mail(), Idempotency_Key="mail")
    return {"list_name": STOCKS, "event": event["id"], "email": email["id"]}


@API.parametrize()
@SAME_REQUESTS
def test_every_answer_is_as_documented(case: Any, site: EmailSite, url: str) -> None:
    """No 5xx; statuses, headers and bodies that the document has. Two of three names are of what is there."""
    site.put_in(World())
    real = kept(site)
    for name, generated in (case.path_parameters or {}).items():
        if sum(map(ord, str(generated))) % 3:
            case.path_parameters[name] = real[name]

    case.call_and_validate(base_url=url, checks=HELD_TO)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/lists/{list_name}/events", {"body": ALERT, "media_type": "application/json"}, 202),
        ("POST", "/lists/{list_name}/events", {"body": ENVELOPE, "media_type": "application/cloudevents+json"}, 202),
        ("POST", "/emails", {"body": mail(), "media_type": "application/json"}, 202),
        ("POST", "/attachments", {"body": FILE, "media_type": "application/json"}, 201),
        ("PUT", "/lists/{list_name}/subscribers", {"body": WHO, "media_type": "application/json"}, 200),
        ("DELETE", "/lists/{list_name}/subscribers", {"body": WHO, "media_type": "application/json"}, 200),
        ("GET", "/lists", {}, 200),
        ("GET", "/lists/{list_name}", {}, 200),
        ("GET", "/events/{event}", {}, 200),
        ("GET", "/emails/{email}", {}, 200),
    ],
)
def test_what_goes_well_is_answered_as_documented(
    method: str, path: str, sent: dict[str, Any], status: int, site: EmailSite, url: str
) -> None:
    """Of what is made up at random, most is refused."""
    site.put_in(World())
    named = {name: value for name, value in kept(site).items() if f"{{{name}}}" in path}

    answer = API[path][method].Case(path_parameters=named, **sent).call_and_validate(base_url=url, checks=HELD_TO)

    assert answer.status_code == status


def test_the_document_has_not_drifted_from_the_code() -> None:
    """`make docs` would change nothing."""
    assert DOCUMENT.read_text(encoding="utf-8") == api_document.written(api_document.EMAIL), "run `make docs`"


def test_every_operation_is_documented(site: EmailSite) -> None:
    """With its id, its answer if all is well, and the problems that any may have."""
    paths = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    found = {(method.upper(), path): told for path, item in paths.items() for method, told in item.items()}

    assert {*found} == {
        (operation.method, operation.rule.replace("<", "{").replace(">", "}"))
        for operation in site.function.api.operations
    }
    assert len({told["operationId"] for told in found.values()}) == len(found)
    assert all({"401", "422", "500", "503"} <= {*told["responses"]} for told in found.values())
    assert all({"200", "201", "202"} & {*told["responses"]} for told in found.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_problem_is_explained(kind: Kind) -> None:
    """With its status, what it means, and what to do."""
    text = (given.REPOSITORY / "docs" / "email-api.md").read_text(encoding="utf-8")

    assert re.search(rf"^\| {int(kind.status)} \| `{kind.name}` \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE)
