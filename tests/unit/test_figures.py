"""Figures: what CloudWatch reads of a try, in its embedded metric format."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventpost.deliver import Report
from eventpost.deliver.report import WAITS_KEPT
from eventpost.runtime.figures import COUNTED, TIMED, Figures
from eventpost.runtime.received import Received

RAISED_AT = datetime(2026, 1, 1, tzinfo=UTC)
VALUES_OF_A_METRIC = 100  # as many as CloudWatch takes of one metric in one line


def received(receives: int = 1) -> Received:
    """A message that SQS hands out for this time."""
    return Received.of(
        {
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": "{}",
            "attributes": {
                "ApproximateReceiveCount": str(receives),
                "SentTimestamp": str(int(RAISED_AT.timestamp() * 1000)),
            },
        }
    )


def report(waited_s: float | None = None, capture_ms: float | None = None, **counts: int) -> Report:
    """What came of a try."""
    told = Report(counts=Counter(counts), capture_ms=capture_ms)
    told.first_sent_at = None if waited_s is None else RAISED_AT + timedelta(seconds=waited_s)
    return told


class Log:
    """Publishes, and reads what CloudWatch would read."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def after(self, told: Report, receives: int = 1, *, is_slice: bool = False) -> list[dict[str, Any]]:
        """The lines of this try."""
        Figures("price_moves", "eventpost-dev").publish(received(receives), told, is_slice=is_slice)
        return [json.loads(line) for line in self._capfd.readouterr().out.splitlines()]

    def line(self, told: Report, receives: int = 1, *, is_slice: bool = False) -> dict[str, Any]:
        """The one line of this try."""
        (line,) = self.after(told, receives, is_slice=is_slice)
        return line


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Log:
    """The log of a list's function."""
    return Log(capfd)


def units(line: dict[str, Any]) -> dict[str, str]:
    """The metrics that the line declares, with their units."""
    (declared,) = line["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]}


def test_a_try_is_counted(log: Log) -> None:
    """Each count under its own name, and together those that another try must go on with."""
    line = log.line(
        report(sent=5, failed=1, skipped=2, held=3, late=4, throttled=6, deferred=7, settled=8, uncertain=9)
    )

    assert {name: line[name] for name in units(line)} == {
        "sent": [5],
        "failed": [1],
        "skipped": [2],
        "throttled": [6],
        "deferred": [7],
        "uncertain": [9],
        "unfinished": [3 + 4 + 6 + 7],
    }
    assert set(units(line).values()) == {"Count"}


def test_the_list_is_the_only_dimension(log: Log) -> None:
    """Each value of each dimension is a metric that is paid for; two stacks are two namespaces."""
    line = log.line(report(sent=1))
    (declared,) = line["_aws"]["CloudWatchMetrics"]

    assert (declared["Namespace"], declared["Dimensions"]) == ("eventpost-dev", [["service"]])
    assert line["service"] == "price_moves"


def test_nothing_happened_is_no_line(log: Log) -> None:
    """A metric costs money in each hour in which it is written, and the log by its size."""
    assert log.after(report()) == []
    assert log.after(report(settled=500)) == [], "a replay that mails nobody"


def test_trouble_with_the_provider_is_told(log: Log) -> None:
    """Mails that the second provider took, and the tries that call the operator."""
    line = log.line(report(sent=3, rerouted=3, transport_trouble=1))

    assert (line["rerouted"], line["transport_trouble"]) == ([3], [1])


def test_what_became_of_the_picture_is_told(log: Log) -> None:
    """An event that mails nobody, and one that is mailed without its picture."""
    assert units(log.line(report(unchanged=1))).keys() == {"unchanged"}
    assert log.line(report(sent=3, without_picture=1))["without_picture"] == [1]


def test_the_first_mail_is_timed(log: Log) -> None:
    """From the producer's message to the provider's yes, in milliseconds."""
    line = log.line(report(1.25, sent=1))

    assert line["event_to_first_mail"] == [1250]
    assert units(line)["event_to_first_mail"] == "Milliseconds"


def test_only_an_events_own_first_try_has_a_first_mail(log: Log) -> None:
    """A slice goes on with an event, and a later try comes after a pause that we chose."""
    assert "event_to_first_mail" not in log.line(report(1, sent=1), is_slice=True)
    assert "event_to_first_mail" not in log.line(report(1, sent=1), receives=2)


def test_captures_are_timed(log: Log) -> None:
    """Where one was asked for; a try that mailed nobody may have taken the picture for the next one."""
    assert log.line(report(capture_ms=812.34))["capture_ms"] == [812.3]
    assert "capture_ms" not in log.line(report(sent=1))


@pytest.mark.parametrize("mails", [1, 7, WAITS_KEPT, 5 * WAITS_KEPT + 50])
def test_mails_are_timed_one_by_one(log: Log, mails: int) -> None:
    """CloudWatch makes percentiles of them. However many there were, they fit into what one line may hold."""
    told = report()
    for number in range(mails):
        told.sent(RAISED_AT, RAISED_AT + timedelta(milliseconds=1000 + number))

    lines = log.after(told)
    timed = [value for line in lines for value in line.get("event_to_mail", [])]

    assert sum(value for line in lines for value in line.get("sent", [])) == mails
    assert timed == pytest.approx(told.waited_ms, abs=0.1)
    assert timed[0] == 1000
    assert len(timed) <= VALUES_OF_A_METRIC
    assert all(units(line).get("event_to_mail", "Milliseconds") == "Milliseconds" for line in lines)


def test_one_try_does_not_count_for_the_next(log: Log) -> None:
    """A warm function publishes try after try."""
    log.line(report(sent=5, failed=1))

    assert units(log.line(report(sent=2))).keys() == {"sent"}


def test_every_figure_is_documented(pytestconfig: pytest.Config) -> None:
    """The operator's page says what each one means."""
    page = (pytestconfig.rootpath / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [name for name in (*COUNTED, *TIMED, "unfinished") if f"| `{name}` |" not in page] == []
