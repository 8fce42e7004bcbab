"""What stands in the path, the query and the headers of a request."""

import re
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import AfterValidator

from eventpost.errors import UnknownSchedule
from eventpost.runtime.api_parts import ID_EXAMPLE, checked_key, is_id, key_header
from eventpost.runtime.problems import OTHER_VERSION, Fault, Refusal, invalid, refusal
from eventpost.runtime.schedules.requests import MOST_SHOWN

# RFC 9110, 8.8.3. A list of several is not taken: there is one current version.
_ENTITY_TAG: Final = re.compile(r'"?([0-9]{1,9})"?')

# Plain names: powertools does not look behind those of `type`.
PathId = Annotated[str, Path(description="The id that it was given: 32 hex digits.", examples=[ID_EXAMPLE])]
Limit = Annotated[int, Query(ge=1, le=MOST_SHOWN, description="How many, at the most.")]
After = Annotated[str, Query(max_length=32, description="Begin behind this id: the `next_after` of the page before.")]
HowMany = Annotated[int, Query(ge=1, le=MOST_SHOWN, description="How many, at the most.")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Do it only if this is the current version: the `ETag` of an answer, or `*` for any.",
        examples=['"3"'],
    ),
]
Token = Annotated[
    str | None,
    AfterValidator(checked_key),
    key_header(
        "Makes it safe to send this again: with a key that was seen, the schedule that was made then is returned. "
        "A UUID, or an id of your own for it. Each caller has keys of its own."
    ),
]


def known(schedule: str) -> str:
    """The id, if it may be one.

    Raises:
        UnknownSchedule: It may not.
    """
    if not is_id(schedule):
        msg = "there is no schedule of this id"
        raise UnknownSchedule(msg)
    return schedule


def version_of(if_match: str | None) -> int | None:
    """The version that `If-Match` asks for; None for any.

    Raises:
        Refusal: It asks for none that there could be.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    if if_match.startswith("W/"):  # weak ones never match (RFC 9110, 13.1.1)
        raise other_version()
    found = _ENTITY_TAG.fullmatch(if_match.strip())
    if found is None:
        raise Refusal(invalid([Fault("header", "If-Match", 'write one version in quotes, such as "3", or *')]))
    return int(found[1])


def other_version() -> Refusal:
    """What to raise where a version was asked for that is not the current one."""
    return refusal(OTHER_VERSION, "Somebody has changed it since you read it: read it again, and decide anew.")
