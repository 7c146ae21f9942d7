"""One client connection: bytes in, requests one at a time to the handler, and a deadline for everything.

aiohttp gives the parser, the body reader and flow control. Its own `RequestHandler` has no deadline for a header, a
body or a client that does not read, and its requests and answers cost more than our exchange may, so this protocol
stands in its place. A connection is in one phase at a time:

    FIRST   accepted, nothing received yet     first_byte_timeout    closed
    HEAD    a header is arriving               header_timeout        408, closed
    BODY    a body is arriving                 body_timeout + size   408 through the handler's `read_body`, closed
    BUSY    the handler works                  (its own deadlines)
    IDLE    between two requests               keepalive_timeout     closed
    LINGER  answered, not readable any more    2 s                   dropped

Deadlines are checked by the server's sweep, several times a second, so that a request costs no timer.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterable

from aiohttp import StreamReader
from aiohttp.http import HttpRequestParser, HttpVersion11, RawRequestMessage

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.failures import internal_error, report
from promptguard_gateway.proxy.http_outlet import Home, Outlet
from promptguard_gateway.proxy.http_reply import EventStream, Reply
from promptguard_gateway.proxy.http_request import ClientGone, Request, header_size, open_request, parser_failure

FIRST, HEAD, BODY, BUSY, IDLE, LINGER = range(6)

MAX_REQUESTS = 1000  # on one connection
_MAX_QUEUE = 32  # pipelined requests that wait, parsed, behind the one in flight
_READ_LIMIT = 64 * 1024  # bytes of a body kept for a handler that does not read; reading stops at twice that
_BODY_RATE = 64 * 1024  # bytes of a body that buy one more second
_FRAMING_SLACK = 64 * 1024  # bytes of chunk framing allowed on top of the body's own size
_LINGER_SECONDS = 2.0  # for a client to read the answer to a request that we did not read to its end


class Connection(Outlet):
    """See the module's text. Created by the server's factory, one for each accepted socket."""

    __slots__ = (
        "_body_since",
        "_broken",
        "_head_bytes",
        "_partial",
        "_payload",
        "_queue",
        "_requests",
        "_wire_bytes",
        "phase",
        "task",
    )

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        limits = home.limits
        self._parser = HttpRequestParser(
            self,
            home.loop,
            _READ_LIMIT,
            max_line_size=limits.max_header_line,
            max_field_size=limits.max_header_line,
            max_headers=limits.max_headers,
            auto_decompress=False,
            max_msg_queue_size=_MAX_QUEUE,
        )
        self._queue: deque[tuple[RawRequestMessage, StreamReader] | GatewayError] = deque()
        self._payload: StreamReader | None = None  # the body that is arriving
        self._body_since = 0.0
        self._wire_bytes = 0  # of that body, with its framing
        self._head_bytes = 0  # of the head that is arriving
        self._partial = False  # some of it came while the handler worked
        self._broken = False  # what follows cannot be read any more
        self._requests = 0
        self.phase = FIRST
        self.task: asyncio.Task[None] | None = None

    # -- arriving ------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, or refuse it."""
        super().connection_made(transport)
        if self._home.admit(self):
            self._enter(FIRST, self._home.limits.first_byte_timeout)
        elif self.departed is None:
            self._turn_away()

    def _turn_away(self) -> None:
        error = GatewayError("too_many_connections", "There are too many connections. Try again soon.")
        self._home.refused(error)
        self.send_reply(self._home.error_reply(error), close=True)
        self._linger()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it cannot read becomes an error in the place of a request."""
        if self._broken or self._parser is None:
            return
        if self._payload is not None:
            self._wire_bytes += len(data)
        elif data:
            self._count_head(len(data))
        try:
            messages, _, _ = self._parser.feed_data(data)
        except Exception as failure:  # besides its own errors the parser lets through those of the libraries it uses
            self._refuse(parser_failure(failure))
            return
        if messages:
            self._take(messages, len(data))
        elif self._payload is not None:
            self._follow_body(self._payload)
        elif self._head_bytes > self._home.limits.max_header_bytes:
            self._refuse(_header_too_large())

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Called by the body reader after every piece; there is something to do only when reading had stopped."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self.phase == BUSY:
            self._partial = True
        elif self.phase != HEAD:
            self._enter(HEAD, self._home.limits.header_timeout)

    def _take(self, messages: Iterable[tuple[RawRequestMessage, StreamReader]], size: int) -> None:
        """Queue parsed requests. A head is measured exactly only when it could be over the limit."""
        limit = self._home.limits.max_header_bytes
        suspicious = self._head_bytes + size > limit
        self._head_bytes, self._partial, self._payload = 0, False, None
        self.phase, self.deadline = BUSY, math.inf
        for message, payload in messages:
            if suspicious and header_size(message.raw_headers) + len(message.path) > limit:
                self._refuse(_header_too_large())
                return
            self._queue.append((message, payload))
            if not payload.is_eof():
                self._expect_body(payload)
        if len(self._queue) >= _MAX_QUEUE and not self._buffer_paused:
            self._pause_reading_for_buffer()
        self._work()

    def _expect_body(self, payload: StreamReader) -> None:
        self._payload = payload
        self._wire_bytes = 0
        self._body_since = self._loop.time()
        self._enter(BODY, self._home.limits.body_timeout)

    def _follow_body(self, payload: StreamReader) -> None:
        """The body's end is noticed; its framing is held against its size, so that tiny chunks cost little."""
        if payload.is_eof():
            self._payload = None
            self.phase, self.deadline = BUSY, math.inf
        elif not self._reading_paused and self._wire_bytes > 2 * payload.total_bytes + _FRAMING_SLACK:
            self._refuse(GatewayError("bad_request", "The body comes in too many small chunks."))

    def _refuse(self, error: GatewayError) -> None:
        """What arrives cannot be read: tell whoever reads the body, or answer in turn; then the connection ends."""
        self._broken = True
        self.phase, self.deadline = BUSY, math.inf
        payload, self._payload = self._payload, None
        if payload is not None and not payload.is_eof():
            payload.set_exception(error)
        else:
            self._queue.append(error)
        self._work()

    def eof_received(self) -> None:
        """TCP cannot tell a client that only stops sending from one that left: both are gone."""
        if self.task is not None:
            self.depart("client_left")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Whoever works for this client is told to stop, unless it was the work itself that cut the connection."""
        self.departed = self.departed or "client_left"
        self.deadline = math.inf
        self._broken = True
        self._parser = None
        self._home.forget(self)
        if self._payload is not None:
            self._payload.set_exception(ClientGone("the client left"))
        if self.task is not None and self.departed != "cut":
            self.task.cancel("the client left")
        super().connection_lost(None)

    # -- working -------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        if self.task is None:
            self.task = task = self._loop.create_task(self._serve_queue())
            self._home.tasks.add(task)
            task.add_done_callback(self._home.tasks.discard)

    async def _serve_queue(self) -> None:
        """Answer what waits, one request after the other, then sleep or close."""
        going = False
        try:
            while self._queue:
                going = await self._serve(self._queue.popleft())
                if not going:
                    break
        except ClientGone:
            going = False
        finally:  # also when the gateway's own end cancels us
            self.task = None
            if self.departed is None:
                self._rest() if going else self._finish()

    async def _serve(self, arrived: tuple[RawRequestMessage, StreamReader] | GatewayError) -> bool:
        """One request. True when another may follow on this connection."""
        if isinstance(arrived, GatewayError):
            self._home.refused(arrived)
            self.send_reply(self._home.error_reply(arrived), close=True)
            return False
        message, payload = arrived
        self._release_slot()
        self._requests += 1
        self._begun = False
        self._chunked = message.version is HttpVersion11
        self._closing = not self._chunked or message.should_close or message.upgrade or self._requests >= MAX_REQUESTS
        answer = await self._answer(message, payload)
        if answer is None:
            return False
        if isinstance(answer, Reply):
            self._closing = self._closing or answer.close or not payload.is_eof() or self._home.draining
            self.send_reply(answer, self._closing, message.method == "HEAD")
        await self.drained()
        return not self._closing and payload.is_eof()

    async def _answer(self, message: RawRequestMessage, payload: StreamReader) -> Reply | EventStream | None:
        """The handler's answer or the error in its place; None when the connection can carry no answer any more."""
        try:
            request = self._open(message, payload)
        except GatewayError as error:
            self._home.refused(error)
            self._closing = True
            return self._home.error_reply(error)
        try:
            answer = await self._home.handler(request)
        except asyncio.CancelledError:
            self._interrupt()
            raise
        except ClientGone:
            return None
        except GatewayError as error:
            answer = self._home.error_reply(error)
        except Exception as failure:
            report("A request handler", failure)
            answer = self._home.error_reply(internal_error())
        if self._streaming or (self._begun and isinstance(answer, Reply)):  # begun and not finished, or failed behind
            self.cut()
            return None
        return answer

    def _open(self, message: RawRequestMessage, payload: StreamReader) -> Request:
        if self._home.draining:
            raise GatewayError("draining", "The gateway is shutting down.")
        return open_request(message, payload, self, self.peer, self._home.allowed_hosts)

    def _release_slot(self) -> None:
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._queue) <= _MAX_QUEUE // 2:
            self._buffer_paused = False
            self.data_received(b"")
            if not self._buffer_paused:
                self._resume_reading_for_buffer()

    def _interrupt(self) -> None:
        """The handler was cancelled. If the client is there, it was our own end that did it."""
        if self.departed is not None:
            return
        if self._streaming:
            self.cut()
        elif not self._begun:
            error = GatewayError("draining", "The gateway is shutting down.")
            self.send_reply(self._home.error_reply(error), close=True)

    # -- ending --------------------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Wait for the next request, a part of which may be there."""
        if self._partial:
            self._partial = False
            self._enter(HEAD, self._home.limits.header_timeout)
        else:
            self._enter(IDLE, self._home.limits.keepalive_timeout)

    def _finish(self) -> None:
        """No more requests. A client that may still be sending gets time to read its answer."""
        if self._broken or self._payload is not None or self._queue or self._partial:
            self._linger()
        elif not self._socket.is_closing():
            self._socket.close()

    def _linger(self) -> None:
        """Closing at once would make the system throw away an answer that the client has not read yet."""
        self._broken = True
        self._queue.clear()
        self._enter(LINGER, _LINGER_SECONDS)
        if not self._socket.is_closing():
            self._socket.write_eof()
            self._resume_transport_reading()

    def shut(self) -> None:
        """The server ends: cancel the handler, or close an idle connection."""
        if self.task is not None:
            self.task.cancel("the gateway is shutting down")
        elif not self._socket.is_closing():
            self._socket.close()

    # -- deadlines -----------------------------------------------------------------------------------------------------

    def _enter(self, phase: int, seconds: float) -> None:
        self.phase = phase
        self.deadline = self._loop.time() + seconds

    def sweep(self, now: float) -> None:
        """Called several times a second with the loop's time."""
        if now >= self.deadline:
            self._expire(now)
        self.watch_writing(now)
        if (self._reading_paused or self._buffer_paused) and self.task is not None and self.hung_up():
            self.depart("client_left")

    def _expire(self, now: float) -> None:
        if self.phase == HEAD:
            self._refuse(GatewayError("request_timeout", "The request's header took too long to arrive."))
        elif self.phase == BODY:
            self._expire_body(now)
        elif self.phase == LINGER and not self._socket.get_write_buffer_size():
            self._socket.abort()
        elif self.phase != LINGER:
            self._socket.close()

    def _expire_body(self, now: float) -> None:
        """What has arrived has bought time, and time in which we did not read does not count."""
        due = self._body_since + self._home.limits.body_timeout + self._wire_bytes / _BODY_RATE
        if due > now:
            self.deadline = due
        elif self._reading_paused or self._buffer_paused:
            self.deadline = now + 1.0
        else:
            self._refuse(GatewayError("request_timeout", "The request's body took too long to arrive."))


def _header_too_large() -> GatewayError:
    return GatewayError("headers_too_large", "The request's header is too large.")
