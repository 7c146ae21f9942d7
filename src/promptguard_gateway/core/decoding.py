"""Undoing the encodings that text hides in: base64, hex, escapes and their like.

A codec finds runs of its alphabet and decodes each; a run counts only if what comes out reads as text, so identifiers,
hashes and pictures stay what they are. All decoded runs are put in place of the originals, because a phrase may be
encoded in part ("ignore all cHJldmlvdXM= instructions").
"""

import re
from base64 import a85decode, b32decode, b64decode, b85decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable
from html import unescape
from typing import Final
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from promptguard_gateway.core.splices import Edit

MOST_RUNS: Final = 4096
"""Runs decoded per codec and text; those after them stay as they are."""


class Codec(Struct, frozen=True):
    """`gate` is an RE2 pattern that occurs in every text with something to decode; `run` finds the runs; `decode`
    answers None for a run that does not decode to text."""

    name: str
    gate: str
    run: re.Pattern[str]
    decode: Callable[[str], str | None]

    def edits(self, text: str) -> list[Edit]:
        """What to replace, in order."""
        found: list[Edit] = []
        for run in self.run.finditer(text):
            decoded = self.decode(run[0])
            if decoded is not None and decoded != run[0]:
                found.append(Edit(run.start(), run.end(), decoded))
                if len(found) == MOST_RUNS:
                    break
        return found


_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff]")
_WORDS = re.compile(r"[A-Za-z ,.'!?:-]+")
_PLAIN_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_HEX_DIGITS = re.compile(r"[0-9A-Fa-f]+")
_SEPARATORS = re.compile(r"[/_+-]")
_SHORT = 16
_ALIGNED = 24
"""From this length on, a run that decodes to text in another alignment is no coincidence."""


def readable(data: bytes) -> str | None:
    """The bytes as text, if that is what they are: UTF-8 or UTF-16 with next to no control characters."""
    if len(data) >= 8 and data[1::2].count(0) * 4 > len(data):
        text = data.decode("utf-16-le", "replace")
    elif len(data) >= 8 and data[::2].count(0) * 4 > len(data):
        text = data.decode("utf-16-be", "replace")
    else:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
    return text if text and len(_UNREADABLE.findall(text)) * 20 <= len(text) else None


def _base64(run: str) -> str | None:
    """The whole run, also backwards or with a few characters before it; else each of its lines; else what stands
    between characters that may also separate words."""
    if run.islower():  # encoded ASCII has capitals; identifiers often have none
        return None
    body = "".join(run.rstrip("=").split())
    whole = _base64_text(body)
    if whole is None and len(body) >= _ALIGNED:
        whole = next(filter(None, map(_base64_text, (body[::-1], body[1:], body[2:], body[3:]))), None)
    if whole is not None or _HEX_DIGITS.fullmatch(run):
        return whole
    if "\n" in run:
        return _pieces(run.split("\n"), _base64)
    pieces = _SEPARATORS.split(run.rstrip("="))
    return _pieces(pieces, _base64_text) if max(map(len, pieces)) >= _SHORT and len(pieces) > 1 else None


def _pieces(pieces: list[str], decode: Callable[[str], str | None]) -> str | None:
    decoded = [decode(piece) if len(piece) >= _SHORT else None for piece in pieces]
    return " ".join(new or old for new, old in zip(decoded, pieces, strict=True)) if any(decoded) else None


_PIECE = re.compile(r"[A-Za-z0-9+/]{1,15}={0,2}")
_FEWEST_PIECES = 4


def _base64_pieces(run: str) -> str | None:
    """Base64 cut into short words, with other words around it: the longest stretch of words that are none."""
    stretches: list[list[re.Match[str]]] = [[]]
    for piece in _PIECE.finditer(run):
        same_length = stretches[-1] and len(piece[0]) == len(stretches[-1][0][0])
        if _PLAIN_WORD.fullmatch(piece[0]) and not same_length:
            stretches.append([])
        else:
            stretches[-1].append(piece)
    best = max(stretches, key=len)
    if len(best) < _FEWEST_PIECES:
        return None
    joined = "".join(piece[0] for piece in best).rstrip("=")
    text = next(filter(None, map(_base64_text, (joined, joined[1:], joined[2:], joined[3:]))), None)
    return None if text is None else f"{run[: best[0].start()]}{text}{run[best[-1].end() :]}"


def _short_base64(run: str) -> str | None:
    if len(run) % 4 or _PLAIN_WORD.fullmatch(run):
        return None
    text = _base64_text(run.rstrip("="))
    return text if text and _WORDS.fullmatch(text) else None


def _base64_text(body: str) -> str | None:
    if len(body) % 4 == 1:
        body = body[:-1]
    try:
        return readable(b64decode(body + "=" * (-len(body) % 4), altchars="-_" if "-" in body or "_" in body else None))
    except (NotBase64, ValueError):
        return None


def _base32(run: str) -> str | None:
    body = run.rstrip("=").upper()
    try:
        return readable(b32decode(body + "=" * (-len(body) % 8)))
    except NotBase64:
        return None


_HEX_MARKS = re.compile(r"0x|\\x|[^0-9A-Fa-f]")


