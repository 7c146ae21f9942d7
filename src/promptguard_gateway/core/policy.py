"""Policy: the rules that turn an inspection into a decision.

A policy is a matrix. Its rows are families of findings, its columns are how far the speaker is trusted
(`core.segments.Column`), and a cell says what a finding there leads to:

    flag    recorded, nothing else
    redact  the span is replaced by a placeholder
    block   the exchange ends
    off     the score is kept, nothing else

A finding takes its cell's action when its score reaches the detector's block threshold; between the warn and the
block threshold it is flagged; below, only its score is kept. The decision is the strongest action of all findings.
Every action depends on one finding alone, never on counts or sums: so what a later text brings cannot change the
fate of earlier text, which is what makes streams decidable.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum

from msgspec import Struct

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.segments import Column, Direction


class Action(IntEnum):
    """What a finding leads to, weakest first, so that `max` picks the strongest."""

    OFF = 0
    FLAG = 1
    REDACT = 2
    BLOCK = 3


class Verb(StrEnum):
    """What a decision tells a client. The PromptGuard API knows these three and no others."""

    ALLOW = "allow"
    REDACT = "redact"
    BLOCK = "block"


class Mode(StrEnum):
    """enforce; or monitor: decide and record, but let everything through unchanged."""

    ENFORCE = "enforce"
    MONITOR = "monitor"


class FailureMode(StrEnum):
    """What happens when inspection itself fails."""

    CLOSED = "closed"
    OPEN = "open"


class Replacement(StrEnum):
    """What stands where a value was redacted."""

    REDACT = "redact"  # a placeholder with the kind of value: `[EMAIL_REDACTED]`
    MASK = "mask"  # the value with most characters starred: `j***@***.com`
    TOKENIZE = "tokenize"  # a keyed placeholder, `[EMAIL_1]`, that is restored in the answer


class Thresholds(Struct, frozen=True):
    """Scores from which a finding is flagged and from which its cell's action is taken; 0 <= warn <= block <= 1."""

    warn: float
    block: float


class Policy(Struct, frozen=True, kw_only=True):
    """One project's rules. Immutable: an exchange keeps the policy it began with.

    `hold_limit` bounds, in characters, what a stream may hold back; reaching it is decided by `overflow`.
    `refuse_unknown_fields`: a field of a request that no dialect knows is a 400 instead of being inspected.
    """

    name: str
    version: int = 1
    mode: Mode = Mode.ENFORCE
    matrix: Mapping[Family, Mapping[Column, Action]]
    thresholds: Mapping[str, Thresholds]  # by detector id, else by family value
    replacement: Mapping[str, Replacement] = {}  # by detector id, else by family value, else redact
    failure: Mapping[Direction, FailureMode]
    hold_limit: int = 8192
    overflow: Action = Action.BLOCK
    refuse_unknown_fields: bool = False

    def cell(self, family: Family, column: Column) -> Action:
        """The action of one cell."""
        return self.matrix[family].get(column, Action.OFF)

    def thresholds_of(self, detector: str, family: Family) -> Thresholds:
        """A detector's own thresholds, else its family's."""
        return self.thresholds.get(detector) or self.thresholds[family.value]

    def replacement_of(self, detector: str, family: Family) -> Replacement:
        """How a redacted value of this detector is replaced."""
        return self.replacement.get(detector) or self.replacement.get(family.value) or Replacement.REDACT

    def action_for(self, detector: str, family: Family, column: Column, score: float) -> Action:
        """What a finding of this score leads to in this column."""
        cell = self.cell(family, column)
        if cell is Action.OFF:
            return cell
        thresholds = self.thresholds_of(detector, family)
        if score >= thresholds.block:
            return cell
        return Action.FLAG if score >= thresholds.warn else Action.OFF


_OFF, _FLAG, _REDACT, _BLOCK = Action.OFF, Action.FLAG, Action.REDACT, Action.BLOCK
_COLUMNS = (
    Column.UNTRUSTED,
    Column.SYSTEM,
    Column.HISTORY,
    Column.TOOL_DEFINITION,
    Column.ANSWER,
    Column.ANSWER_TOOL_ARGUMENTS,
)


