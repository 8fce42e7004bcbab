"""Pages: what each is made of, in each language, and the headers that go with it."""

import base64
import hashlib
import re
from urllib.parse import quote

import pytest

from consent_world import link
from eventpost.links import Purpose
from eventpost.pages import Pages
from eventpost.registry import Registry
from preferences_site import TEMPLATES, Seen, Shown, Site

HOSTILE = "<script>alert('x')</script>\"'&{{ 7 * 7 }}"
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Strict-Transport-Security": "max-age=63072000",
    "Content-Type": "text/html; charset=utf-8",
}


@pytest.fixture
def site() -> Site:
    """Ann is on two lists; somebody asked for Bob to join, and Ann to move."""
    site = Site()
    site.world.join("ann", "news", "stock_alerts/AMZN")
    return site


def every_page(site: Site) -> list[Seen]:
    """Each kind of page once, errors too."""
    asked, moving = site.world.ask("bob", "news"), site.world.ask_to_move("ann", "anna")
    assert asked
    assert moving
    confirm, move = site.url(Purpose.CONFIRM, asked), site.url(Purpose.MOVE, moving)
    seen = [
        site.get("/"),
        site.get("/join/news"),
        site.get("/join/stock_alerts?topic=AMZN&topic=nonsense"),
        site.get("/link"),
        site.get(site.preferences("ann")),
        site.get(f"{site.preferences('ann')}?q=nothing+of+that+name"),
        site.get(site.unsubscribe("ann")),
        site.get(site.unsubscribe("nobody")),
        site.get(confirm),
        site.get(move),
        site.post("/join/news", email="nonsense", name="http://x"),
        site.post("/join/stock_alerts", email="nonsense"),
        site.post("/join/news", email="cleo@pii.example.com"),
        site.post("/link", email="cleo@pii.example.com"),
        site.post("/link", email="nonsense"),
        site.post(site.preferences("ann"), action="save"),
        site.post(site.preferences("ann"), action="move", new_address="nonsense"),
        site.post(site.preferences("ann"), ("shown_off", "news"), ("on", "nothing"), action="save"),
        site.post(site.preferences("ann"), ("shown_off", "nothing"), ("on", "nothing"), action="save"),
        site.post(site.unsubscribe("ann"), action="leave"),
        site.post(site.url(Purpose.UNDO, link("ann")), action=""),
        site.post(site.url(Purpose.UNDO, link("nobody"))),
        site.post(confirm, action="confirm"),
        site.get(confirm),
        site.post(move, action="confirm"),
        site.get(move),
        site.post(site.preferences("ann"), action="everything"),
        site.get("/nothing/here"),
        site.get("/u/nonsense"),
        site.get("/undo/nonsense"),
        site.post("/u/nonsense", action="leave"),
        site.visit("DELETE", "/join"),
        site.visit("POST", "/link", b"x" * 70_000),
    ]
    site.world.wait(days=40)
    seen += [site.get(site.preferences("nobody")), site.visit("HEAD", "/join")]
    return seen


def test_every_page_goes_out_with_the_headers_that_shield_it(site: Site) -> None:
    """Whatever the status. The URL is a secret, so it travels nowhere and is kept nowhere."""
    for page in every_page(site):
        assert {name: page.headers.get(name) for name in HEADERS} == HEADERS, page.target
        assert not page.cookies


