"""The contract of attempts, on every adapter: so many in a window of time, whoever counts them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from eventpost.adapters.dynamodb_attempts import DynamoAttempts
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_subscribers import MemoryAttempts
from eventpost.errors import Misconfigured, StoreUnavailable
from eventpost.ports import Attempts
from faults import Fault, Faulty, answering, failing
from tables import DYNAMODB, LEDGER_KEYS, new_table

HOUR = timedelta(hours=1)
ANN, BOB = ("a" * 32, "b" * 32)


@pytest.fixture
def clock() -> MemoryClock:
    """A clock at the beginning of an hour."""
    return MemoryClock()


@pytest.fixture(params=["memory", *DYNAMODB])
def attempts(
    request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any], clock: MemoryClock
) -> Iterator[Attempts]:
    """Each of the counters."""
    if request.param == "memory":
        yield MemoryAttempts(clock)
        return
    client = dynamodb_on(request.param)
    with new_table(client, LEDGER_KEYS) as table:
        yield DynamoAttempts(client, table, clock)


def allowed(attempts: Attempts, who: str, times: int, limit: int = 5) -> list[bool]:
    """Try so many times."""
    return [attempts.allow(who, limit, HOUR) for _ in range(times)]


def test_as_many_as_the_limit_are_allowed(attempts: Attempts) -> None:
    """Whoever goes on trying is refused each time."""
    assert allowed(attempts, ANN, 8) == [True] * 5 + [False] * 3


def test_everybody_has_a_count_of_their_own(attempts: Attempts) -> None:
    """One who tries too often keeps nobody else from trying."""
    allowed(attempts, ANN, 9)

    assert allowed(attempts, BOB, 1) == [True]
    assert allowed(attempts, ANN[:-1], 1) == [True]


def test_a_new_window_begins_at_nothing(attempts: Attempts, clock: MemoryClock) -> None:
    """Windows follow one another, whenever the first attempt was."""
    clock.advance(timedelta(minutes=59, seconds=59))
    assert allowed(attempts, ANN, 6)[-1] is False

    clock.advance(timedelta(seconds=1))
    assert allowed(attempts, ANN, 6) == [True] * 5 + [False]
    clock.advance(timedelta(minutes=59))
    assert allowed(attempts, ANN, 1) == [False]


def test_many_at_once_share_the_limit(attempts: Attempts) -> None:
    """However many count at the same time, no more than the limit are allowed."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: attempts.allow(ANN, 10, HOUR), range(40)))

    assert sum(answers) == 10


def test_a_row_goes_when_its_window_is_over(dynamodb_client: Any, clock: MemoryClock) -> None:
    """It is under the key of whoever tried, and DynamoDB may delete it as soon as nothing counts on it any more."""
    with new_table(dynamodb_client, LEDGER_KEYS) as table:
        attempts = DynamoAttempts(dynamodb_client, table, clock)
        clock.advance(timedelta(minutes=30))
        allowed(attempts, ANN, 3)
        (row,) = dynamodb_client.scan(TableName=table)["Items"]

    hour = int(clock.now().timestamp()) // 3600
    assert row == {
        "partition": {"S": f"#attempts#{ANN}"},
        "subscriber": {"S": str(hour)},
        "used": {"N": "3"},
        "expires_at": {"N": str((hour + 1) * 3600)},
    }


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answering("ThrottlingException"), StoreUnavailable),
        (failing(ReadTimeoutError(endpoint_url="https://dynamodb")), StoreUnavailable),
        (answering("AccessDeniedException"), Misconfigured),
    ],
)
def test_errors_of_dynamodb_become_ours(
    dynamodb_client: Any, clock: MemoryClock, fault: Fault, error: type[Exception]
) -> None:
    """Outages are tried again, and what only a deployment can mend says so."""
    attempts = DynamoAttempts(Faulty(dynamodb_client, update_item=[fault]), "any", clock)  # type: ignore[arg-type]

    with pytest.raises(error, match="DynamoDB") as caught:
        attempts.allow(ANN, 5, HOUR)
    assert ANN not in str(caught.value)
