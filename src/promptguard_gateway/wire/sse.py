"""Server-sent events, read strictly and written in one canonical form.

Bytes go in, complete events come out, whatever the pieces they arrived in. The rules are those of the WHATWG HTML
standard, section 9.2.6: lines end with LF, CRLF or CR, a blank line ends an event, a comment begins with a colon, one
space after the colon of a field belongs to the field, several `data` lines are joined by LF, an event that the end of
the stream interrupts is dropped. What we write is built anew from what was inspected and never copied.

Line ends are made uniform as bytes arrive, so that the search for a blank line is one search. An event's data stays
bytes: all that is done with it is to parse it, and the parser checks its UTF-8.
"""

from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError

DONE_DATA = b"[DONE]"
DONE = b"data: [DONE]\n\n"
_BOM = b"\xef\xbb\xbf"


class SseEvent(Struct, frozen=True, gc=False):
    """One event. `event` is its type, empty when the stream does not name one."""

    event: str
    data: bytes


class SseDecoder:
    """Incremental decoder. Raises GatewayError `stream_limit`; afterwards it must not be used.

    `max_line` bounds, in bytes, one event with all its lines; `max_events` counts comments too, so that a stream of
    nothing but keep-alives ends as well.
    """

    def __init__(self, max_line: int, max_events: int) -> None:
        self._max_line = max_line
        self._events_left = max_events
        self._buffer = bytearray()
        self._searched = 0  # no blank line begins before this place
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events completed by these bytes."""
        if self._after_cr or b"\r" in data:
            data = self._uniform(data)
        self._buffer += data
        if self._at_start and not self._begin():
            return []
        events: list[SseEvent] = []
        begin = 0
        while (end := self._buffer.find(b"\n\n", max(begin, self._searched))) >= 0:
            self._count(end - begin)
            event = _event(bytes(self._buffer[begin:end]))
            if event is not None:
                events.append(event)
            begin = end + 2
        if begin:
            del self._buffer[:begin]
        self._searched = max(len(self._buffer) - 1, 0)
        if len(self._buffer) > self._max_line:
            raise _limit(f"an event is longer than {self._max_line} bytes")
        return events

    def finish(self) -> bool:
        """Whether the stream ended between events; an event that was interrupted is dropped."""
        return not self._buffer.strip(b"\n")

    def _uniform(self, data: bytes) -> bytes:
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _begin(self) -> bool:
        """Drop one byte order mark at the very start; False while it could still be one."""
        start = bytes(self._buffer[:3])
        if len(start) < len(_BOM) and _BOM.startswith(start):
            return False
        if start == _BOM:
            del self._buffer[:3]
        self._at_start = False
        return True

    def _count(self, size: int) -> None:
        if size > self._max_line:
            raise _limit(f"an event is longer than {self._max_line} bytes")
        self._events_left -= 1
        if self._events_left < 0:
            raise _limit("it holds too many events")


def _limit(reason: str) -> GatewayError:
    return GatewayError("stream_limit", f"The upstream's stream was cut: {reason}.")


def _event(block: bytes) -> SseEvent | None:
    """One block of lines between blank lines; None when it has no data."""
    if block.startswith(b"data: ") and b"\n" not in block:
        return SseEvent("", block[6:]) if len(block) > 6 else None
    name = ""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        # `id`, `retry`, comments and unknown fields say nothing that we pass on
    joined = b"\n".join(data)
    return SseEvent(name, joined) if joined else None


def encode_data(payload: bytes) -> bytes:
    """An event with this JSON text as its data; the text must hold no line ends, and encoded JSON holds none."""
    return b"data: " + payload + b"\n\n"


def error_frame(envelope: bytes) -> bytes:
    """The event that carries an error envelope."""
    return encode_data(envelope)
