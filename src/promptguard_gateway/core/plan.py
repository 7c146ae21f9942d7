"""What the inspector of an answer needs to know, worked out once for a policy and a column.

Detectors are told apart by what their findings may lead to. Those that can redact or block hold text back, so they are
asked after each delta. The others never change what is sent: they read the released text later, in larger steps.
"""

from collections.abc import Sequence
from sys import maxsize

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.book import HOLD_BACKS, HoldBack, PatternBook
from promptguard_gateway.core.detector import (
    CodeDetector,
    Detector,
    Knowledge,
    Pattern,
    PatternDetector,
    Spec,
    is_concerned,
    specs_of,
)
from promptguard_gateway.core.fold import fold_text, skeleton_text
from promptguard_gateway.core.lane import Lane
from promptguard_gateway.core.policy import Action, Mode, Observed, Policy
from promptguard_gateway.core.segments import Column, Direction

_CHANGING = (Action.REDACT, Action.BLOCK)


class Readers(Struct, frozen=True):
    """Detectors that are asked together."""

    book: PatternBook
    hold: HoldBack
    codes: tuple[CodeDetector, ...]

    @property
    def idle(self) -> bool:
        """Whether there are none."""
        return not self.book.rows and not self.codes

    def lane(self, knowledge: Knowledge, limit: int = maxsize) -> Lane:
        """A reading of one text, from its beginning."""
        return Lane(self.book, self.hold, self._concerned(knowledge), knowledge, limit)

    def see_nothing(self, text: str, view: str, knowledge: Knowledge) -> bool:
        """Whether nothing occurs in a complete text, which folds to `view`. Raises what a detector's code raises."""
        if self.book.occurs(view) or (not view.isascii() and self.book.occurs(skeleton_text(view))):
            return False
        return not any(any(True for _ in code.scan(text, knowledge)) for code in self._concerned(knowledge))

    def _concerned(self, knowledge: Knowledge) -> tuple[CodeDetector, ...]:
        return tuple(code for code in self.codes if is_concerned(code, knowledge))


class AnswerPlan(Struct, frozen=True):
    """How answers of one column are inspected under one policy. Compiling costs some 100 ms: keep it."""

    policy: Policy
    column: Column
    acting: Readers
    watching: Readers

    @staticmethod
    def compile(detectors: Sequence[Detector], policy: Policy, column: Column) -> "AnswerPlan":
        """The plan for the detectors that read answers and whose cell in this column is not off.

        Raises `PatternError` for one that cannot be held back.
        """
        answering = [detector for detector in detectors if _reads(policy, column, detector)]
        acting: list[Detector] = []
        watching: list[Detector] = []
        for detector in answering:
            if isinstance(detector, PatternDetector):
                acts = [pattern for pattern in detector.patterns if _acts(policy, column, detector.spec, pattern)]
                rest = [pattern for pattern in detector.patterns if pattern not in acts]
                acting += [replace(detector, patterns=tuple(acts))] if acts else []
                watching += [replace(detector, patterns=tuple(rest))] if rest else []
            else:
                (acting if _may_act(policy, column, detector.spec) else watching).append(detector)
        return AnswerPlan(policy, column, _readers(acting), _readers(watching))

    def passes(self, text: str, knowledge: Knowledge) -> bool:
        """Whether a complete text, not longer than the hold limit, holds nothing that any detector would report.

        Most answers do, and asking is a fraction of what inspecting costs. False as well where a detector fails: the
        inspector then finds out what that means.
        """
        view = fold_text(text)
        try:
            return all(readers.see_nothing(text, view, knowledge) for readers in (self.acting, self.watching))
        except Exception:  # a detector's code may fail in any way
            return False

    def action(self, found: Observed) -> Action:
        """What a finding leads to here."""
        return self.policy.action_for(found, self.column)

    def asked(self, found: Observed) -> Action:
        """What it would lead to if it were active; what is not off is recorded."""
        return self.policy.asked_for(found, self.column)


def _reads(policy: Policy, column: Column, detector: Detector) -> bool:
    if Direction.OUTPUT not in detector.spec.directions:
        return False
    return any(any(policy.cells(spec.id, spec.family, column)) for spec in specs_of(detector))


def _may_act(policy: Policy, column: Column, spec: Spec) -> bool:
    if policy.mode is not Mode.ENFORCE or spec.id in policy.candidates:
        return False
    return max(policy.cells(spec.id, spec.family, column)) in _CHANGING


def _acts(policy: Policy, column: Column, spec: Spec, pattern: Pattern) -> bool:
    """Whether any finding of this pattern can lead to a change."""
    return any(
        _may_act(policy, column, one) and score >= policy.thresholds_of(one.id, one.family).block
        for one, score in pattern.outcomes(spec)
    )


def _readers(detectors: Sequence[Detector]) -> Readers:
    books = [detector for detector in detectors if isinstance(detector, PatternDetector)]
    codes = tuple(detector for detector in detectors if not isinstance(detector, PatternDetector))
    hold = HOLD_BACKS.of(pattern.held for detector in books for pattern in detector.patterns)
    return Readers(PatternBook(books), hold, codes)
