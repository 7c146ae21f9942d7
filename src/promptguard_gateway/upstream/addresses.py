"""Which addresses a connection may go to. Asked about the address that is dialled, never about a name.

`ipaddress.is_global` of Python 3.11 calls `64:ff9b::7f00:1`, `2002:7f00:1::`, `::127.0.0.1`, `fec0::1` and multicast
global, so the ranges are listed here (IANA special-purpose registries, RFC 6890) and IPv4 addresses inside IPv6
addresses are taken out and judged too.

Three classes: *never* (cloud metadata services, and what cannot be a server), *private* (only for origins the
operator listed), and public.
"""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# Services that hand credentials to whoever can reach them: AWS (instance, container, pod, DNS), Azure, Alibaba,
# Oracle, Tencent, Scaleway, Google. DigitalOcean, Hetzner and OpenStack answer on the address AWS uses.
_METADATA = (
    "169.254.169.0/24 169.254.170.0/24 169.254.42.42/32 169.254.0.23/32 168.63.129.16/32 100.100.100.200/32 "
    "192.0.0.192/32 fd00:ec2::/32 fd20:ce::/64 fd00:42::42/128 fe80::a9fe:a9fe/128"
)
# "This network", multicast, reserved and broadcast: nothing there is a model server, and 0.0.0.0 means loopback.
_NO_SERVER = "0.0.0.0/8 224.0.0.0/3 ::/128 ff00::/8"
_PRIVATE = (
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 2001::/23 2001:db8::/32 3fff::/20"
)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ipaddress.ip_network(item) for item in text.split())


_NEVER_NETWORKS = _networks(_METADATA + " " + _NO_SERVER)
_PRIVATE_NETWORKS = _networks(_PRIVATE)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that IANA has assigned; anything outside is treated as private

_LOW_32_BITS_ARE_IPV4 = tuple(
    IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
    )
)
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOOPBACK_V6 = IPv6Address("::1")


def why_denied(address: str, *, private: bool) -> str | None:
    """The reason not to connect to `address`, or None. `private`: the operator listed this origin.

    `address` is the first item of a socket address; an IPv6 zone is ignored. What is no address is denied.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "not an address"
    reasons = [reason for reading in _readings(parsed) if (reason := _judge(reading, private)) is not None]
    return reasons[0] if reasons else None


def _readings(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address and the IPv4 address a tunnel or translator would make of it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inner = _embedded(address)
    if inner is None:
        yield address
        return
    yield inner
    if address not in _LOW_32_BITS_ARE_IPV4[1]:  # the mapped form is the IPv4 address, nothing besides
        yield address


def _embedded(address: IPv6Address) -> IPv4Address | None:
    value = int(address)
    if value <= 1:
        return None
    if any(address in network for network in _LOW_32_BITS_ARE_IPV4):
        return IPv4Address(value & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(value >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:
        return IPv4Address(~value & 0xFFFFFFFF)
    if value >> 32 & 0xFFFFFFFF in _ISATAP:
        return IPv4Address(value & 0xFFFFFFFF)
    return None


def _judge(address: IPv4Address | IPv6Address, private: bool) -> str | None:
    if any(address in network for network in _NEVER_NETWORKS):
        return "a metadata service or no server's address"
    if private:
        return None
    if any(address in network for network in _PRIVATE_NETWORKS):
        return "a private address"
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return "a private address"
    return None
