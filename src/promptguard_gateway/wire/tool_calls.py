"""Tools in the bodies of model routes: what a request offers, and what an answer calls."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from promptguard_gateway.core.segments import Segment
from promptguard_gateway.core.tool_rules import names_called_tool
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, value_at


class Call(Struct, frozen=True):
    """A call in an answer. `segment`: the index of the one with its name. `free`: its arguments need not be JSON."""

    segment: int
    name: str
    arguments: str
    free: bool = False


def offered_schemas(request: JsonObject) -> Mapping[str, JsonValue]:
    """The schemas of the arguments of all tools that a request offers, by the tool's name."""
    return dict(_definitions(request))


def _definitions(request: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    for member in ("tools", "functions"):
        entries = request.get(member)
        for entry in entries if isinstance(entries, list) else []:
            inner = entry.get("function", entry) if isinstance(entry, dict) else None
            name = inner.get("name") if isinstance(inner, dict) else None
            if isinstance(inner, dict) and isinstance(name, str):
                yield name, inner.get("parameters", True)


def calls_of(answer: JsonObject, segments: Sequence[Segment]) -> list[Call]:
    """The calls of a whole answer, in order."""
    calls: list[Call] = []
    for index, segment in enumerate(segments):
        if names_called_tool(segment):
            holder = value_at(answer, segment.location[:-1])
            text, free = _arguments(holder if isinstance(holder, dict) else {})
            calls.append(Call(index, segment.text, text, free))
    return calls


def _arguments(holder: JsonObject) -> tuple[str, bool]:
    for member in ("arguments", "input"):
        value = holder.get(member)
        if isinstance(value, str):
            return value, member == "input"
    return "", False
