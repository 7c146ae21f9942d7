"""Rules for tools: which a model may be offered and may call, and what a call may carry.

They are decided by position alone: the text that stands where the name of a tool stands, and the arguments beside it.
So prose about a forbidden tool is prose, and a call is a call. A finding is about the name, because a call is one
thing: it goes through, or it does not.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from promptguard_gateway.core import detector
from promptguard_gateway.core.detector import OUTPUT, Spec
from promptguard_gateway.core.engine import Program, encode
from promptguard_gateway.core.findings import Family, Finding, Severity, digest_of
from promptguard_gateway.core.fold import fold_text, skeleton_text
from promptguard_gateway.core.json_schema import JsonValue, TooComplex, broken_rule
from promptguard_gateway.core.segments import Channel, Role, Segment


def _spec(id_: str, category: str, severity: Severity, summary: str) -> Spec:
    return Spec(
        id=id_,
        family=Family.TOOL,
        category=category,
        threat_type="policy_violation",
        severity=severity,
        label="TOOL",
        owasp=("LLM06",),
        agentic=("ASI02",),
        directions=OUTPUT,
        summary=summary,
        source="the operator's rules",
    )


FORBIDDEN = _spec("tool.forbidden", "forbidden_tool", Severity.CRITICAL, "a tool that the policy does not allow")
APPROVAL = _spec("tool.approval", "approval_needed", Severity.HIGH, "a tool that somebody has to approve")
ARGUMENTS = _spec("tool.arguments", "tool_arguments", Severity.HIGH, "arguments that the tool does not take")
SPECS = (FORBIDDEN, APPROVAL, ARGUMENTS)

# Servers of the Model Context Protocol are told apart in the names of their tools: `mcp__github__create_issue`.
_SERVER = re.compile(r"mcp__([^_]+(?:_[^_]+)*)__")
# What is in front of the last of these is where a tool comes from: `functions.bash`, `shell/rm`.
_ORIGIN = re.compile(r".*(?:__|[./:])", re.DOTALL)
_SEPARATORS = re.compile(r"[\s_\-]+")


# What an agent that asks may not call, and may call with somebody's approval: the published defaults of PromptGuard.
# fmt: off
AGENT_BLOCK = (
    "execute_shell", "run_command", "bash", "system", "delete_file", "rm", "rmdir", "kill_process", "terminate",
)
# fmt: on
AGENT_APPROVE = ("send_email", "http_post")


class ToolRules(Struct, frozen=True, kw_only=True):
    """What a policy says of tools. Names may hold `*` and `?`.

    `allow`: no other tool may be offered or called; None allows all. `block` wins over `allow`, and is compared without
    regard to case, separators, look-alike letters and where a tool comes from. `approve`: calls that need somebody's
    approval, unless `allow` names them. The same for servers of the Model Context Protocol. `max_argument_bytes` bounds
    the arguments of one call; `check_schema` holds them against the tool's own definition in the same request.
    """

    allow: tuple[str, ...] | None = None
    block: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    allow_servers: tuple[str, ...] | None = None
    block_servers: tuple[str, ...] = ()
    max_argument_bytes: int | None = None
    check_schema: bool = False

    @property
    def reads_names(self) -> bool:
        """Whether any rule is about names."""
        return any(
            (self.allow is not None, self.block, self.approve, self.allow_servers is not None, self.block_servers)
        )


_AGENT_DEFAULTS = ToolRules(block=AGENT_BLOCK, approve=AGENT_APPROVE)


class Violation(Struct, frozen=True):
    """A rule that a tool or a call breaks."""

    spec: Spec
    rule: str


def offer_violation(rules: ToolRules, name: str) -> Violation | None:
    """What is wrong with offering a tool of this name."""
    server = server_of(name)
    if _blocked(rules.block, name):
        return Violation(FORBIDDEN, "blocked")
    if rules.allow is not None and not _matches(rules.allow, name):
        return Violation(FORBIDDEN, "not_allowed")
    if server is not None and _blocked(rules.block_servers, server):
        return Violation(FORBIDDEN, "server_blocked")
    if server is not None and rules.allow_servers is not None and not _matches(rules.allow_servers, server):
        return Violation(FORBIDDEN, "server_not_allowed")
    return None


def call_violation(rules: ToolRules, name: str) -> Violation | None:
    """What is wrong with calling a tool of this name."""
    approved = rules.allow is not None and _matches(rules.allow, name)
    if not approved and _blocked(rules.approve, name):
        return offer_violation(rules, name) or Violation(APPROVAL, "not_approved")
    return offer_violation(rules, name)


def agent_violation(rules: ToolRules, name: str) -> Violation | None:
    """What is wrong with a call that an agent asks about: the rules, and the defaults where `allow` says nothing."""
    found = call_violation(rules, name)
    if found is not None or (rules.allow is not None and _matches(rules.allow, name)):
        return found
    return call_violation(_AGENT_DEFAULTS, name)


def size_violation(rules: ToolRules, size: int) -> Violation | None:
    """What is wrong with arguments of so many bytes."""
    limit = rules.max_argument_bytes
    return Violation(ARGUMENTS, "too_large") if limit is not None and size > limit else None


def schema_violation(schema: JsonValue, arguments: JsonValue) -> Violation | None:
    """How arguments differ from what the tool's definition asks for; what cannot be checked differs."""
    try:
        broken = broken_rule(schema, arguments)
    except TooComplex:
        return Violation(ARGUMENTS, "schema_not_usable")
    return None if broken is None else Violation(ARGUMENTS, f"schema_{broken}")


