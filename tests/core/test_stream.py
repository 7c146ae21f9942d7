"""The inspector of answers: what leaves when, overflow, failures, and what it costs."""

import time
from collections.abc import Iterable

import pytest
from hold_catalogue import AWS, DETECTORS, KEY_HEAD, KNOWLEDGE, one, policy_of, spec
from msgspec.structs import replace

from promptguard_gateway.core.detector import Detector, Hit, Knowledge
from promptguard_gateway.core.findings import DetectorFailure, Family
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import Action, FailureMode, Mode, Thresholds
from promptguard_gateway.core.segments import Column, Direction
from promptguard_gateway.core.stream import Piece, StreamInspector

PLAN = AnswerPlan.compile(DETECTORS, policy_of(), Column.ANSWER)
NOTHING = Knowledge()
PROSE = "Your parcel left our warehouse in Madrid on Tuesday and should arrive within 3 days; reply at any time. "


def plan_of(*detectors: Detector, **changes: object) -> AnswerPlan:
    return AnswerPlan.compile(detectors, policy_of(**changes), Column.ANSWER)


def playbook(plan: AnswerPlan, deltas: Iterable[str], knowledge: Knowledge = KNOWLEDGE) -> list[str]:
    """What leaves after each delta, and at the end."""
    inspector = StreamInspector(plan, knowledge)
    return [*(inspector.feed(delta).text for delta in deltas), inspector.finish().text]


@pytest.mark.parametrize(
    ("deltas", "released"),
    [
        (["the end. ", "and"], ["the end. ", "", "and"]),
        (["my name", " is so", "mething."], ["", "", "", "[NAME_REDACTED]."]),
        (["mail john.doe@exa", "mple.com, ", "ok"], ["mail ", "[EMAIL_REDACTED], ", "", "ok"]),
        (["mail john.doe@exa", " no"], ["mail ", "john.doe@exa ", "no"]),
        (["", "a. ", ""], ["", "a. ", "", ""]),
        ([KEY_HEAD + "\n", "secret" * 9, "more"], ["[PRIVATE_KEY_REDACTED]", "", "", ""]),
        (["<<SECRET a", "b >> free. "], ["[FENCE_REDACTED]", " free. ", ""]),
        (["a forbidden wor", "d is", " here"], ["a ", "", "", ""]),
        (["my pin: 47", "11", ", my pin is"], ["my ", "", "pin: [PIN_REDACTED], my pin ", "is"]),
    ],
)
def test_when_text_leaves(deltas: list[str], released: list[str]) -> None:
    """Ordinary text at once, what may become a finding when that is decided, a long value's placeholder at its head."""
    assert playbook(PLAN, deltas) == released


