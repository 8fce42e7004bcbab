"""What the mail API keeps: receipts, and the files that go with mails."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from eventpost.model.receipt import Receipt


class Receipts(Protocol):
    """What was accepted in the last 30 days, by id. Every read is consistent."""

    def keep(self, receipt: Receipt) -> Receipt:
        """Keep this receipt unless there is one of its id; returns the one that is kept.

        Of any number at once, one is kept, and all are told that one.

        Raises:
            StoreUnavailable: The store did not answer; it may have been kept.
        """
        ...

    def get(self, id_: str) -> Receipt | None:
        """The receipt of this id, or None.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...

    def note_sent(self, id_: str, at: datetime) -> None:
        """Note that the queue has what the receipt of this id is for. The first time that is noted stays.

        Raises:
            StoreUnavailable: The store did not answer; it may have been noted.
        """
        ...


class Upload(NamedTuple):
    """Where and how to upload a file.

    Attributes:
        key: What the file is known by.
        url: Where to send it to. Whoever has it may upload this one file, so it belongs in no log.
        method: By which HTTP method.
        headers: With which headers; others will do no harm, these must be there as they are.
        expires_at: Until when (UTC).
    """

    key: str
    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


class Uploads(Protocol):
    """Files that services upload by themselves, to go with mails."""

    def offer(self, key: str, media_type: str, size: int, sha256: str = "") -> Upload:
        """Let whoever has the answer upload a file of this type and of exactly so many bytes, for 15 minutes.

        Where `sha256` is given, in hex, no other file is taken.

        Raises:
            StoreUnavailable: There is nothing to sign the permission with yet.
        """
        ...

    def sizes(self, keys: Collection[str]) -> Mapping[str, int]:
        """How many bytes each of these files has; those that are not there are left out.

        Raises:
            StoreUnavailable: The store did not answer.
        """
        ...
