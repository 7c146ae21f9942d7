"""The console's playground: one inspection of a text, decided by as many policies as are wanted. Nothing is recorded.

Deciding costs next to nothing beside inspecting, so a request is inspected once. An answer is read by the policy in use
alone, because what is held back while it streams is made ready for one policy.
"""

import time
from collections.abc import Mapping, Sequence

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

_PROJECT = "the console's playground"  # whose blocked turns are its own
IN_USE = "in use"


class Playground:
    """Fulfils `domain.ports.Tester`. `presets`: policies by name that texts can be held against."""

    def __init__(self, services: Services, presets: Mapping[str, Policy]) -> None:
        self._services = services
        self._presets = presets

    @property
    def policies(self) -> Sequence[str]:
        """The policy in use, and the presets."""
        return (IN_USE, *self._presets)

    async def try_text(self, text: str, *, answer: bool, policies: Sequence[str]) -> Trial:
        """Raises GatewayError `invalid_value`, `content_too_large` or `detector_unavailable`."""
        self._check(text, policies, answer=answer)
        judge = self._services.projects.of(DEFAULT_PROJECT).judge
        direction, role = (Direction.OUTPUT, Role.ASSISTANT) if answer else (Direction.INPUT, Role.USER)
        segments = [Segment(("text",), role, text, column_of(direction, role, Channel.CONTENT))]
        begun = time.perf_counter_ns()
        judgement = await self._services.inspecting(len(text), lambda: _judged(judge, segments, answer=answer))
        taken = (time.perf_counter_ns() - begun) // 1000
        results = [self._result(judge, judgement, name) for name in policies]
        return Trial(results=results, inspected_us=taken)

    def _check(self, text: str, policies: Sequence[str], *, answer: bool) -> None:
        limit = self._services.settings.body.max_scan_characters
        if len(text) > limit:
            raise GatewayError("content_too_large", f"The playground takes {limit} characters.")
        if not policies or not set(policies) <= set(self.policies):
            raise GatewayError("invalid_value", f"Policies are: {', '.join(self.policies)}.", param="policies")
        if answer and list(policies) != [IN_USE]:
            raise GatewayError("invalid_value", "Answers are read by the policy in use alone.", param="policies")

    def _result(self, judge: Judge, judgement: Judgement, name: str) -> Tried:
        policy = judge.policy if name == IN_USE else self._presets[name]
        segments, inspection = judgement.segments, judgement.inspection
        decision = judgement.decision
        if name != IN_USE:
            decision = decide(policy, segments, inspection, judge.summaries)
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
            redacted=_redacted(segments[0].text, decision),
            degraded=inspection.degraded,
        )


def _judged(judge: Judge, segments: Sequence[Segment], *, answer: bool) -> Judgement:
    return judge.answer(segments, Knowledge()) if answer else judge.request(_PROJECT, segments)


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
