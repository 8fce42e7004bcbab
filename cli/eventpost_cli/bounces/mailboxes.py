"""The mails of a mailbox on disk: a Maildir, an mbox, a folder of .eml files, or one such file."""

import mailbox
from collections.abc import Iterator
from pathlib import Path


def mails_in(path: Path) -> Iterator[bytes]:
    """Each mail as it came. One at a time is held, and nothing is marked, moved or locked."""
    if path.is_dir():
        yield from _in_folder(path)
    elif _is_mbox(path):
        box = mailbox.mbox(path, create=False)
        try:
            yield from map(box.get_bytes, box.iterkeys())
        finally:
            box.close()
    else:
        yield path.read_bytes()


def _in_folder(path: Path) -> Iterator[bytes]:
    is_maildir = (path / "cur").is_dir() and (path / "new").is_dir()
    files = [*(path / "new").iterdir(), *(path / "cur").iterdir()] if is_maildir else path.rglob("*.eml")
    for file in sorted(file for file in files if file.is_file()):
        yield file.read_bytes()


def _is_mbox(path: Path) -> bool:
    """Whether the file begins as an mbox does (RFC 4155)."""
    with path.open("rb") as file:
        return file.read(5) == b"From "
