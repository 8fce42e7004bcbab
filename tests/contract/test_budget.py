"""The budget's contract, on every adapter: never more than the account may send, and a reserve for critical lists."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from eventpost.adapters.budget import LeasedBudget, Limits, Unlimited
from eventpost.adapters.dynamodb_budget import DynamoBudget
from eventpost.adapters.memory import MemoryClock
from eventpost.adapters.memory_ledger import MemoryBudget
from eventpost.adapters.ses_limits import SesLimits
from eventpost.errors import BudgetSpent, Misconfigured, StoreUnavailable
from faults import Faulty, answering, failing
from tables import DYNAMODB, LEDGER_KEYS, new_table

SECOND = timedelta(seconds=1)


class FrozenClock(MemoryClock):
    """A clock on which nobody sleeps: who would wait for the next second gives up."""

    def sleep(self, duration: timedelta) -> None:
        """Give up."""
        raise BudgetSpent("the second is over", duration)


@dataclass
class Case:
    """Budgets of many processes over the same counts, and the clock that they all look at."""

    make: Callable[[MemoryClock, Limits], LeasedBudget]
    clock: MemoryClock

    def budget(self, **limits: Any) -> LeasedBudget:
        """One more process's budget."""
        return self.make(self.clock, Limits(**limits))

    def drained(self, budget: LeasedBudget, wanted: int = 1000, *, critical: bool = False) -> list[int]:
        """Every lease there is, until the budget is spent."""
        leases = []
        with suppress(BudgetSpent):
            while len(leases) < 1000:
                leases.append(budget.take(wanted, critical=critical))
        return leases


def sharing_memory() -> Callable[[MemoryClock, Limits], LeasedBudget]:
    """Budgets in memory that share their counts."""
    counters = MemoryBudget(MemoryClock(), Limits)._counters
    return lambda clock, limits: LeasedBudget(counters, clock, lambda: limits)


@pytest.fixture(params=["memory", *DYNAMODB])
def case(request: pytest.FixtureRequest, dynamodb_on: Callable[[str], Any]) -> Iterator[Case]:
    """Each of the budgets, at a moment when the clock stands."""
    if request.param == "memory":
        yield Case(sharing_memory(), FrozenClock())
        return
    client = dynamodb_on(request.param)
    with new_table(client, LEDGER_KEYS) as table:
        yield Case(lambda clock, limits: DynamoBudget(client, table, clock, lambda: limits), FrozenClock())


@pytest.mark.parametrize(("rate", "lease"), [(1, 1), (9, 1), (14, 1), (100, 10), (140.9, 14), (500, 50), (50_000, 50)])
def test_a_lease_is_a_tenth_of_the_rate_and_at_most_fifty(case: Case, rate: float, lease: int) -> None:
    """Small enough that many processes get their share of a second."""
    assert case.budget(per_second=rate).take(1000, critical=False) == lease


def test_nobody_gets_more_than_wanted(case: Case) -> None:
    """What is not wanted stays for others."""
    assert case.budget(per_second=500).take(3, critical=False) == 3


@pytest.mark.parametrize(("rate", "reserve"), [(100, 10), (14, 2), (2, 1), (500, 50)])
def test_a_second_has_its_rate_and_a_reserve(case: Case, rate: int, reserve: int) -> None:
    """Ordinary lists leave the reserve alone, down to the last one; critical lists use it up, and no more."""
    ordinary = case.drained(case.budget(per_second=rate))
    assert sum(ordinary) == rate - reserve
    critical = case.drained(case.budget(per_second=rate), critical=True)
    assert sum(critical) == reserve
    case.clock.advance(SECOND)
    assert sum(case.drained(case.budget(per_second=rate), critical=True)) == rate


def test_a_rate_of_one_is_everybodys(case: Case) -> None:
    """There is no tenth of one mail: without it, ordinary lists would never be mailed."""
    assert case.drained(case.budget(per_second=1)) == [1]
    assert case.drained(case.budget(per_second=1), critical=True) == []


