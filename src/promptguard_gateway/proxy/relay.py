"""The relay of a streamed answer: the upstream's bytes in, frames for the client out. It does no input or output.

Every event is parsed, its text is taken out and handed to the inspector of its strand, and what the inspector releases
is put back; a frame that has nothing to say is not sent. So what the client gets is the same for every way of cutting
the answer into pieces, except for the cuts themselves.

A stream ends in one of three ways: `[DONE]` (complete), a block (an error frame, then `[DONE]`: that is an answer), or
a fault (an error frame and no `[DONE]`: the answer is not whole).
"""

from functools import partial

from msgspec import Struct

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Inspection
from promptguard_gateway.core.segments import Channel, Direction, Role, Segment, column_of
from promptguard_gateway.core.stream import Release
from promptguard_gateway.core.tool_rules import names_called_tool
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Coverage, Usage
from promptguard_gateway.domain.settings import BodyLimits, UpstreamLimits
from promptguard_gateway.proxy.call_watch import CallWatch
from promptguard_gateway.proxy.dialects import usage_of
from promptguard_gateway.proxy.inspect import InspectionFailed, Judge, Judgement, gather
from promptguard_gateway.proxy.redaction import no_place
from promptguard_gateway.proxy.restoring import Restoring
from promptguard_gateway.proxy.strands import ArgumentsStrand, Strand, WatchedCall, restored
from promptguard_gateway.proxy.toolbox import Toolbox
from promptguard_gateway.wire.logprobs import entries_of, with_entries
from promptguard_gateway.wire.openai_chunks import Delta, Stray, logprobs_of, set_text, text_chunk, view
from promptguard_gateway.wire.openai_chunks import Strand as StrandKey
from promptguard_gateway.wire.sse import DONE_DATA, SseDecoder, encode_data
from promptguard_gateway.wire.strict_json import JsonObject, encode, parse_object

_CHUNK_LIMITS = BodyLimits()
_NOT_WHOLE = " What you have is not the whole answer."


