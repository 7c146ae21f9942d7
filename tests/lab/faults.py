"""The catalogue of misbehaviours: what the fault upstream does for each model's name."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from lab.parts import MODELS, Exchange, Fault, chunk, completion, delta, head


async def _static(exchange: Exchange) -> None:
    if exchange.request.method == "GET":
        await exchange.answer(MODELS)
    elif exchange.request.streamed:
        await _stream(exchange)
    else:
        await exchange.answer(completion(exchange.text))


async def _stream(exchange: Exchange) -> None:
    await exchange.begin_stream()
    for word in exchange.text.split(" "):
        await exchange.event(delta(word + " "))
    await exchange.event(delta("", "stop"))
    await exchange.end_stream()


async def _letters(exchange: Exchange) -> None:
    """A stream of single characters."""
    await exchange.begin_stream()
    for character in exchange.text:
        await exchange.event(delta(character))
    await exchange.event(delta("", "stop"))
    await exchange.end_stream()


async def _verbatim(exchange: Exchange) -> None:
    """The test's own answer: a body, or a stream with a chunk for each line."""
    if not exchange.request.streamed:
        await exchange.answer(exchange.text.encode())
        return
    await exchange.begin_stream()
    for line in exchange.text.splitlines():
        await exchange.event(line.encode())
    await exchange.end_stream()


async def _echo(exchange: Exchange) -> None:
    """What reached us, as the text of a completion: the head with its line ends, then the body."""
    await exchange.answer(completion(exchange.request.raw.decode("latin-1")))


async def _tag(exchange: Exchange) -> None:
    """The request's `user` after a moment, as text or in pieces: to see whether answers meet the right caller."""
    tag = str(json.loads(exchange.request.body).get("user"))
    if not exchange.request.streamed:
        await asyncio.sleep(0.002)
        await exchange.answer(completion(tag))
        return
    await exchange.begin_stream()
    for _ in range(3):
        await exchange.event(delta(tag))
        await asyncio.sleep(0.001)
    await exchange.end_stream()


def _raw(data: bytes, *, reset: bool = False) -> Fault:
    async def fault(exchange: Exchange) -> None:
        await exchange.send(data)
        if reset:
            await asyncio.sleep(0.01)
            exchange.reset()
        exchange.close()

    return fault


def _status(status: str, body: bytes = b"{}", kind: str = "application/json", **headers: str) -> Fault:
    async def fault(exchange: Exchange) -> None:
        await exchange.answer(body, status=status, kind=kind, **headers)

    return fault


def _error(status: int, message: str, param: str | None = None) -> Fault:
    """vLLM's shape A."""
    body = {"error": {"message": message, "type": "BadRequestError", "param": param, "code": status}}
    return _status(f"{status} Error", json.dumps(body).encode())


def _redirect(status: str) -> Fault:
    """A redirect to the address that the test gave as `text`."""

    async def fault(exchange: Exchange) -> None:
        await exchange.answer(b"{}", status=status, location=exchange.text)

    return fault


async def _reset_before_head(exchange: Exchange) -> None:
    exchange.reset()


async def _close_before_head(exchange: Exchange) -> None:
    exchange.close()


async def _stall(exchange: Exchange) -> None:
    await exchange.hang()


def _mid_stream(events: int, end: Callable[[Exchange], Awaitable[None]]) -> Fault:
    async def fault(exchange: Exchange) -> None:
        await exchange.begin_stream()
        for number in range(events):
            await exchange.event(delta(f"piece{number} "))
        await asyncio.sleep(0.02)
        await end(exchange)

    return fault


async def _end_with_reset(exchange: Exchange) -> None:
    exchange.reset()


async def _end_with_close(exchange: Exchange) -> None:
    exchange.close()


async def _end_without_done(exchange: Exchange) -> None:
    await exchange.send(b"0\r\n\r\n")


