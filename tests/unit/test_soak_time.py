"""The account of the pictures that were due tells of each that was missed, doubled or without its image."""

from datetime import timedelta
from pathlib import Path

from benchmarks.soak_time.__main__ import RHYTHMS, _counted, _mails
from benchmarks.soak_time.virtual import VirtualClock, VirtualOutbox

import given
from eventpost.adapters.memory import MemoryOutbox
from eventpost.ports import Post

MINUTES = 20


def arrivals() -> dict[str, list[list[str]]]:
    """Every mail that is due in twenty minutes, once."""
    return {
        f"{name}-{number}@example.com".replace(" ", "-"): [
            [f"<{turn}.{name}-{number}@example.com>", "1", name] for turn in range(0, MINUTES, interval)
        ]
        for name, (count, interval) in RHYTHMS.items()
        for number in range(count)
    }


def test_where_all_is_well_nothing_is_counted() -> None:
    """Half of the pictures are of either kind of task."""
    counts = _counted(arrivals(), MINUTES)

    assert counts == {
        "due": 200,
        "mailed": 200,
        "missed": 0,
        "too_many": 0,
        "doubled": 0,
        "without_picture": 0,
        "mailed_now_and_then": 0,
    }


def test_what_is_wrong_is_counted() -> None:
    """One missing, one twice, one without its picture, one that was not due."""
    mails = arrivals()
    every_minute = mails["every-minute-0@example.com"]
    every_minute.pop()
    mails["every-minute-1@example.com"].append(mails["every-minute-1@example.com"][0])
    mails["every-minute-2@example.com"][0][1] = "0"
    mails["every-ten-minutes-0@example.com"].append(["<another@example.com>", "1", ""])
    counts = _counted(mails, MINUTES)

    wrong = ("missed", "doubled", "without_picture", "too_many")
    assert {name: counts[name] for name in wrong} == dict.fromkeys(wrong, 1)


def test_the_journal_is_read_by_address(tmp_path: Path) -> None:
    """As the sink writes it."""
    (tmp_path / "mails.tsv").write_text("a@example.com\t<1>\t1\tOne\na@example.com\t<2>\t2\tTwo\n")

    assert _mails(tmp_path / "mails.tsv") == {"a@example.com": [["<1>", "1", "One"], ["<2>", "2", "Two"]]}


def test_what_is_delayed_waits_by_the_virtual_clock() -> None:
    """What is not goes at once; in order of time, and then of sending."""
    clock, queues = VirtualClock(given.NOW), MemoryOutbox()
    outbox = VirtualOutbox(queues, clock)  # type: ignore[arg-type]  # a queue all the same
    minute = timedelta(minutes=1)
    outbox.send_all("q", [Post("later", {}, 2 * minute), Post("now", {}), Post("soon", {}, minute)])

    assert [body for _, body, _ in queues.sent] == ["now"]
    assert outbox.next_at == given.NOW + minute
    clock.put_on(given.NOW + 2 * minute)
    outbox.release()
    assert [body for _, body, _ in queues.sent] == ["now", "soon", "later"]
