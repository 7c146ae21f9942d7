"""The catalogue as a whole: identities, scores, vocabulary, and how its cost grows."""

from time import process_time

from detectors.examples import BOOK, PATTERN_DETECTORS
from promptguard_gateway.core.book import HoldBack
from promptguard_gateway.core.detector import rules_of
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import is_suppressible
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.detectors.catalogue import DETECTORS

VOCABULARY = {
    "prompt_injection",
    "pii_leak",
    "data_exfiltration",
    "toxicity",
    "api_key_leak",
    "system_prompt_leak",
    "policy_violation",
    "malware",
    "secret_key_leak",
    "url_violation",
    "syntactic_masking",
    "insecure_code",
}


def test_every_detector_has_its_own_id_and_speaks_the_published_vocabulary():
    """Identifiers are unique, threat types are values that clients know, risks are codes of the 2025 list."""
    ids = [detector.spec.id for detector in DETECTORS]
    assert len(ids) == len(set(ids))
    assert {detector.spec.threat_type for detector in DETECTORS} <= VOCABULARY
    assert all(code.startswith("LLM") and len(code) == 5 for detector in DETECTORS for code in detector.spec.owasp)
    assert all(code.startswith("ASI") and len(code) == 5 for detector in DETECTORS for code in detector.spec.agentic)
    # What finds these is made from the operator's rules.
    ruled = {Family.URL, Family.CODE, Family.TOOL, Family.CUSTOM}
    assert {detector.spec.family for detector in DETECTORS} >= set(Family) - ruled


def test_scores_are_probabilities_and_names_are_unique_in_a_detector():
    """Every pattern has a name of its own and a score between nothing and certainty."""
    for detector in PATTERN_DETECTORS:
        names = [pattern.name for pattern in detector.patterns]
        assert len(names) == len(set(names))
        for pattern in detector.patterns:
            assert 0 < pattern.score <= 1
            assert 0 <= pattern.context_score <= 1
            assert (pattern.context is None) == (pattern.context_score == 0)


def test_a_policy_can_name_the_rules_of_what_it_can_suppress():
    """Where findings can be suppressed one by one, a mistyped rule is found out."""
    suppressible = [one for one in DETECTORS if is_suppressible(one.spec.id, one.spec.family)]
    assert [one.spec.id for one in suppressible if not rules_of(one)] == []


def test_every_pattern_that_reads_answers_can_be_held_back():
    """Patterns of answers have a prefix closure, so that streams can use them."""
    answers = [d for d in PATTERN_DETECTORS if Direction.OUTPUT in d.spec.directions]
    hold = HoldBack([pattern.whole for detector in answers for pattern in detector.patterns])
    assert hold.pending("hello my name is ") <= 16


def test_the_cost_of_hostile_text_grows_with_its_length_only():
    """Ten times the text costs about ten times the time, for runs made to keep patterns busy."""
    for piece in ("ignore all the ", "4111 1111 ", "a@", "password = ", "show me your ", "![a](https://a/?", "1.2.3."):
        small, large = (_seconds(piece * (size // len(piece))) for size in (3_000, 30_000))
        assert large < 60 * max(small, 0.001), piece


def _seconds(text: str) -> float:
    started = process_time()
    BOOK.find(text)
    return process_time() - started
