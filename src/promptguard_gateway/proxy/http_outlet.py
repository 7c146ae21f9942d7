"""The outgoing side of a client connection: answers, back-pressure, a client that stops reading, and the ways to end.

Whatever is written is counted, so that the server's sweep can tell a slow client (it accepts something) from one that
accepts nothing for `write_timeout` and holds an upstream open meanwhile.
"""

import asyncio
import math
import select
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, cast

from aiohttp.base_protocol import BaseProtocol

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import HttpLimits
from promptguard_gateway.proxy.http_reply import EventStream, Reply, encode_head, encode_reply
from promptguard_gateway.proxy.http_request import ClientGone, Request

Handler = Callable[[Request], Awaitable[Reply | EventStream]]
ErrorReply = Callable[[GatewayError], Reply]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CHUNKED = "Transfer-Encoding: chunked\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP) | select.POLLHUP | select.POLLERR


class Home(Protocol):
    """What a connection needs of its server."""

    limits: HttpLimits
    handler: Handler
    error_reply: ErrorReply
    allowed_hosts: frozenset[str]
    date: str
    draining: bool
    loop: asyncio.AbstractEventLoop
    tasks: set[asyncio.Task[None]]

    def admit(self, connection: "Outlet") -> bool:
        """Count a new connection; False when there are too many."""

    def forget(self, connection: "Outlet") -> None:
        """A connection is closed."""

    def refused(self, error: GatewayError) -> None:
        """An error that no handler saw."""


class Outlet(BaseProtocol):
    """A connection as its answers see it. `departed` says why the client is gone; None while it is there.

    `client_left`, `client_stalled` (accepted nothing for too long), `cut` (we aborted a stream), `refused` (too many
    connections), `shutdown`.
    """

    __slots__ = (
        "_accepted",
        "_begun",
        "_chunked",
        "_closing",
        "_home",
        "_socket",
        "_stalled_since",
        "_streaming",
        "_written",
        "deadline",
        "departed",
        "peer",
    )

    def __init__(self, home: Home) -> None:
        super().__init__(home.loop)
        self._home = home
        self._socket: asyncio.Transport
        self._written = 0  # bytes, since the beginning
        self._accepted = 0  # of them, by the system
        self._stalled_since = 0.0
        self._streaming = False  # a stream has begun and not ended
        self._begun = False  # and cannot be replaced by another answer any more
        self._chunked = True
        self._closing = False  # the answer under way is the last one
        self.deadline = math.inf
        self.departed: str | None = None
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the socket and who is at its other end."""
        super().connection_made(transport)
        self._socket = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""

    @property
    def departure(self) -> str | None:
        """Why the client is gone; None while it is there."""
        return self.departed

    def write(self, data: bytes) -> None:
        """Queue bytes for the client. Raises `ClientGone`."""
        if self.departed is not None or self._socket.is_closing():
            raise ClientGone("the client left")
        self._written += len(data)
        self._socket.write(data)

    async def drained(self) -> None:
        """Wait while more than the transport's high-water mark is queued. Raises `ClientGone`."""
        if self._paused and self.transport is not None:
            await self._drain_helper()
        if self.departed is not None:
            raise ClientGone("the client left")

    def send_continue(self) -> None:
        """Tell a waiting client to send its body."""
        self.write(_CONTINUE)

    def send_reply(self, reply: Reply, close: bool, head_only: bool = False) -> None:
        """Queue a complete answer."""
        self.write(encode_reply(reply, self._home.date, close, head_only))

    def begin_stream(self, status: int, headers: Mapping[str, str], content_type: str) -> bool:
        """Send the head of a stream. To HTTP/1.0 it goes without chunks, to the end of the connection."""
        self._streaming = self._begun = True
        self._closing = self._closing or self._home.draining
        framing = _CHUNKED if self._chunked else ""
        self.write(encode_head(status, self._home.date, content_type, framing, headers, self._closing))
        return self._chunked

    def end_stream(self) -> None:
        """The stream is complete."""
        self._streaming = False

    def cut(self) -> None:
        """End without an end, so that the client sees an error: a missing last chunk, or a reset for HTTP/1.0.

        What was written before still reaches a client with chunks, so an error frame is not lost.
        """
        self._streaming = False
        if not self._chunked:
            handle = self._socket.get_extra_info("socket")
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.depart("cut")
        elif self.departed is None:
            self.departed = "cut"
            self._socket.close()

    def depart(self, why: str) -> None:
        """The connection is of no more use to anybody."""
        self.departed = self.departed or why
        self._socket.abort()

    def sweep(self, now: float) -> None:
        """Called several times a second with the loop's time."""
        self.watch_writing(now)

    def shut(self) -> None:
        """The server ends."""
        self._socket.close()

    def watch_writing(self, now: float) -> None:
        """Give up on a client that has accepted no byte of what is queued for `write_timeout`."""
        queued = self._socket.get_write_buffer_size()
        if not queued:
            self._stalled_since = 0.0
            return
        accepted = self._written - queued
        if accepted != self._accepted or not self._stalled_since:
            self._accepted, self._stalled_since = accepted, now
        elif now - self._stalled_since > self._home.limits.write_timeout:
            self.depart("client_stalled")

    def hung_up(self) -> bool:
        """Whether the other end has closed, asked of the system while we do not read."""
        poll = select.poll()
        poll.register(self._socket.get_extra_info("socket").fileno(), _HUNG_UP)
        return bool(poll.poll(0))