class Relay:
    """One streamed answer. After `ended`, nothing more is to be fed.

    `fault` is the error that ended it, `blocked` whether a decision did; `complete`: the upstream said `[DONE]`.
    """

    def __init__(
        self,
        judge: Judge,
        knowledge: Knowledge,
        limits: UpstreamLimits,
        restoring: Restoring,
        *,
        toolbox: Toolbox | None = None,
        logprobs: bool = False,
    ) -> None:
        self.fault: GatewayError | None = None
        self.blocked = False
        self.complete = False
        self.usage: Usage | None = None
        self._judge = judge
        self._knowledge = knowledge
        self._limits = limits
        self._restoring = restoring
        self._logprobs = logprobs  # asked for: then entries are placed by all the text that came, with them or without
        self._decoder = SseDecoder(limits.max_line_bytes, limits.max_stream_events)
        self._strands: dict[StrandKey, Strand] = {}
        self._segments: list[Segment] = []
        self._stray_inspection = Inspection(findings=[], failures=[], scores={}, degraded=[])
        toolbox = toolbox or Toolbox(judge.policy.tools)
        self._calls = CallWatch(judge, toolbox, self._segments, self._stray_inspection)
        self._closed: set[int] = set()
        self._texts = 0
        self._stray_characters = 0
        self._like: JsonObject = {}

    @property
    def ended(self) -> bool:
        """Whether the answer is over, in whichever way."""
        return self.complete or self.blocked or self.fault is not None

    def feed(self, data: bytes) -> bytes:
        """Frames that may leave now. Never raises GatewayError: it is kept in `fault`, after what came before it."""
        frames: list[bytes] = []
        try:
            for event in self._decoder.feed(data):
                if event.data == DONE_DATA:
                    self._complete(frames)
                else:
                    self._chunk(event.data, frames)
                if self.ended:
                    break
        except GatewayError as error:
            self.fault = error
        return b"".join(frames)

    def end_of_input(self) -> None:
        """The upstream closed its stream: a fault unless the answer is over."""
        if not self.ended:
            self.fault = GatewayError("upstream_error", "The upstream ended its answer in the middle." + _NOT_WHOLE)

    def judgement(self) -> Judgement:
        """The decision on everything that was said."""
        strays = self._stray_inspection
        inspection = Inspection(
            findings=[*strays.findings], failures=[*strays.failures], scores={**strays.scores}, degraded=[]
        )
        for strand in self._strands.values():
            strand.conclude(inspection)
        return self._judge.conclude(self._segments, inspection)

    @property
    def restored(self) -> int:
        """How many values of the request were put back so far."""
        return self._restoring.count

    @property
    def coverage(self) -> Coverage:
        """What was inspected; the server's own words around the text are not counted on streams."""
        characters = sum(strand.characters for strand in self._strands.values()) + self._stray_characters
        return Coverage(leaves=self._texts, inspected=self._texts, characters=characters)

    def _complete(self, frames: list[bytes]) -> None:
        for strand in self._strands.values():
            self._flush(strand, frames)
            if self.blocked:
                return
        self.complete = True

    def _chunk(self, data: bytes, frames: list[bytes]) -> None:
        chunk = _parse(data)
        if "error" in chunk:
            raise GatewayError(
                "upstream_error",
                "The upstream failed in the middle of its answer. What you have is not the whole answer.",
            )
        self._like = chunk
        seen = view(chunk)
        self._texts += len(seen.deltas) + len(seen.strays)
        self.usage = usage_of(chunk) or self.usage
        for stray in seen.strays:
            self._read_stray(chunk, stray)
            if self.blocked:
                return
        if self._judge.may_redact_answers or self._restoring.active:
            _drop_unclaimed_logprobs(chunk, seen.deltas)
        finished = _finished(chunk)
        spoken_now = [_Spoken(delta, self._read_delta(chunk, delta)) for delta in seen.deltas]
        for key, strand in self._strands.items():
            if key[0] in finished and not self.blocked:
                self._flush_into(chunk, key, strand, spoken_now, frames)
        self._closed |= finished
        if self.blocked:
            frames += [self._frame(one.delta, one.text) for one in spoken_now if one.text]
            return
        spoken = {one.delta.choice for one in spoken_now if one.text or not one.delta.text} | finished
        spoken |= {stray.choice for stray in seen.strays if stray.choice is not None}
        if self._prune(chunk, spoken):
            frames.append(encode_data(encode(chunk)))

    def _flush_into(
        self,
        chunk: JsonObject,
        key: StrandKey,
        strand: Strand,
        spoken: list["_Spoken"],
        frames: list[bytes],
    ) -> None:
        """The rest of a strand: behind what this chunk released of it, else in a frame before this chunk."""
        own = next((one for one in reversed(spoken) if one.delta.strand == key), None)
        if own is None:
            self._flush(strand, frames)
            return
        rest = strand.finish()
        self._notice(strand, rest)
        own.text += rest.text
        set_text(chunk, own.delta, own.text)
        choice = _choice(chunk, _position(own.delta))
        entries = entries_of(choice.get("logprobs")) + strand.take_logprobs(rest.pieces)
        if entries and strand.logprobs is not None:
            choice["logprobs"] = with_entries(strand.logprobs, entries)

    def _frame(self, delta: Delta, text: str) -> bytes:
        return encode_data(encode(text_chunk(self._like, delta, text)))

    def _read_delta(self, chunk: JsonObject, delta: Delta) -> str:
        """Put what the strand releases in the place of what came."""
        if self.blocked:
            set_text(chunk, delta, "")
            return ""
        if delta.text and delta.choice in self._closed:
            raise GatewayError("upstream_error", "The upstream went on with a choice that it had ended." + _NOT_WHOLE)
        strand = self._strands.get(delta.strand) or self._begin(delta)
        logprobs = logprobs_of(chunk, _position(delta))
        if self._logprobs or logprobs is not None:
            strand.push_logprobs(delta.text, logprobs, entries_of(logprobs))
        release = strand.feed(delta.text)
        self._notice(strand, release)
        set_text(chunk, delta, release.text)
        if logprobs is not None:
            choice = _choice(chunk, _position(delta))
            choice["logprobs"] = with_entries(logprobs, strand.take_logprobs(release.pieces))
        return release.text

    def _begin(self, delta: Delta) -> Strand:
        if delta.channel is Channel.TOOL_ARGUMENTS:
            limit = self._limits.max_line_bytes
            strand: Strand = ArgumentsStrand(
                delta,
                self._judge,
                self._knowledge,
                self._segments,
                self._restoring,
                limit,
                WatchedCall(partial(self._calls.name, delta), partial(self._calls.objection, delta)),
            )
        else:
            strand = Strand(delta, self._judge, self._knowledge, self._segments, self._restoring)
        self._strands[delta.strand] = strand
        return strand

    def _flush(self, strand: Strand, frames: list[bytes]) -> None:
        """The rest of a strand, in a frame of its own."""
        release = strand.finish()
        self._notice(strand, release)
        if release.text:
            frame = text_chunk(self._like, strand.first, release.text)
            entries = strand.take_logprobs(release.pieces)
            if entries:
                _choice(frame, 0)["logprobs"] = with_entries(strand.logprobs, entries)
            frames.append(encode_data(encode(frame)))

    def _notice(self, strand: Strand, release: Release) -> None:
        if strand.failed:
            raise InspectionFailed("The answer", strand.failures)
        if release.blocked is not None:
            self.blocked = True

    def _read_stray(self, chunk: JsonObject, stray: Stray) -> None:
        """A string that is complete in its chunk is decided at once, like a whole answer."""
        column = column_of(Direction.OUTPUT, Role.ASSISTANT, stray.channel)
        segment = Segment(stray.location, Role.ASSISTANT, stray.text, column, stray.channel, is_key=stray.is_key)
        inspector = self._judge.inspector(column, self._knowledge, len(self._segments))
        self._segments.append(segment)
        self._stray_characters += len(stray.text)
        release = restored(self._restoring.restorer(segment), inspector.whole(stray.text), final=True)
        gather(self._stray_inspection, inspector)
        if names_called_tool(segment) and self._calls.named(chunk, stray, segment):
            self.blocked = True
        text = release.text
        if inspector.failed:
            raise InspectionFailed("The answer", inspector.failures)
        if release.blocked is not None:
            self.blocked = True
        elif text != stray.text and stray.is_key:
            raise no_place()
        elif text != stray.text:
            set_text(chunk, stray, text)

    def _prune(self, chunk: JsonObject, spoken: set[int]) -> bool:
        """Take out choices whose text is held back and that say nothing else; whether the chunk is worth sending."""
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return True
        kept = [choice for choice in choices if isinstance(choice, dict) and _says_something(choice, spoken)]
        if len(kept) != len(choices):
            chunk["choices"] = [*kept]
        return bool(kept) or chunk.get("usage") is not None