def _row(*actions: Action) -> Mapping[Column, Action]:
    return dict(zip(_COLUMNS, actions, strict=True))


# The default actions. Columns:           untrusted system  history  tool def answer   answer tool arguments
_MODERATE: Mapping[Family, Mapping[Column, Action]] = {
    Family.INJECTION: _row(_BLOCK, _OFF, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.FORGERY: _row(_BLOCK, _FLAG, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.EXFILTRATION: _row(_BLOCK, _OFF, _FLAG, _FLAG, _OFF, _FLAG),
    Family.PII: _row(_REDACT, _OFF, _REDACT, _OFF, _FLAG, _FLAG),
    Family.SECRETS: _row(_BLOCK, _FLAG, _REDACT, _FLAG, _REDACT, _BLOCK),
    Family.LEAK: _row(_OFF, _OFF, _OFF, _OFF, _BLOCK, _BLOCK),
    Family.LINK: _row(_OFF, _OFF, _OFF, _OFF, _REDACT, _BLOCK),
    Family.SAFETY: _row(_BLOCK, _OFF, _FLAG, _OFF, _BLOCK, _FLAG),
    Family.HIDDEN: _row(_FLAG, _FLAG, _FLAG, _FLAG, _FLAG, _FLAG),
    Family.URL: _row(_BLOCK, _OFF, _FLAG, _FLAG, _REDACT, _BLOCK),
    Family.CODE: _row(_FLAG, _OFF, _FLAG, _FLAG, _FLAG, _BLOCK),
    Family.TOOL: _row(_OFF, _OFF, _FLAG, _BLOCK, _OFF, _BLOCK),
    Family.CUSTOM: _row(_BLOCK, _BLOCK, _BLOCK, _BLOCK, _BLOCK, _BLOCK),
}

# Strict also redacts personal data in answers and blocks text that hides; permissive lets personal data of the
# conversation through with a flag and blocks nothing in tool definitions.
_STRICT = {
    **_MODERATE,
    Family.PII: _row(_REDACT, _FLAG, _REDACT, _FLAG, _REDACT, _REDACT),
    Family.SECRETS: _row(_BLOCK, _REDACT, _REDACT, _BLOCK, _REDACT, _BLOCK),
    Family.EXFILTRATION: _row(_BLOCK, _OFF, _FLAG, _BLOCK, _OFF, _FLAG),
    Family.HIDDEN: _row(_BLOCK, _FLAG, _FLAG, _BLOCK, _FLAG, _FLAG),
}
_PERMISSIVE = {
    **_MODERATE,
    Family.INJECTION: _row(_BLOCK, _OFF, _OFF, _FLAG, _OFF, _FLAG),
    Family.FORGERY: _row(_BLOCK, _OFF, _OFF, _FLAG, _OFF, _FLAG),
    Family.PII: _row(_FLAG, _OFF, _FLAG, _OFF, _FLAG, _FLAG),
    Family.SECRETS: _row(_REDACT, _FLAG, _REDACT, _FLAG, _REDACT, _BLOCK),
}

_CLOSED = {Direction.INPUT: FailureMode.CLOSED, Direction.OUTPUT: FailureMode.CLOSED}


def _preset(name: str, matrix: Mapping[Family, Mapping[Column, Action]], warn: float, block: float) -> Policy:
    bands = {family.value: Thresholds(warn, block) for family in Family}
    return Policy(
        name=f"default:{name}",
        matrix=matrix,
        thresholds=bands,
        failure=_CLOSED,
        refuse_unknown_fields=name == "strict",
    )


PRESETS: Mapping[str, Policy] = {
    "strict": _preset("strict", _STRICT, warn=0.30, block=0.60),
    "moderate": _preset("moderate", _MODERATE, warn=0.50, block=0.80),
    "permissive": _preset("permissive", _PERMISSIVE, warn=0.70, block=0.90),
}
