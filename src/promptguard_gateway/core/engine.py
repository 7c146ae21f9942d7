"""A small typed face for google-re2, so that its oddities are met in one place.

Three of them matter. Programs read bytes, because handing over `str` costs 2.3 to 2.8 times as much. A set answers
"nothing found" and "I ran out of memory" in the same way, so it gets generous memory and must pass a self-test when it
is made. And the library logs errors by itself, which is switched off: errors are raised here.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import re2

MEMORY = 256 << 20
"""Upper bound, in bytes, for the automaton of one program. It is taken as needed; too little makes RE2 start over
again and again, and searches become twenty times slower."""

_PROBE = "\x00promptguard-probe\x00"
_GROUP = 6  # patterns an automaton of shapes has; 4 to 6 were fastest, one for all took four times as long
_NO_LITERALS = b"\x01"  # what is tried on this text is tried on every text


class ProgramError(ValueError):
    """RE2 refused a pattern, or a set of patterns does not work."""


def encode(text: str) -> bytes:
    """UTF-8 with one character for each character: a lone surrogate becomes `?` instead of an error."""
    return text.encode("utf-8", "replace")


class Program:
    """One compiled pattern. Offsets are in bytes."""

    __slots__ = ("_match", "_search")

    def __init__(self, regex: str, *, longest: bool = False, keep: bool = True) -> None:
        """`keep` it compiled for whoever asks for the same pattern again; not for the large ones."""
        compiled = (_kept if keep else _compiled)(regex, longest)
        self._search = compiled.search
        self._match = compiled.match

    def search(self, data: bytes, start: int = 0) -> tuple[int, int] | None:
        """The leftmost span from `start` on; what stands before `start` is seen by assertions."""
        found = self._search(data, start)
        if found is None:
            return None
        span: tuple[int, int] = found.span()
        return span

    def prefix(self, data: bytes) -> int:
        """The length of the match that begins at the first byte, 0 if there is none."""
        found = self._match(data)
        return 0 if found is None else int(found.end())


SMALL: Final = 1 << 20
"""Memory, in bytes, in which a pattern of a person's must compile: RE2 gives up within milliseconds on one that unfolds
to more than some 10,000 instructions, where with `MEMORY` it would work on it for half a second."""


def program_size(regex: str) -> int:
    """How many instructions a pattern compiles to.

    Raises ProgramError for one that RE2 refuses or finds too large. It says the kind of fault only: what RE2 says
    behind a colon quotes the pattern.
    """
    options = _options(longest=False)
    options.max_mem = SMALL
    try:
        return int(re2.compile(regex, options).programsize)
    except re2.error as error:
        raise ProgramError(_reason(error).partition(": ")[0]) from None


class ProgramSet:
    """Many patterns in one pass: which of them occur somewhere in a text.

    One automaton for all patterns would have a state for every combination of half-read phrases, far more than fit into
    memory: on text it had not seen it cost 1,500 us for a kilobyte, where this costs 75. So a pattern that cannot occur
    without some literal is tried only where the literal occurs (RE2's `FilteredRE2`). The rest, which are about shapes
    of digits and letters, are read by automata of a few patterns each: those that count would multiply each other.
    """

    __slots__ = ("__weakref__", "_filter", "_filtered", "_shapes")

    def __init__(self, regexes: Sequence[str]) -> None:
        needy = _filter_of(regexes)
        bare = frozenset(needy.Match(_NO_LITERALS, True) or ())
        self._filtered = [index for index in range(len(regexes)) if index not in bare]
        self._filter = _filter_of([regexes[index] for index in self._filtered])
        shapes = [index for index in range(len(regexes)) if index in bare]
        groups = [shapes[start : start + _GROUP] for start in range(0, len(shapes), _GROUP)]
        self._shapes = [(_set_of([regexes[index] for index in group]), group) for group in groups]
        if not all(program.Match(_PROBE.encode()) for program in (self._filter, *(one for one, _ in self._shapes))):
            raise ProgramError(f"a set of {len(regexes)} patterns needs more than {MEMORY} bytes")

    def present(self, data: bytes) -> list[int]:
        """The indexes of the patterns that occur, in ascending order."""
        found: list[int] = []
        if self._filtered:
            found = [self._filtered[index] for index in self._filter.Match(data) or () if index < len(self._filtered)]
        for program, group in self._shapes:
            present = program.Match(data)
            if present is not None:
                found += [group[index] for index in present if index < len(group)]
        return sorted(found)


def _set_of(regexes: Sequence[str]) -> re2.Set:
    """A compiled set of these patterns, and of the probe behind them."""
    compiled = re2.Set.SearchSet(_options(longest=False))
    for regex in (*regexes, _PROBE):
        compiled.Add(regex)
    compiled.Compile()
    return compiled


def _filter_of(regexes: Sequence[str]) -> re2.Filter:
    """A compiled filter of these patterns, and of the probe behind them."""
    compiled = re2.Filter()
    for regex in (*regexes, _PROBE):
        try:
            compiled.Add(regex, _options(longest=False))
        except re2.error as error:
            raise ProgramError(f"RE2 refuses {regex!r}: {_reason(error)}") from None
    compiled.Compile()
    return compiled


def _options(*, longest: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    options.never_capture = True
    options.longest_match = longest
    return options


def _compiled(regex: str, longest: bool) -> re2._Regexp:
    try:
        return re2._Regexp(regex, _options(longest=longest))  # re2.compile would keep the last 128 whatever their size
    except re2.error as error:
        raise ProgramError(f"RE2 refuses {regex!r}: {_reason(error)}") from None


@lru_cache(maxsize=4096)
def _kept(regex: str, longest: bool) -> re2._Regexp:
    """Compiled once, however many books hold the pattern: a policy has a book for requests and four for answers."""
    return _compiled(regex, longest)


def _reason(error: re2.error) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
