"""Values that the policy took out of the request, coming back in the answer.

The model was given a placeholder. If the value appears all the same (it stood elsewhere in a spelling that nobody
recognised, or in an earlier turn), it stays a placeholder. The family is `secrets`, which policies redact in answers
and block in tool arguments: whoever was promised redaction expects that of any value, and a block would punish the
user for a value of their own. Case, separators and the disguises of `projection` make no difference.

A value of fewer than `SHORTEST` letters and digits is common; one of fewer than `LONG` must stand alone, so that a
number is not found inside another.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from promptguard_gateway.core.detector import OUTPUT, Hit, Knowledge, Redacted, Spec
from promptguard_gateway.core.engine import Program
from promptguard_gateway.core.findings import Family, Severity
from promptguard_gateway.detectors.projection import (
    disguises_of,
    longest_end,
    origins,
    project,
    projected_tail,
    reach_of,
)

SHORTEST: Final = 6
LONG: Final = 12

SPEC = Spec(
    id="secrets.redacted_value",
    family=Family.SECRETS,
    category="redacted_value",
    threat_type="pii_leak",
    severity=Severity.HIGH,
    label="VALUE",
    owasp=("LLM02",),
    directions=OUTPUT,
    shortest=SHORTEST,
    looks_for=("redacted",),
    rules=("redacted_value",),
    summary="a value that was redacted in the request",
    source="the exchange itself",
)


class _Needles(Struct, frozen=True):
    """What to look for. `joined` holds every spelling, for the question whether an end is part of one."""

    program: Program
    labels: dict[str, str]
    joined: str
    longest: int


def _prepared(knowledge: Knowledge) -> _Needles | None:
    return knowledge.prepared.once(_needles, knowledge.redacted) if knowledge.redacted else None


def _needles(redacted: tuple[Redacted, ...]) -> _Needles | None:
    labels: dict[str, str] = {}
    for value in redacted:
        for spelling in _spellings(value.text):
            labels.setdefault(spelling, value.label)
    if not labels:
        return None
    words = sorted(labels, key=len, reverse=True)
    return _Needles(Program("|".join(words), longest=True, keep=False), labels, "\n".join(words), len(words[0]))


def _spellings(text: str) -> list[str]:
    plain = project(text)
    if len(plain) < LONG:
        return [plain] if len(plain) >= SHORTEST else []
    return [spelling for spelling in disguises_of(text).all if len(spelling) >= LONG]


class RedactedValueDetector(Struct, frozen=True):
    """See the module. Pure; the values are prepared once for an exchange, and kept no longer than it lasts."""

    @property
    def spec(self) -> Spec:
        """What it finds."""
        return SPEC

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        """Where redacted values stand."""
        needles = _prepared(knowledge)
        return _hits(text, needles) if needles else ()

    def pending(self, text: str, knowledge: Knowledge) -> int:
        """The end of the text that may still become a value."""
        needles = _prepared(knowledge)
        if needles is None:
            return 0
        tail = projected_tail(text, needles.longest)
        return reach_of(text, longest_end(tail, needles.joined.__contains__))


def _hits(text: str, needles: _Needles) -> list[Hit]:
    data = project(text).encode()
    hits: list[Hit] = []
    places: list[int] = []
    at = 0
    while span := needles.program.search(data, at):
        places = places or _byte_origins(text)
        start, end = places[span[0]], places[span[1] - 1] + 1
        found = data[slice(*span)].decode()
        at = span[0] + 1
        if len(found) >= LONG or _alone(text, start, end):
            hits.append(Hit(start, end, 0.95, "redacted_value", needles.labels[found]))
            at = span[1]
    return hits


def _byte_origins(text: str) -> list[int]:
    """For each byte of the projection, the index of the character it comes from."""
    if text.isascii():
        return origins(text)
    return [index for index, character in enumerate(text) for _ in project(character).encode()]


def _alone(text: str, start: int, end: int) -> bool:
    return not text[max(0, start - 1) : start].isalnum() and not text[end : end + 1].isalnum()


REDACTED = RedactedValueDetector()
