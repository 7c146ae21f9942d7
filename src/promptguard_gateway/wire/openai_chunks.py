"""Chunks of a streamed answer: where the text is, so that the relay can take it out and put released text back.

A chunk's texts are its *deltas*: they continue the text of a strand (one member of one choice's delta, or one tool
call). That goes for members we do not know, too: whatever stands in a delta may go on in the next one.
Any other string that the server did not write about the answer itself is a *stray*, complete in its chunk: the name of
a tool, a stop string, a member we do not know. Deltas are held back by an inspector; strays are inspected at once.
"""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from promptguard_gateway.core.segments import Channel
from promptguard_gateway.wire.openai_answers import (
    ANSWER_ROLES,
    CALL_TYPES,
    CHANNELS,
    FINISH_REASONS,
    METADATA,
    MIRRORS,
    malformed,
)
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location, set_value
from promptguard_gateway.wire.walk import is_identifier

Strand: TypeAlias = tuple[int, str, int]  # choice, member name, tool call index or -1


class Delta(Struct, frozen=True, gc=False):
    """A piece of text that continues a strand. `tool` is the tool call's own index."""

    choice: int
    channel: Channel
    tool: int | None
    location: Location
    text: str

    @property
    def strand(self) -> Strand:
        """What tells one running text from another: two members of one channel are two texts."""
        return (self.choice, str(self.location[-1]), -1 if self.tool is None else self.tool)


class Stray(Struct, frozen=True, gc=False):
    """A string that is complete in its chunk; `choice` is None outside choices. A key cannot be replaced."""

    choice: int | None
    channel: Channel
    location: Location
    text: str
    is_key: bool = False


class ChunkView(Struct, frozen=True):
    """The strings of one chunk that the model wrote, or may have written."""

    deltas: list[Delta]
    strays: list[Stray]


_SERVERS_OWN = METADATA | MIRRORS
_OF_A_CHOICE = MIRRORS | {"index"}  # the names of metadata are the server's own around the choices only


def view(chunk: JsonObject) -> ChunkView:
    """All deltas and strays of a decoded chunk of a chat or text completion.

    Raises GatewayError `upstream_error` for a chunk of another shape. An error event has to be recognised before.
    """
    deltas: list[Delta] = []
    strays: list[Stray] = []
    for key, value in chunk.items():
        if key == "choices":
            for position, choice in enumerate(_list(value, "choices")):
                _read_choice(position, _object(choice, "a choice"), deltas, strays)
        elif value is not None and key not in _SERVERS_OWN:
            _stray(None, Channel.CONTENT, (key,), value, strays)
    return ChunkView(deltas, strays)


def set_text(chunk: JsonObject, delta: Delta | Stray, text: str) -> None:
    """Put another text in the place of a delta or stray."""
    set_value(chunk, delta.location, text)


def text_chunk(like: JsonObject, delta: Delta, text: str) -> JsonObject:
    """A chunk of its own for text that is released later than it came: the frame of `like`, with this text alone."""
    choice: JsonObject = {"index": delta.choice, "logprobs": None, "finish_reason": None}
    member = str(delta.location[-1])
    if "delta" not in delta.location:
        choice["text"] = text
    elif delta.tool is not None:
        holder = str(delta.location[-2])
        choice["delta"] = {"tool_calls": [{"index": delta.tool, holder: {member: text}}]}
    elif delta.channel is Channel.TOOL_ARGUMENTS:
        choice["delta"] = {"function_call": {member: text}}
    else:
        choice["delta"] = {member: text}
    frame: JsonObject = {key: like[key] for key in ("id", "object", "created", "model") if key in like}
    return {**frame, "choices": [choice]}


def logprobs_of(chunk: JsonObject, position: int) -> JsonValue:
    """The `logprobs` member of the choice at this position of `choices`, or None."""
    choice = _list(chunk.get("choices"), "choices")[position]
    return _object(choice, "a choice").get("logprobs")


def _list(value: JsonValue, what: str) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    raise malformed(f"{what} is not a list")


def _object(value: JsonValue, what: str) -> JsonObject:
    if isinstance(value, dict):
        return value
    raise malformed(f"{what} is not an object")


