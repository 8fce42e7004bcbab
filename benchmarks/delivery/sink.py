"""The SMTP sink: compiled once, started for each run, asked what arrived."""

import shutil
import socket
import subprocess
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks.delivery.errors import RunWrong, ToolMissing
from benchmarks.delivery.place import BENCH, HERE, once

_OFFSET, _PRIME, _MODULUS = 14695981039346656037, 1099511628211, 1 << 64  # FNV-1a, 64 bits


class Counts(NamedTuple):
    """What the sink has taken: mails, their bytes, the digest of their recipients, and when the first was accepted.

    `first_ns` is on the clock of `time.monotonic_ns`, which all processes share, or 0 before the first mail.
    """

    mails: int
    wire_bytes: int
    recipients: int
    first_ns: int


def compiled() -> str:
    """The path of the sink's program.

    Raises:
        ToolMissing: There is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        msg = (
            "the benchmark's SMTP sink is written in C and there is no compiler: install one (Debian: apt install gcc)"
        )
        raise ToolMissing(msg)
    source, program = HERE / "sink.c", BENCH / "sink"
    command = (compiler, "-O2", "-o", str(program), str(source))
    return str(once(program, source.read_bytes(), lambda: _compile(command)))


def _compile(command: tuple[str, ...]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{command[0]} could not compile the sink (Debian: apt install gcc libc6-dev): {done.stderr[-300:]}"
        raise ToolMissing(msg)


class Sink:
    """A sink on a port of its own, for as long as the block."""

    def __init__(self, *, pipelining: bool = True) -> None:
        command = [compiled()] + ([] if pipelining else ["--no-pipelining"])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[1])

    def counts(self) -> Counts:
        """What has arrived by now."""
        return self.counts_at(self.port)

    @staticmethod
    def counts_at(port: int) -> Counts:
        """What has arrived by now at the sink on this port, whoever started it."""
        return Counts(*map(int, _ask(port, "STAT").split()[1:]))

    @staticmethod
    def zero_at(port: int) -> None:
        """Have the sink on this port count anew from here."""
        _ask(port, "ZERO")

    def check(self, expected: int, recipients: int, what: str) -> Counts:
        """Return the counts if every recipient got one mail and nobody got two.

        Raises:
            RunWrong: Mails are missing, too many, or went to others.
        """
        counts = self.counts()
        if counts.mails != expected or counts.recipients != recipients:
            whom = "the right" if counts.recipients == recipients else "other"
            msg = f"{what}: {counts.mails} mails to {whom} recipients arrived, {expected} were to"
            raise RunWrong(msg)
        return counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; it leaves when its input ends."""
        self._process.communicate()


def _ask(port: int, command: str) -> str:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        lines = connection.makefile("rw", newline="\r\n", encoding="ascii")
        lines.readline()
        lines.write(f"{command}\r\n")
        lines.flush()
        return lines.readline()


def digest(addresses: Iterable[str]) -> int:
    """The sum of the addresses' FNV-1a hashes: the same for the same recipients in any order."""
    return sum(map(_hash, addresses)) % _MODULUS


def _hash(address: str) -> int:
    value = _OFFSET
    for byte in address.encode():
        value = (value ^ byte) * _PRIME % _MODULUS
    return value
