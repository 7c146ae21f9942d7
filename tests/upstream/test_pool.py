"""The pool: what returns to it, what never does, and that no answer meets the wrong caller."""

import asyncio
import json
import random
import time
from collections.abc import Callable

import pytest

from lab.faultup import FaultUpstream
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream.vllm import VllmUpstream

LIMITS = UpstreamLimits(connect_timeout=1, first_byte_timeout=5, idle_timeout=5, total_timeout=20, pool_timeout=0.2)


def body_for(model: str, *, stream: bool = False, **more: object) -> bytes:
    """A request's body."""
    return json.dumps({"model": model, "stream": stream, **more}).encode()


async def ask(vllm: VllmUpstream, model: str, *, stream: bool = False, **more: object) -> bytes:
    """The whole of an answer."""
    answer = await vllm.send("/chat/completions", body_for(model, stream=stream, **more), stream=stream)
    if stream:
        return b"".join([piece async for piece in answer.chunks()])
    return await answer.read()


async def until(condition: Callable[[], bool]) -> None:
    """Wait up to a second for a condition."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError("the condition did not come about")


@pytest.mark.parametrize(
    ("model", "stream"),
    [
        ("fault/stall", False),
        ("fault/stall", True),
        ("fault/hold", False),
        ("fault/hold", True),
        ("fault/pause-mid-stream", True),
    ],
)
async def test_cancelling_closes(model: str, stream: bool) -> None:
    """C2, C3: when the caller is cancelled the connection is closed within a second and is not pooled."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        task = asyncio.create_task(ask(vllm, model, stream=stream))
        await until(lambda: len(lab.requests) == 1)
        await asyncio.sleep(0.05)
        assert vllm.in_use == 1
        task.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (vllm.in_use, vllm.idle) == (0, 0)
        if model != "fault/stall":
            lab.released.set()  # the lab notices a closed connection when it writes
        await until(lambda: not lab.open_links)
        assert time.monotonic() - started < 1
        await vllm.close()


@pytest.mark.parametrize("times", [1, 3])
async def test_aborting_closes(times: int) -> None:
    """`abort()` closes the connection however often it is called, and a reader that waits is woken with an error."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        answer = await vllm.send("/chat/completions", body_for("fault/pause-mid-stream", stream=True), stream=True)

        async def read() -> None:
            async for _ in answer.chunks():
                pass

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        for _ in range(times):
            answer.abort()
        with pytest.raises(GatewayError):
            await asyncio.wait_for(reading, 1)
        assert (vllm.in_use, vllm.idle) == (0, 0)
        await vllm.close()


async def test_abort_after_the_end_keeps_the_connection() -> None:
    """An answer read to its end has given its connection back; aborting it then must not touch the next exchange."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        answer = await vllm.send("/chat/completions", body_for("static"), stream=False)
        await answer.read()
        other = asyncio.create_task(ask(vllm, "fault/hold"))
        await until(lambda: len(lab.requests) == 2)
        answer.abort()
        lab.released.set()
        assert await other
        assert len(lab.links) == 1
        await vllm.close()


async def test_a_reader_that_stops_early_closes() -> None:
    """Leaving the loop over the pieces closes the connection, which is in the middle of an answer."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        answer = await vllm.send("/chat/completions", body_for("fault/pause-mid-stream", stream=True), stream=True)
        pieces = answer.chunks()
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        assert (vllm.in_use, vllm.idle) == (0, 0)
        await vllm.close()


async def test_no_foreign_answers_after_cancels() -> None:
    """U23: 500 exchanges cancelled at random moments, and every answer that comes is the asker's own."""
    chance = random.Random(7)
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=UpstreamLimits(max_connections=16, pool_timeout=10))
        answered = 0

        async def exchange(number: int) -> None:
            nonlocal answered
            tag = f"tag-{number}-"
            stream = number % 2 == 0
            task = asyncio.create_task(ask(vllm, "tag", stream=stream, user=tag))
            if chance.random() < 0.8:
                await asyncio.sleep(chance.random() * 0.02)
                task.cancel()
            try:
                text = (await task).decode()
            except asyncio.CancelledError:
                return
            answered += 1
            assert text.count(tag) == (3 if stream else 1)
            assert text.count("tag-") == text.count(tag)

        for start in range(0, 620, 20):
            await asyncio.gather(*(exchange(number) for number in range(start, start + 20)))
        assert answered > 50
        assert vllm.in_use == 0
        await until(lambda: len(lab.open_links) == vllm.idle)
        assert len(await asyncio.gather(*(ask(vllm, "static") for _ in range(16)))) == 16
        await vllm.close()
        await until(lambda: not lab.open_links)


