r"""Rules for addresses (URLs): which hosts, networks and schemes may be spoken of.

An address is judged by its scheme and its authority, as a browser would read them: `http:\\0x7f.1` is
`http://127.0.0.1`, `https://good.example@evil.example` leads to `evil.example`, and `xn--pple-43d.com` looks like
`apple.com`. As with tools, blocking is generous about spelling and allowing is strict.

On a stream an address is open until its authority has ended. If that breaks no rule, the rest may leave; if it does,
all of the address is the finding.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from msgspec import Struct

from promptguard_gateway.core.detector import BOTH, Hit, Knowledge, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.fold import fold_text, skeleton_text

SPEC = Spec(
    id="url.rules",
    family=Family.URL,
    category="url_not_allowed",
    threat_type="url_violation",
    severity=Severity.MEDIUM,
    label="URL",
    owasp=("LLM02", "LLM05"),
    agentic=("ASI02",),
    directions=BOTH,
    summary="an address that the policy does not allow",
    source="the operator's rules, read as the URL Standard of WHATWG reads addresses",
    rules=("scheme", "credentials", "number", "blocked", "not_allowed"),
)

PRIVATE = "private"
"""An entry that stands for all addresses that are not public, and for the names of this machine."""

# With these schemes browsers take any number of slashes, also backwards ones, for two.
_SPECIAL = frozenset({"http", "https", "ftp", "ws", "wss"})
_LONGEST_SCHEME = 32
# Where an address is recognised: behind its scheme, at `//` and at `www.`. Begins with a plain set, for speed.
_MARK = re.compile(r":[/\\]*|[/\\]{2,}|[wW]{3}\.")
_INSIDE = re.compile(r"[\w:]")  # before `//` or `www.`: then it is none
# Addresses without a host; `data:` counts with the type of its data.
_HOSTLESS = frozenset({"javascript", "vbscript"})
_DATA_TYPE = re.compile(r"(?i)[a-z]{1,20}/")
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.\-]*\Z")
_OUTSIDE = r"\s\"'<>`"
_USER = rf"[^{_OUTSIDE}/\\?#()\[\]{{}}|^,;]"
_AUTHORITY = re.compile(rf"(?:{_USER}*@)?(?:\[[0-9A-Za-z:.%]*\]?(?::\d*)?|{_USER}*)")
_REST = re.compile(rf"[^{_OUTSIDE})\]}}]*")
_NUMBERS = (
    (16, re.compile(r"0x([0-9a-f]{0,12})\Z")),
    (8, re.compile(r"0([0-7]{1,16})\Z")),
    (10, re.compile(r"([0-9]{1,12})\Z")),
)
_TRAILING = ".,;:!?*_~"
# What may still become the beginning of an address, or of the place where it is recognised.
_OPEN = re.compile(r"(?i)(?:[a-z][a-z0-9+.\-]{0,31})?:?[/\\]{0,4}\Z|data:[a-z]{0,20}\Z")
_OPEN_LENGTH = 40


class UrlRules(Struct, frozen=True, kw_only=True):
    """What a policy says of addresses. Entries of `allow` and `block` are hosts, which stand for their subdomains too,
    `*.host` for subdomains only, addresses, networks (`10.0.0.0/8`) or `private`.

    `allow`: no other host is allowed; None allows all. `block` wins. `schemes`: no other is allowed; None allows all.
    `credentials`: whether a name or password may stand before the host. `numbers`: whether a host may be an address.
    """

    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] = ()
    schemes: tuple[str, ...] | None = None
    credentials: bool = False
    numbers: bool = True

    def broken(self, scheme: str, authority: str) -> str | None:
        """The rule that an address of this scheme and authority breaks, or None."""
        if self.schemes is not None and scheme and scheme not in self.schemes:
            return "scheme"
        user, at, rest = authority.rpartition("@")
        host = host_of(rest)
        if at and user and not self.credentials:
            return "credentials"
        if host.address is not None and not self.numbers:
            return "number"
        if host.name and any(_fits(entry, host, spelt_alike=True) for entry in self.block):
            return "blocked"
        if host.name and self.allow is not None:
            return None if any(_fits(entry, host, spelt_alike=False) for entry in self.allow) else "not_allowed"
        return None


class Host(Struct, frozen=True):
    """A host as a browser finds it: `name` in ASCII, `looks` as a reader sees it, `address` if it is one."""

    name: str
    looks: str
    address: IPv4Address | IPv6Address | None = None


@lru_cache(maxsize=1024)
def host_of(authority: str) -> Host:
    """The host of an authority without credentials."""
    if authority.startswith("["):
        return _numbered(_version_6(authority[1:].partition("]")[0]), authority)
    name = fold_text(unquote(authority.partition(":")[0])).lower().replace("。", ".").replace("｡", ".").rstrip(".")
    number = _version_4(name)
    if number is not None:
        return _numbered(number, name)
    labels = name.split(".")
    looks = skeleton_text(".".join(map(_readable, labels))).casefold()
    return Host(".".join(map(_ascii, labels)), looks)


def _numbered(address: IPv4Address | IPv6Address | None, text: str) -> Host:
    name = text if address is None else str(address)
    return Host(name, name, address)


def _ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode", "replace").decode("ascii", "replace")


def _readable(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


def _version_6(text: str) -> IPv4Address | IPv6Address | None:
    """An address of version 6; one that only carries an address of version 4 is that."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        return inner or address
    return address


