"""The pages that links in mails lead to, at `/links` of our own address.

On AWS they have a host name of their own. ministack has names too, but none that a browser finds here: it looks under
`<id>.execute-api.127.0.0.1`. And the id is made up by a deploy, whereas the stack is told before it where links lead.
"""

# ruff: noqa: SLF001  # what there is to patch is private

from ministack import app
from ministack.services import apigateway

PREFIX = "/links"
# How the template names the API, after the stack's name.
SUFFIX = "-preferences"
STAGE = "$default"

# The id of an API, the stage, and the path within it.
Place = tuple[str, str, str]


def install() -> None:
    """Have requests below `/links` reach the API, with the path that they would have on AWS."""
    place_of = app._parse_execute_api_url

    def place_or_link(host: str, path: str) -> Place | None:
        found: Place | None = _linked(path) or place_of(host, path)
        return found

    app._parse_execute_api_url = place_or_link


def _linked(path: str) -> Place | None:
    """Return where in the API the path leads, if it is one of a link and the API has been deployed."""
    if not f"{path}/".startswith(f"{PREFIX}/"):
        return None
    apis = [api["apiId"] for api in list(apigateway._apis._data.values()) if api["name"].endswith(SUFFIX)]
    return (apis[-1], STAGE, path.removeprefix(PREFIX) or "/") if apis else None
