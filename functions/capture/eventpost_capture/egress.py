"""Where pages may reach: public addresses, and the hosts that the deployment allows besides.

This is a stopgap. It looks at each request as the page makes it, which stops the plain cases. It does NOT stop:

- redirects: the browser follows them without asking again, so an allowed page can send it anywhere; the picture is
  thrown away if the page, or anything in it, was led to a refused host, but the request was made;
- WebSockets, WebRTC, workers' own requests, prefetch and preconnect, none of which come by here;
- rebinding: the browser looks the name up again after us and may be told another address.

The filtering proxy of issue 5 replaces it: a forward proxy that dials the very address it checked, given to the browser
at launch. Then `guard` goes away, and `admit` stays as the early and clear answer for a URL that cannot be allowed.
"""

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from playwright.async_api import BrowserContext, Request, Route
from playwright.async_api import Error as PlaywrightError

from eventpost_capture.errors import CaptureError, PageUnavailable, UrlRefused
from eventpost_capture.target import Target

_EVERYTHING = re.compile("")
_NAT64 = IPv6Network("64:ff9b::/96")
_INSIDE_THE_PAGE = ("data:", "blob:", "about:")


class Egress:
    """The say over one shot's requests. Each host is looked up once."""

    def __init__(self, allow_hosts: frozenset[str]) -> None:
        self._allow_hosts = allow_hosts
        self._public: dict[str, bool] = {}
        self._led_to: set[str] = set()

    async def admit(self, url: str) -> None:
        """Raise UrlRefused unless `url` leads to public addresses only or to an allowed host."""
        target = Target.of(url)
        if target.host in self._allow_hosts or await self._is_public(target):
            return
        raise UrlRefused(f"{target} has an address that is not public: add its host to CAPTURE_ALLOW_HOSTS if it may")

    async def guard(self, context: BrowserContext) -> None:
        """Have every request of `context` that the browser shows us admitted first."""
        context.on("request", self._remember)
        await context.route(_EVERYTHING, self._decide)

    async def admit_what_redirects_led_to(self) -> None:
        """Raise UrlRefused if a redirect led any request to where it may not go."""
        for url in sorted(self._led_to):
            await self.admit(url)

    def _remember(self, request: Request) -> None:
        if request.redirected_from is not None:
            self._led_to.add(request.url)

    async def _decide(self, route: Route) -> None:
        allowed = await self._allows(route.request.url)
        try:
            await (route.continue_() if allowed else route.abort("blockedbyclient"))
        except PlaywrightError:  # the page was closed meanwhile; its request went with it
            return

    async def _allows(self, url: str) -> bool:
        if url.startswith(_INSIDE_THE_PAGE):
            return True
        try:
            await self.admit(url)
        except CaptureError:
            return False
        return True

    async def _is_public(self, target: Target) -> bool:
        if target.host not in self._public:
            self._public[target.host] = all(is_public(address) for address in await _addresses(target))
        return self._public[target.host]


async def _addresses(target: Target) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PageUnavailable(f"{target} cannot be found: its host name does not resolve") from error
    return [str(address[4][0]) for address in found]


def is_public(address: str) -> bool:
    """Whether an address, and the one it may carry inside, is reachable by everyone."""
    ip = ip_address(address)
    carried = _carried(ip) if isinstance(ip, IPv6Address) else None
    if carried is not None:
        return is_public(str(carried))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _carried(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
