"""The strands of a streamed answer: one running text each, with its own inspector.

Content, reasoning and refusal are held back by prefix closure and leave character by character. The arguments of a tool
call are JSON inside a string: they are decoded before they are inspected, which takes the whole of them, and they leave
when the call is complete. Half an argument is of no use to a client.
"""

from collections.abc import Callable

from msgspec import Struct

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import DetectorFailure, Finding, Inspection
from promptguard_gateway.core.restore import Restorer
from promptguard_gateway.core.segments import Channel, Column, Direction, JsonLeaf, Role, Segment, column_of
from promptguard_gateway.core.stream import Piece, Release, StreamInspector
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.inspect import Judge, gather
from promptguard_gateway.proxy.redaction import redact_arguments
from promptguard_gateway.proxy.restoring import Restoring
from promptguard_gateway.wire.embedded_json import leaves
from promptguard_gateway.wire.logprobs import LogprobQueue
from promptguard_gateway.wire.openai_chunks import Delta
from promptguard_gateway.wire.rewrite import Edit, splice
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue


class Strand:
    """One running text of one choice. `first` is the delta it began with, the model for frames of its own."""

    def __init__(
        self, first: Delta, judge: Judge, knowledge: Knowledge, segments: list[Segment], restoring: Restoring
    ) -> None:
        self.first = first
        self.logprobs: JsonValue = None
        self._queue: LogprobQueue | None = None
        self._may_change = judge.may_redact_answers or restoring.active
        self._inspector = judge.inspector(_column(first), knowledge, len(segments))
        segment = _segment(first)
        segments.append(segment)
        self._restorer = restoring.restorer(segment)

    def feed(self, text: str) -> Release:
        """More of the text; what may leave."""
        return restored(self._restorer, self._inspector.feed(text))

    def finish(self) -> Release:
        """The text is complete; the rest of it."""
        return restored(self._restorer, self._inspector.finish(), final=True)

    def push_logprobs(self, text: str, logprobs: JsonValue, entries: list[JsonObject]) -> None:
        """The entries that came with a piece of text."""
        if self._queue is None:
            self._queue = LogprobQueue(self._may_change)
        self.logprobs = logprobs if logprobs is not None else self.logprobs
        self._queue.push(text, entries)

    def take_logprobs(self, pieces: tuple[Piece, ...]) -> list[JsonObject]:
        """The entries that may leave with these pieces."""
        return self._queue.take(pieces) if self._queue is not None else []

    def conclude(self, inspection: Inspection) -> None:
        """Add what was found to the answer's inspection."""
        gather(inspection, self._inspector)

    @property
    def failed(self) -> bool:
        """A detector failed and the policy is to refuse then."""
        return self._inspector.failed

    @property
    def failures(self) -> list[DetectorFailure]:
        """Detectors that could not do their work."""
        return self._inspector.failures

    @property
    def characters(self) -> int:
        """Characters inspected so far."""
        return self._inspector.characters


class WatchedCall(Struct, frozen=True):
    """What others know of a call: its name, as far as it has come, and what is wrong with its arguments."""

    name: Callable[[], str]
    objection: Callable[[str], Finding | None]


UNWATCHED = WatchedCall(lambda: "", lambda arguments: None)


