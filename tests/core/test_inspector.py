"""The inspector of requests: views, joined parts, echoes, and detectors that fail."""

from base64 import b64encode

import pytest
from decision_parts import Code, patterns, seg

from lab.cost import fastest
from promptguard_gateway.core.detector import Detector, Hit, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import DetectorFailure, Family, Finding, Inspection
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.policy import FailureMode
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Direction, Role, Segment
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.inspect import InspectionFailed, Judge

ATTACK = patterns("attack", (r"(?i)open the hidden door", 0.9), (r"(?i)hidden door", 0.55))
CODE = patterns("code", (r"[A-Z]{3}[0-9]{4}[A-Z]{3}", 0.9), family=Family.SECRETS)


def inspect(*texts: str, detectors: tuple[Detector, ...] = (ATTACK, CODE), role: Role = Role.USER) -> Inspection:
    """Texts as parts of one message."""
    return Inspector(detectors).inspect([seg(text, role=role, turn=0) for text in texts])


def where(finding: Finding) -> tuple[int, int, int]:
    return finding.segment, finding.start, finding.end


def test_a_finding_says_where_and_who() -> None:
    """Offsets in the segment's own text, the detector's own words, and the view that showed it."""
    [finding] = [one for one in inspect("fine", "see ABC1234XYZ here").findings if one.family is Family.SECRETS]
    assert where(finding) == (1, 4, 14)
    assert (finding.detector, finding.rule, finding.label, finding.view) == ("code", "code.0", "CODE", "plain")
    assert finding.continued == ()


def test_every_score_is_kept() -> None:
    """Of each detector the highest, also below any threshold."""
    assert inspect("a hidden door").scores == {"attack": 0.55}
    assert inspect("Open the hidden door, ABC1234XYZ").scores == {"attack": 0.9, "code": 0.9}
    assert inspect("nothing").scores == {}


def test_the_same_span_seen_twice_is_one_finding() -> None:
    """Views that show the same thing do not double it."""
    found = inspect("ａ ABC1234XYZ é").findings
    assert [where(one) for one in found] == [(0, 2, 12)]


def test_what_is_spread_over_parts_is_found_once_joined() -> None:
    """With a space or with nothing between the parts; each place is told."""
    [spread] = inspect("please open the", "hidden door now").findings[-1:]
    assert (where(spread), spread.continued) == ((0, 7, 15), ((1, 0, 11),))
    [glued] = inspect("see ABC12", "34XYZ here").findings
    assert (where(glued), glued.continued) == ((0, 4, 9), ((1, 0, 5),))


def test_a_whole_part_does_not_echo() -> None:
    """Joining shows what is spread; where a part is whole, it only smears it."""
    found = inspect("ABC1234XYZ", "ABC1234XYZ", "more").findings
    assert sorted(map(where, found)) == [(0, 0, 10), (1, 0, 10)]


def test_a_weaker_part_does_not_hide_the_stronger_whole() -> None:
    """A part that alone is only suspicious leaves the joined finding standing."""
    found = inspect("please open the", "hidden door now").findings
    assert {one.score for one in found} == {0.55, 0.9}


def test_parts_of_different_speakers_are_not_joined() -> None:
    """What a user began and a tool ended is nobody's sentence."""
    segments = [seg("please open the", turn=0), seg("hidden door", turn=1, role=Role.TOOL)]
    assert {one.score for one in Inspector([ATTACK]).inspect(segments).findings} == {0.55}


def test_the_order_is_the_same_every_time() -> None:
    """Two inspectors, two runs: equal values in equal order."""
    texts = ("open the hidden door ABC1234XYZ", "hidden door", "ABC1234XYZ")
    first, second = inspect(*texts), inspect(*texts)
    assert first == second
    one = Inspector((ATTACK, CODE))
    segments = [seg(text, turn=0) for text in texts]
    assert one.inspect(segments) == one.inspect(segments) == first


@pytest.mark.parametrize("segments", [[], [seg("")], [seg("", turn=0), seg("", turn=0)]])
def test_nothing_to_read(segments: list[Segment]) -> None:
    """No segments and empty ones are fine."""
    assert Inspector([ATTACK, CODE]).inspect(segments).findings == []


def test_detectors_of_answers_are_not_asked() -> None:
    """A detector says which directions it reads."""
    spec: Spec = Code("late", [Hit(0, 1, 1.0, "r")]).spec
    late = Code("late", RuntimeError("asked"))
    late.spec = Spec(
        **{field: getattr(spec, field) for field in spec.__struct_fields__} | {"directions": (Direction.OUTPUT,)}
    )
    assert Inspector([late]).inspect([seg()]).failures == []


