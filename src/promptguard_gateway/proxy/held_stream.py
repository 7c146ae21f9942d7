"""A streamed answer that is held back as a whole, because it is judged as a whole: its frames, and what they say.

What is judged is what would leave: the text is read from the frames themselves, not from what they were made of.
"""

from collections.abc import Sequence

from msgspec import structs

from promptguard_gateway.core.segments import Channel, Segment
from promptguard_gateway.domain.settings import BodyLimits, UpstreamLimits
from promptguard_gateway.proxy.strands import place_of
from promptguard_gateway.wire.openai_chunks import view
from promptguard_gateway.wire.sse import DONE_DATA, SseDecoder
from promptguard_gateway.wire.strict_json import Location, parse_object

_LIMITS = BodyLimits()
_BETWEEN = "\n\n"


class HeldStream:
    """Frames in, in the order in which they would have left; `most` characters is as much as can be judged."""

    def __init__(self, limits: UpstreamLimits, most: int) -> None:
        self.frames = b""
        self._most = most
        self._decoder = SseDecoder(limits.max_line_bytes, limits.max_stream_events)
        self._texts: dict[Location | None, list[str]] = {}
        self._characters = 0

    @property
    def full(self) -> bool:
        """Whether it says more than can be judged."""
        return self._characters > self._most

    @property
    def text(self) -> str:
        """All texts of the answer, one after the other; without the arguments of tool calls."""
        return _BETWEEN.join("".join(pieces) for pieces in self._texts.values())

    def filled(self, segments: Sequence[Segment]) -> list[Segment]:
        """The segments of this answer with the running texts, which the relay does not keep."""
        return [self._filled(segment) for segment in segments]

    def add(self, frames: bytes) -> None:
        """More frames. Raises GatewayError for what is no frame of a stream."""
        self.frames += frames
        for event in self._decoder.feed(frames):
            if event.data != DONE_DATA:
                seen = view(parse_object(event.data, _LIMITS))
                for delta in seen.deltas:
                    if delta.channel is not Channel.TOOL_ARGUMENTS:
                        self._say(place_of(delta), delta.text)
                for stray in seen.strays:
                    self._say(None, stray.text)

    def _say(self, place: Location | None, text: str) -> None:
        self._texts.setdefault(place, []).append(text)
        self._characters += len(text)

    def _filled(self, segment: Segment) -> Segment:
        pieces = self._texts.get(segment.location)
        return segment if segment.text or pieces is None else structs.replace(segment, text="".join(pieces))
