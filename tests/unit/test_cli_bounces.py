"""`eventpost bounces`: bounces that came by mail do what SES's do, and nothing of theirs is told but counts."""

import mailbox
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

import bounce_mails
import given
from bounce_mails import AT
from consent_world import NEWS, PRICES, ConsentWorld, id_of
from eventpost.adapters.memory_ledger import MemoryLedger
from eventpost.consent.feedback import Heeding
from eventpost.errors import StoreUnavailable
from eventpost.model import Feedback, FeedbackKind, subscriber_id
from eventpost_cli.bounces.reading import Ignored, read
from eventpost_cli.deployment import Deployment
from eventpost_cli.main import main
from sentinels import address, found_in

ANN = id_of("ann")
HARD, SOFT, CONTENT = FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.CONTENT_BOUNCE
QUOTA, SPAM = "552 5.2.2 over quota", "550 5.7.1 looks like spam"


def feedback(kind: FeedbackKind, detail: str) -> Feedback:
    """That of Ann about a mail of the list."""
    return Feedback(kind, ANN, AT, None, PRICES, detail)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (bounce_mails.postfix(ANN), feedback(HARD, "5.1.1")),
        (bounce_mails.exchange(ANN), feedback(HARD, "5.1.10")),
        (bounce_mails.gmail(ANN), feedback(HARD, "5.1.1")),
        (bounce_mails.postfix(ANN, "4.4.7", diagnostic="connection timed out"), feedback(SOFT, "4.4.7")),
        (bounce_mails.postfix(ANN, "5.2.2", diagnostic=QUOTA), feedback(SOFT, "5.2.2")),
        (bounce_mails.postfix(ANN, "5.0.0", diagnostic=QUOTA), feedback(SOFT, "5.2.2")),
        (bounce_mails.postfix(ANN, "5.0.0", diagnostic="550 no"), feedback(HARD, "5.0.0")),
        (bounce_mails.postfix(ANN, "5.7.1", diagnostic=SPAM), feedback(SOFT, "5.7.1")),
        (bounce_mails.postfix(ANN, "5.3.4", diagnostic="552 5.3.4 too large"), feedback(CONTENT, "5.3.4")),
        (bounce_mails.postfix(ANN, "4.2.2", "delayed"), feedback(FeedbackKind.DELAYED, "4.2.2")),
        (bounce_mails.complaint(ANN), feedback(FeedbackKind.COMPLAINT, "abuse")),
        (bounce_mails.complaint(ANN, "not-spam"), Ignored.NOTHING),
        (bounce_mails.vacation(ANN), Ignored.NOTHING),
        (bounce_mails.nameless(), Ignored.NOT_OURS),
        (b"", Ignored.NOTHING),
        (b"\xff\x00 no mail at all", Ignored.NOTHING),
        (b"Subject: Hello\n\nHow are you?\n", Ignored.NOTHING),
    ],
)
def test_what_a_mail_in_the_bounce_mailbox_says(mail: bytes, expected: Feedback | Ignored) -> None:
    """Whoever wrote it, and whatever it calls permanent."""
    assert read(mail) == expected


def test_a_report_in_prose_is_read_too() -> None:
    """The mail is in its text, not attached; the list is not told there."""
    assert read(bounce_mails.qmail(ANN)) == Feedback(HARD, ANN, AT, detail="5.1.1")
    assert read(bounce_mails.qmail(ANN, "550 no such user")) == Feedback(HARD, ANN, AT)


def test_a_mail_that_names_several_of_ours_proves_nothing() -> None:
    """Nobody is suppressed by a guess."""
    both = bounce_mails.qmail(ANN) + bounce_mails.our_header(id_of("bob")).encode()

    assert read(both) is Ignored.NOT_OURS


def test_our_own_server_s_clock_is_believed_first() -> None:
    """The date that the other side writes may be anything; without either, a bounce cannot be counted once."""
    written = b"Date: Thu, 01 Jan 2026 12:00:00 +0000"
    mail = bounce_mails.postfix(ANN)
    at_last = read(mail.replace(written, b"Date: Fri, 01 Jan 2038 00:00:00 +0000"))
    undated = read(mail.replace(written, b"Date: soon").replace(b"Received:", b"X-Received:"))
    by_date = read(mail.replace(b"Received:", b"X-Received:"))

    assert at_last == by_date == feedback(HARD, "5.1.1")
    assert undated is Ignored.UNDATED


def test_an_address_alone_is_believed_only_where_that_is_asked_for() -> None:
    """Anybody could write such a mail about anybody."""
    told = read(bounce_mails.nameless(), lambda found: subscriber_id(found, given.ID_KEY))

    assert told == Feedback(HARD, ANN, AT, detail="5.1.1")
    assert read(bounce_mails.postfix(ANN), lambda _: id_of("bob")) == feedback(HARD, "5.1.1")


