"""The listening side: accept, cap, sweep deadlines, drain, close.

`serve` gives a `RunningServer`. A handler is one async function from a checked `Request` to a `Reply` or to a finished
`EventStream`; it is cancelled when its client leaves (`request.departure` then says why) and when the server closes
(`departure` is None then). It may raise `GatewayError`; anything else it raises is a 500 without details.
"""

import asyncio
import socket
import time
from collections import Counter
from contextlib import suppress
from email.utils import formatdate

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import HttpLimits
from promptguard_gateway.proxy.http_connection import Connection
from promptguard_gateway.proxy.http_outlet import ErrorReply, Handler, Outlet
from promptguard_gateway.proxy.http_reply import error_reply

_BACKLOG = 1024
_SEND_BUFFER = 256 * 1024  # bytes the system may hold for one client; its own choice grows to several megabytes
_SPARE_REFUSALS = 128  # connections over the cap that still get an answer; the rest is dropped
_FLUSH_SECONDS = 0.5
_MAPPED = bytes(10) + b"\xff\xff"
_KEEPALIVE_SECONDS = 60  # of silence until the system asks whether the other machine still exists
_TICK = 0.5  # seconds between sweeps; less when a timeout is short


class RunningServer:
    """A listening server. `refusals` counts, by error code, what no handler saw."""

    def __init__(self, handler: Handler, limits: HttpLimits, allowed_hosts: frozenset[str], render: ErrorReply) -> None:
        self.handler = handler
        self.limits = limits
        self.allowed_hosts = allowed_hosts
        self.error_reply = render
        self.loop = asyncio.get_running_loop()
        self.date = ""
        self.draining = False
        self.port = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.refusals: Counter[str] = Counter()
        self._connections: set[Outlet] = set()
        self._empty = asyncio.Event()
        self._by_address: Counter[bytes] = Counter()
        self._admitted: dict[Outlet, bytes] = {}
        self._tick = _tick_of(limits)
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """Connections that are open and counted against the cap."""
        return len(self._admitted)

    @property
    def in_flight(self) -> int:
        """Requests being handled, of which some may belong to clients that have left."""
        return len(self.tasks)

    async def listen(self, sock: socket.socket) -> None:
        """Begin to accept on a bound socket."""
        self.port = sock.getsockname()[1]
        self._sweep()
        self._listener = await self.loop.create_server(self._accept, sock=sock, backlog=_BACKLOG)

    def _accept(self) -> Connection:
        return Connection(self)

    def admit(self, connection: Outlet) -> bool:
        """Count a new connection; False when its address or all together have too many."""
        self._connections.add(connection)
        address = _address_key(connection.peer)
        limits = self.limits
        crowded = self._by_address.get(address, 0) >= limits.max_connections_per_address
        if crowded or len(self._admitted) >= limits.max_connections:
            if len(self._connections) - len(self._admitted) > _SPARE_REFUSALS:
                connection.depart("refused")
            return False
        self._admitted[connection] = address
        self._by_address[address] += 1
        return True

    def forget(self, connection: Outlet) -> None:
        """A connection is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()
        address = self._admitted.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def refused(self, error: GatewayError) -> None:
        """Count an error that no handler saw."""
        self.refusals[error.code] += 1

    def _sweep(self) -> None:
        self.date = formatdate(time.time(), usegmt=True)
        now = self.loop.time()
        for connection in tuple(self._connections):
            connection.sweep(now)
        self._timer = self.loop.call_later(self._tick, self._sweep)

    def start_draining(self) -> None:
        """Accept no more connections, and answer new requests on open ones with 503 `draining`."""
        self.draining = True
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def drain(self, seconds: float | None = None) -> bool:
        """Wait for what is in flight, streams included, for `seconds` or the limits' drain_timeout.

        True when nothing is left. Call `close` afterwards in either case.
        """
        self.start_draining()
        end = self.loop.time() + (self.limits.drain_timeout if seconds is None else seconds)
        while self.tasks and self.loop.time() < end:
            await asyncio.wait(tuple(self.tasks), timeout=max(0.0, end - self.loop.time()))
        return not self.tasks

    async def close(self, grace: float = 2.0) -> None:
        """Cancel what is still in flight, wait `grace` seconds for it to record and say goodbye, drop the rest."""
        self.start_draining()
        for connection in tuple(self._connections):
            connection.shut()
        if self.tasks:
            await asyncio.wait(tuple(self.tasks), timeout=grace)
        if self._connections:  # last answers and error frames reach clients that read
            self._empty.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), min(grace, _FLUSH_SECONDS))
        for connection in tuple(self._connections):
            connection.depart("shutdown")
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.sleep(0)


async def serve(
    handler: Handler,
    limits: HttpLimits,
    host: str,
    port: int,
    *,
    allowed_hosts: frozenset[str] = frozenset(),
    render: ErrorReply = error_reply,
    sock: socket.socket | None = None,
) -> RunningServer:
    """Listen on `host` and `port` (0: any free one), or on a bound `sock`. Raises `OSError` when that cannot be.

    `allowed_hosts`: lower-case names without port that a Host header may hold; empty means any. `render` makes the
    answer to errors that no handler saw.
    """
    server = RunningServer(handler, limits, allowed_hosts, render)
    await server.listen(sock if sock is not None else _bind(host, port))
    return server


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # accepted sockets inherit these
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
    sock.setblocking(False)
    return sock


def _address_key(peer: str) -> bytes:
    """What counts as one address: all of IPv4, also when mapped into IPv6; the /64 of IPv6, one customer's network."""
    try:
        if ":" not in peer:
            return socket.inet_pton(socket.AF_INET, peer)
        packed = socket.inet_pton(socket.AF_INET6, peer.partition("%")[0])
    except OSError:
        return peer.encode()
    return packed[12:] if packed.startswith(_MAPPED) else packed[:8]


def _tick_of(limits: HttpLimits) -> float:
    """A tenth of the shortest timeout, and at most half a second."""
    shortest = min(
        limits.first_byte_timeout,
        limits.header_timeout,
        limits.body_timeout,
        limits.keepalive_timeout,
        limits.write_timeout,
    )
    return min(_TICK, shortest / 10)
