"""Where pages may reach, by their address and by where they lead. The hostile ones have a suite of their own."""

import json
from typing import Any

import pytest
from capture_site import Site, Take

from eventpost_capture.errors import Misconfigured
from eventpost_capture.guard.addresses import is_public
from eventpost_capture.settings import Settings
from eventpost_capture.target import Target


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:text/html,<h1>x",
        "javascript:alert(1)",
        "view-source:http://127.0.0.1/",
        "about:blank",
        "chrome://version",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "127.0.0.1",
        "http://",
        "http:///x",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://a..b/",
        "http://example.com\\@127.0.0.1/",
        "http://name:secret@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\n",
    ],
)
def test_only_plain_web_addresses_are_opened(take: Take, url: str) -> None:
    """Other schemes, and what two parsers might read in two ways, are refused for good without a browser."""
    error = take("/", url=url)["error"]

    assert (error["kind"], error["type"]) == ("permanent", "UrlRefused")
    assert "secret" not in error["message"]


_LOOPBACK = "127.0.0.1 localhost 127.1 2130706433 0x7f.0.0.1 0177.0.0.1 0.0.0.0 [::1] [::ffff:127.0.0.1]"


@pytest.mark.parametrize("host", _LOOPBACK.split())
def test_loopback_is_refused_unless_allowed(take: Take, monkeypatch: pytest.MonkeyPatch, site: Site, host: str) -> None:
    """However it is written, an address inside is refused unless the deployment names its host."""
    monkeypatch.setenv("CAPTURE_ALLOW_HOSTS", "")
    site.hits.clear()
    error = take("/", url=site.url("/card", host))["error"]

    assert (error["kind"], error["type"]) == ("permanent", "UrlRefused")
    assert "CAPTURE_ALLOW_HOSTS" in error["message"]
    assert site.hits == []


@pytest.mark.parametrize(
    "tag",
    [
        "<img src='{}'>",
        "<iframe src='{}'></iframe>",
        "<script>fetch('{}', {{mode: 'no-cors'}})</script>",
        "<link rel=stylesheet href='{}'>",
        "<script>location = '{}'</script>",
    ],
)
def test_a_page_cannot_reach_further_in(take: Take, site: Site, tag: str) -> None:
    """An allowed page's own requests are checked as its address was."""
    site.pages["/reaches"] = "<h1 id=title>x</h1>" + tag.format(site.url("/inside", "localhost"))
    site.hits.clear()
    take("/reaches", deadline_s=5)

    assert site.hits == ["/reaches"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_picture_of_where_a_redirect_led(take: Take, site: Site, bucket: Any, scheme: str) -> None:
    """A redirect inward ends at the door, and the error says so and not that a page was down."""
    site.hits.clear()
    led_to = site.url("/card", "localhost").replace("http", scheme, 1)
    error = take("/redirect?" + led_to)["error"]

    assert (error["kind"], error["type"]) == ("permanent", "UrlRefused")
    assert f"{scheme}://localhost has an address that is not public" in error["message"]
    assert site.hits == ["/redirect?" + led_to]
    assert list(bucket.objects.all()) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_picture_of_where_a_script_led(take: Take, site: Site, bucket: Any, scheme: str) -> None:
    """A page that opens another in its stead is refused as that one would be."""
    led_to = site.url("/card", "localhost").replace("http", scheme, 1)
    site.pages["/leads"] = f"<script>location = '{led_to}'</script>"
    error = take("/leads", selector="#never", deadline_s=3, wait_until="load")["error"]
    with_picture = take("/leads", delay_s=0.5)["error"]

    assert error["type"] in {"UrlRefused", "SelectorNotFound"}
    assert (with_picture["kind"], with_picture["type"]) == ("permanent", "UrlRefused")
    assert list(bucket.objects.all()) == []


@pytest.mark.parametrize("tag", ["<iframe src='{}'></iframe>", "<img src='{}'>", "<link rel=stylesheet href='{}'>"])
def test_a_part_that_leads_inward_is_left_out(
    take: Take, site: Site, tag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The picture is taken without the part; the answer counts it, and the log names its origin and nothing more."""
    inside = site.url("/card?s3cret", "localhost")
    site.pages["/has"] = "<h1 id=title>x</h1>" + tag.format("/redirect?" + inside)
    answer = take("/has")
    line = next(line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "origins" in line)

    assert "picture" in answer
    assert answer["blocked"] == 1
    assert line["origins"] == {inside.partition("/card")[0]: 1}


_INNER = """
    10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 255.255.255.255
    :: ::1 fe80::1%eth0 fd00:ec2::254 ff02::1 ::127.0.0.1
    ::ffff:10.0.0.1 2002:7f00:1:: 64:ff9b::a9fe:a9fe 2001:0:4136:e378:8000:63bf:80ff:fffe
    192.0.0.192 198.18.0.1 168.63.129.16 192.88.99.1 64:ff9b:1::808:808 3fff::1 5f00::1 100::1 2001:db8::1
    2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:7f00:1 2606:4700::1111%1 2002:808:808::1 fec0::1 ::ffff:0:8.8.8.8
"""
_OUTER = "93.184.215.14 2606:2800:21f:cb07:6820:80da:af6b:8b2c ::ffff:8.8.8.8 64:ff9b::808:808"


@pytest.mark.parametrize("address", _INNER.split())
def test_inner_addresses_are_not_public(address: str) -> None:
    """Neither private, shared, link-local or multicast ones, nor public ones that carry such a one inside."""
    assert not is_public(address)


@pytest.mark.parametrize("address", _OUTER.split())
def test_outer_addresses_are_public(address: str) -> None:
    """What everyone can reach is public, also in another notation."""
    assert is_public(address)


def test_a_target_is_told_by_its_origin() -> None:
    """Errors name a page by scheme and host alone."""
    assert str(Target.of("https://[2606::1]:8443/path?q=1")) == "https://[2606::1]"
    assert Target.of("http://EXAMPLE.com./x") == Target("http", "example.com", 80)


def test_ports_and_bytes_are_settings() -> None:
    """The web's ports and 100 MB unless the deployment says otherwise; nonsense is its fault and named."""
    bucket = {"SCREENSHOTS_BUCKET": "b"}
    default, told = Settings.read(bucket), Settings.read(bucket | {"CAPTURE_ALLOW_PORTS": "80, 8443"})

    assert (default.allow_ports, default.max_bytes) == ({80, 443}, 100_000_000)
    assert told.allow_ports == {80, 8443}
    for wrong in ("http", "0", "70000", "80,"):
        with pytest.raises(Misconfigured, match="CAPTURE_ALLOW_PORTS"):
            Settings.read(bucket | {"CAPTURE_ALLOW_PORTS": wrong})
