"""Protected text of an exchange reappearing in its answer: the system prompt, developer texts, canaries.

Both sides are projected (`projection`), and the protected side is prepared in the disguises a model can be talked into.
A leak is a run of `WINDOW` projected characters that stands in one protected text and in nothing that users or
documents of the exchange said. Every window decides by itself, so the answer to any prefix of a text is a prefix of
the answer: what is more than `WINDOW - 1` projected characters from the end can no longer change.

Configured canaries count as a whole. So does a system text that is shorter than a window, if it has a digit: a code or
a name with a number is a secret, "Answer in French." is not.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.detector import OUTPUT, Hit, Knowledge, Spec
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.projection import (
    Disguises,
    disguises_of,
    longest_end,
    may_be_bytewise,
    origins,
    project,
    projected_tail,
    reach_of,
)

WINDOW: Final = 32
"""Projected characters that must stand in a row, about six words: shorter runs are common speech."""
SHORTEST: Final = 12
"""What counts as a whole has at least this many projected characters."""
_STRIDE: Final = WINDOW // 2
_COMMON: Final = 7
_APART: Final = "\n"  # no projected character: nothing matches across it
_COMMON_SPEECH: Final = (
    "I am a helpful, respectful and honest assistant. You are a helpful, respectful and honest assistant.",
    "I am a helpful, harmless, and honest AI assistant. I'm a helpful AI assistant, happy to help you with anything.",
    "a chat between a curious user and an artificial intelligence assistant",
    "The assistant gives helpful, detailed, and polite answers to the user's questions.",
    "If you don't know the answer to a question, please don't share false information.",
    "I'm an AI language model, a large language model trained to answer questions and assist with many tasks.",
)
"""What prompts of many makers say, and what any model says of itself: repeating it tells nothing."""

SPEC = Spec(
    id="leak.protected_text",
    family=Family.LEAK,
    category="system_prompt_leak",
    threat_type="system_prompt_leak",
    severity=Severity.HIGH,
    label="PROTECTED_TEXT",
    owasp=("LLM07", "LLM02"),
    directions=OUTPUT,
    shortest=SHORTEST,
    looks_for=("protected", "canaries"),
    rules=("protected_text",),
    summary="protected text of this exchange, repeated in an answer",
    source="the exchange itself",
)


class _Needles(Struct, frozen=True):
    """The disguises of long protected texts by kind, and `canaries`, those of what counts as a whole, together
    `wholes`."""

    prose: str
    bytewise: str
    base64: str
    canaries: tuple[str, ...]
    wholes: str

    @property
    def reach(self) -> int:
        """How much of the end can be of interest, in projected characters."""
        return max([WINDOW, *map(len, self.canaries)]) - 1

    @property
    def windows(self) -> bool:
        """Whether there are texts of which parts count."""
        return bool(self.prose or self.bytewise or self.base64)

    def hold(self, run: str) -> bool:
        """Whether a projected run is part of a long protected text, in any disguise."""
        return run in self.prose or run in self.base64 or (may_be_bytewise(run) and run in self.bytewise)

    def show(self, run: str, around: str) -> bool:
        """The same, but base64 is only looked for where digits are: hardly any window of it has none, and prose is
        spared the longer search."""
        return (
            run in self.prose
            or (may_be_bytewise(run) and run in self.bytewise)
            or (not around.isalpha() and run in self.base64)
        )


@lru_cache(maxsize=64)
def _needles(protected: tuple[str, ...], configured: tuple[str, ...]) -> _Needles:
    long: list[Disguises] = []
    short: list[str] = []
    for text in (*protected, *configured):
        plain = project(text)
        if len(plain) >= WINDOW:
            long.append(disguises_of(text))
        elif len(plain) >= SHORTEST and (text in configured or any(map(str.isdigit, plain))):
            short += (one for one in disguises_of(text).all if len(one) >= SHORTEST)
    return _Needles(
        prose=_APART.join(one for each in long for one in each.prose),
        bytewise=_APART.join(one for each in long for one in each.bytewise),
        base64=_APART.join(one for each in long for one in each.base64),
        canaries=tuple(dict.fromkeys(short)),
        wholes=_APART.join(short),
    )


def _said(spoken: tuple[str, ...]) -> str:
    return _APART.join(map(project, (*_COMMON_SPEECH, *spoken)))


class LeakDetector(Struct, frozen=True):
    """See the module. Pure. An application sends the same instructions with every request, so what they are prepared to
    is cached, for the 64 last of them; what users say is prepared once for an exchange."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Spans of the text that repeat protected text."""
        needles = _needles(knowledge.protected, knowledge.canaries)
        projected = project(text)
        said = ""
        runs: list[tuple[int, int]] = []
        for start, end in _candidates(projected, needles):
            said = said or knowledge.prepared.once(_said, knowledge.spoken)
            if projected[start:end] not in said:
                runs.append((start, end))
        return _hits(text, runs) if runs else ()

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The end of the text that may still become part of a window; a few letters when nothing is leaking."""
        needles = _needles(knowledge.protected, knowledge.canaries)
        tail = projected_tail(text, needles.reach)
        if not tail:
            return 0
        held = max(_longest_suffix(tail, needles), longest_end(tail, needles.wholes.__contains__))
        return reach_of(text, held) if held else 0


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
    if not needles.windows:
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
    origin = origins(text)
    return [Hit(origin[start], origin[end - 1] + 1, 0.95, "protected_text") for start, end in joined]


def _longest_suffix(tail: str, needles: _Needles) -> int:
    """Most often it is shorter than a word; then that bound is answered: a stream would wait that long anyway."""
    if not needles.windows:
        return 0
    if len(tail) < _COMMON or not needles.hold(tail[-_COMMON:]):
        return min(len(tail), _COMMON - 1)
    return longest_end(tail, needles.hold, _COMMON)


LEAK = LeakDetector()
