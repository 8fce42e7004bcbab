"""The soak's own account: it can fail. What it is to find is put into the evidence, and it says so."""

import asyncio
import json
import queue
import random
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from benchmarks.soak.accounting import account, gaps
from benchmarks.soak.disturbances import Kind, schedule
from benchmarks.soak.duplicates import UNHEARD_MAX, duplicates
from benchmarks.soak.evidence import Arrival, Attempt, Death, Evidence, Letter, Life, Row, Stop
from benchmarks.soak.fates import Fate, Fates
from benchmarks.soak.journal import Journal, Reader
from benchmarks.soak.leaks import leaks
from benchmarks.soak.plan import FULL, IN_DOUBT_MAX, SMALL, Plan
from benchmarks.soak.readers import DOMAIN
from benchmarks.soak.sink import Pace, Provider, serve
from benchmarks.soak.status import StatusMemory
from benchmarks.soak.steps import HAND_OUT, STEPS, number
from benchmarks.soak.throttling import PERIOD_S, Throttling
from botocore.exceptions import ClientError
from moto import mock_aws

EVENT = "e" * 32
IDS = [f"{number:032x}" for number in range(100)]
GONE = IDS[-1]
WHOLE = ("0" * 32, "f" * 32)
SENT = Row("sent", "")
NOBODY = Row("failed", "550 5.1.1")


def arrival(subscriber: str, at: float, connection: int = 1, *, slot: int = 0, silent: bool = False) -> Arrival:
    """A mail that the sink took from the worker of this slot, on a connection made at the run's beginning."""
    return Arrival(at, slot, connection, 1.0, EVENT, subscriber, f"{subscriber}@example.net", silent)


def clean() -> Evidence:
    """A run of one worker and one message in which nothing happened: everybody got a mail, but for one refused."""
    return Evidence(
        event=EVENT,
        addresses={id_: f"{id_}@example.net" for id_ in IDS},
        refused=frozenset({GONE}),
        arrivals=[arrival(id_, 10.0 + index / 100) for index, id_ in enumerate(IDS[:-1])],
        hung_up={},
        lives=[Life("one", 0, 0.0), Life("two", 1, 0.0)],
        attempts=[Attempt("one", "m", 5.0, 20.0, "done"), Attempt("two", "m", 30.0, 40.0, "done")],
        letters=[],
        ledger={**dict.fromkeys(IDS, SENT), GONE: NOBODY},
        finished=[WHOLE],
    )


def again(evidence: Evidence, count: int, **more: Any) -> Evidence:
    """The same run, and so many got their mail once more from the second worker."""
    later = [arrival(id_, 35.0 + index / 100, 2, slot=1, **more) for index, id_ in enumerate(IDS[:count])]
    return replace(evidence, arrivals=[*evidence.arrivals, *later])


def killed(evidence: Evidence) -> Evidence:
    """The same run, but the first worker was killed before it came to its end."""
    lives = [Life("one", 0, 0.0, Death(20.0, "m", 5.0, "")), *evidence.lives[1:]]
    return replace(evidence, lives=lives, attempts=[Attempt("one", "m", 5.0, None, ""), *evidence.attempts[1:]])


def test_a_run_without_trouble_has_nothing_that_must_not_be() -> None:
    accounted = account(clean())

    assert accounted.faults == {}
    assert accounted.figures["deliveries"] == len(IDS) - 1
    assert accounted.figures["refused"] == 1


def test_a_lost_mail_is_told_even_if_the_ledger_says_that_it_was_sent() -> None:
    evidence = clean()
    evidence = replace(evidence, arrivals=evidence.arrivals[1:])

    assert account(evidence).faults == {"lost": 1}


def test_a_refused_address_must_have_failed_with_its_reason() -> None:
    evidence = clean()
    without = replace(evidence, ledger={**evidence.ledger, GONE: Row("failed", "451")})
    unsettled = replace(evidence, ledger={id_: SENT for id_ in IDS if id_ != GONE})

    assert account(without).faults == {"lost": 1, "wrongly_failed": 1}
    assert account(unsettled).faults == {"lost": 1, "wrongly_failed": 1}


def test_nobody_else_may_have_failed() -> None:
    evidence = clean()
    wrongly = replace(evidence, ledger={**evidence.ledger, IDS[3]: NOBODY})

    assert account(wrongly).faults == {"wrongly_failed": 1, "unrecorded": 1}


