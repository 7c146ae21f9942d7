"""What a text must hold before a pattern can occur in it: some digits, or a character that prose has none of.

Counting characters costs a hundredth of reading a text with an automaton. So patterns that need the same are joined,
and where a text does not hold it none of them is tried. Prose without numbers spares most shapes of numbers and keys.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from promptguard_gateway.core import patterns
from promptguard_gateway.core.engine import ProgramSet
from promptguard_gateway.core.patterns import Choice, Node, One, Repeat
from promptguard_gateway.core.shared import Shared
from promptguard_gateway.core.syntax import parse

_DIGITS = "0123456789"
_DIGITS_ONLY = re.compile(r"\\d|[0-9]|\[(?:\\d|[0-9](?:-[0-9])?)+\]")


class Need(Struct, frozen=True):
    """At least so many of these ASCII characters."""

    characters: str
    least: int

    def met(self, data: bytes) -> bool:
        """Whether a text in UTF-8 holds them."""
        if self.least == 1 and len(self.characters) == 1:
            return self.characters.encode() in data
        return len(data) - len(data.translate(None, self.characters.encode())) >= self.least


NOTHING = Need("", 0)
# In this order of preference: the rarest in prose first. Few, because every group of patterns is a pass of its own.
_NEEDS = (*(Need(character, 1) for character in "<|@=_/"), Need(_DIGITS, 4), Need(_DIGITS, 1))


@lru_cache(maxsize=4096)
def need_of(regex: str) -> Need:
    """What every word of a pattern holds, as one of a few needs; `NOTHING` when it is none of them."""
    node = parse(regex)
    return next((need for need in _NEEDS if _least(node, need.characters) >= need.least), NOTHING)


def _least(node: Node, characters: str) -> int:
    """How many of the characters every word of the pattern holds at least."""
    match node:
        case One(source):
            return int(_is_one_of(source, characters))
        case patterns.Sequence(items):
            return sum(_least(item, characters) for item in items)
        case Choice(options):
            return min(_least(option, characters) for option in options)
        case Repeat(inner, low):
            return low * _least(inner, characters) if low else 0
        case _:
            return 0


@lru_cache(maxsize=4096)
def _is_one_of(source: str, characters: str) -> bool:
    """Whether a literal or class, as it was written, certainly stands for one of the characters."""
    if characters == _DIGITS:
        return _DIGITS_ONLY.fullmatch(source) is not None
    return source.removeprefix("\\") == characters


_PROGRAMS = Shared(ProgramSet)


class PatternSet:
    """Which of many patterns occur in a text. Raises `PatternError` and `ProgramError` when it is made."""

    __slots__ = ("_groups",)

    def __init__(self, regexes: Sequence[str]) -> None:
        members: dict[Need, list[int]] = {}
        for index, regex in enumerate(regexes):
            members.setdefault(need_of(regex), []).append(index)
        self._groups = [
            (need, indexes, _PROGRAMS.of(regexes[index] for index in indexes)) for need, indexes in members.items()
        ]

    def present(self, data: bytes) -> list[int]:
        """The indexes of the patterns that occur, in ascending order."""
        found: list[int] = []
        for need, indexes, programs in self._groups:
            if need.met(data):
                found += [indexes[index] for index in programs.present(data)]
        return sorted(found)
