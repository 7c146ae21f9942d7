"""From findings to a decision: the strongest action, its reasons in words, and edits that leave no remnant."""

import itertools

import pytest
from decision_parts import found, inspection, seg
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from promptguard_gateway.core.decision import WITHHELD, Decision, Edit, decide
from promptguard_gateway.core.findings import Family, Finding
from promptguard_gateway.core.policy import Action, Mode, Replacement, Status, Suppression, Verb
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.replacement import merge_spans
from promptguard_gateway.core.segments import Column, JsonLeaf, Role, Segment

POLICY = PRESETS["moderate"]
SUMMARIES = {"pii": "an e-mail address", "injection": "an attempt to override instructions"}


def decided(*findings: Finding, segments: list[Segment] | None = None, withheld: tuple[int, ...] = ()) -> Decision:
    return decide(POLICY, segments or [seg()], inspection(*findings), SUMMARIES, frozenset(withheld))


def test_nothing_found() -> None:
    """Allowed, without reasons; the confidence is the highest score that anything had."""
    decision = decide(POLICY, [seg()], inspection(scores={"pii": 0.31, "injection": 0.12}), SUMMARIES)
    assert (decision.verb, decision.outcome, decision.flagged) == (Verb.ALLOW, Verb.ALLOW, False)
    assert (decision.reasons, decision.edits, decision.actions) == ((), (), ())
    assert (decision.threat_type, decision.deciding, decision.confidence) == (None, None, 0.31)
    assert decide(POLICY, [], inspection(), {}).confidence == 0.0


def test_the_strongest_action_decides() -> None:
    """Block before redact before flag; each finding keeps its own action; a block carries no edits."""
    pii, flag = found(), found(Family.HIDDEN, 6, 8)
    injection = found(Family.INJECTION, 10, 20, 0.9)
    assert decided(flag).verb is Verb.ALLOW
    assert decided(flag).flagged
    assert decided(flag, pii).verb is Verb.REDACT
    decision = decided(flag, pii, injection)
    assert decision.verb is Verb.BLOCK
    assert decision.actions == (Action.FLAG, Action.REDACT, Action.BLOCK)
    assert decision.edits == ()
    assert (decision.threat_type, decision.confidence, decision.deciding) == ("injection_threat", 0.9, 2)


def test_among_equals_the_surest_decides_and_then_the_first() -> None:
    """So the same findings give the same answer."""
    first, second, third = found(score=0.85), found(start=6, end=8, score=0.95), found(start=9, end=12, score=0.95)
    assert decided(first, second, third).deciding == 1


@pytest.mark.parametrize(
    ("score", "actions", "flagged"),
    [(0.49, (Action.OFF,), False), (0.5, (Action.FLAG,), True), (0.79, (Action.FLAG,), True)],
)
def test_the_warn_band(score: float, actions: tuple[Action, ...], flagged: bool) -> None:
    """Between the thresholds a finding is flagged and given as a reason, below it is neither."""
    decision = decided(found(Family.INJECTION, score=score))
    assert (decision.verb, decision.actions, decision.flagged) == (Verb.ALLOW, actions, flagged)
    assert len(decision.reasons) == flagged
    assert decision.edits == ()


def test_monitor_mode_decides_and_lets_through() -> None:
    """The verb says what would have been, the outcome what is."""
    policy = structs.replace(POLICY, mode=Mode.MONITOR)
    decision = decide(policy, [seg()], inspection(found(Family.INJECTION)), SUMMARIES)
    assert (decision.verb, decision.enforced, decision.outcome) == (Verb.BLOCK, False, Verb.ALLOW)


def test_a_reason_reads_as_a_sentence() -> None:
    """What was done, what it is, how sure, where, and who says so."""
    leaf = JsonLeaf(1, 9, "/to")
    [reason] = decided(found(score=0.87), segments=[seg(role=Role.TOOL, leaf=leaf)]).reasons
    assert reason.text == (
        "Redacted: an e-mail address (0.87, threshold 0.80) in messages[0].content/to, found by pii."
    )
    assert (reason.rule, reason.finding, reason.action) == ("pii.kind/tool", 0, Action.REDACT)
    [blocked] = decided(found(Family.INJECTION)).reasons
    assert blocked.text.startswith("Blocked: an attempt to override instructions (1.00")
    [flagged] = decided(found(Family.HIDDEN)).reasons
    assert flagged.text.startswith("Flagged: hidden.kind (")


@pytest.mark.parametrize("key", ["AKIA" + "IOSFODNN7EXAMPL2", "a.b@example.com", "4111111111111111", "Ana Maria López"])
def test_a_reason_never_repeats_a_key_that_could_be_data(key: str) -> None:
    """Keys are chosen by whoever wrote the body, so only plain words of them are shown."""
    segment = Segment(("metadata", key, "note"), Role.CONFIG, "x" * 10, leaf=JsonLeaf(0, 5, f"/0/{key}/to"))
    [reason] = decided(found(), segments=[segment]).reasons
    assert key not in reason.text
    assert "metadata.*.note/0/*/to" in reason.text


def test_columns_of_all_places_count() -> None:
    """A finding spread over two speakers is judged by the less trusted one."""
    segments = [seg(column=Column.SYSTEM), seg(column=Column.UNTRUSTED)]
    assert decided(found(Family.INJECTION), segments=segments).verb is Verb.ALLOW
    spread = found(Family.INJECTION, continued=((1, 0, 4),))
    assert decided(spread, segments=segments).verb is Verb.BLOCK


def test_edits_replace_and_continue() -> None:
    """The placeholder stands at the first place; at the others the rest of the value goes."""
    segments = [seg(), seg()]
    decision = decided(found(start=30, end=40, continued=((1, 0, 7),)), segments=segments)
    assert decision.edits == (Edit(0, 30, 40, "[EMAIL_REDACTED]"), Edit(1, 0, 7, ""))


