"""What one capture is asked for: the request's JSON, read strictly.

A wrong request never gets right by itself, so everything wrong here is a permanent error that names the field.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

from eventpost_capture.errors import InvalidRequest

_WIDTH, _HEIGHT = 1280, 800
_MAX_SIDE = 4096
_MAX_KEY = 1024  # bytes, by S3
_MAX_SCALE = 3
_MAX_QUALITY = 100
_LONGEST_S = 900  # Lambda's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One screenshot: of which page, of what on it, how large, in which format, by when, kept under which key."""

    url: str
    key: str
    selector: str | None = None
    width: int = _WIDTH
    height: int = _HEIGHT
    full_page: bool = False
    scale: float = 1
    image_format: str = "png"
    quality: int | None = None
    deadline_s: float = 20

    @property
    def media_type(self) -> str:
        """The picture's media type."""
        return f"image/{self.image_format}"

    @classmethod
    def parse(cls, request: Any) -> Self:
        """Read a request; raise InvalidRequest naming the first field that is missing or wrong."""
        if not isinstance(request, dict):
            raise InvalidRequest("the request is not a JSON object")
        viewport = request.get("viewport") or {}
        _require(isinstance(viewport, dict), "viewport", "an object of width and height")
        image_format = request.get("image_format", "png")
        _require(image_format in ("png", "jpeg"), "image_format", '"png" or "jpeg"')
        return cls(
            url=_text(request, "url"),
            key=_key(request),
            selector=None if request.get("selector") is None else _text(request, "selector"),
            width=_side(viewport, "width", _WIDTH),
            height=_side(viewport, "height", _HEIGHT),
            full_page=_full_page(request),
            scale=_number(request, "scale", 1, _MAX_SCALE, 1),
            image_format=image_format,
            quality=_quality(request, image_format),
            deadline_s=_number(request, "deadline_s", 0.1, _LONGEST_S, 20),
        )


def _require(condition: bool, field: str, wanted: str) -> None:  # noqa: FBT001 - an assertion with a sentence
    if not condition:
        raise InvalidRequest(f"{field} must be {wanted}")


def _text(request: dict[str, Any], field: str) -> str:
    value = request.get(field)
    _require(isinstance(value, str) and bool(value.strip()), field, "a text that is not empty")
    return str(value)


def _key(request: dict[str, Any]) -> str:
    key = _text(request, "key")
    parts = key.split("/")
    fits = len(parts) > 2 and parts[0] == "captures" and not {"", ".", ".."} & set(parts)  # noqa: PLR2004 - captures/list/name
    _require(fits and key.isprintable() and len(key.encode()) <= _MAX_KEY, "key", "captures/<list>/<event id>.<ext>")
    return key


def _number(fields: dict[str, Any], field: str, least: float, most: float, default: float) -> float:
    value = default if fields.get(field) is None else fields[field]
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    _require(numeric and least <= value <= most, field, f"a number from {least:g} to {most:g}")
    return float(value)


def _whole(fields: dict[str, Any], field: str, least: int, most: int, default: int) -> int:
    value = _number(fields, field, least, most, default)
    _require(value.is_integer(), field, "a whole number")
    return int(value)


def _side(viewport: dict[str, Any], field: str, default: int) -> int:
    return _whole(viewport, field, 1, _MAX_SIDE, default)


def _full_page(request: dict[str, Any]) -> bool:
    full_page = request.get("full_page") or False
    _require(isinstance(full_page, bool), "full_page", "true or false")
    _require(not full_page or request.get("selector") is None, "full_page", "false where a selector is given")
    return bool(full_page)


def _quality(request: dict[str, Any], image_format: str) -> int | None:
    if request.get("quality") is None:
        return None
    _require(image_format == "jpeg", "quality", "left out unless image_format is jpeg")
    return _whole(request, "quality", 1, _MAX_QUALITY, _MAX_QUALITY)
