"""The preferences function as HTTP sees it: what changes nothing, what is refused, and what is told of it."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import given
from consent_world import NEWS, ConsentWorld, link
from eventpost.adapters.memory_subscribers import MemorySubscribers
from eventpost.errors import Misconfigured, PersonChanged, StoreUnavailable
from eventpost.links import Links, LinkTarget, Purpose
from eventpost.pages import Pages
from eventpost.runtime.preferences import ROUTES, PreferencesFunction, serve_pages
from eventpost.runtime.web.fields import MOST_BYTES
from eventpost.tasks import audience_of
from http_gateway import Context, http_event
from preferences_site import URL_ENCODED, Site
from sentinels import address
from task_world import OWNER, task

METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")


@pytest.fixture
def site() -> Site:
    """Ann is on two lists; she was asked whether she wants a third, and whether her mails go elsewhere."""
    site = Site()
    site.world.join("ann", NEWS, "stock_alerts/AMZN")
    return site


def every_link(site: Site) -> dict[str, str]:
    """The path of a link of each purpose that would do something if it were pressed."""
    asked, moving = site.world.ask("ann", "price_moves"), site.world.ask_to_move("ann", "anna")
    assert asked
    assert moving
    site.world.leave("ann", "stock_alerts/AMZN")
    targets = {
        Purpose.UNSUBSCRIBE: link("ann"),
        Purpose.PREFERENCES: link("ann"),
        Purpose.CONFIRM: asked,
        Purpose.UNDO: link("ann", "stock_alerts/AMZN"),
        Purpose.MOVE: moving,
        Purpose.TASK: link("ann", audience_of(site.tasks.add(OWNER, task("ann")).schedule.id)),
    }
    return {purpose: site.url(purpose, target) for purpose, target in targets.items()}


@pytest.mark.parametrize("method", ["GET", "HEAD", *METHODS])
def test_only_a_post_changes_anything(site: Site, method: str) -> None:
    """Mail scanners follow every link: nothing is stored, counted or sent by that, whatever stands behind it."""
    links = [*every_link(site).values(), "/", "/join", "/join/news", "/join/stock_alerts", "/link", "/nothing"]
    before = site.kept()
    body = b"action=leave&List-Unsubscribe=One-Click"

    for target in links:
        for query in (
            "",
            "?action=leave&List-Unsubscribe=One-Click",
            "?q=a&page=2&email=ann%40pii.example.com&topic=AMZN",
        ):
            site.visit(method, target + query)
            site.visit(method, target + query, body, content_type=URL_ENCODED)

    assert site.kept() == before


def test_each_of_these_links_does_something_when_it_is_pressed(site: Site) -> None:
    """Or the test above would show nothing."""
    presses = {
        Purpose.UNSUBSCRIBE: "leave",
        Purpose.PREFERENCES: "everything",
        Purpose.CONFIRM: "confirm",
        Purpose.UNDO: "",
        Purpose.MOVE: "confirm",
        Purpose.TASK: "pause",
    }
    for purpose, action in presses.items():
        fresh = Site()
        fresh.world.join("ann", NEWS, "stock_alerts/AMZN")
        target = every_link(fresh)[purpose]
        before = fresh.kept()

        assert fresh.post(target, action=action).status == 200
        assert fresh.kept() != before


def test_head_is_get_without_the_page(site: Site) -> None:
    """The same status and headers."""
    for target in [*every_link(site).values(), "/", "/join/news", "/link", "/nothing"]:
        got, headed = site.get(target), site.visit("HEAD", target)

        assert (headed.status, headed.headers, headed.html) == (got.status, got.headers, "")
        assert got.html


def forged(token: str) -> list[str]:
    """Tokens that are not ours, made of one that is."""
    payload, _, rest = token.partition(".")
    flipped = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in (0, 10, 25, -10, -2)]
    other = Links(["another key"], given.LINKS.base_url)
    foreign = [other.token(purpose, link("ann")) for purpose in Purpose]
    cut = [token[:-1], token[1:], token[:20], payload, rest, f"{payload}.", f".{rest}", ".", "x"]
    return [*flipped, *foreign, *cut, f"{token}A", f"{token}.", token.upper(), f"{token}=", "é", "a" * 5000]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_that_is_not_ours_gets_a_page_that_helps_and_tells_nothing(site: Site, purpose: Purpose) -> None:
    """Cut, changed, made with another key: the same page for each, whoever it would be about; nothing is changed."""
    token = every_link(site)[purpose].rpartition("/")[2]
    before = site.kept()

    pages = [site.post(f"/{purpose}/{wrong}", action="leave") for wrong in forged(token)]
    if purpose is not Purpose.UNDO:
        pages += [site.get(f"/{purpose}/{wrong}") for wrong in forged(token)]

    assert {(page.status, page.html) for page in pages} == {(400, pages[0].html)}
    assert "This link does not work" in pages[0].text
    assert "../link" in [form.action for form in pages[0].shown.forms]
    assert site.kept() == before


def test_a_link_for_one_purpose_is_no_link_for_another(site: Site) -> None:
    """Whoever has one of them has no other."""
    links = every_link(site)
    before = site.kept()

    for purpose, target in links.items():
        for other in set(Purpose) - {purpose}:
            assert site.post(f"/{other}/{target.rpartition('/')[2]}", action="leave").status == 400

    assert site.kept() == before


@pytest.mark.parametrize(
    ("purpose", "days"),
    [(Purpose.PREFERENCES, 31), (Purpose.CONFIRM, 8), (Purpose.MOVE, 2), (Purpose.UNDO, 2), (Purpose.TASK, 401)],
)
def test_a_link_that_is_too_old_says_so_and_leads_to_a_new_one(
    site: Site, monkeypatch: pytest.MonkeyPatch, purpose: Purpose, days: int
) -> None:
    """410, with a form that mails a new link."""
    from itsdangerous import TimestampSigner

    target = every_link(site)[purpose]
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now(signer) + days * 86400)
    before = site.kept()

    page = site.post(target, action="confirm")

    assert page.status == 410
    assert "This link is too old" in page.text
    assert site.kept() == before
    assert "Look into your mail" in site.press(page, email=address("ann")).text


def test_an_unsubscribe_link_works_after_a_rotation_of_keys_and_after_years(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old keys verify for as long as they are kept."""
    target = site.unsubscribe("ann")
    monkeypatch.setattr(given, "LINKS", Links(["the key that signs links", "a newer key"], "https://mail.example.com"))
    site.world.wait(days=3000)

    assert site.post(target, ("List-Unsubscribe", "One-Click")).status == 200
    assert NEWS not in site.world.on("ann")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.rule)
