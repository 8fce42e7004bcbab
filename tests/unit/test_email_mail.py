"""Direct mail, as Python's email package reads it."""

import re
from email.utils import getaddresses
from pathlib import Path

import pytest

import given
import received_mail
from direct_mail import PLAIN, RECEIPT, message, raised, read, said
from eventpost.adapters import own_headers
from eventpost.compose import Templates
from eventpost.compose.email import File
from eventpost.compose.email_head import DELIVERY_FIELD
from eventpost.errors import InvalidEvent, TemplateFault
from eventpost.links import LinkTarget, Purpose, audience_tag
from sentinels import address

ANN, BOB = given.subscriber("ann"), given.subscriber("bob")
HTML = "<!doctype html><style>p { color: red }</style><script>x()</script><p>Grüße <img src=https://x.example/a.gif>\n"
FILE = File("invoice.pdf", "application/pdf", bytes(range(256)) * 200)
LIST_FIELDS = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help")


def test_text_alone_is_a_mail_of_text() -> None:
    """No part beside it."""
    mail = read(message(raised(PLAIN)))

    assert received_mail.shape(mail) == "plain"
    assert said(mail, "plain") == "Hi.\n"


def test_html_alone_is_a_mail_of_html() -> None:
    """As the service wrote it: nothing is inlined, fetched or taken away."""
    mail = read(message(raised({"to": [ANN.address], "subject": "x", "html": HTML})))

    assert received_mail.shape(mail) == "html"
    assert said(mail, "html") == HTML


def test_of_text_and_html_the_html_is_the_better_one() -> None:
    """RFC 2046, 5.1.4: the last alternative is."""
    mail = read(message(raised(PLAIN, html=HTML)))

    assert received_mail.shape(mail) == "alternative[plain, html]"


@pytest.mark.parametrize(
    "text",
    [
        ".\n.leading dots\n..\n",
        "trailing blanks  \n\t\nand no end",
        "form\x0cfeed, separators\u2028and\u2029more\x85\x1c\n",
        "\x00\x07\x1b[31m",
        "=?utf-8?q?x?= =3D =\n",
        "x" * 5000 + "é" * 900 + "\n",
        "--=_0123\n--\n\n",
        "From me\n",
        "🎉",
    ],
)
def test_a_given_text_arrives_as_it_was_written(text: str) -> None:
    """Whatever it holds: only line ends become those of mail, and the last line has one."""
    for field, subtype in (("text", "plain"), ("html", "html")):
        mail = read(message(raised({"to": [ANN.address], "subject": "x", field: text}), FILE))
        arrived = received_mail.part(mail, f"text/{subtype}").get_payload(decode=True)

        assert isinstance(arrived, bytes)
        assert arrived.decode() == text.removesuffix("\n").replace("\n", "\r\n") + "\r\n"


def test_all_line_ends_become_those_of_mail() -> None:
    """CRLF, LF and CR."""
    mail = received_mail.part(read(message(raised(PLAIN, text="a\r\nb\nc\rd"))), "text/plain")

    assert mail.get_payload(decode=True) == b"a\r\nb\r\nc\r\nd\r\n"


def test_everybody_sees_whom_it_is_for_but_not_who_gets_a_blind_copy() -> None:
    """The same fields for all, and each copy in its own envelope."""
    people = [address(f"reader{number}") for number in range(30)]
    event = raised(PLAIN, to=people, cc=["cy@pii.example.com"], bcc=[BOB.address])
    mails = [message(event, to=to) for to in (given.subscriber("reader0"), BOB)]

    for mail in map(read, mails):
        assert [found for _, found in getaddresses([mail["To"]])] == people
        assert mail["Cc"] == "cy@pii.example.com"
        assert mail["Bcc"] is None
        assert BOB.address not in mail.as_string()
    assert [mail.address for mail in mails] == [address("reader0"), BOB.address]
    assert all(mail.sender == given.SENDER.address for mail in mails)


def test_all_copies_are_one_mail() -> None:
    """One Message-ID, so that a program that gets two shows one; and a field that says whose copy it is."""
    event = raised(PLAIN, cc=[BOB.address])
    ann, bob = read(message(event, to=ANN)), read(message(event, to=BOB))

    assert ann["Message-ID"] == bob["Message-ID"] == f"<{event.key.digest}@example.com>"
    assert ann[DELIVERY_FIELD] == f"<{event.key.digest}.{ANN.id}@example.com>"
    for mail, one in ((ann, ANN), (bob, BOB)):
        fields = {name.lower(): value for name, value in mail.items()}
        assert own_headers.subscriber_of(fields) == one.id
        assert own_headers.list_in(mail["Feedback-ID"]) == "direct_mail"


def test_another_event_is_another_mail() -> None:
    """Also if it says the same."""
    ids = {read(message(raised(PLAIN, event_id)))["Message-ID"] for event_id in ("1", "2", "2")}

    assert len(ids) == 2


