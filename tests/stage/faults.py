"""AWS clients that misbehave on purpose: stand in front of a real one and answer some calls themselves."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

type Fault = Callable[[Callable[..., Any], dict[str, Any]], Any]
"""From the real method and the arguments of a call to its answer, or an exception."""


class Faulty:
    """The client, but each fault in `faults` answers one call of its method, in order; then the client does."""

    def __init__(self, client: Any, **faults: list[Fault]) -> None:
        self._client, self._faults = client, faults
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name == "exceptions":
            return real

        def call(**arguments: Any) -> Any:
            self.calls.append(name)
            waiting = self._faults.get(name, [])
            return waiting.pop(0)(real, arguments) if waiting else real(**arguments)

        return call


class OneAtATime:
    """The client, one call after the other: what DynamoDB does for a row, and moto does not do for its threads."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, Lock()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name == "exceptions":
            return real

        def call(**arguments: Any) -> Any:
            with self._lock:
                return real(**arguments)

        return call


def failing(error: Exception) -> Fault:
    """A fault that raises this."""

    def fault(_: Callable[..., Any], __: dict[str, Any]) -> Any:
        raise error

    return fault


def answering(code: str, operation: str = "Operation", words: str = "words of AWS") -> Fault:
    """A fault that raises what AWS's client raises for this code."""
    return failing(ClientError({"Error": {"Code": code, "Message": words}}, operation))


def cancelled(client: Any, *codes: str, **told: Any) -> Fault:
    """A transaction cancelled for these reasons, one for each row; every reason tells this besides."""
    reasons = [{"Code": code, **told} for code in codes]
    answer = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}
    return failing(client.exceptions.TransactionCanceledException(answer, "TransactWriteItems"))
