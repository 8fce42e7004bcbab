"""An SMTP server in a process of its own; of each mail it writes down who got it, its Message-ID and its pictures."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from eventpost_cli.local.ports import LOOPBACK, free_port
from eventpost_cli.local.processes import Child

_ROOT: Final = Path(__file__).parents[2]


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


@contextmanager
def listening(folder: Path) -> Iterator[tuple[int, Path]]:
    """The server runs until the block ends: its port, and its journal in that folder."""
    port, journal = free_port(), folder / "mails.tsv"
    journal.touch()
    command = (sys.executable, "-m", "benchmarks.soak_time.sink", str(port), str(journal))
    child = Child("The sink", command, log=folder / "sink.log", env=os.environ, cwd=_ROOT)
    try:
        child.wait_until(lambda: _listens(port), seconds=30)
        yield port, journal
    finally:
        child.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def main() -> None:
    """Serve until the standard input ends."""
    port, journal = int(sys.argv[1]), Path(sys.argv[2])
    controller = Controller(Sink(journal), hostname=LOOPBACK, port=port, data_size_limit=0)
    controller.start()
    while sys.stdin.readline():
        time.sleep(0)
    controller.stop()


if __name__ == "__main__":
    main()
