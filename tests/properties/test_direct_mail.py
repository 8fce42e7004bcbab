"""Whatever a service writes, and whatever its files are called, arrives as it was."""

import re
from urllib.parse import unquote

from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

import received_mail
from direct_mail import PLAIN, message, raised, read
from eventpost.compose.email import File

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
NAME = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/\\"), min_size=1)


@for_all(TEXT, TEXT, st.binary(max_size=300))
@example(".", ".\r.\n", b"")
@example("\u2028 \x85\x0c", " \n \n", b"\r\n.\r\n")
@example("=\r\r\n\n=", "--=_\n", b"\n" * 57)
def test_a_given_body_and_a_file_arrive(text: str, html: str, content: bytes) -> None:
    """To the character and the byte, but that lines end as mail's do, the last one too."""
    mail = read(message(raised(PLAIN, text=text, html=html), File("x.bin", "application/x-thing", content)))

    for given, subtype in ((text, "plain"), (html, "html")):
        arrived = received_mail.part(mail, f"text/{subtype}").get_payload(decode=True)
        assert isinstance(arrived, bytes)
        lines = re.split(r"\r\n|\r|\n", given)
        assert arrived.decode() == "\r\n".join(lines[:-1] if len(lines) > 1 and not lines[-1] else lines) + "\r\n"
    (file,) = mail.iter_attachments()
    assert file.get_content() == content


@for_all(NAME)
@example("é" * 200)
@example("%41.txt")
@example("''.txt")
def test_a_name_arrives(name: str) -> None:
    """Encoded by RFC 2231 or not: what the lines of the parameter say, put together, is the name."""
    mail = message(raised(PLAIN), File(name[:200], "application/pdf", b"x"))
    read(mail)
    head = mail.shared.partition(b"\r\n\r\n")[0].decode()
    (disposition,) = [field for field in re.split(r"\r\n(?! )", head) if field.startswith("Content-Disposition")]

    assert max(map(len, disposition.split("\r\n"))) <= 100
    values = re.findall(r" filename(?:\*\d+)?(?:\*)?=([^;\r]*)", disposition)
    told = values[0].strip('"') if "filename=" in disposition else unquote("".join(values).removeprefix("utf-8''"))
    assert told == name[:200]
