"""The Guard API: decide on messages or on a text without forwarding anything. The same judge as the proxy's."""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from promptguard_gateway import __version__
from promptguard_gateway.control.deciding import Deciding
from promptguard_gateway.core.entities import ALIASES, labels_of
from promptguard_gateway.core.findings import Family, Finding
from promptguard_gateway.core.policy import Action, Policy, Status, Verb, is_suppressible
from promptguard_gateway.core.replacement import merge_spans, replacement
from promptguard_gateway.core.segments import (
    Channel,
    Direction,
    Inventory,
    Role,
    Segment,
    column_of,
)
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.redaction import redact
from promptguard_gateway.proxy.services import Call, decision_headers
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire import schemas
from promptguard_gateway.wire.guard import GuardInventory, text_of
from promptguard_gateway.wire.strict_json import JsonObject

_MODEL_LENGTH = 256  # characters of the model's name that an event keeps

# What every kind of secret is called here; the names of personal data are those of `core.entities`.
_SECRETS = "api_key"

_REDACTED_FAMILIES = frozenset({Family.PII, Family.SECRETS})


class Guard(Deciding):
    """The three routes that decide on texts."""

    async def guard(self, call: Call) -> Reply:
        """POST guard."""
        return await self._recorded(call, self._guard)

    async def scan(self, call: Call) -> Reply:
        """POST security/scan."""
        return await self._recorded(call, self._scan)

    async def redact(self, call: Call) -> Reply:
        """POST security/redact."""
        return await self._recorded(call, self._redact)

    async def _guard(self, trace: Trace, judge: Judge, body: bytes) -> Reply:
        tree, request = self._decode(body, schemas.GuardRequest)
        trace.lap("parse")
        walked = GuardInventory(tree, self._services.settings.body)
        trace.model = (request.model or "")[:_MODEL_LENGTH]
        direction = Direction(request.direction)
        judgement = await self._judge(trace, judge, direction, walked.inventory)
        messages = _redacted(tree, judgement) if judgement.decision.outcome is Verb.REDACT else None
        response = schemas.GuardResponse(
            decision=judgement.decision.outcome.value,
            event_id=trace.id,
            confidence=round(judgement.decision.confidence, 4),
            threats=list(_threats(judge, judgement)),
            latency_ms=round(trace.elapsed_ms, 3),
            threat_type=judgement.decision.threat_type,
            redacted_messages=messages,
            unscanned=walked.unscanned,
            unavailable=_unavailable(judge, judgement),
        )
        return await self._answer(trace, judgement, response)

    async def _scan(self, trace: Trace, judge: Judge, body: bytes) -> Reply:
        _, request = self._decode(body, schemas.ScanRequest)
        trace.lap("parse")
        content, direction = _scanned(request)
        judgement = await self._judge(trace, judge, direction, _one_segment(content, direction))
        decision = judgement.decision
        response = schemas.ScanResponse(
            blocked=decision.outcome is Verb.BLOCK,
            decision=decision.outcome.value,
            reason=decision.sentence,
            confidence=round(decision.confidence, 4),
            event_id=trace.id,
            processing_time_ms=round(trace.elapsed_ms, 3),
            threat_type=decision.threat_type,
            flagged=decision.flagged,
        )
        return await self._answer(trace, judgement, response)

    async def _redact(self, trace: Trace, judge: Judge, body: bytes) -> Reply:
        _, request = self._decode(body, schemas.RedactRequest)
        trace.lap("parse")
        labels = _labels(request.pii_types)
        inventory = _one_segment(request.content, Direction.INPUT)
        judgement = await self._judge(trace, judge, Direction.INPUT, inventory, second_opinion=False)
        found = judgement.inspection.findings
        active = [status is Status.ACTIVE for status in judgement.decision.statuses]
        wanted = frozenset(
            index for index, finding in enumerate(found) if active[index] and _wanted(judge, finding, labels)
        )
        judgement = _redacting(judgement, wanted)
        trace.judged(Direction.INPUT, judgement)
        findings = [found[index] for index in sorted(wanted)]
        response = schemas.RedactResponse(
            original=request.content,
            redacted=_replaced(judge.policy, request.content, findings, self._services.vault(trace)),
            pii_found=sorted({finding.label.lower() for finding in findings}),
        )
        await self._services.record(trace.event("answered", 200))
        return json_response(200, msgspec.json.encode(response), decision_headers(trace, __version__))


def _redacted(tree: JsonObject, judgement: Judgement) -> list[schemas.GuardMessage]:
    """All messages, in order, with their roles; contents as text."""
    redact(tree, judgement)
    rewritten = msgspec.convert(tree["messages"], list[schemas.GuardMessage])
    return [schemas.GuardMessage(role=message.role, content=text_of(message)) for message in rewritten]