def test_a_mask_is_made_of_the_whole_value() -> None:
    """Of all its parts, where it is spread over segments; and of everything that overlapping findings cover."""
    policy = structs.replace(POLICY, replacement={"pii": Replacement.MASK})
    segments = [seg("mail ana.lopez@exam"), seg("ple.org now")]
    spread = inspection(found(start=5, end=19, continued=((1, 0, 7),)))
    assert decide(policy, segments, spread, SUMMARIES).edits == (Edit(0, 5, 19, "a***@***.org"), Edit(1, 0, 7, ""))
    overlapping = inspection(found(start=5, end=14), found(Family.SECRETS, 10, 12, 0.6), found(start=8, end=19))
    assert decide(policy, segments, overlapping, SUMMARIES).edits == (Edit(0, 5, 19, "a***m"),)


def test_flags_make_no_edits() -> None:
    """Only what is redacted is replaced, also beside something that is."""
    decision = decided(found(Family.HIDDEN, 0, 9), found(start=5, end=12))
    assert decision.edits == (Edit(0, 5, 12, "[EMAIL_REDACTED]"),)


def test_a_withheld_turn_is_replaced_as_a_whole() -> None:
    """Blocked before and sent again as history: the text goes, the conversation stays."""
    segments = [seg("y" * 9), seg()]
    decision = decided(found(Family.INJECTION), found(start=2, end=4, segment=1), segments=segments, withheld=(0,))
    assert decision.verb is Verb.REDACT
    assert decision.edits == (Edit(0, 0, 9, WITHHELD), Edit(1, 2, 4, "[EMAIL_REDACTED]"))


def test_a_withheld_turn_does_not_excuse_new_text() -> None:
    """What reaches into a new turn, or stands in one, is blocked as ever."""
    segments = [seg(), seg()]
    spread = found(Family.INJECTION, continued=((1, 0, 4),))
    assert decided(spread, segments=segments, withheld=(0,)).verb is Verb.BLOCK
    assert decided(found(Family.INJECTION, segment=1), segments=segments, withheld=(0,)).verb is Verb.BLOCK


SPANS = st.tuples(st.integers(0, 30), st.integers(1, 12), st.sampled_from(["A", "B", "C", ""])).map(
    lambda one: (one[0], one[0] + one[1], one[2])
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(SPANS, max_size=8))
def test_merged_spans_cover_exactly_the_union(spans: list[tuple[int, int, str]]) -> None:
    """Nothing of a span that lost is left over, nothing else is touched, and the order given does not matter."""
    merged = merge_spans(spans)
    covered = {place for start, end, _ in merged for place in range(start, end)}
    assert covered == {place for start, end, _ in spans for place in range(start, end)}
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(merged))
    for start, end, replacement in merged:
        inside = [one for one in spans if start <= one[0] and one[1] <= end]
        assert replacement in [one[2] for one in inside]
        assert replacement or not any(one[2] for one in inside)
    shuffled = merge_spans(reversed(spans))
    assert [one[:2] for one in shuffled] == [one[:2] for one in merged]


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([(0, 5, "A"), (3, 12, "B")], [(0, 12, "B")]),
        ([(0, 9, "A"), (3, 12, "B")], [(0, 12, "A")]),
        ([(0, 12, "A"), (3, 5, "B")], [(0, 12, "A")]),
        ([(0, 4, "A"), (4, 8, "B")], [(0, 4, "A"), (4, 8, "B")]),
        ([(0, 9, ""), (3, 5, "B")], [(0, 9, "B")]),
        ([(0, 3, "A"), (2, 5, "B"), (4, 20, "C")], [(0, 20, "C")]),
    ],
)
def test_the_longest_names_the_placeholder(
    spans: list[tuple[int, int, str]], merged: list[tuple[int, int, str]]
) -> None:
    """Of equals the earliest."""
    assert merge_spans(spans) == merged


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    st.permutations(
        [found(score=0.9), found(Family.SECRETS, 2, 9, 0.9), found(Family.HIDDEN, 1, 3), found(start=20, end=25)]
    )
)
def test_the_order_of_findings_does_not_change_what_happens(findings: list[Finding]) -> None:
    """Verb and confidence are those of the set."""
    decision = decided(*findings)
    assert (decision.verb, decision.threat_type, decision.confidence) == (Verb.BLOCK, "secrets_threat", 0.9)


def test_a_suppressed_finding_is_a_reason_that_says_so() -> None:
    """It does not act, it does not decide, and what it would have led to is said."""
    policy = structs.replace(POLICY, suppressions={"pii": (Suppression("pii"),)}, candidates=frozenset({"injection"}))
    decision = decide(policy, [seg()], inspection(found(), found(Family.INJECTION)), SUMMARIES)
    assert (decision.verb, decision.flagged, decision.deciding) == (Verb.ALLOW, False, None)
    assert decision.actions == (Action.OFF, Action.OFF)
    assert decision.statuses == (Status.SUPPRESSED, Status.CANDIDATE)
    assert [reason.text for reason in decision.reasons] == [
        (
            "Suppressed: an e-mail address (1.00, threshold 0.80) in messages[0].content, found by pii; "
            "it would have been redacted."
        ),
        (
            "Candidate: an attempt to override instructions (1.00, threshold 0.80) in messages[0].content, "
            "found by injection; it would have been blocked."
        ),
    ]
    assert decision.sentence == decision.reasons[0].text


def test_the_sentence_is_the_reason_that_decided() -> None:
    """Not the first finding, but the strongest."""
    assert decided(found(), found(Family.INJECTION)).sentence.startswith("Blocked: an attempt to override")
    assert decided().sentence == "Nothing was found."
