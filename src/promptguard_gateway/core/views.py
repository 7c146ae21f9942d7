"""Readings of segments: what a person or a model would make of a text that does not say plainly what it means.

A view is a reading with a way back: every span of it answers which characters of which segments it came from, so that
a finding in decoded text can be redacted in the original. Readings are made of readings (base64 inside rot13), to a
depth and a size that depend on positions and lengths only, so that results never depend on timing.

Plain ASCII prose costs one RE2 search: the gates of all transformations are one set.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.alphabets import ALPHABETS
from promptguard_gateway.core.decoding import CODECS, HIDDEN_CODECS, merged
from promptguard_gateway.core.disguises import (
    GLUED_GATE,
    LEET_GATE,
    REVERSED_GATE,
    ROT13_GATE,
    SPACED_GATE,
    glued_words,
    mirrored_words,
    rot13,
    spaced_letters,
    upside_down,
    without_leet,
)
from promptguard_gateway.core.engine import encode
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.fold import Folded, fold, skeleton, skeleton_text
from promptguard_gateway.core.needs import PatternSet
from promptguard_gateway.core.segments import Channel, Role, Segment
from promptguard_gateway.core.splices import Edit, Reversed, Spliced, Step, nearby
from promptguard_gateway.core.spoken import SPOKEN_GATE, spoken

DEPTH: Final = 3
"""How many transformations may lie on top of each other."""
GROWTH: Final = 4
"""Readings of readings together may have this many times the characters of their text. The readings of the text itself
are always made: what one of them costs must not be a way to be spared another."""
MOST_CHARACTERS: Final = 1 << 20
LEAST_CHARACTERS: Final = 1 << 14
"""The bounds of that allowance: short texts get enough for every reading."""
MOST_READINGS: Final = 24
"""Derived readings of one text."""
LONG_PART: Final = 4096
"""Of a longer part, only this many characters at either end are joined with its neighbours."""

# Readings in which only phrases make sense: shifted digits and mirrored addresses are noise.
# Leaves of one JSON text stand apart there: joined, they make numbers and addresses that nobody wrote.
_PHRASES_ONLY = frozenset(
    [
        "rot13",
        "reversed",
        "mirrored",
        "upside_down",
        "leet",
        "glued",
        "morse",
        "nato",
        "braille",
        "joined_leaves",
        "glued_leaves",
    ]
)
_PHRASE_FAMILIES = frozenset({Family.INJECTION, Family.FORGERY, Family.EXFILTRATION, Family.SAFETY})


class Piece(Struct, frozen=True):
    """`start..end` of a view's base text is this segment's text from `offset` on."""

    start: int
    end: int
    segment: int
    offset: int


class View(Struct, frozen=True):
    """One reading of one or several segments. `kind` names how it came about: `plain`, `folded`, `base64>rot13` ...

    `revealed`: places of runs that nobody could read and that say several words here.
    """

    kind: str
    text: str
    pieces: tuple[Piece, ...]
    steps: tuple[Step, ...] = ()
    revealed: tuple[tuple[int, int, int], ...] = ()

    def places(self, start: int, end: int) -> tuple[tuple[int, int, int], ...]:
        """(segment, start, end) of the original characters that show as `text[start:end]`."""
        for step in reversed(self.steps):
            start, end = step.origin(start, end)
        first = bisect_right(self.pieces, start, key=attrgetter("end"))
        touched = takewhile(
            lambda piece: piece.start < end, map(self.pieces.__getitem__, range(first, len(self.pieces)))
        )
        found = [
            (
                piece.segment,
                piece.offset + max(start, piece.start) - piece.start,
                piece.offset + min(end, piece.end) - piece.start,
            )
            for piece in touched
        ]
        return tuple(found) or self._nearest(start)

    def _nearest(self, position: int) -> tuple[tuple[int, int, int], ...]:
        """Something that was put between pieces comes from the end of the piece before it."""
        before = self.pieces[max(0, bisect_right(self.pieces, position, key=attrgetter("start")) - 1)]
        at = before.offset + min(position, before.end) - before.start
        return ((before.segment, at, at),)


def applies(kind: str, family: Family) -> bool:
    """Whether findings of this family make sense in a reading of this kind."""
    if family in _PHRASE_FAMILIES or kind in ("plain", "folded"):
        return True
    return _PHRASES_ONLY.isdisjoint(kind.replace("+", ">").split(">"))


def readings_of(text: str, index: int = 0) -> Iterator[View]:
    """Every reading of the text of one segment, whose index its places shall name."""
    if text:
        yield from _all_readings("", text, (Piece(0, len(text), index, 0),))


def joined_readings(segments: Sequence[Segment]) -> Iterator[View]:
    """Every reading of parts that belong together, joined with a space and with nothing."""
    for group in _groups(segments):
        leaves = any(segments[index].leaf is not None for index in group)
        for name, glue in _LEAF_GLUES if leaves else _GLUES:
            text, pieces = _join(segments, group, glue)
            yield from _all_readings(name, text, pieces)


_GLUES = (("joined", " "), ("glued_parts", ""))
_LEAF_GLUES = (("joined_leaves", " "), ("glued_leaves", ""))


def _groups(segments: Sequence[Segment]) -> Iterator[list[int]]:
    """Segments of one speaker in one message or in consecutive ones, whatever else stands between them.

    Then those of each member of these messages: the text of two messages belongs together, and so it does if one of
    them bears a name besides. A message without text does not come between two others.
    """
    open_groups: dict[tuple[Role, Channel], tuple[int, list[int]]] = {}
    closed: list[list[int]] = []
    turn = rank = -1
    for index, segment in enumerate(segments):
        if segment.turn < 0 or segment.is_key or not segment.text:
            continue
        rank += segment.turn != turn
        turn = segment.turn
        speaker = segment.role, segment.channel
        last, group = open_groups.get(speaker, (rank, []))
        if rank - last > 1:
            closed.append(group)
            group = []
        group.append(index)
        open_groups[speaker] = rank, group
    for group in (*closed, *(group for _, group in open_groups.values())):
        if len(group) > 1:
            yield group
            yield from _by_member(segments, group)


def _by_member(segments: Sequence[Segment], group: list[int]) -> Iterator[list[int]]:
    """The segments of a group by the member of their message, if they come from several members."""
    members: dict[tuple[str | int, ...], list[int]] = {}
    for index in group:
        members.setdefault(segments[index].location[2:3], []).append(index)
    if len(members) > 1:
        yield from (indexes for indexes in members.values() if len(indexes) > 1)


def _join(segments: Sequence[Segment], group: list[int], glue: str) -> tuple[str, tuple[Piece, ...]]:
    parts: list[str] = []
    pieces: list[Piece] = []
    length = 0
    for index in group:
        for offset, text in _ends(segments[index].text):
            pieces.append(Piece(length, length + len(text), index, offset))
            parts.append(text)
            length += len(text) + len(glue)
    return glue.join(parts), tuple(pieces)


def _ends(text: str) -> tuple[tuple[int, str], ...]:
    """The parts of a text that are near its neighbours."""
    if len(text) <= 2 * LONG_PART:
        return ((0, text),)
    return (0, text[:LONG_PART]), (len(text) - LONG_PART, text[-LONG_PART:])


def _all_readings(prefix: str, text: str, pieces: tuple[Piece, ...]) -> Iterator[View]:
    """The base text's own readings, then what can be derived from the plainest of them, breadth first."""
    bases = list(_base_readings(text, pieces))
    hidden = _hidden(text, pieces)
    derived = _derived([bases[-1], *hidden], len(text))
    for view in (*bases, *hidden, *derived):
        yield view if not prefix else _named(prefix, view)


