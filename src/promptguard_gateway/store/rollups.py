"""Counters by the minute and by the hour, and the histogram that makes latencies of many minutes one distribution.

Percentiles cannot be averaged; counts in fixed buckets can be added. A bucket is a quarter of an octave, so a
percentile read from the histogram is at most 25 % above the true one, from 64 us to 18 minutes.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.domain.events import Usage

_FIRST_BITS = 7  # 64 us is the first number of seven bits
_OCTAVES = 24  # 2**6 us up to 2**30 us
BUCKETS = _OCTAVES * 4 + 2  # one below, one above
_LAST = BUCKETS - 1
_TOKENS_MOST = 2**32  # of one exchange; an upstream's absurd numbers must not overflow a column
_PACKED = struct.Struct(f"<{BUCKETS}I")

RollupKey = tuple[int, str, str, str, str]  # minute or hour, project, route, decision, threat type ("" for none)

MINUTE, HOUR = 60_000, 3_600_000  # milliseconds


def bucket_of(microseconds: int) -> int:
    """The bucket that counts a duration; negative durations count as zero."""
    if microseconds < 1 << (_FIRST_BITS - 1):
        return 0
    bits = microseconds.bit_length()
    index = (bits - _FIRST_BITS) * 4 + ((microseconds >> (bits - 3)) & 3) + 1
    return index if index < _LAST else _LAST


def upper_bound(bucket: int) -> int:
    """The duration in microseconds at which a bucket ends; the last bucket ends nowhere and answers its beginning."""
    octave, quarter = divmod(min(bucket, _LAST - 1), 4)
    return ((4 + quarter) << octave) << (_FIRST_BITS - 3)


def pack(counts: Sequence[int]) -> bytes:
    """A histogram as the bytes the database keeps."""
    return _PACKED.pack(*counts)


def unpack(packed: bytes) -> list[int]:
    """A histogram as counts again."""
    return list(_PACKED.unpack(packed))


def merged(histograms: Iterable[bytes]) -> list[int]:
    """Several packed histograms as one.

    They are added as whole numbers, which is several times quicker than bucket by bucket: no bucket overflows into
    the next one before it counts 2**32 exchanges.
    """
    return as_counts(sum(int.from_bytes(histogram, "little") for histogram in histograms))


def as_counts(total: int) -> list[int]:
    """A histogram, or a sum of some, that was read as a whole number."""
    return unpack(total.to_bytes(_PACKED.size, "little"))


def percentile(counts: Sequence[int], share: float) -> int | None:
    """The duration in microseconds that `share` (0..1) of all stay below, from above; None without any."""
    total = sum(counts)
    seen = 0
    for bucket, count in enumerate(counts):
        seen += count
        if count and seen >= share * total:
            return upper_bound(bucket)
    return None


class Counted(Struct, frozen=True, kw_only=True):
    """The members of an event that are counted."""

    time: int
    project: str
    route: str
    decision: str
    threat_type: str | None
    flagged: bool
    degraded: Sequence[str] = ()
    status: int
    streamed: bool
    usage: Usage | None = None
    timings_us: Mapping[str, int | None] = {}


class Rollup:
    """The counters of one key. The writer alone holds and changes them."""

    __slots__ = (
        "completion_tokens",
        "degraded",
        "errors",
        "exchanges",
        "flagged",
        "key",
        "latency",
        "overhead",
        "prompt_tokens",
        "streamed",
    )

    def __init__(self, key: RollupKey) -> None:
        self.key = key
        self.exchanges = self.flagged = self.degraded = self.errors = self.streamed = 0
        self.prompt_tokens = self.completion_tokens = 0
        self.latency = [0] * BUCKETS
        self.overhead = [0] * BUCKETS

    def load(self, stored: tuple[int, int, int, int, int, int, int, bytes, bytes]) -> None:
        """Continue from what the database holds: the columns behind the key, in their order."""
        (
            self.exchanges,
            self.flagged,
            self.degraded,
            self.errors,
            self.streamed,
            self.prompt_tokens,
            self.completion_tokens,
            latency,
            overhead,
        ) = stored
        self.latency = unpack(latency)
        self.overhead = unpack(overhead)

    def add(self, event: Counted) -> None:
        """Count one event. `timings_us` gives `total` and `upstream`; overhead is the first without the second."""
        self.exchanges += 1
        self.flagged += event.flagged
        self.degraded += bool(event.degraded)
        self.errors += event.status >= 500
        self.streamed += event.streamed
        if event.usage is not None:
            self.prompt_tokens += min(max(event.usage.prompt_tokens, 0), _TOKENS_MOST)
            self.completion_tokens += min(max(event.usage.completion_tokens, 0), _TOKENS_MOST)
        total = event.timings_us.get("total")
        if total is not None:
            self.latency[bucket_of(total)] += 1
            self.overhead[bucket_of(total - (event.timings_us.get("upstream") or 0))] += 1

    def row(self) -> tuple[int | str | bytes, ...]:
        """All columns in their order."""
        return (
            *self.key,
            self.exchanges,
            self.flagged,
            self.degraded,
            self.errors,
            self.streamed,
            self.prompt_tokens,
            self.completion_tokens,
            pack(self.latency),
            pack(self.overhead),
        )


def rollup_key(event: Counted, period: int) -> RollupKey:
    """Where an event is counted: in the minute, or the hour, it began. `period` in milliseconds."""
    return (event.time // period, event.project, event.route, event.decision, event.threat_type or "")
