"""What a detector must be, checked. For detectors that others wrote: ours are checked by our tests.

A detector that breaks its contract would not fail loudly: a pattern that cannot be closed would let half a value out
on a stream, a wrong `pending` would make an answer depend on how it was cut. So it is found out before the first
request, and authors can call the same checks in their own tests.
"""

import re
from collections.abc import Iterable

import msgspec

from promptguard_gateway.core.book import HoldBack, PatternBook
from promptguard_gateway.core.detector import (
    CodeDetector,
    Detector,
    Hit,
    Knowledge,
    Pattern,
    PatternDetector,
    Spec,
    sound,
)
from promptguard_gateway.core.engine import ProgramError
from promptguard_gateway.core.syntax import PatternError

_ID = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\Z")
_LABEL = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_WORDED = ("version", "category", "threat_type", "summary", "source")
_ORDINARY = "Zoë wrote to Игорь at 10:30, ref. AB-12345 (see a/b?c=d).\n\u200b日本語 \U0001f600 end "
_NOTHING_KNOWN = Knowledge()


class ContractError(ValueError):
    """A detector that must not be used; the message says which one and why, in one line."""


def checked(candidate: object) -> Detector:
    """The candidate, if it keeps the contract of `core.detector`. Raises ContractError."""
    if isinstance(candidate, PatternDetector):
        _check_spec(candidate.spec)
        _check_patterns(candidate)
        return candidate
    if isinstance(candidate, CodeDetector):
        _check_spec(candidate.spec)
        _check_code(candidate)
        return candidate
    raise ContractError(f"a {type(candidate).__name__} is neither a PatternDetector nor a CodeDetector")


def unstable_cuts(detector: CodeDetector, text: str, knowledge: Knowledge = _NOTHING_KNOWN) -> list[int]:
    """Lengths of beginnings of this text whose decided hits differ from those of the whole text; empty is right.

    This is the promise of `CodeDetector`, read as a stream reads it. Costs the square of the text's length, so it is
    for tests. Raises whatever the detector raises.
    """
    whole = list(detector.scan(text, knowledge))
    wrong: list[int] = []
    for cut in range(len(text)):
        hits = list(detector.scan(text[:cut], knowledge))
        decided = cut - _pending(detector, text[:cut], knowledge)
        decided = min([decided, *(hit.start for hit in hits if hit.end >= decided)])
        if _beginning(hits, decided) != _beginning(whole, decided):
            wrong.append(cut)
    return wrong


def _pending(detector: CodeDetector, text: str, knowledge: Knowledge) -> int:
    pending = detector.pending(text, knowledge)
    if not 0 <= pending <= len(text):
        raise ValueError("pending is no number of characters of the text")
    return pending


def _beginning(hits: Iterable[Hit], before: int) -> list[Hit]:
    return [hit for hit in hits if hit.start < before]


def _check_spec(spec: object) -> None:
    if not isinstance(spec, Spec):
        raise ContractError(f"its spec is a {type(spec).__name__}, not a Spec")
    try:
        msgspec.convert(msgspec.to_builtins(spec), Spec)
    except (TypeError, msgspec.ValidationError) as error:
        raise ContractError(f"its spec is wrong: {error}") from None
    if not _ID.match(spec.id):
        raise ContractError(f"the id {spec.id!r} is not of the form `owner.name`")
    if not _LABEL.match(spec.label):
        raise ContractError(f"{spec.id}: the label {spec.label!r} is not in capitals")
    empty = [name for name in _WORDED if not getattr(spec, name).strip()]
    if empty or not spec.directions:
        raise ContractError(f"{spec.id}: its spec has no {(empty or ['directions'])[0]}")
    unknown = [name for name in spec.looks_for if name not in Knowledge.__struct_fields__]
    if unknown:
        raise ContractError(f"{spec.id}: it looks for {unknown[0]!r}, which is no field of Knowledge")


def _check_patterns(detector: PatternDetector) -> None:
    names = [pattern.name for pattern in detector.patterns]
    if not names or len(names) != len(set(names)):
        raise ContractError(f"{detector.spec.id}: it needs patterns, each with a name of its own")
    for pattern in detector.patterns:
        _check_pattern(detector.spec.id, pattern)
    try:
        PatternBook([detector])
        HoldBack([pattern.whole for pattern in detector.patterns]).pending(_ORDINARY)
    except (PatternError, ProgramError) as error:
        raise ContractError(f"{detector.spec.id}: {error}") from None


def _check_pattern(owner: str, pattern: Pattern) -> None:
    if not (0 < pattern.score <= 1 and 0 <= pattern.context_score <= 1):
        raise ContractError(f"{owner}/{pattern.name}: a score is a probability, greater than 0 and at most 1")
    if (pattern.context is None) != (pattern.context_score == 0):
        raise ContractError(f"{owner}/{pattern.name}: context and context_score belong together")
    for doubt in pattern.doubts:
        if doubt.spec is not None:
            _check_spec(doubt.spec)


def _check_code(detector: CodeDetector) -> None:
    try:
        for hit in detector.scan(_ORDINARY, _NOTHING_KNOWN):
            sound(hit, len(_ORDINARY))
        wrong = unstable_cuts(detector, _ORDINARY)
    except Exception as error:  # somebody else's code may fail in any way
        raise ContractError(f"{detector.spec.id}: it fails on an ordinary text ({type(error).__name__})") from None
    if wrong:
        raise ContractError(f"{detector.spec.id}: its hits depend on where a text is cut; mend pending()")
