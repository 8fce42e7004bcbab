"""Quoted-printable (RFC 2045, 6.7), written so that a line can be made out of pieces that were encoded before.

What is written depends on the text and on the column it starts at, and on nothing else: no look-ahead, no look back.
So a piece that is the same for everybody is encoded once, or once for each column that it has ever started at.
`binascii.b2a_qp` looks ahead for the end of the line, and can therefore only encode lines as a whole.

No line begins with a dot, so that SMTP has none to double (RFC 5321, 4.5.2).
"""

import re
from typing import Final

ROOM: Final = 73
"""Characters of a line. With the `=` of a soft line break, and a first dot as `=2E`, they are the 76 of rule 5."""
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_SOFT: Final = "=\r\n"
_UNSAFE: Final = re.compile(r"[^ -~]+")
_SAFE_OCTETS: Final = bytes(range(0x20, 0x7F)) + b"\r\n"
_FULL_LINES: Final = re.compile(rf".{{1,{ROOM}}}(?<!=)(?<!=.)")  # no `=XX` is cut in two
_ALL_LINES: Final = re.compile(rf".{{0,{ROOM}}}+\n|{_FULL_LINES.pattern}")


def encoded(text: str) -> str:
    """The whole text, each line ended by CRLF, whatever ended it before: each line as by `wrapped` and `line_end`.

    In a few steps for all lines together, since mails that cannot be compiled are encoded one by one.
    """
    lines = text.replace("=", "=3D").splitlines() or [""]
    unsafe = text.encode().translate(None, _SAFE_OCTETS)
    if unsafe:
        controls = not min(unsafe) & 0x80
        lines = [_made_safe(line) if controls or not line.isascii() else line for line in lines]
    found = _ALL_LINES.findall("\n".join(lines) + "\n")
    written = "=\n".join(found).replace("\n=\n", "\n")  # a line that has ended needs no soft break
    if written.startswith("."):
        written = f"=2E{written[1:]}"
    return written.replace("\n.", "\n=2E").replace(" \n", " =\n\n").replace("\n", "\r\n")


def encoded_as_given(text: str) -> str:
    """The whole text, as by `encoded`, for a text that is not ours: only CRLF, LF and CR end a line of it.

    Whatever else Python takes for a line's end (form feeds, U+2028) stays part of the line.
    """
    lines = _LINE_ENDS.split(text)
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return "".join([written + line_end(written) for written, _ in (wrapped(quoted(line), 0) for line in lines)])


def line_end(written: str) -> str:
    """The end of a line of which this was written last. A space must not be the last of a line (rule 3)."""
    return f"{_SOFT}\r\n" if written.endswith(" ") else "\r\n"


def quoted(text: str) -> str:
    """The text with all but printable ASCII as `=XX`, not yet broken into lines.

    Raises:
        UnicodeEncodeError: It holds half a character (a lone surrogate).
    """
    written = text.replace("=", "=3D")
    return written if written.isascii() and written.isprintable() else _made_safe(written)


def wrapped(written: str, column: int) -> tuple[str, int]:
    """Quoted text broken into lines, begun at this column; and the column behind it. A first dot counts as one."""
    behind = column + len(written)
    if behind > ROOM:
        cut = _cut(written, ROOM - column)
        lines = [written[:cut], *_FULL_LINES.findall(written, cut)]
        behind = len(lines[-1])
        written = _SOFT.join(lines).replace("\n.", "\n=2E")
    if not column and written.startswith("."):
        written = f"=2E{written[1:]}"
    return written, behind


def _cut(written: str, room: int) -> int:
    """How much fits into the room, without cutting an `=XX` in two."""
    for begun in (1, 2):
        if room >= begun and written[room - begun] == "=":
            return room - begun
    return room


def _made_safe(written: str) -> str:
    return _UNSAFE.sub(lambda found: "".join([f"={octet:02X}" for octet in found[0].encode()]), written)
