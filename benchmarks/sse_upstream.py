"""An upstream that streams: one word an event, at the pace the question asks for ("... every 1000 ms").

Run as `python -m benchmarks.sse_upstream PORT`. `max_tokens` is the number of words; `expected_text` says what a
client must have received in the end.
"""

import asyncio
import json
import re
import sys
from typing import cast

import uvloop

from benchmarks.fixtures import ANSWER, MODEL

WORDS = [f" {word}" for word in ANSWER.split()]
_PACE = re.compile(rb"every (\d+) ms")
_COUNT = re.compile(rb'"max_tokens": ?(\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
_MODELS = json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "vllm"}]}).encode()


def expected_text(words: int) -> str:
    """The content of a whole stream of so many words."""
    return "".join(WORDS[index % len(WORDS)] for index in range(words))


def frame(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One event as a chunk of the body, shaped like vLLM's."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish, "token_ids": None}
    event = {"id": "chatcmpl-9f2c5e7a81d04b6e", "object": "chat.completion.chunk", "created": 1790000000}
    return chunk(b"data: " + json.dumps({**event, "model": MODEL, "choices": [choice]}).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    """Data in HTTP's chunked coding."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


_FIRST = frame({"role": "assistant", "content": ""})
_FRAMES = [frame({"content": word}) for word in WORDS]
_LAST = frame({}, "stop") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection; requests are answered one after the other."""

    def __init__(self) -> None:
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop speaking."""
        if self.timer:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        length = _LENGTH.search(self.buffer[: max(end, 0)])
        size = end + 4 + (int(length[1]) if length else 0)
        if end < 0 or len(self.buffer) < size:
            return
        request, self.buffer = self.buffer[:size], self.buffer[size:]
        if request.startswith(b"GET"):
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_MODELS)}\r\n\r\n"
            self.transport.write(head.encode() + _MODELS)
            return
        pace, count = _PACE.search(request), _COUNT.search(request)
        self.pause = int(pace[1]) / 1000 if pace else 0.0
        self.words = int(count[1]) if count else len(WORDS)
        self.transport.write(_HEAD + _FIRST)
        self.start = asyncio.get_running_loop().time()
        self.speak(0)

    def speak(self, index: int) -> None:
        """Send a word and come back for the next one; the schedule does not drift."""
        if index == self.words:
            self.transport.write(_LAST)
            return
        self.transport.write(_FRAMES[index % len(_FRAMES)])
        loop = asyncio.get_running_loop()
        self.timer = loop.call_at(self.start + (index + 1) * self.pause, self.speak, index + 1)


async def serve(port: int) -> None:
    """Listen until the process ends."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
