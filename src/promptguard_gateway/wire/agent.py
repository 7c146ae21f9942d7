"""The bodies of the routes for agents as segments. Shapes in `wire.schemas`; what is in none of them is text."""

import json

from promptguard_gateway.core.segments import Channel, Direction, Exemption, Inventory, Role
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue
from promptguard_gateway.wire.walk import CONFIG, DEFINITION, SCHEMA_WORDS, Walk, voice_of

_CALL = voice_of(Direction.OUTPUT, Role.ASSISTANT, Channel.TOOL_ARGUMENTS)
_BESIDE = voice_of(Direction.OUTPUT, Role.CONFIG)
_MCP_WORDS = frozenset({"inputSchema", "input_schema", "outputSchema", "annotations"})


def call_inventory(body: JsonObject, limits: BodyLimits) -> Inventory:
    """A call that an agent is about to make: the same texts, judged as in the answer that makes the call."""
    walk = Walk(limits)
    for key, value in body.items():
        if key == "tool_name" and isinstance(value, str):
            walk.text((key,), value, _CALL)
        elif key == "arguments":
            walk.free((key,), value, _CALL)
        elif key in ("agent_id", "session_id") and isinstance(value, str):
            walk.exempt(Exemption.METADATA)
        elif value is not None:
            walk.text((key,), key, _BESIDE, is_key=True)
            walk.free((key,), value, _BESIDE)
    return walk.inventory


def manifest_inventory(body: JsonObject, limits: BodyLimits) -> Inventory:
    """The tools of a server, judged as definitions. Of other servers only the names of tools are compared."""
    walk = Walk(limits)
    for key, value in body.items():
        if key == "tools":
            walk.free((key,), value, DEFINITION, SCHEMA_WORDS | _MCP_WORDS)
        elif key == "pin" and isinstance(value, str):
            walk.identifier((key,), value, CONFIG)
        elif key == "other_servers":
            _exempt_all(walk, value)
        elif value is not None:
            walk.text((key,), key, CONFIG, is_key=True)
            walk.free((key,), value, CONFIG)
    return walk.inventory


def _exempt_all(walk: Walk, value: JsonValue) -> None:
    if isinstance(value, str):
        walk.exempt(Exemption.METADATA)
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            _exempt_all(walk, child)


def canonical(value: JsonValue) -> str:
    """The same text for the same JSON, however its members are ordered and spaced."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
