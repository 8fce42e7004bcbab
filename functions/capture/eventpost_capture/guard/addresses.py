"""Which addresses everyone can reach: the rest is inside, be it ours, the cloud's or the machine's own.

The registries are IANA's of special-purpose addresses, as Python's `ipaddress` knows them, and what it lets pass.
Tunnels of old (6to4, Teredo) are inside whatever they carry: no page is served there.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; its local sibling 64:ff9b:1::/48 is no global unicast
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has given out
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214, section 6.1: the interface identifier's first half
_ALSO_INSIDE = (
    IPv4Network("168.63.129.16/32"),  # Azure's own services, at an address that looks like anyone's
    IPv4Network("192.88.99.0/24"),  # relays to 6to4, withdrawn by RFC 7526
    IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


def is_public(address: str) -> bool:
    """Whether an address, and each one that it carries inside, is reachable by everyone."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_public(ip)
    if ip.scope_id is not None or not all(map(_is_public, _carried(ip))):
        return False
    return ip in _NAT64 or ip.ipv4_mapped is not None or (ip in _GLOBAL_UNICAST and _is_public(ip))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    inside = any(ip.version == network.version and ip in network for network in _ALSO_INSIDE)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not inside


def _carried(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that the host or a router on the way unwraps."""
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    if ip in _NAT64 or (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP:
        yield IPv4Address(int(ip) & 0xFFFF_FFFF)
