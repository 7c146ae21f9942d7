"""The laboratory's own instruments: a raw client that reads every byte, and an upstream that logs what it saw."""

import asyncio
import json

import pytest

from lab.faults import FAULTS
from lab.faultup import FaultUpstream
from lab.rawclient import RawClient


async def test_plain_and_chunked_answers() -> None:
    """One connection gives one answer after the other, in either framing."""
    async with FaultUpstream() as lab, RawClient("127.0.0.1", lab.port) as client:
        await client.send(client.post("/v1/chat/completions", {"model": "static"}, key="abc"))
        answer = await client.answer()
        assert (answer.status, answer.complete) == (200, True)
        assert json.loads(answer.body)["object"] == "chat.completion"
        await client.send(client.post("/v1/chat/completions", {"model": "static", "stream": True}))
        streamed = await client.answer()
        assert streamed.events[-1] == b"[DONE]"
        await client.send(client.request("GET", "/v1/models"))
        assert (await client.answer()).status == 200
        assert [request.headers.get("authorization") for request in lab.requests] == ["Bearer abc", None, None]
        assert lab.links[0].requests == 3


async def test_a_broken_answer_is_not_complete() -> None:
    """What arrived before a reset is kept and marked."""
    async with FaultUpstream() as lab, RawClient("127.0.0.1", lab.port) as client:
        await client.send(client.post("/v1/chat/completions", {"model": "fault/reset-mid-3", "stream": True}))
        answer = await client.answer()
        assert not answer.complete
        assert b"piece2" in answer.body


@pytest.mark.parametrize("leave", ["reset", "half_close"])
async def test_leaving_is_logged(leave: str) -> None:
    """The upstream logs when a connection ends."""
    async with FaultUpstream() as lab, RawClient("127.0.0.1", lab.port) as client:
        await client.drip(client.post("/v1/chat/completions", {"model": "fault/stall"}), pause=0.0001, step=40)
        while not lab.requests:  # noqa: ASYNC110 - the log has no event to wait for
            await asyncio.sleep(0.005)
        getattr(client, leave)()
        while lab.open_links:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        closed = lab.links[0].closed
        assert closed is not None
        assert closed >= lab.links[0].opened


def test_the_catalogue_is_rich() -> None:
    """Every name is spelled the way a model's name is."""
    assert len(FAULTS) > 60
    assert all(name == name.lower() and " " not in name for name in FAULTS)
