"""What Prometheus may scrape. Labels come from closed lists, so that no client can make the page grow."""

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from promptguard_gateway.domain.events import Event

disable_created_metrics()  # type: ignore[no-untyped-call]  # the moments at which counters were made: a series more for each, and nobody asks

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STAGES = ("parse", "inventory", "detect", "record", "upstream", "answer", "total")


class Metrics:
    """Counters of one process. Every event moves them once."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "promptguard_requests_total",
            "Exchanges by route and outcome.",
            ["route", "outcome"],
            registry=self.registry,
        )
        self._decisions = Counter(
            "promptguard_decisions_total",
            "Decisions by direction and verb.",
            ["direction", "decision"],
            registry=self.registry,
        )
        self._findings = Counter(
            "promptguard_findings_total",
            "Findings by detector and action.",
            ["detector", "action"],
            registry=self.registry,
        )
        stages = Histogram(
            "promptguard_stage_seconds", "Time in each stage.", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self._stages = {stage: stages.labels(stage) for stage in _STAGES}
        self._upstream_errors = Counter(
            "promptguard_upstream_errors_total", "Faults of upstreams by code.", ["code"], registry=self.registry
        )
        self._degraded = Counter(
            "promptguard_detector_failures_total", "Detectors that failed.", ["detector"], registry=self.registry
        )
        self.in_flight = Gauge("promptguard_in_flight", "Exchanges under way.", registry=self.registry)
        self.streams = Gauge("promptguard_open_streams", "Streams under way.", registry=self.registry)
        self._labelled: dict[tuple[str, ...], Counter] = {}

    def observe(self, event: Event) -> None:
        """Count one event."""
        self._child(self._requests, "requests", event.route, event.outcome).inc()
        self._child(self._decisions, "decisions", event.direction, event.decision).inc()
        for finding in event.findings:
            self._child(self._findings, "findings", finding.detector, finding.action).inc()
        for detector in event.degraded:
            self._child(self._degraded, "degraded", detector).inc()
        if event.error and event.outcome == "upstream_error":
            self._child(self._upstream_errors, "upstream", event.error).inc()
        self._time(event.timings_us)

    def render(self) -> bytes:
        """The page, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _time(self, timings: Mapping[str, int | None]) -> None:
        for stage, microseconds in timings.items():
            if microseconds is not None and stage in self._stages:
                self._stages[stage].observe(microseconds / 1e6)

    def _child(self, counter: Counter, name: str, *labels: str) -> Counter:
        """The counter of these labels; remembered, because prometheus_client's own look-up costs 2 us."""
        key = (name, *labels)
        child = self._labelled.get(key)
        if child is None:
            child = self._labelled[key] = counter.labels(*labels)
        return child
