"""The connector that opens every socket to an upstream: the one place where the address policy stands.

A check in a route or a middleware is bypassed by the next route. Here the resolved addresses are judged before the
first socket exists, and the address is judged again in the call that creates its socket, which is the last moment
and covers literal addresses too. Every new connection resolves anew, so a name that changes its mind is caught.
"""

import asyncio
import functools
import select
import socket
from collections.abc import Callable

from aiohttp import ClientPayloadError, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.resolver import ThreadedResolver
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream.addresses import why_denied


class GuardedResolver(AbstractResolver):
    """Resolves through another resolver and refuses a name of which any address is denied."""

    def __init__(self, inner: AbstractResolver, *, private: bool) -> None:
        self._inner = inner
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`. Raises GatewayError `upstream_address_denied`, or OSError as resolvers do."""
        results = await self._inner.resolve(host, port, family)
        for result in results:
            ensure_allowed(result["host"], private=self._private)
        return results

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


class Target(ClientRequest):
    """Where connections lead. What aiohttp works out anew whenever it looks into its pool is worked out once."""

    @functools.cached_property
    def connection_key(self) -> ConnectionKey:
        """The key of its connections in the pool."""
        return super().connection_key


class PooledHandler(ResponseHandler):
    """A connection that knows how many answers it has carried and whether this exchange has heard anything yet.

    It also tells the reader of a body about malformed chunks and resets. aiohttp 3.14 tells the connection only: the
    reader would wait for its timeout, or take a reset for the end of a body that has no stated length.
    """

    served = 0
    heard = False
    reset = False
    body: StreamReader | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        super().connection_made(transport)
        self._poller = select.poll()
        self._poller.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    @property
    def quiet(self) -> bool:
        """Whether it is open and has nothing to say: not in the parser, not in the kernel (one system call)."""
        return self.transport is not None and not self.should_close and not self._poller.poll(0)

    def data_received(self, data: bytes) -> None:
        """Bytes from the upstream."""
        self.heard = True
        super().data_received(data)
        error = self.exception()
        if error is not None:
            self._break_body(error)

    def eof_received(self) -> None:
        """The other side ended. A pending error says that it also reset what we wrote after it had ended."""
        if self.transport is not None and not self.heard:
            self.reset = self.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection ended, with an error unless the other side closed it."""
        if exc is not None:
            self.reset = True
            self._break_body(ClientPayloadError("the connection was reset"))
        super().connection_lost(exc)

    def _break_body(self, error: BaseException) -> None:
        if self.body is not None and not self.body.is_eof():
            self.body.set_exception(error)


class GuardedConnector(TCPConnector):
    """A pool of connections to one upstream, which are checked when they are opened and again when they are reused.

    Create it inside the running loop. `private`: whether the operator listed the origin.
    """

    def __init__(self, limits: UpstreamLimits, *, private: bool, resolver: AbstractResolver | None = None) -> None:
        self._private = private
        self._pool_timeout = limits.pool_timeout
        self._patience = ClientTimeout(
            connect=limits.pool_timeout + limits.connect_timeout, sock_connect=limits.connect_timeout
        )
        super().__init__(
            resolver=GuardedResolver(resolver or ThreadedResolver(), private=private),
            use_dns_cache=False,
            keepalive_timeout=limits.keepalive_timeout,
            limit=limits.max_connections,
            socket_factory=self._open_socket,
        )
        handler: Callable[..., ResponseHandler] = PooledHandler
        self._factory = functools.partial(handler, loop=self._loop)

    async def lease(self, target: Target, *, new: bool = False) -> Connection:
        """A connection to the target, pooled unless it must be `new`. Raises GatewayError, OSError, ClientError.

        A pooled connection on which anything waits to be read, an end or stray bytes, is thrown away: nothing has
        been written to it yet, so taking the next one repeats nothing.
        """
        while True:
            connection = await self.connect(target, [], self._patience)
            protocol = connection.protocol
            if not isinstance(protocol, PooledHandler) or not protocol.served:
                return connection
            if not new and protocol.quiet:
                return connection
            connection.close()

    def give_back(self, connection: Connection) -> None:
        """Return a connection whose answer was read to its end; a request still being written closes it."""
        protocol = connection.protocol
        if isinstance(protocol, PooledHandler) and protocol.transport is not None:
            if protocol.transport.get_write_buffer_size():
                protocol.force_close()
            protocol.served += 1
            protocol.body = None
        connection.release()

    @property
    def in_use(self) -> int:
        """Connections that carry an exchange now, those being opened included."""
        return len(self._acquired)

    @property
    def idle(self) -> int:
        """Connections kept for the next exchange."""
        return sum(len(pool) for pool in self._conns.values())

    async def _wait_for_available_connection(self, key: ConnectionKey, traces: list[Trace]) -> None:
        try:
            async with asyncio.timeout(self._pool_timeout):
                await super()._wait_for_available_connection(key, traces)
        except TimeoutError:
            raise GatewayError(
                "overloaded",
                "All connections to the model server are in use. Try again in a moment, or raise the gateway's limit "
                "of upstream connections.",
            ) from None

    def _open_socket(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        ensure_allowed(str(address[0]), private=self._private)
        return socket.socket(family, kind, protocol)


def ensure_allowed(address: str, *, private: bool) -> None:
    """Raises GatewayError `upstream_address_denied`. The message does not name the address: it may be internal."""
    reason = why_denied(address, private=private)
    if reason is not None:
        raise GatewayError(
            "upstream_address_denied",
            f"The upstream's name leads to {reason}, where this gateway does not connect. Check the name's "
            "DNS records. Private addresses are for upstreams in VLLM_BASE_URL or PROMPTGUARD_VLLM_UPSTREAMS; metadata "
            "services for none.",
            should_retry=False,
        )
