"""What the console speaks of: its people and their sessions, lists of events, counters, texts that were tried.

The console itself knows no database and no detector; ports for them stand in `domain.ports`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from promptguard_gateway.domain.events import Event


class Role(StrEnum):
    """What a person may do, each with all that the ones before may."""

    VIEWER = "viewer"  # look at everything
    ANALYST = "analyst"  # and try texts in the playground
    ADMIN = "admin"  # and say who else may


_RANKS = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, needed: Role) -> bool:
    """Whether a role includes another."""
    return _RANKS[role] >= _RANKS[needed]


class Account(Struct, frozen=True, kw_only=True):
    """A person who may sign in. `created` in Unix milliseconds."""

    id: str
    name: str
    role: Role
    created: int


class Session(Struct, frozen=True, kw_only=True):
    """A browser that signed in: since when, and when it was last seen, in Unix milliseconds."""

    account: Account
    created: int
    seen: int


class Accepted(StrEnum):
    """What became of a one-time link."""

    DONE = "done"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    NAME_TAKEN = "name_taken"  # the link is still good


class StoredEvent(Struct, frozen=True):
    """An event with its place in the order in which events were stored."""

    sequence: int
    event: Event


class EventRow(Struct, frozen=True, kw_only=True):
    """What lists show of an event. `time` in Unix milliseconds."""

    sequence: int
    id: str
    time: int
    project: str
    api_key: str
    route: str
    model: str
    decision: str
    threat_type: str | None
    outcome: str
    status: int
    streamed: bool
    flagged: bool


class EventFilter(Struct, frozen=True, kw_only=True):
    """Which events are wanted; what is None does not matter. From `since`, up to before `until`: Unix milliseconds."""

    decision: str | None = None
    flagged: bool | None = None
    threat_type: str | None = None
    project: str | None = None
    model: str | None = None
    since: int | None = None
    until: int | None = None


class EventPage(Struct, frozen=True):
    """Events, newest first. `next` continues behind them; `reached` is how far back was looked, in Unix milliseconds.

    A page can be short, or empty, and still have a `next`: a search reads a bounded number of rows at a time.
    """

    rows: Sequence[EventRow]
    next: str | None
    reached: int | None


class Point(Struct, frozen=True, kw_only=True):
    """The counters of one piece of a range. Times in Unix milliseconds; latencies in microseconds."""

    start: int
    allowed: int
    flagged: int
    redacted: int
    blocked: int
    errors: int
    added_p50: int | None
    added_p95: int | None
    total_p50: int | None
    total_p95: int | None


class Overview(Struct, frozen=True, kw_only=True):
    """What happened in a range. Of models only the newest `sampled` events are counted."""

    since: int
    until: int
    step: int
    total: Point
    prompt_tokens: int
    completion_tokens: int
    points: Sequence[Point]
    threats: Mapping[str, int]
    projects: Mapping[str, tuple[int, int]]  # exchanges, and how many of them were not simply allowed
    models: Mapping[str, tuple[int, int]]
    sampled: int


class TriedFinding(Struct, frozen=True, kw_only=True):
    """A finding in a text that was tried. `span` in characters."""

    detector: str
    family: str
    rule: str
    label: str
    summary: str
    span: tuple[int, int]
    score: float
    warn: float
    block: float
    severity: str
    action: str
    status: str
    view: str
    owasp: Sequence[str]


class Tried(Struct, frozen=True, kw_only=True):
    """What a policy says of a text. `redacted` is the text as it would go on, when it would."""

    policy: str
    decision: str
    flagged: bool
    threat_type: str | None
    confidence: float
    sentence: str
    reasons: Sequence[str]
    findings: Sequence[TriedFinding]
    scores: Mapping[str, float]
    redacted: str | None
    degraded: Sequence[str]


class Trial(Struct, frozen=True, kw_only=True):
    """A text under one policy or more, and how long the detectors took, in microseconds."""

    results: Sequence[Tried]
    inspected_us: int
