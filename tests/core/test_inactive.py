"""Findings that do not act, on answers: suppressed ones, candidates, kinds of data that the policy does not name.

Whether a finding acts is known when the finding is certain, so cutting an answer changes nothing here either.
"""

import random

import pytest
from hold_catalogue import AWS, DETECTORS, KEY_END, KEY_HEAD, KNOWLEDGE, TRANSCRIPTS, policy_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_holdback import TEXTS, cut, streamed, whole

from promptguard_gateway.core.decision import decide
from promptguard_gateway.core.findings import Finding, Inspection, digest_of
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import Action, Status, Suppression
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.core.stream import StreamInspector

POLICY = policy_of(
    suppressions={
        "email": (Suppression("email", match_sha256=digest_of("a@b.com")),),
        "link": (Suppression("link", "link"),),
        "private_key": (Suppression("private_key", match_sha256=digest_of(f"{KEY_HEAD}x{KEY_END}")),),
    },
    candidates=frozenset({"forbidden", "aws/aws"}),
    entities=frozenset({"EMAIL", "CARD", "NAME", "EVEN", "TARGET", "PHONE"}),
    entity_rows={"PHONE": {Column.ANSWER: Action.BLOCK}},
    rows={"hex": {Column.ANSWER: Action.FLAG}, "marker": {}},
)
PLAN = AnswerPlan.compile(DETECTORS, POLICY, Column.ANSWER)


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_cutting_changes_nothing(text: str) -> None:
    """One character at a time, and cut in three."""
    expected = whole(PLAN, text)
    assert streamed(PLAN, list(text)) == expected
    sample = random.Random(text)
    for _ in range(30):
        places = (sample.randint(0, len(text)), sample.randint(0, len(text)))
        assert streamed(PLAN, cut(text, places)) == expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(text=TEXTS, data=st.data())
def test_arbitrary_texts_and_cuts(text: str, data: st.DataObject) -> None:
    """Texts made of scraps of the catalogue, cut anywhere."""
    places = tuple(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    assert streamed(PLAN, cut(text, places)) == whole(PLAN, text)


def answered(text: str) -> tuple[str, list[tuple[str, Action, Status]], dict[str, float]]:
    """What leaves, what the findings lead to, and the scores."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    return inspector.whole(text).text, verdicts(inspector.findings), inspector.scores


def verdicts(findings: list[Finding]) -> list[tuple[str, Action, Status]]:
    segment = Segment(("choices", 0), Role.ASSISTANT, "", Column.ANSWER)
    decision = decide(POLICY, [segment], Inspection(findings, [], {}, []), {})
    names = [finding.detector for finding in findings]
    return list(zip(names, decision.actions, decision.statuses, strict=True))


def test_a_suppressed_text_passes_and_stays_on_the_record() -> None:
    """Only the text that was named; the finding says that it was suppressed."""
    text, found, scores = answered("to a@b.com and b@b.com")
    assert text == "to a@b.com and [EMAIL_REDACTED]"
    assert found == [("email", Action.OFF, Status.SUPPRESSED), ("email", Action.REDACT, Status.ACTIVE)]
    assert scores == {"email": 0.9}


def test_a_suppressed_rule_passes_whatever_the_text() -> None:
    """Also next to a finding that acts."""
    text, found, _ = answered("[link](http://a.b/c?d) and a@c.com")
    assert text == "[link](http://a.b/c?d) and [EMAIL_REDACTED]"
    assert found[0] == ("link", Action.OFF, Status.SUPPRESSED)


def test_the_digest_of_a_long_value_in_an_answer_suppresses_nothing() -> None:
    """It is decided by its beginning, when nobody knows its text yet; so no digest is given for it either."""
    text, found, _ = answered(f"{KEY_HEAD}x{KEY_END} rest")
    assert text == "[PRIVATE_KEY_REDACTED] rest"
    assert found == [("private_key", Action.REDACT, Status.ACTIVE)]
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    inspector.whole(f"{KEY_HEAD}x{KEY_END} rest")
    assert [finding.match_sha256 for finding in inspector.findings] == [""]


def test_a_candidate_is_measured_and_lets_through() -> None:
    """A detector, or one rule of one."""
    text, found, scores = answered(f"a forbidden word and {AWS}")
    assert text == f"a forbidden word and {AWS}"
    assert found == [("forbidden", Action.OFF, Status.CANDIDATE), ("aws", Action.OFF, Status.CANDIDATE)]
    assert scores == {"forbidden": 0.9, "aws": 0.9}


def test_kinds_of_data_that_are_not_named_only_score() -> None:
    """There is no finding of them, and nothing is replaced."""
    text, found, scores = answered("ip 10.20.30.40 and a@c.com")
    assert text == "ip 10.20.30.40 and [EMAIL_REDACTED]"
    assert [name for name, _, _ in found] == ["email"]
    assert scores == {"ip": 0.9, "email": 0.9}


def test_a_kind_of_data_may_end_an_answer_that_others_do_not() -> None:
    """Its own row goes before that of its family."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    assert inspector.whole("a@c.com, +34 600 123 456").text == "[EMAIL_REDACTED], "
    assert inspector.blocked is not None
    assert inspector.blocked.label == "PHONE"


def test_a_detector_with_a_row_of_its_own() -> None:
    """It is read and judged by that row; with an empty row it is not read at all."""
    text, found, scores = answered("hex 0123456789abcdef0123456789abcdef CANARY-123456")
    assert text == "hex 0123456789abcdef0123456789abcdef CANARY-123456"
    assert found == [("hex", Action.FLAG, Status.ACTIVE)]
    assert scores == {"hex": 0.9}
