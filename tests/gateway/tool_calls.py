"""Answers with tool calls, as a model server gives them: whole, and streamed in small pieces."""

import json

from lab.parts import delta

_FRAME = {"id": "chatcmpl-1", "created": 1, "model": "static"}


def whole(name: str, arguments: str) -> str:
    """A chat completion that is one tool call."""
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return json.dumps({**_FRAME, "object": "chat.completion", "choices": [choice]})


def streamed(name: str, arguments: str, size: int = 5) -> str:
    """The same as chunks, one on a line; the arguments come in pieces of so many characters."""
    pieces = [arguments[start : start + size] for start in range(0, len(arguments), size)]
    calls: list[dict[str, object]] = [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}},
        *({"index": 0, "function": {"arguments": piece}} for piece in pieces),
    ]
    chunks = [_chunk({"tool_calls": [call]}) for call in calls]
    return "\n".join([*chunks, delta("", "tool_calls").decode()])


def _chunk(member: dict[str, object]) -> str:
    choice = {"index": 0, "delta": member, "finish_reason": None}
    return json.dumps({**_FRAME, "object": "chat.completion.chunk", "choices": [choice]})
