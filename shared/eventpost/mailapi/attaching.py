"""Attaching: files are uploaded before the mails that they go with, and seen to when they are and again then.

What is refused at the door would be given up on at its list, after the caller has been told that all is well.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from eventpost.errors import AttachmentRefused, AttachmentTooLarge
from eventpost.mailapi.quota import Quota
from eventpost.model.attachments import mailed_size, refused_extension
from eventpost.model.email import Attachment
from eventpost.ports.mailapi import Upload, Uploads

PREFIX: Final = "attachments/"
ROOM_FOR_THE_REST: Final = 100_000
"""Bytes that a mail may have besides its files and what was handed in: its header, and what a template adds."""

_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}", re.ASCII)
"""RFC 6838, 4.2. Without parameters: a file's reader goes by its name anyway."""
_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """A file that is to go with a mail.

    Attributes:
        media_type: What it is, such as `application/pdf`.
        size: How many bytes it has.
        filename: What it is called, where that is known already: then its type is seen to before it is uploaded.
        sha256: Its digest in hex, where what arrives is to be compared with it.
    """

    media_type: str
    size: int
    filename: str = field(default="", repr=False)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Attaching:
    """Lets services upload files, and sees that those of a mail are there and fit into it.

    Attributes:
        uploads: The files.
        quota: How much one owner may ask for.
        largest_mail: Gives the most bytes that a mail may have on its way.
    """

    uploads: Uploads
    quota: Quota
    largest_mail: Callable[[], int]

    def offer(self, owner: str, file: File) -> Upload:
        """Where to upload this file.

        Raises:
            QuotaReached: This owner asks for too much; `retry_after` says when to go on.
            AttachmentTooLarge: No mail can have so large a file.
            AttachmentRefused: No mail may have such a file; or the media type or the digest is none.
            StoreUnavailable: It is not known how much this owner has asked for.
        """
        self.quota.take(owner)
        _check_described(file)
        self._check_fits([file.size], "", "size")
        return self.uploads.offer(f"{PREFIX}{secrets.token_hex(16)}", file.media_type, file.size, file.sha256)

    def check(self, attachments: Sequence[Attachment], body: str = "") -> None:
        """See that these can go with the mail that this body asks for.

        Raises:
            AttachmentRefused: One is not there, or is of a type that no mail may have; its faults say which.
            AttachmentTooLarge: Together they are too large.
            StoreUnavailable: It is not known whether they are there.
        """
        sizes = self.uploads.sizes({attachment.key for attachment in attachments}) if attachments else {}
        faults = [
            (("attachments", place, name), words)
            for place, attachment in enumerate(attachments)
            for name, words in _faults_of(attachment, sizes)
        ]
        if faults:
            msg = f"{len(faults)} of the attachments cannot go with a mail"
            raise AttachmentRefused(msg, faults)
        self._check_fits([sizes[attachment.key] for attachment in attachments], body, "attachments")

    def _check_fits(self, sizes: Sequence[int], body: str, name: str) -> None:
        largest = self.largest_mail()
        size = sum(map(mailed_size, sizes)) + _printed(body) + ROOM_FOR_THE_REST
        if size > largest:
            msg = (
                f"a mail may have {largest:,} bytes, and this one would have {size:,}: files are a third larger in it; "
                "send a link to what is large"
            )
            raise AttachmentTooLarge(msg, [((name,), msg)])


def _check_described(file: File) -> None:
    faults: list[tuple[tuple[str | int, ...], str]] = []
    if not _MEDIA_TYPE.fullmatch(file.media_type):
        faults.append((("media_type",), "write a media type without parameters, such as application/pdf"))
    if file.sha256 and not _SHA256.fullmatch(file.sha256):
        faults.append((("sha256",), "write the SHA-256 of the file as 64 hex digits in lower case"))
    if extension := refused_extension(file.filename):
        faults.append((("filename",), _refused(extension)))
    if faults:
        raise AttachmentRefused("; ".join(words for _, words in faults), faults)


def _faults_of(attachment: Attachment, sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if attachment.key not in sizes:
        yield "key", "there is no file under this key (any more): ask for a place to upload it to, and upload it"
    if extension := refused_extension(attachment.filename):
        yield "filename", _refused(extension)


def _refused(extension: str) -> str:
    return f"mail servers refuse files that end in .{extension}: put it into an archive, or send a link to it"


def _printed(body: str) -> int:
    """The bytes that a mail made of this JSON has at most: in quoted-printable, three for each that is not ASCII.

    What JSON spells as six characters, such as a Euro sign, may come to nine. The rest is for line ends.
    """
    plain = len(body.encode("ascii", "ignore"))
    return (plain * 3 // 2 + (len(body.encode()) - plain) * 3) * 21 // 20