def _hex(run: str) -> str | None:
    digits = _HEX_MARKS.sub("", run)
    if len(digits) % 2:
        return None
    return readable(bytes.fromhex(digits)) or readable(bytes.fromhex(digits[::-1]))


_EIGHTY_FIVE = 40  # characters decoded to see whether the rest is worth it


def _base85(run: str) -> str | None:
    """ASCII85 (also between Adobe's marks) or the base85 of RFC 1924."""
    body = run.strip("\"'`").removeprefix("<~").removesuffix("~>")
    for decode in (a85decode, b85decode):
        try:
            if readable(decode(body[:_EIGHTY_FIVE])):
                return readable(decode(body))
        except ValueError:
            continue
    return None


def _quoted_printable(run: str) -> str | None:
    return readable(bytes.fromhex(run.replace("=", "")))


def _percent(run: str) -> str | None:
    return readable(unquote_to_bytes(run))


def _entity(run: str) -> str | None:
    text = unescape(run)
    return text if text != run else None


_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2}))")


def _escape(run: str) -> str | None:
    codes = [int("".join(filter(None, found)), 16) for found in _ESCAPE.findall(run)]
    if max(codes) > 0x10FFFF:
        return None
    raw = "".join(map(chr, codes))
    return raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _numbers(run: str) -> str | None:
    """Codes of characters, decimal or octal."""
    return _codes(run, 10) or _codes(run, 8)


def _codes(run: str, base: int) -> str | None:
    try:
        return readable(bytes(int(number, base) for number in re.findall(r"\d+", run)))
    except ValueError:
        return None


def _octal_escape(run: str) -> str | None:
    return _codes(run, 8)


def _nothing(run: str) -> str:
    """What stands between the parts of a text and is no part of it."""
    return ""


_CONTROLS = r"\x1b\[[0-9;]{0,16}[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_DIVIDING = re.compile(r"[\x0b\x0c\x1c-\x1f]")


def _without_controls(run: str) -> str:
    """Control characters and a terminal's colours show nothing; tabs, pages and separators of records are spaces."""
    return " " if _DIVIDING.search(run) else ""


