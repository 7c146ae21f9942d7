"""Protected text of an exchange reappearing in its answer: the system prompt, developer texts, canaries.

Both sides are *projected*: folded, lower-cased, and reduced to letters and digits, so that spacing, punctuation,
letter case, one-letter-per-line and Markdown make no difference. The protected side is prepared in the disguises a
model can be talked into: reversed, rot13, hexadecimal, and base64 at its three alignments.

A leak is a run of `WINDOW` projected characters that stands in one protected text and in nothing that users or
documents of the exchange said. Every window decides by itself, so the answer to any prefix of a text is a prefix of
the answer: what is more than `WINDOW - 1` projected characters from the end can no longer change.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.detector import OUTPUT, Hit, Knowledge, Spec
from promptguard_gateway.core.disguises import rot13
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.core.fold import fold_text

WINDOW: Final = 32
"""Projected characters that must stand in a row, about six words: shorter runs are common speech."""
SHORTEST: Final = 12
"""A shorter protected text counts as a whole, as canaries do, if it has this many projected characters."""
_STRIDE: Final = WINDOW // 2
_COMMON: Final = 7
_APART: Final = "\n"  # no projected character: nothing matches across it
_NOISE = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalnum())
_NO_LETTER = re.compile(r"[\W_]+")

SPEC = Spec(
    id="leak.protected_text",
    family=Family.LEAK,
    category="system_prompt_leak",
    threat_type="system_prompt_leak",
    severity=Severity.HIGH,
    label="PROTECTED_TEXT",
    owasp=("LLM07", "LLM02"),
    directions=OUTPUT,
    summary="protected text of this exchange, repeated in an answer",
    source="the exchange itself",
)


def project(text: str) -> str:
    """Lower-case letters and digits of the folded text. Works character by character."""
    if text.isascii():
        return text.lower().encode().translate(None, _NOISE).decode()
    return _NO_LETTER.sub("", fold_text(text).casefold())


class _Needles(Struct, frozen=True):
    """`prose` and `encoded` hold the disguises of long protected texts, `canaries` those of short ones."""

    prose: str
    encoded: str
    canaries: tuple[str, ...]

    def hold(self, run: str) -> bool:
        """Whether a projected run is part of a long protected text, in any disguise."""
        return run in self.prose or run in self.encoded

    def show(self, run: str, around: str) -> bool:
        """The same, but encoded text is only looked for where digits are: hardly any window of it has none, and prose
        is spared the longer search."""
        return run in self.prose or (not around.isalpha() and run in self.encoded)


def _disguises(text: str) -> tuple[list[str], list[str]]:
    plain = project(text)
    raw = text.strip().encode("utf-8", "replace")
    aligned = [project(b64encode(raw[start:]).decode().rstrip("=")) for start in range(3)]
    return [plain, plain[::-1], rot13(plain)], [raw.hex(), *aligned]


@lru_cache(maxsize=64)
def _needles(protected: tuple[str, ...]) -> _Needles:
    prose: list[str] = []
    encoded: list[str] = []
    canaries: list[str] = []
    for text in protected:
        size = len(project(text))
        if size < SHORTEST:
            continue
        plain, coded = _disguises(text)
        if size >= WINDOW:
            prose += plain
            encoded += coded
        else:
            canaries += plain + [code for code in coded if SHORTEST <= len(code) < WINDOW]
            encoded += [code for code in coded if len(code) >= WINDOW]
    return _Needles(_APART.join(prose), _APART.join(encoded), tuple(dict.fromkeys(canaries)))


@lru_cache(maxsize=64)
def _said(spoken: tuple[str, ...]) -> str:
    return _APART.join(map(project, spoken))


class LeakDetector(Struct, frozen=True):
    """See the module. Pure; the prepared texts of recent exchanges are cached."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Spans of the text that repeat protected text."""
        if not knowledge.protected:
            return ()
        needles = _needles(knowledge.protected)
        projected = project(text)
        said = ""
        runs: list[tuple[int, int]] = []
        for start, end in _candidates(projected, needles):
            said = said or _said(knowledge.spoken) or _APART
            if projected[start:end] not in said:
                runs.append((start, end))
        return _hits(text, runs) if runs else ()

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The end of the text that may still become part of a window; a few letters when nothing is leaking."""
        if not knowledge.protected:
            return 0
        needles = _needles(knowledge.protected)
        tail = _tail(text, WINDOW - 1)
        if not tail:
            return 0
        held = _longest_suffix(tail, needles)
        for canary in needles.canaries:
            held = max(held, _canary_suffix(tail, canary))
        return _reach(text, held) if held else 0


def _candidates(projected: str, needles: _Needles) -> Iterator[tuple[int, int]]:
    """Windows of the projected text that stand in protected text, in order of their ends for each kind.

    Every window holds a chunk that starts at a multiple of half its size: only around those that occur is it worth
    looking at every position.
    """
    for canary in needles.canaries:
        at = projected.find(canary)
        while at >= 0:
            yield at, at + len(canary)
            at = projected.find(canary, at + 1)
    if not needles.prose and not needles.encoded:
        return
    tried = 0
    for chunk in range(0, len(projected) - _STRIDE + 1, _STRIDE):
        around = projected[max(0, chunk - _STRIDE) : chunk + WINDOW]
        if needles.show(projected[chunk : chunk + _STRIDE], around):
            for start in range(max(tried, chunk - _STRIDE), min(chunk + 1, len(projected) - WINDOW + 1)):
                window = projected[start : start + WINDOW]
                if needles.show(window, window):
                    yield start, start + WINDOW
            tried = chunk + 1


def _hits(text: str, runs: list[tuple[int, int]]) -> list[Hit]:
    """Overlapping windows as one hit, in original offsets."""
    joined: list[list[int]] = []
    for start, end in sorted(runs):
        if joined and start < joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    origin = [index for index, character in enumerate(text) for _ in project(character)]
    return [Hit(origin[start], origin[end - 1] + 1, 0.95, "protected_text") for start, end in joined]


def _tail(text: str, size: int) -> str:
    """The last projected characters, at most `size`."""
    reach = 2 * size
    while len(tail := project(text[-reach:])) < size and reach < len(text):
        reach *= 4
    return tail[-size:]


def _reach(text: str, size: int) -> int:
    """How many characters at the end show as `size` projected ones."""
    at = len(text)
    while size > 0 and at:
        at -= 1
        size -= text[at].isalnum() if text[at].isascii() else len(project(text[at]))
    return len(text) - at


def _longest_suffix(tail: str, needles: _Needles) -> int:
    """Parts of parts are parts, so the longest suffix that occurs can be found by halving.

    Most often it is shorter than a word; then that bound is answered, because a stream would wait that long anyway.
    """
    if not needles.prose and not needles.encoded:
        return 0
    if len(tail) < _COMMON or not needles.hold(tail[-_COMMON:]):
        return min(len(tail), _COMMON - 1)
    low, high = _COMMON, len(tail)
    while low < high:
        middle = (low + high + 1) // 2
        if needles.hold(tail[len(tail) - middle :]):
            low = middle
        else:
            high = middle - 1
    return low


def _canary_suffix(tail: str, canary: str) -> int:
    """The longest suffix that is a beginning of the canary and not all of it."""
    sizes = range(min(len(tail), len(canary) - 1), 0, -1)
    return next((size for size in sizes if canary.startswith(tail[-size:])), 0)


LEAK = LeakDetector()
