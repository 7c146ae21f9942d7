"""Links and images in an answer whose address carries data out.

A client that renders an answer fetches its images at once: whoever controls the address reads what the model was made
to put into it. A link waits for a click, so it scores lower; an address in the arguments of a tool call is opened by
the tool.

An address is found first, then what stands before it says how it is opened (`Opening`), and then what it carries is
judged (`Cargo`): text of this conversation, also encoded; a readable text in base64 or hex; a long
value that nobody can read. Documentation links carry nothing or a short value. An address that stands in the
conversation as a whole says nothing new. Hosts that the policy allows are passed, unless the address leads on to
another host.
"""

import re
import string
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from enum import StrEnum
from html import unescape
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from promptguard_gateway.core.book import HoldBack
from promptguard_gateway.core.decoding import readable
from promptguard_gateway.core.detector import OUTPUT, Hit, Knowledge, Spec
from promptguard_gateway.core.engine import Program, encode
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.projection import project


class Opening(StrEnum):
    """How an address is opened."""

    FETCHED = "fetched"  # by whoever renders the text: images, frames, styles, scripts
    REFERENCE = "reference"  # by an image or a link that refers to it
    CLICKED = "clicked"
    BARE = "bare"  # a plain address, which many clients make a link
    CALLED = "called"  # by the tool whose argument it is


class Cargo(StrEnum):
    """What an address carries."""

    ENCODED_CONVERSATION = "encoded_conversation"
    MUCH_CONVERSATION = "much_conversation"
    CONVERSATION = "conversation"
    ENCODED_TEXT = "encoded_text"
    ENCODED_HOST = "encoded_host"
    ACTIVE_CONTENT = "active_content"
    VERY_LONG_VALUE = "very_long_value"
    TEMPLATE = "template"
    LONG_VALUE = "long_value"
    VALUE = "value"


SPEC = Spec(
    id="link.exfiltration",
    version="2",
    family=Family.LINK,
    category="exfiltration_link",
    threat_type="url_violation",
    severity=Severity.HIGH,
    label="LINK",
    owasp=("LLM02", "LLM05"),
    agentic=("ASI01", "ASI02"),
    directions=OUTPUT,
    summary="a link or image whose address carries data out",
    source="CommonMark 0.31, HTML Living Standard, WHATWG URL; published exfiltration cases such as CVE-2025-32711",
    rules=tuple(f"{opening}_{cargo}" for opening in Opening for cargo in Cargo),
)

SCORES: Final = {
    #                            fetched, reference, clicked, bare, called
    Cargo.ENCODED_CONVERSATION: (0.97, 0.95, 0.92, 0.90, 0.95),
    Cargo.MUCH_CONVERSATION: (0.95, 0.92, 0.86, 0.82, 0.88),
    Cargo.CONVERSATION: (0.92, 0.88, 0.70, 0.60, 0.70),
    Cargo.ENCODED_TEXT: (0.92, 0.88, 0.82, 0.80, 0.88),
    Cargo.ENCODED_HOST: (0.88, 0.84, 0.82, 0.80, 0.82),
    Cargo.ACTIVE_CONTENT: (0.82, 0.70, 0.82, 0.50, 0.50),
    Cargo.VERY_LONG_VALUE: (0.90, 0.86, 0.84, 0.80, 0.82),
    Cargo.TEMPLATE: (0.82, 0.70, 0.50, 0.40, 0.40),
    Cargo.LONG_VALUE: (0.88, 0.82, 0.60, 0.30, 0.55),
    Cargo.VALUE: (0.60, 0.30, 0.20, 0.10, 0.10),
}
"""Judged: by how soon the address is opened, and by how few honest addresses carry the like."""

# An address: a scheme and slashes, or `//`, then the host and all the rest. HTML and CommonMark read character
# references in it; browsers read backslashes as slashes, leave out tabs and line breaks, and behind a scheme take any
# number of slashes for two (WHATWG URL, special authority slashes state).
_COLON = r"(?:[:]|&colon;|&#0{0,4}58;?|&#[xX]0{0,4}3[aA];?)"
_SLASH = r"(?:[/\\]|&sol;|&bsol;|&#0{0,4}(?:47|92);?|&#[xX]0{0,4}(?:2[fF]|5[cC]);?)"
_REST = r"[^\s\"'<>)\]`]*"
_LEFT_OUT = r"(?:&(?:Tab|NewLine);|&#0{0,4}(?:9|10|13);?|&#[xX]0{0,4}[9aAdD];?)"
_WEB = rf"(?:(?i:https?|wss?|ftp){_COLON}(?:{_SLASH}|{_LEFT_OUT}){{0,6}}|{_SLASH}{_SLASH})[\w%&\[.-]{_REST}"
_DATA = rf"(?i:data){_COLON}{_REST}"
_ADDRESS = re.compile(rf"{_WEB}|\b{_DATA}")

