"""What the operations of the mail API have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from eventpost.consent import Consenting
from eventpost.errors import UnknownList
from eventpost.mailapi import Accepting, Attaching, Following
from eventpost.registry import ListEntry
from eventpost.runtime.json_api import Sent

TAKEN: Final = {202: "Its queue has it, now or since it was handed in before."}
"""How an operation answers that puts something on a queue."""
TAKING: Final = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
"""The problems that this may have."""
WHERE: Final = ("Location",)
"""What that answer goes out with."""


class Platform(Protocol):
    """What this API needs: `wiring.mailapi.EmailApiWiring`, or its like in a test."""

    @property
    def accepting(self) -> Accepting:
        """Taking events and mails."""
        ...

    @property
    def following(self) -> Following:
        """Telling what became of them."""
        ...

    @property
    def attaching(self) -> Attaching:
        """Taking files."""
        ...

    @property
    def consenting(self) -> Consenting:
        """Who is on which list."""
        ...


@dataclass(frozen=True, slots=True)
class Routes:
    """Operations of this API.

    Attributes:
        platform: Gives what they work with.
        caller: Tells who made the present request: the owner of what it hands in.
        sent: Tells what that request brought.
    """

    platform: Callable[[], Platform]
    caller: Callable[[], str]
    sent: Callable[[], Sent]

    def entry(self, list_name: str) -> ListEntry:
        """The list of this name.

        Raises:
            UnknownList: There is none.
        """
        entry = self.platform().consenting.registry.entry(list_name)
        if entry is None:
            msg = "there is no list of this name: GET /lists tells those that there are"
            raise UnknownList(msg)
        return entry