class ArgumentsStrand(Strand):
    """The arguments of one tool call: gathered, then decided as a whole and leaf by leaf."""

    def __init__(
        self,
        first: Delta,
        judge: Judge,
        knowledge: Knowledge,
        segments: list[Segment],
        restoring: Restoring,
        limit: int,
        call: WatchedCall = UNWATCHED,
    ) -> None:
        super().__init__(first, judge, knowledge, segments, restoring)
        self._call = call
        self._finished = False
        self._judge = judge
        self._knowledge = knowledge
        self._segments = segments
        self._restoring = restoring
        self._pieces: list[str] = []
        self._limit = limit
        self._size = 0
        self._inspectors: list[StreamInspector] = []

    def feed(self, text: str) -> Release:
        """Nothing leaves yet. Raises GatewayError `stream_limit` when the arguments grow over the limit."""
        self._size += len(text)
        if self._size > self._limit:
            raise GatewayError("stream_limit", f"The arguments of a tool call exceed {self._limit} characters.")
        self._pieces.append(text)
        return Release()

    def finish(self) -> Release:
        """Decide on the whole call, once. Raises GatewayError `request_blocked` where no placeholder can stand."""
        if self._finished:
            return Release()
        self._finished = True
        text = "".join(self._pieces)
        self._pieces.clear()
        objection = self._call.objection(text)
        if objection is not None:
            return Release(blocked=objection)
        if not text:
            return Release()
        decoded = leaves(text)
        if not decoded:
            return self._finish_plain(text)
        by_leaf: dict[tuple[int, int], list[Edit]] = {}
        for each in decoded:
            segment = _segment(self.first, each.text, leaf=each.leaf)
            release = self._decide(segment)
            if release.blocked is not None:
                return Release(blocked=release.blocked)
            edits = [
                Edit(segment, piece.start, piece.end, piece.text)
                for piece in release.pieces
                if piece.text != each.text[piece.start : piece.end]
            ]
            if edits:
                by_leaf[each.leaf.start, each.leaf.end] = edits
        return Release((Piece(redact_arguments(text, by_leaf), 0, len(text)),))

    def conclude(self, inspection: Inspection) -> None:
        """Add what was found in all leaves."""
        for inspector in self._inspectors:
            gather(inspection, inspector)

    @property
    def failed(self) -> bool:
        """A detector failed on one of the leaves and the policy is to refuse then."""
        return any(inspector.failed for inspector in self._inspectors)

    @property
    def failures(self) -> list[DetectorFailure]:
        """Detectors that could not do their work on one of the leaves."""
        return [failure for inspector in self._inspectors for failure in inspector.failures]

    @property
    def characters(self) -> int:
        """Characters gathered so far."""
        return self._size

    def _finish_plain(self, text: str) -> Release:
        """Arguments that are not JSON are one text. A block in them lets nothing out: half a call is no call."""
        segment = _segment(self.first, text)
        release = self._decide(segment)
        if release.blocked is not None:
            return Release(blocked=release.blocked)
        changed = [
            Edit(segment, piece.start, piece.end, piece.text)
            for piece in release.pieces
            if piece.text != text[piece.start : piece.end]
        ]
        return Release((Piece(splice(text, changed), 0, len(text)),))

    def _decide(self, segment: Segment) -> Release:
        inspector = self._judge.inspector(segment.column, self._knowledge, len(self._segments))
        self._segments.append(segment)
        self._inspectors.append(inspector)
        restorer = self._restoring.restorer(segment, self._call.name())
        return restored(restorer, inspector.whole(segment.text), final=True)


def restored(restorer: Restorer | None, release: Release, *, final: bool = False) -> Release:
    """What leaves of a release with values put back. Nothing waits for more when the text is over."""
    if restorer is None:
        return release
    pieces = restorer.feed(release.pieces)
    if final or release.blocked is not None:
        pieces += restorer.finish()
    return Release(pieces, release.blocked)


def _column(delta: Delta) -> Column:
    return column_of(Direction.OUTPUT, Role.ASSISTANT, delta.channel)


def _segment(delta: Delta, text: str = "", leaf: JsonLeaf | None = None) -> Segment:
    return Segment(
        location=place_of(delta),
        role=Role.ASSISTANT,
        text=text,
        column=_column(delta),
        channel=delta.channel,
        leaf=leaf,
    )


def place_of(delta: Delta) -> tuple[str | int, ...]:
    """Where the text would stand in a whole answer."""
    member = str(delta.location[-1])
    if "delta" not in delta.location:
        return ("choices", delta.choice, member)
    if delta.tool is not None:
        return ("choices", delta.choice, "message", "tool_calls", delta.tool, str(delta.location[-2]), member)
    if delta.channel is Channel.TOOL_ARGUMENTS:
        return ("choices", delta.choice, "message", "function_call", member)
    return ("choices", delta.choice, "message", member)
