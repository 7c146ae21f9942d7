"""What a text model says, as values: who speaks in a passage, what its scores mean, and the findings they become.

A text model reads passages in windows and gives each window a probability for some of the *meanings* below. How it does
that is its own business (`inference`); what a probability leads to is the policy's. The detectors named here exist only
where a model is loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.detector import Places, Spec, finding_of
from promptguard_gateway.core.findings import Family, Finding, Severity
from promptguard_gateway.core.segments import Role


class Speaker(StrEnum):
    """Who speaks. The same sentence is a request from a user and an injection in a document."""

    USER = "user"
    DOCUMENT = "document"
    TOOL = "tool"
    SYSTEM = "system"
    OUTPUT = "output"


SPEAKERS: Mapping[Role, Speaker] = {
    Role.SYSTEM: Speaker.SYSTEM,
    Role.DEVELOPER: Speaker.SYSTEM,
    Role.USER: Speaker.USER,
    Role.ASSISTANT: Speaker.OUTPUT,
    Role.TOOL: Speaker.TOOL,
    Role.DOCUMENT: Speaker.DOCUMENT,
    Role.TOOL_DEFINITION: Speaker.TOOL,
    Role.CONFIG: Speaker.USER,
}

ATTACK = "attack"
KINDS: Mapping[str, tuple[str, str]] = {
    "injection": ("prompt_injection", "prompt_injection"),
    "jailbreak": ("jailbreak", "jailbreak"),
    "exfiltration": ("exfiltration", "data_exfiltration"),
}
"""Kinds of attacks: the category and the threat type of a finding. The kind names the finding's rule."""

_HARMS: Mapping[str, str] = {
    "hate": "hatred of people for what they are",
    "harassment": "harassment or threats",
    "violence": "violence or its encouragement",
    "self_harm": "self-harm or its encouragement",
    "sexual": "sexual content",
    "illicit": "help with something illicit",
    "malware": "help with malware or intrusion",
}
_SOURCE = "the text model's artifact; its card says what it was trained on"


def _spec(
    id_: str, family: Family, category: str, threat: str, label: str, summary: str, rules: tuple[str, ...]
) -> Spec:
    return Spec(
        id=id_,
        family=family,
        category=category,
        threat_type=threat,
        severity=Severity.HIGH,
        label=label,
        summary=summary,
        source=_SOURCE,
        cuts=False,
        rules=rules,
    )


SPECS: Mapping[str, Spec] = {
    ATTACK: _spec(
        "model.attack",
        Family.INJECTION,
        "prompt_injection",
        "prompt_injection",
        "INJECTION",
        "an attack on the model",
        (ATTACK, *KINDS),
    ),
    **{
        harm: _spec(f"model.safety.{harm}", Family.SAFETY, harm, "toxicity", "UNSAFE", summary, (harm,))
        for harm, summary in _HARMS.items()
    },
}
"""The detectors, by meaning."""

MEANINGS = (*SPECS, *KINDS)
"""Everything that a label of a model can mean."""


class Passage(Struct, frozen=True):
    """A text with its speaker."""

    speaker: Speaker
    text: str


class Window(Struct, frozen=True):
    """What a model says of `text[start:end]` of a passage: probabilities by meaning."""

    start: int
    end: int
    scores: Mapping[str, float]


class Reading(Struct, frozen=True):
    """What a model says of one passage. `failure`: why some of it was not read; empty when all of it was."""

    windows: tuple[Window, ...]
    failure: str = ""


def detectors_of(meanings: Sequence[str]) -> tuple[str, ...]:
    """The meanings that have a detector: attacks have one, whichever kind a model tells apart."""
    attack = (ATTACK,) if any(one == ATTACK or one in KINDS for one in meanings) else ()
    return (*attack, *(one for one in meanings if one in SPECS and one != ATTACK))


def scores_of(window: Window) -> Iterator[tuple[str, float]]:
    """The scores of a window by the meanings that have a detector."""
    for meaning in detectors_of(tuple(window.scores)):
        yield meaning, _attack(window.scores) if meaning == ATTACK else window.scores[meaning]


def finding(meaning: str, window: Window, score: float, places: Places, match_sha256: str) -> Finding:
    """The finding that a score of a window becomes, at these places of the segments."""
    spec, kind = SPECS[meaning], _kind(window.scores) if meaning == ATTACK else meaning
    found = finding_of(spec, rule=kind, places=places, score=score, view="model", match_sha256=match_sha256)
    category, threat = KINDS.get(kind, (spec.category, spec.threat_type))
    return replace(found, category=category, threat_type=threat)


def _attack(scores: Mapping[str, float]) -> float:
    """A model that only tells the kinds apart says "an attack" by the likeliest of them."""
    return scores[ATTACK] if ATTACK in scores else max(scores[kind] for kind in KINDS if kind in scores)


def _kind(scores: Mapping[str, float]) -> str:
    kinds = [kind for kind in KINDS if kind in scores]
    return max(kinds, key=lambda kind: scores[kind]) if kinds else ATTACK
