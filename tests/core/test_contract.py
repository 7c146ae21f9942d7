"""What a detector must be: the checks that stand between somebody else's detector and the first request."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from msgspec import structs

from promptguard_gateway.core.contract import ContractError, checked, unstable_cuts
from promptguard_gateway.core.detector import Hit, Knowledge, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

SPEC = Spec(
    id="acme.badge",
    family=Family.PII,
    category="badge",
    threat_type="pii_leak",
    severity=Severity.LOW,
    label="BADGE",
    summary="a badge",
    source="made up",
)
PATTERN = Pattern(name="badge", regex=r"\bBADGE-\d{4}\b", score=0.9)
GOOD = PatternDetector(spec=SPEC, patterns=(PATTERN,))


@dataclass(frozen=True)
class Stars:
    """Finds runs of stars; how it does its work is for a test to say."""

    spec: Spec = SPEC
    waits: int = 1
    raises: bool = False
    beyond: int = 0

    def scan(self, text: str, _: Knowledge) -> Iterable[Hit]:
        if self.raises:
            raise KeyError("text")
        start = text.find("o")
        return [Hit(start, start + 2 + self.beyond, 0.9, "o")] if 0 <= start < len(text) - 1 else []

    def pending(self, text: str, _: Knowledge) -> int:
        return min(self.waits, len(text)) if self.waits >= 0 else self.waits


def test_good_detectors_pass_unchanged() -> None:
    """One of each kind."""
    stars = Stars(waits=2)
    assert checked(GOOD) is GOOD
    assert checked(stars) is stars


def with_pattern(**changes: object) -> PatternDetector:
    return PatternDetector(spec=SPEC, patterns=(structs.replace(PATTERN, **changes),))


def with_spec(**changes: object) -> PatternDetector:
    return PatternDetector(spec=structs.replace(SPEC, **changes), patterns=(PATTERN,))


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ("a string", "neither"),
        (SPEC, "neither"),
        (with_pattern(regex=r"(?=BADGE)\w+"), "look-around"),
        (with_pattern(regex=r"(\w)\1"), "back-references"),
        (with_pattern(regex=r"\d*"), "empty text"),
        (with_pattern(until="("), "parenthesis"),
        (with_pattern(score=1.5), "probability"),
        (with_pattern(context="badge"), "context_score"),
        (PatternDetector(spec=SPEC, patterns=()), "needs patterns"),
        (PatternDetector(spec=SPEC, patterns=(PATTERN, PATTERN)), "a name of its own"),
        (with_spec(id="badge"), "owner.name"),
        (with_spec(label="badge"), "capitals"),
        (with_spec(source=" "), "no source"),
        (with_spec(directions=()), "no directions"),
        (with_spec(looks_for=("secrets",)), "no field of Knowledge"),
        (with_spec(family="weather"), "spec is wrong"),
        (Stars(spec="badge"), "not a Spec"),
        (Stars(raises=True), "KeyError"),
        (Stars(beyond=500), "ValueError"),
        (Stars(waits=-1), "ValueError"),
        (Stars(waits=0), "where a text is cut"),
    ],
)
def test_whatever_breaks_the_contract_is_named(candidate: object, says: str) -> None:
    """In one line that says what is wrong."""
    with pytest.raises(ContractError, match=says) as caught:
        checked(candidate)
    assert "\n" not in str(caught.value)


def test_cuts_that_would_show_are_listed() -> None:
    """A detector that waits too short is found out at the places where it matters."""
    assert unstable_cuts(Stars(waits=2), "no go") == []
    assert unstable_cuts(Stars(waits=0), "aboard and abroad") != []
