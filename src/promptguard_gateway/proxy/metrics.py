"""What Prometheus may scrape. Labels come from closed lists, so that no client can make the page grow.

An event moves plain numbers; prometheus_client's own counters, which take a lock and a look-up each, would cost as
much as parsing the request. They become metrics when somebody scrapes. All of it belongs to the event loop's thread.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from promptguard_gateway.domain.events import Event

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BOUNDS = (*(f"{seconds:.10g}" if seconds < 1 else f"{seconds:.1f}" for seconds in _SECONDS), "+Inf")
_STAGES = ("parse", "inventory", "detect", "judge", "record", "upstream", "answer", "total")

_Counts = Counter[tuple[str, ...]]  # by label values


class _Durations:
    """How long one stage took: counts by bucket, and the sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds


class Metrics(Collector):
    """Counters of one process. Every event moves them once. `in_flight` and `streams` are what is under way now."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.streams = 0
        self._requests: _Counts = Counter()
        self._decisions: _Counts = Counter()
        self._findings: _Counts = Counter()
        self._upstream_errors: _Counts = Counter()
        self._degraded: _Counts = Counter()
        self._stages = {stage: _Durations() for stage in _STAGES}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def observe(self, event: Event) -> None:
        """Count one event."""
        self._requests[event.route, event.outcome] += 1
        self._decisions[event.direction, event.decision] += 1
        for finding in event.findings:
            self._findings[finding.detector, finding.action] += 1
        for detector in event.degraded:
            self._degraded[detector,] += 1
        if event.error and event.outcome == "upstream_error":
            self._upstream_errors[event.error,] += 1
        for stage, microseconds in event.timings_us.items():
            durations = self._stages.get(stage)
            if durations is not None and microseconds is not None:
                durations.add(microseconds / 1e6)

    def render(self) -> bytes:
        """The page, in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The numbers as metrics."""
        yield _counter("requests", "Exchanges by route and outcome.", ("route", "outcome"), self._requests)
        yield _counter("decisions", "Decisions by direction and verb.", ("direction", "decision"), self._decisions)
        yield _counter("findings", "Findings by detector and action.", ("detector", "action"), self._findings)
        stages = HistogramMetricFamily("promptguard_stage_seconds", "Time in each stage.", labels=("stage",))
        for stage, durations in self._stages.items():
            buckets = list(zip(_BOUNDS, map(float, accumulate(durations.counts)), strict=True))
            stages.add_metric((stage,), buckets, durations.total)
        yield stages
        yield _counter("upstream_errors", "Faults of upstreams by code.", ("code",), self._upstream_errors)
        yield _counter("detector_failures", "Detectors that failed.", ("detector",), self._degraded)
        yield GaugeMetricFamily("promptguard_in_flight", "Exchanges under way.", value=self.in_flight)
        yield GaugeMetricFamily("promptguard_open_streams", "Streams under way.", value=self.streams)


def _counter(name: str, says: str, labels: tuple[str, ...], counts: _Counts) -> Metric:
    family = CounterMetricFamily(f"promptguard_{name}", says, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