def test_answers_go_where_the_service_wants_them() -> None:
    """Reply-To is there if it was given."""
    assert read(message(raised(PLAIN)))["Reply-To"] is None
    assert read(message(raised(PLAIN, reply_to=BOB.address)))["Reply-To"] == BOB.address


def test_who_may_unsubscribe_is_told_how() -> None:
    """By links that are each recipient's own."""
    event = raised(PLAIN, cc=[BOB.address])

    for one in (ANN, BOB):
        mail = read(message(event, to=one))
        assert mail["List-Id"] == "Direct mail <direct_mail.example.com>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        token = mail["List-Unsubscribe"].strip("<>").rpartition("/")[2]
        assert given.LINKS.read(Purpose.UNSUBSCRIBE, token) == LinkTarget(one.id, audience_tag("direct_mail"))
        assert mail["List-Help"].startswith("<https://mail.example.com/p/")


@pytest.mark.parametrize("asked", [PLAIN, RECEIPT], ids=["given", "template"])
def test_nobody_can_unsubscribe_from_what_is_transactional(asked: dict[str, object]) -> None:
    """It has no field of a list and no link."""
    sent = message(raised(asked, transactional=True))
    mail = read(sent)

    assert [mail[name] for name in LIST_FIELDS] == [None] * 4
    assert all(given.LINKS.base_url not in part.get_content() for part in received_mail.leaves(mail))
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_given_body_gets_no_footer() -> None:
    """It is the service's own, even where its reader may unsubscribe."""
    mail = read(message(raised(PLAIN, html="<p>Hi")))

    assert said(mail, "plain") == "Hi.\n"
    assert said(mail, "html") == "<p>Hi\n"


def test_files_go_behind_the_body() -> None:
    """Byte for byte, under their names, in their order."""
    other = File("data.csv", "text/csv; charset=utf-8", "ä;ö\n".encode())
    mail = read(message(raised(PLAIN, html="<p>Hi"), FILE, other))

    assert received_mail.shape(mail) == "mixed[alternative[plain, html], pdf, csv]"
    pdf, csv = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == (FILE.name, FILE.content)
    assert (csv.get_filename(), csv.get_content()) == ("data.csv", "ä;ö\n")
    assert {part.get_content_disposition() for part in (pdf, csv)} == {"attachment"}


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n.\r\n--=_\r\n" * 50, b"\n" * 57, bytes(57), bytes(58)])
def test_any_bytes_arrive(content: bytes) -> None:
    """Line ends, dots and boundaries among them."""
    (file,) = read(message(raised(PLAIN), File("x.bin", "application/octet-stream", content))).iter_attachments()

    assert file.get_content() == content


@pytest.mark.parametrize(
    "name",
    [
        "invoice 7 (final) & more.pdf",
        'quotes " in it.txt',
        "per%cent; semi=colon.txt",
        "Größere Änderungen \u2013 東京 🎉.pdf",
        "=?utf-8?q?hidden?=.txt",
        "ü" * 200,
        "a" * 199 + "é",
        "'single'.txt",
        "\u202ecod.exe.pdf",
    ],
)
def test_any_name_arrives(name: str) -> None:
    """RFC 2231: in UTF-8, on as many lines as it takes."""
    (file,) = read(message(raised(PLAIN), File(name, "text/plain", b"x"))).iter_attachments()

    assert file.get_filename() == name


