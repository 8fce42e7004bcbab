"""How a page is captured: what of it, in which window, when it is ready, and in which format.

A list declares these, the capture function obeys them. What cannot work is refused where it is declared, and once more
by the function (`functions/capture/eventpost_capture/request.py`), which shares no code with this and trusts no caller.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

_NUMBERS = {"scale": (1, 3), "delay_s": (0, 10)}
_WHOLE_NUMBERS = {"padding": (0, 200), "height_cap": (1, 16_384), "quality": (1, 100)}
_CHOICES = {
    "preset": ("desktop", "phone"),
    "wait_until": ("load", "network_quiet"),
    "image_format": ("png", "jpeg"),
}
_SWITCHES = ("full_page", "dark")
_LONGEST_SIDE = 4096
_LONGEST_SELECTOR = 1000
_MOST_HIDDEN = 50
_MOST_CSS = 20_000
# Only the shape is looked at: whether there is such a zone is known to the browser, and to the lists' tests.
_TIME_ZONE = re.compile(r"(?=.{3,64}\Z)(UTC|[A-Z][\w+-]*(/[\w+-]+){1,2})", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Viewport:
    """The browser window that a page is captured in: CSS pixels.

    Raises:
        ValueError: A side is no whole number from 1 to 4096.
    """

    width: int = 1280
    height: int = 800

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            _require_number(f"viewport: {name}", getattr(self, name), 1, _LONGEST_SIDE, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOptions:
    """What of a page goes into its picture, and how; docs/screenshots.md shows each option at work.

    Attributes:
        selector: A CSS selector; the first element it matches is captured instead of the window.
        padding: CSS pixels of the page around that element, 0 to 200.
        preset: "desktop" is a window of 1280 by 800; "phone" one of 390 by 844 on a mobile device with a touch screen.
        viewport: The window's size; None takes the preset's.
        full_page: Capture the page's whole height.
        height_cap: The greatest height of an element or a full page, in CSS pixels; what is below is cut off.
        wait_for: A CSS selector; the picture is taken when the first element it matches is visible.
        wait_until: "load", or "network_quiet": until there was no request for 500 ms. Neither waits for ever.
        delay_s: Seconds to wait besides, when everything else is ready, 0 to 10.
        scale: Device pixels per CSS pixel, 1 to 3. Two looks sharp on phones.
        dark: Tell the page that its reader prefers dark colours.
        css: Style sheet text that is added to the page's own, 20,000 bytes at most. It outranks nothing by itself:
            say `!important` where the page insists. `@import` is ignored.
        hide: CSS selectors; what they match leaves its room empty.
        time_zone: What the page takes for its reader's, such as "Europe/Berlin"; None leaves the function's, UTC.
        locale: What the page takes for its reader's language, such as "de-CH"; None leaves the browser's, en-US.
        image_format: "png" for charts and text, "jpeg" for photographs.
        quality: 1 to 100, for JPEG only.

    Raises:
        ValueError: An option is none, or does not go with another; the message says what to change.
    """

    selector: str | None = None
    padding: int = 0
    preset: Literal["desktop", "phone"] = "desktop"
    viewport: Viewport | None = None
    full_page: bool = False
    height_cap: int = 10_000
    wait_for: str | None = None
    wait_until: Literal["load", "network_quiet"] = "load"
    delay_s: float = 0
    scale: float = 2
    dark: bool = False
    css: str = ""
    hide: tuple[str, ...] = ()
    time_zone: str | None = None
    locale: str | None = None
    image_format: Literal["png", "jpeg"] = "png"
    quality: int | None = None

    def __post_init__(self) -> None:
        _check_values(self)
        _check_texts(self)
        _check_together(self)


def _check_values(options: CaptureOptions) -> None:
    for name, (least, most) in _NUMBERS.items():
        _require_number(name, getattr(options, name), least, most)
    for name, (least, most) in _WHOLE_NUMBERS.items():
        if name != "quality" or options.quality is not None:
            _require_number(name, getattr(options, name), least, most, whole=True)
    for name, choices in _CHOICES.items():
        _require(getattr(options, name) in choices, name, " or ".join(f'"{choice}"' for choice in choices))
    for name in _SWITCHES:
        _require(isinstance(getattr(options, name), bool), name, "True or False")
    sized = options.viewport is None or isinstance(options.viewport, Viewport)
    _require(sized, "viewport", "a Viewport, or left out for the preset's")


def _check_texts(options: CaptureOptions) -> None:
    for name, selector in (("selector", options.selector), ("wait_for", options.wait_for)):
        _require(selector is None or _is_selector(selector), name, "a CSS selector of at most 1,000 characters")
    _require(_are_selectors(options.hide), "hide", 'a tuple of at most 50 CSS selectors, such as ("#ad",)')
    _require(_is_style(options.css), "css", "a text of at most 20,000 bytes")
    zone = options.time_zone is None or _fits(_TIME_ZONE, options.time_zone)
    _require(zone, "time_zone", 'a name of the IANA database, such as "Europe/Berlin"')
    locale = options.locale is None or _fits(_LOCALE, options.locale)
    _require(locale, "locale", 'a language tag, such as "de" or "de-CH"')


def _check_together(options: CaptureOptions) -> None:
    if options.quality is not None and options.image_format != "jpeg":
        msg = "a PNG has no quality: leave `quality` out, or say image_format='jpeg'"
        raise ValueError(msg)
    _require(not (options.full_page and options.selector), "full_page", "False where a selector is given")
    _require(bool(options.selector) or not options.padding, "padding", "left out where no selector is given")
    shown = {options.selector, options.wait_for}
    _require(not shown & set(options.hide), "hide", "without what selector and wait_for want to see")


def _require(condition: bool, name: str, wanted: str) -> None:  # noqa: FBT001 - an assertion with a sentence
    if not condition:
        msg = f"{name} must be {wanted}"
        raise ValueError(msg)


def _require_number(name: str, value: Any, least: int, most: int, *, whole: bool = False) -> None:
    kinds = int if whole else int | float
    numeric = isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)
    noun = "whole number" if whole else "number"
    _require(numeric and least <= value <= most, name, f"a {noun} from {least:,} to {most:,}")


def _is_selector(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _LONGEST_SELECTOR


def _are_selectors(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) <= _MOST_HIDDEN and all(map(_is_selector, value))


def _is_style(value: Any) -> bool:
    return isinstance(value, str) and len(value.encode(errors="surrogatepass")) <= _MOST_CSS


def _fits(shape: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and bool(shape.fullmatch(value))
