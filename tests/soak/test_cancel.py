"""Half of all clients leave, in every way and at every moment: nobody gets another's text, and nothing leaks.

Every request carries a token that the upstream repeats. `PROMPTGUARD_SOAK_CANCELS` sets the count of the long run,
`PROMPTGUARD_SOAK_SECONDS` ends it early; what was done is printed.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from lab.rawclient import RawClient
from promptguard_gateway.app import Running, running
from promptguard_gateway.domain.settings import Settings, UpstreamLimits
from soak.process import KEY, events_of
from soak.traffic import KINDS, TOKEN, Kind, TokenUpstream, check_answer, token_source

CLIENTS = 64
WARM_UP = 500
SETTLING_SECONDS = 10.0

Leave = Callable[[RawClient], Awaitable[None]]


async def _close(raw: RawClient) -> None:
    assert raw.writer is not None
    raw.writer.close()


async def _reset(raw: RawClient) -> None:
    raw.reset()


async def _half_close(raw: RawClient) -> None:
    """Stop sending and go on reading: the gateway takes that for leaving, and closes."""
    raw.half_close()
    await raw.read_to_end(timeout=20)


LEAVE: tuple[Leave, ...] = (_close, _reset, _half_close)


@dataclass
class Storm:
    """Clients of one gateway, and their books: which tokens were answered, which were never sent whole."""

    port: int
    count: int
    end: float  # monotonic
    chance: random.Random
    tokens: Callable[[], str]
    answered: set[str] = field(default_factory=set)
    unsent: set[str] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """All clients, until all requests are made or the time is over."""
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))

    async def _client(self) -> None:
        while self._more():
            async with RawClient("127.0.0.1", self.port) as raw:
                while self._more():
                    token, kind = self.tokens(), self.chance.choice(KINDS)
                    self.tally["requests"] += 1
                    request = raw.post("/v1/chat/completions", kind.body(token), key=KEY)
                    if self.chance.random() < 0.5:
                        await self._leave(raw, request, token)
                        break
                    await self._stay(raw, request, kind, token)

    def _more(self) -> bool:
        return self.tally["requests"] < self.count and time.monotonic() < self.end

    async def _stay(self, raw: RawClient, request: bytes, kind: Kind, token: str) -> None:
        await raw.send(request)
        answer = await raw.answer(timeout=30)
        assert answer.complete
        check_answer(answer, kind, token)
        self.answered.add(token)
        self.tally["answered"] += 1

    async def _leave(self, raw: RawClient, request: bytes, token: str) -> None:
        """Leave before the request is whole, behind it, a little later, or at the first bytes of the answer."""
        moment = self.chance.choice(("unsent", "sent", "later", "later", "first byte"))
        self.tally["left"] += 1
        self.tally[f"left {moment}"] += 1
        if moment == "unsent":
            self.unsent.add(token)
            request = request[: self.chance.randrange(1, len(request))]
        await raw.send(request)
        if moment == "later":
            await asyncio.sleep(self.chance.uniform(0.0, 0.02))
        elif moment == "first byte":
            await raw.read_until(b"\r\n\r\n", timeout=30)
        await self.chance.choice(LEAVE)(raw)
        assert set(TOKEN.findall(bytes(raw.received))) <= {token.encode()}


@dataclass(frozen=True)
class Holdings:
    """What a process holds: tasks and file descriptors, clients and upstream included, which are in it too."""

    tasks: int
    files: int

    @classmethod
    def now(cls) -> "Holdings":
        """At this moment."""
        return cls(len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")))


async def settled(gateway: Running, upstream: TokenUpstream) -> Holdings:
    """What is held once nothing is under way and idle connections had their time."""
    vllm = gateway.upstreams.endpoints[0]
    end = time.monotonic() + SETTLING_SECONDS
    while time.monotonic() < end:
        busy = gateway.server.in_flight, gateway.server.connections, vllm.in_use, vllm.idle, len(upstream.open_links)
        if not any(busy):
            break
        await asyncio.sleep(0.05)
    assert busy == (0, 0, 0, 0, 0)
    await gateway.exchanges.drain()
    await asyncio.sleep(0.1)
    return Holdings.now()


async def weather(data: Path, count: int, end: float) -> Counter[str]:
    """A warm-up, then the storm; afterwards everything is as it was after the warm-up."""
    chance, tokens = random.Random(20261123), token_source()
    limits = UpstreamLimits(keepalive_timeout=1.0)
    async with TokenUpstream() as upstream:
        settings = Settings(port=0, data=str(data), api_key=KEY, vllm_base_url=upstream.origin, upstream=limits)
        async with running(settings) as gateway:
            warm_up = Storm(gateway.server.port, WARM_UP, end, chance, tokens)
            await warm_up.run()
            before = await settled(gateway, upstream)
            storm = Storm(gateway.server.port, count, end, chance, tokens)
            began = time.monotonic()
            await storm.run()
            storm.tally["seconds"] = round(time.monotonic() - began)
            after = await settled(gateway, upstream)
            assert after == before
            check_events(data, upstream, warm_up, storm)
    return storm.tally


def check_events(data: Path, upstream: TokenUpstream, *storms: Storm) -> None:
    """One event for each exchange: for all that were answered or reached the upstream, none for half a request."""
    outcomes: dict[str, str] = {}
    for stored in events_of(data):
        token = stored.event.end_user
        assert token is not None
        assert token not in outcomes
        outcomes[token] = stored.event.outcome
    assert len(upstream.seen) == len(set(upstream.seen))
    assert set(upstream.seen) <= outcomes.keys()
    for storm in storms:
        assert not storm.unsent & outcomes.keys()
        assert all(outcomes[token] in ("answered", "blocked") for token in storm.answered)
    assert set(outcomes.values()) <= {"answered", "blocked", "client_gone"}
    storms[-1].tally.update(f"event {outcome}" for outcome in outcomes.values())


def run(tmp_path: Path, count: int, seconds: float) -> Counter[str]:
    """The test's body, on the loop that serves in production."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tally = runner.run(weather(tmp_path / "data", count, time.monotonic() + seconds))
    print(f"\n{dict(sorted(tally.items()))}")
    assert tally["left"] > tally["requests"] * 0.4
    return tally


def test_leaving_at_any_moment_harms_nobody_else(tmp_path: Path) -> None:
    """Five thousand requests, half of them abandoned."""
    assert run(tmp_path, 5_000, 100)["requests"] == 5_000


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_a_hundred_thousand_requests_half_of_them_abandoned(tmp_path: Path) -> None:
    """The same, as often as a release has to stand."""
    count = int(os.environ.get("PROMPTGUARD_SOAK_CANCELS", "100000"))
    run(tmp_path, count, float(os.environ.get("PROMPTGUARD_SOAK_SECONDS", "10800")))
