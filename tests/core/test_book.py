"""Finding every pattern of many detectors at once."""

import re
from collections.abc import Callable

import pytest
from hold_catalogue import AWS, PATTERNS, one
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.book import CONTEXT, LONGEST_RETRY, PatternBook, Sighting
from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.core.engine import Program, ProgramError, ProgramSet
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.syntax import PatternError

BOOK = PatternBook(PATTERNS)


def found(text: str, *detectors: PatternDetector) -> list[tuple[str, str]]:
    book = PatternBook(detectors) if detectors else BOOK
    return [(sighting.pattern.name, text[sighting.start : sighting.end]) for sighting in book.find(text)]


def pii(regex: str, validate: Callable[[str], bool] | None = None, until: str | None = None) -> PatternDetector:
    return one("p", Family.PII, "P", regex, validate=validate, until=until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("nothing to see here", []),
        ("write to a@b.com or c@d.org", [("email", "a@b.com"), ("email", "c@d.org")]),
        (f"é {AWS} ü a@b.com", [("aws", AWS), ("email", "a@b.com")]),
        (f"{AWS}X", []),
        ("ssn 123-45-6789", [("phone", "123-45-6789"), ("ssn", "123-45-6789")]),
        ("<<SECRET a >> b", [("fence", "<<SECRET a >>")]),
        ("<<SECRET a b", [("fence", "<<SECRET a b")]),
        ("<<SECRET a >><<SECRET b", [("fence", "<<SECRET a >>"), ("fence", "<<SECRET b")]),
        ("My Name Is Ana Li", [("name", "My Name Is Ana Li")]),
        (
            "(TK-ab12) TK-ab12-é9. TK-x TK-1234",
            [("ticket", "TK-ab12"), ("ticket", "TK-ab12-é9"), ("ticket", "TK-1234")],
        ),
    ],
)
def test_spans_by_start(text: str, expected: list[tuple[str, str]]) -> None:
    """Each pattern's spans, without overlap, in characters of the text, sorted by start."""
    assert sorted(found(text)) == sorted(expected)
    starts = [sighting.start for sighting in BOOK.find(text)]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("regex", "text", "expected"),
    [
        ("[0-9]{2,3}", "123456", ["234", "56"]),
        ("[0-9]{3}", "1234 12", ["234"]),
        ("é[0-9]+", "é1é22é333é4444", ["é22", "é4444"]),
        ("x[0-9é]{0,3}", "xéé1 x1 x13é", ["x1"]),
    ],
)
def test_a_dropped_candidate_costs_one_character(regex: str, text: str, expected: list[str]) -> None:
    """When the validator drops a candidate, the search goes on one character behind its start."""
    detector = pii(regex, validate=lambda value: int("0" + re.sub(r"\D", "", value)) % 2 == 0 or value == "x1")
    assert [value for _, value in found(text, detector)] == expected


def test_dropped_candidates_cost_no_square() -> None:
    """A long candidate that is dropped is skipped as a whole; a short one inside it is not looked for."""
    asked: list[int] = []
    detector = pii("a+b?", validate=lambda value: bool(asked.append(len(value))))
    assert found("a" * 100_000, detector) == []
    assert asked == [100_000]
    asked.clear()
    found("a" * LONGEST_RETRY, detector)
    assert len(asked) == LONGEST_RETRY


@pytest.mark.parametrize(
    ("before", "score"),
    [
        ("ssn ", 0.95),
        ("SSN: ", 0.95),
        ("", 0.4),
        ("ssnx ", 0.4),
        ("ssn" + " " * (CONTEXT - 3), 0.95),
        ("ssn" + " " * (CONTEXT - 2), 0.4),
    ],
)
def test_context_raises_the_score(before: str, score: float) -> None:
    """Context words count in the 64 characters before the hit, and nowhere else."""
    [sighting] = [one for one in BOOK.find(before + "123-45-6789 ssn") if one.pattern.name == "ssn"]
    assert sighting.score == score


