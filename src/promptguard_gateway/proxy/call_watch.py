"""The calls of a streamed answer, held against the rules for tools: the name when it comes, the arguments at their end.

A name is complete in its chunk with every server that we know. Clients join the pieces of one that is not, so each
piece counts as a name, and what the pieces make together does.
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec.structs import replace

from promptguard_gateway.core.findings import Finding, Inspection
from promptguard_gateway.core.segments import Channel, Column, Direction, Role, Segment, column_of
from promptguard_gateway.core.tool_rules import finding_of, findings_on_names
from promptguard_gateway.proxy.inspect import Judge, add_findings
from promptguard_gateway.proxy.toolbox import Toolbox
from promptguard_gateway.wire.openai_chunks import Delta, Stray
from promptguard_gateway.wire.strict_json import JsonObject, value_at
from promptguard_gateway.wire.tool_calls import Call

_Place: TypeAlias = tuple[int | None, object]  # of a call: its choice, and its own index


class CallWatch:
    """One stream. It adds to the `segments` and the `inspection` of whoever relays the stream."""

    def __init__(self, judge: Judge, toolbox: Toolbox, segments: list[Segment], inspection: Inspection) -> None:
        self._judge = judge
        self._toolbox = toolbox
        self._segments = segments
        self._inspection = inspection
        self._names: dict[_Place, int] = {}  # the segment with the name of a call

    def named(self, chunk: JsonObject, stray: Stray, segment: Segment) -> bool:
        """A name came, and is the last of the segments. Whether it ends the answer."""
        call = value_at(chunk, stray.location[:-2])
        number = call.get("index") if isinstance(call, dict) and "tool_calls" in stray.location else None
        place = (stray.choice, number)
        ends = self._read_name(segment)
        if place in self._names:
            before = self._segments[self._names[place]]
            self._segments.append(replace(segment, text=before.text + segment.text))
            ends = self._read_name(self._segments[-1]) or ends
        self._names[place] = len(self._segments) - 1
        return ends

    def name(self, first: Delta) -> str:
        """The name, as far as it has come, of the call whose arguments began with this delta."""
        index = self._names.get((first.choice, first.tool))
        return "" if index is None else self._segments[index].text

    def objection(self, first: Delta, arguments: str) -> Finding | None:
        """What is wrong with the arguments of the call that began with this delta, if it ends the answer."""
        if self._toolbox.idle:
            return None
        index = self._names.get((first.choice, first.tool))
        if index is None:
            index = len(self._segments)
            self._segments.append(_nameless(first))
        name = self._segments[index].text
        violation = self._toolbox.violation(Call(index, name, arguments, free=first.location[-1] == "input"))
        return self._note([finding_of(violation, index, name)]) if violation else None

    def _read_name(self, segment: Segment) -> bool:
        index = len(self._segments) - 1
        return self._note(findings_on_names(self._toolbox.rules, [segment], index)) is not None

    def _note(self, findings: Iterable[Finding]) -> Finding | None:
        """Keep findings; the one that ends the answer, if any does."""
        kept = list(findings)
        add_findings(self._inspection, kept)
        return next((one for one in kept if self._judge.ends(one, Column.ANSWER_TOOL_ARGUMENTS)), None)


def _nameless(first: Delta) -> Segment:
    """The name of a call that has none."""
    column = column_of(Direction.OUTPUT, Role.ASSISTANT, Channel.TOOL_ARGUMENTS)
    return Segment((*first.location[:-1], "name"), Role.ASSISTANT, "", column, Channel.TOOL_ARGUMENTS)
