"""Each option of a screenshot, seen in its picture."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from capture_site import Site, Take
from PIL import Image

RED, BLUE, WHITE = (200, 0, 0), (0, 0, 200), (255, 255, 255)

type Opened = Callable[[], Image.Image]

_RING = "width:100px;height:60px;background:rgb(200,0,0);box-shadow:0 0 0 10px rgb(0,0,200)"
_SCROLLER = f"<div style='height:100px;overflow:auto'><p style='height:900px'><div id=b style='margin:30px;{_RING}'>"
_BOX = "<body style='margin:0;background:white'><div id=b style='width:40px;height:40px;background:rgb(200,0,0)'>"
_TURNS_BLUE = "document.getElementById('b').style.background='rgb(0,0,200)'"
_LATE = f"{_BOX}</div><div id=late hidden>x</div><script>setTimeout(() => {{%s}}, 700)</script>"
_ASKS = f"{_BOX}</div><script>onload = () => fetch('/picture?after=%s').then(() => {{%s}})</script>"
_ASKS_ON = f"{_BOX}</div><script>setInterval(() => fetch('/picture'), 100)</script>"
_DEVICE = (
    "<meta name=viewport content='width=device-width'><body style='margin:0'><div id=b></div><script>"
    "b.style.width = innerWidth / 10 + 'px';"
    "b.style.height = (matchMedia('(pointer:coarse)').matches ? 20 : 10) + devicePixelRatio + 'px'</script>"
)
_TOO_WIDE = "width:980px;height:2500px;background:linear-gradient(to right,rgb(200,0,0) 50%,rgb(0,0,200) 50%)"
_PLACE = (
    f"{_BOX}</div><script>const hours = new Date(0).getHours();"
    "b.style.width = 10 + hours + 'px'; b.style.height = 10 + (0.5).toLocaleString().charCodeAt(1) + 'px';"
    "if (navigator.language == 'de-AT') " + _TURNS_BLUE + "</script>"
)
_UNDRESSES = f"{_BOX}</div><script>onload = () => {{document.adoptedStyleSheets = []}}</script>"
_AD = f"{_BOX}<div id=ad><p style='visibility:visible;background:blue;margin:0'>ad</p></div></div>"
_MEASURES = f"{_BOX}</div><script>if (b.offsetWidth == 20) {_TURNS_BLUE}</script>"
_SECURE = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
_PAGES = {
    "/ring": f"<body style='margin:0;background:white'><div id=b style='margin:40px 50px;{_RING}'>",
    "/ring-scrolled": f"<body style='margin:0;background:white;height:3000px'><p style='height:1500px'>{_SCROLLER}",
    "/box": _BOX,
    "/dark": f"{_BOX}</div><style>@media (prefers-color-scheme: dark) {{#b{{background:rgb(0,0,200)!important}}}}",
    "/device": _DEVICE,
    "/fixed-width": f"<body style='margin:0;background:white'><div style='{_TOO_WIDE}'>",
    "/late": _LATE % f"document.getElementById('late').hidden = false; {_TURNS_BLUE}",
    "/asks": _ASKS % ("1", _TURNS_BLUE),
    "/asks-on": _ASKS_ON,
    "/place": _PLACE,
    "/undresses": _UNDRESSES,
    "/ad": _AD,
    "/measures": _MEASURES,
    "/secure": _SECURE + _BOX,
    "/moves-on": "<script>setTimeout(() => location = '/box', 50)</script>",
}


@pytest.fixture(autouse=True)
def _pages(site: Site) -> None:
    site.pages.update(_PAGES)
    site.hits.clear()


@pytest.fixture
def colours(image: Opened) -> Callable[[], dict[Any, int]]:
    """How many pixels of each colour the picture has."""
    return lambda: {colour: pixels for pixels, colour in image().convert("RGB").getcolors(100_000) or ()}


type Colours = Callable[[], dict[Any, int]]


@pytest.mark.parametrize(("path", "scale"), [("/ring", 1), ("/ring", 2), ("/ring-scrolled", 1)])
def test_padding_is_the_page_around_the_element(take: Take, image: Opened, path: str, scale: int) -> None:
    """The element stands in the middle, with what the page shows around it; also where it had to be scrolled to."""
    picture = take(path, selector="#b", padding=20, scale=scale)["picture"]
    shot = image().convert("RGB")
    across = [shot.getpixel((x * scale, 50 * scale)) for x in (0, 9, 10, 19, 20, 70, 119, 120, 129, 130, 139)]

    assert (picture["width"], picture["height"]) == (140, 100)
    assert across == [WHITE, WHITE, BLUE, BLUE, RED, RED, RED, BLUE, BLUE, WHITE, WHITE]
    assert [shot.getpixel((70 * scale, y * scale)) for y in (9, 10, 20, 79, 80, 90)] == [
        WHITE,
        BLUE,
        RED,
        RED,
        BLUE,
        WHITE,
    ]


def test_padding_ends_where_the_page_does(take: Take, colours: Colours) -> None:
    """An element in the corner has no page above and to the left of it, and nothing is made up."""
    picture = take("/box", selector="#b", padding=15)["picture"]

    assert (picture["width"], picture["height"]) == (55, 55)
    assert colours() == {RED: 40 * 40, WHITE: 55 * 55 - 40 * 40}
    assert take("/box", selector="#b", padding=15, height_cap=30)["picture"]["height"] == 30


@pytest.mark.parametrize("request_", [{"full_page": True}, {"selector": "#tall"}, {"selector": "#tall", "padding": 5}])
def test_the_height_cap_cuts_below(take: Take, image: Opened, request_: Any) -> None:
    """What is taller than the cap, page or element, is shown from its top."""
    take("/tall", height_cap=700, scale=2, **request_)
    shot = image().convert("RGB")

    assert shot.height == 1400
    assert shot.getpixel((50, 0)) == (255, 0, 0)


def test_a_page_lower_than_the_cap_is_not_stretched(take: Take) -> None:
    """A cap is not a height."""
    assert take("/box", full_page=True, height_cap=5000)["picture"]["height"] == 300


def test_a_phone_is_one(take: Take, image: Opened) -> None:
    """The page finds a narrow window, a finger instead of a mouse, and the scale that was asked for."""
    desktop = take("/device", selector="#b", viewport=None, scale=2)["picture"]
    phone = take("/device", selector="#b", viewport=None, preset="phone", scale=3)["picture"]

    assert (desktop["width"], desktop["height"]) == (128, 12)
    assert (phone["width"], phone["height"]) == (39, 23)
    assert image().size == (39 * 3, 23 * 3)


def test_a_phones_window_may_be_another(take: Take) -> None:
    """The preset says what kind of device, the viewport how large."""
    assert take("/device", preset="phone", viewport={"width": 360, "height": 640})["picture"]["width"] == 360


@pytest.mark.parametrize(("request_", "size"), [({}, (390, 844)), ({"full_page": True}, (980, 2500))])
def test_a_phone_shows_what_was_not_made_for_it(
    take: Take, image: Opened, request_: Any, size: tuple[int, int]
) -> None:
    """Of a page too wide for a phone nothing is lost: the window shows it from afar, the full page as wide as it is."""
    take("/fixed-width", viewport=None, preset="phone", **request_)
    shot = image().convert("RGB")

    assert shot.size == size
    assert (shot.getpixel((5, 9)), shot.getpixel((size[0] - 5, 9))) == (RED, BLUE)


@pytest.mark.parametrize(("request_", "colour"), [({}, RED), ({"dark": False}, RED), ({"dark": True}, BLUE)])
def test_dark_mode_is_what_the_reader_prefers(take: Take, colours: Colours, request_: Any, colour: Any) -> None:
    """The page's own dark colours are used, and only when asked for."""
    take("/dark", selector="#b", **request_)

    assert colours() == {colour: 1600}