def server_of(name: str) -> str | None:
    """The server of the Model Context Protocol that a tool belongs to, if its name tells."""
    found = _SERVER.match(name)
    return found[1] if found else None


def finding_of(violation: Violation, segment: int, name: str) -> Finding:
    """The violation as a finding about the name in this segment. Rules are certain, so its score is 1."""
    places = ((segment, 0, len(name)),)
    return detector.finding_of(
        violation.spec, rule=violation.rule, places=places, score=1.0, match_sha256=digest_of(name)
    )


def findings_on_names(rules: ToolRules, segments: Sequence[Segment], first: int = 0) -> Iterator[Finding]:
    """Findings on all names of tools among these segments; the first of them has this index."""
    if not rules.reads_names:
        return
    for index, segment in enumerate(segments, first):
        violation = None
        if names_offered_tool(segment):
            violation = offer_violation(rules, segment.text)
        elif names_called_tool(segment):
            violation = call_violation(rules, segment.text)
        if violation is not None:
            yield finding_of(violation, index, segment.text)


def names_offered_tool(segment: Segment) -> bool:
    """Whether the text is the name in a tool's definition."""
    if segment.role is not Role.TOOL_DEFINITION or segment.is_key or segment.location[-1] != "name":
        return False
    match segment.location[2:] if segment.location[0] == "messages" else segment.location:
        case ("tools", int(), "function" | "custom", "name") | ("tools" | "functions", int(), "name"):
            return True
    return False


def names_called_tool(segment: Segment) -> bool:
    """Whether the text is the name in a call of a tool, whoever's wire format it is in."""
    if segment.channel is not Channel.TOOL_ARGUMENTS or segment.leaf is not None or segment.is_key:
        return False
    match segment.location:
        case (*_, "function" | "custom" | "function_call", "name") | (*_, "tool_calls", int(), "name") | ("tool_name",):
            return True
    return False


def _matches(patterns: Sequence[str], name: str) -> bool:
    return any(_program(pattern).search(encode(name)) is not None for pattern in patterns)


def _blocked(patterns: Sequence[str], name: str) -> bool:
    """Whether a name, or the part behind where it comes from, is one of these however it is spelt."""
    if not patterns:
        return False
    readings = {_plain(name), _plain(_ORIGIN.sub("", name))}
    return any(_program(_plain(pattern)).search(encode(each)) is not None for pattern in patterns for each in readings)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", skeleton_text(fold_text(name)).casefold())


@lru_cache(maxsize=1024)
def _program(pattern: str) -> Program:
    """A pattern with `*` and `?` that must fit a whole name."""
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return Program(rf"(?s)\A(?:{''.join(parts)})\z")