def _version_4(text: str) -> IPv4Address | None:
    """An address in any form that browsers take: one to four numbers, decimal, octal or hexadecimal."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers = [_number(part) for part in parts]
    value = 0
    for index, number in enumerate(numbers):
        room = 1 if index < len(numbers) - 1 else 5 - len(numbers)
        if number is None or number >= 256**room:
            return None
        value = (value << 8 * room) | number
    return IPv4Address(value)


def _number(text: str) -> int | None:
    for base, shape in _NUMBERS:
        if found := shape.match(text):
            return int(found[1] or "0", base)
    return None


def _fits(entry: str, host: Host, *, spelt_alike: bool) -> bool:
    """Whether an entry of a list is about this host."""
    if entry == PRIVATE:
        named = host.name == "localhost" or host.name.endswith(".localhost")
        return named or (host.address is not None and not host.address.is_global)
    network = _network(entry)
    if network is not None:
        return host.address is not None and host.address.version == network.version and host.address in network
    wanted = host_of(entry.removeprefix("*."))
    names = [(host.name, wanted.name), (host.looks, wanted.looks)] if spelt_alike else [(host.name, wanted.name)]
    exact = not entry.startswith("*.")
    return any((exact and name == other) or name.endswith("." + other) for name, other in names)


@lru_cache(maxsize=1024)
def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def is_entry(text: str) -> bool:
    """Whether a text can stand in a list of hosts."""
    host = text.removeprefix("*.")
    return text == PRIVATE or _network(text) is not None or bool(re.fullmatch(r"[^\s/\\?#@:]+", host))


class _Address(Struct, frozen=True):
    """The beginning of an address in a text. `open`: what follows could still change its scheme or authority."""

    start: int
    stop: int
    scheme: str
    authority: str
    open: bool


class _Broken(Struct, frozen=True):
    """An address that breaks a rule. It ends at `end`; without the punctuation behind it, if any, at `reach`."""

    start: int
    end: int
    reach: int
    rule: str


class UrlDetector(Struct, frozen=True):
    """Addresses that break the rules. Pure and prefix-stable, see the module."""

    rules: UrlRules

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Addresses that break a rule, by start; one inside another that does is a part of it."""
        for found in self._read(text):
            if isinstance(found, _Broken):
                yield Hit(found.start, found.end, 1.0, found.rule)

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The address at the end while it is open, or breaks a rule; else what may become the beginning of one."""
        for found in self._read(text):
            if found.open if isinstance(found, _Address) else found.reach == len(text):
                return len(text) - found.start
        tail = _OPEN.search(text, max(0, len(text) - _OPEN_LENGTH))
        return len(text) - tail.start() if tail else 0

    def _read(self, text: str) -> Iterator[_Address | _Broken]:
        """All addresses in order. Those that break no rule are left behind their authority: more may follow inside."""
        position = 0
        while mark := _MARK.search(text, position):
            position = mark.end()
            found = _address(text, mark)
            if found is None:
                continue
            rule = self.rules.broken(found.scheme, found.authority)
            position = max(position, found.stop)
            if rule is None:
                yield found
                continue
            rest = _REST.match(text, found.stop)
            position = rest.end() if rest else found.stop
            yield _Broken(found.start, _trimmed(text, found.start, position), position, rule)


def _address(text: str, mark: re.Match[str]) -> _Address | None:
    sign, start, begin = mark.group(), mark.start(), mark.end()
    scheme = ""
    if sign[0] == ":":
        before = _SCHEME.search(text, max(0, start - _LONGEST_SCHEME), start)
        if before is None:
            return None
        start, scheme = before.start(), before.group().lower()
        if _is_hostless(scheme, sign, text, mark.start() + 1):
            return _Address(start, mark.start() + 1, scheme, "", open=mark.start() + 1 == len(text))
        if not _has_host(scheme, sign):
            return None
    elif start and _INSIDE.match(text, start - 1):
        return None
    elif sign[-1] == ".":
        begin = start
    authority = _AUTHORITY.match(text, begin)
    stop = authority.end() if authority else begin
    if stop == begin < len(text):
        return None
    return _Address(start, stop, scheme, text[begin:stop].rstrip(_TRAILING), open=stop == len(text))


def _has_host(scheme: str, sign: str) -> bool:
    return (scheme in _SPECIAL and len(sign) > 1) or (sign.startswith("://") and len(scheme) > 1)


def _is_hostless(scheme: str, sign: str, text: str, begin: int) -> bool:
    if scheme == "data":
        return sign == ":" and _DATA_TYPE.match(text, begin) is not None
    return scheme in _HOSTLESS


def _trimmed(text: str, begin: int, end: int) -> int:
    """Without the punctuation of the sentence around it."""
    while end > begin and text[end - 1] in _TRAILING:
        end -= 1
    return end