@pytest.mark.parametrize("path", ["/box", "/secure", "/undresses", "/moves-on"])
def test_css_is_added_to_the_pages_own(take: Take, colours: Colours, path: str) -> None:
    """Neither the page's security policy nor its scripts nor where it moves on to keep it off."""
    take(path, selector="#b", css="#b { background: rgb(0,0,200) !important; width: 20px !important }")

    assert colours() == {BLUE: 800}


def test_css_is_there_before_the_pages_scripts(take: Take, colours: Colours) -> None:
    """A page that measures itself finds itself as the list wants it."""
    take("/measures", selector="#b", css="#b { width: 20px !important }")

    assert colours() == {BLUE: 800}


@pytest.mark.parametrize(
    "css",
    [
        "body{background:url(%s)}",
        "@import '%s';",
        "@import url(%s);",
        "@font-face{font-family:F;src:url(%s)}body{font-family:F}",
        "#b::before{content:url(%s)}",
        "#b{cursor:url(%s),auto;mask-image:url(%s);list-style:url(%s)}",
    ],
)
def test_css_loads_nothing_that_the_page_may_not(take: Take, site: Site, css: str) -> None:
    """What a rule refers to is judged like all that the page loads; and another style sheet is not imported at all."""
    answer = take("/box", css=css.replace("%s", site.url("/inside", "localhost")))

    assert "picture" in answer
    assert "/inside" not in site.hits


def test_css_loads_what_the_page_may(take: Take, site: Site) -> None:
    """A picture from where pages may reach is loaded."""
    take("/box", css=f"#b{{background:url({site.url('/picture')})!important}}")

    assert "/picture" in site.hits


def test_what_cannot_be_read_as_css_changes_nothing(take: Take, colours: Colours) -> None:
    """Style sheets are read forgivingly, as browsers do; a script in one stays text."""
    take("/box", selector="#b", css="}}} </style><script>document.body.remove()</script> {{{ \ud800 \u2028")

    assert colours() == {RED: 1600}


@pytest.mark.parametrize("hide", [["#ad"], ["p"], ["#none", "[id=ad], b"], ["div > :first-child"]])
def test_what_is_hidden_leaves_its_room(take: Take, image: Opened, hide: list[str]) -> None:
    """The element is not seen, though the page insists; all others stand where they stood."""
    take("/ad", selector="#b", hide=hide)
    shot = image().convert("RGB")

    assert shot.getcolors() == [(1600, RED)]


