"""The files that go with a mail: looked at before they are fetched, then fetched side by side."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from eventpost.compose.email import File
from eventpost.errors import AttachmentMissing, AttachmentRefused, MailTooLarge
from eventpost.model import Blob
from eventpost.model.attachments import mailed_size, refused_extension
from eventpost.model.email import Attachment
from eventpost.ports import Blobs
from eventpost.ports.mailapi import Uploads

_AT_A_TIME: Final = 5  # of boto3's ten connections


@dataclass(frozen=True, slots=True)
class Attachments:
    """Fetches what goes with a mail.

    Attributes:
        blobs: Where files are kept.
        uploads: Tells how large they are, before anything of them is read.
    """

    blobs: Blobs
    uploads: Uploads

    def of(self, attachments: Sequence[Attachment], largest_mail: int) -> Iterator[File]:
        """These files, in their order, known to be allowed and to fit into a mail of that many bytes.

        Raises:
            AttachmentRefused: One is of a type that no mail may have.
            AttachmentMissing: One is not kept; the message names its key.
            MailTooLarge: Together they do not fit.
            StoreUnavailable: The store did not answer.
        """
        _check_types(attachments)
        keys = list(dict.fromkeys(attachment.key for attachment in attachments))
        self._check_sizes(attachments, self.uploads.sizes(keys) if keys else {}, largest_mail)
        return self._fetched(attachments, keys)

    def _check_sizes(self, attachments: Sequence[Attachment], sizes: Mapping[str, int], largest_mail: int) -> None:
        missing = dict.fromkeys(attachment.key for attachment in attachments if attachment.key not in sizes)
        if missing:
            raise _missing(missing)
        size = sum(mailed_size(sizes[attachment.key]) for attachment in attachments)
        if size > largest_mail:
            msg = f"its attachments make {size:,} bytes of a mail, and the provider takes {largest_mail:,} in all"
            raise MailTooLarge(msg)

    def _fetched(self, attachments: Sequence[Attachment], keys: Sequence[str]) -> Iterator[File]:
        if not keys:
            return
        with ThreadPoolExecutor(min(len(keys), _AT_A_TIME), thread_name_prefix="attachments") as threads:
            blobs = dict(zip(keys, threads.map(self.blobs.get, keys), strict=True))
        missing = [key for key in keys if blobs[key] is None]
        if missing:
            raise _missing(missing)
        for attachment in attachments:
            blob = blobs[attachment.key]
            assert isinstance(blob, Blob), "none is missing"
            yield File(attachment.filename, blob.media_type, blob.content)


def _check_types(attachments: Sequence[Attachment]) -> None:
    refused = [(place, refused_extension(attachment.filename)) for place, attachment in enumerate(attachments)]
    faults = [(("attachments", place, "filename"), f"no mail may have a .{bad}") for place, bad in refused if bad]
    if faults:
        told = ", ".join(dict.fromkeys(f".{bad}" for _, bad in refused if bad))
        msg = f"mail servers refuse files that end in {told}: put them into an archive, or send a link"
        raise AttachmentRefused(msg, faults)


def _missing(keys: Mapping[str, None] | Sequence[str]) -> AttachmentMissing:
    return AttachmentMissing(f"no file is kept under {', '.join(keys)} (any more)")
