"""Services that call the API: so many requests a second whether or not it keeps up, each again until it is answered."""

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event, Lock
from typing import Any, Final, Self

from benchmarks.soak_api.asks import Ask
from benchmarks.soak_api.door import OWNER

from eventpost_cli.local.ports import LOOPBACK

TRIES: Final = 8
_PAUSE_S: Final = 0.25  # before the second try; each further one waits as much longer
_PATIENCE_S: Final = 30.0
_AGAIN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, *filter(lambda status: status.is_server_error, HTTPStatus)})


@dataclass(slots=True)
class Asked:
    """What became of an ask.

    Attributes:
        ask: It.
        statuses: What was answered each time; 0 is no answer.
        ids: The ids in answers that accepted it.
        seconds: From when it was due until it was accepted, or given up.
    """

    ask: Ask
    statuses: list[int] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    seconds: float = 0.0


class Caller:
    """Calls one door of the API over a connection that it keeps until the block ends; the door serves no other."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, ask: Ask) -> tuple[int, Any]:
        """The status and what the answer says; 0 and None where there is none."""
        return self._asked("POST", ask.path, ask.owner, ask.body, **ask.headers)

    def get(self, path: str, owner: str) -> tuple[int, Any]:
        """The same."""
        return self._asked("GET", path, owner, None)

    def _asked(self, method: str, path: str, owner: str, body: bytes | None, **headers: str) -> tuple[int, Any]:
        try:
            self._connection.request(method, path, body, {**headers, OWNER: owner})
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, None


@dataclass(slots=True)
class Load:
    """Asks at a steady pace, by as many callers as there are doors, until it is over or all is asked.

    Attributes:
        ports: Of the doors.
        per_s: Asks a second.
        tries: How often each is made until it is answered by 202, or refused for good.
        over: Set, no more is asked.
    """

    ports: Sequence[int]
    per_s: float
    tries: int = TRIES
    over: Event = field(default_factory=Event)

    def made(self, asks: Iterable[Ask]) -> list[Asked]:
        """Make them; what became of each."""
        due = _Due(iter(asks), self.per_s, self.over)
        with ThreadPoolExecutor(len(self.ports)) as pool:
            done = pool.map(lambda port: self._by_one(port, due), self.ports)
            return [asked for some in done for asked in some]

    def _by_one(self, port: int, due: Iterable[tuple[float, Ask]]) -> list[Asked]:
        with Caller(port) as caller:
            return [self._insisted(caller, ask, at) for at, ask in due]

    def _insisted(self, caller: Caller, ask: Ask, at: float) -> Asked:
        asked = Asked(ask)
        while len(asked.statuses) < self.tries:
            status, said = caller.post(ask)
            asked.statuses.append(status)
            if status == HTTPStatus.ACCEPTED:
                asked.ids.add(said["id"])
            if status and status not in _AGAIN:
                break
            if len(asked.statuses) < self.tries:
                time.sleep(_PAUSE_S * len(asked.statuses))
        asked.seconds = time.monotonic() - at
        return asked


class _Due:
    """Hands each ask to one of several threads when it is due."""

    def __init__(self, asks: Iterator[Ask], per_s: float, over: Event) -> None:
        self._asks = enumerate(asks)
        self._per_s = per_s
        self._over = over
        self._began = time.monotonic()
        self._lock = Lock()

    def __iter__(self) -> Iterator[tuple[float, Ask]]:
        return self

    def __next__(self) -> tuple[float, Ask]:
        with self._lock:
            turn, ask = next(self._asks)
        at = self._began + turn / self._per_s
        if self._over.wait(max(0.0, at - time.monotonic())):
            raise StopIteration
        return at, ask
