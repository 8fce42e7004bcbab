"""What is in the inbox, by its REST interface."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from eventpost_cli.local.loopback import answers, ask

LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Inbox:
    """The inbox at a URL, which is also its page for people."""

    url: str

    def answers(self) -> bool:
        """Tell whether the inbox is up."""
        return answers(f"{self.url}/api/healthz")

    def count(self) -> int:
        """Return how many mails there are."""
        return int(json.loads(self._ask("/email/summary?limit=1"))["storeTotal"])

    def listing(self) -> list[dict[str, Any]]:
        """Return all mails as the inbox parsed them, in order of arrival."""
        mails: list[dict[str, Any]] = json.loads(self._ask("/email"))
        return mails

    def source(self, mail_id: str) -> bytes:
        """Return one mail exactly as it arrived."""
        return self._ask(f"/email/{mail_id}/source")

    def messages(self) -> Iterator[EmailMessage]:
        """Yield every mail, parsed from its source by Python rather than by the inbox."""
        for mail in self.listing():
            yield message_from_bytes(self.source(mail["id"]), policy=default)

    def delete_all(self) -> None:
        """Empty the inbox."""
        self._ask("/email/all", method="DELETE")

    def wait_for(self, count: int, *, seconds: float) -> bool:
        """Return once there are that many mails, or false when the time is over."""
        deadline = time.monotonic() + seconds
        while self.count() < count:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _ask(self, path: str, method: str = "GET") -> bytes:
        return ask(f"{self.url}/api{path}", method)
