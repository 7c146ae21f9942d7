"""Very many streams in one gateway, inspected while they run: every word arrives, in order, with the right caller.

The upstream writes a numbered piece a second, or two, into each stream, as a slow model would. What a stream costs in
memory is printed, and none of it may stay behind.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.house import spoken
from lab.parts import Exchange, delta
from lab.rawclient import RawAnswer, RawClient
from soak.process import KEY, GatewayProcess, gateway_process
from soak.traffic import TokenUpstream, token_source

WORDS = 6
KEPT_BYTES = 24 * 1024 * 1024  # what a Python process may keep of a load for the next one
STREAM_BYTES = 200 * 1024


class Narrator(TokenUpstream):
    """A slow model: numbered words that carry the caller's token."""

    def __init__(self, pause: float) -> None:
        super().__init__()
        self.delay = self.pause = pause
        self.open = self.most = 0

    async def _stream(self, exchange: Exchange, pieces: list[str]) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        await exchange.begin_stream()
        for number in range(WORDS):
            await exchange.event(delta(word(pieces[0], number)))
            await asyncio.sleep(self.pause)
        await exchange.event(delta("", "stop"))
        await exchange.end_stream()
        self.open -= 1


def word(token: str, number: int) -> str:
    """The number-th piece of a stream; it ends inside a word, so that a part of it is always held back."""
    return f"and {token} says word{number} then li"


async def listen(port: int, token: str) -> RawAnswer:
    """One stream from its first byte to its last."""
    messages = [{"role": "user", "content": "Tell me a long story."}]
    body = {"model": "vllm/static", "messages": messages, "user": token, "stream": True}
    async with RawClient("127.0.0.1", port) as raw:
        await raw.send(raw.post("/v1/chat/completions", body, key=KEY))
        return await raw.answer(timeout=90)


@dataclass(frozen=True)
class Weights:
    """Resident memory in bytes: before, with all streams open, and afterwards."""

    before: int
    during: int
    after: int


async def many(gateway: GatewayProcess, upstream: Narrator, count: int, tokens: list[str]) -> Weights:
    """So many streams at once; each must say exactly what the upstream said to it."""
    before, most = gateway.resident_bytes(), 0
    listeners = [asyncio.create_task(listen(gateway.port, token)) for token in tokens]
    while any(not listener.done() for listener in listeners):
        await asyncio.wait(listeners, timeout=0.25)
        most = max(most, gateway.resident_bytes())
    for token, listener in zip(tokens, listeners, strict=True):
        answer = listener.result()
        assert (answer.status, answer.complete, answer.events[-1]) == (200, True, b"[DONE]")
        assert spoken(answer) == "".join(word(token, number) for number in range(WORDS))
    assert upstream.most == count  # they were all open at the same time
    return Weights(before, most, gateway.resident_bytes())


async def two_rounds(data: Path, count: int, pause: float) -> tuple[Weights, Weights]:
    """The same load twice: what the first leaves behind the second must be able to use."""
    source = token_source()
    async with Narrator(pause) as upstream, gateway_process(data, upstream.origin) as gateway:
        files = gateway.open_files()
        first = await many(gateway, upstream, count, [source() for _ in range(count)])
        upstream.most = 0
        second = await many(gateway, upstream, count, [source() for _ in range(count)])
        await _wait_for(lambda: gateway.open_files() <= files + 8)
        events = {stored.event.end_user: stored.event.outcome for stored in gateway.events()}
        assert len(events) == 2 * count
        assert set(events.values()) == {"answered"}
    return first, second


async def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


def run(tmp_path: Path, count: int, pause: float) -> None:
    """The test's body."""
    first, second = asyncio.run(two_rounds(tmp_path / "data", count, pause))
    per_stream = (first.during - first.before) / count
    print(
        f"\n{count} streams: {first.before / 2**20:.0f} MiB before, {first.during / 2**20:.0f} MiB with all open "
        f"({per_stream / 1024:.0f} KiB a stream), {first.after / 2**20:.0f} MiB after; second round "
        f"{second.during / 2**20:.0f} MiB and {second.after / 2**20:.0f} MiB"
    )
    assert per_stream < STREAM_BYTES
    assert second.after - first.after < KEPT_BYTES
    assert second.during - first.during < KEPT_BYTES


def test_two_hundred_streams_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """Open at the same time for three seconds, twice."""
    run(tmp_path, 200, 0.5)


@pytest.mark.clients
def test_a_thousand_streams_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """As many as one gateway is expected to hold."""
    run(tmp_path, 1_000, 1.0)