def _binary(run: str) -> str | None:
    bits = re.sub(r"0b|[^01]", "", run)
    return readable(int(bits, 2).to_bytes(len(bits) // 8, "big")) if len(bits) % 8 == 0 else None


def _tag_characters(run: str) -> str | None:
    """Set apart from the word that the tags hang on, if they are more than a letter or two of it."""
    text = "".join(chr(ord(character) - 0xE0000) for character in run if 0xE0020 <= ord(character) < 0xE007F)
    return f" {text}" if len(text) > _WITHIN_A_WORD else text or None


_WITHIN_A_WORD = 3


_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NO_SELECTOR = re.compile(f"[^{_SELECTORS}]+")


def _variation_bytes(run: str) -> str | None:
    selectors = _NO_SELECTOR.sub("", run)
    data = bytes(ord(c) - 0xFE00 if ord(c) < 0xFE10 else ord(c) - 0xE0100 + 16 for c in selectors)
    return readable(data) or _two_signs(selectors)


def _two_signs(run: str) -> str | None:
    """Two different invisible characters as zeros and ones."""
    signs = sorted(set(run))
    if len(signs) != 2 or len(run) < _FEWEST_BITS:
        return None
    for zero, one in (signs, signs[::-1]):
        text = _binary(run[: len(run) // 8 * 8].replace(zero, "0").replace(one, "1"))
        if text:
            return text
    return None


_FEWEST_BITS = 32


HIDDEN_CODECS = (
    Codec("tags", r"[\x{E0020}-\x{E007E}]", re.compile("[\U000e0000-\U000e007f]+"), _tag_characters),
    Codec(
        "variation_selectors",
        r"(?:[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}].?){3}",
        re.compile(f"[{_SELECTORS}]{{3,}}|(?:[{_SELECTORS}][^{_SELECTORS}]?){{8,}}"),
        _variation_bytes,
    ),
    Codec(
        "zero_width",
        r"[\x{200B}-\x{200F}\x{2060}-\x{2064}\x{FEFF}]{16}",
        re.compile("[\u200b-\u200f\u2060-\u2064\ufeff]{32,}"),
        _two_signs,
    ),
)
"""These read the original text, because folding removes what they are made of."""

# Base64 of text turns from a small letter or a digit to a capital within any sixteen characters; words, paths and most
# identifiers do not. Of any sixteen characters seven follow that turn, or stand before it: counting to seven only
# keeps the automaton small.
_BASE64_TURN = r"[A-Za-z0-9+/_-]{7}[a-z0-9][A-Z]|[a-z0-9][A-Z][A-Za-z0-9+/_-]{7}"
_BYTES = r"(?:0x|\\x)?(?:[0-9A-Fa-f]{2}){1,8}"
_TAG = r"(?:<[^<>\n]{0,60}>|[*_~`])"
_QUOTE = r"[\"'`]"
_SIGN = r"[ ,:;|/._\"'\n-]{1,4}"  # between two codes of characters
_PLUS = r"\s{0,3}(?:\+|&|\.\.?|\|\|)\s{0,3}"

CODECS = (
    Codec("percent", r"%[0-9A-Fa-f]{2}", re.compile(r"(?:%[0-9A-Fa-f]{2})+"), _percent),
    Codec(
        "html",
        r"&(?:#[0-9xX]|[A-Za-z]{2,8};)",
        re.compile(r"&(?:#\d{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,30};)"),
        _entity,
    ),
    Codec(
        "escape",
        r"\\(?:[uU]\{?|x)[0-9A-Fa-f]{2}",
        re.compile(r"(?:\\(?:u\{[0-9A-Fa-f]{1,6}\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}))+"),
        _escape,
    ),
    Codec(
        "hex",
        rf"[0-9A-Fa-f]{{16}}|(?:{_BYTES}{_SIGN}){{4}}",
        re.compile(
            r"\b(?:0x)?(?:[0-9A-Fa-f]{2}){8,}\b|"
            rf"(?<![0-9A-Fa-f]){_BYTES}(?:{_SIGN}{_BYTES}){{4,}}(?![0-9A-Fa-f])"
        ),
        _hex,
    ),
    Codec(
        "binary",
        rf"[01]{{8}}(?:(?:{_SIGN})?(?:0b)?[01]{{8}}){{5}}",
        re.compile(rf"(?<!\d)[01]{{8}}(?:(?:{_SIGN})?(?:0b)?[01]{{8}}){{5,}}(?!\d)"),
        _binary,
    ),
    Codec("base32", r"[A-Z2-7]{24}|[a-z2-7]{24}", re.compile(r"\b(?:[A-Z2-7]{24,}|[a-z2-7]{24,})={0,6}"), _base32),
    Codec("quoted_printable", r"(?:=[0-9A-F]{2}){3}", re.compile(r"(?:=[0-9A-F]{2}){2,}"), _quoted_printable),
    Codec("octal", r"(?:\\[0-7]{3}){3}", re.compile(r"(?:\\[0-7]{3}){3,}"), _octal_escape),
    Codec(
        "chr",
        r"(?i)chr\(\s?\d",
        re.compile(r"(?i)(?:(?:chr|char|fromcharcode)\(\s?\d{2,3}\s?\)[\s+.&,|]{0,5}){4,}"),
        _numbers,
    ),
    Codec("controls", r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", re.compile(f"(?:{_CONTROLS})+"), _without_controls),
    Codec("concatenation", f"{_QUOTE}{_PLUS}{_QUOTE}", re.compile(f"{_QUOTE}{_PLUS}{_QUOTE}"), _nothing),
    Codec(
        "markup",
        f"(?:[A-Za-z]{_TAG}{{1,4}}){{3}}",
        re.compile(f"{_TAG}+"),
        _nothing,
    ),
    Codec(
        "base64",
        _BASE64_TURN,
        re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{16,})*(?:\r?\n[A-Za-z0-9+/]{1,15})?={0,2}"),
        _base64,
    ),
    Codec(
        "base64_pieces",
        r"[a-z0-9][A-Z][A-Za-z0-9+/]{0,6}[\s,.;|\"'+&-]{1,4}[A-Za-z0-9+/]{0,6}[a-z0-9][A-Z]",
        re.compile(r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/]{2,15}[\s,.;|\"'+&-]{1,4}){3,}[A-Za-z0-9+/]{1,15}={0,2}"),
        _base64_pieces,
    ),
    Codec(
        "base64_words",
        r"[A-Za-z0-9+/]{2,15}={1,2}(?:[^\w=]|$)",
        re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/]{4,15}={0,2}(?![A-Za-z0-9+/_=-])"),
        _short_base64,
    ),
    # Capitals and signs stand close together in it, with few small letters and digits between.
    Codec("base85", r"(?:[a-z]{0,3}[!-/:-`{-~][0-9]{0,2}){7}", re.compile(r"[!-~]{25,}"), _base85),
    Codec(
        "decimal",
        rf"(?:\d{{2,3}}{_SIGN}){{7}}",
        re.compile(rf"(?<!\d)\d{{2,3}}(?:{_SIGN}\d{{2,3}}){{7,}}(?!\d)"),
        _numbers,
    ),
)


def merged(text: str, codecs: Iterable[Codec]) -> tuple[list[Edit], list[str]]:
    """The edits of several codecs for one text, earlier codecs first where they overlap, and whose edits were kept."""
    edits: list[Edit] = []
    names: list[str] = []
    for codec in codecs:
        fresh = [edit for edit in codec.edits(text) if not edits or not _touches(edit, edits)]
        if fresh:
            names.append(codec.name)
            edits = sorted(edits + fresh, key=lambda edit: edit.start)
    return edits, names


def _touches(edit: Edit, edits: list[Edit]) -> bool:
    """Whether the sorted `edits` hold one that overlaps."""
    low, high = 0, len(edits)
    while low < high:
        middle = (low + high) // 2
        if edits[middle].end <= edit.start:
            low = middle + 1
        else:
            high = middle
    return low < len(edits) and edits[low].start < edit.end
