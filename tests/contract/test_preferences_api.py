"""The preferences function does what docs/preferences-api.yaml says, whatever is sent to it over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml

import given
from api_checks import HELD_TO, SAME_REQUESTS
from consent_world import ConsentWorld, link
from eventpost.links import LinkTarget, Purpose
from eventpost.runtime.preferences import ROUTES
from eventpost.tasks import audience_of
from http_gateway import serve_http
from preferences_site import Site
from task_world import OWNER, task

DOCUMENT = given.REPOSITORY / "docs" / "preferences-api.yaml"
API = schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture(scope="module")
def site() -> Site:
    """The function over a world that each request finds as if it were the first."""
    return Site()


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    """Where it is served."""
    with serve_http(site.function) as gateway:  # type: ignore[arg-type]
        yield gateway.url


def renew(site: Site) -> dict[str, str]:
    """A new world in which a link of each purpose does something; returns their tokens by path."""
    site.world = ConsentWorld()
    site.world.join("ann", "news", "stock_alerts/AMZN")
    asked, moving = site.world.ask("ann", "price_moves"), site.world.ask_to_move("ann", "anna")
    site.world.leave("ann", "stock_alerts/AMZN")
    targets: dict[Purpose, LinkTarget | None] = dict.fromkeys(Purpose, link("ann"))
    watch = audience_of(site.tasks.add(OWNER, task("ann")).schedule.id)
    targets |= {
        Purpose.TASK: link("ann", watch),
        Purpose.CONFIRM: asked,
        Purpose.MOVE: moving,
        Purpose.UNDO: link("ann", "stock_alerts/AMZN"),
    }
    return {f"/{purpose}/{{token}}": given.LINKS.token(purpose, to) for purpose, to in targets.items() if to}


@API.parametrize()
@SAME_REQUESTS
def test_every_answer_is_as_documented(case: Any, site: Site, url: str) -> None:
    """No 5xx; the status, content type and headers that the document has. Two of three links are real ones."""
    real = renew(site)
    path, generated = case.operation.path, case.path_parameters or {}
    if path in real and sum(map(ord, generated["token"])) % 3:
        case.path_parameters = {"token": real[path]}

    case.call_and_validate(base_url=url, checks=HELD_TO)


def test_the_document_names_every_route() -> None:
    """And none that is not there; `HEAD` goes with `GET`."""
    paths = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    documented = {
        path.replace("{list}", "<mail_list>").replace("{token}", "<token>"): item for path, item in paths.items()
    }

    assert {path: {*item} & {"get", "post"} for path, item in documented.items()} == {
        route.rule: {name for name in ("get", "post") if getattr(route, name)} for route in ROUTES
    }
