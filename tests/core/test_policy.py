"""The matrix and its thresholds: what the presets promise, cell by cell."""

import pytest
from decision_parts import found
from msgspec.structs import replace

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, FailureMode, Mode, Policy, Status, Suppression, Thresholds
from promptguard_gateway.core.presets import LEVELS, PRESETS, USE_CASES
from promptguard_gateway.core.segments import Channel, Column, Direction, Role, column_of

MODERATE = PRESETS["moderate"]
COLUMNS = (
    Column.UNTRUSTED,
    Column.SYSTEM,
    Column.HISTORY,
    Column.TOOL_DEFINITION,
    Column.ANSWER,
    Column.ANSWER_TOOL_ARGUMENTS,
)
# The table of the documentation, written down a second time. o off, f flag, r redact, b block.
DOCUMENTED = {
    Family.INJECTION: "bofbof",
    Family.FORGERY: "bffbof",
    Family.EXFILTRATION: "boffof",
    Family.PII: "roroff",
    Family.SECRETS: "bfrfrb",
    Family.LEAK: "oooobb",
    Family.LINK: "oooorb",
    Family.SAFETY: "bofobf",
    Family.HIDDEN: "ffffff",
    Family.URL: "boffrb",
    Family.CODE: "fofffb",
    Family.TOOL: "oofbob",
    Family.CUSTOM: "bbbbbb",
}
LETTERS = {"o": Action.OFF, "f": Action.FLAG, "r": Action.REDACT, "b": Action.BLOCK}


@pytest.mark.parametrize("family", Family)
def test_moderate_is_the_documented_matrix(family: Family) -> None:
    """Every cell of the default policy."""
    cells = [MODERATE.cell(family, column) for column in COLUMNS]
    assert cells == [LETTERS[letter] for letter in DOCUMENTED[family]]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_complete(name: str) -> None:
    """Every family has a row of every column and a band of thresholds; failures are closed both ways."""
    policy = PRESETS[name]
    assert set(policy.matrix) == set(Family)
    assert all(set(row) == set(Column) for row in policy.matrix.values())
    assert all(
        0 <= policy.thresholds[family.value].warn <= policy.thresholds[family.value].block <= 1 for family in Family
    )
    assert policy.failure == dict.fromkeys(Direction, FailureMode.CLOSED)
    assert policy.mode is Mode.ENFORCE
    assert policy.overflow in (Action.BLOCK, Action.REDACT)


def test_strict_is_never_weaker_and_permissive_never_stronger() -> None:
    """The presets are ordered, in cells and in thresholds."""
    strict, permissive = PRESETS["strict"], PRESETS["permissive"]
    for family in Family:
        for column in Column:
            assert strict.cell(family, column) >= MODERATE.cell(family, column) >= permissive.cell(family, column)
        bands = [policy.thresholds_of("any", family) for policy in (strict, MODERATE, permissive)]
        assert bands == sorted(bands, key=lambda band: band.block)
        assert bands == sorted(bands, key=lambda band: band.warn)


@pytest.mark.parametrize(
    ("score", "action"),
    [
        (0.0, Action.OFF),
        (0.4999, Action.OFF),
        (0.5, Action.FLAG),
        (0.7999, Action.FLAG),
        (0.8, Action.REDACT),
        (1.0, Action.REDACT),
    ],
)
def test_the_bands(score: float, action: Action) -> None:
    """Below warn nothing, from warn on a flag, from block on what the cell says; the edges belong to the upper band."""
    assert MODERATE.action_for(found(score=score), Column.UNTRUSTED) is action


def test_a_cell_that_is_off_has_no_bands() -> None:
    """Not even a flag, whatever the score."""
    assert MODERATE.action_for(found(), Column.SYSTEM) is Action.OFF


def test_a_detector_may_have_its_own_thresholds() -> None:
    """They go before those of its family, for this detector alone."""
    policy = Policy(
        name="own",
        matrix=MODERATE.matrix,
        thresholds={**MODERATE.thresholds, "pii.phone": Thresholds(0.1, 0.2)},
        failure=MODERATE.failure,
    )
    assert policy.action_for(found(score=0.2, detector="pii.phone"), Column.UNTRUSTED) is Action.REDACT
    assert policy.action_for(found(score=0.2, detector="pii.email"), Column.UNTRUSTED) is Action.OFF


def test_a_cell_that_is_missing_is_off() -> None:
    """A matrix may leave columns out."""
    policy = Policy(name="empty", matrix={Family.PII: {}}, thresholds=MODERATE.thresholds, failure={})
    assert policy.cell(Family.PII, Column.ANSWER) is Action.OFF


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("channel", Channel)
def test_every_role_has_a_column(role: Role, channel: Channel) -> None:
    """On the way in the speaker decides, on the way out only whether it is an argument of a tool."""
    assert column_of(Direction.INPUT, role, channel) in (COLUMNS[:4])
    expected = Column.ANSWER_TOOL_ARGUMENTS if channel is Channel.TOOL_ARGUMENTS else Column.ANSWER
    assert column_of(Direction.OUTPUT, role, channel) is expected


def test_strings_nobody_knows_are_untrusted() -> None:
    """What is no part of the conversation is trusted like a stranger."""
    for role in (Role.USER, Role.TOOL, Role.DOCUMENT, Role.CONFIG):
        assert column_of(Direction.INPUT, role, Channel.CONTENT) is Column.UNTRUSTED