def _base_readings(text: str, pieces: tuple[Piece, ...]) -> Iterator[View]:
    if text.isascii():
        yield View("plain", text, pieces)
        return
    folded = fold(text)
    if folded.text == text:
        yield View("plain", text, pieces)
    else:
        yield View("folded", folded.text, pieces, (folded,))
    skeletal = Folded(text, skeleton_text(folded.text))
    if skeletal.text != folded.text:
        yield View("skeleton", skeletal.text, pieces, (skeletal,))


def _named(prefix: str, view: View) -> View:
    kind = prefix if view.kind == "plain" else f"{prefix}>{view.kind}"
    return View(kind, view.text, view.pieces, view.steps)


def _derived(waiting: list[View], size: int) -> Iterator[View]:
    """Breadth first, within the allowance for a base text of this size."""
    allowance = min(MOST_CHARACTERS, max(LEAST_CHARACTERS, GROWTH * size))
    seen = {view.text for view in waiting}
    made = 0
    for depth in range(DEPTH):
        fresh: list[View] = []
        for parent in waiting:
            for child in _children(parent):
                allowance -= len(child.text) if depth else 0
                if child.text in seen or made >= MOST_READINGS or allowance < 0:
                    continue
                seen.add(child.text)
                made += 1
                fresh.append(child)
                yield child
        waiting = fresh


