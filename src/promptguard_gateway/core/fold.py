"""What a reader sees, as text that patterns can read: the folded view and the skeleton.

Both are *homomorphisms*: they work character by character, so `fold(x + y) == fold(x) + fold(y)`. A view of a prefix
is therefore a prefix of the view, which is what lets a stream be folded piece by piece with the same result as at
once; and nobody can make normalisation slow, because nothing is ever reordered or composed.

`fold` applies compatibility normalisation to each character (full width and styled letters become plain ones), removes
what is invisible (format characters, tag characters, variation selectors, combining marks, fillers), turns every space
into a plain one, and the digits of every script into ASCII ones. `skeleton` besides replaces letters of other
alphabets, and accented letters, by the Latin letters they look like; it maps every folded character to exactly one, so
offsets in both views are the same.

ASCII stays as it is in both views, which is also the fast path.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from unicodedata import category, decimal, normalize

from promptguard_gateway.core.confusables import LATIN

EXPANSION = 4
"""How many characters one character may become. U+FDFA alone would give eighteen."""

_REMOVED = frozenset({"Mn", "Me", "Cf", "Cs", "Cc"})
_BLANK = frozenset({"Zs", "Zl", "Zp"})
# Hangul fillers: letters by category, invisible by design.
_FILLERS = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0"})
_IGNORABLE = range(0xE0000, 0xE1000)  # tags, variation selectors and what Unicode reserves for more of the kind
_BRAILLE_BLANK = "\u2800"
_NEXT_LINE = "\x85"


def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    if character in _FILLERS or ord(character) in _IGNORABLE:
        return ""
    if character in (_BRAILLE_BLANK, _NEXT_LINE):
        return " "
    return "".join(map(_visible, normalize("NFKC", character)[:EXPANSION]))


def _visible(character: str) -> str:
    if character.isascii():
        return character
    kind = category(character)
    if kind == "Nd":
        return str(decimal(character))
    if kind in _REMOVED or character in _FILLERS:
        return ""
    return " " if kind in _BLANK else character


def _skeleton_character(character: str) -> str:
    latin = LATIN.get(ord(character))
    if latin is not None:
        return latin
    apart = normalize("NFD", character)
    base, marks = apart[0], apart[1:]
    if not marks or any(category(mark) != "Mn" for mark in marks):
        return character
    return base if base.isascii() else LATIN.get(ord(base), character)


class _FoldTable(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = _fold_character(chr(code))
        return self[code]


class _SkeletonTable(dict[int, str]):
    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if character.isascii() else _skeleton_character(character)
        return self[code]


# The tables grow to the number of distinct characters ever met, at most 1.1 million.
_FOLD = _FoldTable()
_SKELETON = _SkeletonTable()


class Folded:
    """A view of `source`. Where its characters come from is worked out when somebody asks for the first time."""

    __slots__ = ("_ends", "source", "text")

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        self.text = text
        self._ends: list[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original characters that show as `text[start:end]`, with what is invisible between them."""
        if self.text is self.source:
            return start, end
        if self._ends is None:
            self._ends = view_ends(self.source)
        return origin_of(self._ends, start, end)


def origin_of(ends: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """The original span of a view's span, from where each original character's part of the view ends."""
    first = bisect_right(ends, start)
    return first, max(first, bisect_right(ends, end - 1) + 1)


def fold(text: str) -> Folded:
    """The folded view."""
    return Folded(text, fold_text(text))


def skeleton(text: str) -> Folded:
    """The folded view with look-alikes replaced by Latin letters."""
    return Folded(text, skeleton_text(fold_text(text)))


def fold_text(text: str) -> str:
    """The folded view without offsets."""
    return text if text.isascii() else _translated(text, _FOLD)


def skeleton_text(view: str) -> str:
    """The skeleton of an already folded view: the same length, the same offsets."""
    return view if view.isascii() else _translated(view, _SKELETON)


_SLICE = 1 << 15
"""Long texts are translated in slices: one call would keep the interpreter lock to its end."""


def _translated(text: str, table: dict[int, str]) -> str:
    if len(text) <= _SLICE:
        return text.translate(table)
    return "".join([text[start : start + _SLICE].translate(table) for start in range(0, len(text), _SLICE)])


def view_ends(text: str, start: int = 0) -> list[int]:
    """For each character, where its part of the folded view ends, counted from `start`."""
    parts = map(_FOLD.__getitem__, map(ord, text))
    return list(accumulate(map(len, parts), initial=start))[1:]
