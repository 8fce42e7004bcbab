"""The files that go with a mail: what is looked at before they are fetched, and what becomes of those that are not."""

import re
import threading
from datetime import timedelta

import pytest

import given
from direct_mail import DIRECT_MAIL, KEY, OTHER_KEY, PLAIN, RECEIPT, Office, attached, raised, read
from eventpost.adapters.memory import MemoryBlobs
from eventpost.compose.mime import file_part
from eventpost.deliver import Report
from eventpost.errors import AttachmentMissing, AttachmentRefused, InvalidEvent, MailTooLarge, Permanent
from eventpost.model import Blob, Subscriber
from eventpost.model.attachments import REFUSED_EXTENSIONS, mailed_size, refused_extension

BOB = given.subscriber("bob")


@pytest.fixture
def office() -> Office:
    """All that makes the mails."""
    return Office()


def test_files_are_fetched_and_go_with_the_mail(office: Office) -> None:
    """Each under its key, called as the event says, of the type that it was kept with."""
    office.keep(b"%PDF", KEY)
    office.keep(b"a;b\n", OTHER_KEY, "text/csv")
    mail = read(office.message(raised(PLAIN, attachments=attached((KEY, "a.pdf"), (OTHER_KEY, "b.csv")))))

    found = {part.get_filename(): part for part in mail.iter_attachments()}
    assert {name: part.get_content_type() for name, part in found.items()} == {
        "a.pdf": "application/pdf",
        "b.csv": "text/csv",
    }
    assert found["a.pdf"].get_content() == b"%PDF"


def test_one_file_may_go_under_two_names(office: Office) -> None:
    """It is fetched once."""
    office.keep(b"x")
    asked: list[str] = []
    get = office.blobs.get
    office.blobs.get = lambda key: asked.append(key) or get(key)  # type: ignore[method-assign, func-returns-value]
    mail = read(office.message(raised(PLAIN, attachments=attached((KEY, "a.pdf"), (KEY, "b.pdf")))))

    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.pdf", "b.pdf"]
    assert asked == [KEY, KEY], "once for its size, once for itself"


def test_all_recipients_get_the_same_object(office: Office) -> None:
    """What is large is made once for all of them, also when it is asked for again a little later."""
    office.keep(bytes(200_000))
    event = raised(PLAIN, cc=[BOB.address], attachments=attached((KEY, "a.pdf")))
    ann = office.message(event)
    office.clock.advance(timedelta(minutes=4))

    assert office.message(event, BOB).shared is ann.shared
    office.clock.advance(timedelta(minutes=2))
    assert office.message(event, BOB).shared == ann.shared


def test_another_event_has_files_of_its_own(office: Office) -> None:
    """Under the same id with another body, as well."""
    office.keep(b"one", KEY)
    office.keep(b"two", OTHER_KEY)
    for key, content in ((KEY, b"one"), (OTHER_KEY, b"two"), (KEY, b"one")):
        (file,) = read(office.message(raised(PLAIN, attachments=attached((key, "a.bin"))))).iter_attachments()
        assert file.get_content() == content


def test_a_file_that_is_missing_is_named_by_its_key(office: Office) -> None:
    """All that are, and not by what it is called; trying again cannot help."""
    event = raised(PLAIN, attachments=attached((KEY, "Zebedee.pdf"), (OTHER_KEY, "b.pdf"), (KEY, "c.pdf")))

    with pytest.raises(AttachmentMissing, match=f"^no file is kept under {KEY}, {OTHER_KEY} ") as told:
        office.message(event)
    assert isinstance(told.value, Permanent)
    assert "Zebedee" not in str(told.value)


def test_a_file_that_goes_while_it_is_fetched_is_missing(office: Office) -> None:
    """Between asking for its size and asking for it, it may have expired."""
    office.keep(b"x")
    answers = iter([Blob(b"x", "text/plain", {}), None])
    office.blobs.get = lambda _: next(answers)  # type: ignore[method-assign]

    with pytest.raises(AttachmentMissing, match=KEY):
        office.message(raised(PLAIN, attachments=attached((KEY, "a.pdf"))))


