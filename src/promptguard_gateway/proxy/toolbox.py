"""The tools of one exchange: what its request offered, and what the policy says of calls."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.core.findings import Finding
from promptguard_gateway.core.json_schema import JsonValue
from promptguard_gateway.core.segments import Segment
from promptguard_gateway.core.tool_rules import (
    ARGUMENTS,
    ToolRules,
    Violation,
    finding_of,
    schema_violation,
    size_violation,
)
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import JsonObject, parse
from promptguard_gateway.wire.tool_calls import Call, calls_of, offered_schemas

_LIMITS = BodyLimits()


class Toolbox(Struct, frozen=True):
    """`schemas`: those of the offered tools, by name; empty when none was offered, and when nothing is checked."""

    rules: ToolRules
    schemas: Mapping[str, JsonValue] = {}

    @staticmethod
    def of(rules: ToolRules, request: JsonObject) -> "Toolbox":
        """The toolbox of the exchange that this request begins."""
        return Toolbox(rules, offered_schemas(request) if rules.check_schema else {})

    def findings(self, answer: JsonObject, segments: Sequence[Segment]) -> list[Finding]:
        """Findings on the arguments of all calls in a whole answer."""
        if self.idle:
            return []
        found = ((call, self.violation(call)) for call in calls_of(answer, segments))
        return [finding_of(violation, call.segment, call.name) for call, violation in found if violation]

    @property
    def idle(self) -> bool:
        """Whether nothing is said about arguments."""
        return self.rules.max_argument_bytes is None and not self.schemas

    def violation(self, call: Call) -> Violation | None:
        """What is wrong with the arguments of a call."""
        data = call.arguments.encode("utf-8", "surrogatepass")
        return size_violation(self.rules, len(data)) or self._unlike_declared(call, data)

    def _unlike_declared(self, call: Call, data: bytes) -> Violation | None:
        if not self.schemas or call.free:
            return None
        if call.name not in self.schemas:
            return Violation(ARGUMENTS, "tool_not_offered")
        try:
            arguments = parse(data or b"{}", _LIMITS)
        except GatewayError:
            return Violation(ARGUMENTS, "not_json")
        return schema_violation(self.schemas[call.name], arguments)
