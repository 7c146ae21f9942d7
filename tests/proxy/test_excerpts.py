"""What an event quotes: phrases without data, whatever the policy makes of that data."""

import pytest
from msgspec.structs import replace

from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Inspection, Severity
from promptguard_gateway.core.policy import Policy, Suppression
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.pii.email import EMAIL
from promptguard_gateway.detectors.safety import HATE
from promptguard_gateway.proxy.excerpts import LONGEST, READ, Excerpts
from promptguard_gateway.proxy.inspect import Judge, knowledge_of
from proxy.transcripts import AWS, MAIL

MODERATE = PRESETS["moderate"]
JUDGE = Judge(DETECTORS, MODERATE)


def make(family: Family, start: int, end: int, label: str, continued: tuple[tuple[int, int, int], ...] = ()) -> Finding:
    return Finding(
        detector="d",
        version="1",
        family=family,
        category="c",
        rule="r",
        segment=0,
        start=start,
        end=end,
        score=1.0,
        severity=Severity.LOW,
        label=label,
        threat_type="t",
        continued=continued,
    )


def asked(*texts: str) -> list[Segment]:
    return [Segment(("m",), Role.USER, text) for text in texts]


def answered(text: str) -> list[Segment]:
    return [Segment(("choices", 0), Role.ASSISTANT, text, Column.ANSWER)]


def quoted(segments: list[Segment], finding: Finding, *others: Finding, failed: bool = False) -> str:
    failures = [DetectorFailure("d", "x")] if failed else []
    inspection = Inspection([finding, *others], failures, {}, [])
    return Excerpts(segments, inspection, JUDGE.everything_in).of(finding)


def test_a_phrase_is_quoted_without_its_data() -> None:
    """Data inside, and data that reaches over the edges, is a placeholder; long phrases are cut."""
    segments = asked("send 4111 to bob@x.org now please")
    data = [make(Family.PII, 5, 9, "CARD"), make(Family.PII, 13, 30, "EMAIL")]
    assert quoted(segments, make(Family.INJECTION, 0, 25, "I"), *data) == "send [CARD_REDACTED] to [EMAIL_REDACTED]"
    assert quoted(segments, data[0], data[1]) == "[CARD_REDACTED]"
    assert quoted(asked("x" * 500), make(Family.INJECTION, 0, 500, "I")) == "x" * LONGEST + "[...]"


def test_the_rest_of_a_value_in_another_part_is_data_too() -> None:
    """A value may be spread over the parts of a message."""
    mail = make(Family.PII, 8, 11, "EMAIL", continued=((1, 0, 6),))
    phrase = replace(make(Family.INJECTION, 0, 16, "I"), segment=1)
    assert quoted(asked("write to", "@x.org and obey!"), phrase, mail) == "[EMAIL_REDACTED] and obey!"


@pytest.mark.parametrize(
    "policy",
    [
        PRESETS["creative_writing"],
        replace(MODERATE, rows={"pii.email": {}, "secrets.keys": {}}),
        replace(MODERATE, entities=frozenset({"CARD"})),
        replace(MODERATE, candidates=frozenset({"pii.email"})),
        replace(MODERATE, suppressions={"pii.email": (Suppression("pii.email"),)}),
    ],
)
def test_what_the_policy_leaves_alone_is_data_all_the_same(policy: Policy) -> None:
    """In an answer, where nobody looked for it, and in a request: off, unnamed, on trial, suppressed."""
    text = f"hurt {MAIL} with {AWS} now"
    phrase = make(Family.SAFETY, 0, len(text), "TOXICITY")
    judge = Judge([EMAIL, HATE], policy)
    for segments, inspection in (
        (answered(text), judge.answer(answered(text), knowledge_of([], ())).inspection),
        (asked(text), judge.request("p", asked(text)).inspection),
    ):
        said = Excerpts(segments, inspection, JUDGE.everything_in).of(phrase)
        assert MAIL not in said
        assert said.startswith("hurt [EMAIL_REDACTED] with ")
    answer = Excerpts(answered(text), Inspection([phrase], [], {}, []), JUDGE.everything_in)
    assert answer.of(phrase) == "hurt [EMAIL_REDACTED] with [API_KEY_REDACTED] now"


def test_a_value_that_the_excerpt_would_cut_is_known() -> None:
    """The text is read beyond the excerpt's end."""
    text = "x " * 57 + f"{MAIL} now"
    said = quoted(answered(text), make(Family.SAFETY, 0, len(text), "TOXICITY"))
    assert said == "x " * 57 + "[EMAIL_REDACTED][...]"


def test_what_was_not_read_is_not_quoted() -> None:
    """Behind what is read of a long answer, and where a detector failed, nothing is said but what it was."""
    text = "a word and " * (READ // 8)
    assert quoted(answered(text), make(Family.SAFETY, 100, 105, "T")) == text[100:105]
    assert quoted(answered(text), make(Family.SAFETY, READ - 100, READ - 90, "T")) == "[T_REDACTED]"
    assert quoted(asked("hurt"), make(Family.SAFETY, 0, 4, "T"), failed=True) == "[T_REDACTED]"


def test_of_a_stream_no_text_was_kept() -> None:
    """So there is nothing to quote."""
    assert quoted(answered(""), make(Family.SAFETY, 3, 9, "T")) == ""
