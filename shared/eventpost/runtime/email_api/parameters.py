"""What stands in the path and the headers of a request."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator

from eventpost.errors import UnknownReceipt
from eventpost.runtime.api_parts import ID_EXAMPLE, checked_key, is_id, key_header

# Plain names: powertools does not look behind those of `type`.
ListName = Annotated[
    str, Path(description="A list's name, of those that `GET /lists` tells.", examples=["stock_alerts"])
]
PathId = Annotated[str, Path(description="The `id` that was answered: 32 hex digits.", examples=[ID_EXAMPLE])]
Token = Annotated[
    str | None,
    AfterValidator(checked_key),
    key_header(
        "Makes it safe to send this again: whatever comes with a key that was seen is the same event, which is "
        "mailed once. A UUID, or an id of your own for it. Each caller has keys of its own for each list."
    ),
]


def known(id_: str) -> str:
    """The id, if it may be one.

    Raises:
        UnknownReceipt: It may not.
    """
    if not is_id(id_):
        msg = "nothing was accepted under this id: it has 32 hex digits"
        raise UnknownReceipt(msg)
    return id_