async def _end_with_garbage(exchange: Exchange) -> None:
    await exchange.send(b"zz\r\nnot a chunk\r\n")
    exchange.close()


async def _end_with_error_event(exchange: Exchange) -> None:
    await exchange.event(b'{"error": {"message": "Internal server error", "type": "InternalServerError", "code": 500}}')
    await exchange.end_stream()


async def _drip_head(exchange: Exchange) -> None:
    for byte in head("200 OK", {"content-type": "application/json", "content-length": "2"}) + b"{}":
        await exchange.send(bytes([byte]))
        await asyncio.sleep(0.05)


async def _drip(exchange: Exchange) -> None:
    if exchange.request.streamed:
        await exchange.begin_stream()
        while True:
            await exchange.event(delta("x"))
            await asyncio.sleep(0.05)
    await exchange.send(head("200 OK", {"content-type": "application/json", "content-length": "100000"}))
    while True:
        await exchange.send(b" ")
        await asyncio.sleep(0.05)


async def _endless(exchange: Exchange) -> None:
    if exchange.request.streamed:
        await exchange.begin_stream()
        while True:
            await exchange.event(delta("again " * 500))
    await exchange.send(head("200 OK", {"content-type": "application/json", "transfer-encoding": "chunked"}))
    while True:
        await exchange.send(chunk(b" " * 65536))


async def _empty_events(exchange: Exchange) -> None:
    await exchange.begin_stream()
    while True:
        await exchange.send(chunk(b"data: {}\n\n" * 1000))


async def _giant_line(exchange: Exchange) -> None:
    await exchange.begin_stream()
    await exchange.send(chunk(b"data: "))
    while True:
        await exchange.send(chunk(b"x" * 65536))


async def _interim(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
    await _static(exchange)


async def _interim_endless(exchange: Exchange) -> None:
    while True:
        await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.005)


async def _stray_after(exchange: Exchange) -> None:
    """A proper answer, and then another that nobody asked for, on the same connection."""
    await exchange.answer(completion("mine"))
    await asyncio.sleep(0.02)
    await exchange.answer(completion("not yours"))


async def _close_after(exchange: Exchange) -> None:
    """A proper answer that promises to keep the connection, which closes at once."""
    await exchange.answer(completion(exchange.text))
    exchange.close()


async def _hold(exchange: Exchange) -> None:
    """Answer when the test sets `released`."""
    await exchange.released.wait()
    await _static(exchange)


async def _pause_mid_stream(exchange: Exchange) -> None:
    """A stream that waits for `released` after its first event."""
    await exchange.begin_stream()
    await exchange.event(delta("first "))
    await exchange.released.wait()
    await exchange.event(delta("last", "stop"))
    await exchange.end_stream()


_JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_ECHOING = (
    "1 validation errors:\n  {'type': 'int_parsing', 'loc': 'body.max_tokens', 'msg': 'Input should be a valid "
    "integer', 'input': 'my password is hunter2'}"
)
_TOO_LONG = (
    "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input tokens, "
    "my password is hunter2"
)