# ---- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> ConsentWorld:
    """A deployment with Ann and Bob on two lists, a day after the mails."""
    made = ConsentWorld()
    for local in ("ann", "bob"):
        made.imported(local, NEWS, PRICES)
    made.clock.advance(AT + timedelta(days=1) - made.clock.now())
    ledger = MemoryLedger(made.clock)
    heeding = Heeding(made.consenting, ledger, ledger)
    monkeypatch.setattr(Deployment, "wiring", SimpleNamespace(feedback=heeding))
    monkeypatch.setattr(Deployment, "subscriber_id_key", lambda _self: given.ID_KEY)
    return made


def bounces(*arguments: str | Path) -> Result:
    """Run the command."""
    result = CliRunner().invoke(main, ["bounces", *map(str, arguments), "--stack", "eventpost"])
    assert found_in([result.output]) == []
    return result


def test_a_maildir_is_heeded_and_left_as_it_is(world: ConsentWorld, tmp_path: Path) -> None:
    """Read a second time, it changes nothing more."""
    box = mailbox.Maildir(tmp_path / "Maildir")
    for mail in (bounce_mails.postfix(ANN), bounce_mails.vacation(id_of("bob")), bounce_mails.nameless()):
        box.add(mail)
    first, second = bounces(tmp_path / "Maildir"), bounces(tmp_path / "Maildir")

    assert first.exit_code == 0, first.output
    assert first.output.splitlines() == [
        "mails read: 3",
        "  hard bounces: 1",
        "  no bounce, left alone: 1",
        "  bounces of no mail that is known for ours, left alone: 1",
        "subscribers newly suppressed: 1",
    ]
    assert second.output.splitlines()[-1] == "subscribers newly suppressed: 0"
    assert len(list((tmp_path / "Maildir" / "new").iterdir())) == 3
    assert world.there("ann").suppressed == "suppressed: bounce 5.1.1"
    assert world.on("bob") == {NEWS, PRICES}


def test_an_mbox_a_folder_and_a_file_are_read(world: ConsentWorld, tmp_path: Path) -> None:
    """All three at once."""
    box = mailbox.mbox(tmp_path / "bounces")
    for day in range(3):
        box.add(bounce_mails.postfix(ANN, "4.2.2", at=AT - timedelta(days=day)))
    box.close()
    folder = tmp_path / "saved" / "older"
    folder.mkdir(parents=True)
    (folder / "1.eml").write_bytes(bounce_mails.postfix(ANN, "4.2.2", at=AT - timedelta(days=3)))
    (folder / "note.txt").write_bytes(bounce_mails.postfix(id_of("bob")))
    one = tmp_path / "one.eml"
    one.write_bytes(bounce_mails.postfix(ANN, "4.2.2", at=AT - timedelta(days=4)))
    result = bounces(tmp_path / "bounces", tmp_path / "saved", one)

    assert result.output.splitlines() == [
        "mails read: 5",
        "  soft bounces: 5",
        "subscribers newly suppressed: 1",
    ]
    assert world.on("ann") == set()
    assert world.on("bob") == {NEWS, PRICES}


def test_a_dry_run_saves_nothing(world: ConsentWorld, tmp_path: Path) -> None:
    """It says what the mails are."""
    (tmp_path / "1.eml").write_bytes(bounce_mails.complaint(ANN))
    result = bounces(tmp_path, "--dry-run")

    assert result.output.splitlines() == ["mails read: 1", "  complaints: 1", "nothing was saved"]
    assert world.on("ann") == {NEWS, PRICES}


def test_by_address_an_address_is_believed(world: ConsentWorld, tmp_path: Path) -> None:
    """In whatever spelling it comes back; a stranger's is kept by id alone."""
    (tmp_path / "1.eml").write_bytes(bounce_mails.nameless())
    assert bounces(tmp_path).output.splitlines()[-1] == "subscribers newly suppressed: 0"

    assert bounces(tmp_path, "--by-address").output.splitlines()[-1] == "subscribers newly suppressed: 1"
    assert world.on("ann") == set()


def test_while_the_store_is_down_it_says_how_far_it_came(
    world: ConsentWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that the same again does the rest."""

    def down(_: object) -> None:
        msg = "DynamoDB did not answer"
        raise StoreUnavailable(msg)

    monkeypatch.setattr(world.store, "save", down)
    (tmp_path / "1.eml").write_bytes(bounce_mails.postfix(ANN))
    result = bounces(tmp_path)

    assert result.exit_code == 1
    assert "mails read: 1" in result.output
    assert "DynamoDB did not answer. What is told of here is done; run the same again for the rest." in result.output


def test_a_mail_that_breaks_its_reader_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are read, and nothing of it is logged."""

    def breaks(_: object) -> None:
        raise RuntimeError(address("ann"))

    monkeypatch.setattr("eventpost_cli.bounces.reading.all_failures", breaks)
    assert read(bounce_mails.postfix(ANN)) is Ignored.UNREADABLE