def test_a_mail_that_the_ledger_does_not_know_is_told() -> None:
    evidence = clean()
    forgotten = replace(evidence, ledger={**evidence.ledger, IDS[3]: Row("claimed", "")})

    assert account(forgotten).faults == {"unrecorded": 1}


def test_a_mail_to_another_address_is_told() -> None:
    evidence = clean()
    first = evidence.arrivals[0]._replace(address="somebody@else.example")

    assert account(replace(evidence, arrivals=[first, *evidence.arrivals[1:]])).faults == {"misdelivered": 1}


def test_a_kill_may_double_as_many_as_can_be_in_doubt_and_no_more() -> None:
    within, over = (account(again(killed(clean()), count)) for count in (IN_DOUBT_MAX, IN_DOUBT_MAX + 1))

    assert within.faults == {}
    assert within.figures["duplicates_by_kill"] == IN_DOUBT_MAX
    assert over.faults == {"duplicates_over_bound": 1}
    assert over.figures["duplicates_at_most"] == IN_DOUBT_MAX + 1


def test_a_double_without_a_cause_is_over_any_bound() -> None:
    accounted = account(again(clean(), 1))

    assert accounted.faults == {"duplicates_over_bound": 1}
    assert accounted.figures["duplicates_by_unexplained"] == 1


def test_what_lambda_would_have_ended_may_double_as_a_kill_does() -> None:
    """On a busy machine an invocation overruns, and its lease ends under its hands."""
    evidence = clean()
    overrun = Attempt("one", "m", 5.0, 5.5 + evidence.timeout_s, "done")
    overrun_evidence = replace(evidence, attempts=[overrun, *evidence.attempts[1:]])

    assert duplicates(again(overrun_evidence, 1)).by_cause == {"overrun": 1}
    assert account(again(overrun_evidence, IN_DOUBT_MAX + 1)).faults == {"duplicates_over_bound": 1}


def test_a_kill_does_not_excuse_what_was_done_in_an_earlier_invocation() -> None:
    """What that worker brought before was recorded when it ended, or should have been."""
    evidence = killed(clean())
    life = Life("one", 0, 0.0, Death(29.0, "other", 25.0, ""))
    attempts = [Attempt("one", "m", 5.0, 20.0, "done"), Attempt("one", "other", 25.0, None, "")]
    evidence = replace(evidence, lives=[life, *evidence.lives[1:]], attempts=[*attempts, *evidence.attempts[1:]])

    assert duplicates(again(evidence, 1)).by_cause == {"unexplained": 1}


def test_a_mail_that_was_taken_in_silence_is_nobodys_fault() -> None:
    evidence = clean()
    first = evidence.arrivals[0]._replace(silent=True)

    accounted = account(again(replace(evidence, arrivals=[first, *evidence.arrivals[1:]]), 1))

    assert accounted.figures["duplicates_by_silence"] == 1
    assert accounted.faults == {}


def test_a_hang_up_may_have_swallowed_the_last_answers_and_no_more() -> None:
    evidence = replace(killed(clean()), hung_up={1: 11.5})
    last = [each.subscriber for each in evidence.arrivals[-UNHEARD_MAX - 1 :]]
    later = [arrival(id_, 36.0, 2, slot=1) for id_ in last]

    found = duplicates(replace(evidence, arrivals=[*evidence.arrivals, *later]))

    assert found.by_cause == {"silence": UNHEARD_MAX, "kill": 1}


@pytest.mark.parametrize("which", [0, 1])
def test_a_stop_past_the_lease_explains_the_mails_of_both_workers(which: int) -> None:
    """Whoever took over may have been told of its mails, and the one that was stopped goes on with those it began."""
    evidence = clean()
    lives = list(evidence.lives)
    lives[which] = replace(lives[which], stops=[Stop(32.0, 39.0) if which else Stop(12.0, 19.0)])

    assert duplicates(again(replace(evidence, lives=lives), 2)).by_cause == {"stop": 2}


def test_an_invocation_that_failed_may_not_have_recorded_what_it_sent() -> None:
    evidence = clean()
    attempts = [evidence.attempts[0]._replace(end="left"), *evidence.attempts[1:]]

    assert duplicates(again(replace(evidence, attempts=attempts), 2)).by_cause == {"lost_record": 2}


def test_an_invocation_that_lambda_would_have_ended_is_counted() -> None:
    evidence = clean()
    attempts = [evidence.attempts[0]._replace(ended=5.0 + evidence.timeout_s + 1), *evidence.attempts[1:]]
    stopped = [replace(evidence.lives[0], stops=[Stop(6.0, 60.0)]), *evidence.lives[1:]]

    assert account(replace(evidence, attempts=attempts)).figures["overdue"] == 1
    assert account(replace(evidence, attempts=attempts, lives=stopped)).figures["overdue"] == 0


