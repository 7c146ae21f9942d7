"""The chat completion route: every string of a request, told apart by who speaks.

Members of messages and parts that are not in the tables here are inspected as untrusted text, so that a server that
gives them a meaning we do not know cannot show the model anything unseen. Roles and part types that are not in the
tables are refused, since their text would have no speaker.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from promptguard_gateway.core.segments import Channel, Column, Direction, Exemption, Role, column_of
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.content_parts import read_parts
from promptguard_gateway.wire.fields import CHAT
from promptguard_gateway.wire.openai_request import Request, read_request
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location
from promptguard_gateway.wire.walk import (
    Voice,
    Walk,
    folded,
    missing,
    over_limit,
    require_list,
    require_object,
    require_text,
    wrong,
)

ROLES: Mapping[str, Role] = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_CALL_TYPES = frozenset(("function", "custom"))

_KNOWN = folded(CHAT)
_CALL_KEYS = folded(("id", "type", "index", "function", "custom"))
_FUNCTION_KEYS = folded(("name", "arguments", "input"))


def inventory(
    body: JsonObject, limits: BodyLimits, refuse_unknown: bool = False, allow_fields: frozenset[str] = frozenset()
) -> Request:
    """Read a chat request and account for every string of it. Raises GatewayError, naming the field."""
    walk, request = read_request(body, limits, refuse_unknown, allow_fields, CHAT, _KNOWN)
    messages = _messages(body, limits)
    last = len(messages) - 1
    for index, message in enumerate(messages):
        _read_message(walk, index, message, repeated=index < last)
    return request


def _messages(body: JsonObject, limits: BodyLimits) -> list[JsonValue]:
    messages = body.get("messages")
    if messages is None:
        raise missing(("messages",))
    if not isinstance(messages, list) or not messages:
        raise wrong(("messages",), "a list of at least one message")
    if len(messages) > limits.max_messages:
        raise over_limit("messages", limits.max_messages, "max_messages")
    return messages


def _read_message(walk: Walk, index: int, value: JsonValue, *, repeated: bool) -> None:
    at = ("messages", index)
    message = require_object(value, at)
    role = _role(message, at)
    voice = Voice(role, column_of(Direction.INPUT, role, Channel.CONTENT), Channel.CONTENT, index, repeated)
    walk.exempt(Exemption.ENUMERATION)
    for key, member in message.items():
        reader = _MEMBERS.get(key)
        if reader is None:
            walk.unknown((*at, key), member, voice, _MESSAGE_KEYS)
        elif member is not None:
            reader(walk, (*at, key), member, voice)


def _role(message: JsonObject, at: Location) -> Role:
    name = message.get("role")
    if name is None:
        raise missing((*at, "role"))
    role = ROLES.get(name) if isinstance(name, str) else None
    if role is None:
        raise wrong((*at, "role"), f"one of {', '.join(ROLES)}")
    if message.get("content") is None and role is not Role.ASSISTANT:
        raise missing((*at, "content"))
    return role


def _read_content(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    if not isinstance(value, str):
        read_parts(walk, at, value, voice)
    elif voice.role is Role.TOOL:
        walk.carrier(at, value, voice)
    else:
        walk.text(at, value, voice)


def _read_text(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    walk.text(at, require_text(value, at), voice)


def _read_reasoning(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    _read_text(walk, at, value, _on(voice, Channel.REASONING))


def _read_refusal(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    _read_text(walk, at, value, _on(voice, Channel.REFUSAL))


def _read_id(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    walk.identifier(at, require_text(value, at), voice)


def _read_free(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    walk.free(at, value, voice)


def _read_tools(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    definition = Voice(Role.TOOL_DEFINITION, Column.TOOL_DEFINITION, Channel.CONTENT, voice.turn, voice.repeated)
    walk.schema(at, require_list(value, at), definition)


def _read_tool_calls(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    for index, item in enumerate(require_list(value, at)):
        place = (*at, index)
        _read_tool_call(walk, place, require_object(item, place), _history(voice))


def _read_tool_call(walk: Walk, at: Location, call: JsonObject, voice: Voice) -> None:
    for key, value in call.items():
        place = (*at, key)
        if key == "id" and isinstance(value, str):
            walk.identifier(place, value, voice)
        elif key == "type" and isinstance(value, str):
            walk.choice(place, value, _CALL_TYPES, voice)
        elif key in ("function", "custom"):
            _read_function(walk, place, value, voice)
        elif key in ("id", "type", "index"):
            if value is not None and (key != "index" or type(value) is not int):
                raise wrong(place, "an integer" if key == "index" else "a string")
        else:
            walk.unknown(place, value, voice, _CALL_KEYS)


def _read_function_call(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    _read_function(walk, at, value, _history(voice))


def _read_function(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    for key, member in require_object(value, at).items():
        place = (*at, key)
        if key == "name":
            walk.text(place, require_text(member, place), voice)
        elif key in ("arguments", "input"):
            if member is not None:
                walk.carrier(place, require_text(member, place), voice)
        else:
            walk.unknown(place, member, voice, _FUNCTION_KEYS)


def _on(voice: Voice, channel: Channel) -> Voice:
    return Voice(voice.role, voice.column, channel, voice.turn, voice.repeated)


def _history(voice: Voice) -> Voice:
    """Tool calls are the assistant's, or are judged as untrusted text where another role claims them."""
    return _on(voice, Channel.TOOL_ARGUMENTS)


_Reader: TypeAlias = Callable[[Walk, Location, JsonValue, Voice], None]


def _skip(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    """The role was read before the other members."""


_MEMBERS: Mapping[str, _Reader] = {
    "role": _skip,
    "content": _read_content,
    "name": _read_text,
    "tool_call_id": _read_id,
    "tool_calls": _read_tool_calls,
    "function_call": _read_function_call,
    "refusal": _read_refusal,
    "reasoning": _read_reasoning,
    "reasoning_content": _read_reasoning,
    "audio": _read_free,
    "annotations": _read_free,
    "tools": _read_tools,
}
_MESSAGE_KEYS = folded(_MEMBERS)
