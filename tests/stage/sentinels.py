"""Values that no log may hold. Tests give them to subscribers and events; `privacy` looks for them in all output."""

from collections.abc import Iterable
from typing import Final

ADDRESS_DOMAIN: Final = "pii.example.com"
NAME: Final = "Zebedee Quillfeather"
BODY: Final = "SENTINEL-OF-THE-BODY"

ALL: Final = (ADDRESS_DOMAIN, "Zebedee", "Quillfeather", BODY)

PRICE_MOVED: Final = {
    "ticker": "AMZN",
    "company": BODY,
    "price": "128.82",
    "previous_price": "118.40",
    "change_percent": "8.8",
    "occurred_at": "2010-03-01T14:30:00Z",
}
"""An event of `stock_alerts`."""


def address(local: str) -> str:
    """An address that `found_in` knows for one."""
    return f"{local}@{ADDRESS_DOMAIN}"


def found_in(texts: Iterable[str]) -> list[str]:
    """The sentinels that occur in these texts, in whatever case."""
    whole = "\n".join(texts).casefold()
    return [sentinel for sentinel in ALL if sentinel.casefold() in whole]
