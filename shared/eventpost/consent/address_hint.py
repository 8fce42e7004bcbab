"""What a page says of an address: enough for its owner to know it, too little for anybody else to use it."""

from typing import Final

_MASK: Final = "•••"


def address_hint(address: str) -> str:
    """The first letter of the part before the @, a mask as long for everyone, and the domain; "" for no address."""
    local, _, domain = address.rpartition("@")
    return f"{local[0]}{_MASK}@{domain}" if local else ""
