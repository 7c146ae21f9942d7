"""Rules for tools: names by list and pattern, servers, and where a name stands."""

import pytest

from promptguard_gateway.core.segments import Channel, Column, Role, Segment
from promptguard_gateway.core.tool_rules import (
    ToolRules,
    call_violation,
    findings_on_names,
    offer_violation,
    schema_violation,
    size_violation,
)

RULES = ToolRules(block=("delete_*", "bash"), approve=("send_email",), block_servers=("evil",))
CLOSED = ToolRules(
    allow=("get_*", "send_email"), block=("get_secret",), approve=("send_email",), allow_servers=("git",)
)


@pytest.mark.parametrize(
    ("rules", "name", "rule"),
    [
        (RULES, "get_weather", None),
        (RULES, "delete_file", "blocked"),
        (RULES, "DeleteFile", "blocked"),
        (RULES, "delete-file", "blocked"),
        (RULES, "dеlete_file", "blocked"),  # with a Cyrillic letter
        (RULES, "functions.bash", "blocked"),
        (RULES, "mcp__shell__bash", "blocked"),
        (RULES, "bash_history", None),
        (RULES, "undelete_file", None),
        (RULES, "send_email", "not_approved"),
        (RULES, "mcp__evil__get_weather", "server_blocked"),
        (RULES, "mcp__git__get_weather", None),
        (CLOSED, "get_weather", None),
        (CLOSED, "GET_WEATHER", "not_allowed"),
        (CLOSED, "get_secret", "blocked"),
        (CLOSED, "put_weather", "not_allowed"),
        (CLOSED, "send_email", None),
        (CLOSED, "", "not_allowed"),
        (ToolRules(allow_servers=("git*",)), "mcp__github__get", None),
        (ToolRules(allow_servers=("git*",)), "mcp__shell__get", "server_not_allowed"),
        (ToolRules(allow_servers=("git*",)), "local_tool", None),
        (ToolRules(block=("a?c",)), "abc", "blocked"),
        (ToolRules(block=("a.c",)), "abc", None),
        (ToolRules(), "anything", None),
    ],
)
def test_calls(rules: ToolRules, name: str, rule: str | None) -> None:
    """Blocking is generous about spelling, allowing is strict."""
    found = call_violation(rules, name)
    assert (found.rule if found else None) == rule


def test_an_offer_needs_no_approval() -> None:
    """Only a call does."""
    assert offer_violation(RULES, "send_email") is None


def test_arguments() -> None:
    """Size in bytes; the schema's broken rule is named; what cannot be checked is a violation."""
    assert size_violation(ToolRules(max_argument_bytes=10), 10) is None
    assert size_violation(ToolRules(max_argument_bytes=10), 11) is not None
    assert size_violation(ToolRules(), 1 << 30) is None
    schema = {"type": "object", "required": ["city"]}
    assert schema_violation(schema, {"city": "Oslo"}) is None
    rules = [schema_violation(schema, {}), schema_violation({"$ref": "https://x.example"}, {})]
    assert [found.rule for found in rules if found] == ["schema_required", "schema_not_usable"]


DEFINITION = (Role.TOOL_DEFINITION, Column.TOOL_DEFINITION, Channel.CONTENT)
HISTORY = (Role.ASSISTANT, Column.HISTORY, Channel.TOOL_ARGUMENTS)
PROSE = (Role.USER, Column.UNTRUSTED, Channel.CONTENT)


@pytest.mark.parametrize(
    ("location", "voice", "found"),
    [
        (("tools", 0, "function", "name"), DEFINITION, True),
        (("functions", 0, "name"), DEFINITION, True),
        (("messages", 3, "tools", 0, "function", "name"), DEFINITION, True),
        (("tools", 0, "function", "parameters", "properties", "name"), DEFINITION, False),
        (("tools", 0, "function", "description"), DEFINITION, False),
        (("messages", 1, "tool_calls", 0, "function", "name"), HISTORY, True),
        (("messages", 1, "tool_calls", 0, "name"), HISTORY, True),
        (("messages", 1, "function_call", "name"), HISTORY, True),
        (("messages", 1, "tool_calls", 0, "function", "arguments"), HISTORY, False),
        (("messages", 1, "name"), PROSE, False),
        (("messages", 1, "content"), PROSE, False),
    ],
)
def test_only_names_are_held_against_the_lists(
    location: tuple[str | int, ...], voice: tuple[Role, Column, Channel], found: bool
) -> None:
    """The same text elsewhere is text."""
    role, column, channel = voice
    segment = Segment(location, role, "delete_file", column, channel)
    findings = list(findings_on_names(RULES, [segment], 7))
    assert [(one.segment, one.start, one.end) for one in findings] == ([(7, 0, 11)] if found else [])