_LETTER_GATES = (SPACED_GATE, GLUED_GATE, LEET_GATE, ROT13_GATE, REVERSED_GATE, SPOKEN_GATE)
_CODECS = (*CODECS, *ALPHABETS)
_GATES = PatternSet([*_LETTER_GATES, *(codec.gate for codec in _CODECS)])
_HIDDEN_GATES = PatternSet([codec.gate for codec in HIDDEN_CODECS])
_SPACED, _GLUED, _LEET, _ROT13, _REVERSED, _SPOKEN = range(len(_LETTER_GATES))


def _children(parent: View) -> list[View]:
    """Every transformation that one reading offers."""
    open_gates = _GATES.present(encode(parent.text))
    if not open_gates:
        return []
    text = parent.text
    children: list[View] = []
    codecs = [_CODECS[index - len(_LETTER_GATES)] for index in open_gates if index >= len(_LETTER_GATES)]
    edits, names = merged(text, codecs)
    children += _decoded(parent, "+".join(names), edits)
    if _SPACED in open_gates:
        children += _spliced(parent, "spaced", spaced_letters(text))
    if _SPOKEN in open_gates:
        children += _spliced(parent, "spoken", spoken(text))
    if _GLUED in open_gates:
        children += _spliced(parent, "glued", glued_words(text))
    if _LEET in open_gates:
        children += _aligned(parent, "leet", without_leet(text))
    if _ROT13 in open_gates:
        children += _aligned(parent, "rot13", rot13(text))
    if _REVERSED in open_gates:
        children.append(_child(parent, "reversed", text[::-1], Reversed(len(text))))
        children += _spliced(parent, "mirrored", mirrored_words(text))
    return children


def _hidden(text: str, pieces: tuple[Piece, ...]) -> list[View]:
    """What the original text says in characters that folding removes or changes: invisible and turned ones."""
    plain = View("plain", text, pieces)
    open_gates = [] if text.isascii() else _HIDDEN_GATES.present(encode(text))
    edits, names = merged(text, [HIDDEN_CODECS[index] for index in open_gates])
    hidden = _decoded(plain, "+".join(names), edits)
    turned = upside_down(text)
    return hidden if turned is None else [*hidden, _child(plain, "upside_down", turned, Reversed(len(text)))]


def _aligned(parent: View, kind: str, text: str) -> list[View]:
    """A reading with the parent's offsets."""
    return [] if text == parent.text else [_child(parent, kind, text, None)]


_WORDS = re.compile(r"\b[^\W\d_]{2,24}\b(?:[\s,.'!?:;-]{1,3}[^\W\d_]{1,24}\b){2}")
_MOST_REVEALED = 16


def _decoded(parent: View, kind: str, edits: list[Edit]) -> list[View]:
    """The same with what decoding put in place, and where it showed words that nobody could read before."""
    told = [e for e in edits if _WORDS.search(e.text) and not _WORDS.search(parent.text, e.start, e.end)]
    revealed = tuple(parent.places(edit.start, edit.end)[0] for edit in told[:_MOST_REVEALED])
    return [replace(view, revealed=revealed) for view in _spliced(parent, kind, edits)]


def _spliced(parent: View, kind: str, edits: list[Edit]) -> list[View]:
    if not edits:
        return []
    spliced = Spliced(parent.text, nearby(edits, len(parent.text)))
    return [_child(parent, kind, spliced.text, spliced)]


def _child(parent: View, kind: str, text: str, step: Step | None) -> View:
    """One more transformation on top of the parent's; what it brings to light is folded at once."""
    steps = parent.steps if step is None else (*parent.steps, step)
    if not text.isascii():
        skeletal = skeleton(text)
        text, steps = skeletal.text, (*steps, skeletal)
    name = kind if parent.kind in ("plain", "folded", "skeleton") else f"{parent.kind}>{kind}"
    return View(name, text, parent.pieces, steps)
