"""All patterns of many detectors as one program: what occurs in a text, and what may still come.

`PatternBook.find` asks one RE2 set which patterns occur at all, about 3 us for a kilobyte, and only then looks where.
Each pattern finds its spans from left to right without overlap; a candidate that its validator drops is no span, and
the search goes on one character further.

`HoldBack.pending` says how many characters at the end of a text may still become part of a span. All prefix closures
(`core.patterns`), reversed and joined, are one program that reads the text from its end; its longest match is the
answer. Its cost is the length of the answer, not of the text.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from string import ascii_letters, digits
from sys import maxsize

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.detector import Candidate, Identity, Pattern, PatternDetector, Spec
from promptguard_gateway.core.engine import Program, encode
from promptguard_gateway.core.needs import PatternSet
from promptguard_gateway.core.patterns import (
    Node,
    One,
    Repeat,
    closure,
    emit,
    in_sequence,
    longest,
    ones,
    reverse,
    shortest,
)
from promptguard_gateway.core.shared import Shared
from promptguard_gateway.core.syntax import MOST_REPEATS, PatternError, parse

CONTEXT = 64
"""How many characters before a hit are searched for its context words."""

# What words of prose, names and encoded bytes are made of. Other signs end a word: text should not wait behind them.
_SOLID = ascii_letters + digits + "+-./_"
_OTHERS = encode(
    "".join(chr(code) for code in range(0x10000) if chr(code) not in _SOLID and not 0xD800 <= code < 0xE000)
)

LONGEST_RETRY = 512
"""A dropped candidate that is longer than this is skipped as a whole: retrying it from every character would make
texts of dropped candidates cost the square of their length."""


class Sighting(Struct, frozen=True):
    """One place where a pattern occurs, in characters of the text that was searched.

    `spec` is the detector whose finding it is: the pattern's own, or that of a doubt. `row` is the pattern's number in
    its book. `failure` is the kind of error its validator raised, if it did: then nobody knows whether the hit is real.
    """

    spec: Spec
    pattern: Pattern
    row: int
    start: int
    end: int
    score: float
    rule: str
    label: str | None
    failure: str = ""


class Passage:
    """A text and its bytes. Offsets are asked for in rising order, so that finding them all costs one pass."""

    __slots__ = ("_bytes", "_characters", "_narrow", "data", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = encode(text)
        self._narrow = len(self.data) == len(text)
        self._bytes = self._characters = 0

    def byte(self, position: int) -> int:
        """Where a character begins."""
        if self._narrow:
            return position
        if position < self._characters:
            self._bytes = self._characters = 0
        self._bytes += len(encode(self.text[self._characters : position]))
        self._characters = position
        return self._bytes

    def character(self, offset: int) -> int:
        """Which character begins at this byte."""
        if self._narrow:
            return offset
        if offset < self._bytes:
            self._bytes = self._characters = 0
        self._characters += self.length(self._bytes, offset)
        self._bytes = offset
        return self._characters

    def length(self, start: int, end: int) -> int:
        """How many characters these bytes are."""
        return end - start if self._narrow else len(self.data[start:end].decode())


class HoldBack:
    """How much of the end of a text may still become a word of one of the patterns.

    Most patterns are of values without spaces and quotes: keys, addresses, numbers. There are hundreds, and reading a
    word backwards with all of them costs a new state for each new ending. What may become one of them is a run of their
    letters, no longer than the longest: so a run takes their place, and ordinary text waits for the end of its word.
    """

    __slots__ = ("__weakref__", "_program")

    def __init__(self, regexes: Iterable[str]) -> None:
        listed = list(regexes)
        solid = [regex for regex in listed if _letters(regex) is not None]
        closures = [_backwards(regex) for regex in listed if _letters(regex) is None]
        self._program = _joined([*closures, emit(_run_of(solid))]) if listed else None

    def pending(self, text: str) -> int:
        """In characters; 0 when nothing can come of the end of this text."""
        if self._program is None:
            return 0
        data = encode(text[::-1])
        held = self._program.prefix(data)
        return held if len(data) == len(text) else len(data[:held].decode())


HOLD_BACKS = Shared(HoldBack)


def _run_of(regexes: Sequence[str]) -> Node:
    """As many of the letters of these patterns as the longest of their words has."""
    letters = frozenset[str]().union(*(_letters(regex) or () for regex in regexes))
    size = max((longest(parse(regex)) or 0 for regex in regexes), default=0)
    one = One("[" + "".join(f"\\x{ord(letter):02x}" for letter in sorted(letters)) + "]")
    return in_sequence([Repeat(one, 0, min(size - done, MOST_REPEATS)) for done in range(0, size, MOST_REPEATS)])


@lru_cache(maxsize=4096)
def _letters(regex: str) -> frozenset[str] | None:
    """The letters of a pattern's words, if all are solid and the words have a longest."""
    node = parse(regex)
    if longest(node) is None:
        return None
    sets = [_solid(one) for one in ones(node)]
    return None if None in sets else frozenset[str]().union(*(letters or () for letters in sets))


