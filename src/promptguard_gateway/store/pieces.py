"""Counters of one piece of a chart: many rows as one, and many pieces as a whole."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from promptguard_gateway.store.rollups import as_counts


class Counters(Struct, frozen=True):
    """One row of counters, in the order of its columns. `begun` counts minutes or hours."""

    begun: int
    project: str
    route: str
    decision: str
    threat_type: str
    exchanges: int
    flagged: int
    degraded: int
    errors: int
    streamed: int
    prompt_tokens: int
    completion_tokens: int
    latency: bytes
    overhead: bytes


class Histogram:
    """Durations of many exchanges. Packed histograms are added as whole numbers, see `rollups.merged`."""

    __slots__ = ("total",)

    def __init__(self, total: int = 0) -> None:
        self.total = total

    def add(self, packed: bytes) -> None:
        """Add a packed histogram."""
        self.total += int.from_bytes(packed, "little")

    @property
    def counts(self) -> list[int]:
        """Counts by bucket."""
        return as_counts(self.total)


class Piece:
    """What was counted between two moments. Nobody changes one that is given out."""

    def __init__(self) -> None:
        self.decided = Counter[str]()
        self.flagged = 0  # of those that were allowed
        self.errors = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.threats = Counter[str]()
        self.projects = Counter[str]()
        self.stopped = Counter[str]()  # by project: what was not simply allowed
        self.latency = Histogram()
        self.overhead = Histogram()

    def add(self, row: Counters) -> None:
        """Add a row."""
        self.decided[row.decision] += row.exchanges
        self.projects[row.project] += row.exchanges
        if row.decision == "allow":
            self.flagged += row.flagged
        else:
            self.stopped[row.project] += row.exchanges
        if row.threat_type:
            self.threats[row.threat_type] += row.exchanges
        self.errors += row.errors
        self.prompt_tokens += row.prompt_tokens
        self.completion_tokens += row.completion_tokens
        self.latency.add(row.latency)
        self.overhead.add(row.overhead)

    @classmethod
    def sum(cls, pieces: Iterable["Piece"]) -> "Piece":
        """Several pieces as one."""
        whole = cls()
        for piece in pieces:
            for name in ("decided", "threats", "projects", "stopped"):
                getattr(whole, name).update(getattr(piece, name))
            for name in ("flagged", "errors", "prompt_tokens", "completion_tokens"):
                setattr(whole, name, getattr(whole, name) + getattr(piece, name))
            whole.latency.total += piece.latency.total
            whole.overhead.total += piece.overhead.total
        return whole
