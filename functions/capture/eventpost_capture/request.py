"""What one capture is asked for: the request's JSON, read strictly.

A wrong request never gets right by itself, so everything wrong here is a permanent error that names the field. Only a
field that nobody knows is another matter: the list is newer than this function, and the next deploy may mend that.
"""

import re
from dataclasses import dataclass
from typing import Any, Self

from eventpost_capture import fields
from eventpost_capture.errors import InvalidRequest, Misconfigured
from eventpost_capture.fields import Fields, require

_WINDOWS = {"desktop": (1280, 800), "phone": (390, 844)}  # CSS pixels; the latter is an iPhone's of 2020 to 2024
_MAX_SIDE = 4096
_MAX_SCALE = 3
_MAX_PADDING = 200
_HEIGHT_CAP, _MAX_HEIGHT = 10_000, 16_384
_MAX_DELAY_S = 10
_MAX_CSS = 20_000
_MAX_QUALITY = 100
_LONGEST_S = 900  # Lambda's own limit
# By their shapes alone; the browser knows whether there are such ones.
_TIME_ZONE = re.compile(r"(?=.{3,64}\Z)(UTC|[A-Z][\w+-]*(/[\w+-]+){1,2})", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_FIELDS = frozenset(
    {"url", "key", "deadline_s", "selector", "padding", "viewport", "preset", "full_page", "height_cap", "wait_for"}
    | {"wait_until", "delay_s", "scale", "dark", "image_format", "quality", "css", "hide", "time_zone", "locale"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One screenshot: of which page, of what on it, how large, in which format, by when, kept under which key.

    Lengths are CSS pixels. What each option does is told in docs/screenshots.md.
    """

    url: str
    key: str
    selector: str | None = None
    padding: int = 0
    phone: bool = False
    width: int = _WINDOWS["desktop"][0]
    height: int = _WINDOWS["desktop"][1]
    full_page: bool = False
    height_cap: int = _HEIGHT_CAP
    wait_for: str | None = None
    network_quiet: bool = False
    delay_s: float = 0
    scale: float = 1
    dark: bool = False
    css: str = ""
    hide: tuple[str, ...] = ()
    time_zone: str | None = None
    locale: str | None = None
    image_format: str = "png"
    quality: int | None = None
    deadline_s: float = 20

    @property
    def media_type(self) -> str:
        """The picture's media type."""
        return f"image/{self.image_format}"

    @property
    def patience_s(self) -> float:
        """The part of the deadline that waiting for the page may take its shares of."""
        return self.deadline_s - self.delay_s

    @classmethod
    def parse(cls, request: Any) -> Self:
        """Read a request.

        Raises:
            InvalidRequest: A field is missing or wrong; the message names the first.
            Misconfigured: A field is not known here.
        """
        if not isinstance(request, dict):
            raise InvalidRequest("the request is not a JSON object")
        _refuse_the_unknown(request)
        preset = fields.choice(request, "preset", *_WINDOWS)
        image_format = fields.choice(request, "image_format", "png", "jpeg")
        width, height = _window(request, preset)
        shot = cls(
            url=fields.text(request, "url"),
            key=fields.key(request),
            selector=fields.selector(request, "selector"),
            padding=fields.whole(request, "padding", 0, _MAX_PADDING, 0),
            phone=preset == "phone",
            width=width,
            height=height,
            full_page=fields.switch(request, "full_page"),
            height_cap=fields.whole(request, "height_cap", 1, _MAX_HEIGHT, _HEIGHT_CAP),
            wait_for=fields.selector(request, "wait_for"),
            network_quiet=fields.choice(request, "wait_until", "load", "network_quiet") == "network_quiet",
            delay_s=fields.number(request, "delay_s", 0, _MAX_DELAY_S, 0),
            scale=fields.number(request, "scale", 1, _MAX_SCALE, 1),
            dark=fields.switch(request, "dark"),
            css=fields.style(request, "css", _MAX_CSS),
            hide=fields.selectors(request, "hide"),
            time_zone=fields.shaped(request, "time_zone", _TIME_ZONE, 'a name such as "Europe/Berlin"'),
            locale=fields.shaped(request, "locale", _LOCALE, 'a language tag such as "de-CH"'),
            image_format=image_format,
            quality=_quality(request, image_format),
            deadline_s=fields.number(request, "deadline_s", 0.1, _LONGEST_S, 20),
        )
        shot._check_together()
        return shot

    def _check_together(self) -> None:
        require(not (self.full_page and self.selector), "full_page", "false where a selector is given")
        require(bool(self.selector) or not self.padding, "padding", "left out where no selector is given")
        require(self.delay_s < self.deadline_s, "delay_s", "less than deadline_s")
        shown = {self.selector, self.wait_for}
        require(not shown & set(self.hide), "hide", "without what selector and wait_for want to see")


def _refuse_the_unknown(request: dict[str, Any]) -> None:
    unknown = sorted(str(name) for name in request.keys() - _FIELDS)
    if unknown:
        named = ", ".join(name[:40] for name in unknown[:5])
        raise Misconfigured(f"the capture function does not know {named}: deploy it in the version of its list")


def _window(request: Fields, preset: str) -> tuple[int, int]:
    viewport = {} if request.get("viewport") is None else request["viewport"]
    require(isinstance(viewport, dict), "viewport", "an object of width and height")
    width, height = _WINDOWS[preset]
    return (
        fields.whole(viewport, "width", 1, _MAX_SIDE, width),
        fields.whole(viewport, "height", 1, _MAX_SIDE, height),
    )


def _quality(request: Fields, image_format: str) -> int | None:
    if request.get("quality") is None:
        return None
    require(image_format == "jpeg", "quality", "left out unless image_format is jpeg")
    return fields.whole(request, "quality", 1, _MAX_QUALITY, _MAX_QUALITY)