def test_other_methods_are_told_which_there_are(site: Site, route: Any, method: str) -> None:
    """405 with `Allow` (RFC 9110, 15.5.6)."""
    page = site.visit(method, route.rule.replace("<token>", "abc").replace("<mail_list>", "news"))

    assert (page.status, page.headers["Allow"]) == (405, route.allowed)


def test_undo_has_no_page_of_its_own(site: Site) -> None:
    """Whoever opens its address again is led back."""
    page = site.get(every_link(site)[Purpose.UNDO])

    assert (page.status, page.headers["Allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    """64 KB are taken, one byte more is not."""
    padding = b"action=leave&padding="
    fits, more = padding + b"x" * (MOST_BYTES - len(padding)), padding + b"x" * (MOST_BYTES + 1 - len(padding))

    assert site.visit("POST", site.unsubscribe("ann"), more, content_type=URL_ENCODED).status == 413
    assert site.visit("POST", site.unsubscribe("ann"), more, content_type="text/plain").status == 413
    assert NEWS in site.world.on("ann")
    assert site.visit("POST", site.unsubscribe("ann"), fits, content_type=URL_ENCODED).status == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URL_ENCODED, b"&".join(b"a=1" for _ in range(1000))),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=é", b"--x--"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/mixed; boundary=x", b"--x\r\nContent-Type: multipart/mixed\r\n\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\nq\r\n--x--",
        ),
        (URL_ENCODED, b"%ff%fe=%00&=&&=;"),
        ("application/json", b'{"action": "leave"}'),
    ],
)
def test_a_body_that_is_no_form_is_refused(site: Site, content_type: str, body: bytes) -> None:
    """Whatever it is, it is the sender's mistake, and nothing is changed."""
    before = site.kept()
    for target in (site.unsubscribe("ann"), site.preferences("ann"), "/link", "/join/news"):
        assert site.visit("POST", target, body, content_type=content_type).status == 400
    assert site.kept() == before


def test_base64_that_is_none_is_refused(site: Site) -> None:
    """No gateway sends it."""
    event = http_event("POST", "/link", b"x")
    event["body"] = "***"

    assert site.function(event, Context())["statusCode"] == 400  # type: ignore[arg-type]


class BrokenStore(MemorySubscribers):
    """A store that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def people(self, subscribers: Any) -> Any:
        """See `ports.Memberships`."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnavailable("down"), 503),
        (PersonChanged("again and again"), 503),
        (Misconfigured("no key"), 500),
        (KeyError(address("ann")), 500),
        (RuntimeError(address("ann")), 500),
    ],
)
def test_whatever_fails_is_a_page_and_a_line_in_the_log_that_names_nobody(
    caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    """With a word on when to come again where that helps; the error's own words only where they are ours."""
    site = Site(ConsentWorld(store=BrokenStore(error)))

    caplog.set_level("INFO")
    pages = [
        site.get(site.unsubscribe("ann")),
        site.post(site.unsubscribe("ann"), ("List-Unsubscribe", "One-Click")),
        site.get(site.preferences("ann")),
        site.post("/join/news", email=address("ann")),
    ]

    logged = [vars(record) for record in caplog.records]
    assert {page.status for page in pages} == {status}
    assert {page.headers.get("Retry-After") for page in pages} == {"30" if status == 503 else None}
    assert {line.get("error") for line in logged} == {type(error).__name__}
    assert {line["route"] for line in logged if line["levelname"] == "INFO"} == {
        "GET /u/<token>",
        "POST /u/<token>",
        "GET /p/<token>",
        "POST /join/<mail_list>",
    }


def test_the_log_holds_neither_tokens_nor_addresses_nor_words(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A line for each request: its route, the status, and the type of an error."""
    token = site.unsubscribe("ann").rpartition("/")[2]

    caplog.set_level("INFO")
    site.get(f"/u/{token}")
    site.get(f"/u/{token}x")
    site.get(f"/secret-path/{token}?q=secret-word")
    site.visit("SECRET", f"/u/{token}")
    site.post("/join/news", email=address("ann"))

    lines = [vars(record) for record in caplog.records]
    out = repr(lines)
    assert [(line["route"], line["status"], line.get("error")) for line in lines] == [
        ("GET /u/<token>", 200, None),
        ("GET /u/<token>", 400, "BadLink"),
        ("GET none", 404, None),
        ("other none", 405, None),
        ("POST /join/<mail_list>", 200, None),
    ]
    assert not [
        told for told in (token, token[:10], "secret", "ann@", "198.51.100.7") if told.casefold() in out.casefold()
    ]


def test_without_templates_there_is_still_an_answer(tmp_path: Path) -> None:
    """Such as in a function without the templates layer: no page, and all the headers that shield it."""
    site = Site(pages=Pages(tmp_path))

    page = site.get("/join")

    assert (page.status, "Something went wrong" in page.text) == (500, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_function_that_is_deployed_wrongly_answers_as_well() -> None:
    """What it lacks is in its log, and no request goes without an answer."""

    def broken() -> Any:
        msg = "EVENTPOST_SETTINGS is not set"
        raise Misconfigured(msg)

    answer = serve_pages(broken)(http_event("GET", "/join"), Context())  # type: ignore[arg-type]

    assert answer["statusCode"] == 500


def test_nothing_is_made_before_the_first_request() -> None:
    """The module of the function can be imported in an empty environment."""
    spec = importlib.util.spec_from_file_location(
        "preferences_app", given.REPOSITORY / "functions" / "preferences" / "app.py"
    )
    assert spec
    assert spec.loader
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)

    assert isinstance(app.lambda_handler, PreferencesFunction)


def test_a_token_that_is_ours_about_something_unknown_reveals_nothing(site: Site) -> None:
    """A subscriber or tag that nobody has."""
    nowhere = LinkTarget("0" * 32, "0" * 12)

    pages = [site.get(site.url(purpose, nowhere)) for purpose in Purpose if purpose is not Purpose.UNDO]

    assert [page.status for page in pages] == [200] * 5
    assert "pii.example.com" not in "".join(page.html for page in pages)
