"""One view of a text, read by patterns as it grows.

`Offsets` leads from the view back to the original text. `Reading` runs a `PatternBook` over the view with the memory
that makes the result independent of how the text arrives: how far starts are decided, where each pattern's search goes
on, and which long values are still open. `core.lane` puts several readings beside each other.
"""

from bisect import bisect_right
from sys import maxsize

from msgspec import Struct

from promptguard_gateway.core.book import CONTEXT, HoldBack, Passage, PatternBook, Row, Sighting
from promptguard_gateway.core.detector import Spec
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.fold import origin_of, view_ends

SPARE = 1024
"""Trimming a buffer costs its length, so it waits until this many characters can go."""


class Tail:
    """The rest of a long value, in original characters: at least to `bound`, and to `end` once that is known."""

    __slots__ = ("bound", "end", "position", "row")

    def __init__(self, row: Row, position: int) -> None:
        self.row = row
        self.position = position  # in the view: where the value's end is looked for
        self.bound = 0
        self.end: int | None = None


class Spotted(Struct, frozen=True, kw_only=True):
    """One certain hit, in original characters. For a long value `end` is the end of its head, and `tail` the rest."""

    spec: Spec
    rule: str
    label: str
    start: int
    end: int
    score: float
    order: tuple[int, int]
    view: str = "plain"
    failure: str = ""
    tail: Tail | None = None
    match_sha256: str = ""  # of a long value: empty, because its text is not known when it is decided

    @property
    def detector(self) -> str:
        """The id of the detector that saw it."""
        return self.spec.id

    @property
    def family(self) -> Family:
        """The row of the matrix it belongs to."""
        return self.spec.family

    @property
    def key(self) -> tuple[int, int, tuple[int, int]]:
        """Order of reading: by start, the longer first."""
        return self.start, -self.end, self.order

    @property
    def place(self) -> tuple[str, str, int, int]:
        """What two readings of the same hit have in common."""
        return self.spec.id, self.rule, self.start, self.end


