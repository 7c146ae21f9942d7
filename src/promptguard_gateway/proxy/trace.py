"""What happened in one exchange, gathered while it happens, and turned into its event at the end.

Nothing of a prompt gets into an event: a finding is remembered by its span, a keyed digest and, for phrases, a short
excerpt without data (`excerpts`).
"""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence

from promptguard_gateway.core.decision import Decision
from promptguard_gateway.core.findings import Finding
from promptguard_gateway.core.policy import Action, Verb
from promptguard_gateway.core.segments import Direction, Inventory, Segment
from promptguard_gateway.domain.events import Coverage, Event, EventFinding, EventReason, Intent, Usage
from promptguard_gateway.domain.projects import ApiKey
from promptguard_gateway.proxy.excerpts import Excerpts
from promptguard_gateway.proxy.inspect import Judge, Judgement

_MAX_FINDINGS = 200  # per direction; a flood of findings must not make a flood of event


def new_event_id(now: int) -> str:
    """`evt_`, the time in milliseconds and 64 random bits, in hexadecimal: ids sort by time."""
    return f"evt_{now:012x}{os.urandom(8).hex()}"


class Trace:
    """The story of one exchange so far. One per exchange; never shared."""

    def __init__(self, route: str, dialect: str, principal: ApiKey, judge: Judge, digest_key: bytes) -> None:
        self.time = time.time_ns() // 1_000_000
        self.id = new_event_id(self.time)
        self.route = route
        self.dialect = dialect
        self.principal = principal
        self.policy = judge.policy
        self.model = ""
        self.upstream: str | None = None
        self.end_user: str | None = None
        self.streamed = False
        self.zero_retention = False  # the event keeps no words, and does not say whose they were
        self.restored = 0  # values of the request that were put back into the answer
        self.usage: Usage | None = None
        self.judgements: dict[Direction, Judgement] = {}
        self.failed_detectors: tuple[str, ...] = ()  # because of which the exchange was refused
        self.coverage: dict[str, Coverage] = {}
        self.timings: dict[str, int | None] = {}
        self._digest_key = digest_key[:64]
        self._read = judge.everything_in
        self._began = self._lap = time.perf_counter_ns()

    def lap(self, stage: str) -> None:
        """The time since the last lap belongs to this stage."""
        now = time.perf_counter_ns()
        self.timings[stage] = (self.timings.get(stage) or 0) + (now - self._lap) // 1000
        self._lap = now

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the exchange began."""
        return (time.perf_counter_ns() - self._began) / 1e6

    @property
    def own_ms(self) -> float:
        """Milliseconds spent here: everything but waiting for the upstream."""
        return max(0.0, self.elapsed_ms - (self.timings.get("upstream") or 0) / 1000)

    def covered(self, direction: Direction, inventory: Inventory, inspected: int | None = None) -> None:
        """Keep the ledger's summary of one direction."""
        exempt = {reason.value: count for reason, count in inventory.exempt.items()}
        self.coverage[direction.value] = Coverage(
            leaves=inventory.leaves,
            inspected=inventory.leaves - sum(exempt.values()) if inspected is None else inspected,
            exempt=exempt,
            characters=inventory.characters,
        )

    def judged(self, direction: Direction, judgement: Judgement) -> None:
        """Keep what was decided on one direction. An end user's name that had to be changed is kept as a digest."""
        self.judgements[direction] = judgement
        if self.end_user is not None and direction is Direction.INPUT and _changes(judgement, self.end_user):
            self.end_user = self.digest(self.end_user.encode("utf-8", "surrogatepass"))

    @property
    def deciding(self) -> tuple[Direction, Judgement] | None:
        """The direction with the strongest action; the request's when they are equal."""
        return max(self.judgements.items(), key=lambda item: item[1].decision.strongest, default=None)

    def intent(self, body: bytes) -> Intent:
        """The journal's row, written before anything leaves for the upstream."""
        return Intent(
            id=self.id,
            time=self.time,
            project=self.principal.project,
            api_key=self.principal.prefix,
            route=self.route,
            digest=self.digest(body),
        )

    def digest(self, data: bytes) -> str:
        """A keyed digest: equal texts have equal digests here, and none can be guessed from outside."""
        return "blake2b:" + hashlib.blake2b(data, key=self._digest_key, digest_size=16).hexdigest()

    def event(self, outcome: str, status: int, error: str | None = None) -> Event:
        """The record of the exchange as it stands now."""
        self.timings["total"] = (time.perf_counter_ns() - self._began) // 1000
        deciding = self.deciding
        direction, decision = (deciding[0], deciding[1].decision) if deciding else (Direction.INPUT, None)
        return Event(
            id=self.id,
            time=self.time,
            project=self.principal.project,
            api_key=self.principal.prefix,
            end_user=None if self.zero_retention else self.end_user,
            route=self.route,
            dialect=self.dialect,
            model=self.model,
            upstream=self.upstream,
            streamed=self.streamed,
            policy=self.policy.name,
            policy_version=self.policy.version,
            mode=self.policy.mode.value,
            direction=direction.value,
            decision=(decision.verb if decision else Verb.ALLOW).value,
            flagged=any(judgement.decision.flagged for judgement in self.judgements.values()),
            threat_type=decision.threat_type if decision else None,
            confidence=decision.confidence if decision else 0.0,
            reasons=tuple(self._reasons()),
            findings=tuple(self._findings()),
            scores=self._scores(),
            coverage=self.coverage,
            degraded=self._degraded(),
            unavailable=tuple(self.policy.unavailable),
            timings_us=self.timings,
            usage=self.usage,
            restored=self.restored,
            outcome=outcome,
            status=status,
            error=error,
        )

    def _degraded(self) -> tuple[str, ...]:
        names = [name for judgement in self.judgements.values() for name in judgement.inspection.degraded]
        return tuple(sorted({*names, *self.failed_detectors}))

    def _scores(self) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        for judgement in self.judgements.values():
            for detector, score in judgement.inspection.scores.items():
                scores[detector] = max(score, scores.get(detector, 0.0))
        return scores

    def _reasons(self) -> Iterator[EventReason]:
        offset = 0
        for judgement in self.judgements.values():
            places = {index: offset + place for place, index in enumerate(kept(judgement.decision))}
            for reason in judgement.decision.reasons:
                if reason.finding in places:
                    yield EventReason(rule=reason.rule, finding=places[reason.finding], text=reason.text)
            offset += len(places)

    def _findings(self) -> Iterator[EventFinding]:
        for direction, judgement in self.judgements.items():
            findings, decision = judgement.inspection.findings, judgement.decision
            excerpts = Excerpts(judgement.segments, judgement.inspection, self._read)
            for index in kept(decision):
                finding, action, status = findings[index], decision.actions[index], decision.statuses[index]
                segment = judgement.segments[finding.segment]
                yield EventFinding(
                    detector=finding.detector,
                    version=finding.version,
                    family=finding.family.value,
                    direction=direction.value,
                    columns=_columns(finding, judgement.segments),
                    category=finding.category,
                    rule=finding.rule,
                    label=finding.label,
                    path=segment.path,
                    pointer=segment.pointer,
                    span=(finding.start, finding.end),
                    score=finding.score,
                    severity=finding.severity.value,
                    owasp=finding.owasp,
                    agentic=finding.agentic,
                    action=action.name.lower(),
                    status=status.value,
                    view=finding.view,
                    digest=self.digest(finding.match_sha256.encode()) if finding.match_sha256 else "",
                    excerpt="" if self.zero_retention else excerpts.of(finding),
                )


def kept(decision: Decision) -> list[int]:
    """Which findings an event remembers: all, or if there are too many those with the strongest actions."""
    indexes = range(len(decision.actions))
    if len(indexes) <= _MAX_FINDINGS:
        return list(indexes)
    return sorted(sorted(indexes, key=lambda index: -decision.actions[index])[:_MAX_FINDINGS])


def _columns(finding: Finding, segments: Sequence[Segment]) -> tuple[str, ...]:
    """The columns of the policy that judged a finding: more than one if it is spread over several segments."""
    touched = [finding.segment, *(place[0] for place in finding.continued)]
    return tuple(dict.fromkeys(segments[index].column.value for index in touched))


def _changes(judgement: Judgement, end_user: str) -> bool:
    """Whether this decision redacts or blocks something in the member of the body that names the end user."""
    return any(
        action >= Action.REDACT and judgement.segments[finding.segment].text == end_user
        for finding, action in zip(judgement.inspection.findings, judgement.decision.actions, strict=True)
    )