def test_what_no_finished_slice_covers_is_told() -> None:
    half = ("0" * 32, "7" + "f" * 31)

    assert account(replace(clean(), finished=[half])).faults == {"gaps_between_slices": 1}
    assert gaps([("8" + "0" * 31, "f" * 32), half]) == []
    assert len(gaps([])) == 1


def test_a_dead_letter_says_why_or_its_workers_came_to_grief() -> None:
    told = Letter("a", "{}", {"reason": "the event is no JSON"})
    worn_out, silent = Letter("b", "{}", {}), Letter("c", "{}", {})
    names = [f"killed-{number}" for number in range(5)]
    evidence = replace(
        clean(),
        lives=[Life(name, 3, 0.0, Death(9.0, "b", 1.0, "")) for name in names],
        attempts=[Attempt(name, "b", 1.0, None, "") for name in names],
    )

    assert account(replace(evidence, letters=[told, worn_out])).figures["dead_letters_unexplained"] == 0
    assert account(replace(evidence, letters=[silent])).figures["dead_letters_unexplained"] == 1
    fewer = replace(evidence, attempts=evidence.attempts[1:], letters=[worn_out])
    assert account(fewer).figures["dead_letters_unexplained"] == 1


def test_what_is_left_on_the_queues_is_told() -> None:
    assert account(replace(clean(), waiting=2)).faults == {"left_on_queues": 2}


def test_an_address_in_a_log_or_a_letter_is_told(tmp_path: Path) -> None:
    (tmp_path / "good.log").write_text("sent 3\n")
    (tmp_path / "bad.log").write_text(f"could not mail reader-1@{DOMAIN}\n")
    letter = Letter("m", "{}", {"reason": f"reader-1@{DOMAIN} is gone"})

    assert leaks(tmp_path.glob("*.log"), [letter]) == ["bad.log", "m"]


@pytest.mark.parametrize("plan", [FULL, SMALL])
def test_all_that_is_planned_comes_before_the_mails_run_out(plan: Plan) -> None:
    due = schedule(plan, random.Random(1))

    assert max(due)[0] < plan.subscribers - plan.refused
    assert sum(kind is Kind.KILL for _, kind in due) == plan.kills
    assert plan.visibility_s > plan.lease_s > plan.invocation_s > plan.send_margin_s


def test_a_dead_workers_status_can_still_be_read(tmp_path: Path) -> None:
    worker, supervisor = StatusMemory(tmp_path / "status"), StatusMemory(tmp_path / "status")
    supervisor.aim = number(HAND_OUT)

    worker.hold("a42118ce-d38b-4516-bdd8-57477964842d", 12.5, 3)
    worker.begin("TransactWriteItems")
    worker.close()

    told = supervisor.read()
    assert (told.message, told.since, told.receives) == ("a42118ce-d38b-4516-bdd8-57477964842d", 12.5, 3)
    assert told.call == "TransactWriteItems"
    assert STEPS[supervisor.aim - 1] == HAND_OUT
    supervisor.close()


