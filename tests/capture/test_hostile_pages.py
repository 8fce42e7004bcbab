"""Pages that mean harm: whatever they try, nobody knocks inside, and the shot ends in a picture or a clear error.

The pages come from a site that is allowed. Inside is a server on every address of this machine, which counts all who
come. Every way in is first shown to be one, in a browser that may: else a test of it would prove nothing. `make heavy`
does all this with the browser that goes to Lambda, too.
"""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hostile_site import HOST, MARKUP, RTC, SCRIPTS, HostileSite
from inside import Inside
from PIL import Image

from eventpost_capture import launch
from eventpost_capture import studio as studio_module
from eventpost_capture.errors import CaptureError, Misconfigured, PageUnavailable, UrlRefused
from eventpost_capture.guard import Guard, LookUp, door
from eventpost_capture.laps import Laps
from eventpost_capture.picture import Picture
from eventpost_capture.request import Shot
from eventpost_capture.settings import LAMBDA_FLAGS, Settings
from eventpost_capture.studio import Studio

_OVERTIME_S = 5  # the waits are shares of the deadline; what is after them takes long on a busy machine
_INNER_NAMES = {f"{name}.inside.test" for name in (*MARKUP, *SCRIPTS)}
# Chromium makes no use of these here, or not within the time of a shot; they are tried all the same.
_IDLE = {
    "dns-prefetch", "fetch-later", "filter", "icon", "manifest", "preconnect", "prerender", "prerendering",
    "service-worker", "speculation", "svg-use", "track", "transport", "websocket-tls", "worker-module", "xslt",
}  # fmt: skip
_SPELLINGS = """
    127.0.0.1 127.1 127.0.1 2130706433 017700000001 0x7f000001 0x7f.1 0177.0.0.1 127.0.0.1. 0.0.0.0 0 127.255.255.254
    localhost localhost. LOCALHOST any.localhost [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1]
    [::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [2002:7f00:1::] [2001:0:4136:e378:8000:63bf:80ff:fffe]
    169.254.169.254 2852039166 [fd00:ec2::254] [::ffff:169.254.169.254] 169.254.170.2 metadata.google.internal
    metadata.google.internal. 168.63.129.16 100.100.100.200 10.0.0.1 inward.inside.test INWARD.inside.test.
    %31%32%37.0.0.1 \N{FULLWIDTH DIGIT ONE}27.0.0.1
    \N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT TWO}\N{CIRCLED DIGIT SEVEN}.0.0.1
    127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1
""".split()  # noqa: SIM905 - forty in as many lines say no more

_IN_LAMBDA = (LAMBDA_FLAGS, ("--no-sandbox", "--no-zygote"))

type Names = Callable[[str], tuple[str, ...]]


def _names(host: str) -> tuple[str, ...]:
    if host == "metadata.google.internal":
        return ("169.254.169.254",)
    if host.endswith((".test", "localhost")):
        return ("127.0.0.1",)
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def _look_up(names: Names) -> LookUp:
    async def look_up(host: str) -> tuple[str, ...]:
        return names(host)

    return look_up


@pytest.fixture(scope="module")
def inside() -> Iterator[Inside]:
    inside = Inside.start()
    yield inside
    inside.stop()


@pytest.fixture(autouse=True)
def _nobody_came_yet(inside: Inside) -> None:
    inside.hits.clear()


@pytest.fixture(scope="module")
def hostile(inside: Inside) -> Iterator[HostileSite]:
    site = HostileSite.start()
    site.pages["/ways"] = site.ways(inside.port)
    hosts = [f"{host}:{inside.port}" for host in ("127.0.0.1", "[::1]", "rtc.inside.test", _own_address())]
    site.pages["/rtc"] = f"<h1>x</h1><script>{RTC.format(hosts=json.dumps(hosts), port=inside.port)}</script>"
    yield site
    site.stop()


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))  # sends nothing
        return str(asked.getsockname()[0])