def test_what_is_left_is_leased_to_the_last(case: Case) -> None:
    """A lease that no longer fits becomes a smaller one, at once."""
    budget = case.budget(per_second=100, critical_share=0)
    budget.take(7, critical=False)

    assert case.drained(budget) == [10] * 9 + [3]


def test_a_rate_below_one_is_a_mail_every_so_many_seconds(case: Case) -> None:
    """One in ten seconds, when the rate is a tenth."""
    sent = []
    for _ in range(60):
        sent += case.drained(case.budget(per_second=0.1))
        case.clock.advance(SECOND)

    assert sum(sent) == 6


def test_many_at_once_never_exceed_the_rate(case: Case) -> None:
    """Thirty-two processes drain the same second; the reserve is whole afterwards."""
    with ThreadPoolExecutor(32) as pool:
        budgets = [case.budget(per_second=200) for _ in range(32)]
        leases = [sum(each) for each in pool.map(case.drained, budgets)]
    assert sum(leases) == 180

    with ThreadPoolExecutor(32) as pool:
        leases = list(pool.map(lambda budget: sum(case.drained(budget, critical=True)), budgets))
    assert sum(leases) == 20


def test_a_day_has_its_quota_and_a_reserve(case: Case) -> None:
    """As the second has; in a new day there is a new quota."""
    limits = {"per_day": 200, "critical_share": 0.25}
    ordinary = [sum(case.drained(case.budget(**limits))) for _ in range(3)]
    assert ordinary == [150, 0, 0]
    assert sum(case.drained(case.budget(**limits), critical=True)) == 50
    case.clock.advance(timedelta(days=1))
    assert case.budget(**limits).take(10, critical=False) == 1


@pytest.mark.parametrize(("per_day", "bite"), [(1, 1), (500, 1), (50_000, 50), (9_000_000, 500)])
def test_a_day_is_taken_in_bites(case: Case, per_day: int, bite: int) -> None:
    """A thousandth, so that it costs few calls; what another process has bitten off is not there for this one."""
    case.budget(per_day=per_day, critical_share=0).take(1, critical=False)

    left = per_day - bite
    with suppress(BudgetSpent):
        assert case.budget(per_day=per_day, critical_share=0).take(10_000, critical=False) == min(left, bite)
    assert left or case.drained(case.budget(per_day=per_day, critical_share=0)) == []


def test_a_bite_that_a_slow_second_leaves_is_used_later(case: Case) -> None:
    """Day and second are both kept: of ten a day and two a second, ten go in five seconds."""
    budget = case.budget(per_second=2, per_day=10, critical_share=0)
    sent = []
    for _ in range(9):
        sent.append(sum(case.drained(budget)))
        case.clock.advance(SECOND)

    assert sent == [2, 2, 2, 2, 2, 0, 0, 0, 0]


def test_a_bite_is_of_its_day(case: Case) -> None:
    """What is left of yesterday's bite is no part of today's quota."""
    budget = case.budget(per_day=3000, critical_share=0)
    assert budget.take(1, critical=False) == 1
    case.clock.advance(timedelta(days=1))

    assert budget.take(10, critical=False) == 3


@pytest.mark.parametrize("hours", [0, 23, 23.9])
def test_a_spent_day_says_when_to_ask_again(case: Case, hours: float) -> None:
    """Within fifteen minutes, which is the longest delay of a queue, and when the day is over at the latest."""
    case.clock.advance(timedelta(hours=hours))
    case.drained(case.budget(per_day=10))
    with pytest.raises(BudgetSpent) as caught:
        case.budget(per_day=10).take(1, critical=False)

    wait = caught.value.retry_after
    assert wait is not None
    assert timedelta(0) < wait <= min(timedelta(minutes=15), timedelta(hours=24 - hours))


