"""DynamoDB at its worst, as its answers come back over the wire: throttled in bursts, and some answers lost.

The answers are given in place of DynamoDB's below botocore's retries, so these and ours really run.
"""

import io
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

PERIOD_S: Final = 31.0
BURST_S: Final = 2.0  # of each period, on a clock that all workers share
IN_BURST: Final = 0.5  # of the calls
BETWEEN: Final = 0.01
LOST: Final = 0.004  # done, but its answer does not arrive
PARTIAL: Final = 0.08  # of the batch writes; DynamoDB leaves some of their rows to the caller
_API: Final = "com.amazonaws.dynamodb.v20120810"

type Note = Callable[[str], None]


class Answer(NamedTuple):
    """What DynamoDB says instead of doing as asked."""

    name: str
    status: int
    body: dict[str, Any]


class Carrier:
    """Carries out calls whose answer is to be lost."""

    def __init__(self) -> None:
        self._session: URLLib3Session | None = None

    def carry_out(self, request: AWSPreparedRequest) -> None:
        """Send the request; nobody hears of what is answered."""
        self._session = self._session or URLLib3Session()
        self._session.send(request)


class Throttling:
    """Decides about each call to DynamoDB. `note` is told the name of each fault."""

    def __init__(self, note: Note, chance: random.Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._note = note
        self._chance = chance
        self._clock = clock
        self._carrier = Carrier()

    def before_send(self, call: str, request: AWSPreparedRequest) -> AWSResponse | None:
        """An answer in place of DynamoDB's, or None where the call goes on its way."""
        if self._chance.random() < (IN_BURST if self.bursting() else BETWEEN):
            answer = self._throttled(call, request)
        elif self._chance.random() < LOST:
            self._carrier.carry_out(request)
            answer = Answer("answer_lost", 500, {"__type": f"{_API}#InternalServerError"})
        else:
            return None
        self._note(answer.name)
        return response(request, answer)

    def bursting(self) -> bool:
        """Whether DynamoDB is being asked too much at the moment."""
        return self._clock() % PERIOD_S < BURST_S

    def split(self, params: dict[str, Any], context: dict[str, Any]) -> dict[str, Any] | None:
        """The parameters of a batch write with fewer rows, now and then; `join` hands the others back."""
        ((table, rows),) = params["RequestItems"].items()
        if len(rows) < 2 or self._chance.random() >= PARTIAL:  # noqa: PLR2004  # one row cannot be split
            return None
        kept = self._chance.randrange(1, len(rows))
        context["soak_left_out"] = {table: rows[kept:]}
        return {**params, "RequestItems": {table: rows[:kept]}}

    def join(self, parsed: dict[str, Any], context: dict[str, Any]) -> None:
        """Say of the rows that `split` took away that DynamoDB did not get to them."""
        left_out = context.pop("soak_left_out", None)
        if left_out and "UnprocessedItems" in parsed:
            self._note("unprocessed_items")
            ((table, rows),) = left_out.items()
            parsed["UnprocessedItems"][table] = parsed["UnprocessedItems"].get(table, []) + rows

    def _throttled(self, call: str, request: AWSPreparedRequest) -> Answer:
        kind = self._chance.randrange(3)
        if call == "TransactWriteItems" and kind == 0:
            return _conflict(len(json.loads(cast("bytes", request.body))["TransactItems"]), self._chance)
        if kind == 1:
            return Answer("throttling", 400, {"__type": "com.amazon.coral.availability#ThrottlingException"})
        return Answer("throughput_exceeded", 400, {"__type": f"{_API}#ProvisionedThroughputExceededException"})


def _conflict(items: int, chance: random.Random) -> Answer:
    """Another transaction was at one of the rows."""
    unlucky = chance.randrange(items)
    reasons = [{"Code": "TransactionConflict" if item == unlucky else "None"} for item in range(items)]
    body = {"__type": f"{_API}#TransactionCanceledException", "Message": "cancelled", "CancellationReasons": reasons}
    return Answer("transaction_conflict", 400, body)


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """The rest of it."""
        while piece := self.read(65536):
            yield piece


def response(request: AWSPreparedRequest, answer: Answer) -> AWSResponse:
    """The answer as botocore gets it over the wire."""
    headers = HTTPHeaders()
    headers["Content-Type"] = "application/x-amz-json-1.0"
    return AWSResponse(request.url, answer.status, headers, _Raw(json.dumps(answer.body).encode()))
