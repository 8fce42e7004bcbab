"""Dressing a page for its picture: the list's own style sheet text, and what is not to be seen.

The sheets are adopted by the document rather than written into it: a page's content security policy keeps out elements,
not these, and they cannot import others. What their rules load is asked for by the page and judged like all it loads.
"""

import json

from playwright.async_api import Page

from eventpost_capture.errors import InvalidRequest
from eventpost_capture.request import Shot

_DRESS = """
([css, hide]) => {
    const added = new CSSStyleSheet(), hiding = new CSSStyleSheet(), wrong = [];
    added.replaceSync(css);
    hide.forEach((selector, index) => {
        try {
            document.querySelector(selector);
            hiding.insertRule(selector + '{visibility:hidden!important}');
            hiding.insertRule(':is(' + selector + ') *{visibility:hidden!important}');
        } catch {
            wrong.push(index);
        }
    });
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, added, hiding];
    return wrong;
}
"""


async def dress_every_document(page: Page, shot: Shot) -> None:
    """Have every document that `page` comes to show dressed from its beginning, those in frames excepted."""
    if shot.css or shot.hide:
        await page.add_init_script(f"if (self === top) ({_DRESS})({json.dumps([shot.css, shot.hide])})")


async def dress(page: Page, shot: Shot) -> None:
    """Dress what is shown now, whatever the page's scripts have taken off. Twice is as good as once.

    Raises:
        InvalidRequest: `hide` holds what is no CSS selector.
    """
    if not (shot.css or shot.hide):
        return
    wrong = await page.evaluate(_DRESS, [shot.css, list(shot.hide)])
    if wrong:
        raise InvalidRequest("hide must hold valid CSS selectors only: mend it in the list's Screenshot")
