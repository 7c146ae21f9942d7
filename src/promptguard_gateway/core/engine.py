"""A small typed face for google-re2, so that its oddities are met in one place.

Three of them matter. Programs read bytes, because handing over `str` costs 2.3 to 2.8 times as much. A set answers
"nothing found" and "I ran out of memory" in the same way, so it gets generous memory and must pass a self-test when it
is made. And the library logs errors by itself, which is switched off: errors are raised here.
"""

from collections.abc import Sequence

import re2

MEMORY = 256 << 20
"""Upper bound, in bytes, for the automaton of one program. It is taken as needed; too little makes RE2 start over
again and again, and searches become twenty times slower."""

_PROBE = "\x00promptguard-probe\x00"


class ProgramError(ValueError):
    """RE2 refused a pattern, or a set of patterns does not work."""


def encode(text: str) -> bytes:
    """UTF-8 with one character for each character: a lone surrogate becomes `?` instead of an error."""
    return text.encode("utf-8", "replace")


class Program:
    """One compiled pattern. Offsets are in bytes."""

    __slots__ = ("_match", "_search")

    def __init__(self, regex: str, *, longest: bool = False) -> None:
        compiled = _compile(regex, longest)
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


class ProgramSet:
    """Many patterns in one pass: which of them occur somewhere in a text."""

    __slots__ = ("_match", "_probe")

    def __init__(self, regexes: Sequence[str]) -> None:
        compiled = re2.Set.SearchSet(_options(longest=False))
        for regex in regexes:
            try:
                compiled.Add(regex)
            except re2.error as error:
                raise ProgramError(f"RE2 refuses {regex!r}: {error}") from None
        self._probe = int(compiled.Add(_PROBE))
        compiled.Compile()
        self._match = compiled.Match
        if self._match(_PROBE.encode()) is None:
            raise ProgramError(f"a set of {len(regexes)} patterns needs more than {MEMORY} bytes")

    def present(self, data: bytes) -> list[int]:
        """The indexes of the patterns that occur, in ascending order."""
        found = self._match(data)
        if found is None:
            return []
        return sorted(index for index in found if index != self._probe)


def _options(*, longest: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    options.never_capture = True
    options.longest_match = longest
    return options


def _compile(regex: str, longest: bool) -> re2._Regexp:
    try:
        return re2.compile(regex, _options(longest=longest))
    except re2.error as error:
        reason = error.args[0] if error.args else error
        readable = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ProgramError(f"RE2 refuses {regex!r}: {readable}") from None
