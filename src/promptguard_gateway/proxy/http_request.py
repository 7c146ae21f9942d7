"""What the application may see of an HTTP request, and the checks that stand before it.

aiohttp's parser refuses what is broken by the letter of HTTP/1.1. What it lets through and we do not (other codings
than `chunked`, targets other than a path, hosts with a path inside, header names with `_`, repeated credentials) is
refused here, so that no handler ever runs on a request that two programs could read in two ways. A `Request` has no
URL and no raw header list: nothing can be routed or authorised on a rebuilt URL, or read a header that was dropped.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from aiohttp import StreamReader
from aiohttp.http import HttpVersion10, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import LineTooLong

from promptguard_gateway.domain.errors import GatewayError

# Headers whose repetition is an attack or a bug: each of two readers could believe the other value.
_SINGLE = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "transfer-encoding",
        "x-api-key",
    }
)
_REFUSED_METHODS = frozenset({"CONNECT", "TRACE"})
_VERSIONS = (HttpVersion11, HttpVersion10)
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9_])?\.?|\[[0-9a-f]*:[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE
)
_MEDIA_TYPE = re.compile(r'application/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*;?', re.IGNORECASE)


class ClientGone(ConnectionError):
    """The client left, or accepted nothing for too long: there is nobody to answer."""


class Wire(Protocol):
    """What requests and answers need of the connection they travel on."""

    @property
    def departure(self) -> str | None:
        """Why the client is gone: `client_left`, `client_stalled`; None while it is there."""

    def send_continue(self) -> None:
        """Tell a waiting client to send its body."""

    def begin_stream(self, status: int, headers: Mapping[str, str], content_type: str) -> bool:
        """Send the head of a stream, after which no other answer is possible. True when its pieces go as chunks."""

    def end_stream(self) -> None:
        """The stream is complete."""

    def write(self, data: bytes) -> None:
        """Queue bytes for the client. Raises `ClientGone`."""

    async def drained(self) -> None:
        """Wait until the client has accepted enough of what was queued. Raises `ClientGone`."""

    def cut(self) -> None:
        """Drop the connection now, so that the client sees an error."""


class Request:
    """One checked request. `headers`: lower-case names; repeated ones joined by a comma; names with `_` are not there.

    `path` is the raw path, undecoded; `query` what follows the `?`. `peer` is the address of the socket's other end.
    `length` is the announced length of the body in bytes, None when it is chunked.
    """

    __slots__ = ("connection", "content", "expects_continue", "headers", "length", "method", "path", "peer", "query")

    def __init__(
        self, method: str, target: str, headers: dict[str, str], content: StreamReader, connection: Wire, peer: str
    ) -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.content = content
        self.connection = connection
        self.peer = peer
        self.length = None if "transfer-encoding" in headers else int(headers.get("content-length", "0"))
        self.expects_continue = False

    @property
    def departure(self) -> str | None:
        """Why the client is gone (`client_left`, `client_stalled`), or None: tells a cancellation from a shutdown."""
        return self.connection.departure


def open_request(
    message: RawRequestMessage, content: StreamReader, connection: Wire, peer: str, allowed_hosts: frozenset[str]
) -> Request:
    """The request of a parsed head, after every check that needs no more than the head. Raises `GatewayError`."""
    check_request_line(message)
    headers = read_headers(message.headers.items())
    check_host(headers.get("host"), allowed_hosts)
    if "transfer-encoding" in headers:
        _check_transfer_encoding(message, headers)
    if message.upgrade and headers.get("upgrade", "").lower() == "websocket":
        raise GatewayError("method_not_allowed", "This server does not upgrade connections.")
    request = Request(message.method, message.path, headers, content, connection, peer)
    expectation = headers.get("expect")
    if expectation is not None:
        if expectation.lower() != "100-continue":
            raise GatewayError("expectation_failed", "The only expectation that is supported is 100-continue.")
        request.expects_continue = message.version is HttpVersion11
    return request


def check_request_line(message: RawRequestMessage) -> None:
    """HTTP/1.0 or 1.1, an origin-form target in printable ASCII, and a method that is not about connections."""
    if message.version not in _VERSIONS:
        raise GatewayError("bad_request", "This server speaks HTTP/1.1.")
    if message.method in _REFUSED_METHODS:
        raise GatewayError("method_not_allowed", "TRACE and CONNECT are not supported.")
    target = message.path
    if target[:1] != "/" or "#" in target or not target.isascii() or not target.isprintable():
        raise GatewayError("bad_request", "The request target must be a path in ASCII, such as /v1/models.")


def read_headers(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Lower-case names to values, without the names that hold `_` (each has a twin with `-`).

    The parser reads bytes above 127 as UTF-8 with surrogates for what is not; they become Latin-1, which always works.
    """
    headers: dict[str, str] = {}
    for sent, value in fields:
        if "_" in sent:
            continue
        name = sent.lower()
        if not value.isascii():
            value = value.encode("utf-8", "surrogateescape").decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name in _SINGLE:
            raise GatewayError("bad_request", "A header that may be sent once was sent twice.", param=name)
        else:
            headers[name] += ", " + value
    return headers


