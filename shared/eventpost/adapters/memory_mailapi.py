"""Receipts and uploads in memory, with the same contract as the real ones."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock

from eventpost.adapters.dynamodb_receipts import RETENTION
from eventpost.adapters.s3_uploads import LIFETIME
from eventpost.model.receipt import Receipt
from eventpost.ports import Clock
from eventpost.ports.mailapi import Upload


class MemoryReceipts:
    """Receipts in a dictionary; it looks at the same clock as its users."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = Lock()
        self._kept: dict[str, tuple[Receipt, datetime]] = {}

    def keep(self, receipt: Receipt) -> Receipt:
        """See `ports.Receipts`."""
        with self._one_at_a_time:
            there = self.get(receipt.id)
            if there is None:
                self._kept[receipt.id] = (receipt, self._clock.now() + RETENTION)
            return there or receipt

    def get(self, id_: str) -> Receipt | None:
        """See `ports.Receipts`."""
        receipt, expires_at = self._kept.get(id_, (None, self._clock.now()))
        return receipt if expires_at > self._clock.now() else None

    def note_sent(self, id_: str, at: datetime) -> None:
        """See `ports.Receipts`."""
        with self._one_at_a_time:
            if id_ in self._kept:
                receipt, expires_at = self._kept[id_]
                self._kept[id_] = (replace(receipt, sent_at=receipt.sent_at or at), expires_at)


class MemoryUploads:
    """Files of which only the size is remembered, in `kept`; whoever was offered a place puts it there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept: dict[str, int] = {}

    def offer(self, key: str, media_type: str, size: int, sha256: str = "") -> Upload:
        """See `ports.Uploads`."""
        headers = {"Content-Type": media_type, "Content-Length": str(size)}
        headers |= {"x-amz-checksum-sha256": sha256} if sha256 else {}
        return Upload(key, f"https://uploads.example/{key}", "PUT", headers, self._clock.now() + LIFETIME)

    def sizes(self, keys: Collection[str]) -> Mapping[str, int]:
        """See `ports.Uploads`."""
        return {key: self.kept[key] for key in keys if key in self.kept}
