"""Blobs: bytes kept under a key, with what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, their media type, and string metadata with lower case names."""

    content: bytes = field(repr=False)
    media_type: str
    metadata: Mapping[str, str]