def check_host(host: str | None, allowed: frozenset[str]) -> None:
    """The Host header names a host and nothing else, and one of `allowed` if there are any."""
    name = None if host is None else host_name(host)
    if name is None:
        raise GatewayError("invalid_host", "The Host header must be a host name or address, with a port if needed.")
    if allowed and name not in allowed:
        raise GatewayError("invalid_host", "This gateway does not answer under the name in the Host header.")


@lru_cache(maxsize=256)
def host_name(host: str) -> str | None:
    """The lower-case name in a Host header, without port and final dot; None when its grammar is wrong."""
    found = _HOST.fullmatch(host) if len(host) <= 261 else None
    if found is None or int(found[1] or 0) > 65535:
        return None
    port = found[1]
    return (host if port is None else host[: -len(port) - 1]).lower().removesuffix(".")


def _check_transfer_encoding(message: RawRequestMessage, headers: Mapping[str, str]) -> None:
    if headers["transfer-encoding"] != "chunked" or not message.chunked:
        raise GatewayError("bad_request", "The only transfer coding that is supported is chunked.")
    if message.version is not HttpVersion11:
        raise GatewayError("bad_request", "HTTP/1.0 has no transfer codings.")
    if "content-length" in headers:
        raise GatewayError("bad_request", "Content-Length and Transfer-Encoding exclude each other.")


def header_size(raw: Iterable[tuple[bytes, bytes]]) -> int:
    """Bytes of a header block, with the separators."""
    return sum(len(name) + len(value) + 4 for name, value in raw)


def parser_failure(failure: Exception) -> GatewayError:
    """What the parser could not read, in our words. Its own message quotes the bytes, so it goes nowhere."""
    text = str(failure.args[0]) if failure.args else ""
    if isinstance(failure, LineTooLong) or text.startswith("Too many headers"):
        return GatewayError("headers_too_large", "The request's header or one of its lines is too large.")
    if "'Host'" in text:
        return GatewayError("invalid_host", "A request needs exactly one Host header.")
    return GatewayError("bad_request", "This is not a well-formed HTTP/1.1 request.")


def check_json_head(request: Request, max_bytes: int) -> None:
    """Media type, content coding and announced length of a JSON body; reads nothing of it. Raises `GatewayError`."""
    if not is_json(request.headers.get("content-type", "")):
        raise GatewayError(
            "unsupported_media_type", "Send JSON with the header Content-Type: application/json.", param="content-type"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise GatewayError("unsupported_encoding", "Send the body without compression.", param="content-encoding")
    if request.length is not None and request.length > max_bytes:
        raise _too_large(max_bytes)


@lru_cache(maxsize=64)
def is_json(content_type: str) -> bool:
    """Whether a Content-Type is application/json, in UTF-8 if it says in what."""
    return len(content_type) <= 128 and _MEDIA_TYPE.fullmatch(content_type) is not None


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body, at most `max_bytes` of it. Call it when the caller may send one: it answers `Expect` first.

    Raises `GatewayError` (body_too_large, request_timeout, bad_request) or `ClientGone`.
    """
    if request.length is not None and request.length > max_bytes:
        raise _too_large(max_bytes)
    content = request.content
    if request.expects_continue and not content.is_eof():
        request.expects_continue = False
        request.connection.send_continue()
    piece = await content.readany()
    if content.at_eof() and len(piece) <= max_bytes:
        return piece
    pieces, size = [], 0
    while piece:
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
        piece = await content.readany()
    return b"".join(pieces)


def _too_large(max_bytes: int) -> GatewayError:
    return GatewayError("body_too_large", f"The body is larger than {max_bytes} bytes, the limit http.max_body_bytes.")
