"""An SMTP server in a process of its own; of each mail it writes down who got it, its Message-ID and its pictures."""

import sys
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """Takes every mail. A line of the journal: address, Message-ID, how many pictures, Subject."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal.open("a", encoding="utf-8")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Write it down."""
        del server, session
        mail = message_from_bytes(envelope.content, policy=policy.default)
        pictures = sum(part.get_content_maintype() == "image" for part in mail.walk())
        for address in envelope.rcpt_tos:
            self._journal.write(f"{address}\t{mail['Message-ID']}\t{pictures}\t{mail['Subject']}\n")
        self._journal.flush()
        return "250 2.0.0 OK"


def main() -> None:
    """Serve until the standard input ends."""
    port, journal = int(sys.argv[1]), Path(sys.argv[2])
    controller = Controller(Sink(journal), hostname="127.0.0.1", port=port, data_size_limit=0)
    controller.start()
    while sys.stdin.readline():
        time.sleep(0)
    controller.stop()


if __name__ == "__main__":
    main()
