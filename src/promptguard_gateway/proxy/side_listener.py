"""Serves a handler of plain values (`domain.listener`) with the server of the data plane, on an address of its own.

So whatever listens beside the data plane has the same strict parser, deadlines and caps, and no way into the exchanges.
"""

from collections.abc import Mapping
from contextlib import aclosing
from functools import partial

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.listener import Handler, Incoming, Outgoing
from promptguard_gateway.domain.settings import HttpLimits
from promptguard_gateway.proxy.http_reply import EventStream, Reply, error_reply, start_stream
from promptguard_gateway.proxy.http_request import Request, read_body
from promptguard_gateway.proxy.http_server import RunningServer, serve

_LIMITS = HttpLimits(max_connections=256, max_connections_per_address=64, max_body_bytes=1024 * 1024, drain_timeout=1.0)


async def serve_beside(handler: Handler, host: str, port: int, *, error_headers: Mapping[str, str]) -> RunningServer:
    """Listen. `error_headers` go with the errors that the handler never sees. Raises OSError."""

    async def handle(request: Request) -> Reply | EventStream:
        answer = await handler(
            Incoming(
                method=request.method,
                path=request.path,
                query=request.query,
                headers=request.headers,
                peer=request.peer,
                read=partial(read_body, request, _LIMITS.max_body_bytes),
            )
        )
        if isinstance(answer, Outgoing):
            return Reply(answer.status, answer.body, answer.headers, answer.content_type, close=False)
        stream = start_stream(request, answer.headers)
        async with aclosing(answer.pieces) as pieces:
            async for piece in pieces:
                await stream.write(piece)
        await stream.finish()
        return stream

    def render(error: GatewayError) -> Reply:
        reply = error_reply(error)
        reply.headers = {**(reply.headers or {}), **error_headers}
        return reply

    return await serve(handle, _LIMITS, host, port, render=render)