def test_pieces_partition_the_original() -> None:
    """Each piece says which original characters it stands for; a swallowed part is an empty text."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    pieces = [
        *inspector.feed("é <<SECRET x").pieces,
        *inspector.feed(" yz >> a@b.com. ").pieces,
        *inspector.finish().pieces,
    ]
    assert pieces[:2] == [Piece("é ", 0, 2), Piece("[FENCE_REDACTED]", 2, 10, fixed=True)]
    assert [piece.end for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]
    assert pieces[-2:] == [Piece("[EMAIL_REDACTED]", 19, 26, fixed=True), Piece(". ", 26, 28)]
    assert inspector.characters == 28


def test_findings_point_into_the_original_text() -> None:
    """Spans count original characters, long values reach to their end, and the segment is the one given."""
    text = "jo\u200bhn@ex.com <<SECRET é >> раsswоrd: x123 "
    inspector = StreamInspector(PLAN, KNOWLEDGE, segment=7)
    for character in text:
        inspector.feed(character)
    inspector.finish()
    seen = [(one.label, text[one.start : one.end], one.view, one.segment) for one in inspector.findings]
    assert seen == [
        ("EMAIL", "jo\u200bhn@ex.com", "folded", 7),
        ("FENCE", "<<SECRET é >>", "plain", 7),
        ("SECRET", "раsswоrd: x123", "skeleton", 7),
    ]


def test_scores_are_kept_below_every_threshold() -> None:
    """A hit below the warn threshold is no finding, but its score is kept; where a cell is off, nobody reads."""
    weak = one("weak", Family.PII, "WEAK", "weak", score=0.1)
    off = one("off", Family.INJECTION, "OFF", "off", score=0.9)
    inspector = StreamInspector(plan_of(weak, off), NOTHING)
    assert inspector.whole("weak and off").pieces == (Piece("weak and off", 0, 12),)
    assert inspector.findings == []
    assert inspector.scores == {"weak": 0.1}


def test_a_low_score_flags_and_a_high_one_acts() -> None:
    """The same pattern is let through without its context word and replaced with it."""
    inspector = StreamInspector(PLAN, NOTHING)
    inspector.whole("odd. 123-45-6789" + " " * 80 + "ssn 123-45-6789")
    assert [(one.rule, one.score) for one in inspector.findings if one.rule == "ssn"] == [("ssn", 0.4), ("ssn", 0.95)]


def test_a_policy_may_act_on_what_is_doubted_alone() -> None:
    """A doubt's own detector has its own thresholds: what is a stand-in for everybody else is acted on here."""
    thresholds = {**policy_of().thresholds, "dull": Thresholds(0.1, 0.1), "pin": Thresholds(1.0, 1.0)}
    plan = plan_of(*DETECTORS, thresholds=thresholds)
    assert "".join(playbook(PLAN, ["pin 0000."])) == "pin 0000."
    assert "".join(playbook(plan, ["pin 0000, pin 4711."])) == "pin [PIN_REDACTED], pin 4711."


def test_monitor_lets_everything_through_and_sees_it() -> None:
    """In monitor mode nothing waits, nothing changes, and the findings are the same."""
    text = f"mail a@b.com and {AWS} and a forbidden word <<SECRET x"
    plan = plan_of(*DETECTORS, mode=Mode.MONITOR)
    assert plan.acting.idle
    inspector = StreamInspector(plan, KNOWLEDGE)
    assert [inspector.feed(character).text for character in text] == list(text)
    assert inspector.finish().pieces == ()
    assert [one.rule for one in inspector.findings] == ["email", "aws", "forbidden", "fence"]