FAULTS: dict[str, Fault] = {
    "static": _static,
    "letters": _letters,
    "verbatim": _verbatim,
    "echo": _echo,
    "tag": _tag,
    "hold": _hold,
    "pause-mid-stream": _pause_mid_stream,
    # connections
    "reset-before-head": _reset_before_head,
    "close-before-head": _close_before_head,
    "reset-mid-head": _raw(b"HTTP/1.1 200 OK\r\ncontent-ty", reset=True),
    "reset-mid-body": _raw(_JSON_HEAD + b'content-length: 100\r\n\r\n{"id"', reset=True),
    "reset-mid-3": _mid_stream(3, _end_with_reset),
    "close-mid-3": _mid_stream(3, _end_with_close),
    "close-no-done": _mid_stream(3, _end_without_done),
    "close-after": _close_after,
    "stray-after": _stray_after,
    # time
    "stall": _stall,
    "stall-mid-3": _mid_stream(3, _stall),
    "drip": _drip,
    "drip-head": _drip_head,
    # framing
    "garbage": _raw(b"\x16\x03\x01 this is not HTTP\r\n\r\n"),
    "short-length": _raw(_JSON_HEAD + b'content-length: 100\r\n\r\n{"id": 1}'),
    "long-body": _raw(_JSON_HEAD + b'content-length: 2\r\n\r\n{}{"more": 1}'),
    "two-lengths": _raw(_JSON_HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}}"),
    "length-and-chunked": _raw(
        _JSON_HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "te-gzip": _raw(_JSON_HEAD + b"transfer-encoding: gzip\r\n\r\n{}"),
    "chunk-garbage": _mid_stream(1, _end_with_garbage),
    "many-headers": _raw(
        _JSON_HEAD + b"".join(b"x-%d: y\r\n" % n for n in range(1000)) + b"content-length: 2\r\n\r\n{}"
    ),
    "giant-header": _raw(_JSON_HEAD + b"x: " + b"y" * 1_048_576 + b"\r\ncontent-length: 2\r\n\r\n{}"),
    "header-injection": _status("200 OK", completion("hi"), set_cookie="session=1; Path=/"),
    # content
    "html200": _status("200 OK", b"<html>busy</html>", "text/html"),
    "no-type": _raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    "truncated-json": _status("200 OK", completion("hello")[:-7]),
    "two-json": _status("200 OK", completion("one") + completion("two")),
    "trailing-garbage": _status("200 OK", completion("one") + b"]]"),
    "bad-utf8": _status("200 OK", b'{"id": "\xff\xfe"}'),
    "gzip": _status("200 OK", b"\x1f\x8b\x08not really", content_encoding="gzip"),
    "sse-for-json": _mid_stream(3, _end_without_done),
    "json-for-sse": _status("200 OK", completion("hello")),
    "garbage-sse": _status("200 OK", b"data: {not json}\n\ndata: [DONE]\n\n", "text/event-stream"),
    "error-event": _mid_stream(1, _end_with_error_event),
    # size
    "endless": _endless,
    "empty-events": _empty_events,
    "giant-line": _giant_line,
    # statuses
    "interim": _interim,
    "interim-endless": _interim_endless,
    "status-101": _raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n"),
    "status-204": _raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "status-206": _status("206 Partial Content"),
    "status-304": _raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "redirect-301": _redirect("301 Moved Permanently"),
    "redirect-302": _redirect("302 Found"),
    "redirect-307": _redirect("307 Temporary Redirect"),
    "redirect-308": _redirect("308 Permanent Redirect"),
    "status-400": _error(400, _ECHOING),
    "status-400-context": _error(400, _TOO_LONG, "input_tokens"),
    "status-400-param": _error(400, "my password is hunter2", "hunter2"),
    "status-401": _status("401 Unauthorized", b'{"error":"Unauthorized"}'),
    "status-403": _status("403 Forbidden"),
    "status-404": _error(404, "The model `hunter2` does not exist. Valid aliases: tiny-chat.", "model"),
    "status-404-route": _status("404 Not Found", b'{"detail":"Not Found"}'),
    "status-418": _status("418 Teapot"),
    "status-422": _error(422, "my password is hunter2"),
    "status-429": _status("429 Too Many Requests"),
    "status-429-retry-after": _status("429 Too Many Requests", retry_after="7"),
    "status-500": _error(500, "EngineCore encountered an issue. hunter2"),
    "status-502": _status("502 Bad Gateway", b"<html>", "text/html"),
    "status-503": _status("503 Service Unavailable"),
    "status-503-retry-after": _status("503 Service Unavailable", retry_after="9"),
    "status-504": _status("504 Gateway Timeout"),
    "status-500-endless": _raw(b"HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\nshort"),
}
