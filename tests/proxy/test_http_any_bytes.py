"""Any bytes at all, made of right and wrong requests and noise: the server stays quiet and up."""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.rawclient import RawClient
from proxy.http_edge import running
from proxy.test_http_request import CHUNKED, END, GET, GOOD, MALFORMED, H, J, ask, get

PIECES = st.sampled_from(
    [
        *(data for data, _, _ in MALFORMED.values() if len(data) < 3000),
        *GOOD.values(),
        GET,
        H,
        J,
        END,
        CHUNKED,
        b"\r\n",
        b"\n",
        b"\x00",
        b" ",
        b"Connection: close\r\n",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=6), st.lists(st.integers(1, 60), max_size=8))
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_in_any_packets_harm_the_server(
    caplog: pytest.LogCaptureFixture, pieces: list[bytes], cuts: list[int]
) -> None:
    """Whatever arrives, in whatever packets: known statuses, nothing in the log, and the next client is served."""

    async def play() -> None:
        data = b"".join(pieces)
        async with running() as edge:
            async with RawClient("127.0.0.1", edge.port) as client:
                with contextlib.suppress(ConnectionError):
                    for cut in cuts:
                        await client.send(data[:cut])
                        data = data[cut:]
                        await asyncio.sleep(0)
                    await client.send(data)
                await asyncio.sleep(0.005)
                with contextlib.suppress(TimeoutError, EOFError, ConnectionError):
                    while True:
                        assert (await client.answer(0.001)).status in {200, 400, 404, 405, 413, 415, 417, 431}
            assert (await ask(edge.port, get(H))).status == 200

    asyncio.run(play())
    assert caplog.records == []
