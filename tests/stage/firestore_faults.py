"""A Firestore that misbehaves on purpose: it stands in front of the emulator and answers some calls itself."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

import grpc
import pytest
from google.cloud import firestore

type Forward = Callable[[], Iterator[bytes]]
"""Gives the emulator's answers to a call."""

type Fault = Callable[[Forward, grpc.ServicerContext], Iterator[bytes]]
"""From a call and what would answer it to what its answers are."""


class FaultyFirestore(grpc.GenericRpcHandler):
    """The emulator, but each fault in `faults` answers one call of its method, in order; then the emulator does.

    Attributes:
        faults: What is to go wrong, by the method, such as `Commit`.
        calls: The methods that were called, in order.
        requests: What they were asked, by method, as it came.
        seconds: How long each call would have waited at most.
        answers: What the emulator answered, by method, as it went.
    """

    def __init__(self, emulator: grpc.Channel) -> None:
        self._emulator = emulator
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.calls: list[str] = []
        self.requests: dict[str, list[bytes]] = defaultdict(list)
        self.seconds: list[float] = []
        self.answers: dict[str, list[bytes]] = defaultdict(list)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Whatever is called. An answer is a stream of one where it is no stream."""
        return grpc.unary_stream_rpc_method_handler(
            lambda request, context: self._answer(handler_call_details, request, context)
        )

    def _answer(self, call: grpc.HandlerCallDetails, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        method = call.method.rpartition("/")[2]
        self.calls.append(method)
        self.requests[method].append(request)
        self.seconds.append(context.time_remaining())

        def forward() -> Iterator[bytes]:
            for answer in self._emulator.unary_stream(call.method)(request, metadata=call.invocation_metadata):
                self.answers[method].append(answer)
                yield answer

        waiting = self.faults[method]
        try:
            yield from waiting.pop(0)(forward, context) if waiting else forward()
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())


@contextmanager
def faulty_firestore(
    emulator: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FaultyFirestore, firestore.Client]]:
    """A Firestore in front of the emulator at `host:port`, and a client of this database there."""
    with grpc.insecure_channel(emulator) as channel, ThreadPoolExecutor(8) as threads:
        faulty = FaultyFirestore(channel)
        server = grpc.server(threads, handlers=[faulty])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
        client = firestore.Client(project="eventpost-tests", database=database)
        try:
            yield faulty, client
        finally:
            client.close()
            server.stop(grace=None).wait()


def refused(code: grpc.StatusCode, words: str = "words of Google") -> Fault:
    """A fault: nothing is done, and this is answered."""

    def fault(_: Forward, context: grpc.ServicerContext) -> Iterator[bytes]:
        context.abort(code, words)
        yield b""

    return fault


def lost(code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> Fault:
    """A fault: all is done, and this is answered."""

    def fault(forward: Forward, context: grpc.ServicerContext) -> Iterator[bytes]:
        list(forward())
        context.abort(code, "the connection was lost")
        yield b""

    return fault


def cut_off(after: int, code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE) -> Fault:
    """A fault: of the answers so many come, then this."""

    def fault(forward: Forward, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield from islice(forward(), after)
        context.abort(code, "the connection was lost")

    return fault


def meanwhile(happens: Callable[[], object], then: Fault | None = None) -> Fault:
    """A fault: something happens before the call is answered, by `then` or the emulator."""

    def fault(forward: Forward, context: grpc.ServicerContext) -> Iterator[bytes]:
        happens()
        return then(forward, context) if then else forward()

    return fault


class Delayed:
    """A fault: the call is answered by a lost connection, and carried out when `arrive` is called."""

    def __init__(self) -> None:
        self._forward: Forward | None = None

    def __call__(self, forward: Forward, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Keep it for later."""
        self._forward = forward
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the connection was lost")
        yield b""

    def arrive(self) -> None:
        """Carry it out, however late."""
        assert self._forward is not None
        list(self._forward())
