"""One spelling for every upstream, so that "is this endpoint approved?" is a comparison of strings.

URL parsers disagree about backslashes, tabs, full-width digits, user information and short IPv4 forms, and each
disagreement is a way around a check. This module does not parse leniently and compare afterwards: it accepts a small
language (scheme, host, port, optionally `/` or `/v1`) and refuses the rest before any name is looked up.
"""

import ipaddress
import re

_URL = re.compile(
    r"(?P<scheme>https?)://(?:(?P<name>[a-z0-9_.\-]{1,253})|\[(?P<v6>[0-9a-f:.]{2,45})\])(?::(?P<port>[1-9][0-9]{0,4}))?(?:/|/v1/?)?",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label like this makes resolvers read the whole as IPv4
_DEFAULT_PORT = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def canonical_origin(url: str) -> str:
    """`scheme://host:port` of an endpoint's base URL; raises ValueError for whatever is not plainly one.

    The message says what is expected and never repeats the URL, which could hold credentials.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise ValueError("expected http://host:port or https://host:port, with nothing behind it but /v1")
    scheme = parts["scheme"].lower()
    host = _canonical_v6(parts["v6"]) if parts["v6"] else _canonical_name(parts["name"].lower())
    port = int(parts["port"]) if parts["port"] else _DEFAULT_PORT[scheme]
    if port > 65535:
        raise ValueError("the port is above 65535")
    return f"{scheme}://{host}:{port}"


def same_place(one: str, other: str) -> bool:
    """Whether two canonical origins are the same endpoint; the names of loopback are equal."""
    return one == other or _folded(one) == _folded(other)


def host_of(origin: str) -> str:
    """The host of a canonical origin, brackets included."""
    return origin.partition("://")[2].rpartition(":")[0]


def _folded(origin: str) -> str:
    scheme, _, rest = origin.partition("://")
    host, _, port = rest.rpartition(":")
    return f"{scheme}://{'localhost' if host in _LOOPBACK else host}:{port}"


def _canonical_v6(text: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(text).compressed}]"
    except ValueError:
        raise ValueError("the address in brackets is not an IPv6 address") from None


def _canonical_name(name: str) -> str:
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _canonical_v4(name)
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("the host is not a plain name")
    return name


def _canonical_v4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError("an IPv4 address is written as four decimal numbers") from None