def test_after_the_end_nothing_comes() -> None:
    """Neither after `finish` nor after a block."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    release = inspector.feed("now a@b.com, a forbidden word. ")
    assert release.text == "now [EMAIL_REDACTED], a "
    assert release.blocked is inspector.blocked
    assert release.blocked is not None
    assert (release.blocked.rule, release.blocked.start, release.blocked.end) == ("forbidden", 15, 29)
    assert inspector.feed("more") == inspector.finish()
    ended = StreamInspector(PLAN, KNOWLEDGE)
    ended.feed("a. ")
    ended.finish()
    assert ended.feed("more. ").pieces == ended.finish().pieces == ()


@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_overflow_blocks_at_one_place(size: int) -> None:
    """With a limit of 20 the twenty-first held character ends the answer, however it arrived."""
    text = "go: " + "a" * 60 + " and on"
    inspector = StreamInspector(plan_of(*DETECTORS, hold_limit=20), KNOWLEDGE)
    sent = "".join(inspector.feed(text[at : at + size]).text for at in range(0, len(text), size))
    assert sent == "go: "
    assert inspector.blocked is not None
    assert (inspector.blocked.rule, inspector.blocked.start, inspector.blocked.end) == ("hold_overflow", 4, 25)


@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_overflow_can_redact(size: int) -> None:
    """The held text and the rest of its word are replaced, and inspection begins anew behind it."""
    text = "go: " + "a" * 60 + "@b.com and x@y.org on"
    plan = plan_of(*DETECTORS, hold_limit=20, overflow=Action.REDACT)
    deltas = [text[at : at + size] for at in range(0, len(text), size)]
    assert "".join(playbook(plan, deltas)) == "go: [OVERFLOW_REDACTED] and [EMAIL_REDACTED] on"


def test_overflow_ends_an_open_long_value() -> None:
    """A long value whose end is never certain ends where too much of it is held."""
    value = one("value", Family.SECRETS, "VALUE", "<<", until="x{40}")
    plan = plan_of(value, hold_limit=20, overflow=Action.REDACT)
    inspector = StreamInspector(plan, NOTHING)
    assert inspector.whole("a <<b " + "x" * 30 + " c").text == "a [VALUE_REDACTED][OVERFLOW_REDACTED] c"
    assert [(one.label, one.start, one.end) for one in inspector.findings] == [("VALUE", 2, 27), ("OVERFLOW", 6, 27)]


def test_a_million_empty_deltas_release_nothing() -> None:
    """Frames without text cannot push held text out."""
    inspector = StreamInspector(PLAN, KNOWLEDGE)
    inspector.feed("john@exa")
    assert all(inspector.feed("").pieces == () for _ in range(100_000))
    assert inspector.finish().text == "john@exa"


class Broken:
    """A code detector that fails when it reads a certain word."""

    def __init__(self, family: Family) -> None:
        self.spec = spec("broken", family, "BROKEN")

    def scan(self, text: str, knowledge: Knowledge) -> Iterable[Hit]:
        if "crash" in text:
            raise LookupError("with a secret in the message")
        return ()

    def pending(self, text: str, knowledge: Knowledge) -> int:
        return 0


def unsure(text: str) -> bool:
    raise LookupError(text)


EMAIL = DETECTORS[0]
FAULTS: list[Detector] = [
    Broken(Family.LEAK),
    Broken(Family.HIDDEN),
    one("broken", Family.PII, "BROKEN", "crash", validate=unsure),
    one("broken", Family.HIDDEN, "BROKEN", "crash", validate=unsure),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_detector_ends_a_closed_answer(fault: Detector) -> None:
    """With failure mode closed nothing more is released, and the caller sees which detector it was."""
    inspector = StreamInspector(plan_of(EMAIL, fault), NOTHING)
    assert inspector.feed("before. ").text == "before. "
    inspector.feed("then a crash. ")
    inspector.finish()
    assert inspector.failed
    assert inspector.failures == [DetectorFailure("broken", "LookupError")]
    assert inspector.feed("after").pieces == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_detector_is_passed_over_when_open(fault: Detector) -> None:
    """With failure mode open the others go on, and the failure is still reported, once."""
    opened = dict.fromkeys(Direction, FailureMode.OPEN)
    inspector = StreamInspector(plan_of(EMAIL, fault, failure=opened), NOTHING)
    text = "".join([inspector.feed("a crash, a@b.com and a crash. ").text, inspector.finish().text])
    assert text == "a crash, [EMAIL_REDACTED] and a crash. "
    assert inspector.failures == [DetectorFailure("broken", "LookupError")]
    assert not inspector.failed


def test_only_detectors_of_answers_are_asked() -> None:
    """A detector for requests does not hold an answer back."""
    detector = one("mail", Family.PII, "MAIL", "[a-z]+@")
    asking = replace(detector, spec=replace(detector.spec, directions=(Direction.INPUT,)))
    plan = plan_of(asking)
    assert plan.acting.idle
    assert plan.watching.idle
    assert playbook(plan, ["ab@", "x"]) == ["ab@", "x", ""]


def seconds(plan: AnswerPlan, text: str, size: int) -> float:
    inspector = StreamInspector(plan, KNOWLEDGE)
    begin = time.process_time()
    for at in range(0, len(text), size):
        inspector.feed(text[at : at + size])
    inspector.finish()
    return time.process_time() - begin


def test_watching_a_long_answer_is_linear() -> None:
    """A megabyte, character by character, with detectors that only watch (measured: 0.6 to 1.8 s)."""
    plan = plan_of(*DETECTORS, mode=Mode.MONITOR)
    assert seconds(plan, PROSE * 10_000, 1) < 10


@pytest.mark.parametrize("text", [PROSE * 200, "a" * 20_000, "1 " * 10_000, "![" * 10_000, "<<SECRET " + "x" * 20_000])
def test_holding_back_is_linear(text: str) -> None:
    """Twenty thousand characters, one by one, also such that are made to be held (measured: 0.1 to 1 s)."""
    plan = plan_of(*DETECTORS, overflow=Action.REDACT)
    assert seconds(plan, text, 1) < 10