# What may stand before an address and opens it. The whole of it belongs to the finding.
_IMAGE = r"!\[[^\]\n]{0,200}\]\(\s{0,3}<?"
_LINK = r"\[[^\]\n]{1,200}\]\(\s{0,3}<?"
_DEFINITION = r"\[[^\]\n]{1,80}\]:\s{0,4}<?"
_EMBEDDING = (
    r"(?i:<(?:img|iframe|frame|image|feimage|script|link|video|audio|source|embed|object|input|picture|svg|use|track|"
    r"body|table|td|meta)\b)[^>]{0,300}"
)
_ANCHOR = r"(?i:<(?:a|form|area|base|button)\b)[^>]{0,300}"
_CSS = r"(?i:url\(|@import\s|image-set\()\s{0,3}[\"']?"
_OTHER_IMAGE = r"!\[\[|(?i:\[img\])|\\includegraphics(?:\[[^\]\n]{0,80}\])?\{"
# An attribute is enough, whatever element it is of and wherever that begins; and so is the end of a description that is
# too long, nested or broken over lines: nobody can tell then that it is a link and not an image.
_ATTRIBUTE = r"\b(?i:src|srcset|poster|background|ping|lowsrc|dynsrc)=[\"']?"
_DESCRIBED = r"\]\(\s{0,3}<?"
_DEFINED = r"\]:\s{0,4}<?"
_BEFORE = (
    (Opening.FETCHED, _IMAGE),
    (Opening.FETCHED, _OTHER_IMAGE),
    (Opening.FETCHED, _ATTRIBUTE),
    (Opening.FETCHED, _EMBEDDING),
    (Opening.FETCHED, _CSS),
    (Opening.CLICKED, _ANCHOR),
    (Opening.CLICKED, _LINK),
    (Opening.REFERENCE, _DEFINITION),
    (Opening.FETCHED, _DESCRIBED),
    (Opening.REFERENCE, _DEFINED),
)
_OPENINGS = tuple((opening, Program(rf"(?:{before})\z")) for opening, before in _BEFORE)
_REACH: Final = 420
"""How far before an address its opening may begin, in characters."""
_CLOSING = re.compile(r"[)\"'>\]]")
_HOLD = HoldBack(
    [f"(?:{'|'.join(before for _, before in _BEFORE)})(?:{_WEB}|{_DATA})", rf"(?:{_WEB}|{_DATA})[)\"'>\]]"]
)

# Without one of these marks only a word such as `https` or `background` can have begun.
_MARKS = re.compile(r"[\[<!@(:/\\&=\]]|[^\x00-\x7f]")
_SCHEMES: Final = ("data:", "http:", "https:", "ws:", "wss:", "ftp:")
_WORD: Final = string.ascii_letters + "-"
_LONGEST_WORD: Final = len("background")

