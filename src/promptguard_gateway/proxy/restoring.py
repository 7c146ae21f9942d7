"""Where an exchange puts its values back: into what people read, and into the arguments of tools that the policy lists.

Everything else that an answer may hold keeps its placeholders: keys, members nobody knows, the names of tools, and the
arguments of all other tools, which send what they are given to somebody else.
"""

from collections.abc import Mapping, Sequence

from msgspec import structs

from promptguard_gateway.core.decision import Edit
from promptguard_gateway.core.restore import Restorer
from promptguard_gateway.core.segments import Channel, Segment
from promptguard_gateway.core.stream import Piece
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.proxy.inspect import Judgement
from promptguard_gateway.wire.openai_answers import CHANNELS
from promptguard_gateway.wire.strict_json import JsonObject, value_at

_ARGUMENTS = frozenset({"arguments", "input"})


class Restoring:
    """The vault of one exchange, and what of its answer has been restored. Without a vault nothing is."""

    def __init__(self, vault: Vault | None = None, tools: Sequence[str] = ()) -> None:
        self._vault = vault
        self._tools = frozenset(tools)
        self._restorers: list[Restorer] = []

    @property
    def active(self) -> bool:
        """Whether there is anything that could be put back."""
        return bool(self._vault)

    @property
    def count(self) -> int:
        """How many values were put back so far."""
        return sum(restorer.restored for restorer in self._restorers)

    def restorer(self, segment: Segment, tool: str = "") -> Restorer | None:
        """A restorer for a text at this place, spoken to this tool; None where values stay away."""
        if not self._vault or not self._may_hold(segment, tool):
            return None
        restorer = Restorer(self._vault)
        self._restorers.append(restorer)
        return restorer

    def _may_hold(self, segment: Segment, tool: str) -> bool:
        if segment.is_key or (segment.leaf is not None and segment.leaf.is_key):
            return False
        member = segment.location[-1]
        if segment.channel is Channel.TOOL_ARGUMENTS:
            return member in _ARGUMENTS and tool in self._tools
        return member in CHANNELS

    def whole(self, tree: JsonObject, judgement: Judgement) -> Judgement:
        """The judgement on a whole answer, with edits that put values back."""
        if not self.active:
            return judgement
        edits: dict[int, list[Edit]] = {index: [] for index in range(len(judgement.segments))}
        for edit in judgement.decision.edits:
            edits[edit.segment].append(edit)
        for index, segment in enumerate(judgement.segments):
            restorer = self.restorer(segment, _tool(tree, segment))
            if restorer is not None:
                pieces = restorer.feed(pieces_of(segment.text, edits[index])) + restorer.finish()
                edits[index] = [Edit(index, piece.start, piece.end, piece.text) for piece in pieces if piece.fixed]
        restored = tuple(edit for found in edits.values() for edit in found)
        return structs.replace(judgement, decision=structs.replace(judgement.decision, edits=restored))


def _tool(tree: JsonObject, segment: Segment) -> str:
    """The tool that a call's arguments are for: the name beside them."""
    if segment.channel is not Channel.TOOL_ARGUMENTS:
        return ""
    holder = value_at(tree, segment.location[:-1])
    name = holder.get("name") if isinstance(holder, Mapping) else None
    return name if isinstance(name, str) else ""


def pieces_of(text: str, edits: Sequence[Edit]) -> list[Piece]:
    """A text after its edits, as the pieces a stream of it would have released."""
    pieces: list[Piece] = []
    position = 0
    for edit in sorted(edits, key=lambda one: one.start):
        if edit.start > position:
            pieces.append(Piece(text[position : edit.start], position, edit.start))
        pieces.append(Piece(edit.replacement, edit.start, edit.end, fixed=True))
        position = edit.end
    if position < len(text):
        pieces.append(Piece(text[position:], position, len(text)))
    return pieces