def test_what_the_provider_counted_counts(case: Case) -> None:
    """Others may send from the account too: once the provider says that the quota is reached, it is."""
    with pytest.raises(BudgetSpent):
        case.budget(per_day=1000, sent_in_a_day=900).take(1, critical=False)
    assert case.budget(per_day=1000, sent_in_a_day=900).take(1, critical=True) == 1
    with pytest.raises(BudgetSpent):
        case.budget(per_day=1000, sent_in_a_day=1000).take(1, critical=True)


def test_who_finds_a_second_spent_gets_one_of_the_next(case: Case) -> None:
    """It waits a second, not more."""
    case.drained(case.budget(per_second=10))
    case.clock = MemoryClock(case.clock.now())
    before = case.clock.now()

    assert case.budget(per_second=10).take(5, critical=False) == 1
    assert SECOND <= case.clock.now() - before <= 2 * SECOND


class BusyClock(MemoryClock):
    """A clock on which others use up each second before we wake."""

    def __init__(self, now: datetime, drain: Callable[[MemoryClock], None]) -> None:
        super().__init__(now)
        self._drain = drain

    def sleep(self, duration: timedelta) -> None:
        """Wake to find nothing."""
        self.advance(duration)
        self._drain(FrozenClock(self.now()))


def test_nobody_waits_for_more_than_two_seconds(case: Case) -> None:
    """Then the mail goes back to the queue, for some seconds that are not everybody's."""

    def drain(clock: MemoryClock) -> None:
        case.drained(case.make(clock, Limits(per_second=10)))

    drain(case.clock)
    waits = set()
    for _ in range(5):
        start = case.clock.now()
        clock = BusyClock(start, drain)
        with pytest.raises(BudgetSpent) as caught:
            case.make(clock, Limits(per_second=10)).take(5, critical=False)
        assert clock.now() - start <= 2 * SECOND
        assert caught.value.retry_after is not None
        assert timedelta(0) < caught.value.retry_after <= timedelta(seconds=6)
        waits.add(caught.value.retry_after)
    assert len(waits) == 5


def test_a_slow_rate_is_not_waited_for(case: Case) -> None:
    """The next mail in most of a minute: ask again then."""
    case.clock = MemoryClock(case.clock.now())
    budget = case.budget(per_second=1 / 60)
    budget.take(1, critical=True)
    before = case.clock.now()

    with pytest.raises(BudgetSpent) as caught:
        budget.take(1, critical=True)
    assert case.clock.now() == before
    assert caught.value.retry_after is not None
    assert timedelta(seconds=55) < caught.value.retry_after < timedelta(seconds=65)


def test_without_limits_nothing_is_asked() -> None:
    """No rate and no quota: everything is granted, without any call."""

    class Nobody:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    assert Unlimited().take(7, critical=False) == 7
    nobody: Any = Nobody()
    assert DynamoBudget(nobody, "table", MemoryClock(), Limits).take(700, critical=False) == 700


@pytest.fixture
def table(dynamodb_client: Any) -> Iterator[str]:
    """A ledger table."""
    with new_table(dynamodb_client, LEDGER_KEYS) as name:
        yield name


def test_rows_of_the_budget_are_no_lists_and_expire(dynamodb_client: Any, table: str) -> None:
    """No list's name begins so; a second's row is gone some time after the second, and accounts do not share."""
    clock = MemoryClock()
    for account in ("ses", "smtp"):
        limits = Limits(per_second=1, per_day=10)
        assert DynamoBudget(dynamodb_client, table, clock, lambda limits=limits: limits, account).take(  # type: ignore[misc]
            5, critical=False
        )
    rows = dynamodb_client.scan(TableName=table, ConsistentRead=True)["Items"]

    second = int(clock.now().timestamp())
    assert {row["partition"]["S"]: int(row["expires_at"]["N"]) - second for row in rows} == {
        f"#budget#{account}#{window}": expires
        for account in ("ses", "smtp")
        for window, expires in ((f"second#{second}", 3601), (f"day#{second}", 86400 + 3600))
    }