# What an address may carry.
_AUTHORITY = re.compile(r"(?:[a-zA-Z]+:)?//([^/?#]*)")
_VALUES = re.compile(r"[?#&;]+")
_INNER = re.compile(r"(?i)(?:https?|ftp|wss?):/{1,2}[^\s\"'<>]+|(?<==)//[^\s\"'<>]+")
_TEMPLATE = re.compile(r"[?&#=](?:\{\{?|\$\{|%7[Bb]|\[)(?:[\w.-]{2,40}|$)")
_ACTIVE = re.compile(r"(?i)data:(?:text/html|application/xhtml)")
_ENCODED_HOST = re.compile(r"(?i)(?:[a-z0-9_-]{40,63}|(?:[a-z0-9_-]{20,63}\.){2,6})\.?[a-z0-9-]{1,63}\.[a-z]{2,24}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){6,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_PROSE = re.compile(r"[A-Za-z]{2,}[ ,.:;]+[A-Za-z]{2,}")
_SHORT, _LONG, _VERY_LONG = 6, 20, 64
_LONG_PATH, _VERY_LONG_PATH = 48, 96
_SPOKEN: Final = 16
"""Letters and digits of the conversation that must stand in a row in a value; about three words."""
_MUCH_SPOKEN: Final = 48
_SPOKEN_HOST: Final = 20
_SPOKEN_PATH: Final = 28
"""The same for a host and a path, which describe what they lead to in the words of the question."""
_SPOKEN_ENCODED: Final = 8
"""The same for what somebody took the trouble to encode."""


class LinkDetector(Struct, frozen=True):
    """See the module. Pure."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Addresses that carry data, with what opens them."""
        for found in _ADDRESS.finditer(text) if _may_hold_address(text) else ():
            cargo = _cargo(text, found, knowledge)
            if cargo is None or _known(found[0], knowledge):
                continue
            opening, start = _opening(text, found.start(), found[0], called=knowledge.called)
            if opening is not None:
                end = found.end() + bool(opening is not Opening.BARE and _CLOSING.match(text, found.end()))
                yield Hit(start, end, SCORES[cargo][_ORDER[opening]], f"{opening}_{cargo}")

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The end of the text that may still become an address, with what opens it."""
        if _MARKS.search(text):
            return _HOLD.pending(text)
        end = text[-_LONGEST_WORD:]
        return len(end) - len(end.rstrip(_WORD))


def _may_hold_address(text: str) -> bool:
    """Whether the characters are there that every address has. Looking for them costs a fiftieth of looking for it."""
    if "/" in text or "\\" in text or "&" in text:
        return True
    return ":" in text and any(scheme in text.lower() for scheme in _SCHEMES)


_ENCLOSED = re.compile(r"(?i)(?:\bsrc=[\"']|\]\(\s{0,3}<)\Z")


def _cargo(text: str, found: re.Match[str], knowledge: Knowledge) -> Cargo | None:
    address = _plain(found[0])
    if _goes_on(text, found) and not is_allowed(host_of(address), knowledge.allowed_hosts):
        return Cargo.LONG_VALUE
    return cargo_of(address, knowledge)


def _goes_on(text: str, address: re.Match[str]) -> bool:
    """Whether a value of an enclosed address holds a space: browsers encode it, and no honest address has one."""
    start, end = address.span()
    if "?" not in address[0] or text[end : end + 1] != " ":
        return False
    return _ENCLOSED.search(text[max(0, start - 16) : start]) is not None


_ORDER = {opening: index for index, opening in enumerate(Opening)}


def _opening(text: str, at: int, address: str, *, called: bool) -> tuple[Opening | None, int]:
    """What opens the address that stands here, and where that begins. An address without a scheme needs something."""
    before = text[max(0, at - _REACH) : at]
    data = encode(before)
    for opening, program in _OPENINGS:
        span = program.search(data)
        if span:
            return opening, at - len(data[span[0] :].decode())
    if not address[:1].isalpha():
        return None, at
    return (Opening.CALLED if called else Opening.BARE), at


_SCHEME = re.compile(r"(?i)(https?|wss?|ftp):/*")
_IGNORED = str.maketrans("\\", "/", "\t\r\n")


def _plain(address: str) -> str:
    """The address as a browser reads it."""
    return _SCHEME.sub(r"\1://", unescape(address).translate(_IGNORED), count=1)


def _known(address: str, knowledge: Knowledge) -> bool:
    """Whether the address as a whole stands in the conversation: then it says nothing new."""
    return any(address in text for text in (*knowledge.spoken, *knowledge.protected))


def cargo_of(address: str, knowledge: Knowledge) -> Cargo | None:
    """The worst that an address carries."""
    inner = [found[0] for found in _INNER.finditer(_unquoted(address[8:]))]
    if address[:5].lower() == "data:":
        return Cargo.ACTIVE_CONTENT if _ACTIVE.match(address) else _worst(_inside(address, knowledge))
    hosts = knowledge.allowed_hosts
    if hosts and all(is_allowed(host_of(one), hosts) for one in (address, *inner)):
        return None
    return _worst(_carried(address, knowledge))


def host_of(address: str) -> str:
    """The host an address leads to, in small letters; empty if it has none."""
    authority = _AUTHORITY.match(address)
    host = authority[1].rpartition("@")[2] if authority else ""
    return re.sub(r":\d*\Z", "", host).rstrip(".").lower()


def is_allowed(host: str, allowed: Iterable[str]) -> bool:
    """Whether the host is one of these: `docs.example.org` exactly, or `.example.org` with all below it."""
    return any(host == rule.lstrip(".") or (rule[0] == "." and host.endswith(rule)) for rule in allowed if rule)


def _worst(found: Iterator[Cargo]) -> Cargo | None:
    return min(found, key=list(Cargo).index, default=None)


def _inside(address: str, knowledge: Knowledge) -> Iterator[Cargo]:
    """What the addresses inside a `data:` address carry."""
    for text in (_unquoted(address), *_decodings(address.rpartition(",")[2])):
        for inner in _INNER.finditer(text):
            yield from _carried(inner[0], knowledge)


def _carried(address: str, knowledge: Knowledge) -> Iterator[Cargo]:
    host = host_of(address)
    rest = address.partition("//")[2].removeprefix(host)
    path, *values = _VALUES.split(rest)
    contents = list(map(_content, values))
    yield from _spoken(contents, path, host, knowledge)
    if _ENCODED_HOST.fullmatch(host):
        yield Cargo.ENCODED_HOST
    if _TEMPLATE.search(address):
        yield Cargo.TEMPLATE
    segments = path.split("/")
    longest = max(map(len, contents), default=0)
    longest_segment = max(map(len, segments))
    if longest >= _VERY_LONG or longest_segment >= _VERY_LONG_PATH:
        yield Cargo.VERY_LONG_VALUE
    elif longest >= _LONG or longest_segment >= _LONG_PATH:
        yield Cargo.LONG_VALUE
    elif longest >= _SHORT and "=" in rest:
        yield Cargo.VALUE


def _content(pair: str) -> str:
    """The value of `name=value`; padding is no value."""
    name, _, value = pair.partition("=")
    return value if value.strip("=") else name


def _spoken(values: list[str], path: str, host: str, knowledge: Knowledge) -> Iterator[Cargo]:
    """Text in an address, of the conversation or encoded."""
    said = knowledge.prepared.once(_conversation, knowledge.spoken, knowledge.protected)
    for text in (*values, "".join(values), path, host.replace(".", "")):
        for decoded in _decodings(_unquoted(text)):
            if _shares(decoded, said, _SPOKEN_ENCODED):
                yield Cargo.ENCODED_CONVERSATION
            elif _PROSE.search(decoded):
                yield Cargo.ENCODED_TEXT
    parts = (*((value, _SPOKEN) for value in (*values, "".join(values))), (path, _SPOKEN_PATH), (host, _SPOKEN_HOST))
    for text, least in parts:
        if _shares(_unquoted(text), said, _MUCH_SPOKEN):
            yield Cargo.MUCH_CONVERSATION
        elif _shares(_unquoted(text), said, least):
            yield Cargo.CONVERSATION


def _conversation(spoken: tuple[str, ...], protected: tuple[str, ...]) -> str:
    return "\n".join(map(project, (*spoken, *protected)))


def _shares(text: str, said: str, size: int) -> bool:
    """Whether the text has a piece of this size, at a multiple of it, in common with what was said.

    A common run of twice the size always has one, and so has any that stands at the beginning.
    """
    shown = project(text)
    return any(shown[at : at + size] in said for at in range(0, len(shown) - size + 1, size))


def _unquoted(text: str) -> str:
    """URL encoding undone, also twice."""
    return unquote(unquote(text)).replace("+", " ")


def _decodings(text: str) -> Iterator[str]:
    """What runs of base64 or hexadecimal digits say, if they say something."""
    for run in _HEX.findall(text):
        yield from filter(None, [readable(bytes.fromhex(run))])
    for run in _BASE64.findall(text.replace(" ", "+")):
        whole = run[: len(run) // 4 * 4] if len(run) % 4 == 1 else run
        data = a2b_base64(whole.translate(_URL_SAFE) + "=" * (-len(whole) % 4))
        yield from filter(None, [readable(data)])


_URL_SAFE = str.maketrans("-_", "+/")

LINKS = LinkDetector()
