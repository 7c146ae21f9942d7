"""The bodies of the routes for agents: every string is a segment or has a reason why not."""

import pytest

from promptguard_gateway.core.segments import Channel, Column, Inventory
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.agent import call_inventory, canonical, manifest_inventory
from promptguard_gateway.wire.strict_json import JsonObject
from promptguard_gateway.wire.walk import check_ledger

CALL: JsonObject = {
    "agent_id": "agent seven",
    "session_id": None,
    "tool_name": "send",
    "arguments": {"to": ["a", {"deep": "text"}], "number": 4155552671, "on": True, "list": [1, 2, 3]},
    "extra": {"note": "text"},
}
MANIFEST: JsonObject = {
    "tools": [{"name": "a", "inputSchema": {"type": "object", "properties": {"x": {"type": "string", "title": "t"}}}}],
    "pin": "ab" * 32,
    "other_servers": [{"name": "s", "tools": [{"name": "b"}]}],
    "extra": ["text"],
}


def texts(inventory: Inventory) -> set[str]:
    return {segment.text for segment in inventory.segments}


def test_the_ledgers_add_up() -> None:
    """Both bodies, with members that no schema has."""
    assert check_ledger(call_inventory(CALL, BodyLimits()), CALL)
    assert check_ledger(manifest_inventory(MANIFEST, BodyLimits()), MANIFEST)


def test_a_call_is_read_as_in_an_answer() -> None:
    """Name, arguments and their keys in the column of tool arguments; the rest in that of answers."""
    inventory = call_inventory(CALL, BodyLimits())
    assert texts(inventory) >= {"send", "to", "a", "deep", "text", "4155552671", "extra"}
    called = [one for one in inventory.segments if one.channel is Channel.TOOL_ARGUMENTS]
    assert {one.column for one in called} == {Column.ANSWER_TOOL_ARGUMENTS}
    assert {one.column for one in inventory.segments if one not in called} == {Column.ANSWER}
    assert "agent seven" not in texts(inventory)


def test_tools_are_read_as_definitions() -> None:
    """Names, keys and descriptions, but not the words of schemas, nor other servers' names."""
    inventory = manifest_inventory(MANIFEST, BodyLimits())
    tools = {one.text for one in inventory.segments if one.column is Column.TOOL_DEFINITION}
    assert tools == {"a", "x", "t"}
    assert "b" not in texts(inventory)


@pytest.mark.parametrize(("one", "other"), [({"a": 1, "b": [2]}, {"b": [2], "a": 1}), ({"ü": "x"}, {"ü": "x"})])
def test_equal_json_has_one_text(one: JsonObject, other: JsonObject) -> None:
    """However its members are ordered."""
    assert canonical(one) == canonical(other)