def _index(value: JsonValue, what: str) -> int:
    if type(value) is int and 0 <= value < 1_000_000:
        return value
    raise malformed(f"{what} has no index")


def _is_one_of(value: JsonValue, values: frozenset[str]) -> bool:
    return isinstance(value, str) and value in values


def _read_choice(position: int, choice: JsonObject, deltas: list[Delta], strays: list[Stray]) -> None:
    index = _index(choice.get("index"), "a choice")
    for key, value in choice.items():
        if value is None or key in _OF_A_CHOICE:
            continue
        at = ("choices", position, key)
        if key == "delta":
            _read_delta(index, at, _object(value, "a delta"), deltas, strays)
        elif key == "text" and isinstance(value, str):
            deltas.append(Delta(index, Channel.CONTENT, None, at, value))
        elif key != "finish_reason" or not _is_one_of(value, FINISH_REASONS):
            _stray(index, Channel.CONTENT, at, value, strays)


def _read_delta(index: int, at: Location, delta: JsonObject, deltas: list[Delta], strays: list[Stray]) -> None:
    for key, value in delta.items():
        if value is None:
            continue
        place = (*at, key)
        channel = CHANNELS.get(key)
        if isinstance(value, str) and key != "role":
            if channel is None and key not in _WORDS:
                strays.append(Stray(index, Channel.CONTENT, place, key, is_key=True))
            deltas.append(Delta(index, channel or Channel.CONTENT, None, place, value))
        elif key == "tool_calls":
            for position, call in enumerate(_list(value, "tool_calls")):
                _read_call(index, (*place, position), _object(call, "a tool call"), deltas, strays)
        elif key == "function_call":
            _read_function(index, None, place, _object(value, "a function call"), deltas, strays)
        elif key != "role" or not _is_one_of(value, ANSWER_ROLES):
            _stray(index, channel or Channel.CONTENT, place, value, strays)


def _read_call(index: int, at: Location, call: JsonObject, deltas: list[Delta], strays: list[Stray]) -> None:
    tool = _index(call.get("index"), "a tool call")
    for key, value in call.items():
        place = (*at, key)
        if key in ("function", "custom") and value is not None:
            _read_function(index, tool, place, _object(value, "a function"), deltas, strays)
        elif not _is_machine_made(key, value):
            _stray(index, Channel.TOOL_ARGUMENTS, place, value, strays)


def _is_machine_made(key: str, value: JsonValue) -> bool:
    return (
        key == "index"
        or (key == "type" and _is_one_of(value, CALL_TYPES))
        or (key == "id" and isinstance(value, str) and is_identifier(value))
    )


_ARGUMENTS: Mapping[str, Channel] = {"arguments": Channel.TOOL_ARGUMENTS, "input": Channel.TOOL_ARGUMENTS}


def _read_function(
    index: int, tool: int | None, at: Location, function: JsonObject, deltas: list[Delta], strays: list[Stray]
) -> None:
    for key, value in function.items():
        if key in _ARGUMENTS and isinstance(value, str):
            deltas.append(Delta(index, Channel.TOOL_ARGUMENTS, tool, (*at, key), value))
        else:
            _stray(index, Channel.TOOL_ARGUMENTS, (*at, key), value, strays)


# Keys that say nothing of their own; another key of a value we do not know is text.
_WORDS = frozenset(("name", "id", "type", "stop_reason", "token_ids", "prompt_token_ids", "prompt_text", "annotations"))


def _stray(choice: int | None, channel: Channel, at: Location, value: JsonValue, strays: list[Stray]) -> None:
    """Every string of a value, and its keys."""
    key = at[-1]
    if isinstance(key, str) and key not in _WORDS and key not in CHANNELS:
        strays.append(Stray(choice, channel, at, key, is_key=True))
    if isinstance(value, str):
        strays.append(Stray(choice, channel, at, value))
    elif isinstance(value, dict):
        for name, child in value.items():
            _stray(choice, channel, (*at, name), child, strays)
    elif isinstance(value, list):
        for position, child in enumerate(value):
            if isinstance(child, str | dict | list):
                _stray(choice, channel, (*at, position), child, strays)
