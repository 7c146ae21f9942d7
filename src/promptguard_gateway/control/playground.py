"""The console's playground: a text as a project's policy, or a preset, would judge it. Nothing is recorded.

A project's text is read by the project's own detectors. A preset decides on what those of the default project found,
because deciding costs next to nothing beside reading. It cannot read answers: what is held back while an answer streams
is made ready for the policies of projects alone.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

from promptguard_gateway.core.decision import Decision, decide
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Finding
from promptguard_gateway.core.policy import Policy, Verb
from promptguard_gateway.core.segments import Channel, Direction, Role, Segment, column_of
from promptguard_gateway.domain.console import Trial, Tried, TriedFinding
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import DEFAULT_PROJECT
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.services import Services

_OWNER = "the console's playground"  # whose blocked turns are its own
PROJECT = "project "  # what the name of a project's policy begins with


class Playground:
    """Fulfils `domain.ports.Tester`. `presets`: policies by name that requests can be held against."""

    def __init__(self, services: Services, presets: Mapping[str, Policy]) -> None:
        self._services = services
        self._presets = presets

    @property
    def policies(self) -> Sequence[str]:
        """The policies of projects, the default project's first, and the presets."""
        others = sorted(name for name in self._services.projects.ready if name != DEFAULT_PROJECT)
        return (*(PROJECT + name for name in (DEFAULT_PROJECT, *others)), *self._presets)

    def thresholds_of(self, project: str, detectors: Iterable[str]) -> Mapping[str, tuple[float, float]]:
        """From which score a project's policy flags and acts, for those of the detectors that it knows."""
        ready = self._services.projects.ready.get(project)
        if ready is None:
            return {}
        judge = ready.judge
        known = ((name, judge.families[name]) for name in detectors if name in judge.families)
        limits = {name: judge.policy.thresholds_of(name, family) for name, family in known}
        return {name: (limit.warn, limit.block) for name, limit in limits.items()}

    async def try_text(self, text: str, *, answer: bool, policies: Sequence[str]) -> Trial:
        """Raises GatewayError `invalid_value`, `content_too_large` or `detector_unavailable`."""
        self._check(text, policies, answer=answer)
        direction, role = (Direction.OUTPUT, Role.ASSISTANT) if answer else (Direction.INPUT, Role.USER)
        segments = [Segment(("text",), role, text, column_of(direction, role, Channel.CONTENT))]
        begun = time.perf_counter_ns()
        results = await self._services.inspecting(
            len(text), lambda: [self._tried(name, segments, answer=answer) for name in policies]
        )
        return Trial(results=results, inspected_us=(time.perf_counter_ns() - begun) // 1000)

    def _check(self, text: str, policies: Sequence[str], *, answer: bool) -> None:
        limit = self._services.settings.body.max_scan_characters
        if len(text) > limit:
            raise GatewayError("content_too_large", f"The playground takes {limit} characters.")
        if not 1 <= len(policies) <= 2 or not set(policies) <= set(self.policies):
            known = ", ".join(self.policies)
            raise GatewayError("invalid_value", f"Name one policy or two of these: {known}.", param="policies")
        if answer and not self._presets.keys().isdisjoint(policies):
            raise GatewayError("invalid_value", "Answers are read by the policies of projects only.", param="policies")

    def _tried(self, name: str, segments: Sequence[Segment], *, answer: bool) -> Tried:
        preset = self._presets.get(name)
        project = DEFAULT_PROJECT if preset else name.removeprefix(PROJECT)
        judge = self._services.projects.of(project).judge
        judgement = judge.answer(segments, Knowledge()) if answer else judge.request(_OWNER, segments)
        if preset is None:
            return _result(judge, judge.policy, judgement, judgement.decision)
        return _result(judge, preset, judgement, decide(preset, segments, judgement.inspection, judge.summaries))


def _result(judge: Judge, policy: Policy, judgement: Judgement, decision: Decision) -> Tried:
    inspection = judgement.inspection
    return Tried(
        policy=policy.name,
        decision=decision.verb.value,
        flagged=decision.flagged,
        threat_type=decision.threat_type,
        confidence=decision.confidence,
        sentence=decision.sentence,
        reasons=[reason.text for reason in decision.reasons],
        findings=[
            _finding(judge, policy, finding, decision, index) for index, finding in enumerate(inspection.findings)
        ],
        scores=inspection.scores,
        redacted=_redacted(judgement.segments[0].text, decision),
        degraded=inspection.degraded,
    )


def _finding(judge: Judge, policy: Policy, finding: Finding, decision: Decision, index: int) -> TriedFinding:
    thresholds = policy.thresholds_of(finding.detector, finding.family)
    return TriedFinding(
        detector=finding.detector,
        family=finding.family.value,
        rule=finding.rule,
        label=finding.label,
        summary=judge.summaries.get(finding.detector, finding.category),
        span=(finding.start, finding.end),
        score=round(finding.score, 4),
        warn=thresholds.warn,
        block=thresholds.block,
        severity=finding.severity.value,
        action=decision.actions[index].name.lower(),
        status=decision.statuses[index].value,
        view=finding.view,
        owasp=finding.owasp,
    )


def _redacted(text: str, decision: Decision) -> str | None:
    """The text as it would go on. Edits of one text are in order and do not overlap."""
    if decision.verb is not Verb.REDACT:
        return None
    parts, position = [], 0
    for edit in decision.edits:
        parts += [text[position : edit.start], edit.replacement]
        position = edit.end
    return "".join([*parts, text[position:]])