def _scanned(request: schemas.ScanRequest) -> tuple[str, Direction]:
    content = request.content if request.content is not msgspec.UNSET else request.text
    if content is msgspec.UNSET:
        raise GatewayError("missing_field", "The field `content` is required: the text to inspect.", param="content")
    output = request.type == "response" or request.direction == "output"
    return content, Direction.OUTPUT if output else Direction.INPUT


def _one_segment(text: str, direction: Direction) -> Inventory:
    role = Role.USER if direction is Direction.INPUT else Role.ASSISTANT
    column = column_of(direction, role, Channel.CONTENT)
    segment = Segment(location=("content",), role=role, text=text, column=column)
    return Inventory(segments=[segment], exempt={}, leaves=1)


def _labels(types: list[str] | None) -> frozenset[str] | None:
    if types is None:
        return None
    labels = {name: _labels_of(name) for name in types}
    unknown = [name for name, meant in labels.items() if not meant]
    if unknown:
        raise GatewayError(
            "invalid_value",
            f"pii_types names {len(unknown)} unknown kind{'s' if len(unknown) > 1 else ''}. Known are entities such as "
            f"US_ITIN, and: {', '.join(sorted((*ALIASES, _SECRETS)))}.",
            param="pii_types",
        )
    return frozenset().union(*labels.values())


def _labels_of(name: str) -> frozenset[str]:
    return frozenset({_SECRETS.upper()}) if name.lower() == _SECRETS else labels_of(name)


def _wanted(judge: Judge, finding: Finding, labels: frozenset[str] | None) -> bool:
    if finding.family not in _REDACTED_FAMILIES:
        return False
    if finding.score < judge.policy.thresholds_of(finding.detector, finding.family).block:
        return False
    if labels is None:
        return True
    return finding.label in labels or (finding.family is Family.SECRETS and _SECRETS.upper() in labels)


def _redacting(judgement: Judgement, wanted: frozenset[int]) -> Judgement:
    """The judgement as this route carries it out: what is wanted is redacted in any mode, and nothing is blocked."""
    decision, findings = judgement.decision, judgement.inspection.findings
    actions = tuple(
        Action.REDACT if index in wanted else min(action, Action.FLAG) for index, action in enumerate(decision.actions)
    )
    strongest = max(wanted, key=lambda index: findings[index].score, default=None)
    return structs.replace(
        judgement,
        decision=structs.replace(
            decision,
            verb=Verb.ALLOW if strongest is None else Verb.REDACT,
            enforced=True,
            flagged=Action.FLAG in actions,
            actions=actions,
            reasons=tuple(reason for reason in decision.reasons if reason.finding in wanted),
            threat_type=None if strongest is None else findings[strongest].threat_type,
            confidence=decision.confidence if strongest is None else findings[strongest].score,
            deciding=strongest,
        ),
    )


def _replaced(policy: Policy, text: str, findings: Sequence[Finding], vault: Vault | None) -> str:
    parts: list[str] = []
    position = 0
    for start, end, one in merge_spans([(found.start, found.end, found) for found in findings]):
        how = policy.replacement_of(one.detector, one.family)
        parts += [text[position:start], replacement(how, one.label, text[start:end], vault)]
        position = end
    return "".join([*parts, text[position:]])


def _unavailable(judge: Judge, judgement: Judgement) -> list[schemas.Unavailable]:
    """What did not look at the text: detectors that failed, and what the policy asks for and the gateway lacks."""
    reasons = {**judge.policy.unavailable, **dict.fromkeys(judgement.inspection.degraded, "failed")}
    return [schemas.Unavailable(detector=name, reason=reason) for name, reason in reasons.items()]


def _threats(judge: Judge, judgement: Judgement) -> list[schemas.ThreatDetail]:
    details: list[schemas.ThreatDetail] = []
    for reason in judgement.decision.reasons:
        finding = judgement.inspection.findings[reason.finding]
        thresholds = judge.policy.thresholds_of(finding.detector, finding.family)
        details.append(
            schemas.ThreatDetail(
                type=finding.threat_type,
                confidence=round(finding.score, 4),
                details=reason.text,
                technique=finding.category,
                rule=schemas.ThreatRule(
                    detector=finding.detector,
                    id=finding.rule,
                    suppressible=is_suppressible(finding.detector, finding.family),
                ),
                status=reason.status.value,
                match_sha256=finding.match_sha256 or None,
                threshold=schemas.ThreatBand(
                    band="block" if finding.score >= thresholds.block else "warn",
                    warn=thresholds.warn,
                    block=thresholds.block,
                    score=round(finding.score, 4),
                ),
            )
        )
    return details