@pytest.fixture(
    scope="module",
    params=[None, *(pytest.param(flags, marks=pytest.mark.heavy) for flags in _IN_LAMBDA)],
    ids=["here", "in a single process", "in several processes"],
)
def flags(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """Those of the browser that is led astray: this machine's, or the one that goes to Lambda."""
    if request.param is None:
        yield Settings.read({"SCREENSHOTS_BUCKET": "b"}).browser_flags
        return
    unpacked = request.getfixturevalue("unpacked")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(launch, "is_packed", lambda: True)
        patched.setattr(launch, "unpack", lambda: unpacked)
        yield request.param


def _studio(
    inside: Inside, flags: tuple[str, ...], allowed: set[str], names: Names = _names, port: int = 80
) -> Iterator[Studio]:
    """A studio that may open pages of `allowed` hosts, with the port of inside, and `port`, as good as any other."""
    settings = Settings("b", frozenset(allowed), None, flags, allow_ports=frozenset({80, 443, inside.port, port}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(studio_module, "Guard", lambda settings: Guard(settings, _look_up(names)))
        studio = Studio(settings)
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def guarded(inside: Inside, hostile: HostileSite, flags: tuple[str, ...]) -> Iterator[Studio]:
    """As deployed, with one host allowed: that of the pages."""
    for studio in _studio(inside, flags, {HOST}):
        try:
            _shoot(studio, hostile.url("/"))
        except Misconfigured as error:
            pytest.skip(f"NO HOSTILE PAGE IS TESTED HERE: {error}")
        yield studio


@pytest.fixture
def unguarded(inside: Inside, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """All the names inside are allowed, and the browser's other ways out are open."""
    monkeypatch.setattr(launch, "FLAGS", ())
    yield from _studio(inside, flags, {HOST, "127.0.0.1", "rtc.inside.test", *_INNER_NAMES})


def _shoot(studio: Studio, url: str, deadline_s: float = 5, **options: Any) -> Picture:
    asked = Shot(url=url, key="captures/a/b.png", deadline_s=deadline_s, width=300, height=200, **options)
    return studio.take(asked, deadline_s + _OVERTIME_S, Laps("begin"))


def test_without_the_guard_the_ways_lead_inside(unguarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """What the other tests find closed is a way in: by every one, the browser gets there if it may."""
    _shoot(unguarded, hostile.url("/ways"), delay_s=1)

    assert len({*MARKUP, *SCRIPTS} - _IDLE - inside.names()) <= 3, "a busy machine is late with one or two"


def test_without_the_guard_webrtc_leads_inside(unguarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """By TCP and by UDP; a busy machine may take some seconds until it sends its first datagram."""
    for delay_s in (1, 2, 3, 4):
        _shoot(unguarded, hostile.url("/rtc"), delay_s=delay_s)
        if {hit[:3] for hit in inside.hits} == {"tcp", "udp"}:
            return
    assert any(hit.startswith("tcp") for hit in inside.hits)
    pytest.skip("WHETHER WEBRTC IS KEPT FROM SENDING BY UDP IS NOT TESTED HERE: this machine's browser sends none")


def test_no_way_leads_inside(guarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """All ways at once, from images to worklets: nobody comes, and the picture is there without those parts."""
    picture = _shoot(guarded, hostile.url("/ways"), 15, delay_s=1, selector="#title")

    assert inside.hits == []
    assert picture.height > 10
    assert picture.blocked >= len(_INNER_NAMES) - len(_IDLE)


def test_webrtc_sends_nothing_past_the_guard(guarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """Neither STUN nor TURN, by UDP or TCP, nor a peer's candidate: not a datagram, not a connection."""
    _shoot(guarded, hostile.url("/rtc"), delay_s=1)

    assert inside.hits == []


def test_no_spelling_of_an_address_leads_inside(guarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """Decimal, octal, hexadecimal, mapped, with a dot at the end: an address is what it leads to."""
    parts = [f"{scheme}://{host}:{inside.port}/x" for host in _SPELLINGS for scheme in ("http", "https")]
    images = "".join(f"<img src='{part}'>" for part in parts)
    sockets = "".join(f"try {{ new WebSocket('ws{part[4:]}') }} catch {{}}" for part in parts[::2])
    hostile.pages["/spellings"] = f"<meta charset=utf-8><h1>x</h1>{images}<script>{sockets}</script>"
    picture = _shoot(guarded, hostile.url("/spellings"), delay_s=1)

    assert inside.hits == []
    assert picture.blocked > len(_SPELLINGS)  # fewer than parts: the browser knows some to be the same


@pytest.mark.parametrize("host", _SPELLINGS)
def test_no_spelling_of_an_address_is_opened(guarded: Studio, inside: Inside, host: str) -> None:
    """Asked for by an event, each is refused for good, or cannot be found, without a browser."""
    with pytest.raises((UrlRefused, PageUnavailable)) as refused:
        _shoot(guarded, f"http://{host}:{inside.port}/x")

    assert isinstance(refused.value, UrlRefused) or "ERR_NAME_NOT_RESOLVED" in str(refused.value)
    assert inside.hits == []


_ONE_OF_EACH_KIND = "127.0.0.1 2130706433 0177.0.0.1 0x7f.1 0.0.0.0 [::1] [::ffff:7f00:1] inward.inside.test"
_METADATA = "169.254.169.254 [fd00:ec2::254] metadata.google.internal"


@pytest.mark.parametrize("host", [*_ONE_OF_EACH_KIND.split(), *_METADATA.split()])
def test_no_redirect_leads_the_page_inside(guarded: Studio, hostile: HostileSite, inside: Inside, host: str) -> None:
    """Where a page is redirected to is decided like the page, and said like the page."""
    with pytest.raises(UrlRefused, match="not public"):
        _shoot(guarded, hostile.url(f"/on/302?http://{host}:{inside.port}/x"))

    assert inside.hits == []


_NAVIGATIONS = {
    "301": "/on/301?{url}",
    "303": "/on/303?{url}",
    "307": "/on/307?{url}",
    "308": "/on/308?{url}",
    "twice": "/on/302?{here}/on/307?{url}",
    "header": "/refresh?{url}",
    "meta": "<meta http-equiv=refresh content='0;url={url}'>",
    "location": "<script>location = '{url}'</script>",
    "replace": "<script>location.replace('{url}')</script>",
    "https": "<script>location = 'https://inward.inside.test'</script>",
    "form": "<form id=f method=post action={url}></form><script>f.submit()</script>",
    "get-form": "<form id=f action={url}></form><script>f.requestSubmit()</script>",
    "click": "<a id=a href={url}>x</a><script>a.click()</script>",
    "frame": "<iframe srcdoc='<script>top.location = `{url}`</script>'></iframe>",
    "base": "<base href={url}><a id=a href=y>x</a><script>a.click()</script>",
    "navigation": "<script>navigation.navigate('{url}')</script>",
    "history": "<script>history.pushState(0, '', '/ok'); location.reload(); location = '{here}/on/302?{url}'</script>",
    "socket-then": "<script>new WebSocket('ws://{to}').onerror = () => {{ location = '{url}' }}</script>",
}


@pytest.mark.parametrize("way", _NAVIGATIONS)
def test_a_page_that_leads_inside_is_an_error(guarded: Studio, hostile: HostileSite, inside: Inside, way: str) -> None:
    """However a page has another opened in its stead, that one is not, and the error says so."""
    to = f"inward.inside.test:{inside.port}/x"
    led = _NAVIGATIONS[way].format(url=f"http://{to}", to=to, here=hostile.url())
    hostile.pages["/leads"] = f"<h1>x</h1>{led}"
    with pytest.raises(UrlRefused, match=r"inward\.inside\.test has an address that is not public"):
        _shoot(guarded, hostile.url(led if led.startswith("/") else "/leads"), delay_s=0.5)

    assert inside.hits == []


@pytest.mark.parametrize(
    "scheme", ["{file}", "view-source:{file}", "data:text/html,<body bgcolor=red>", "chrome://gpu"]
)
def test_no_other_scheme_is_shown(guarded: Studio, hostile: HostileSite, tmp_path: Path, scheme: str) -> None:
    """Neither a file of the machine nor anything but web pages comes into a picture, by redirect, script or frame."""
    file = tmp_path / "secret.html"
    file.write_text("<body bgcolor=red>")
    url = scheme.format(file=file.as_uri())
    hostile.pages["/scheme"] = f"<h1>x</h1><iframe src='{url}' hidden></iframe><script>location = '{url}'</script>"
    for path in (f"/on/302?{url}", "/scheme"):
        try:
            picture = _shoot(guarded, hostile.url(path), delay_s=0.3)
        except CaptureError:
            continue
        assert (255, 0, 0) not in {colour for _, colour in _colours(picture)}


def _colours(picture: Picture) -> list[tuple[int, Any]]:
    return Image.open(BytesIO(picture.data)).convert("RGB").getcolors(100_000) or []


def test_a_name_that_changes_its_mind_is_held_to_its_first_answer(
    inside: Inside, hostile: HostileSite, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is looked up once a shot: a name server that points it inward after the check is not asked again."""
    answers = iter([("93.184.215.14",)])
    dialled = []

    async def dial(target: Any, addresses: tuple[str, ...]) -> Any:
        """The Internet, for this test: the public address is the hostile site's."""
        dialled.append(addresses)
        return await original(target, ("127.0.0.1",) if addresses == ("93.184.215.14",) else addresses)

    original = door.dial
    monkeypatch.setattr(door, "dial", dial)
    again = "".join(f"<img src=/again{count}><script>fetch('/more{count}')</script>" for count in range(5))
    hostile.pages["/rebinds"] = f"<h1>x</h1>{again}<iframe src=http://rebind.test:{inside.port}/x></iframe>"
    for studio in _studio(inside, flags, set(), lambda _: next(answers, ("127.0.0.1",)), hostile.port):
        _shoot(studio, hostile.url("/rebinds", "rebind.test"), delay_s=0.3)

    assert inside.hits == [f"tcp rebind.test:{inside.port}"]  # what was dialled in this test for the public address
    assert len(dialled) > 10
    assert set(dialled) == {("93.184.215.14",)}


def test_shots_at_the_same_time_know_their_own_refusals(guarded: Studio, hostile: HostileSite, inside: Inside) -> None:
    """Each shot counts what its own page was refused, whoever else is being photographed."""
    for count in range(4):
        images = "".join(f"<img src=http://inward.inside.test:{inside.port}/{part}>" for part in range(count))
        hostile.pages[f"/part{count}"] = f"<h1>x</h1>{images}"
    with ThreadPoolExecutor(4) as shots:
        taken = list(shots.map(lambda count: _shoot(guarded, hostile.url(f"/part{count}")), range(4)))

    assert [picture.blocked for picture in taken] == [0, 1, 2, 3]
    assert inside.hits == []