@lru_cache(maxsize=4096)
def _solid(one: One) -> frozenset[str] | None:
    """The solid characters that may stand here; None if others may, too."""
    program = Program(emit(one))
    if not one.source.isascii() or "{" in one.source or program.search(_OTHERS) is not None:
        return None
    return frozenset(letter for letter in _SOLID if program.prefix(encode(letter)))


@lru_cache(maxsize=4096)
def _backwards(regex: str) -> str:
    return emit(reverse(closure(parse(regex))))


def _joined(regexes: list[str]) -> Program:
    kept = dict.fromkeys(regex for regex in regexes if regex)
    return Program("|".join(kept), longest=True, keep=False)


class Row:
    """One pattern of a book with its programs."""

    __slots__ = ("context", "finder", "index", "lead", "pattern", "spec", "until", "until_hold")

    def __init__(self, index: int, spec: Spec, pattern: Pattern) -> None:
        for regex in (pattern.regex, pattern.end):
            if regex is not None and _shortest_of(regex) == 0:
                raise PatternError(f"{spec.id}/{pattern.name} matches the empty text", 0)
        self.index = index
        self.spec = spec
        self.pattern = pattern
        self.finder = Program(pattern.whole, longest=pattern.identify is not None)
        self.lead = None if pattern.lead is None else Program(pattern.lead)
        self.context = None if pattern.context is None else Program(pattern.context)
        self.until = None if pattern.end is None else Program(pattern.end)
        self.until_hold = None if pattern.end is None else HoldBack([pattern.end])

    def walk(self, passage: Passage, begin: int, stop: int) -> tuple[list[Sighting], int]:
        """Sightings that start in `begin..stop`, and the character where the search would go on.

        For a long value the first head ends the walk, because what comes next depends on where the value ends.
        """
        found: list[Sighting] = []
        position = passage.byte(begin)
        while span := self.finder.search(passage.data, position):
            start = passage.character(span[0])
            if start >= stop:
                break
            end = start + passage.length(*span)
            begin, position = end, span[1]
            sighting = self._sighting(passage.text, start + self._led(passage, span), end)
            if sighting is not None:
                found.append(sighting)
                if sighting.end < end:
                    begin, position = sighting.end, span[0] + len(encode(passage.text[start : sighting.end]))
                if self.until is not None:
                    break
            elif end - start <= LONGEST_RETRY:
                begin, position = start + 1, span[0] + len(encode(passage.text[start]))
        return found, begin

    def until_span(self, passage: Passage, begin: int) -> tuple[int, int] | None:
        """The place from `begin` on that ends a long value, if it is in sight."""
        span = self.until.search(passage.data, passage.byte(begin)) if self.until else None
        if span is None:
            return None
        start = passage.character(span[0])
        return start, start if self.pattern.rest else passage.character(span[1])

    def _led(self, passage: Passage, span: tuple[int, int]) -> int:
        """How many characters of this match, in bytes, are its lead."""
        if self.lead is None:
            return 0
        led = self.lead.prefix(passage.data[span[0] : span[1]])
        return passage.length(span[0], span[0] + led)

    def _sighting(self, text: str, start: int, end: int) -> Sighting | None:
        failure = ""
        try:
            identity = self._identity(text, start, end)
            if identity is None:
                return None
            spec, score = self._doubted(text[start : start + identity.length], identity.score)
        except Exception as error:  # a detector's code may fail in any way; the policy decides what that means
            failure = type(error).__name__
            identity = Identity(end - start, self.pattern.score, self.pattern.name)
            spec, score = self.spec, identity.score
        label = identity.label or self.pattern.label
        end = start + identity.length
        return Sighting(spec, self.pattern, self.index, start, end, score, identity.rule, label, failure)

    def _identity(self, text: str, start: int, end: int) -> Identity | None:
        pattern = self.pattern
        if pattern.identify is not None:
            before, behind = text[max(0, start - CONTEXT) : start], text[end : end + pattern.behind]
            return pattern.identify(Candidate(text[start:end], before, behind))
        if pattern.validate is not None and not pattern.validate(text[start:end]):
            return None
        return Identity(end - start, self._score(text, start), pattern.name)

    def _doubted(self, value: str, score: float) -> tuple[Spec, float]:
        """The detector and the score that the pattern's doubts leave."""
        spec = self.spec
        for doubt in self.pattern.doubts:
            if doubt.score < score and doubt.applies(value):
                spec, score = doubt.spec or spec, doubt.score
        return spec, score

    def _score(self, text: str, start: int) -> float:
        if self.context is None:
            return self.pattern.score
        before = encode(text[max(0, start - CONTEXT) : start])
        return self.pattern.score if self.context.search(before) is None else self.pattern.context_score