@pytest.mark.parametrize(
    "name", ["a.exe", "A.EXE", "a.pdf.js", "a.vbs.", "a.bat . ", "a.\uff45xe", "x.com", "x.ps1xml"]
)
def test_a_type_that_mail_servers_refuse_is_refused(office: Office, name: str) -> None:
    """Before anything is fetched, pointing at each, without repeating a name."""
    event = raised(PLAIN, attachments=attached((KEY, "fine.pdf"), (OTHER_KEY, name)))

    with pytest.raises(AttachmentRefused) as told:
        office.message(event)
    assert [path for path, _ in told.value.faults] == [("attachments", 1, "filename")]
    assert name not in str(told.value)
    assert re.search(rf"\.{refused_extension(name)}\b", str(told.value))


@pytest.mark.parametrize("name", ["exe", "a.pdf", "com.pdf", "a.exe.pdf", "README", "a.", "a.docx", "js"])
def test_other_types_are_not(name: str) -> None:
    """It is the end of the name that counts."""
    assert refused_extension(name) == ""


def test_the_refused_types_are_those_of_the_provider() -> None:
    """As many as SES lists, without their dots."""
    assert len(REFUSED_EXTENSIONS) == 90
    assert all(extension.isalnum() and extension == extension.lower() for extension in REFUSED_EXTENSIONS)


def test_files_that_cannot_fit_are_not_fetched(office: Office) -> None:
    """Their sizes are enough to know."""
    office.transport.largest = 50_000
    office.keep(bytes(30_000), KEY)
    office.keep(bytes(30_000), OTHER_KEY)
    event = raised(PLAIN, attachments=attached((KEY, "a.bin"), (OTHER_KEY, "b.bin")))
    fetched: list[str] = []
    sizes = {key: len(blob.content) for key, blob in office.blobs.kept.items()}
    office.mails.attachments.uploads.sizes = lambda _: sizes  # type: ignore[method-assign]
    office.blobs.get = fetched.append  # type: ignore[method-assign, assignment]

    with pytest.raises(MailTooLarge, match=r"[\d,]+ bytes .* takes 50,000 in all$"):
        office.message(event)
    assert fetched == []


def test_a_mail_that_does_not_fit_is_not_sent(office: Office) -> None:
    """Whatever makes it large: text as well as files, to the byte."""
    event = raised(PLAIN, text="x" * 10_000)
    size = len(office.message(event).content)
    office.transport.largest = size
    assert Office(office.blobs, office.transport, office.clock).message(event)

    office.transport.largest = size - 1
    with pytest.raises(MailTooLarge, match=f"{size:,} bytes"):
        Office(office.blobs, office.transport, office.clock).message(event)


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 1000, 999_999])
def test_how_large_a_file_is_in_a_mail_is_known_beforehand(size: int) -> None:
    """Never too little, and hardly too much."""
    encoded = len(file_part("invoice 2026-1042.pdf", "application/pdf", bytes(size))) + 40  # and its boundary

    assert encoded <= mailed_size(size) <= encoded + 400


def test_files_are_fetched_side_by_side(office: Office) -> None:
    """Five wait for each other here: one after the other, they would wait for ever."""
    keys = [f"attachments/{number:032x}" for number in range(5)]
    for key in keys:
        office.keep(b"x", key)
    together = threading.Barrier(5, timeout=10)

    class Slow(MemoryBlobs):
        def get(self, key: str) -> Blob | None:
            together.wait()
            return office.blobs.kept.get(key)

    object.__setattr__(office.mails.attachments, "blobs", Slow())
    mail = read(office.message(raised(PLAIN, attachments=attached(*((key, f"{key[-1]}.txt") for key in keys)))))

    assert [part.get_filename() for part in mail.iter_attachments()] == [f"{number}.txt" for number in range(5)]


def test_a_template_that_is_not_there_fails_before_anybody_is_mailed(office: Office) -> None:
    """The event is at fault for all of its recipients."""
    with pytest.raises(InvalidEvent, match=r"^template:"):
        office.mails.of(DIRECT_MAIL, raised(RECEIPT, template="no_such"), Report())


def test_noting_that_it_was_mailed_changes_nothing(office: Office) -> None:
    """There is no picture to compare."""
    event = raised(PLAIN, transactional=True)
    first = office.message(event)
    office.mails.note_mailed(DIRECT_MAIL, event)

    assert office.message(event) == first


def test_who_is_mailed_is_in_the_envelope(office: Office) -> None:
    """The address as the recipient has it, whatever the header says."""
    somebody = Subscriber(BOB.id, "Bob+x@pii.example.com", {}, given.NOW)

    assert office.message(raised(PLAIN), somebody).address == "Bob+x@pii.example.com"