def test_a_journal_is_read_while_it_grows(tmp_path: Path) -> None:
    reader, journal = Reader(tmp_path / "journal"), Journal(tmp_path / "journal")
    journal.write({"one": 1})
    first = reader.new()
    with (tmp_path / "journal").open("ab") as half:
        half.write(b'{"two"')

    assert first == [{"one": 1}]
    assert reader.new() == []
    with (tmp_path / "journal").open("ab") as half:
        half.write(b": 2}\n")
    assert reader.new() == [{"two": 2}]
    reader.close()
    journal.close()


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, list[str], list[float]]]:
    """A table of DynamoDB behind the faults, what they were, and the time by which they come."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    faults: list[str] = []
    now = [PERIOD_S / 2]
    throttling = Throttling(faults.append, random.Random(5), lambda: now[0])

    def before_send(request: Any, event_name: str, **_: Any) -> Any:
        return throttling.before_send(event_name.rpartition(".")[2], request)

    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        dynamodb.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        events = dynamodb.meta.events
        events.register_first("before-send.dynamodb", before_send)
        events.register(
            "provide-client-params.dynamodb.BatchWriteItem",
            lambda params, context, **_: throttling.split(params, context),
        )
        events.register(
            "after-call.dynamodb.BatchWriteItem", lambda parsed, context, **_: throttling.join(parsed, context)
        )
        yield dynamodb, faults, now


def test_dynamodb_throttles_as_it_does_so_that_the_sdk_tries_again(
    spoilt: tuple[Any, list[str], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, faults, now = spoilt
    monkeypatch.setattr("time.sleep", lambda _: None)
    now[0] = 0.1  # in a burst
    codes, refused = set(), 0
    for _ in range(60):
        try:
            dynamodb.transact_write_items(
                TransactItems=[{"Put": {"TableName": "t", "Item": {"id": {"S": "a"}}}}],
            )
        except ClientError as error:
            refused += 1
            codes.add(error.response["Error"]["Code"])
            codes |= {reason["Code"] for reason in error.response.get("CancellationReasons", [])}

    assert {"throttling", "throughput_exceeded", "transaction_conflict"} <= set(faults)
    assert {"TransactionCanceledException", "TransactionConflict"} <= codes
    assert len(faults) > refused, "the SDK tries again"


def test_rows_that_dynamodb_did_not_get_to_are_handed_back(spoilt: tuple[Any, list[str], list[float]]) -> None:
    dynamodb, faults, _ = spoilt
    left_over = 0
    for number_ in range(80):
        rows = [{"PutRequest": {"Item": {"id": {"S": f"{number_}-{row}"}}}} for row in range(5)]
        left = {"t": rows}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
            left_over += len(left.get("t", []))

    assert left_over
    assert "unprocessed_items" in faults
    assert dynamodb.scan(TableName="t", Select="COUNT")["Count"] == 400


class OneFate(Fates):
    """The same for every mail."""

    def __init__(self, fate: Fate) -> None:
        super().__init__(1)
        self._fate = fate

    def of_mail(self) -> Fate:
        """That one."""
        return self._fate

    def burst(self, step: str) -> str:
        """None."""
        return ""


@contextmanager
def provider(fate: Fate, file: Path) -> Iterator[int]:
    """The sink in a thread; its port."""
    journal, ports = Journal(file), queue.Queue[list[int]]()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(1, Provider(journal, OneFate(fate), Pace(1000.0)), ports.put))
    thread = threading.Thread(target=_until_cancelled, args=(loop, task))
    thread.start()
    try:
        yield ports.get(timeout=10)[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)
        journal.close()


def _until_cancelled(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    for left in asyncio.all_tasks(loop):
        left.cancel()
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(left)
    loop.close()


def entries_of(file: Path) -> list[dict[str, Any]]:
    """What the sink wrote."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def send(port: int, *addresses: str) -> list[str]:
    """What became of a mail to each of these, by smtplib's word."""
    ends = []
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        for index, address in enumerate(addresses):
            content = f"Message-ID: <{EVENT}.{IDS[index]}@example.com>\r\n\r\n{'x' * 2000}\r\n"
            try:
                client.sendmail("news@example.com", [address], content)
                ends.append("sent")
            except smtplib.SMTPRecipientsRefused as error:
                ends.append(str(error.recipients[address][0]))
            except (smtplib.SMTPException, OSError) as error:
                ends.append(type(error).__name__)
    return ends


def test_the_sink_refuses_whom_it_does_not_know_and_keeps_the_others(tmp_path: Path) -> None:
    file = tmp_path / "sink"
    with provider(Fate.TAKEN, file) as port:
        ends = send(port, "reader-1@soak.example.net", "gone-2@soak.example.net")

    taken = [entry for entry in entries_of(file) if entry["kind"] == "taken"]
    assert ends == ["sent", "550"]
    assert [(entry["subscriber"], entry["address"], entry["silent"]) for entry in taken] == [
        (IDS[0], "reader-1@soak.example.net", False)
    ]


@pytest.mark.parametrize(("fate", "taken"), [(Fate.DROP_ACCEPTED, 1), (Fate.DROP_AFTER_DOT, 0), (Fate.DROP_IN_DATA, 0)])
def test_the_sink_hangs_up_and_says_whether_it_took_the_mail(fate: Fate, taken: int, tmp_path: Path) -> None:
    file = tmp_path / "sink"
    with provider(fate, file) as port:
        ends = send(port, "reader-1@soak.example.net")

    entries = entries_of(file)
    assert ends != ["sent"]
    assert sum(entry["kind"] == "taken" and entry["silent"] for entry in entries) == taken
    assert any(entry.get("fault") == fate for entry in entries)