@lru_cache(maxsize=4096)
def _shortest_of(regex: str) -> int:
    return shortest(parse(regex))


class PatternBook:
    """Every pattern of the given detectors, compiled together. Raises `PatternError` and `ProgramError`."""

    def __init__(self, detectors: Sequence[PatternDetector]) -> None:
        pairs = [(detector.spec, pattern) for detector in detectors for pattern in detector.patterns]
        self.rows = tuple(Row(index, spec, pattern) for index, (spec, pattern) in enumerate(pairs))
        self.shortest = min((_shortest_of(row.pattern.whole) for row in self.rows), default=maxsize)
        """In fewer characters than these nothing can be found."""
        self._set = PatternSet([row.pattern.whole for row in self.rows])

    def occurs(self, text: str) -> bool:
        """Whether any candidate of any pattern stands in the text; its validator may still drop it."""
        return bool(self._set.present(encode(text)))

    def find(self, text: str, start: int = 0) -> list[Sighting]:
        """Everything that begins at `start` or later, by start; what stands before is seen by assertions only."""
        found: list[Sighting] = []
        passage = Passage(text)
        for index in self._set.present(passage.data):
            found += _all_of(self.rows[index], passage, start)
        found.sort(key=attrgetter("start"))
        return found

    def sweep(self, passage: Passage, begin: int, stop: int, resume: dict[int, int]) -> list[Sighting]:
        """Sightings that start in `begin..stop`, with only the heads of long values.

        `resume` says for single rows where their search goes on, if further on than `begin`; it is brought up to date.
        """
        found: list[Sighting] = []
        seen = passage.data[passage.byte(max(0, begin - 1)) :]  # with the character that `\\b` looks back at
        for index in self._set.present(seen):
            floor = max(begin, resume.get(index, 0))
            if floor >= stop:
                continue
            sightings, resume[index] = self.rows[index].walk(passage, floor, stop)
            found += sightings
        return found


def _all_of(row: Row, passage: Passage, start: int) -> list[Sighting]:
    size = len(passage.text)
    found, _ = row.walk(passage, start, size)
    if row.until is None or not found:
        return found
    closed: list[Sighting] = []
    while found:
        [head] = found
        span = row.until_span(passage, head.end)
        closed.append(replace(head, end=span[1] if span else size))
        found, _ = row.walk(passage, closed[-1].end, size)
    return closed
