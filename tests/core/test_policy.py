"""The matrix and its thresholds: what the presets promise, cell by cell."""

import pytest

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import PRESETS, Action, FailureMode, Mode, Policy, Thresholds
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
    assert MODERATE.action_for("pii.email", Family.PII, Column.UNTRUSTED, score) is action


def test_a_cell_that_is_off_has_no_bands() -> None:
    """Not even a flag, whatever the score."""
    assert MODERATE.action_for("pii.email", Family.PII, Column.SYSTEM, 1.0) is Action.OFF


def test_a_detector_may_have_its_own_thresholds() -> None:
    """They go before those of its family, for this detector alone."""
    policy = Policy(
        name="own",
        matrix=MODERATE.matrix,
        thresholds={**MODERATE.thresholds, "pii.phone": Thresholds(0.1, 0.2)},
        failure=MODERATE.failure,
    )
    assert policy.action_for("pii.phone", Family.PII, Column.UNTRUSTED, 0.2) is Action.REDACT
    assert policy.action_for("pii.email", Family.PII, Column.UNTRUSTED, 0.2) is Action.OFF


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