def test_no_page_may_do_more_than_be_styled_and_be_posted(site: Site) -> None:
    """The policy allows its one style element, by the hash of just what is in it, and nothing from anywhere else."""
    for page in every_page(site):
        policy = page.headers["Content-Security-Policy"].split("; ")
        styles = re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles]

        assert [f"style-src 'sha256-{each}'" for each in hashes] in ([policy[1]], [])
        assert {"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= {*policy}
        assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_no_page_holds_a_script_a_style_attribute_or_an_address_of_another_site(site: Site) -> None:
    """Everything works without scripts, and nothing is fetched from anywhere."""
    for page in every_page(site):
        for tag, attributes in page.shown.tags:
            assert tag not in {"script", "img", "iframe", "link", "object", "base"}
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            targets = [attributes.get(name) or "" for name in ("href", "src", "action")]
            assert not [target for target in targets if ":" in target or target.startswith(("//", "/"))]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_is_built_so_that_everybody_can_use_it(site: Site, language: str) -> None:
    """A language, a title, one main landmark with one heading, and a label for everything that can be filled in."""
    site.get = lambda target, **_: site.visit("GET", target, accept_language=language)  # type: ignore[method-assign]
    for page in every_page(site):
        if not page.html:
            continue
        shown = page.shown
        tags = [tag for tag, _ in shown.tags]
        ids = [attributes["id"] for _, attributes in shown.tags if "id" in attributes]
        labelled = {attributes.get("for") for tag, attributes in shown.tags if tag == "label"}
        inputs = [a for tag, a in shown.tags if tag == "input" and a.get("type") != "hidden"]

        assert ("html", {"lang": page.headers["Content-Language"], "dir": "ltr"}) in shown.tags
        assert [tags.count(tag) for tag in ("title", "main", "h1", "header", "footer")] == [1, 1, 1, 1, 1]
        assert len(ids) == len({*ids}), page.target
        assert {each["id"] for each in inputs} <= labelled
        for _, attributes in shown.tags:
            assert {*(attributes.get("aria-describedby") or "").split()} <= {*ids}
        assert {target[1:] for target in shown.links if target.startswith("#")} <= {*ids}


def test_an_address_is_asked_for_so_that_browsers_can_fill_it_in(site: Site) -> None:
    """WCAG 2.2, 1.3.5: the purpose of a field is told."""
    fields = [a for tag, a in site.get("/join/news").shown.tags if tag == "input"]

    told = {attributes["name"]: attributes.get("autocomplete") for attributes in fields}
    assert told == {"email": "email", "name": "name"}


def test_an_error_is_told_first_and_leads_to_its_field(site: Site) -> None:
    """The summary has the focus, each line of it leads to a field, and the field names its error."""
    page = site.post("/join/news", email="nonsense", name="see www.example.com")

    shown = page.shown
    summary = next(a for _, a in shown.tags if a.get("role") == "alert")
    fields = {a["id"]: a for tag, a in shown.tags if tag == "input" and "id" in a}
    assert page.status == 400
    assert page.text.startswith("Error: Join News")
    assert "autofocus" in summary
    assert [target for target in shown.links if target.startswith("#")] == ["#email", "#name"]
    assert fields["email"]["aria-invalid"] == "true"
    assert fields["email"]["aria-describedby"] == "email-error"
    assert (fields["email"]["value"], fields["name"]["value"]) == ("nonsense", "see www.example.com")


@pytest.mark.parametrize("path", ["/join/stock_alerts?q={}&topic={}", "/p?q={}", "/join/{}", "/{}", "/link?email={}"])
def test_what_a_visitor_sends_is_shown_as_text(site: Site, path: str) -> None:
    """Neither markup nor a template in it means anything."""
    path = path.replace("/p?", f"{site.preferences('ann')}?").replace("{}", quote(HOSTILE, safe=""))

    page = site.get(path)

    assert "<script" not in page.html
    assert "49" not in page.text


def test_hostile_words_in_a_form_come_back_as_text(site: Site) -> None:
    """They stand in the field as they were typed, and nowhere as markup."""
    page = site.post("/join/news", email=HOSTILE, name=HOSTILE)

    values = {a.get("name"): a.get("value") for tag, a in page.shown.tags if tag == "input"}
    assert values["email"] == HOSTILE
    assert "<script" not in page.html


def test_a_list_with_a_hostile_name_is_shown_as_text(site: Site) -> None:
    """Titles and descriptions are text, whoever declared them."""
    entries = [each.model_copy(update={"title": HOSTILE, "description": HOSTILE}) for each in site.world.registry.lists]
    site.world.registry = Registry(lists=tuple(entries))

    for path in ("/", "/join/news", site.unsubscribe("ann"), site.preferences("ann")):
        page = site.get(path)
        assert "<script" not in page.html
        assert HOSTILE in Shown(page.html)._words


def test_who_the_mails_are_from_stands_above_each_page(site: Site) -> None:
    """The sender's name, or a neutral word where there is none."""
    assert "Eventpost" in site.get("/").text
    site.pages = Pages(TEMPLATES)
    assert "Your mails" in site.get("/").text


def test_pages_work_behind_any_prefix(site: Site) -> None:
    """Links and forms are relative: a stage or a custom path before them changes nothing."""
    deep = {path: site.get(path) for path in ("/", "/join", "/join/news", "/a/b/c")}

    ways = {path: [target for target in page.shown.links if target.endswith("link")] for path, page in deep.items()}
    assert ways == {"/": ["./link"], "/join": ["./link"], "/join/news": ["../link"], "/a/b/c": ["../../link"]}
