"""The macro `picture`, to the byte: the picture as it always was, the note in its place, and nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

import given
from eventpost.compose import Templates

AT = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
PICTURE = {"missing": False, "src": "cid:1", "width": 1280, "height": 800, "captured_at": AT}
MISSING = {"missing": True, "tried_at": AT}
TABLE = '<table class="screenshot" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">\n'
IMAGE = '<img src="cid:1" alt="A &lt;chart&gt;" width="534" height="334">'


CAPTION = '<tr><td class="caption">'
ON = "at 09:30 UTC on 1 January 2026</td></tr>\n</table>"
LINKED = (
    f'{TABLE}  <tr><td class="screenshot-frame" bgcolor="#ffffff"><a href="https://x.example.com/">{IMAGE}</a></td></tr>'
    f"\n  {CAPTION}Captured {ON}"
)
ALONE = f'{TABLE}  <tr><td class="screenshot-frame" bgcolor="#ffffff">{IMAGE}</td></tr>\n  {CAPTION}Captured {ON}'
NOTE = f"{TABLE}  {CAPTION}No picture this time: {{}} could not be captured {ON}"


@pytest.mark.parametrize(
    ("call", "screenshot", "wanted"),
    [
        ('"A <chart>", "https://x.example.com/"', PICTURE, LINKED),
        ('"A <chart>"', PICTURE, ALONE),
        (
            '"A <chart>", "https://x.example.com/"',
            MISSING,
            NOTE.format('<a href="https://x.example.com/">the page</a>'),
        ),
        ('"A <chart>"', MISSING, NOTE.format("the page")),
        ('"A <chart>"', None, ""),
    ],
)
def test_in_html(call: str, screenshot: Any, wanted: str) -> None:
    """The caption says when; the note leads to the page."""
    assert rendered("html", f"screenshot, {call}", screenshot) == wanted


@pytest.mark.parametrize(
    ("screenshot", "wanted"),
    [
        (
            PICTURE,
            "The HTML part of this mail shows a screenshot, captured at\n09:30 UTC on 1 January 2026.",
        ),
        (
            MISSING,
            "This mail comes without its screenshot: the page could not be captured\nat 09:30 UTC on 1 January 2026.",
        ),
        (None, ""),
    ],
)
def test_in_text(screenshot: Any, wanted: str) -> None:
    """In lines of 72 columns at most."""
    shown = rendered("txt", "screenshot", screenshot)

    assert shown == wanted
    assert all(len(line) <= 72 for line in shown.splitlines())


def rendered(kind: str, call: str, screenshot: Any) -> str:
    """What the macro gives, called so from a template."""
    templates = Templates(given.REPOSITORY / "templates")
    source = f'{{% import "_macros.{kind}" as ui %}}{{{{ ui.picture({call}) }}}}'
    environment = templates._files
    environment.autoescape = kind == "html"
    return environment.from_string(source).render(screenshot=screenshot)
