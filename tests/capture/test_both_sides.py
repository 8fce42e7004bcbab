"""A list's declaration and the function that obeys it share no code, so here they are held to the same rules."""

import json
from dataclasses import fields
from typing import Any

import pytest

from eventpost.adapters.lambda_capture import _payload
from eventpost.model import CaptureOptions, CaptureRequest, Viewport
from eventpost_capture.errors import InvalidRequest
from eventpost_capture.request import Shot

_EMPTY: Any = None
_SELECTORS = ["#a", "a > b:not(.c)", " ", "", "x" * 1000, "x" * 1001, 7, ["#a"], _EMPTY]
_VALUES: dict[str, list[Any]] = {
    "selector": _SELECTORS,
    "wait_for": _SELECTORS,
    "padding": [0, 1],
    "preset": ["desktop", "phone", "tablet", "", 1],
    "viewport": [_EMPTY, Viewport(), Viewport(1, 4096), [1, 2], "1280x800", 3],
    "full_page": [True, False, 0, 1, "yes"],
    "height_cap": [1, 16384, 0, 16385, 0.5, -1, "9", True, float("inf")],
    "wait_until": ["load", "network_quiet", "commit", 0],
    "delay_s": [0, 0.5, 10, 10.1, -0.1, float("nan"), float("inf"), "1", True],
    "scale": [1, 1.5, 3, 0.9, 3.1, float("nan"), "2", True],
    "dark": [True, False, "dark", 1],
    "css": ["", "a{}", "x" * 20_000, "x" * 20_001, "\xe9" * 10_001, 1, ["a{}"]],
    "hide": [(), ("#a", "b c"), ("",), ("#a",) * 50, ("#a",) * 51, "#a", (1,), (("#a",),)],
    "time_zone": [
        "UTC",
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Etc/GMT+5",
        "CET",
        "a/b",
        "../x",
        "",
        1,
        _EMPTY,
    ],
    "locale": ["de", "de-CH", "zh-Hant-TW", "de_CH", "d", "", "de-", "de\n", 1, _EMPTY],
    "image_format": ["png", "jpeg", "webp", 1],
}
_SETS: list[dict[str, Any]] = [
    *({name: value} for name, values in _VALUES.items() for value in values),
    *({"selector": "#a", "padding": padding} for padding in (0, 1, 200, 201, -1, 0.5, "1", True)),
    *({"image_format": "jpeg", "quality": quality} for quality in (1, 100, 0, 101, 50.5, "9", True, _EMPTY)),
    {"quality": 50},
    {"selector": "#a", "full_page": True},
    {"selector": "#a", "hide": ("#a",)},
    {"wait_for": "#a", "hide": ("#b", "#a")},
]


def _declared(options: dict[str, Any]) -> Shot | None:
    """What arrives of a declared screenshot; nothing where the declaration is refused."""
    try:
        declared = CaptureOptions(**options)
    except ValueError:
        return None
    request = CaptureRequest("https://pages.example.com/", "captures/a/b.png", declared, 25)
    return Shot.parse(json.loads(_payload(request)))


def _asked(options: dict[str, Any]) -> Shot | None:
    """What the function makes of the same values when nobody has looked at them before."""
    values = {
        name: {"width": v.width, "height": v.height} if isinstance(v, Viewport) else v for name, v in options.items()
    }
    request = {"url": "https://pages.example.com/", "key": "captures/a/b.png", "deadline_s": 25, "scale": 2, **values}
    try:
        return Shot.parse(json.loads(json.dumps(request)))
    except InvalidRequest:
        return None


@pytest.mark.parametrize("options", _SETS, ids=lambda options: repr(options)[:60])
def test_both_sides_take_and_refuse_the_same(options: dict[str, Any]) -> None:
    """A declared screenshot is never refused by the function, and means there what it means here."""
    assert _declared(options) == _asked(options)


def test_no_option_is_left_out() -> None:
    """Whoever adds an option adds it here."""
    assert {field.name for field in fields(CaptureOptions)} == _VALUES.keys() | {"quality"}
