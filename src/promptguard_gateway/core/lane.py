"""Reading a text as it arrives, with results that do not depend on how it arrives.

A lane follows one text with a set of detectors. `append` adds characters, `settle` says which hits are now certain:
those that begin before `stable`, the place from which the text may still become part of something. A hit is certain
because whatever could have begun there has either ended or can no longer happen, so the same hits come out for every
way of cutting the text. Three readings run beside each other: the patterns on the folded view, the patterns on the
skeleton as soon as a look-alike letter occurs, and each code detector on the original text.

All offsets that leave this file count original characters from the beginning of the text. Only the undecided end of
the text is kept, and a little before it.
"""

from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import replace

from promptguard_gateway.core.book import HoldBack, PatternBook
from promptguard_gateway.core.detector import STREAM_CONTEXT, CodeDetector, Hit, Knowledge, sound
from promptguard_gateway.core.findings import digest_of
from promptguard_gateway.core.fold import fold_text, skeleton_text
from promptguard_gateway.core.reading import SPARE, Offsets, Reading, Spotted


def _view(text: str, *, skeleton: bool) -> str:
    """The name of the first view in which a hit shows."""
    if text.isascii():
        return "plain"
    view = fold_text(text)
    if skeleton and skeleton_text(view) != view:
        return "skeleton"
    return "plain" if view == text else "folded"


class _CodeReading:
    """One code detector on the original text. See `CodeDetector` for what it is shown."""

    def __init__(self, detector: CodeDetector, knowledge: Knowledge, limit: int, number: int) -> None:
        self.settled = 0
        self.failure = ""
        self._detector = detector
        self._reach = detector.spec.reach
        self._shortest = detector.spec.shortest
        self._knowledge = knowledge
        self._limit = limit
        self._order = (number, 0)

    def settle(self, text: str, base: int, *, final: bool) -> list[Spotted]:
        """Hits that begin in the part that is now decided; `text` begins at `base`. After a failure there are none."""
        size = base + len(text)
        if self.failure:
            self.settled = size
            return []
        start = max(base, self.settled - self._reach)
        try:
            return self._read(text[start - base :], start, size, final=final)
        except Exception as error:  # a detector's code may fail in any way; the policy decides what that means
            self.failure = type(error).__name__
            self.settled = size
            return [self._failed(size)]

    def restart(self, position: int) -> None:
        """Forget everything that began before `position`."""
        self.settled = position

    def _read(self, text: str, start: int, size: int, *, final: bool) -> list[Spotted]:
        pending = 0 if final else self._detector.pending(text, self._knowledge)
        if not 0 <= pending <= len(text):
            raise ValueError("pending is no number of characters of the text")
        stable = max(size - pending, self.settled)
        if stable == self.settled and not final:
            stable = max(stable, size - self._limit)
        if stable == self.settled:
            return []
        if size - self.settled < self._shortest:  # what begins in the part that is decided now ends in sight
            self.settled = stable
            return []
        found = [sound(hit, len(text)) for hit in self._detector.scan(text, self._knowledge)]
        hits = [hit for hit in found if hit.start + start >= self.settled]
        if not final:
            open_starts = [hit.start + start for hit in hits if hit.end + start >= stable]
            stable = max(min([stable, *open_starts]), size - self._limit, self.settled)
        self.settled = stable
        return [self._spotted(hit, start) for hit in hits if hit.start + start < stable]

    def _spotted(self, hit: Hit, base: int) -> Spotted:
        return Spotted(
            spec=self._detector.spec,
            rule=hit.rule,
            label=hit.label or self._detector.spec.label,
            start=hit.start + base,
            end=hit.end + base,
            score=hit.score,
            order=self._order,
        )

    def _failed(self, position: int) -> Spotted:
        spec = self._detector.spec
        return Spotted(
            spec=spec,
            rule="",
            label=spec.label,
            start=position,
            end=position,
            score=0.0,
            order=self._order,
            failure=self.failure,
        )


class Lane:
    """A text as it grows, and the detectors that read it.

    `limit` bounds, in characters, how much may stay undecided; beyond it what begins there is decided by what is there.
    """

    def __init__(
        self, book: PatternBook, hold: HoldBack, codes: Sequence[CodeDetector], knowledge: Knowledge, limit: int
    ) -> None:
        self.stable = 0
        self._offsets = Offsets()
        self._plain = Reading(book, hold, self._offsets, limit)
        self._skeleton: Reading | None = None
        rows = len(book.rows)
        self._codes = [_CodeReading(code, knowledge, limit, rows + number) for number, code in enumerate(codes)]
        self._reach = max((code.spec.reach for code in codes), default=STREAM_CONTEXT)
        self._queue: list[Spotted] = []
        self._source = ""
        self._base = 0

    def append(self, text: str) -> None:
        """Add to the end."""
        view = fold_text(text)
        if not view.isascii():
            other = skeleton_text(view)
            if self._skeleton is None and other != view:
                self._skeleton = self._plain.fork()
            if self._skeleton is not None:
                self._skeleton.append(other)
        elif self._skeleton is not None:
            self._skeleton.append(view)
        self._plain.append(view)
        self._offsets.extend(text, view)
        self._source += text

    def settle(self, *, final: bool = False) -> list[Spotted]:
        """Hits that are now certain, each once, in order: those that begin before `stable`."""
        found = self._plain.settle(final=final)
        stable = self._plain.settled
        if self._skeleton is not None:
            found += self._skeleton.settle(final=final)
            stable = min(stable, self._skeleton.settled)
        for code in self._codes:
            found += code.settle(self._source, self._base, final=final)
            stable = min(stable, code.settled)
        self.stable = stable
        if found or self._queue:
            found = self._certain(found)
        self._trim()
        return found

    def restart(self) -> None:
        """Forget everything that began before the end of what was appended."""
        for reading in (self._plain, self._skeleton):
            if reading is not None:
                reading.restart(self._offsets.size)
        self.stable = self._base + len(self._source)
        for code in self._codes:
            code.restart(self.stable)
        self._queue.clear()

    def _certain(self, found: list[Spotted]) -> list[Spotted]:
        """What begins before `stable`, in order and without what two readings saw alike; the rest waits."""
        ordered = sorted([*self._queue, *map(self._named, found)], key=attrgetter("key"))
        self._queue = [spotted for spotted in ordered if spotted.start >= self.stable and not spotted.failure]
        places: dict[tuple[str, str, int, int], Spotted] = {}
        for spotted in ordered:
            if spotted.start < self.stable or spotted.failure:
                places.setdefault(spotted.place, spotted)
        return list(places.values())

    def _named(self, spotted: Spotted) -> Spotted:
        """With the view that shows the hit, and the digest of its text."""
        text = self._source[spotted.start - self._base : spotted.end - self._base]
        digest = "" if spotted.tail is not None or spotted.failure else digest_of(text)
        return replace(spotted, view=_view(text, skeleton=bool(spotted.order[1])), match_sha256=digest)

    def _trim(self) -> None:
        kept = self._plain.trim()
        if self._skeleton is not None:
            kept = min(kept, self._skeleton.trim())
        self._offsets.trim(kept)
        needed = self.stable - self._reach
        if needed - self._base > SPARE:
            self._source = self._source[needed - self._base :]
            self._base = needed