def test_a_lease_is_one_call(dynamodb_client: Any, table: str) -> None:
    """One for the second; one more for the day now and then. What no longer fits costs one more."""
    client = Faulty(dynamodb_client)
    limits = Limits(per_second=500, per_day=100_000, critical_share=0)
    clock = FrozenClock()
    budget = DynamoBudget(client, table, clock, lambda: limits)  # type: ignore[arg-type]
    for _ in range(10):
        assert budget.take(100, critical=False) == 50
    assert client.calls == ["update_item"] * 15

    with suppress(BudgetSpent):
        budget.take(100, critical=False)
    assert len(client.calls) == 17


@pytest.mark.parametrize(
    ("code", "error"), [("ThrottlingException", StoreUnavailable), ("AccessDeniedException", Misconfigured)]
)
def test_errors_of_dynamodb_become_ours(dynamodb_client: Any, table: str, code: str, error: type[Exception]) -> None:
    """A budget that cannot be asked grants nothing."""
    client = Faulty(dynamodb_client, update_item=[answering(code)])

    with pytest.raises(error):
        DynamoBudget(client, table, MemoryClock(), lambda: Limits(5)).take(1, critical=False)  # type: ignore[arg-type]


def ses_saying(*quotas: tuple[float, float, float] | Exception) -> Faulty:
    """SES with these quotas, one answer after the other: a rate, a day's quota, and how many were sent."""

    def answer(quota: Any) -> Any:
        names = ("MaxSendRate", "Max24HourSend", "SentLast24Hours")
        return lambda *_: {"SendQuota": dict(zip(names, quota, strict=True))}

    answers = [failing(each) if isinstance(each, Exception) else answer(each) for each in quotas]
    return Faulty(type("Ses", (), {"get_account": None})(), get_account=answers)


def test_the_limits_are_what_ses_says() -> None:
    """Its rate, its quota, and how much of that is used, as the service's own model spells them."""
    client = boto3.client("sesv2", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    quota = {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 17.0}
    with Stubber(client) as ses:
        ses.add_response("get_account", {"SendQuota": quota}, {})

        assert SesLimits(client, MemoryClock(), critical_share=0.2)() == Limits(14, 50_000, 0.2, 17)


def test_ses_is_asked_every_five_minutes() -> None:
    """Quotas change seldom, and the service may be asked once a second."""
    clock = MemoryClock()
    ses = ses_saying((14, 50_000, 10), (20, 60_000, 20))
    limits = SesLimits(ses, clock, critical_share=0.1)  # type: ignore[arg-type]

    assert {limits() for _ in range(10)} == {Limits(14, 50_000, 0.1, 10)}
    clock.advance(timedelta(minutes=5))
    assert limits() == Limits(20, 60_000, 0.1, 20)
    assert len(ses.calls) == 2


def test_a_lower_limit_of_ours_counts_and_none_of_ses_is_none() -> None:
    """The setting may leave some of the quota to others; a quota of -1 means that there is none."""
    both = SesLimits(ses_saying((14, 50_000, 0)), MemoryClock(), 0.1, rate=5, per_day=99_000)  # type: ignore[arg-type]
    none = SesLimits(ses_saying((14, -1, 0)), MemoryClock(), 0.1)  # type: ignore[arg-type]

    assert (both().per_second, both().per_day) == (5, 50_000)
    assert none().per_day == 0


def test_while_ses_is_silent_its_last_word_counts() -> None:
    """Who knows no limit at all waits; who may not ask is told so."""
    clock = MemoryClock()
    throttled, denied = (answering(code) for code in ("TooManyRequestsException", "AccessDeniedException"))
    ses = ses_saying((14, 50_000, 10))
    ses._faults["get_account"] = [throttled, *ses._faults["get_account"], throttled, denied]
    limits = SesLimits(ses, clock, critical_share=0.1)  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable):
        limits()
    known = limits()
    clock.advance(timedelta(minutes=6))
    assert limits() == known
    clock.advance(timedelta(minutes=6))
    with pytest.raises(Misconfigured):
        limits()
