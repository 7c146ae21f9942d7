"""What the detectors of personal data have in common."""

from promptguard_gateway.core.detector import Spec
from promptguard_gateway.core.findings import Family, Severity


def spec(id_: str, category: str, label: str, severity: Severity, summary: str, source: str) -> Spec:
    """The description of a detector of this family."""
    return Spec(
        id=id_,
        family=Family.PII,
        category=category,
        threat_type="pii_leak",
        severity=severity,
        label=label,
        owasp=("LLM02",),
        summary=summary,
        source=source,
    )


def digits_of(text: str) -> str:
    """The digits, without what separates them."""
    return "".join(filter(str.isdigit, text))
