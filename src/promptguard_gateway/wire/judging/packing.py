"""Putting texts into questions: short ones together, long ones in pieces that overlap, and never one too few."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

OVERLAP: Final = 8
"""Pieces of a long text share an eighth, so that what stands at a cut is read whole once."""
_BETWEEN = "\n\n"


class TooLong(Exception):
    """More text than questions may be asked."""


class Packed(Struct, frozen=True):
    """The text of one question and the segments that it comes from."""

    text: str
    segments: tuple[int, ...]


def pack(texts: Iterable[tuple[int, str]], window: int, most: int) -> list[Packed]:
    """At most `most` texts of at most `window` characters that hold all of the given ones. Raises TooLong."""
    packed: list[Packed] = []
    for index, piece in _pieces(texts, window):
        last = packed[-1] if packed else None
        if last is not None and len(last.text) + len(_BETWEEN) + len(piece) <= window:
            packed[-1] = Packed(last.text + _BETWEEN + piece, (*last.segments, index))
        elif len(packed) == most:
            raise TooLong
        else:
            packed.append(Packed(piece, (index,)))
    return packed


def _pieces(texts: Iterable[tuple[int, str]], window: int) -> Iterator[tuple[int, str]]:
    step = window - window // OVERLAP
    for index, text in texts:
        if text.strip():
            for start in range(0, max(1, len(text) - window // OVERLAP), step):
                yield index, text[start : start + window]
