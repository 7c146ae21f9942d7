"""The server: whole answers and streams, too many clients, and the end."""

import asyncio
import socket
import time

import msgspec
import pytest

from lab.rawclient import RawClient
from promptguard_gateway.proxy.http_server import _address_key as address_key
from proxy.http_edge import CALM, eventually, on_both_loops, running


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


# -- answers -----------------------------------------------------------------------------------------------------------


@on_both_loops
async def test_a_failing_handler_is_a_500_without_details(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the client nor the log sees the failure's message, which could quote a prompt."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/fail?hush") + get("/seen"))
        answer = await client.answer()
        assert (answer.status, answer.json()["error"]["code"]) == (500, "internal_error")
        assert (await client.answer()).status == 200
    assert b"hush" not in answer.raw
    assert "ValueError" in caplog.text
    assert "on_fail" in caplog.text
    assert "hush" not in caplog.text


@on_both_loops
async def test_a_stream_arrives_piece_by_piece_and_the_connection_goes_on() -> None:
    """Pieces are not held back; after the end another request may follow."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/events") + get("/seen"))
        await client.read_until(b"data: 2\n\n")
        assert b"data: 3" not in client.received
        edge.release.set()
        answer = await client.answer()
        assert (answer.complete, answer.events) == (True, [b"1", b"2", b"3"])
        assert answer.headers["x-request-id"] == "evt_1"
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (await client.answer()).status == 200


@on_both_loops
async def test_a_stream_to_http_1_0_ends_with_the_connection() -> None:
    """Without chunks there is no other end."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        edge.release.set()
        await client.send(get("/events").replace(b"1.1", b"1.0"))
        received = await client.read_to_end()
    assert received.endswith(b"\r\n\r\ndata: 1\n\ndata: 2\n\ndata: 3\n\n")
    assert b"Transfer-Encoding" not in received


@pytest.mark.parametrize("path", ["/break", "/unfinished"])
@on_both_loops
async def test_a_stream_that_is_cut_does_not_look_complete(path: str) -> None:
    """An aborted stream, and one a bug left open, lack the last chunk."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get(path))
        answer = await client.answer()
        assert (answer.complete, answer.events) == (False, [b"1"])


@on_both_loops
async def test_a_failure_behind_a_finished_stream_adds_nothing() -> None:
    """One request has one answer; the connection ends, because something is wrong."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/late"))
        answer = await client.answer()
        assert (answer.complete, answer.events) == (True, [b"1"])
        assert await client.read_to_end() == b""


@on_both_loops
async def test_a_cut_stream_is_a_reset_for_http_1_0() -> None:
    """There the end of the connection is a proper end, so it must not be one."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/break").replace(b"1.1", b"1.0"))
        with pytest.raises(ConnectionResetError):
            await client.reader.read()


@on_both_loops
async def test_head_is_get_without_a_body() -> None:
    """The length stands in the head, the body does not follow, the connection goes on."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/seen").replace(b"GET", b"HEAD") + get("/seen"))
        received = await client.read_until(b'"GET"')
    assert received.count(b"Content-Length: ") == 2
    assert received.count(b"{") == 2  # the object and its headers, once


# -- many clients ------------------------------------------------------------------------------------------------------


@on_both_loops
async def test_connections_over_the_cap_are_told_so() -> None:
    """The ones within the cap are served; when one leaves, another may come."""
    limits = msgspec.structs.replace(CALM, max_connections=3)
    async with running(limits) as edge:
        clients = [RawClient("127.0.0.1", edge.port) for _ in range(4)]
        for client in clients[:3]:
            await client.__aenter__()
        await eventually(lambda: edge.server.connections == 3)
        async with clients[3] as late:
            answer = await late.answer()
            assert (answer.status, answer.json()["error"]["code"]) == (503, "too_many_connections")
            assert (answer.headers["connection"], answer.headers["retry-after"]) == ("close", "2")
        await clients[0].send(get("/seen"))
        assert (await clients[0].answer()).status == 200
        for client in clients[:3]:
            await client.__aexit__()
        await eventually(lambda: edge.server.connections == 0)
        async with RawClient("127.0.0.1", edge.port) as client:
            await client.send(get("/seen"))
            assert (await client.answer()).status == 200
        assert edge.server.refusals == {"too_many_connections": 1}


