"""Accepting mails to people whom the request names: what their list would skip or give up is refused at the door."""

import json
from typing import Any

import pytest

import sentinels
from eventpost.errors import AttachmentRefused, AttachmentTooLarge, BodyRefused, RecipientsRefused
from eventpost.mailapi import Posted
from eventpost.model import SuppressionReason, subscriber_id
from given import ID_KEY
from posting_world import ORDERS, World, mail

REPORT = {"key": "attachments/" + "a" * 32, "filename": "report.pdf"}
PICTURE = {"key": "attachments/" + "b" * 32, "filename": "picture.png"}


def id_of(local: str) -> str:
    """A person's id."""
    return subscriber_id(sentinels.address(local), ID_KEY)


def refused(world: World, posted: Posted, error: type[Exception]) -> Any:
    """The error with which this is refused; nothing is left of it, so the same token goes with a mended one."""
    with pytest.raises(error) as caught:
        world.accepting.accept(ORDERS, posted)
    assert not world.outbox.sent
    assert not sentinels.found_in([str(caught.value), str(caught.value.faults)])
    return caught.value


def test_the_receipt_tells_whose_each_address_is_by_id() -> None:
    """And where it stands in the request; who is named twice is told twice."""
    world = World()
    cc, bcc = [[sentinels.address(each)] for each in ("ben", "ANN")]

    receipt = world.accepting.accept(ORDERS, mail("ann", "cleo", cc=cc, bcc=bcc))

    assert receipt.recipients == (
        ("#/to/0", id_of("ann")),
        ("#/to/1", id_of("cleo")),
        ("#/cc/0", id_of("ben")),
        ("#/bcc/0", id_of("ann")),
    )
    assert not sentinels.found_in([repr(receipt)])


@pytest.mark.parametrize(
    ("reason", "detail", "told"),
    [
        (SuppressionReason.BOUNCE, "5.1.1", "suppressed: bounce 5.1.1"),
        (SuppressionReason.COMPLAINT, "", "suppressed: complaint"),
    ],
)
@pytest.mark.parametrize("transactional", [False, True])
def test_who_is_suppressed_is_refused_with_the_reason(
    reason: SuppressionReason, detail: str, told: str, *, transactional: bool
) -> None:
    """Whatever kind of mail it is: the mailbox does not take it, or its reader does not want it."""
    world = World()
    world.suppress(sentinels.address("ben"), reason, detail)

    error = refused(world, mail("ann", "ben", transactional=transactional), RecipientsRefused)

    assert error.faults == ((("to", 1), f"nothing may be mailed to this address: {told}"),)


def test_each_place_of_each_who_may_not_be_mailed_is_told() -> None:
    """So that all can be mended at once; the words count people."""
    world = World()
    world.suppress(sentinels.address("ben"), SuppressionReason.BOUNCE, "5.1.1")
    world.leave(sentinels.address("cleo"))
    cc = [sentinels.address("Ben"), sentinels.address("dan")]

    error = refused(world, mail("ben", cc=cc, bcc=[sentinels.address("cleo")]), RecipientsRefused)

    assert [path for path, _ in error.faults] == [("to", 0), ("cc", 0), ("bcc", 0)]
    assert str(error).startswith("2 of the people")


def test_who_has_left_is_mailed_what_is_transactional_alone() -> None:
    """A receipt, or a password's reset."""
    world = World()
    world.leave(sentinels.address("ann"))

    error = refused(world, mail("ann"), RecipientsRefused)
    assert error.faults[0][1].startswith("left: ")

    assert world.accepting.accept(ORDERS, mail("ann", transactional=True)).sent_at


def test_who_has_left_one_addressed_list_is_mailed_another() -> None:
    """Each is left by itself."""
    world = World()
    world.leave(sentinels.address("ann"), "invoices")

    assert world.accepting.accept(ORDERS, mail("ann")).sent_at
    refused_by = World(memberships=world.memberships)
    refused(refused_by, mail("ann", list_name="invoices"), RecipientsRefused)


def test_an_addressed_list_may_ask_for_more_than_a_mail() -> None:
    """Its own schema says what: what else there is besides the people and the files is not looked at here."""
    world = World()
    body = json.dumps({"to": [sentinels.address("ann")], "amount": 7})

    receipt = world.accepting.accept(ORDERS, Posted("invoices", body))

    assert [pointer for pointer, _ in receipt.recipients] == ["#/to/0"]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"subject": None}, ()),
        ({"text": None}, ()),
        ({"to": []}, ("to",)),
        ({"to": ["ann at example"]}, ("to", 0)),
        ({"transactionall": True}, ("transactionall",)),
        ({"attachments": [{"key": "../secrets", "filename": "x"}]}, ("attachments", 0, "key")),
    ],
)
def test_what_is_no_mail_is_refused_where_it_is_wrong(said: dict[str, Any], path: tuple[str | int, ...]) -> None:
    """By the very model that the list reads it with, so nothing that this lets through is given up on there."""
    error = refused(World(), mail("ann", **said), BodyRefused)

    assert error.faults[0][0] == path
    assert "ann at" not in str(error.faults)


def test_a_body_that_is_no_json_is_refused() -> None:
    """Whoever asks without a schema."""
    refused(World(), Posted("direct_mail", "{"), BodyRefused)


def test_files_that_are_there_go_with_the_mail() -> None:
    """One file may go twice, and then counts twice."""
    world = World(largest=26_000_000)
    world.uploads.kept = {REPORT["key"]: 9_000_000}
    posted = mail("ann", attachments=[REPORT, {**REPORT, "filename": "the same.pdf"}])

    assert world.accepting.accept(ORDERS, posted).sent_at

    refused(World(largest=20_000_000, uploads=world.uploads), posted, AttachmentTooLarge)


def test_a_file_that_is_not_there_is_told_by_its_place() -> None:
    """Each of them; its key is in the request, so it is not repeated."""
    world = World()
    world.uploads.kept = {PICTURE["key"]: 100}

    error = refused(world, mail("ann", attachments=[PICTURE, REPORT]), AttachmentRefused)

    ((path, words),) = error.faults
    assert path == ("attachments", 1, "key")
    assert "upload it" in words


@pytest.mark.parametrize("name", ["run.exe", "RUN.EXE", "invoice.pdf.js", "run.exe. "])
def test_a_file_that_mail_servers_refuse_is_refused(name: str) -> None:
    """By its name, whatever it holds."""
    world = World()
    world.uploads.kept = {REPORT["key"]: 100}

    error = refused(world, mail("ann", attachments=[{**REPORT, "filename": name}]), AttachmentRefused)

    assert error.faults[0][0] == ("attachments", 0, "filename")


def test_files_that_make_the_mail_too_large_are_refused_together() -> None:
    """Each alone would do."""
    world = World(largest=25_000_000)
    world.uploads.kept = {REPORT["key"]: 9_000_000, PICTURE["key"]: 9_500_000}

    error = refused(world, mail("ann", attachments=[REPORT, PICTURE]), AttachmentTooLarge)

    assert error.faults[0][0] == ("attachments",)
    assert "25,000,000 bytes" in str(error)


def test_a_text_alone_may_be_too_large_for_a_small_server() -> None:
    """A queue takes it, but the server does not: in a mail, each of these has six bytes."""
    world = World(largest=1_000_000)

    assert world.accepting.accept(ORDERS, mail("ann", text="e" * 500_000)).sent_at
    refused(World(largest=1_000_000), mail("ann", text="é" * 150_000), AttachmentTooLarge)
