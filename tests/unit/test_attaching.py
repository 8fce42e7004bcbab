"""Attaching: a file is refused before it is uploaded, if no mail can go with it."""

from datetime import timedelta

import pytest

import sentinels
from eventpost.errors import AttachmentRefused, AttachmentTooLarge, QuotaReached
from eventpost.mailapi import File
from eventpost.model.attachments import mailed_size
from eventpost.model.email import Attachment
from given import NOW
from posting_world import BILLING, ORDERS, World

PDF = File("application/pdf", 9_000_000)


def test_a_file_gets_a_place_of_its_own() -> None:
    """Its key is one that a mail can name, and holds nothing of what it is called."""
    world = World()
    file = File("application/pdf", 9_000_000, f"{sentinels.NAME}.pdf", "ab" * 32)

    first, second = (world.attaching.offer(ORDERS, file) for _ in range(2))

    assert first.key != second.key
    assert Attachment(key=first.key, filename="report.pdf").key == first.key
    assert first.expires_at == NOW + timedelta(minutes=15)
    assert first.headers["Content-Length"] == "9000000"
    assert not sentinels.found_in([repr(file), repr(first)])


def test_fifty_megabytes_are_refused_and_the_limit_is_told() -> None:
    """Before they are uploaded."""
    with pytest.raises(AttachmentTooLarge, match="25,000,000 bytes") as caught:
        World().attaching.offer(ORDERS, File("video/mp4", 50_000_000))
    assert caught.value.faults[0][0] == ("size",)


def test_a_file_that_is_offered_a_place_fits_into_a_mail_of_its_own() -> None:
    """The limits at both doors are the same: what may be uploaded can be sent."""
    world = World()
    size = max(size for size in range(18_100_000, 18_300_000, 1_000) if mailed_size(size) <= world.largest - 100_000)

    assert world.attaching.offer(ORDERS, File("video/mp4", size))
    world.uploads.kept = {"attachments/" + "a" * 32: size}
    world.attaching.check([Attachment(key="attachments/" + "a" * 32, filename="film.mp4")])

    with pytest.raises(AttachmentTooLarge):
        world.attaching.offer(ORDERS, File("video/mp4", size + 1_000))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (File("pdf", 1), "media_type"),
        (File("text/html; charset=utf-8", 1), "media_type"),
        (File("text/plain\r\nX-Other: 1", 1), "media_type"),
        (File("text/plain", 1, sha256="AB" * 32), "sha256"),
        (File("text/plain", 1, sha256="ab" * 20), "sha256"),
        (File("application/octet-stream", 1, "setup.exe"), "filename"),
    ],
)
def test_what_no_mail_may_have_is_refused(file: File, name: str) -> None:
    """Each fault by its place; no value is repeated."""
    with pytest.raises(AttachmentRefused) as caught:
        World().attaching.offer(ORDERS, file)

    ((path, words),) = caught.value.faults
    assert path == (name,)
    assert "setup" not in words


def test_places_count_as_requests() -> None:
    """Whoever uses up the minute's quota is told when the next begins."""
    world = World(per_minute=1)
    world.attaching.offer(ORDERS, PDF)

    with pytest.raises(QuotaReached) as caught:
        world.attaching.offer(ORDERS, PDF)
    assert caught.value.retry_after == timedelta(minutes=1)
    world.attaching.offer(BILLING, PDF)
