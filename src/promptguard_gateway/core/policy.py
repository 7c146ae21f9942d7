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

Some findings do not act, whatever their cell says. What the operator suppressed and what is still a candidate stays on
the record, with its status; a kind of personal data that the policy does not name is as if its cell were off.
`core.presets` has the policies that ship, `domain.policy_document` makes one of what an operator wrote.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.segments import Column, Direction
from promptguard_gateway.core.tool_rules import ToolRules


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
    TOKENIZE = "tokenize"  # a keyed placeholder, `[EMAIL_kqbtwfnd]`, that is restored in the answer


class Status(StrEnum):
    """Whether a finding acts."""

    ACTIVE = "active"
    CANDIDATE = "candidate"  # its rule is measured, never enforced
    SUPPRESSED = "suppressed"  # the operator knows it, and lets it be


class Thresholds(Struct, frozen=True):
    """Scores from which a finding is flagged and from which its cell's action is taken; 0 <= warn <= block <= 1."""

    warn: float
    block: float


class Observed(Protocol):
    """What a policy must know of a finding. `core.findings.Finding` is one."""

    @property
    def detector(self) -> str: ...
    @property
    def family(self) -> Family: ...
    @property
    def rule(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def match_sha256(self) -> str: ...


class Suppression(Struct, frozen=True):
    """Findings of one detector that do not act: of one rule or of all, of one text or of any.

    `match_sha256` is the SHA-256 of the matched text in UTF-8, in lower-case hexadecimal digits.
    """

    detector: str
    rule: str | None = None
    match_sha256: str | None = None

    def covers(self, found: Observed) -> bool:
        """Whether this finding is meant."""
        return (
            found.detector == self.detector
            and self.rule in (None, found.rule)
            and self.match_sha256 in (None, found.match_sha256)
        )


HOLD_OVERFLOW = "stream.hold_overflow"
"""Whose finding stands for text that an answer held back for too long. No detector: `Policy.overflow` decides on it."""

# What must not be silenced one by one: secrets, the system prompt with its canaries, and the operator's own rules.
_KEPT = frozenset({Family.SECRETS, Family.LEAK, Family.TOOL, Family.CUSTOM})


def is_suppressible(detector: str, family: Family) -> bool:
    """Whether an operator may silence findings of this detector, or put it on trial."""
    return family not in _KEPT and detector != HOLD_OVERFLOW


Row = Mapping[Column, Action]
_NOTHING: Row = {}


class Policy(Struct, frozen=True, kw_only=True):
    """One project's rules. Immutable: an exchange keeps the policy it began with.

    `hold_limit` bounds, in characters, what an answer may hold back. `overflow`, redact or block, says what becomes of
    text that reaches it: nobody knows what it is, so it never passes.
    `refuse_unknown_fields`: a field of a request that no dialect knows is a 400 instead of being inspected.
    `questions`: what a guard model is asked besides, in natural language, by the id that its findings get.
    `unavailable`: what the operator asked for and this gateway cannot do, with the reason; it checks nothing.
    `allowed_hosts`: where the links and images of answers may lead, whatever they carry: `docs.example.org` is that
    host, `.example.org` every host below and the domain itself.
    """

    name: str
    version: int = 1
    mode: Mode = Mode.ENFORCE
    matrix: Mapping[Family, Row]
    rows: Mapping[str, Row] = {}  # by detector id, in place of the family's row
    entities: frozenset[str] | None = None  # labels of the personal data that acts; None: all of it
    entity_rows: Mapping[str, Row] = {}  # by label of personal data, in place of the family's and the detector's row
    thresholds: Mapping[str, Thresholds]  # by detector id, else by family value
    replacement: Mapping[str, Replacement] = {}  # by detector id, else by family value, else redact
    restore_tools: tuple[str, ...] = ()  # tools in whose arguments tokenized values are restored
    suppressions: Mapping[str, tuple[Suppression, ...]] = {}  # by detector id
    candidates: frozenset[str] = frozenset()  # detector ids, or `detector/rule`
    questions: Mapping[str, str] = {}
    unavailable: Mapping[str, str] = {}
    tools: ToolRules = ToolRules()
    failure: Mapping[Direction, FailureMode]
    hold_limit: int = 8192
    overflow: Literal[Action.REDACT, Action.BLOCK] = Action.BLOCK
    refuse_unknown_fields: bool = False
    allowed_hosts: tuple[str, ...] = ()

    def cell(self, family: Family, column: Column) -> Action:
        """The action of one cell of the matrix."""
        return self.matrix[family].get(column, Action.OFF)

    def cells(self, detector: str, family: Family, column: Column) -> tuple[Action, ...]:
        """What findings of one detector can lead to in a column: one action, or several where the label decides."""
        if detector == HOLD_OVERFLOW:
            return (self.overflow,)
        own = self.rows.get(detector, self.matrix[family]).get(column, Action.OFF)
        if family is not Family.PII:
            return (own,)
        return own, *(row.get(column, Action.OFF) for row in self.entity_rows.values())

    def thresholds_of(self, detector: str, family: Family) -> Thresholds:
        """A detector's own thresholds, else its family's."""
        return self.thresholds.get(detector) or self.thresholds[family.value]

    def replacement_of(self, detector: str, family: Family) -> Replacement:
        """How a redacted value of this detector is replaced."""
        return self.replacement.get(detector) or self.replacement.get(family.value) or Replacement.REDACT

    def status_of(self, found: Observed) -> Status:
        """Whether a finding acts at all."""
        if any(one.covers(found) for one in self.suppressions.get(found.detector, ())):
            return Status.SUPPRESSED
        if self.candidates and not self.candidates.isdisjoint((found.detector, f"{found.detector}/{found.rule}")):
            return Status.CANDIDATE
        return Status.ACTIVE

    def action_for(self, found: Observed, column: Column) -> Action:
        """What a finding in this column leads to."""
        asked = self.asked_for(found, column)
        return asked if asked is Action.OFF or self.status_of(found) is Status.ACTIVE else Action.OFF

    def asked_for(self, found: Observed, column: Column) -> Action:
        """What it leads to if it is active: its row says so, and the band of its score."""
        if found.detector == HOLD_OVERFLOW:
            return self.overflow
        cell = self._row(found).get(column, Action.OFF)
        if cell is Action.OFF:
            return cell
        thresholds = self.thresholds_of(found.detector, found.family)
        if found.score >= thresholds.block:
            return cell
        return Action.FLAG if found.score >= thresholds.warn else Action.OFF

    def acts_on(self, label: str) -> bool:
        """Whether personal data of this kind acts, whatever the cell says."""
        return self.entities is None or label in self.entities

    def _row(self, found: Observed) -> Row:
        if found.family is Family.PII:
            if not self.acts_on(found.label):
                return _NOTHING
            if found.label in self.entity_rows:
                return self.entity_rows[found.label]
        return self.rows.get(found.detector, self.matrix[found.family])
