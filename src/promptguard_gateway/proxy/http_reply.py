"""Answers as bytes: a complete one (`Reply`) or a stream of pieces (`EventStream`).

We write heads ourselves instead of through `web.Response`, which costs several times the processor time and announces
the server's version. A header value that is not printable ASCII is left out: nothing that came from an upstream or a
user can end a line here.
"""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.http_request import Request, Wire
from promptguard_gateway.wire.errors import error_body, error_headers

_PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_OURS = frozenset({"connection", "content-length", "content-type", "date", "server", "transfer-encoding"})
_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")
_STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Reply:
    """A complete answer. `close` ends the connection after it; a `Connection` among the headers is ignored."""

    __slots__ = ("body", "close", "content_type", "headers", "status")

    def __init__(
        self, status: int, body: bytes, headers: Mapping[str, str] | None, content_type: str, close: bool
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.content_type = content_type
        self.close = close


def json_response(
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "application/json",
    close: bool = False,
) -> Reply:
    """An answer of encoded JSON, or of another type when it says so."""
    return Reply(status, body, headers, content_type, close)


def error_reply(error: GatewayError, request_id: str | None = None) -> Reply:
    """The envelope of an error, with its status and its headers for retrying."""
    return Reply(error.status, error_body(error, request_id), error_headers(error), "application/json", error.close)


def encode_head(
    status: int,
    date: str,
    content_type: str,
    framing: str,
    headers: Mapping[str, str] | None,
    close: bool,
) -> bytes:
    """Status line and header block. `framing` is the finished line about the body's length, or nothing."""
    lines = "".join([safe_line(name, value) for name, value in headers.items()]) if headers else ""
    end = "Connection: close\r\n\r\n" if close else "\r\n"
    phrase = _PHRASES.get(status) or f"{status} Unknown"
    head = f"HTTP/1.1 {phrase}\r\nDate: {date}\r\nContent-Type: {content_type}\r\n{framing}{lines}{end}"
    return head.encode("ascii")


def safe_line(name: str, value: str) -> str:
    """A header line, or nothing when the header is ours to write or cannot stand in a line."""
    return f"{name}: {value}\r\n" if value.isascii() and value.isprintable() and _may_be_sent(name) else ""


@lru_cache(maxsize=256)
def _may_be_sent(name: str) -> bool:
    return _NAME_CHARACTERS.issuperset(name) and name.lower() not in _OURS


def encode_reply(reply: Reply, date: str, close: bool, head_only: bool) -> bytes:
    """All bytes of an answer; without the body for HEAD."""
    framing = f"Content-Length: {len(reply.body)}\r\n"
    head = encode_head(reply.status, date, reply.content_type, framing, reply.headers, close)
    return head if head_only else head + reply.body


class EventStream:
    """An answer in pieces. It ends with `finish`, or by `abort`, which the client sees as an error."""

    __slots__ = ("_chunked", "_wire", "ended")

    def __init__(self, wire: Wire, chunked: bool) -> None:
        self._wire = wire
        self._chunked = chunked
        self.ended = False

    async def write(self, data: bytes) -> None:
        """Send a piece; waits while the client is slower than we are. Raises `ClientGone` when nobody is there."""
        if data:
            self._wire.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
            await self._wire.drained()

    async def finish(self) -> None:
        """The end that says: this was everything."""
        if not self.ended:
            self.ended = True
            if self._chunked:
                self._wire.write(b"0\r\n\r\n")
            self._wire.end_stream()
            await self._wire.drained()

    def abort(self) -> None:
        """Cut the connection without an end, so that no client takes what it has for the whole."""
        if not self.ended:
            self.ended = True
            self._wire.cut()


def start_stream(
    request: Request,
    headers: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    content_type: str = "text/event-stream; charset=utf-8",
) -> EventStream:
    """Send the head of a streamed answer. Return the stream from the handler once it is finished."""
    wire = request.connection
    return EventStream(wire, wire.begin_stream(status, {**_STREAM_HEADERS, **(headers or {})}, content_type))
