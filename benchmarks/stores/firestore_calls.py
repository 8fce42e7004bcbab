"""Every call that a client makes of Firestore, kept with its request and its answers, and what Google bills for it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import grpc  # type: ignore[import-untyped]
from benchmarks.delivery.usage import tallied
from google.cloud import firestore


class FirestoreCall(NamedTuple):
    """One call: the method's name, the request, and the messages that it was answered with."""

    name: str
    request: Any
    answers: list[Any]


class FirestoreRecorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Notes the calls of a channel, and takes part in none. Nothing is weighed before somebody asks."""

    def __init__(self) -> None:
        self.calls: list[FirestoreCall] = []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """See grpc: a commit."""
        answer = continuation(details, request)
        self.calls.append(FirestoreCall(_name(details), request, [] if answer.exception() else [answer.result()]))
        return answer

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Iterator[Any]:
        """See grpc: a query, or documents by their names."""
        call = FirestoreCall(_name(details), request, [])
        self.calls.append(call)
        for answer in continuation(details, request):
            call.answers.append(answer)
            yield answer


class RecordedClient(firestore.Client):
    """The library's own client of an emulator, with a recorder in its channel."""

    def __init__(self, project: str, database: str) -> None:
        super().__init__(project=project, database=database)
        self.recorder = FirestoreRecorder()

    def _emulator_channel(self, transport: Any) -> Any:
        return grpc.intercept_channel(super()._emulator_channel(transport), self.recorder)  # type: ignore[no-untyped-call]


def _name(details: Any) -> str:
    method = details.method.decode() if isinstance(details.method, bytes) else details.method
    return str(method).rpartition("/")[2]


def usage_of(calls: Iterable[FirestoreCall]) -> dict[str, Counter[str]]:
    """How often each method was called (`calls`), and how much it took of what is billed (`units`).

    Raises:
        KeyError: Nobody has said what a method costs.
    """
    return tallied(calls, _units)


def _units(call: FirestoreCall) -> Mapping[str, int]:
    return {**_RULES[call.name](call), "response_bytes": sum(map(_bytes, call.answers))}


def _bytes(message: Any) -> int:
    """A message's size in Firestore's own format, which is what data that leaves Google Cloud is reckoned by."""
    return int(type(message).pb(message).ByteSize())


def _query(call: FirestoreCall) -> Mapping[str, int]:
    """A read for each document that is returned, one at the least.

    What is found by one range of names reads its index for nothing ("Index entry reads").
    """
    return {"document_reads": max(1, sum("document" in answer for answer in call.answers))}


def _documents(call: FirestoreCall) -> Mapping[str, int]:
    """A read for each that is asked for: one that is not there is looked for all the same."""
    return {"document_reads": len(call.request.documents)}


def _commit(call: FirestoreCall) -> Mapping[str, int]:
    """Each write by itself, its precondition for nothing. What was refused has written nothing."""
    if not call.answers:
        return {}
    deletes = sum("delete" in write for write in call.request.writes)
    return {"document_writes": len(call.request.writes) - deletes, "document_deletes": deletes}


_RULES: Final[Mapping[str, Callable[[FirestoreCall], Mapping[str, int]]]] = {
    "RunQuery": _query,
    "BatchGetDocuments": _documents,
    "Commit": _commit,
}