@pytest.mark.parametrize(
    ("kept_as", "mailed_as"),
    [
        ("application/pdf", "application/pdf"),
        ("Image/PNG", "image/png"),
        ("application/vnd.ms-excel.sheet.macroenabled.12", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("text/html; charset=utf-8", "text/html"),
        ("binary/octet-stream", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed; boundary=x", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("text/plain\r\nBcc: everybody@example.com", "application/octet-stream"),
        ("text", "application/octet-stream"),
        ('image/png"; x="', "application/octet-stream"),
    ],
)
def test_a_file_has_the_type_that_it_was_kept_with(kept_as: str, mailed_as: str) -> None:
    """If that is one, and one that may be in base64."""
    (file,) = read(message(raised(PLAIN), File("x", kept_as, b"x\n"))).iter_attachments()

    assert file.get_content_type() == mailed_as
    assert file.get_payload(decode=True) == b"x\n"


def test_the_files_are_one_object_for_everybody() -> None:
    """A transport need not copy what is the same; the body is in the part before."""
    composed = message(raised(PLAIN), FILE)

    assert b"Hi." in composed.own
    assert len(composed.shared) > len(FILE.content)
    assert message(raised(PLAIN)).shared == b""


def test_tags_travel_with_the_mail() -> None:
    """For whom counts by them; the mail itself does not show them."""
    sent = message(raised(PLAIN, tags={"kind": "hello", "team": "A-1"}))

    assert sent.tags == (("kind", "hello"), ("team", "A-1"))
    assert b"A-1" not in sent.content


def test_a_long_subject_in_another_script_arrives() -> None:
    """Encoded and folded."""
    subject = "Größe und Änderung " * 26

    assert read(message(raised(PLAIN, subject=subject)))["Subject"] == subject.strip() + " "


def test_a_template_makes_both_parts() -> None:
    """With its data, its links, and its own subject."""
    mail = read(message(raised(RECEIPT)))

    assert received_mail.shape(mail) == "alternative[plain, html]"
    assert mail["Subject"] == "Your receipt for order 7: $6.00"
    html, text = said(mail, "html"), said(mail, "plain")
    unsubscribe = mail["List-Unsubscribe"].strip("<>")
    assert unsubscribe in received_mail.links(html)
    assert unsubscribe in text.splitlines()
    for part in (received_mail.Tags(html).words, text):
        assert "A book" in part
        assert "$6.00" in part
        assert ANN.address in part


def test_the_event_may_bring_another_subject() -> None:
    """It wins over the template's."""
    assert read(message(raised(RECEIPT, subject="Paid!")))["Subject"] == "Paid!"


def templates(folder: Path, html: str = "x", text: str = "x", subject: str | None = "x") -> Templates:
    """A template called `note`."""
    here = folder / "direct_mail" / "note"
    here.mkdir(parents=True)
    for name, source in (("body.html", html), ("body.txt", text), ("subject.txt", subject)):
        if source is not None:
            (here / name).write_text(source, encoding="utf-8")
    return Templates(folder)


NOTE = {"to": [ANN.address], "template": "note"}


def test_no_template_is_found_beside_the_lists_own(tmp_path: Path) -> None:
    """A name that is unknown is the producer's mistake, and is said so without repeating it."""
    with pytest.raises(InvalidEvent, match=r"^template: there is no folder of this name in templates/direct_mail$"):
        message(raised(NOTE), templates=Templates(tmp_path))


def test_a_name_in_the_data_is_what_the_service_wrote(tmp_path: Path) -> None:
    """Not a method of whatever holds it; lists and objects within it as well."""
    text = "{{ data.items }} {{ data.values.copy }} {{ data.get[0].keys }} {{ data.pop|default('none') }}"
    asked = {**NOTE, "data": {"items": 3, "values": {"copy": "c"}, "get": [{"keys": None}]}}

    mail = read(message(raised(asked), templates=templates(tmp_path, text=text)))

    assert said(mail, "plain") == "3 c None none\n"


def test_what_the_data_lacks_is_told_by_its_name_and_place(tmp_path: Path) -> None:
    """As with any template."""
    with pytest.raises(TemplateFault, match=r"note/body.txt, line 2: .*'total'"):
        message(raised(NOTE), templates=templates(tmp_path, text="a\n{{ data.total }}"))


def test_data_is_text_and_never_markup(tmp_path: Path) -> None:
    """Nor a template."""
    asked = {**NOTE, "data": {"a": "<b>{{ 6 * 7 }}</b>"}}
    mail = read(message(raised(asked), templates=templates(tmp_path, html="<p>{{ data.a }}</p>", text="{{ data.a }}")))

    assert "&lt;b&gt;{{ 6 * 7 }}&lt;/b&gt;" in said(mail, "html")
    assert said(mail, "plain") == "<b>{{ 6 * 7 }}</b>\n"


def test_a_subject_of_two_lines_is_refused(tmp_path: Path) -> None:
    """Whatever the data brings."""
    asked = {**NOTE, "data": {"a": "x\r\nBcc: everybody@example.com"}}

    with pytest.raises(TemplateFault, match="Subject would hold a line break"):
        message(raised(asked), templates=templates(tmp_path, subject="{{ data.a }}"))


def test_a_template_without_a_subject_needs_the_events(tmp_path: Path) -> None:
    """The file that is missing is named."""
    made = templates(tmp_path, subject=None)

    assert read(message(raised(NOTE, subject="Here"), templates=made))["Subject"] == "Here"
    with pytest.raises(TemplateFault, match=r"direct_mail/note/subject\.txt"):
        message(raised(NOTE), templates=made)


def test_a_style_sheet_that_cannot_be_inlined_is_told(tmp_path: Path) -> None:
    """By the template, without a word of the data; and nothing is fetched for it."""
    html = '<link rel="stylesheet" href="https://styles.example.com/a.css"><p>{{ data.a }}</p>'
    mail = read(message(raised(NOTE, data={"a": "b"}), templates=templates(tmp_path, html=html)))

    assert "<p>b</p>" in said(mail, "html")


def test_composing_again_gives_the_same_bytes() -> None:
    """For the same recipient at the same time, but for the links' time."""
    first, second = (message(raised(RECEIPT, transactional=True), FILE).content for _ in range(2))

    assert first == second


def test_nothing_of_the_mail_shows_in_a_message() -> None:
    """A log that holds one by mistake tells neither address nor text."""
    assert not re.search(r"pii\.example|Hi\.", repr(message(raised(PLAIN), FILE)))