class _Spoken(Struct):
    """A delta of the chunk at hand, and what takes its place."""

    delta: Delta
    text: str


def _says_something(choice: JsonObject, spoken: set[int]) -> bool:
    if choice.get("index") in spoken:
        return True
    delta = choice.get("delta")
    return isinstance(delta, dict) and delta.get("role") is not None


def _parse(data: bytes) -> JsonObject:
    try:
        return parse_object(data, _CHUNK_LIMITS)
    except GatewayError as error:
        raise GatewayError("upstream_error", f"The upstream sent an event that is not JSON ({error.code}).") from None


def _finished(chunk: JsonObject) -> set[int]:
    """The choices that are complete with this chunk."""
    choices = chunk.get("choices")
    finished: set[int] = set()
    for choice in choices if isinstance(choices, list) else []:
        if isinstance(choice, dict) and choice.get("finish_reason") is not None:
            index = choice.get("index")
            if isinstance(index, int):
                finished.add(index)
    return finished


def _drop_unclaimed_logprobs(chunk: JsonObject, deltas: list[Delta]) -> None:
    """Log-probabilities travel with text. Where a choice brings none, nothing says that its tokens may leave."""
    claimed = {_position(delta) for delta in deltas}
    choices = chunk.get("choices")
    for position, choice in enumerate(choices if isinstance(choices, list) else []):
        if isinstance(choice, dict) and position not in claimed and choice.get("logprobs") is not None:
            choice["logprobs"] = None


def _position(delta: Delta) -> int:
    """The place of a delta's choice in the chunk's list, which need not be its index."""
    position = delta.location[1]
    assert isinstance(position, int)
    return position


def _choice(chunk: JsonObject, position: int) -> JsonObject:
    choices = chunk["choices"]
    assert isinstance(choices, list)
    choice = choices[position]
    assert isinstance(choice, dict)
    return choice
