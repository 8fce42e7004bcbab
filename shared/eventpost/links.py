"""Signed links: they name a subscriber by id and what the link is about by a tag, and nobody can forge one.

A token is `payload.signature`, or `payload.time.signature` where links expire. The payload is the 16 bytes of the
subscriber's id and 6 of the tag, in URL-safe base64: the hash of the audience's name, or the number of the question
that the link answers. So every link of a kind is as long as another, whatever its list is called; in a mail that is
at most 63 characters behind the base URL, which leaves 37 of a hundred to it. Each purpose has a salt of its own, so a
preferences link is no unsubscribe link. Signatures are HMAC-SHA-256 cut to 128 bits, which RFC 2104 allows (at least
half the hash).
"""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from itsdangerous import HMACAlgorithm, Signer, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode, int_to_bytes
from itsdangerous.exc import BadData, SignatureExpired

from eventpost.errors import Misconfigured

_ID_BYTES: Final = 16
_TAG_BYTES: Final = 6
_SIGNATURE_BYTES: Final = 16
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class Purpose(StrEnum):
    """What a link is for; its value is the path that the link leads to."""

    UNSUBSCRIBE = "u"  # take the subscriber off the audience; never expires
    PREFERENCES = "p"  # see and change all that the person is on
    CONFIRM = "c"  # join what was asked for
    UNDO = "undo"  # be on the audience again that was left just now
    MOVE = "m"  # have the mails sent to this address from now on
    TASK = "t"  # see what raises the mails of this audience, pause it or stop it


MAX_AGE: Final = {
    Purpose.UNSUBSCRIBE: None,
    Purpose.PREFERENCES: timedelta(days=30),
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.UNDO: timedelta(days=1),
    Purpose.MOVE: timedelta(days=1),
    Purpose.TASK: timedelta(
        days=400
    ),  # a page that hardly changes is mailed once a year; who has left loses it at once
}
"""How long links work; None for ever."""


class BadLink(ValueError):
    """The token was not made by us for this purpose, or was cut or changed."""


class ExpiredLink(BadLink):
    """The token is ours, and too old."""


class _Hmac128(HMACAlgorithm):
    """HMAC-SHA-256, cut to 16 bytes."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:_SIGNATURE_BYTES]


@lru_cache(maxsize=32_768)  # a project may have some thousands of topics
def audience_tag(audience: str) -> str:
    """What stands for an audience in links: the first 6 bytes of its name's SHA-256, as 12 hex digits.

    Whoever reads the link knows the few audiences that the person may be on, and finds the one with this tag.
    """
    return hashlib.sha256(audience.encode()).hexdigest()[: 2 * _TAG_BYTES]


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Whom a link is for and what it is about: a subscriber's id, and a tag of 12 hex digits."""

    subscriber: str
    tag: str


class Links:
    """Makes and reads the links in a mail.

    Args:
        keys: Signing keys, oldest first. The last one signs, all of them verify, so keys can be rotated.
        base_url: Where links lead, without a slash at the end.

    Raises:
        Misconfigured: There is no key.
    """

    def __init__(self, keys: Sequence[str], base_url: str) -> None:
        if not keys or not all(keys):
            msg = "no key to sign links with: put one into the link keys secret"
            raise Misconfigured(msg)
        self.base_url = base_url
        self._signers = {purpose: _signer(purpose, keys) for purpose in Purpose}

    def url(self, purpose: Purpose, target: LinkTarget) -> str:
        """The link for this purpose and target."""
        return f"{self.base_url}/{purpose}/{self.token(purpose, target)}"

    def token(self, purpose: Purpose, target: LinkTarget) -> str:
        """The token in that link."""
        return self._signers[purpose].sign(_packed(target)).decode()

    def of(self, audience: str, *, manages_tasks: bool = False) -> Callable[[str], dict[str, str]]:
        """What gives the links in a mail of this audience, by the subscriber's id: `unsubscribe` and `preferences`.

        Where the list manages tasks, there is `task` as well. It is many times as fast as one signer's call after the
        other.
        """
        tag = bytes.fromhex(audience_tag(audience))
        unsubscribe_base, unsubscribe = self._quickly(Purpose.UNSUBSCRIBE)
        expiring = [Purpose.PREFERENCES, Purpose.TASK] if manages_tasks else [Purpose.PREFERENCES]
        dated = {purpose.name.lower(): self._quickly(purpose) for purpose in expiring}
        signer = self._signers[Purpose.PREFERENCES]
        assert isinstance(signer, TimestampSigner)

        def urls(subscriber: str) -> dict[str, str]:
            payload = _url_safe(bytes.fromhex(subscriber) + tag)
            now = payload + b"." + _url_safe(int_to_bytes(signer.get_timestamp()))
            found = {"unsubscribe": unsubscribe_base + _signed(unsubscribe, payload)}
            for name, (base, key) in dated.items():
                found[name] = base + _signed(key, now)
            return found

        return urls

    def _quickly(self, purpose: Purpose) -> tuple[str, bytes]:
        """What links of this purpose begin with, and the key that signs them."""
        return f"{self.base_url}/{purpose}/", self._signers[purpose].derive_key()

    def read(self, purpose: Purpose, token: str) -> LinkTarget:
        """Whom this token is for, and what it is about.

        Raises:
            ExpiredLink: It is one of ours for this purpose, and too old.
            BadLink: It is none of ours for this purpose.
        """
        max_age = MAX_AGE[purpose]
        limits = {} if max_age is None else {"max_age": int(max_age.total_seconds())}
        try:
            _check_spelling(token.rpartition(".")[2])
            return _unpacked(self._signers[purpose].unsign(token, **limits))
        except SignatureExpired:
            msg = "this link has expired"
            raise ExpiredLink(msg) from None
        except (BadData, UnicodeError):
            msg = "not a link of ours"
            raise BadLink(msg) from None


def _signer(purpose: Purpose, keys: Sequence[str]) -> Signer:
    kind = Signer if MAX_AGE[purpose] is None else TimestampSigner
    return kind(
        list(keys),
        salt=f"eventpost.{purpose.name.lower()}".encode(),
        key_derivation="hmac",
        algorithm=_Hmac128(hashlib.sha256),
        digest_method=hashlib.sha256,
    )


def _signed(key: bytes, value: bytes) -> str:
    """What `Signer.sign` gives for the key that it derived. It derives it anew, and sets up the hash, each time."""
    signature = hmac.digest(key, value, "sha256")[:_SIGNATURE_BYTES]
    return (value + b"." + _url_safe(signature)).decode("ascii")


def _url_safe(content: bytes) -> bytes:
    """What `base64_encode` gives, in two steps instead of six."""
    return b2a_base64(content).translate(_URL_SAFE, b"=\n")


def _packed(target: LinkTarget) -> bytes:
    return base64_encode(bytes.fromhex(target.subscriber) + bytes.fromhex(target.tag))


def _unpacked(signed: bytes) -> LinkTarget:
    payload = base64_decode(signed)
    if len(payload) != _ID_BYTES + _TAG_BYTES:
        msg = "signed by us, but no target"
        raise BadData(msg)
    return LinkTarget(payload[:_ID_BYTES].hex(), payload[_ID_BYTES:].hex())


def _check_spelling(signature: str) -> None:
    """Return if no other text stands for the same signature: base64 decoders skip signs and ignore spare bits."""
    if base64_encode(base64_decode(signature)).decode() != signature:
        msg = "not the one spelling of this signature"
        raise BadData(msg)
