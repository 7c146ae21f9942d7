"""An upstream on plain sockets whose behaviour is chosen by the model's name in the request's body.

It is not built on an HTTP library, because libraries refuse to send what it must send. It keeps a log of every
request's bytes and of every connection's opening and closing, so that a test can say what did *not* happen.

    async with FaultUpstream() as upstream:
        ... send {"model": "fault/reset-mid-3"} to upstream.origin ...

`static` answers a fixed completion (or a stream, if the body asks), `echo` answers with what it saw, everything else
is a key of `FAULTS` in `lab.faults`. GET requests take the name from `default_model`.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import SupportsIndex

from lab.faults import FAULTS
from lab.parts import Exchange, Link, Request


class Reader(asyncio.StreamReader):
    """A stream that counts how often it was fed, so that a server closing idle connections drops no request."""

    fed = 0

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Bytes from the socket."""
        self.fed += 1
        super().feed_data(data)


class FaultUpstream:
    """The server. `keepalive`: seconds after which an idle connection is closed, None for never."""

    def __init__(self, *, keepalive: float | None = None, default_model: str = "static", text: str = "Hello!") -> None:
        self.requests: list[Request] = []
        self.links: list[Link] = []
        self.keepalive = keepalive
        self.default_model = default_model
        self.text = text
        self.port = 0
        self.released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def origin(self) -> str:
        """The canonical origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_links(self) -> list[Link]:
        """Connections that are open now."""
        return [link for link in self.links if link.closed is None]

    async def __aenter__(self) -> "FaultUpstream":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(Reader(), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(len(self.links), time.monotonic())
        self.links.append(link)
        try:
            while (request := await self._read(reader, link)) is not None:
                exchange = Exchange(request, self.text, self.released, reader, writer)
                await self._answer(exchange)
                if not exchange.keep:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            link.closed = time.monotonic()
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, link: Link) -> Request | None:
        start = await self._next_head(reader)
        first, *lines = start.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        link.requests += 1
        request = Request(method, path, headers, body, start + body, link.number, time.monotonic())
        self.requests.append(request)
        return request

    async def _next_head(self, reader: asyncio.StreamReader) -> bytes:
        """The next head; TimeoutError if nothing at all comes for the keep-alive time."""
        assert isinstance(reader, Reader)
        before = reader.fed
        try:
            async with asyncio.timeout(self.keepalive):
                return await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            if reader.fed == before:
                raise
        return await reader.readuntil(b"\r\n\r\n")

    async def _answer(self, exchange: Exchange) -> None:
        model = exchange.request.model or self.default_model
        await FAULTS.get(model.removeprefix("fault/"), FAULTS["static"])(exchange)
