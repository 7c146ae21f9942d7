"""What detectors say: findings, and the inspection that gathers them for one direction of an exchange."""

import hashlib
from enum import StrEnum

from msgspec import Struct


class Family(StrEnum):
    """The rows of a policy's matrix."""

    INJECTION = "injection"  # prompt injection and jailbreaks
    FORGERY = "forgery"  # role forgery: control tokens typed as text
    EXFILTRATION = "exfiltration"  # asking for what must stay inside
    PII = "pii"
    SECRETS = "secrets"
    LEAK = "leak"  # protected text of this exchange reappearing in an answer
    LINK = "link"  # a link or image that carries data out
    SAFETY = "safety"
    HIDDEN = "hidden"  # text that a person would not see
    URL = "url"  # addresses that the operator's rules do not allow
    CODE = "code"  # commands and code that destroy or attack
    TOOL = "tool"  # tool calls against the operator's rules for tools
    CUSTOM = "custom"  # rules that the operator wrote


class Severity(StrEnum):
    """How bad a real finding would be. Never multiplied into the score."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Finding(Struct, frozen=True):
    """One thing a detector saw, and where.

    `segment` is an index into the inspected segments; `start` and `end` are offsets in that segment's original text.
    `continued` holds further (segment, start, end) places when the text of one finding is spread over several segments.
    `score` is the probability, 0..1, that the finding is real. `view` names the reading that showed it
    (`plain`, `folded`, `base64` ...). The matched text is never stored in a finding, only its digest (`digest_of`), and
    not even that for a long value in an answer, which is decided before its end is known.
    """

    detector: str
    version: str
    family: Family
    category: str
    rule: str
    segment: int
    start: int
    end: int
    score: float
    severity: Severity
    label: str
    threat_type: str
    owasp: tuple[str, ...] = ()
    agentic: tuple[str, ...] = ()
    view: str = "plain"
    continued: tuple[tuple[int, int, int], ...] = ()
    match_sha256: str = ""

    @property
    def places(self) -> tuple[tuple[int, int, int], ...]:
        """(segment, start, end) of all its parts."""
        return ((self.segment, self.start, self.end), *self.continued)


def digest_of(text: str) -> str:
    """The SHA-256 of a matched text in UTF-8, in lower-case hexadecimal digits: how suppressions name a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class DetectorFailure(Struct, frozen=True):
    """A detector that could not do its work; the policy's failure mode decides what that means."""

    detector: str
    reason: str


class Inspection(Struct):
    """Findings and failures for one direction, with every detector's highest score."""

    findings: list[Finding]
    failures: list[DetectorFailure]
    scores: dict[str, float]
    degraded: list[str]
