"""The routes for agents: may this tool be called, and may the tools of this server be trusted.

Both decide with the judge of the project's policy. A call is judged as it would be in the answer of a model that makes
it, a list of tools as it would be in a request that offers them.
"""

from promptguard_gateway.control.deciding import Deciding
from promptguard_gateway.control.manifest import scanned
from promptguard_gateway.core.findings import Finding, Severity
from promptguard_gateway.core.policy import Action, Verb
from promptguard_gateway.core.segments import Direction, Inventory
from promptguard_gateway.core.tool_rules import ToolRules, agent_violation, call_violation, finding_of, size_violation
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.http_reply import Reply
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.services import Call
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire import schemas
from promptguard_gateway.wire.agent import call_inventory, canonical, manifest_inventory

_BAND = 0.2
"""Width of a band of risk. Where a finding's begins follows from what the policy does about it and how bad it would be;
its score, a probability, says how far into the band it reaches, and never beyond."""
_REACH = 0.19
_GRAVE = (Severity.HIGH, Severity.CRITICAL)

MOST_MANIFEST_CHARACTERS = 131_072
"""Of canonical JSON, together with the names of the other servers' tools: the published limit."""


class Agents(Deciding):
    """The two routes for agents."""

    async def validate_tool(self, call: Call) -> Reply:
        """POST agent/validate-tool."""
        return await self._recorded(call, self._validate)

    async def scan_manifest(self, call: Call) -> Reply:
        """POST mcp/scan-manifest."""
        return await self._recorded(call, self._scan)

    async def _validate(self, trace: Trace, judge: Judge, body: bytes) -> Reply:
        tree, request = self._decode(body, schemas.ValidateToolRequest)
        trace.lap("parse")
        inventory = call_inventory(tree, self._services.settings.body)
        size = len(canonical(tree.get("arguments")).encode("utf-8", "surrogatepass"))
        on_call = _on_call(judge.policy.tools, inventory, request.tool_name, size)
        judgement = await self._judge(trace, judge, Direction.OUTPUT, inventory, on_calls=on_call)
        return await self._answer(trace, judgement, _validation(trace, judgement))

    async def _scan(self, trace: Trace, judge: Judge, body: bytes) -> Reply:
        tree, request = self._decode(body, schemas.ManifestRequest)
        names = sum(len(tool.name) for server in request.other_servers for tool in server.tools)
        if len(canonical(tree["tools"])) + names > MOST_MANIFEST_CHARACTERS:
            raise GatewayError(
                "content_too_large", f"The tools exceed {MOST_MANIFEST_CHARACTERS} characters (too large)."
            )
        trace.lap("parse")
        inventory = manifest_inventory(tree, self._services.settings.body)
        judgement = await self._judge(trace, judge, Direction.INPUT, inventory, limit=MOST_MANIFEST_CHARACTERS)
        return await self._answer(trace, judgement, scanned(tree, request, judgement))


def _on_call(rules: ToolRules, inventory: Inventory, name: str, size: int) -> list[Finding]:
    """What the defaults for agents and the limit say, besides what the policy's own rules say of the name."""
    place = next(index for index, segment in enumerate(inventory.segments) if segment.location == ("tool_name",))
    by_default = None if call_violation(rules, name) else agent_violation(rules, name)
    found = (by_default, size_violation(rules, size))
    return [finding_of(violation, place, name) for violation in found if violation]


def _validation(trace: Trace, judgement: Judgement) -> schemas.ToolValidation:
    decision = judgement.decision
    risk = _risk(judgement)
    return schemas.ToolValidation(
        allowed=decision.outcome is not Verb.BLOCK,
        risk_score=risk,
        risk_level=schemas.RISK_LEVELS[min(int(risk / _BAND + 1e-9), len(schemas.RISK_LEVELS) - 1)],
        reason=decision.sentence,
        warnings=[each.text for each in decision.reasons if each.action in (Action.FLAG, Action.REDACT)],
        blocked_reasons=[each.text for each in decision.reasons if each.action is Action.BLOCK],
        event_id=trace.id,
    )


def _risk(judgement: Judgement) -> float:
    pairs = zip(judgement.inspection.findings, judgement.decision.actions, strict=True)
    risks = [_floor(action, finding.severity) + _REACH * finding.score for finding, action in pairs]
    return round(max(risks, default=0.0), 4)


def _floor(action: Action, severity: Severity) -> float:
    """What is blocked is a high risk or a critical one; what is flagged is a low or a medium one."""
    match action:
        case Action.BLOCK:
            return 0.8 if severity is Severity.CRITICAL else 0.6
        case Action.REDACT:
            return 0.4
        case Action.FLAG:
            return 0.4 if severity in _GRAVE else 0.2
        case Action.OFF:
            return 0.0