@on_both_loops
async def test_a_flood_over_the_cap_is_dropped() -> None:
    """Only so many refusals are written at once; the rest is dropped, without noise, and the service goes on."""
    limits = msgspec.structs.replace(CALM, max_connections=2)
    async with running(limits) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/seen"))
        await client.answer()
        flood = [socket.create_connection(("127.0.0.1", edge.port)) for _ in range(300)]
        await asyncio.sleep(0.2)
        await client.send(get("/seen"))
        assert (await client.answer()).status == 200
        for sock in flood:
            sock.close()
        assert 100 < edge.server.refusals["too_many_connections"] < 150


@on_both_loops
async def test_one_address_cannot_take_every_connection() -> None:
    """The cap of an address is separate from the cap of all."""
    limits = msgspec.structs.replace(CALM, max_connections_per_address=1)
    async with running(limits) as edge, RawClient("127.0.0.1", edge.port) as first:
        await first.send(get("/seen"))
        await first.answer()
        async with RawClient("127.0.0.1", edge.port) as second:
            assert (await second.answer()).status == 503
        other = socket.socket()
        other.bind(("127.0.0.2", 0))
        other.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(other, ("127.0.0.1", edge.port))
        await loop.sock_sendall(other, get("/seen"))
        assert (await loop.sock_recv(other, 100)).startswith(b"HTTP/1.1 200")
        other.close()


def test_an_ipv6_customer_is_one_address() -> None:
    """A /64 counts once; IPv4 addresses inside IPv6 count one by one."""
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:2") != address_key("2001:db8:0:1::1")
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1") != address_key("::ffff:192.0.2.2")


# -- the end -----------------------------------------------------------------------------------------------------------


@on_both_loops
async def test_draining_finishes_what_runs_and_takes_nothing_new() -> None:
    """Streams count; open connections get 503 and a hint; new ones are refused by the system."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as busy, RawClient("127.0.0.1", edge.port) as idle:
        await idle.send(get("/seen"))
        await idle.answer()
        await busy.send(get("/events"))
        await busy.read_until(b"data: 2")
        draining = asyncio.ensure_future(edge.server.drain(5.0))
        await asyncio.sleep(0.05)
        assert not draining.done()
        await idle.send(get("/seen"))
        answer = await idle.answer()
        assert (answer.status, answer.json()["error"]["code"]) == (503, "draining")
        assert (answer.headers["connection"], answer.headers["retry-after"]) == ("close", "2")
        with pytest.raises(ConnectionRefusedError):
            await RawClient("127.0.0.1", edge.port).__aenter__()
        edge.release.set()
        assert await draining is True
        answer = await busy.answer()
        assert (answer.complete, answer.events) == (True, [b"1", b"2", b"3"])


@on_both_loops
async def test_draining_gives_up_after_its_time() -> None:
    """What is left is cancelled by `close`: a waiting client gets 503, a stream is cut, the reason is not theirs."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as one, RawClient("127.0.0.1", edge.port) as two:
        await one.send(get("/wait"))
        await two.send(get("/events"))
        await two.read_until(b"data: 2")
        began = time.monotonic()
        assert await edge.server.drain(0.1) is False
        await edge.server.close(grace=1.0)
        assert time.monotonic() - began < 1.0
        assert edge.cancelled == [None, None]
        assert (await one.answer()).json()["error"]["code"] == "draining"
        assert (await two.answer()).complete is False
        assert edge.server.connections == edge.server.in_flight == 0


@pytest.mark.parametrize("ending", ["", "?finish"])
@on_both_loops
async def test_a_stream_can_say_goodbye_when_the_server_ends(ending: str) -> None:
    """What a cancelled handler still writes arrives, and nothing comes behind it."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/farewell" + ending))
        await client.read_until(b"data: 1\n\n")
        await edge.server.close(grace=1.0)
        answer = await client.answer()
        assert (answer.complete, answer.events) == (bool(ending), [b"1", b"bye"])
        assert await client.read_to_end() == (b"" if ending else answer.raw)


@on_both_loops
async def test_the_last_answer_while_draining_says_close() -> None:
    """A request that began before the drain is answered, and its connection ends."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait"))
        await eventually(lambda: edge.handled == ["/wait"])
        edge.server.start_draining()
        edge.release.set()
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await client.read_to_end() == b""
