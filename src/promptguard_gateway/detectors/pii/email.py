"""E-mail addresses, also spelled out."""

from promptguard_gateway.core.detector import Pattern, PatternDetector
from promptguard_gateway.core.findings import Severity
from promptguard_gateway.detectors.pii.specs import spec


def is_email(text: str) -> bool:
    """Is the candidate a possible address (RFC 5321 lengths, no empty labels), and not a Git remote?"""
    local, _, domain = text.rpartition("@")
    return (
        len(local) <= 64
        and ".." not in text
        and not local.endswith(".")
        and not domain.startswith((".", "-"))
        and local.lower() != "git"
    )


EMAIL = PatternDetector(
    spec=spec("pii.email", "email", "EMAIL", Severity.MEDIUM, "an e-mail address", "RFC 5321, RFC 5322"),
    patterns=(
        Pattern(
            name="email",
            regex=r"(?i)\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}\.[a-z]{2,24}\b",
            score=0.97,
            validate=is_email,
        ),
        Pattern(
            name="email_spelled_out",
            regex=r"(?i)\b[a-z0-9][a-z0-9._%+-]{0,63}\s?[\[({]\s?at\s?[\])}]\s?[a-z0-9-]{1,63}(?:\s?(?:\.|"
            r"[\[({]\s?dot\s?[\])}])\s?[a-z0-9-]{2,63}){1,4}\b",
            score=0.85,
        ),
    ),
)
