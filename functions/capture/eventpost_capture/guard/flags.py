"""The browser's other ways out, closed: each flag with what it stops.

A page's WebRTC would send UDP past any proxy, and a browser looks names up before it is asked to. The browser itself is
launched with a proxy whose name does not resolve: only a shot's own context is given a door.
"""

from playwright.async_api import ProxySettings

NO_WAY_OUT: ProxySettings = {"server": "http://closed.invalid", "bypass": "<-loopback>"}

FLAGS = (
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND,EXCLUDE 127.0.0.1",  # names are the door's to look up
    "--dns-prefetch-disable",
    "--disable-quic",  # UDP
)