class Offsets:
    """From a view's offsets to original ones and back. One to one until a character says otherwise."""

    __slots__ = ("_ends", "_first", "_floor", "size")

    def __init__(self) -> None:
        self.size = 0  # of the view
        self._ends: list[int] | None = None
        self._first = self._floor = 0  # where the list begins, in original and in view characters

    def extend(self, text: str, view: str) -> None:
        """`text` was appended to the original, which shows as `view`."""
        if self._ends is not None or not text.isascii():
            ends = view_ends(text, self.size)
            if self._ends is not None:
                self._ends += ends
            elif ends != list(range(self.size + 1, self.size + len(text) + 1)):
                self._first = self._floor = self.size
                self._ends = ends
        self.size += len(view)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original characters of `start..end` of the view."""
        if self._ends is None or end <= self._floor:
            return start, end
        first, last = origin_of(self._ends, start, end)
        return (start if start < self._floor else first + self._first), last + self._first

    def boundary(self, position: int) -> tuple[int, int]:
        """The original character that shows at `position` of the view, and where in the view it begins."""
        if self._ends is None or position < self._floor:
            return position, position
        index = bisect_right(self._ends, position)
        return index + self._first, self._ends[index - 1] if index else self._floor

    def trim(self, position: int) -> None:
        """Nothing before `position` of the view will be asked for again."""
        if self._ends is not None and position > self._floor:
            index = bisect_right(self._ends, position)
            if index > SPARE:
                self._floor = self._ends[index - 1]
                self._first += index
                del self._ends[:index]


class Reading:
    """The patterns of a book on one view. `stable` counts characters of the view, `settled` original ones.

    `limit` bounds, in characters of the view, how much may stay undecided.
    """

    def __init__(self, book: PatternBook, hold: HoldBack, offsets: Offsets, limit: int, number: int = 0) -> None:
        self.stable = self.settled = 0
        self._book = book
        self._hold = hold
        self._offsets = offsets
        self._limit = limit
        self._number = number
        self._text = ""
        self._base = 0
        self._resume: dict[int, int] = {}
        self._tails: list[Tail] = []

    def fork(self) -> "Reading":
        """The same state for another view that was equal up to here."""
        other = Reading(self._book, self._hold, self._offsets, self._limit, self._number + 1)
        other.stable, other.settled = self.stable, self.settled
        other._text, other._base = self._text, self._base
        other._resume = dict(self._resume)
        other._tails = [Tail(tail.row, tail.position) for tail in self._tails]
        return other

    def append(self, view: str) -> None:
        """Add to the end."""
        self._text += view

    def settle(self, *, final: bool) -> list[Spotted]:
        """What begins in the part that is now decided. `final`: nothing will follow."""
        size = self._base + len(self._text)
        settled, stable = self._offsets.boundary(size if final else self._held_from(size))
        found: list[Spotted] = []
        # What begins in the part that is decided now ends in sight: otherwise it would be held.
        if self._tails or (stable > self.stable and size - self.stable >= self._book.shortest):
            found = self._read(size, stable, final=final)
        self.stable, self.settled = stable, settled
        return found

    def restart(self, position: int) -> None:
        """Forget everything that began before `position`, an offset in the view; open long values end there."""
        self.stable = position
        self.settled = self._offsets.boundary(position)[0]
        for tail in self._tails:
            tail.end = self.settled
        self._tails.clear()
        self._resume.clear()

    def trim(self) -> int:
        """Drop what is no longer needed; answers where the kept part of the view begins."""
        needed = min([self.stable, *(tail.position for tail in self._tails)]) - CONTEXT - 1
        if needed - self._base > SPARE:
            self._text = self._text[needed - self._base :]
            self._base = needed
        return self._base

    def _held_from(self, size: int) -> int:
        pending = self._hold.pending(self._text[self.stable - self._base :])
        return max(size - min(pending, self._limit), self.stable)

    def _read(self, size: int, stable: int, *, final: bool) -> list[Spotted]:
        begin = min([self.stable, *(tail.position for tail in self._tails)])
        cut = max(0, begin - self._base - CONTEXT - 1)
        window = _Window(self._base + cut, size, stable, Passage(self._text[cut:]), final)
        tails, self._tails = self._tails, []
        found = [self._enter(window, sighting) for sighting in self._sweep(window, tails)]
        for tail in [*tails, *self._tails]:
            found += self._follow(window, tail)
        return found

    def _sweep(self, window: "_Window", tails: list[Tail]) -> list[Sighting]:
        base = window.base
        resume = {row: place - base for row, place in self._resume.items()}
        resume |= {tail.row.index: maxsize for tail in tails}
        found = self._book.sweep(window.passage, self.stable - base, window.stable - base, resume)
        self._resume = {row: place + base for row, place in resume.items() if window.stable < place + base < maxsize}
        return found

    def _enter(self, window: "_Window", sighting: Sighting) -> Spotted:
        """The hit in original characters; a long value is entered in the list of open ones."""
        tail = None
        if sighting.pattern.end is not None:
            tail = Tail(self._book.rows[sighting.row], sighting.end + window.base)
            self._tails.append(tail)
        start, end = self._offsets.span(sighting.start + window.base, sighting.end + window.base)
        return Spotted(
            spec=sighting.spec,
            rule=sighting.rule,
            label=sighting.label or sighting.spec.label,
            start=start,
            end=end,
            score=sighting.score,
            order=(sighting.row, self._number),
            failure=sighting.failure,
            tail=tail,
        )

    def _follow(self, window: "_Window", tail: Tail) -> list[Spotted]:
        """Look for the end of a long value; behind it, its pattern is looked for again."""
        found: list[Spotted] = []
        while self._ended(window, tail):
            begin = tail.position
            if tail in self._tails:
                self._tails.remove(tail)
            sightings, place = tail.row.walk(window.passage, begin - window.base, window.stable - window.base)
            self._resume[tail.row.index] = place + window.base
            if not sightings:
                return found
            found += [self._enter(window, sighting) for sighting in sightings]
            tail = self._tails[-1]
        if tail not in self._tails:
            self._tails.append(tail)
        return found

    def _ended(self, window: "_Window", tail: Tail) -> bool:
        """Whether the value's end is certain; then the tail's position is the end."""
        rest = self._text[tail.position - self._base :]
        hold = tail.row.until_hold
        pending = 0 if hold is None or window.final else min(hold.pending(rest), self._limit)
        bound = max(window.size - pending, tail.position)
        span = tail.row.until_span(window.passage, tail.position - window.base)
        if span is None or span[0] + window.base >= bound:
            tail.position = bound
            tail.bound = self._offsets.boundary(bound)[0]
            tail.end = tail.bound if window.final else None
            return False
        tail.position = span[1] + window.base
        tail.bound = tail.end = self._offsets.span(tail.position - 1, tail.position)[1]
        return True


class _Window(Struct, frozen=True):
    """The part of a view that is read now: it begins at `base` and ends at `size`; starts before `stable` count."""

    base: int
    size: int
    stable: int
    passage: Passage
    final: bool
