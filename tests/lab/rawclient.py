"""A client on a plain socket that can stop anywhere, go slowly, close half, or reset; and that sees every byte."""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field


@dataclass
class RawAnswer:
    """An answer taken apart by hand. Header names are lower case; `body` has the chunked coding removed."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes
    complete: bool

    def json(self) -> object:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[bytes]:
        """The data of the server-sent events in the body."""
        return [event[6:] for event in self.body.split(b"\n\n") if event.startswith(b"data: ")]


@dataclass
class RawClient:
    """One connection.

    async with RawClient("127.0.0.1", port) as client:
        await client.send(client.post("/v1/chat/completions", {"model": "vllm/static"}, key="..."))
        answer = await client.answer()
    """

    host: str
    port: int
    received: bytearray = field(default_factory=bytearray)
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> "RawClient":
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.writer is not None
        self.writer.transport.abort()

    def post(self, path: str, body: object, *, key: str | None = None, **headers: str) -> bytes:
        """The bytes of a POST. A body that is not bytes is encoded as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, data, key=key, **{"content-type": "application/json", **headers})

    def request(self, method: str, path: str, body: bytes = b"", *, key: str | None = None, **headers: str) -> bytes:
        """The bytes of a request; underscores in the names of headers become dashes."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if key is not None:
            lines.append(f"Authorization: Bearer {key}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    async def send(self, data: bytes) -> None:
        """Send and wait until the kernel has it."""
        assert self.writer is not None
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, *, pause: float, step: int = 1) -> None:
        """Send a few bytes at a time with a pause (seconds) after each."""
        for start in range(0, len(data), step):
            await self.send(data[start : start + step])
            await asyncio.sleep(pause)

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        assert self.writer is not None
        self.writer.write_eof()

    def reset(self) -> None:
        """Leave with a TCP reset."""
        assert self.writer is not None
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def read_until(self, mark: bytes, timeout: float = 5.0) -> bytes:  # noqa: ASYNC109 - a plain helper
        """Everything received so far, once it holds the mark; TimeoutError or EOFError if it never does."""
        async with asyncio.timeout(timeout):
            while mark not in self.received:
                await self._more()
        return bytes(self.received)

    async def read_to_end(self, timeout: float = 5.0) -> bytes:  # noqa: ASYNC109 - a plain helper
        """Everything until the server closes, a reset counts as closing."""
        async with asyncio.timeout(timeout):
            try:
                while True:
                    await self._more()
            except (EOFError, ConnectionError):
                return bytes(self.received)

    async def answer(self, timeout: float = 5.0) -> RawAnswer:  # noqa: ASYNC109 - a plain helper
        """The next answer; what follows it stays in `received`. One that breaks off has `complete` False."""
        start = (await self.read_until(b"\r\n\r\n", timeout)).index(b"\r\n\r\n") + 4
        status, headers = _parse_head(bytes(self.received[:start]))
        async with asyncio.timeout(timeout):
            while (found := _body(bytes(self.received[start:]), headers)) is None:
                try:
                    await self._more()
                except (EOFError, ConnectionError):
                    raw = bytes(self.received)
                    return RawAnswer(status, headers, _dechunk(raw[start:], headers), raw, complete=False)
        body, used = found
        raw = bytes(self.received[: start + used])
        del self.received[: start + used]
        return RawAnswer(status, headers, body, raw, complete=True)

    async def _more(self) -> None:
        assert self.reader is not None
        data = await self.reader.read(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.received += data


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return int(first.split(" ")[1]), headers


def _body(data: bytes, headers: dict[str, str]) -> tuple[bytes, int] | None:
    """The body and how many bytes it took, or None if it is not all there."""
    if headers.get("transfer-encoding") == "chunked":
        pieces, used, complete = _chunks(data)
        return (pieces, used) if complete else None
    length = int(headers.get("content-length", "0"))
    return (data[:length], length) if len(data) >= length else None


def _dechunk(data: bytes, headers: dict[str, str]) -> bytes:
    return _chunks(data)[0] if headers.get("transfer-encoding") == "chunked" else data


def _chunks(data: bytes) -> tuple[bytes, int, bool]:
    pieces, place = b"", 0
    while (end := data.find(b"\r\n", place)) >= 0:
        size = int(data[place:end].split(b";")[0], 16)
        if len(data) < end + 2 + size + 2:
            break
        pieces += data[end + 2 : end + 2 + size]
        place = end + 2 + size + 2
        if size == 0:
            return pieces, place, True
    return pieces, place, False
