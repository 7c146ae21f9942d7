"""What the fault upstream is made of: a request as it came, a log of connections, and ways to put bytes on the wire."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass
class Request:
    """A request as it came. Header names are lower case; `raw` is every byte of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw: bytes
    connection: int
    time: float

    @property
    def model(self) -> str:
        """The model's name in the body, or the empty string."""
        try:
            return str(json.loads(self.body).get("model", ""))
        except (ValueError, AttributeError):
            return ""

    @property
    def streamed(self) -> bool:
        """Whether the body asks for a stream."""
        try:
            return bool(json.loads(self.body).get("stream"))
        except (ValueError, AttributeError):
            return False


@dataclass
class Link:
    """One connection: when it opened and closed (monotonic seconds), and how many requests it carried."""

    number: int
    opened: float
    closed: float | None = None
    requests: int = 0


@dataclass
class Exchange:
    """What a fault gets to work with."""

    request: Request
    text: str
    released: asyncio.Event
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    keep: bool = True

    async def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(
        self, body: bytes, *, status: str = "200 OK", kind: str = "application/json", **headers: str
    ) -> None:
        """A well-formed answer with a content length."""
        await self.send(
            head(status, {"content-type": kind, "content-length": str(len(body)), **_dashed(headers)}) + body
        )

    async def begin_stream(self) -> None:
        """The head of an event stream."""
        await self.send(head("200 OK", {"content-type": "text/event-stream", "transfer-encoding": "chunked"}))

    async def event(self, data: bytes) -> None:
        """One chunk with one event."""
        await self.send(chunk(b"data: " + data + b"\n\n"))

    async def end_stream(self) -> None:
        """`[DONE]` and the last chunk."""
        await self.event(b"[DONE]")
        await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.keep = False

    def close(self) -> None:
        """Close after what was sent."""
        self.keep = False

    async def hang(self) -> None:
        """Say nothing more until the other side leaves."""
        self.keep = False
        while await self.reader.read(65536):
            pass


Fault = Callable[[Exchange], Awaitable[None]]


def head(status: str, headers: dict[str, str]) -> bytes:
    """A status line and header."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Data in chunked coding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def delta(text: str, finish: str | None = None) -> bytes:
    """A chat completion chunk."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "static",
        "choices": [choice],
    }
    return json.dumps(event).encode()


def completion(text: str) -> bytes:
    """A chat completion."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "static", "choices": [choice]}
    return json.dumps({**whole, "usage": usage}).encode()


MODELS = json.dumps({"object": "list", "data": [{"id": "static", "object": "model", "owned_by": "lab"}]}).encode()


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