BAD_ANSWERS = {
    "raises": (RuntimeError("boom"), "RuntimeError"),
    "runs out of memory": (MemoryError(), "MemoryError"),
    "none": (None, "TypeError"),
    "a number": (7, "TypeError"),
    "words": (["hit"], "AttributeError"),
    "nothing in a list": ([None], "AttributeError"),
    "offsets that are words": ([Hit("a", "b", 1.0, "r")], "TypeError"),
    "offsets beyond the end": ([Hit(0, 9999, 1.0, "r")], "ValueError"),
    "offsets before the start": ([Hit(-1, 2, 1.0, "r")], "ValueError"),
    "offsets in the wrong order": ([Hit(3, 2, 1.0, "r")], "ValueError"),
    "a score that is none": ([Hit(0, 2, "high", "r")], "TypeError"),
    "a score above one": ([Hit(0, 2, 90, "r")], "ValueError"),
    "a score that is not a number": ([Hit(0, 2, float("nan"), "r")], "ValueError"),
    "a good hit and a bad one": ([Hit(0, 2, 1.0, "r"), None], "AttributeError"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_failing_detector_is_a_failure_and_never_a_missing_finding(name: str) -> None:
    """Whatever it raises or answers; the others are asked all the same."""
    answer, reason = BAD_ANSWERS[name]
    result = inspect("open the hidden door", detectors=(Code("bad", answer), ATTACK))
    assert result.failures == [DetectorFailure("bad", reason)]
    assert {one.detector for one in result.findings} == {"attack"}


def failing_pattern() -> PatternDetector:
    def refuse(_: str) -> bool:
        raise ZeroDivisionError

    made = patterns("checked", (r"[0-9]{4}", 0.9))
    pattern = Pattern(name="four", regex=r"[0-9]{4}", score=0.9, validate=refuse)
    return PatternDetector(spec=made.spec, patterns=(pattern,))


def test_a_failing_validation_is_a_failure() -> None:
    """A candidate that could not be checked is not silently dropped; without a candidate nothing fails."""
    assert inspect("see 1234", detectors=(failing_pattern(),)).failures == [
        DetectorFailure("checked", "ZeroDivisionError")
    ]
    assert inspect("see 123", detectors=(failing_pattern(),)).failures == []


def judge(mode: FailureMode) -> Judge:
    moderate = PRESETS["moderate"]
    policy = type(moderate)(
        name="test", matrix=moderate.matrix, thresholds=moderate.thresholds, failure=dict.fromkeys(Direction, mode)
    )
    return Judge([Code("bad", RuntimeError("x")), failing_pattern(), ATTACK], policy)


def test_closed_refuses_and_names_the_detectors() -> None:
    """503 with all their names, for the event and for the operator."""
    with pytest.raises(InspectionFailed) as caught:
        judge(FailureMode.CLOSED).request("p", [seg("1234")])
    assert isinstance(caught.value, GatewayError)
    assert (caught.value.code, caught.value.status) == ("detector_unavailable", 503)
    assert caught.value.detectors == ("bad", "checked")
    assert "bad, checked failed" in caught.value.message


def test_open_goes_on_and_is_marked() -> None:
    """The others still decide, and the inspection says that it is degraded."""
    judged = judge(FailureMode.OPEN).request("p", [seg("1234, open the hidden door")])
    assert judged.inspection.degraded == ["bad", "checked"]
    assert judged.decision.verb == "block"


def test_encoded_words_are_a_finding_of_low_severity() -> None:
    """What nobody could read and says nothing suspicious is told, and leads to nothing more than a flag."""
    code = b64encode(b"the meeting begins at nine in the small room").decode()
    [finding] = inspect(f"see {code} please", detectors=()).findings
    assert (finding.detector, finding.rule, finding.severity.value) == ("hidden.encoded", "base64", "low")
    assert (finding.start, finding.end) == (4, 4 + len(code))
    assert finding.score == 0.5


@pytest.mark.parametrize(
    "text", ["a%20b", "Tom &amp; Jerry", "0123456789abcdef" * 4, '"one" + "two three four"', "<b>x</b>"]
)
def test_what_says_no_words_is_not_encoded_text(text: str) -> None:
    """Escapes in prose, digests, code and markup are what they are."""
    assert inspect(text, detectors=()).findings == []


def test_findings_over_many_parts_cost_in_proportion() -> None:
    """Ten times the parts, each with a finding of its own and one shared with its neighbour: no more than ten times
    the work. It was a hundred times, which let 125 KB of tool results keep a core busy for half a minute."""

    def cost(parts: int) -> float:
        texts = ("hidden door, open the hidden door, open the",) * parts
        return fastest(lambda: inspect(*texts), runs=2)

    cost(10)
    assert cost(2000) < 25 * cost(200)
