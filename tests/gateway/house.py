"""A whole gateway in the test's process, before an upstream that does what the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.faultup import FaultUpstream
from lab.rawclient import RawAnswer, RawClient
from promptguard_gateway.app import Judge, Running, open_store, running
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.settings import ConsoleSettings, Settings, UpstreamLimits

KEY = "pg_live_" + "test00000000"
QUICK = UpstreamLimits(connect_timeout=1, first_byte_timeout=1, idle_timeout=1, total_timeout=20)


@dataclass
class House:
    """The gateway, its upstream, and what a test asks of them."""

    gateway: Running
    upstream: FaultUpstream
    folder: Path

    @property
    def port(self) -> int:
        return self.gateway.server.port

    async def ask(
        self, body: object, path: str = "/v1/chat/completions", *, key: str | None = KEY, **headers: str
    ) -> RawAnswer:
        """One POST on a connection of its own."""
        async with RawClient("127.0.0.1", self.port) as client:
            await client.send(client.post(path, body, key=key, **headers))
            return await client.answer(timeout=10)

    async def get(self, path: str, *, key: str | None = KEY, **headers: str) -> RawAnswer:
        """One GET on a connection of its own."""
        async with RawClient("127.0.0.1", self.port) as client:
            await client.send(client.request("GET", path, key=key, **headers))
            return await client.answer(timeout=10)

    def events(self) -> list[Event]:
        """All events, read as a second process would."""
        store = open_store(Settings(data=str(self.folder)), for_serving=False)
        try:
            return [stored.event for stored in store.events.tail(0, 10_000)]
        finally:
            store.close()

    def event_of(self, answer: RawAnswer) -> Event:
        """The event that an answer names."""
        return next(event for event in self.events() if event.id == answer.headers["x-promptguard-event-id"])


@asynccontextmanager
async def house(folder: Path, *, judge: Judge | None = None, **settings: object) -> AsyncIterator[House]:
    """A gateway with these settings before a fault upstream; a judge takes the place of the settings' policy."""
    async with FaultUpstream() as upstream:
        base = {
            "port": 0,
            "data": str(folder),
            "api_key": KEY,
            "vllm_base_url": upstream.origin,
            "upstream": QUICK,
            "console": ConsoleSettings(enabled=False),
        }
        async with running(Settings(**(base | settings)), judge=judge) as gateway:
            yield House(gateway, upstream, folder)


def chat(content: object, model: str = "static", **more: object) -> dict[str, object]:
    """A chat request of one user message."""
    return {"model": f"vllm/{model}", "messages": [{"role": "user", "content": content}], **more}


def spoken(answer: RawAnswer) -> str:
    """The content of a streamed answer."""
    text = ""
    for data in answer.events:
        if data != b"[DONE]":
            for choice in json.loads(data).get("choices", []):
                text += choice["delta"].get("content") or ""
    return text


async def eventually(holds: Callable[[], bool], within: float = 1.0) -> None:
    """Wait until something holds, at most so many seconds."""
    for _ in range(round(within / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    assert holds()
