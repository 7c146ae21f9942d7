"""Intents and events: what is remembered of an exchange.

An intent is written before anything is sent upstream, so that an exchange which dies with the process is known.
The event is written before the last byte of the answer leaves. Neither holds a prompt: excerpts are redacted
before they get here, and an excerpt is text around a finding, not the finding.
"""

from collections.abc import Mapping

from msgspec import Struct


class Intent(Struct, frozen=True, kw_only=True):
    """One row of the journal. `time` is Unix time in milliseconds; `digest` is the request body's SHA-256, keyed."""

    id: str
    time: int
    project: str
    api_key: str
    route: str
    digest: str


class EventFinding(Struct, frozen=True, kw_only=True):
    """A finding as it is remembered. `span` in characters of the segment.

    `digest`: keyed, of the matched text's SHA-256, so that a suppression which names that can be looked for.
    """

    detector: str
    version: str
    family: str = ""
    direction: str
    columns: tuple[str, ...] = ()
    category: str
    rule: str
    label: str = ""
    path: str
    pointer: str
    span: tuple[int, int]
    score: float
    severity: str
    owasp: tuple[str, ...]
    agentic: tuple[str, ...] = ()
    action: str
    status: str = "active"
    view: str
    digest: str
    excerpt: str


class EventReason(Struct, frozen=True, kw_only=True):
    """Why a decision was taken, as a sentence, with the index of the finding it speaks of."""

    rule: str
    finding: int | None
    text: str


class Coverage(Struct, frozen=True, kw_only=True):
    """The ledger's summary for one direction: `leaves` = `inspected` leaves + all `exempt`."""

    leaves: int = 0
    inspected: int = 0
    exempt: Mapping[str, int] = {}
    characters: int = 0


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens as the upstream counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Event(Struct, frozen=True, kw_only=True):
    """The immutable record of one exchange. `time` is Unix time in milliseconds; `timings_us` in microseconds.

    `outcome`: answered, blocked, refused, upstream_error, client_gone, failed, or unknown_crash (written at start for
    an intent that has no event). `decision`: allow, redact or block; `direction` is the one that decided. `restored`
    counts the values of the request that were put back into the answer.
    """

    id: str
    time: int
    project: str
    api_key: str
    end_user: str | None
    route: str
    dialect: str
    model: str
    upstream: str | None
    streamed: bool
    policy: str
    policy_version: int
    mode: str
    direction: str
    decision: str
    flagged: bool
    threat_type: str | None
    confidence: float
    reasons: tuple[EventReason, ...] = ()
    findings: tuple[EventFinding, ...] = ()
    scores: Mapping[str, float] = {}
    coverage: Mapping[str, Coverage] = {}
    degraded: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()
    timings_us: Mapping[str, int | None] = {}
    usage: Usage | None = None
    restored: int = 0
    outcome: str
    status: int
    error: str | None = None
