"""One exchange with an upstream on one connection: the request's bytes out, the answer's head and body in.

It stands on aiohttp's connection and parser directly, without `ClientSession`: that costs a third of the CPU, and it
gives what a gateway needs and the session does not: to know whether a connection was used before, one timer for all
phases, and an abort that certainly never returns the connection to the pool.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

from aiohttp import ClientConnectionError, ClientError
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import EofStream, StreamReader

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream import faults
from promptguard_gateway.upstream.connector import PooledHandler

FAULTS = (ClientError, HttpProcessingError, EofStream, OSError)

_READ_BUFFER = 64 * 1024
_MAX_HEADERS = 64
_MAX_HEADER_FIELD = 8 * 1024
_MAX_INTERIM = 8  # 1xx answers before the answer
_KEPT = ("content-type", "retry-after", "content-encoding")
_MAX_ERROR_BODY = 64 * 1024


class Deadline:
    """One timer for an exchange. Moving it later costs an assignment; it re-arms itself when it fires early."""

    def __init__(self, loop: asyncio.AbstractEventLoop, total: float, expire: Callable[[], None]) -> None:
        self._loop = loop
        self._end = self._due = loop.time() + total
        self._expire = expire
        self._handle: asyncio.TimerHandle | None = None
        self._armed = math.inf

    def wait(self, seconds: float) -> None:
        """Expire in so many seconds from now, or at the end of the total time if that comes first."""
        self._due = min(self._loop.time() + seconds, self._end)
        if self._due < self._armed:
            self._arm()

    @property
    def at_end(self) -> bool:
        """Whether the total time is what expires next."""
        return self._due >= self._end

    def pause(self) -> None:
        """Nothing is awaited from the upstream: only the total time runs."""
        self._due = self._end

    def stop(self) -> None:
        """Never expire."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._armed = -math.inf

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed = self._due
        self._handle = self._loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        self._handle = None
        if self._loop.time() < self._due:
            self._arm()
        else:
            self._armed = -math.inf
            self._expire()


class HttpAnswer:
    """An `UpstreamAnswer` from a socket. Reading to the end or `abort()` must follow `start()`."""

    def __init__(
        self,
        connection: Connection,
        give_back: Callable[[Connection], None],
        limits: UpstreamLimits,
    ) -> None:
        self._connection: Connection | None = connection
        self._give_back = give_back
        self._limits = limits
        self._payload: StreamReader | None = None
        self._status = 0
        self._headers: Mapping[str, str] = {}
        protocol = connection.protocol
        self._handler = protocol if isinstance(protocol, PooledHandler) else None
        self._phase = ("first_byte", limits.first_byte_timeout)
        self._deadline = Deadline(asyncio.get_running_loop(), limits.total_timeout, self._expire)

    @property
    def status(self) -> int:
        """The status of the answer; 0 before `start()`."""
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        """`content-type`, `retry-after` and `content-encoding`, where the upstream sent them."""
        return self._headers

    @property
    def unheard(self) -> bool:
        """Whether the connection had carried an answer before and not one byte has come for this exchange."""
        return self._handler is not None and self._handler.served > 0 and not self._handler.heard

    @property
    def reset(self) -> bool:
        """Whether the upstream reset the connection, rather than ending it."""
        return self._handler is not None and self._handler.reset

    async def start(self, request: bytes) -> None:
        """Write the request and wait for the head of the answer. Raises one of FAULTS or GatewayError."""
        protocol = self._handler
        if protocol is None or protocol.transport is None:
            self.abort()
            raise ClientConnectionError("the connection was closed before it was used")
        try:
            protocol.heard = False
            protocol.set_response_params(
                read_until_eof=True,
                auto_decompress=False,
                read_bufsize=_READ_BUFFER,
                max_line_size=_MAX_HEADER_FIELD,
                max_field_size=_MAX_HEADER_FIELD,
                max_headers=_MAX_HEADERS,
            )
            protocol.transport.write(request)
            self._deadline.wait(self._limits.first_byte_timeout)
            self._begin(*await self._final_head(protocol))
        except BaseException:
            self.abort()
            raise

    async def _final_head(self, protocol: PooledHandler) -> tuple[RawResponseMessage, StreamReader]:
        for _ in range(_MAX_INTERIM):
            message, payload = await protocol.read()
            if message.code >= 200:
                return message, payload
            if message.code == 101:
                break
        raise faults.unexpected("sent interim answers only", "interim")

    async def read(self) -> bytes:
        """The whole body. Raises GatewayError; afterwards the connection is in the pool again."""
        pieces = [piece async for piece in self._pieces(self._limits.max_body_bytes, "upstream_too_large")]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises GatewayError; a consumer that stops early closes the connection."""
        return self._pieces(self._limits.max_stream_bytes, "stream_limit")

    async def read_error(self) -> bytes:
        """The body of a refusal; empty if it is long or broken."""
        pieces: list[bytes] = []
        with suppress(GatewayError):
            pieces.extend([piece async for piece in self._pieces(_MAX_ERROR_BODY, "upstream_too_large")])
        return b"".join(pieces)

    def abort(self) -> None:
        """Close the connection now; whoever waits for it is woken. Safe at any time, any number of times."""
        self._close(ClientConnectionError("the exchange was aborted"))

    async def _pieces(self, limit: int, over_limit: str) -> AsyncIterator[bytes]:
        payload, size, idle = self._payload, 0, self._limits.idle_timeout
        assert payload is not None
        try:
            while True:
                self._phase = ("idle", idle)
                self._deadline.wait(idle)
                piece = await payload.readany()
                if not piece:
                    break
                size += len(piece)
                if size > limit:
                    raise faults.too_large(over_limit, limit)
                self._deadline.pause()
                yield piece
        except FAULTS as error:
            raise faults.broken(error) from None
        finally:
            self.abort()

    def _begin(self, message: RawResponseMessage, payload: StreamReader) -> None:
        headers = message.headers
        self._status = message.code
        self._headers = {name: headers[name] for name in _KEPT if name in headers}
        coding = headers.get("transfer-encoding")
        if coding is not None and coding.strip().lower() != "chunked":
            raise faults.unexpected("used a transfer encoding that was not asked for", "encoding")
        self._payload = payload
        if self._handler is not None:
            self._handler.body = payload
        self._deadline.pause()
        payload.on_eof(self._finish)

    def _finish(self) -> None:
        self._deadline.stop()
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(connection)

    def _expire(self) -> None:
        phase = ("total", self._limits.total_timeout) if self._deadline.at_end else self._phase
        self._close(faults.timed_out(*phase))

    def _close(self, error: Exception) -> None:
        self._deadline.stop()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        protocol = connection.protocol
        if self._payload is not None:
            self._payload.set_exception(error)
        if protocol is not None:
            if self._payload is None:
                protocol.set_exception(error)
            protocol.abort()
        connection.close()
