"""The demo's verdict: every mail that is missing, doubled or wrong is found, and none is found where all is well."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eventpost_cli.demo.checks import PICTURE_AT_LEAST, Arrived, Findings, Raised, compare

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENTS = [Raised(ticker, f"{ticker}: fair value", NOON) for ticker in ("AMZN", "IBM")]
PEOPLE = ["ada@example.com", "bob@example.com", "cyd@example.com"]


def mail(address: str, event: Raised, **changed: object) -> Arrived:
    """The mail of the event to this address, as it should be but for the changes."""
    good = Arrived(
        address=address,
        subject=event.subject,
        arrived_at=NOON + timedelta(seconds=PEOPLE.index(address) + 1 if address in PEOPLE else 1),
        picture=f"picture of {event.ticker}",
        picture_size=PICTURE_AT_LEAST,
        unsubscribe=f"https://mail.example.com/u/{address}",
        text=f"{event.ticker} is worth",
    )
    return replace(good, **changed)  # type: ignore[arg-type]


def all_mails() -> list[Arrived]:
    """Every mail that should come."""
    return [mail(address, event) for event in EVENTS for address in PEOPLE]


def found(mails: list[Arrived]) -> Findings:
    """What the comparison says of these mails."""
    return compare(EVENTS, PEOPLE, mails)


def test_all_is_well_when_everybody_has_every_mail_once() -> None:
    """Counts and times are told."""
    findings = found(all_mails())

    assert findings == Findings(
        expected=6,
        arrived=6,
        missing=0,
        doubled=0,
        wrong=(),
        first_after=timedelta(seconds=1),
        last_after=timedelta(seconds=3),
    )
    assert findings.all_well


def test_a_missing_mail_is_found() -> None:
    """One that did not come."""
    findings = found(all_mails()[1:])

    assert (findings.missing, findings.doubled, findings.wrong) == (1, 0, ())
    assert not findings.all_well


@pytest.mark.parametrize("copies", [1, 3])
def test_a_doubled_mail_is_found(copies: int) -> None:
    """Each copy beyond the first counts."""
    findings = found(all_mails() + all_mails()[:1] * copies)

    assert (findings.missing, findings.doubled, findings.wrong) == (0, copies, ())
    assert not findings.all_well


def test_a_mail_that_is_missing_is_not_made_up_for_by_one_that_is_doubled() -> None:
    """The number of mails is right, and yet two things are wrong."""
    mails = all_mails()
    findings = found([mails[1], *mails[1:]])

    assert (findings.arrived, findings.missing, findings.doubled) == (6, 1, 1)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda it: replace(it, address="eve@example.com"), "somebody who is not on the list"),
        (lambda it: replace(it, subject="another subject"), "subject that no event has"),
        (lambda it: replace(it, picture="", picture_size=0), "without a screenshot"),
        (lambda it: replace(it, picture_size=PICTURE_AT_LEAST - 1), "without a screenshot"),
        (lambda it: replace(it, picture="picture of IBM"), "more than one event"),
        (lambda it: replace(it, picture="another one"), "show different pictures"),
        (lambda it: replace(it, unsubscribe=""), "without an unsubscribe link"),
        (lambda it: replace(it, unsubscribe="https://mail.example.com/u/bob@example.com"), "links shared"),
        (lambda it: replace(it, text="IBM is worth"), "does not name the company"),
    ],
)
def test_a_wrong_mail_is_found(spoil: Callable[[Arrived], Arrived], fault: str) -> None:
    """Whatever is wrong with a single one of them is told, with how often."""
    first, *others = all_mails()

    findings = found([spoil(first), *others])

    assert not findings.all_well
    assert any(fault in told and told.startswith("1 ") for told in findings.wrong), findings.wrong


def test_no_mail_at_all_is_everything_missing() -> None:
    """There are no times to tell then."""
    findings = found([])

    assert (findings.expected, findings.missing) == (6, 6)
    assert findings.first_after is findings.last_after is None
    assert not findings.all_well


def test_what_is_told_names_nobody() -> None:
    """The demo prints it."""
    findings = found([mail("eve@example.com", EVENTS[0]), *all_mails()[1:] * 2])

    assert "@" not in repr(findings)