@pytest.mark.parametrize(
    ("text", "value", "detector", "score"),
    [
        ("pin: 4711", "4711", "pin", 0.9),
        ("é PIN é12345", "12345", "pin", 0.9),
        ("pin 0000.", "0000", "dull", 0.2),
        ("pin 12345678", "12345678", "pin", 0.6),
    ],
)
def test_a_lead_is_no_part_of_the_finding_and_doubts_lower_its_score(
    text: str, value: str, detector: str, score: float
) -> None:
    """What must stand before is matched and not covered; a doubt caps the score and may give the finding away."""
    [sighting] = [one for one in BOOK.find(text) if one.pattern.name == "pin"]
    assert text[sighting.start : sighting.end] == value
    assert (sighting.spec.id, sighting.score) == (detector, score)


def test_searching_from_somewhere_sees_what_stands_before() -> None:
    """`start` moves the search, not the text: assertions see the character before it."""
    assert [s.start for s in BOOK.find("a@b.com a@b.com", 1)] == [8]
    assert PatternBook([pii(r"\bx")]).find("éax x", 2) == PatternBook([pii(r"\bx")]).find("éax x")
    assert PatternBook([pii("^x")]).find("xx", 1) == []


def test_a_shape_is_told_apart_by_what_stands_around_it() -> None:
    """`identify` names the rule and the label, and may take the beginning of the match only."""
    text = "left n1 2, here n12 34 right, but nowhere n56"
    assert [(one.rule, one.label, text[one.start : one.end]) for one in BOOK.find(text)] == [
        ("left", "LEFT", "n1 2"),
        ("right", "RIGHT", "n12"),
    ]


def test_a_validator_that_fails_is_reported() -> None:
    """Nobody knows whether such a hit is real: it is returned with the kind of error."""
    [sighting] = PatternBook([pii("x", validate=lambda text: bool(1 / 0))]).find("axb")
    assert (sighting.start, sighting.failure) == (1, "ZeroDivisionError")


@pytest.mark.parametrize(
    "changes", [{"regex": "a*"}, {"regex": r"\b"}, {"regex": "a", "until": "b?"}, {"regex": "(?=a)"}]
)
def test_patterns_that_make_no_sense_are_refused(changes: dict[str, str]) -> None:
    """Patterns of the empty text, and such that cannot be closed."""
    with pytest.raises(PatternError):
        PatternBook([pii(changes["regex"], until=changes.get("until"))])


def test_programs_name_what_re2_refuses() -> None:
    """The error of the engine says which pattern it was."""
    with pytest.raises(ProgramError, match="look"):
        Program("look(?=x)")
    with pytest.raises(ProgramError, match="look"):
        ProgramSet(["a", "look(?=x)"])
    assert ProgramSet([]).present(b"anything") == []
    assert ProgramSet(["a", "b", "c"]).present(b"cab") == [0, 1, 2]


def test_lone_surrogates_do_no_harm() -> None:
    """A text that is no valid UTF-8 is searched all the same, with right offsets."""
    assert found("\ud800 a@b.com \udfff é c@d.org") == [("email", "a@b.com"), ("email", "c@d.org")]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text("ab@.c 1-4é", max_size=40))
def test_the_set_hides_nothing(text: str) -> None:
    """Every pattern finds in the book what it finds alone, which is what Python's own engine finds."""
    simple = [one(name, Family.PII, "P", regex) for name, regex in SIMPLE.items()]
    expected = sorted(
        (hit.start(), hit.end(), name) for name, regex in SIMPLE.items() for hit in re.finditer(regex, text, re.A)
    )
    seen = PatternBook(simple).find(text) if text else []
    assert sorted((s.start, s.end, s.pattern.name) for s in seen) == expected


SIMPLE = {
    "mail": r"\b[ab1.]+@[abc]+\.[abc]{2,3}\b",
    "digits": r"\b\d{2,3}\b",
    "word": "(?:a|ab)(?:c|é)",
    "lazy": "a.*?b",
}


def test_sightings_are_values() -> None:
    """Equal sightings are equal, which tests and caches rely on."""
    assert BOOK.find("a@b.com") == BOOK.find("a@b.com")
    assert isinstance(BOOK.find("a@b.com")[0], Sighting)
