"""US social security numbers, which have no check digit."""

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import digits_of, spec

_SSN_WORD = r"(?i)\b(?:ssn|social\s+security|soc(?:ial)?\s?sec|tax\s?payer\s+id|itin|tin)\b[^\n\d]{0,30}$"


def is_ssn(text: str) -> bool:
    """The structure rules of the Social Security Administration; there is no checksum."""
    digits = digits_of(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


SSN = PatternDetector(
    spec=spec("pii.ssn", "ssn", "SSN", Severity.HIGH, "a US social security number", "SSA structure rules"),
    patterns=(
        Pattern(
            name="dashed",
            regex=r"\b\d{3}-\d{2}-\d{4}\b",
            score=0.85,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.97,
        ),
        Pattern(
            name="spaced",
            regex=r"\b\d{3}[ .]\d{2}[ .]\d{4}\b",
            score=0.4,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.92,
        ),
        Pattern(
            name="undivided",
            regex=r"\b\d{9}\b",
            score=0.05,
            validate=is_ssn,
            context=_SSN_WORD,
            context_score=0.88,
        ),
    ),
)
