"""Texts made from other texts, which remember where every character came from.

A reading that is not the original must still say which original characters to redact. Every reading is made by one of
these steps, and a chain of steps is followed backwards.
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, Protocol

from msgspec import Struct

NEAR: Final = 1024
"""How much of the text around a replaced run is read again together with what came out of it, in characters."""


class Step(Protocol):
    """The way from one text to another, followed backwards."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the earlier text that show as `start..end` of the later one."""
        ...


class Edit(Struct, frozen=True):
    """In the earlier text, `start..end` is replaced by `text`."""

    start: int
    end: int
    text: str


def nearby(edits: Iterable[Edit], size: int) -> list[Edit]:
    """The edits of a text of this size, and others that leave out what is far from all of them.

    What is far from every edit reads as it did before. A line break stands for it, so that nothing is read across.
    """
    kept: list[Edit] = []
    last = -NEAR
    for edit in (*edits, Edit(size + NEAR, size + NEAR, "")):
        start, end = last + NEAR, edit.start - NEAR
        if end - start > NEAR:
            kept.append(Edit(start, end, "\n"))
        kept.append(edit)
        last = edit.end
    return kept[:-1]


class _Seam(Struct, frozen=True):
    start: int  # in the later text
    end: int
    old_start: int
    old_end: int


class Spliced:
    """A text in which some runs were replaced. A part of a replacement comes from the whole run that it replaced."""

    __slots__ = ("_seams", "_starts", "text")

    def __init__(self, source: str, edits: Iterable[Edit]) -> None:
        parts: list[str] = []
        seams: list[_Seam] = []
        taken = length = 0
        for edit in edits:
            parts += (source[taken : edit.start], edit.text)
            length += edit.start - taken
            seams.append(_Seam(length, length + len(edit.text), edit.start, edit.end))
            length += len(edit.text)
            taken = edit.end
        parts.append(source[taken:])
        self.text = "".join(parts)
        self._seams = seams
        self._starts = list(map(attrgetter("start"), seams))

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """See `Step`."""
        first = self._old_span(start)
        return first[0], max(first[0], self._old_span(max(start, end - 1))[1])

    def _old_span(self, position: int) -> tuple[int, int]:
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position, position + 1
        seam = self._seams[index]
        if position < seam.end:
            return seam.old_start, seam.old_end
        old = seam.old_end + position - seam.end
        return old, old + 1


class Reversed(Struct, frozen=True):
    """A text read from its end."""

    length: int

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """See `Step`."""
        return self.length - end, self.length - start
