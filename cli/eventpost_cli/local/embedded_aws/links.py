"""What the stack serves over HTTP, at paths of our own address: the pages that links in mails lead to, and both APIs.

On AWS each has a host name of its own. ministack has names too, but none that a browser finds here: it looks under
`<id>.execute-api.127.0.0.1`. And the id is made up by a deploy, whereas the stack is told before it where links lead.
"""

# ruff: noqa: SLF001  # what there is to patch is private

from ministack import app
from ministack.services import apigateway

# How the template names each API after the stack's name, by where it is served.
SERVED = {"/links": "-preferences", "/schedules-api": "-schedules", "/email-api": "-email"}
STAGE = "$default"

# The id of an API, the stage, and the path within it.
Place = tuple[str, str, str]


def install() -> None:
    """Have requests below these paths reach their API, with the path that they would have on AWS."""
    place_of = app._parse_execute_api_url

    def place_or_served(host: str, path: str) -> Place | None:
        found: Place | None = _served(path) or place_of(host, path)
        return found

    app._parse_execute_api_url = place_or_served


def _served(path: str) -> Place | None:
    """Return where in an API the path leads, if it is below one of ours and that API has been deployed."""
    prefix = next((prefix for prefix in SERVED if f"{path}/".startswith(f"{prefix}/")), None)
    if prefix is None:
        return None
    apis = [api["apiId"] for api in list(apigateway._apis._data.values()) if api["name"].endswith(SERVED[prefix])]
    return (apis[-1], STAGE, path.removeprefix(prefix) or "/") if apis else None
