"""What an inspector of an answer writes down: findings, scores and failures, and the detectors that only watch.

`Watcher` reads the text that was decided, in steps at fixed places, so that detectors which cannot change anything cost
little per delta and their results do not depend on cutting. `Record` turns hits into findings.
"""

from promptguard_gateway.core.detector import finding_of
from promptguard_gateway.core.findings import DetectorFailure, Finding
from promptguard_gateway.core.lane import Lane
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.policy import Action, FailureMode
from promptguard_gateway.core.reading import Spotted
from promptguard_gateway.core.segments import Direction

WATCH_STEP = 2048
"""After how many decided characters the detectors that cannot change anything are asked."""


class Watcher:
    """The detectors that cannot change what is sent, some characters behind."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._waiting: list[str] = []
        self._size = 0

    def add(self, text: str) -> bool:
        """More text; whether it is time to read it."""
        self._waiting.append(text)
        self._size += len(text)
        return self._size >= WATCH_STEP

    def finish(self) -> list[Spotted]:
        """No more text: what the rest shows."""
        self._lane.append("".join(self._waiting))
        return self._lane.settle(final=True)

    def read(self) -> list[Spotted]:
        """What is certain after the next steps."""
        found: list[Spotted] = []
        text = "".join(self._waiting)
        whole = len(text) - len(text) % WATCH_STEP
        for start in range(0, whole, WATCH_STEP):
            self._lane.append(text[start : start + WATCH_STEP])
            found += self._lane.settle()
        self._waiting = [text[whole:]]
        self._size = len(text) - whole
        return found


class Record:
    """Findings, scores and failures of one answer. `segment` is its index among the inspected ones."""

    def __init__(self, plan: AnswerPlan, segment: int) -> None:
        self.findings: list[Finding] = []
        self.scores: dict[str, float] = {}
        self.failures: list[DetectorFailure] = []
        self._plan = plan
        self._segment = segment
        self._open: list[Spotted] = []  # long values, whose end is not known yet

    @property
    def fatal(self) -> bool:
        """Whether a detector failed and the policy is closed on failure."""
        return bool(self.failures) and self._plan.policy.failure.get(Direction.OUTPUT) is not FailureMode.OPEN

    def take(self, found: list[Spotted]) -> list[Spotted]:
        """Write failures down; the others are returned."""
        for spotted in found:
            failure = DetectorFailure(spotted.spec.id, spotted.failure)
            if spotted.failure and failure not in self.failures:
                self.failures.append(failure)
        return [spotted for spotted in found if not spotted.failure]

    def add(self, spotted: Spotted) -> None:
        """A hit whose fate is decided. Below the warn threshold only its score is kept."""
        self._score(spotted)
        if self._plan.asked(spotted) is Action.OFF:
            return
        if spotted.tail is not None:
            self._open.append(spotted)
        else:
            self.findings.append(self._finding(spotted, spotted.end))

    def add_last(self, spotted: Spotted) -> Finding:
        """The hit that ends the answer; of a long value, its head."""
        self._score(spotted)
        finding = self._finding(spotted, spotted.end)
        self.findings.append(finding)
        return finding

    def complete(self, end: int, blocked_at: int | None) -> None:
        """The answer's text ends at `end`. A long value that reached past the start of the block ends there too,
        because how much more of it had arrived depends on cutting."""
        for spotted in self._open:
            last = spotted.tail.end if spotted.tail else None
            whole = last is not None and (blocked_at is None or last <= blocked_at)
            self.findings.append(self._finding(spotted, last if whole and last is not None else end))
        self._open.clear()
        self.findings.sort(key=lambda one: (one.start, one.end, one.detector, one.rule))

    def _score(self, spotted: Spotted) -> None:
        detector = spotted.spec.id
        self.scores[detector] = max(spotted.score, self.scores.get(detector, 0.0))

    def _finding(self, spotted: Spotted, end: int) -> Finding:
        return finding_of(
            spotted.spec,
            rule=spotted.rule,
            places=((self._segment, spotted.start, end),),
            score=spotted.score,
            label=spotted.label,
            view=spotted.view,
            match_sha256=spotted.match_sha256,
        )