# The use cases.


@pytest.mark.parametrize("use_case", USE_CASES)
def test_a_use_case_changes_what_its_deltas_name_and_nothing_else(use_case: str) -> None:
    """Each of the 18 policies is its level and the deltas."""
    for level, base in LEVELS.items():
        policy = PRESETS[f"{use_case}:{level}"]
        named = {(delta.target, column) for delta in USE_CASES[use_case].deltas for column in delta.cells}
        changed = {
            (family.value, column)
            for family in Family
            for column in Column
            if policy.cell(family, column) is not base.cell(family, column)
        }
        assert changed <= named
        bands = {name for name, band in policy.thresholds.items() if base.thresholds.get(name) != band}
        assert bands <= {delta.target for delta in USE_CASES[use_case].deltas if delta.thresholds}
        assert policy.name == f"{use_case}:{level}"


@pytest.mark.parametrize("use_case", USE_CASES)
def test_under_strict_a_use_case_only_tightens(use_case: str) -> None:
    """Nobody who asks for strict gets an exception."""
    policy, base = PRESETS[f"{use_case}:strict"], LEVELS["strict"]
    for family in Family:
        assert all(policy.cell(family, column) >= base.cell(family, column) for column in Column)
        assert policy.thresholds_of("any", family).block <= base.thresholds_of("any", family).block


def test_short_names() -> None:
    """A bare use case is moderate, a bare level the default use case."""
    assert len({id(policy) for policy in PRESETS.values()}) == 18
    assert PRESETS["support_bot"] is PRESETS["support_bot:moderate"]
    assert PRESETS["strict"] is PRESETS["default:strict"]
    assert all(use_case.recommended in LEVELS for use_case in USE_CASES.values())


# What does not act.


def test_a_detector_may_have_a_row_of_its_own() -> None:
    """It takes the place of its family's, for this detector alone; an empty row is off everywhere."""
    policy = replace(MODERATE, rows={"pii.email": {Column.UNTRUSTED: Action.BLOCK}, "pii.phone": {}})
    assert policy.action_for(found(detector="pii.email"), Column.UNTRUSTED) is Action.BLOCK
    assert policy.action_for(found(detector="pii.email"), Column.HISTORY) is Action.OFF
    assert policy.action_for(found(detector="pii.phone"), Column.UNTRUSTED) is Action.OFF
    assert policy.action_for(found(detector="pii.card"), Column.UNTRUSTED) is Action.REDACT


def test_personal_data_that_is_not_named_does_not_act() -> None:
    """The others only score; findings of other families are not touched."""
    policy = replace(MODERATE, entities=frozenset({"EMAIL"}))
    assert policy.action_for(found(label="EMAIL"), Column.UNTRUSTED) is Action.REDACT
    assert policy.asked_for(found(label="PHONE"), Column.UNTRUSTED) is Action.OFF
    assert policy.action_for(found(Family.SECRETS), Column.UNTRUSTED) is Action.BLOCK


def test_a_kind_of_personal_data_may_have_a_row_of_its_own() -> None:
    """It goes before the family's and the detector's, for personal data alone."""
    policy = replace(MODERATE, entity_rows={"EMAIL": {Column.UNTRUSTED: Action.BLOCK}}, rows={"pii": {}})
    assert policy.action_for(found(label="EMAIL"), Column.UNTRUSTED) is Action.BLOCK
    assert policy.action_for(found(label="PHONE"), Column.UNTRUSTED) is Action.OFF
    assert policy.action_for(found(Family.HIDDEN, label="EMAIL"), Column.UNTRUSTED) is Action.FLAG
    assert policy.cells("pii", Family.PII, Column.UNTRUSTED) == (Action.OFF, Action.BLOCK)


@pytest.mark.parametrize(
    ("suppression", "status"),
    [
        (Suppression("pii"), Status.SUPPRESSED),
        (Suppression("pii", "rule"), Status.SUPPRESSED),
        (Suppression("pii", "other"), Status.ACTIVE),
        (Suppression("pii", None, "00ff"), Status.SUPPRESSED),
        (Suppression("pii", "rule", "00fe"), Status.ACTIVE),
    ],
)
def test_a_suppression_names_a_detector_and_may_name_a_rule_and_a_text(
    suppression: Suppression, status: Status
) -> None:
    """All that it names must fit; then the finding does not act."""
    policy = replace(MODERATE, suppressions={"pii": (suppression,)})
    seen = replace(found(), match_sha256="00ff")
    assert policy.status_of(seen) is status
    active = status is Status.ACTIVE
    assert policy.action_for(seen, Column.UNTRUSTED) is (Action.REDACT if active else Action.OFF)
    assert policy.asked_for(seen, Column.UNTRUSTED) is Action.REDACT


@pytest.mark.parametrize("name", ["pii", "pii/rule"])
def test_a_candidate_is_measured_and_never_enforced(name: str) -> None:
    """A detector or one of its rules."""
    policy = replace(MODERATE, candidates=frozenset({name}))
    assert policy.status_of(found()) is Status.CANDIDATE
    assert policy.action_for(found(), Column.UNTRUSTED) is Action.OFF
    assert policy.action_for(found(Family.SECRETS), Column.UNTRUSTED) is Action.BLOCK
