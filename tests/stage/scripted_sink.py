"""An SMTP server on a raw socket that pipelines, keeps its own record, and misbehaves exactly as told.

aiosmtpd (`smtp_sink.py`) is the server that behaves. This one drops connections at any step, stalls within the data,
and cuts its answers into packets.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from smtp_sink import Arrived

SMALL = 65_536  # bytes that the kernel holds for a server that does not read
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
USUAL = {"CONNECT": "220 here", "DATA": "354 go on", "DOT": "250 2.0.0 queued", "QUIT": "221 2.0.0 bye"}


@dataclass(frozen=True)
class Act:
    """What the server does at one step, in this order, instead of what is usual.

    Attributes:
        silence: Seconds of saying nothing first.
        keep: Whether the mail is kept (at the final dot); None for: if the answer is yes.
        reply: The answer, or "" for none, or None for the usual one.
        packets: In how many pieces it is sent.
        hang_up: Close the connection, properly or by a reset.
        within: Do all that after so many bytes of the data (at the step BODY).
    """

    silence: float = 0
    keep: bool | None = None
    reply: str | None = None
    packets: int = 1
    hang_up: str = ""
    within: int = 0


@dataclass
class ScriptedSink:
    """The server's script and its record. `acts` is asked at each step: CONNECT, EHLO, MAIL, RCPT, DATA, BODY, DOT."""

    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE 30000000")
    acts: Callable[[str, str], Act | None] = lambda _step, _address: None
    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    said: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def at(self, step: str, address: str, *acts: Act) -> None:
        """Do these, one after the other, whenever this step comes for this address; then be as before."""
        before, left = self.acts, list(acts)

        def chosen(now: str, whose: str) -> Act | None:
            if (now, whose) == (step, address) and left:
                return left.pop(0)
            return before(now, whose)

        self.acts = chosen


class HungUp(Exception):
    """This connection is over."""


class Talk:
    """One connection's."""

    def __init__(self, sink: ScriptedSink, connected: socket.socket) -> None:
        self.sink = sink
        self.socket = connected
        self.lines: BinaryIO = connected.makefile("rb")
        self.sender = self.address = ""
        self.begun = False  # MAIL was accepted

    def run(self) -> None:
        """Until somebody hangs up."""
        try:
            self.act("CONNECT")
            while line := self.lines.readline():
                self.sink.said.append(line)
                self.command(line)
        except (HungUp, OSError):
            pass
        finally:
            self.lines.close()
            self.socket.close()

    def command(self, line: bytes) -> None:
        """Answer one command."""
        verb = line[:4].strip().upper().decode()
        if verb == "EHLO":
            self.act(
                verb,
                "\r\n".join(
                    [*(f"250-{it}" for it in ("scripted", *self.sink.offers[:-1])), f"250 {self.sink.offers[-1]}"]
                ),
            )
        elif verb == "MAIL":
            nested, self.sender, self.address = self.begun, inner(line), ""
            self.begun = self.act(verb, "503 5.5.1 nested MAIL" if nested else "").startswith("2") or nested
        elif verb == "RCPT":
            self.address = inner(line)
            if not self.act(verb, "" if self.begun else "503 5.5.1 MAIL first").startswith("2") or not self.begun:
                self.address = ""
        elif verb == "DATA":
            self.data()
        else:
            self.begun = self.begun and verb != "RSET"
            self.act(verb)

    def data(self) -> None:
        """The data, if there is anybody to get it, and the final dot."""
        if not self.act("DATA", USUAL["DATA"] if self.address else "554 5.5.1 no valid recipients").startswith("354"):
            return
        told, size, content = self.sink.acts("BODY", self.address), 0, []
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise HungUp
            size += len(line)
            content.append(line[1:] if line.startswith(b".") else line)
            if told and size > told.within:
                self.perform(told, "")
                told = None
        self.begun = False
        self.mail = Arrived(self.sender, self.address, b"".join(content))
        self.act("DOT", USUAL["DOT"] if self.address else "554 5.5.1 no valid recipients")

    def act(self, step: str, usual: str = "") -> str:
        """Do what the script says, or what is usual; returns the answer."""
        usual = usual or USUAL.get(step, "250 2.1.0 fine")
        return self.perform(self.sink.acts(step, self.address) or Act(), usual, at_dot=step == "DOT")

    def perform(self, act: Act, usual: str, *, at_dot: bool = False) -> str:
        """Do it."""
        if act.silence:
            self.sink.ended.wait(act.silence)
        reply = usual if act.reply is None else act.reply
        if at_dot and (reply.startswith("2") if act.keep is None else act.keep):
            self.sink.arrived.append(self.mail)
        if reply:
            self.say(f"{reply}\r\n".encode(), act.packets)
        if act.hang_up == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        if act.hang_up or reply.startswith("421"):
            raise HungUp
        return reply

    def say(self, reply: bytes, packets: int) -> None:
        """Send it in so many pieces."""
        size = -(-len(reply) // packets)
        for begin in range(0, len(reply), size):
            self.socket.sendall(reply[begin : begin + size])
            if packets > 1:
                time.sleep(0.002)


def inner(line: bytes) -> str:
    """What stands in the angle brackets."""
    return line.partition(b"<")[2].partition(b">")[0].decode()


@contextmanager
def scripted(sink: ScriptedSink, certificate: ssl.SSLContext | None = None) -> Iterator[ScriptedSink]:
    """The server, up on `sink.port`; with a certificate it speaks TLS from the start."""
    talks: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", sink.port), backlog=128) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        sink.port = listening.getsockname()[1]
        sink.ended.clear()

        def serve(connected: socket.socket) -> None:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):
                secured = certificate.wrap_socket(connected, server_side=True) if certificate else connected
                Talk(sink, secured).run()
            connected.close()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while not sink.ended.is_set():
                    connected, _ = listening.accept()
                    sink.connections += not sink.ended.is_set()
                    talks.append(threading.Thread(target=serve, args=(connected,), daemon=True))
                    talks[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield sink
        finally:
            sink.ended.set()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", sink.port), timeout=1).close()
            accepting.join(5)
