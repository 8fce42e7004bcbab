"""Any text survives the way through a mail."""

import unicodedata
from email.header import decode_header, make_header

from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

import given
import received_mail
from eventpost.compose import mime
from eventpost.compose.attributes import BREAKING
from eventpost.compose.quoted_printable import encoded, line_end, quoted, wrapped
from eventpost.errors import TemplateFault
from eventpost.model import Picture

TEXT = st.text(max_size=300)
ONE_LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)


def lines_of(text: str) -> list[str]:
    """The lines that a reader sees; no text at all is one empty line."""
    return text.splitlines() or [""]


@for_all(TEXT)
@example(".\r\n..\r\n. \r\n")
@example("a \nb\t\n \n")
@example("=" * 200)
@example("\u2028\x85\x0c\x1c")
@example("ü" * 100 + "\n" + "x" * 1000 + " ")
def test_any_text_survives_a_text_part(text: str) -> None:
    """What a template rendered is what the reader's client shows, line by line."""
    raw = bytes(mime.text_part(encoded(text), "plain"))
    part = received_mail.read(raw)

    assert received_mail.defects(part) == []
    assert part.get_content().splitlines() == lines_of(text)
    assert raw.isascii()
    assert b"\n." not in raw, "SMTP would have to double it"
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")


@for_all(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=90), max_size=6))
@example(["x" * 73, ".", "." * 80])
@example(["x" * 72, "=", "\u00e9"])
@example(["a ", "", " "])
def test_pieces_of_a_line_are_encoded_as_the_line(pieces: list[str]) -> None:
    """A line that is encoded piece by piece, each from where the last one ended, has the same bytes."""
    column, written = 0, ""
    for piece in pieces:
        more, column = wrapped(quoted(piece), column)
        written += more

    assert written + line_end(written) == encoded("".join(pieces))


@for_all(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_breaks_a_line_is_known(text: str) -> None:
    """The characters that no header may hold are those of the three categories, all of them and no other."""
    breaking = {character for character in text if unicodedata.category(character) in ("Cc", "Zl", "Zp")}

    assert set(BREAKING.findall(text)) == breaking
    assert not any(character.isprintable() for character in breaking), "values that are printable are not searched"


@for_all(ONE_LINE)
@example("=?utf-8?q?a=0D=0ABcc:_x?=")
@example("=?utf-8?q?a?= =?utf-8?q?b?=")
@example("x" * 1200)
@example("a  b")
@example("é =?a?b?c?=")
@example("\u00a0\u3000")
def test_any_line_survives_a_subject(subject: str) -> None:
    """A subject is read as it was written; only white space around it may be lost."""
    raw = mime.header_block([("Subject", subject)])
    told = received_mail.read(raw + b"\r\n")

    assert received_mail.defects(told) == []
    assert told.keys() == ["Subject"]
    assert told["Subject"].strip(" \t") == subject.strip(" \t")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@for_all(st.text(max_size=60))
def test_no_header_holds_a_second_line(value: str) -> None:
    """A value either becomes one field or is refused: it never adds a field."""
    try:
        raw = mime.header_block([("Subject", value), ("X-Last", "x")])
    except TemplateFault:
        assert BREAKING.search(value)
        return
    assert received_mail.read(raw + b"\r\n").keys() == ["Subject", "X-Last"]


@for_all(ONE_LINE.filter(str.strip), st.sampled_from(["news@example.com", "a.list.example.com"]))
@example('a "quoted" \\ name', "news@example.com")
@example("ü" * 90, "news@example.com")
@example("=?utf-8?q?x?=", "news@example.com")
def test_any_name_survives_before_its_brackets(name: str, identity: str) -> None:
    """The name of a sender or of a list is read as it was written, and never touches what the brackets hold."""
    raw = mime.header_block([("From", mime.named(name, identity))]).decode("ascii")
    before, _, after = raw.removeprefix("From: ").rpartition(" <")

    assert after == f"{identity}>\r\n"
    assert max(map(len, raw.split("\r\n"))) <= 998
    unquoted = before[1:-1].replace('\\"', '"').replace("\\\\", "\\") if before.startswith('"') else before
    assert str(make_header(decode_header(unquoted))).split() == name.split()


@for_all(st.binary(max_size=500), st.sampled_from(["image/png", "image/jpeg"]))
def test_any_bytes_survive_a_picture_part(content: bytes, media_type: str) -> None:
    """A picture is the same at the other end, bit for bit."""
    picture = Picture(content, media_type, 1, 1, given.NOW)
    part = received_mail.read(bytes(mime.picture_part(picture, mime.base64_lines(content), "id@example.com")))

    assert received_mail.defects(part) == []
    assert part.get_content() == content


@for_all(st.lists(TEXT, min_size=1, max_size=4), st.text(max_size=20))
def test_parts_stay_apart(texts: list[str], seed: str) -> None:
    """Whatever the parts hold, a multipart falls into just these parts, in order."""
    whole = mime.multipart("mixed", [mime.text_part(encoded(text), "plain") for text in texts], seed)
    message = received_mail.read(bytes(whole))

    assert received_mail.defects(message) == []
    assert [part.get_content().splitlines() for part in message.iter_parts()] == list(map(lines_of, texts))
