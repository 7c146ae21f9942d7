"""A text reduced to its letters and digits, and the disguises that a model can be talked into.

Detectors that compare texts compare *projections*: folded, look-alikes replaced, lower-cased, nothing but letters and
digits. So spacing, punctuation, letter case, one letter per line and Markdown make no difference. A projection is made
character by character, so the projection of a beginning is a beginning of the projection.

Encodings are not undone in the answer, because a stream cannot wait for the end of an encoded run: what is looked for
is encoded instead, in every alignment.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.disguises import rot13
from promptguard_gateway.core.fold import fold_text, skeleton_text

_NOISE = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalnum())
_NO_LETTER = re.compile(r"[\W_]+")
_BYTE_CHARACTERS: Final = "0123456789abcdefux"
_BYTE_SPELLINGS: Final = ("{:02x}", "x{:02x}", "0x{:02x}", "u{:04x}", "{}")
"""Hexadecimal (also of URLs), `\\x41`, `0x41`, `\\u0041`, and decimal codes, as they look in a projection."""


def project(text: str) -> str:
    """Lower-case letters and digits of the text. Works character by character."""
    if text.isascii():
        return text.lower().encode().translate(None, _NOISE).decode()
    return _NO_LETTER.sub("", skeleton_text(fold_text(text)).casefold())


def origins(text: str) -> list[int]:
    """For each projected character, the index of the one it comes from."""
    if text.isascii():
        return [index for index, character in enumerate(text) if character.isalnum()]
    return [index for index, character in enumerate(text) for _ in project(character)]


def projected_tail(text: str, size: int) -> str:
    """The last projected characters, at most `size`."""
    reach = 2 * size
    while len(tail := project(text[-reach:])) < size and reach < len(text):
        reach *= 4
    return tail[-size:]


def reach_of(text: str, size: int) -> int:
    """How many characters at the end show as `size` projected ones."""
    at = len(text)
    while size > 0 and at:
        at -= 1
        size -= text[at].isalnum() if text[at].isascii() else len(project(text[at]))
    return len(text) - at


def longest_end(tail: str, occurs: Callable[[str], bool], least: int = 0) -> int:
    """How long the longest end is that occurs in some text; an end of `least` characters is known to.

    Parts of parts are parts, so it is found by halving.
    """
    low, high = least, len(tail)
    while low < high:
        middle = (low + high + 1) // 2
        if occurs(tail[len(tail) - middle :]):
            low = middle
        else:
            high = middle - 1
    return low


class Disguises(Struct, frozen=True):
    """Projections of one text: as `prose` (plain, reversed, rot13), byte by byte, and in base64."""

    prose: tuple[str, ...]
    bytewise: tuple[str, ...]
    base64: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of them."""
        return self.prose + self.bytewise + self.base64


def may_be_bytewise(run: str) -> bool:
    """Whether a projected run has only the characters of bytewise disguises."""
    return not run.strip(_BYTE_CHARACTERS)


def disguises_of(text: str) -> Disguises:
    """All of them. What would depend on its neighbours, at either end of base64, is left out."""
    plain = project(text)
    raw = text.strip().encode("utf-8", "replace")
    bytewise = tuple(project("".join(map(spelling.format, raw))) for spelling in _BYTE_SPELLINGS)
    return Disguises((plain, plain[::-1], rot13(plain)), bytewise, tuple(_aligned_base64(raw)))


def _aligned_base64(raw: bytes) -> Iterator[str]:
    """The encoding of all whole groups of three bytes, for each place where a group may begin."""
    for start in range(3):
        yield project(b64encode(raw[start : start + (len(raw) - start) // 3 * 3]).decode())
