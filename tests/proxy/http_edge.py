"""A server with a handful of routes for the tests of the HTTP edge, and what its handlers saw."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import pytest
import uvloop

from promptguard_gateway.domain.settings import HttpLimits
from promptguard_gateway.proxy.http_reply import EventStream, Reply, json_response, start_stream
from promptguard_gateway.proxy.http_request import Request, check_json_head, read_body
from promptguard_gateway.proxy.http_server import RunningServer, serve

QUICK = HttpLimits(
    first_byte_timeout=0.3,
    header_timeout=0.3,
    body_timeout=0.3,
    keepalive_timeout=0.3,
    write_timeout=0.4,
    drain_timeout=2.0,
)
CALM = HttpLimits()


@dataclass
class Edge:
    """A running server and a diary: which paths were handled, who was cancelled and why."""

    server: RunningServer | None = None
    handled: list[str] = field(default_factory=list)
    cancelled: list[str | None] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    largest_piece: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.port

    async def handle(self, request: Request) -> Reply | EventStream:
        """Dispatch on the raw path, as the gateway does."""
        self.handled.append(request.path)
        route: Callable[[Request], object] | None = getattr(self, "on_" + request.path[1:], None)
        if route is None:
            return json_response(404, b'{"error":{"code":"not_found"}}')
        try:
            return await route(request)  # type: ignore[misc]
        except asyncio.CancelledError:
            self.cancelled.append(request.departure)
            raise

    async def on_echo(self, request: Request) -> Reply:
        """The body, back."""
        check_json_head(request, 1024 * 1024)
        body = await read_body(request, 1024 * 1024)
        self.bodies.append(len(body))
        return json_response(200, body)

    async def on_seen(self, request: Request) -> Reply:
        """What the application sees of the request."""
        seen = {"method": request.method, "path": request.path, "query": request.query, "headers": request.headers}
        return json_response(200, msgspec.json.encode(seen))

    async def on_big(self, request: Request) -> Reply:
        """An answer that fits into no socket's buffer."""
        return json_response(200, b"x" * 8_000_000)

    async def on_wait(self, request: Request) -> Reply:
        """An upstream that thinks until the test releases it."""
        await self.release.wait()
        return json_response(200, b'{"waited":true}')

    async def on_fail(self, request: Request) -> Reply:
        """A bug whose message quotes the request."""
        raise ValueError(request.query)

    async def on_refuse(self, request: Request) -> Reply:
        """An answer before the body was read."""
        return json_response(401, b'{"error":{"code":"missing_api_key"}}')

    async def on_events(self, request: Request) -> EventStream:
        """Three events, the last when released."""
        stream = start_stream(request, {"X-Request-Id": "evt_1"})
        await stream.write(b"data: 1\n\n")
        await stream.write(b"data: 2\n\n")
        await self.release.wait()
        await stream.write(b"data: 3\n\n")
        await stream.finish()
        return stream

    async def on_late(self, request: Request) -> EventStream:
        """A stream that was finished before a bug struck."""
        stream = start_stream(request)
        await stream.write(b"data: 1\n\n")
        await stream.finish()
        raise KeyError(request.query)

    async def on_farewell(self, request: Request) -> EventStream:
        """Events that end with an error frame when the server ends; finished only if the query says so."""
        stream = start_stream(request)
        await stream.write(b"data: 1\n\n")
        try:
            await self.release.wait()
        finally:
            await stream.write(b"data: bye\n\n")
            if request.query == "finish":
                await stream.finish()
        return stream

    async def on_flood(self, request: Request) -> EventStream:
        """Events without end."""
        stream = start_stream(request)
        while True:
            await stream.write(b"data: " + b"x" * 16_000 + b"\n\n")

    async def on_break(self, request: Request) -> EventStream:
        """A stream whose upstream dies."""
        stream = start_stream(request)
        await stream.write(b"data: 1\n\n")
        stream.abort()
        return stream

    async def on_unfinished(self, request: Request) -> EventStream:
        """A stream that a bug leaves open."""
        stream = start_stream(request)
        await stream.write(b"data: 1\n\n")
        raise KeyError(request.query)


@asynccontextmanager
async def running(limits: HttpLimits = CALM, allowed_hosts: frozenset[str] = frozenset()) -> AsyncIterator[Edge]:
    """The server on a free port of loopback, closed at the end."""
    edge = Edge()
    edge.server = await serve(edge.handle, limits, "127.0.0.1", 0, allowed_hosts=allowed_hosts)
    try:
        yield edge
    finally:
        await edge.server.close(grace=0.5)


async def eventually(holds: Callable[[], bool], seconds: float = 2.0) -> float:
    """Seconds until it holds; fails when it never does."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not holds():
        assert loop.time() - began < seconds, "it never held"
        await asyncio.sleep(0.01)
    return loop.time() - began


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def on_both_loops(test: Callable[..., Coroutine[object, object, None]]) -> Callable[..., None]:
    """Run an asynchronous test on asyncio's own loop and on uvloop, whose transports differ at every edge."""

    @functools.wraps(test)
    def run(loop: str, **fixtures: object) -> None:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(test(**fixtures))

    signature = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = signature.replace(parameters=[loop, *signature.parameters.values()])  # type: ignore[attr-defined]
    return pytest.mark.parametrize("loop", list(LOOPS))(run)