async def test_waiting_for_a_connection_is_bounded() -> None:
    """With every connection in use a request waits for the pool's time and is then told to come again."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=UpstreamLimits(max_connections=2, pool_timeout=0.2))
        held = [asyncio.create_task(ask(vllm, "fault/hold")) for _ in range(2)]
        await until(lambda: len(lab.requests) == 2)
        started = time.monotonic()
        with pytest.raises(GatewayError) as caught:
            await ask(vllm, "static")
        assert (caught.value.code, caught.value.status, caught.value.retry_after) == ("overloaded", 503, 1)
        assert 0.15 < time.monotonic() - started < 5
        waiting = asyncio.create_task(ask(vllm, "static"))
        await asyncio.sleep(0.02)
        lab.released.set()
        assert await waiting
        await asyncio.gather(*held)
        assert len(lab.links) == 2
        await vllm.close()


async def test_a_cancelled_wait_for_a_connection_costs_no_slot() -> None:
    """Requests cancelled while they wait for the pool leave it as it was (the fault that bricks other clients)."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=UpstreamLimits(max_connections=1, pool_timeout=5))
        held = asyncio.create_task(ask(vllm, "fault/hold"))
        await until(lambda: len(lab.requests) == 1)
        waiting = [asyncio.create_task(ask(vllm, "static")) for _ in range(20)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        lab.released.set()
        await held
        assert await asyncio.wait_for(ask(vllm, "static"), 1)
        assert (vllm.in_use, vllm.idle) == (0, 1)
        await vllm.close()


async def test_an_upstream_that_closes_idle_connections() -> None:
    """U21: an upstream that closes between requests, announced or not, costs no request and is asked once for each."""
    async with FaultUpstream(keepalive=0.02) as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        chance = random.Random(3)
        for _ in range(60):
            assert await ask(vllm, "static")
            await asyncio.sleep(chance.choice([0, 0.015, 0.02, 0.021, 0.03]))
        for _ in range(60):
            assert await ask(vllm, "fault/close-after")
        assert len(lab.requests) == 120
        await vllm.close()


async def test_an_end_that_waits_in_the_kernel_is_seen() -> None:
    """U21: a connection closed while our loop was busy is not written to: the request goes to a new one."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        await ask(vllm, "fault/close-after")
        assert await ask(vllm, "static")
        assert len(lab.requests) == 2
        assert len(lab.links) == 2
        await vllm.close()


async def test_a_post_is_not_sent_twice() -> None:
    """U3: an upstream that read a request and closed has it once; one that resets has it at most twice."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        await ask(vllm, "static")
        with pytest.raises(GatewayError) as caught:
            await ask(vllm, "fault/close-before-head")
        assert caught.value.code == "upstream_error"
        assert len(lab.requests) == 2
        await ask(vllm, "static")
        with pytest.raises(GatewayError):
            await ask(vllm, "fault/reset-before-head")
        assert len(lab.requests) <= 5
        await vllm.close()


async def test_stray_bytes_spoil_a_connection() -> None:
    """U23: an answer nobody asked for is never handed out: the connection it came on is thrown away."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        assert b"mine" in await ask(vllm, "fault/stray-after")
        await asyncio.sleep(0.1)
        assert b"Hello!" in await ask(vllm, "static")
        assert len(lab.links) == 2
        await vllm.close()


async def test_idle_connections_are_closed_in_time() -> None:
    """A pooled connection is closed before vLLM would close it."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=UpstreamLimits(keepalive_timeout=0.05))
        await ask(vllm, "static")
        await asyncio.sleep(0.1)
        await ask(vllm, "static")
        assert len(lab.links) == 2
        await vllm.close()


async def test_closing_ends_what_runs() -> None:
    """Closing the upstream ends the exchanges in flight with an error and leaves no connection."""
    async with FaultUpstream() as lab:
        vllm = VllmUpstream(lab.origin, limits=LIMITS)
        running = asyncio.create_task(ask(vllm, "fault/stall"))
        await until(lambda: len(lab.requests) == 1)
        await vllm.close()
        with pytest.raises(GatewayError):
            await asyncio.wait_for(running, 1)
        await until(lambda: not lab.open_links)
