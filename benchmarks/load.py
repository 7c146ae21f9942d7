"""The load generator: a process of its own on its own core, so that its cost is never taken for the system's.

Jobs arrive as JSON lines on standard input and are answered, in order, with JSON lines on standard output. Raw
sockets with keep-alive; every answer's status, length and text is checked. Run as `python -m benchmarks.load`.
"""

import asyncio
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, cast

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.fixtures import FILL, prose
from benchmarks.processes import LOAD_CORE, ended_after, pinned, say, stop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)

_ANSWER_SECONDS = 30.0  # behind a job's end, for answers that are still missing
_REPORT_SECONDS = 30.0  # behind that, for the report

_Pair = tuple[asyncio.Transport, asyncio.Protocol]


class Job(Struct, frozen=True, kw_only=True):
    """Load for one address. It ends after `seconds` or `requests`, whichever comes first.

    `fresh` fillers in a row of the request are a place for prose, written anew for every request; with `repeat` it is
    always the same, in every job. An answer is right when its status is 200, `needle` is in it and its length is within
    `lengths`.
    """

    port: int
    request: bytes
    fresh: int
    repeat: bool = False
    concurrency: int
    seconds: float = 30.0
    requests: int = 1_000_000_000
    needle: bytes = b""
    lengths: tuple[int, int] = (0, 1 << 40)


class Report(Struct, frozen=True, kw_only=True):
    """What came of a job. Latencies in seconds, from the first byte written to the last byte read."""

    seconds: float
    latencies: list[float]
    errors: dict[str, int]
    first_body: bytes


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it was answered.

    A server may announce that it closes after an answer (`Connection: close`); then a new connection carries on.
    """

    def __init__(self, run: "Run", done: "asyncio.Future[None]") -> None:
        self.run = run
        self.buffer = bytearray()
        self.done = done
        self.leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class does not derive from it
        self.ask()

    def ask(self) -> None:
        """Send the next request, or end."""
        request = self.run.next_request()
        if request is None:
            self.finish()
            return
        self.buffer.clear()
        self.started = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self.buffer += data
        answer = whole_answer(self.buffer)
        if answer is None:
            return
        self.run.record(answer.status, answer.body, time.perf_counter() - self.started)
        if answer.closes:
            self.leaving = True
            self.transport.close()
            self.run.open(self.done)
        else:
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """An end that nobody announced is an error, and the connection is not opened again."""
        if not self.leaving and not self.done.done():
            self.run.errors["connection lost"] += 1
            self.done.set_result(None)

    def finish(self) -> None:
        """Close."""
        if not self.done.done():
            self.done.set_result(None)
        self.transport.close()


class Run:
    """The state of one job, shared by its connections."""

    def __init__(self, job: Job, choose: random.Random) -> None:
        self.job = job
        self.choose = choose
        self.before, found, self.after = (
            job.request.partition(FILL * job.fresh) if job.fresh else (job.request, b"", b"")
        )
        assert found or not job.fresh, "the request has no place for prose"
        self.text = prose(random.Random(job.fresh), job.fresh).encode()
        self.left = job.requests
        self.end = time.perf_counter() + job.seconds
        self.latencies: list[float] = []
        self.errors: Counter[str] = Counter()
        self.first_body = b""
        self.opening: set[asyncio.Task[_Pair]] = set()
        self.transports: list[asyncio.Transport] = []

    def open(self, done: "asyncio.Future[None]") -> None:
        """Open a connection that asks until the job is over, and then settles `done`."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: Connection(self, done), "127.0.0.1", self.job.port))
        self.opening.add(task)
        task.add_done_callback(lambda task: self.opened(task, done))

    def opened(self, task: "asyncio.Task[_Pair]", done: "asyncio.Future[None]") -> None:
        """Count a connection that could not be opened."""
        self.opening.discard(task)
        if task.exception():
            self.errors["cannot connect"] += 1
            done.set_result(None)
        else:
            self.transports.append(task.result()[0])

    def next_request(self) -> bytes | None:
        """The next request's bytes; None when the job is over."""
        if self.left <= 0 or time.perf_counter() >= self.end:
            return None
        self.left -= 1
        if not self.job.repeat:
            self.text = prose(self.choose, self.job.fresh).encode()
        return self.before + self.text + self.after

    def record(self, status: int, body: bytes, latency: float) -> None:
        """Check an answer and keep its time."""
        low, high = self.job.lengths
        if status != 200:
            self.errors[f"status {status}"] += 1
        elif self.job.needle not in body:
            self.errors["other text"] += 1
        elif not low <= len(body) <= high:
            self.errors[f"length {len(body)}"] += 1
        self.latencies.append(latency)
        self.first_body = self.first_body or body


class Answer(NamedTuple):
    """A whole answer, and whether the server closes the connection after it."""

    status: int
    body: bytes
    closes: bool


def whole_answer(buffer: bytearray) -> Answer | None:
    """The answer once it has arrived entirely."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end])
    status, closes = int(head[9:12]), _CLOSES.search(head) is not None
    length = _LENGTH.search(head)
    if length:
        size = int(length[1])
        return Answer(status, bytes(buffer[end + 4 :]), closes) if len(buffer) >= end + 4 + size else None
    if _CHUNKED.search(head):
        whole = buffer.endswith(b"0\r\n\r\n")
        return Answer(status, unchunk(bytes(buffer[end + 4 :])), closes) if whole else None
    return Answer(status, b"", closes)


def unchunk(raw: bytes) -> bytes:
    """The body of a chunked message."""
    body, at = bytearray(), 0
    while True:
        line = raw.index(b"\r\n", at)
        size = int(raw[at:line].split(b";")[0], 16)
        if not size:
            return bytes(body)
        body += raw[line + 2 : line + 2 + size]
        at = line + 2 + size + 2


async def perform(job: Job, choose: random.Random) -> Report:
    """Run one job to its end."""
    run = Run(job, choose)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    settled = [loop.create_future() for _ in range(job.concurrency)]
    for done in settled:
        run.open(done)
    _, unfinished = await asyncio.wait(settled, timeout=job.seconds + _ANSWER_SECONDS)
    if unfinished:
        run.errors["no answer"] += len(unfinished)
        for transport in run.transports:
            transport.abort()
    return Report(
        seconds=time.perf_counter() - started,
        latencies=run.latencies,
        errors=dict(run.errors),
        first_body=run.first_body,
    )


def main() -> None:
    """Serve jobs until standard input ends."""
    choose = random.Random()
    for line in sys.stdin.buffer:
        report = uvloop.run(perform(msgspec.json.decode(line, type=Job), choose))
        say(msgspec.json.encode(report))


class Generator:
    """The load generator as seen by the process that gives it jobs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def run(self, job: Job) -> Report:
        """Do one job and wait for its report. Raises RuntimeError when none comes."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with ended_after(self.process, job.seconds + _ANSWER_SECONDS + _REPORT_SECONDS):
            self.process.stdin.write(msgspec.json.encode(job) + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise RuntimeError("the load generator ended without a report")
        return msgspec.json.decode(line, type=Report)


@contextmanager
def generator() -> Iterator[Generator]:
    """A load generator on its core, until the end of the block."""
    command = pinned([sys.executable, "-m", "benchmarks.load"], LOAD_CORE)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield Generator(process)
    finally:
        stop(process)


if __name__ == "__main__":
    main()
