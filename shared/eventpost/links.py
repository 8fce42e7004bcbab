"""Signed links: they name a list and a subscriber's id, never an address, and nobody can forge one.

A token is `payload.signature`, or `payload.time.signature` where links expire. The payload is the 16 bytes
of the subscriber's id followed by the audience's name, in URL-safe base64. Each purpose has a salt of its own,
so a preferences link is no unsubscribe link. Signatures are HMAC-SHA-256 cut to 128 bits, which RFC 2104
allows (at least half the hash) and which keeps the links short enough to survive a plain text mail.
"""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from itsdangerous import HMACAlgorithm, Signer, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode, int_to_bytes
from itsdangerous.exc import BadData

from eventpost.errors import Misconfigured

_ID_BYTES: Final = 16
_SIGNATURE_BYTES: Final = 16
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
PREFERENCES_MAX_AGE_S: Final = 30 * 24 * 3600


class BadLink(ValueError):
    """The token was not made by us for this purpose, was cut or changed, or has expired."""


class _Hmac128(HMACAlgorithm):
    """HMAC-SHA-256, cut to 16 bytes."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:_SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Whom a link is for: a subscriber's id on an audience (`list` or `list/topic`)."""

    audience: str
    subscriber: str


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
        options = {"key_derivation": "hmac", "algorithm": _Hmac128(hashlib.sha256), "digest_method": hashlib.sha256}
        self._base_url = base_url
        self._unsubscribe = Signer(keys, salt=b"eventpost.unsubscribe", **options)  # type: ignore[arg-type]
        self._preferences = TimestampSigner(keys, salt=b"eventpost.preferences", **options)  # type: ignore[arg-type]

    def unsubscribe_url(self, target: LinkTarget) -> str:
        """The link that takes the subscriber off this audience. It never expires."""
        return f"{self._base_url}/u/{self._unsubscribe.sign(_packed(target)).decode()}"

    def preferences_url(self, target: LinkTarget) -> str:
        """The link to the subscriber's preferences. It expires after 30 days."""
        return f"{self._base_url}/p/{self._preferences.sign(_packed(target)).decode()}"

    def urls(self, audience: str, subscriber: str) -> dict[str, str]:
        """The links in a mail to this subscriber: `unsubscribe` and `preferences`."""
        return self.of(audience)(subscriber)

    def of(self, audience: str) -> Callable[[str], dict[str, str]]:
        """What makes `urls` of this audience's subscribers, many times as fast as one signer's call after the other."""
        named = audience.encode()
        unsubscribe, preferences = self._unsubscribe.derive_key(), self._preferences.derive_key()
        unsubscribe_base, preferences_base = f"{self._base_url}/u/", f"{self._base_url}/p/"

        def urls(subscriber: str) -> dict[str, str]:
            payload = _url_safe(bytes.fromhex(subscriber) + named)
            dated = payload + b"." + _url_safe(int_to_bytes(self._preferences.get_timestamp()))
            return {
                "unsubscribe": unsubscribe_base + _signed(unsubscribe, payload),
                "preferences": preferences_base + _signed(preferences, dated),
            }

        return urls

    def read_unsubscribe(self, token: str) -> LinkTarget:
        """Whom this unsubscribe token is for.

        Raises:
            BadLink: It is none of ours.
        """
        return _read(self._unsubscribe, token)

    def read_preferences(self, token: str, max_age_s: int = PREFERENCES_MAX_AGE_S) -> LinkTarget:
        """Whom this preferences token is for.

        Raises:
            BadLink: It is none of ours, or older than `max_age_s` seconds.
        """
        return _read(self._preferences, token, max_age=max_age_s)


def _signed(key: bytes, value: bytes) -> str:
    """What `Signer.sign` gives for the key that it derived. It derives it anew, and sets up the hash, each time."""
    signature = hmac.digest(key, value, "sha256")[:_SIGNATURE_BYTES]
    return (value + b"." + _url_safe(signature)).decode("ascii")


def _url_safe(content: bytes) -> bytes:
    """What `base64_encode` gives, in two steps instead of six."""
    return b2a_base64(content).translate(_URL_SAFE, b"=\n")


def _packed(target: LinkTarget) -> bytes:
    return base64_encode(bytes.fromhex(target.subscriber) + target.audience.encode())


def _read(signer: Signer, token: str, **limits: int) -> LinkTarget:
    try:
        _check_spelling(token.rpartition(".")[2])
        payload = base64_decode(signer.unsign(token, **limits))
        return LinkTarget(audience=payload[_ID_BYTES:].decode(), subscriber=payload[:_ID_BYTES].hex())
    except (BadData, UnicodeError):
        msg = "not a link of ours"
        raise BadLink(msg) from None


def _check_spelling(signature: str) -> None:
    """Return if no other text stands for the same signature: base64 decoders skip signs and ignore spare bits."""
    if base64_encode(base64_decode(signature)).decode() != signature:
        msg = "not the one spelling of this signature"
        raise BadData(msg)
