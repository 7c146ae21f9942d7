"""A gateway that is asked to stop: what is under way finishes, and nothing of it is missing from the events.

The program itself is asked, by signal, as service managers do.
"""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.house import spoken
from lab.rawclient import RawAnswer, RawClient
from soak.process import KEY, GatewayProcess, events_of, gateway_process
from soak.test_streams import WORDS, Narrator, word
from soak.traffic import TokenUpstream, token_source

STREAMS, WHOLE = 200, 50


def question(token: str, *, stream: bool) -> dict[str, object]:
    """A request with a token."""
    messages = [{"role": "user", "content": "Tell me a long story."}]
    return {"model": "vllm/static", "messages": messages, "user": token, "stream": stream}


async def ask(port: int, token: str, *, stream: bool) -> RawAnswer:
    """One request on a connection of its own."""
    async with RawClient("127.0.0.1", port) as raw:
        await raw.send(raw.post("/v1/chat/completions", question(token, stream=stream), key=KEY))
        return await raw.answer(timeout=60)


async def all_asked(
    gateway: GatewayProcess, upstream: TokenUpstream, streams: int, whole: int
) -> tuple[list[asyncio.Task[RawAnswer]], list[asyncio.Task[RawAnswer]]]:
    """So many streams and so many whole answers, all of them under way at the upstream."""
    tokens = token_source()
    streamed = [asyncio.create_task(ask(gateway.port, tokens(), stream=True)) for _ in range(streams)]
    plain = [asyncio.create_task(ask(gateway.port, tokens(), stream=False)) for _ in range(whole)]
    end = time.monotonic() + 20
    while len(upstream.seen) < streams + whole:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    return streamed, plain


async def exit_of(gateway: GatewayProcess) -> int | None:
    """The exit code."""
    await asyncio.wait_for(gateway.process.communicate(), 30)
    return gateway.process.returncode


async def test_after_sigterm_everything_under_way_finishes(tmp_path: Path) -> None:
    """Streams to their last byte, no new connection, 503 on old ones, all events kept, exit code 0 by itself."""
    async with Narrator(0.5) as upstream, gateway_process(tmp_path / "data", upstream.origin) as gateway:
        async with RawClient("127.0.0.1", gateway.port) as kept:
            await kept.send(kept.request("GET", "/health"))
            assert (await kept.answer()).status == 200
            streamed, plain = await all_asked(gateway, upstream, STREAMS, WHOLE)
            gateway.terminate()
            await asyncio.sleep(0.2)
            with pytest.raises(ConnectionRefusedError):
                await ask(gateway.port, "late", stream=False)
            await kept.send(kept.post("/v1/chat/completions", question("late", stream=False), key=KEY))
            refused = await kept.answer()
            assert (refused.status, refused.json()["error"]["code"]) == (503, "draining")
            assert {"retry-after": "2", "connection": "close"}.items() <= refused.headers.items()
        for number, answer in enumerate(await asyncio.gather(*streamed)):
            assert answer.events[-1] == b"[DONE]"
            assert spoken(answer) == "".join(word(f"tok{number:07}x", place) for place in range(WORDS))
        assert {answer.status for answer in await asyncio.gather(*plain)} == {200}
        finished = time.monotonic()
        assert await exit_of(gateway) == 0
        assert time.monotonic() - finished < 5
        assert Counter(one.event.outcome for one in events_of(gateway.data)) == {"answered": STREAMS + WHOLE}


async def test_a_second_sigterm_ends_what_is_under_way(tmp_path: Path) -> None:
    """Streams get an error frame and no `[DONE]`, the others a 503; events say that it was the gateway's doing."""
    async with Narrator(60.0) as upstream, gateway_process(tmp_path / "data", upstream.origin) as gateway:
        streamed, plain = await all_asked(gateway, upstream, 40, 10)
        gateway.terminate()
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in (*streamed, *plain))
        asked = time.monotonic()
        gateway.terminate()
        for answer in await asyncio.gather(*plain):
            assert (answer.status, answer.json()["error"]["code"]) == (503, "draining")
        for number, answer in enumerate(await asyncio.gather(*streamed)):
            assert answer.complete
            assert b"[DONE]" not in answer.events
            assert json.loads(answer.events[-1])["error"]["code"] == "draining"
            assert spoken(answer).startswith(f"and tok{number:07}x says word0")
        assert await exit_of(gateway) == 0
        assert time.monotonic() - asked < 6
        events = [one.event for one in events_of(gateway.data)]
        assert Counter((event.outcome, event.error) for event in events) == {("failed", "draining"): 50}
