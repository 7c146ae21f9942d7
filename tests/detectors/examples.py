"""The tables of these tests: for every pattern, texts in which it must be found, and near-misses."""

from collections.abc import Iterable, Mapping

from promptguard_gateway.core.book import PatternBook, Sighting
from promptguard_gateway.core.detector import Detector, PatternDetector, rules_of
from promptguard_gateway.detectors.catalogue import DETECTORS

PATTERN_DETECTORS = [detector for detector in DETECTORS if isinstance(detector, PatternDetector)]
BOOK = PatternBook(PATTERN_DETECTORS)
BELIEVED = 0.5
"""Findings below the moderate policy's warn threshold lead to nothing, so a near-miss may have them."""

Examples = Mapping[str, tuple[list[str], list[str]]]


def sightings(text: str, *, at_least: float = 0.0) -> list[Sighting]:
    """Everything the patterns see in a plain reading."""
    return [sighting for sighting in BOOK.find(text) if sighting.score >= at_least]


def rules(text: str) -> set[str]:
    """The patterns that believe they see something."""
    return {sighting.rule for sighting in sightings(text, at_least=BELIEVED)}


def check(detectors: Iterable[Detector], examples: Examples) -> None:
    """Every pattern of the detectors has examples of both kinds, and they hold. `identify` names rules of its own."""
    patterns = [pattern for d in detectors if isinstance(d, PatternDetector) for pattern in d.patterns]
    names = {pattern.name for pattern in patterns if pattern.identify is None}
    assert names <= set(examples), names - set(examples)
    _check_declared(detectors, examples)
    assert len(names) < len(patterns) or names == set(examples), names ^ set(examples)
    wrong = [(name, text) for name, (found, _) in examples.items() for text in found if name not in rules(text)]
    assert not wrong, f"not found: {wrong}"
    wrong = [(name, text) for name, (_, missed) in examples.items() for text in missed if name in rules(text)]
    assert not wrong, f"found: {wrong}"
    assert all(found and missed for found, missed in examples.values())


def _check_declared(detectors: Iterable[Detector], examples: Examples) -> None:
    """A policy may name every rule that is found, where a detector says what its rules are."""
    declared = [rules_of(detector) for detector in detectors]
    if None not in declared:
        unknown = set(examples).difference(*filter(None, declared))
        assert not unknown, f"not declared: {unknown}"
