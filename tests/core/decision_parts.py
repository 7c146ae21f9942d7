"""Values for the tests of policy, decision and inspector: a test names only what it is about."""

from collections.abc import Iterable

from promptguard_gateway.core.detector import Hit, Knowledge, Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Finding, Inspection, Severity
from promptguard_gateway.core.segments import Column, Role, Segment

LABELS = {Family.PII: "EMAIL", Family.SECRETS: "API_KEY"}


def seg(text: str = "x" * 40, column: Column = Column.UNTRUSTED, role: Role = Role.USER, **more: object) -> Segment:
    """A segment of one message."""
    return Segment(("messages", 0, "content"), role, text, column, **more)  # type: ignore[arg-type]


def found(
    family: Family = Family.PII,
    start: int = 0,
    end: int = 5,
    score: float = 1.0,
    *,
    segment: int = 0,
    label: str | None = None,
    continued: tuple[tuple[int, int, int], ...] = (),
    detector: str | None = None,
) -> Finding:
    """A finding."""
    return Finding(
        detector=detector or family.value,
        version="1",
        family=family,
        category=f"{family.value}.kind",
        rule="rule",
        segment=segment,
        start=start,
        end=end,
        score=score,
        severity=Severity.HIGH,
        label=label or LABELS.get(family, family.value.upper()),
        threat_type=f"{family.value}_threat",
        continued=continued,
    )


def inspection(*findings: Finding, scores: dict[str, float] | None = None) -> Inspection:
    """An inspection with these findings."""
    return Inspection(findings=list(findings), failures=[], scores=scores or {}, degraded=[])


def spec(name: str, family: Family = Family.INJECTION) -> Spec:
    """A detector's description."""
    return Spec(
        id=name,
        family=family,
        category=name,
        threat_type="prompt_injection",
        severity=Severity.HIGH,
        label=name.upper(),
        summary=name,
        source="test",
    )


def patterns(name: str, *regexes: tuple[str, float], family: Family = Family.INJECTION) -> PatternDetector:
    """A detector of these patterns and scores."""
    made = tuple(
        Pattern(name=f"{name}.{number}", regex=regex, score=score) for number, (regex, score) in enumerate(regexes)
    )
    return PatternDetector(spec=spec(name, family), patterns=made)


class Code:
    """A code detector that answers what the test says, or raises it."""

    def __init__(self, name: str, answer: object, family: Family = Family.SECRETS) -> None:
        self.spec = spec(name, family)
        self._answer = answer

    def scan(self, text: str, _: Knowledge) -> Iterable[Hit]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer  # type: ignore[return-value]

    def pending(self, text: str, _: Knowledge) -> int:
        return 0
