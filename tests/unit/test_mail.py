"""Every mail, as Python's email package reads it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner

import given
import received_mail
from eventpost.compose import Composer, Sender
from eventpost.errors import TemplateFault
from eventpost.lists import MailList, Screenshot
from eventpost.model import Event, EventKey, Message, Picture, Subscriber
from given import NOW, PIXEL, price_moves, raised
from sentinels import NAME, address

PICTURE = Picture(PIXEL * 50, "image/png", 640, 400, datetime(2026, 1, 1, 9, 30, tzinfo=UTC))
HTML = """<!doctype html><html><head><style>p { color: #123456; } .wide { width: 600px; }
</style><style data-css-inline="keep">@media (prefers-color-scheme: dark) { p { color: white !important; } }</style>
</head><body>
<p class="wide">{{ subscriber.name }} {{ event.ticker }} {{ event.note }}</p>
{% if screenshot %}<img src="{{ screenshot.src }}" width="{{ screenshot.width }}" alt="">{% endif %}
<a href="{{ links.unsubscribe }}">Unsubscribe</a> <a href="{{ links.preferences }}">Preferences</a></body></html>
"""
TEXT = "{{ subscriber.name }} {{ event.ticker }}\n{{ event.note }}\nUnsubscribe: {{ links.unsubscribe }}\n"
ANN = given.subscriber("ann")

type Compose = Callable[..., Message]


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    """Composes a mail of the list `price_moves`."""
    templates = given.write_templates(tmp_path, HTML, TEXT)

    def composed(
        event: Event | None = None,
        mail_list: MailList | None = None,
        picture: Picture | None = None,
        to: Subscriber = ANN,
        sender: Sender = given.SENDER,
        topic: str | None = None,
    ) -> Message:
        composer = Composer(templates, lambda: given.LINKS, sender)
        return composer.event_mail(mail_list or price_moves(), raised(event, topic=topic), picture, NOW).to(to)

    return composed


def read(message: Message) -> EmailMessage:
    """The mail as it is read, known to be without a defect."""
    mail = received_mail.read(message.content)
    assert received_mail.defects(mail) == []
    return mail


def decoded(value: str) -> str:
    """The text of a header's value, encoded or not (RFC 2047)."""
    return str(make_header(decode_header(value)))


def test_without_a_picture_a_mail_is_text_and_html(compose: Compose) -> None:
    """The plain part comes first, so that the HTML is preferred."""
    assert received_mail.shape(read(compose())) == "alternative[plain, html]"


def test_the_picture_belongs_to_the_html(compose: Compose) -> None:
    """The picture is shown within the HTML and offered nowhere else."""
    mail = read(compose(picture=PICTURE))

    assert received_mail.shape(mail) == "alternative[plain, related[html, png]]"
    picture = received_mail.part(mail, "image/png")
    assert picture.get_content_disposition() == "inline"
    (image,) = received_mail.Tags(received_mail.text(mail, "html")).named("img")
    assert image["src"] == f"cid:{picture['Content-ID'].strip('<>')}"


def test_the_related_part_says_what_its_root_is(compose: Compose) -> None:
    """RFC 2387 wants the type of the part that the others belong to."""
    related = received_mail.part(read(compose(picture=PICTURE)), "multipart/related")

    assert related.get_param("type") == "text/html"


def test_a_list_may_attach_the_picture_too(compose: Compose) -> None:
    """Attached, the picture is also a file beside the mail, under a name that says what it is."""
    mail = read(compose(mail_list=price_moves(screenshot=Screenshot(url="", attach=True)), picture=PICTURE))

    assert received_mail.shape(mail) == "mixed[alternative[plain, related[html, png]], png]"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_content_disposition() == "attachment"
    assert attachment.get_filename() == "screenshot.png"
    assert attachment.get_content() == PICTURE.content
    assert attachment["Content-ID"] is None, "two parts under one id are one too many"


@pytest.mark.parametrize("content", [PIXEL, bytes(range(256)) * 40, b"\r\n.\r\n--=_\r\n" * 9, b"", b"\n" * 77])
def test_the_picture_arrives_byte_for_byte(compose: Compose, content: bytes) -> None:
    """Whatever bytes a picture has, they are the same at the other end."""
    mail = read(compose(picture=Picture(content, "image/png", 1, 1, NOW)))

    assert received_mail.part(mail, "image/png").get_content() == content


def test_a_photograph_is_a_jpeg(compose: Compose) -> None:
    """The picture's own type and the usual file ending are told."""
    mail = read(compose(picture=Picture(PIXEL, "image/jpeg", 1, 1, NOW)))

    assert received_mail.part(mail, "image/jpeg").get_filename() == "screenshot.jpg"


def test_the_headers_of_every_mail(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    """What providers and clients look for in a list's mail is there, once each."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_767_225_600)  # no second ticks in between
    mail = read(compose(topic="AMZN"))
    digest = EventKey("price_moves", "event-1").digest
    urls = given.LINKS.of("price_moves/AMZN")(ANN.id)
    expected = {
        "From": "Eventpost <news@example.com>",
        "To": address("ann"),
        "Subject": "AMZN moved",
        "Date": "Thu, 01 Jan 2026 00:00:00 +0000",
        "Message-ID": f"<{digest}.{ANN.id}@example.com>",
        "List-Id": "Price moves <AMZN.price_moves.example.com>",
        "List-Unsubscribe": f"<{urls['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": f"<{urls['preferences']}>",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": f"{digest}:price_moves:event:eventpost",
        "MIME-Version": "1.0",
    }

    assert {name: str(mail[name]) for name in expected} == expected
    assert all(len(mail.get_all(name, [])) == 1 for name in expected)
    assert set(mail.keys()) - set(expected) == {"Content-Type"}


def test_list_unsubscribe_is_one_https_link_on_one_line(compose: Compose) -> None:
    """A folded or doubled link is one that some providers do not offer."""
    head = compose(topic="T" * 64).content.partition(b"\r\n\r\n")[0].decode("ascii")

    (line,) = [line for line in head.split("\r\n") if line.startswith("List-Unsubscribe:")]
    assert re.fullmatch(r"List-Unsubscribe: <https://[^\s<>,]+>", line)
    assert len(line) > 78, "longer than what the email package would fold"


def test_the_link_in_the_header_is_the_one_in_the_mail(compose: Compose) -> None:
    """Whoever uses the header, the HTML or the text ends up at the same place."""
    mail = read(compose())
    url = mail["List-Unsubscribe"].strip("<>")

    assert url in received_mail.text(mail, "plain")
    assert url in [link["href"] for link in received_mail.Tags(received_mail.text(mail, "html")).named("a")]


@pytest.mark.parametrize(
    "subject",
    [
        "Grüße aus Köln",
        "日本　株式会社の株価",
        "می‌خواهم بدانم",
        "👩🏽‍💻 moved 🚀",
        "a non-breaking\u00a0space",
        "x" * 78,
        "word " * 400,
        "ü" * 3000,
        "x" * 5000,
        "=?utf-8?q?Bcc=3A_eve=40example.com?=",
        "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=",
        '100% & <b>"quoted"</b>; a, b (c)',
        "trailing space is kept in words  twice",
    ],
)
def test_any_subject_arrives_as_it_was(compose: Compose, subject: str) -> None:
    """Scripts, emoji, length and text that looks encoded survive the way through the header."""
    message = compose(event=given.PriceMoved(ticker=subject), mail_list=price_moves("{{ event.ticker }}"))

    assert read(message)["Subject"].rstrip() == subject.rstrip(), "space at the very end may be lost"
    assert max(map(len, message.content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "breaking", ["\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b"]
)
def test_a_line_break_in_a_subject_is_refused(compose: Compose, breaking: str) -> None:
    """A subject that would end its line is a fault of the event, whatever the break; its text is not repeated."""
    with pytest.raises(TemplateFault, match=r"^the header field Subject would hold a line break") as caught:
        compose(event=given.PriceMoved(ticker=f"AMZN{breaking}Bcc: eve@example.com"))

    assert "eve" not in str(caught.value)


def test_a_subscribers_line_break_costs_nobody_the_mail(compose: Compose) -> None:
    """A name that was imported with a break becomes one line, in the subject and in the bodies."""
    broken = Subscriber(ANN.id, ANN.address, {"name": "Zebedee\r\nBcc: eve@example.com\u2028x"}, NOW)
    mail = read(compose(to=broken, mail_list=price_moves("For {{ subscriber.name }}")))

    assert mail["Subject"] == "For Zebedee  Bcc: eve@example.com x"
    assert mail["Bcc"] is None


@pytest.mark.parametrize("name", ["می‌خواهم", "👩🏽‍💻", "Ann\u00a0B.", "דוד\u200f"])
def test_a_subscribers_name_keeps_its_joiners(compose: Compose, name: str) -> None:
    """Invisible characters that a script needs are no line breaks."""
    named = Subscriber(ANN.id, ANN.address, {"name": name}, NOW)

    assert read(compose(to=named, mail_list=price_moves("{{ subscriber.name }}!")))["Subject"] == f"{name}!"


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Bücher & Söhne <news@example.com>", "Bücher & Söhne"),
        ('"Doe, Ann" <news@example.com>', "Doe, Ann"),
        ("ニュース通知センター" * 6 + " <news@example.com>", "ニュース通知センター" * 6),
        ("news@example.com", ""),
    ],
)
def test_any_sender_arrives_as_it_was(compose: Compose, sender: str, name: str) -> None:
    """The sender's name survives, and the address stays readable for every server on the way."""
    message = compose(sender=Sender(sender, "news@example.com"))
    (told,) = read(message)["From"].addresses
    raw = message.content.partition(b"\r\n")[0].removeprefix(b"From: ").decode("ascii")

    # Not `told.display_name`: before 3.13.2 Python left a space between encoded words (gh-128110).
    assert decoded(raw.rpartition("<")[0].strip().strip('"')) == name
    assert told.addr_spec == "news@example.com"
    assert raw.endswith(("news@example.com", "<news@example.com>"))


@pytest.mark.parametrize("title", ["Börsenkurse", "Prices, daily (EU)", "株価" * 20, "A <b> title"])
def test_the_list_id_is_readable_whatever_the_title(compose: Compose, title: str) -> None:
    """Filters look for the id in brackets: only the title before it is encoded (RFC 2919)."""
    mail_list = MailList(name="price_moves", event=given.PriceMoved, subject="x", title=title, description="D")
    message = compose(mail_list=mail_list)
    raw = message.content.partition(b"\r\nList-Id: ")[2].partition(b"\r\nList-Unsubscribe")[0].decode("ascii")

    assert raw.endswith(" <price_moves.example.com>")
    assert decoded(raw.removesuffix(" <price_moves.example.com>").strip('"')) == title


def test_hostile_values_are_text_in_the_html(compose: Compose) -> None:
    """Neither the event nor the subscriber can add an element, leave an attribute or end the mail."""
    hostile = "</p></body><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;{{ 7 * 7 }}"
    to = Subscriber(ANN.id, ANN.address, {"name": f"<b>{NAME}</b>"}, NOW)
    mail = read(compose(event=given.PriceMoved(ticker="A", note=hostile), to=to))
    tags = received_mail.Tags(received_mail.text(mail, "html"))

    assert {"script", "b", "img"}.isdisjoint(tag for tag, _ in tags.all)
    assert hostile in tags.words
    assert f"<b>{NAME}</b>" in tags.words
    assert hostile in received_mail.text(mail, "plain")


def test_the_styles_are_inlined_and_the_media_queries_kept(compose: Compose) -> None:
    """Clients that drop `<style>` still show the colours; those that know media queries get them."""
    html = received_mail.text(read(compose()), "html")
    (paragraph,) = received_mail.Tags(html).named("p")

    assert paragraph["style"] == "color:#123456;width:600px"
    assert "prefers-color-scheme: dark" in html


def test_no_style_is_fetched_while_composing(tmp_path: Path) -> None:
    """A stylesheet from elsewhere is not loaded, whoever names it; the blocked sockets of this suite would tell."""
    html = '<link rel="stylesheet" href="https://127.0.0.1:1/x.css"><p style="color:red">x</p>'
    composer = Composer(given.write_templates(tmp_path, html, "x"), lambda: given.LINKS, given.SENDER)
    mail = read(composer.event_mail(price_moves(), raised(), None, NOW).to(ANN))

    assert "color:red" in received_mail.text(mail, "html").replace(" ", "")


def test_no_line_is_too_long(compose: Compose) -> None:
    """Encoded lines have 76 characters at most, headers 998, whatever the event holds."""
    event = given.PriceMoved(ticker="ü" * 500, note=("x" * 5000) + "\n" + ("日本 " * 900))
    message = compose(event=event, picture=PICTURE)
    head, _, body = message.content.partition(b"\r\n\r\n")

    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 998
    for part in received_mail.leaves(read(message)):
        assert max(map(len, str(part.get_payload()).splitlines())) <= 76
    assert received_mail.text(read(message), "plain").splitlines()[1] == "x" * 5000


def test_a_mail_is_ascii_with_proper_line_ends(compose: Compose) -> None:
    """No bare line feed, no bare carriage return, no eighth bit, no NUL: safe on every way."""
    content = compose(event=given.PriceMoved(ticker="ü", note="a\rb\nc\r\nd\0e"), picture=PICTURE).content

    assert content.isascii()
    assert b"\0" not in content
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert content.endswith(b"--\r\n")


def test_the_same_mail_has_the_same_bytes(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    """Composing again at the same time gives the very same mail: nothing in it is random."""
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: 1_800_000_000)
    one, again = compose(picture=PICTURE), compose(picture=PICTURE)

    assert one.content == again.content


def test_each_subscriber_has_a_mail_of_their_own(compose: Compose) -> None:
    """Two mails of one event differ in address, id and links, and neither holds anything of the other."""
    bob = given.subscriber("bob")
    ann_mail, bob_mail = read(compose()), read(compose(to=bob))

    assert ann_mail["Message-ID"] != bob_mail["Message-ID"]
    assert ann_mail["List-Unsubscribe"] != bob_mail["List-Unsubscribe"]
    assert bob.id not in str(ann_mail)
    assert "bob@" not in str(ann_mail)
    assert compose(to=bob).address == address("bob")


def test_a_mail_object_is_not_shown_by_repr(compose: Compose) -> None:
    """A message may end up in a log by accident: its repr holds neither address nor content."""
    assert re.fullmatch(r"Message\(subscriber='[0-9a-f]{32}', sender='news@example\.com'\)", repr(compose()))


def test_the_text_part_is_readable_in_the_raw(compose: Compose) -> None:
    """Plain words are plain in the raw mail too, for whoever has to look at one."""
    raw = compose(event=given.PriceMoved(ticker="AMZN", note="Plain words")).content

    assert b"Plain words" in raw
    assert raw.count(b"Content-Transfer-Encoding: quoted-printable") == 2


@pytest.mark.parametrize("attribute", ["missing", "items", "of", "keys", "copy"])
def test_an_attribute_that_a_subscriber_lacks_is_empty(tmp_path: Path, attribute: str) -> None:
    """Not every subscriber has every attribute, whatever its name: nothing is shown, and nothing fails."""
    templates = given.write_templates(tmp_path, "<p>x</p>", f"[{{{{ subscriber.{attribute} }}}}]")
    mail = Composer(templates, lambda: given.LINKS, given.SENDER).event_mail(price_moves(), raised(), None, NOW).to(ANN)

    assert received_mail.text(read(mail), "plain").strip() == "[]"


@pytest.mark.parametrize("attribute", ["name", "items", "of", "update"])
def test_an_attribute_that_a_subscriber_has_is_shown(tmp_path: Path, attribute: str) -> None:
    """Any column of an import may be used in a template."""
    templates = given.write_templates(tmp_path, "<p>x</p>", f"[{{{{ subscriber.{attribute} }}}}]")
    to = Subscriber(ANN.id, ANN.address, {attribute: "shown"}, NOW)
    mail = Composer(templates, lambda: given.LINKS, given.SENDER).event_mail(price_moves(), raised(), None, NOW).to(to)

    assert received_mail.text(read(mail), "plain").strip() == "[shown]"


def test_id_and_address_are_not_overridden_by_attributes(compose: Compose) -> None:
    """An imported column called `address` does not change whom a mail says it is for."""
    to = Subscriber(ANN.id, ANN.address, {"address": "eve@example.com", "id": "x"}, NOW)
    mail = read(compose(to=to, mail_list=price_moves("{{ subscriber.address }} {{ subscriber.id }}")))

    assert mail["Subject"] == f"{ANN.address} {ANN.id}"


def test_the_date_is_when_it_was_composed(tmp_path: Path) -> None:
    """The mail tells the moment of the try that sent it."""
    composer = Composer(given.write_templates(tmp_path, HTML, TEXT), lambda: given.LINKS, given.SENDER)
    later = NOW + timedelta(hours=3)
    mail = read(composer.event_mail(price_moves(), raised(), None, later).to(ANN))

    assert mail["Date"].datetime == later


def test_the_raised_event_is_what_is_shown(compose: Compose) -> None:
    """Both parts tell the event's own values."""
    mail = read(compose(event=given.PriceMoved(ticker="IBM", note="up by 8%")))

    for subtype in ("plain", "html"):
        assert "IBM" in received_mail.text(mail, subtype)
        assert "up by 8%" in received_mail.text(mail, subtype)


def test_the_picture_is_one_object_for_everybody(tmp_path: Path) -> None:
    """No mail has a copy of the picture: what comes behind the HTML is shared, and ends the mail."""
    composer = Composer(given.write_templates(tmp_path, HTML, TEXT), lambda: given.LINKS, given.SENDER)
    mail = composer.event_mail(price_moves(screenshot=Screenshot(url="", attach=True)), raised(), PICTURE, NOW)
    ann, bob = mail.to(ANN), mail.to(given.subscriber("bob"))

    assert ann.shared is bob.shared
    assert ann.shared.count(b"Content-Transfer-Encoding: base64") == 2
    assert b"image/png" not in ann.own
    assert received_mail.shape(read(ann)) == "mixed[alternative[plain, related[html, png]], png]"


def test_without_a_picture_nothing_is_shared(compose: Compose) -> None:
    """A mail in one piece is sent in one piece."""
    assert compose().shared == b""


def test_boundaries_are_the_events(compose: Compose) -> None:
    """Two mails of one event have the same boundaries, so that they are made once."""
    ann, bob = (read(message).get_boundary() for message in (compose(), compose(to=given.subscriber("bob"))))

    assert ann == bob


@pytest.mark.parametrize("picture", [None, PICTURE])
def test_the_size_is_that_of_a_mail_to_somebody_unknown(tmp_path: Path, picture: Picture | None) -> None:
    """The size is known before anybody is mailed; only a subscriber's own values add to it."""
    composer = Composer(given.write_templates(tmp_path, HTML, TEXT), lambda: given.LINKS, given.SENDER)
    mail = composer.event_mail(price_moves(), raised(), picture, NOW)
    nobody = Subscriber("0" * 32, given.SENDER.address, {}, NOW)

    assert mail.size == len(mail.to(nobody).content)


def test_the_size_is_told_even_if_that_mail_fails(tmp_path: Path) -> None:
    """A template that cannot do without an attribute is the fault of those mails alone."""
    templates = given.write_templates(tmp_path, "<p>{{ 1 / subscriber.age|int }}</p>")
    mail = Composer(templates, lambda: given.LINKS, given.SENDER).event_mail(price_moves(), raised(), PICTURE, NOW)

    assert len(PICTURE.content) < mail.size < 2 * len(PICTURE.content) + 1000
    assert mail.to(given.subscriber("bob", age="2")).address == address("bob")


def test_half_a_character_is_a_fault_of_that_mail(compose: Compose) -> None:
    """What a broken import may leave has no encoding; the fault does not repeat it."""
    broken = Subscriber(ANN.id, ANN.address, {"name": "Zebedee\ud800"}, NOW)

    with pytest.raises(TemplateFault, match=r"^a value holds half a character"):
        compose(to=broken)


def test_the_keys_are_asked_for_once_an_event(tmp_path: Path) -> None:
    """All mails of an event are signed with the keys as they were when it was composed."""
    asked = []
    composer = Composer(
        given.write_templates(tmp_path),
        lambda: asked.append("keys") or given.LINKS,
        given.SENDER,  # type: ignore[func-returns-value]
    )
    mail = composer.event_mail(price_moves(), raised(), None, NOW)
    for local in ("ann", "bob"):
        mail.to(given.subscriber(local))

    assert asked == ["keys"]