def test_what_comes_late_is_hidden_too(take: Take, colours: Colours) -> None:
    """A banner that a script adds is hidden as one that was there."""
    take("/late", wait_for="#b", delay_s=1, hide=["#late"], css="#late{background:rgb(0,200,0)}")

    assert (0, 200, 0) not in colours()
    assert BLUE in colours()


def test_the_page_is_told_where_its_reader_is(take: Take, colours: Colours) -> None:
    """Time zone, language and the way numbers are written reach the page."""
    picture = take("/place", selector="#b", time_zone="Asia/Tokyo", locale="de-AT")["picture"]

    assert (picture["width"], picture["height"]) == (10 + 9, 10 + ord(","))
    assert colours().keys() == {BLUE}


def test_without_a_place_the_reader_is_nowhere_in_particular(take: Take) -> None:
    """The next shot is not where the last was."""
    take("/place", time_zone="Asia/Tokyo", locale="de-AT")
    picture = take("/place", selector="#b")["picture"]

    assert (picture["width"], picture["height"]) == (10, 10 + ord("."))


@pytest.mark.heavy
def test_the_options_hold_in_lambdas_process_model(
    take: Take, colours: Colours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a single process the browser does the same, and a time zone that there is not costs no more."""
    monkeypatch.setenv("CAPTURE_BROWSER_FLAGS", "--no-sandbox --no-zygote --single-process")
    phone = {"viewport": None, "preset": "phone", "scale": 3}

    assert take("/box", time_zone="Mars/Olympus_Mons")["error"]["type"] == "InvalidRequest"
    take("/dark", selector="#b", padding=5, dark=True, hide=["#none"], css="#b { width: 20px !important }", **phone)
    assert colours() == {BLUE: 800 * 9, WHITE: (25 * 45 - 800) * 9}
    take("/place", selector="#b", time_zone="Asia/Tokyo", locale="de-AT")
    assert colours().keys() == {BLUE}


@pytest.mark.parametrize("request_", [{"wait_for": "#late"}, {"delay_s": 1}])
def test_what_comes_late_can_be_waited_for(take: Take, colours: Colours, request_: Any) -> None:
    """Until an element is visible, or for so long."""
    take("/late", selector="#b")
    assert colours() == {RED: 1600}

    take("/late", selector="#b", **request_)
    assert colours() == {BLUE: 1600}


def test_the_delay_is_no_part_of_what_the_page_may_take(take: Take) -> None:
    """With a delay as long as most of the deadline there is a picture all the same."""
    began = time.monotonic()

    assert "picture" in take("/box", delay_s=2, deadline_s=3)
    assert time.monotonic() - began > 2


def test_the_network_can_be_waited_for(take: Take, colours: Colours) -> None:
    """What the page fetches after it was loaded is in the picture when the list waits for quiet."""
    take("/asks", selector="#b")
    assert colours() == {RED: 1600}

    take("/asks", selector="#b", wait_until="network_quiet")
    assert colours() == {BLUE: 1600}


def test_a_network_that_is_never_quiet_is_not_waited_for_long(take: Take) -> None:
    """A page that goes on asking is shown in time."""
    began = time.monotonic()

    assert "picture" in take("/asks-on", wait_until="network_quiet", deadline_s=3)
    assert time.monotonic() - began < 2.5


def test_an_element_that_never_comes_is_named_by_its_option(take: Take) -> None:
    """The error says which of the two selectors to look at."""
    error = take("/box", selector="#b", wait_for="#never", deadline_s=1.5)["error"]

    assert (error["kind"], error["type"]) == ("retryable", "SelectorNotFound")
    assert "wait_for" in error["message"]


def test_an_element_that_the_list_hides_is_not_there(take: Take) -> None:
    """Hiding what the selector is in shows at once, and not as a picture of nothing."""
    error = take("/box", selector="#b", hide=["body"], deadline_s=1.5)["error"]

    assert error["type"] == "SelectorNotFound"


@pytest.mark.heavy
@pytest.mark.parametrize(
    "wrong",
    [
        {"selector": "text=Report"},
        {"selector": "//div"},
        {"wait_for": "##["},
        {"hide": ["##["]},
        {"hide": ["#b", "a{} body"]},
        {"hide": ["a/*"]},
        {"hide": ["@media print"]},
        {"time_zone": "Mars/Olympus_Mons"},
        {"locale": "abcd-EF"},
        {"locale": "de-DE-DE-DE"},
    ],
)
def test_what_only_the_browser_can_tell_is_refused_for_good(take: Take, wrong: dict[str, Any]) -> None:
    """What has the right form and is none all the same is the list's fault; the error names it, and the next works."""
    error = take("/box", **wrong)["error"]

    assert (error["kind"], error["type"]) == ("permanent", "InvalidRequest")
    assert error["message"].startswith(next(iter(wrong)))
    assert "picture" in take("/box")
