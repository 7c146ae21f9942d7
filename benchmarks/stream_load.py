"""Many clients of streamed answers in one process: opens them at a given pace and checks every character.

One job as JSON on standard input, one report on standard output. Run as `python -m benchmarks.stream_load`.
"""

import asyncio
import sys
import time
from collections import Counter
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.processes import say


class StreamJob(Struct, frozen=True, kw_only=True):
    """`streams` answers, opened `per_second` a second, each of which has to say `text` and end with [DONE]."""

    port: int
    request: bytes
    streams: int
    per_second: float
    text: str
    patience: float


class StreamReport(Struct, frozen=True, kw_only=True):
    """Times in seconds. `first` is from the request to the first text; `gaps` are between pieces of text."""

    first: list[float]
    gaps: list[float]
    events: int
    errors: dict[str, int]


class _Delta(Struct):
    content: str | None = None


class _Choice(Struct):
    delta: _Delta
    finish_reason: str | None = None


class _Event(Struct):
    choices: list[_Choice] = []
    error: dict[str, object] | None = None


_decoder = msgspec.json.Decoder(_Event)


class Stream(asyncio.Protocol):
    """One streamed answer on a connection of its own."""

    def __init__(self, job: StreamJob) -> None:
        self.job = job
        self.buffer = b""
        self.body = b""
        self.head = True
        self.text = ""
        self.first = 0.0
        self.gaps: list[float] = []
        self.events = 0
        self.error = "the connection ended early"
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast(asyncio.Transport, transport)
        self.started = self.last = time.perf_counter()
        self.transport.write(self.job.request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever has not arrived by now is lost."""
        self.end(self.error)

    def data_received(self, data: bytes) -> None:
        """Undo the chunked coding and read the events that are whole."""
        self.buffer += data
        if self.head:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if head[9:12] != b"200" or b"chunked" not in head.lower():
                self.end(f"status {head[9:12].decode()} {rest[:120]!r}")
                return
            self.head, self.buffer = False, rest
        while (line := self.buffer.find(b"\r\n")) >= 0:
            size = int(self.buffer[:line], 16)
            if len(self.buffer) < line + 4 + size:
                break
            self.body += self.buffer[line + 2 : line + 2 + size]
            self.buffer = self.buffer[line + 4 + size :]
        *events, self.body = self.body.replace(b"\r\n", b"\n").split(b"\n\n")
        for event in events:
            self.read(event)

    def read(self, event: bytes) -> None:
        """Take the text of one event."""
        if not event.startswith(b"data: "):
            return
        if event == b"data: [DONE]":
            self.end("" if self.text == self.job.text else f"other text, {len(self.text)} of {len(self.job.text)}")
            return
        parsed = _decoder.decode(event[6:])
        if parsed.error is not None:
            self.end(f"error event {parsed.error.get('code')}")
            return
        text = "".join(choice.delta.content or "" for choice in parsed.choices)
        if not text:
            return
        now = time.perf_counter()
        if self.text:
            self.gaps.append(now - self.last)
        else:
            self.first = now - self.started
        self.events += 1
        self.last = now
        self.text += text

    def end(self, error: str) -> None:
        """Settle how this stream went."""
        if not self.done.done():
            self.error = error
            self.done.set_result(None)
            self.transport.close()


async def perform(job: StreamJob) -> StreamReport:
    """Open all streams and wait for their ends."""
    loop = asyncio.get_running_loop()
    streams, errors = [], Counter[str]()
    started = loop.time()
    for number in range(job.streams):
        await asyncio.sleep(started + number / job.per_second - loop.time())
        try:
            _, stream = await loop.create_connection(lambda: Stream(job), "127.0.0.1", job.port)
        except OSError as error:
            errors[f"cannot connect: {error.strerror}"] += 1
            continue
        streams.append(stream)
    await asyncio.wait([stream.done for stream in streams], timeout=job.patience)
    for stream in streams:
        if not stream.done.done():
            stream.end("did not end in time")
        if stream.error:
            errors[stream.error] += 1
    return StreamReport(
        first=[stream.first for stream in streams if not stream.error],
        gaps=[gap for stream in streams for gap in stream.gaps],
        events=sum(stream.events for stream in streams),
        errors=dict(errors),
    )


if __name__ == "__main__":
    report = uvloop.run(perform(msgspec.json.decode(sys.stdin.buffer.readline(), type=StreamJob)))
    say(msgspec.json.encode(report))
