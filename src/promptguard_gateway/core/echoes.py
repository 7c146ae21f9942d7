"""Values that a request says again, where no detector would know them.

"My tax number is 12345678911" is found by its words, and the answer says "12345678911 is registered". The client sends
that answer back with the next turn, and there the number stands without its words. What was put into an answer must not
reach the model that way, so values that were tokenized somewhere in a request are tokenized wherever it repeats them.
"""

import re
from collections.abc import Iterable, Iterator

# Latin, Greek and Cyrillic have spaces between words. Of scripts that may have none, each character counts as a word: a
# number is found between Chinese characters, too.
_WORD = re.compile(r"[0-9A-Za-z_\u00c0-\u058f]+|\w")
_SHORTEST = 4  # characters; a shorter value is too often something else
_MOST_WORDS = 12  # longer values have a shape that a detector knows by itself
_MOST_MARKS = 2  # before the first word and behind the last: `+49 ...`


class Echoes:
    """Finds values word for word, in linear time however many there are: only where their first word stands, in the few
    lengths, counted in words, that values with this first word have."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values: set[str] = set()
        self._shapes: dict[str, set[tuple[int, int, int]]] = {}
        for value in values:
            self._learn(value)

    def _learn(self, value: str) -> None:
        words = [*_WORD.finditer(value)]
        if len(value) < _SHORTEST or not 0 < len(words) <= _MOST_WORDS:
            return
        before, behind = words[0].start(), len(value) - words[-1].end()
        if max(before, behind) <= _MOST_MARKS:
            self._values.add(value)
            self._shapes.setdefault(words[0].group(), set()).add((len(words), before, behind))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """The spans of all values in a text, in order; they do not overlap, and of two the longer is given."""
        if self._shapes.keys().isdisjoint(_WORD.findall(text)):
            return
        words = [word.span() for word in _WORD.finditer(text)]
        free = 0
        for index, (start, end) in enumerate(words):
            shapes = self._shapes.get(text[start:end])
            for count, before, behind in sorted(shapes, reverse=True) if shapes else ():
                first = start - before
                last = words[index + count - 1][1] + behind if index + count <= len(words) else 0
                if free <= first < last and text[first:last] in self._values:
                    yield first, last
                    free = last
                    break


def apart(found: Iterable[tuple[int, int]], taken: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans found that overlap none that is taken. `found` is in order; spans of one kind do not overlap."""
    others = iter(sorted(taken))
    other = next(others, None)
    for start, end in found:
        while other is not None and other[1] <= start:
            other = next(others, None)
        if other is None or end <= other[0]:
            yield start, end
