"""One connection in time: slow clients, clients that leave or do not read, and requests one after the other."""

import asyncio
import logging
import resource
import socket
import time

import pytest

from lab.rawclient import RawClient
from promptguard_gateway.proxy.http_connection import HttpRequestParser
from proxy.http_edge import QUICK, eventually, on_both_loops, running

HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def test_the_fast_parser_is_the_one_in_use() -> None:
    """The strictness measured here is that of aiohttp's compiled parser, not of its slower substitute."""
    assert HttpRequestParser.__module__ == "aiohttp._http_parser"


# -- slow clients ------------------------------------------------------------------------------------------------------


@on_both_loops
async def test_a_client_that_sends_nothing_is_closed() -> None:
    """first_byte_timeout: without a byte there is nothing to answer."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        assert await client.read_to_end(1.0) == b""


@on_both_loops
async def test_a_trickled_header_is_answered_with_408() -> None:
    """header_timeout is absolute: further bytes do not move it."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(b"GET /seen HTTP/1.1\r\nHost: a\r\n")
        trickle = asyncio.ensure_future(client.drip(b"X-A: 1\r\n" * 20, pause=0.05))
        answer = await client.answer(1.0)
        trickle.cancel()
        assert (answer.status, answer.json()["error"]["code"]) == (408, "request_timeout")
        assert answer.headers["connection"] == "close"
        assert edge.handled == []


@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n64\r\n"])
@on_both_loops
async def test_a_trickled_body_is_answered_with_408(framing: bytes) -> None:
    """body_timeout is absolute too; it ends the handler's reading."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(HEAD + framing)
        trickle = asyncio.ensure_future(client.drip(b"x" * 99, pause=0.05))
        answer = await client.answer(1.5)
        trickle.cancel()
        assert (answer.status, answer.json()["error"]["code"]) == (408, "request_timeout")
        assert edge.bodies == []


@on_both_loops
async def test_a_large_body_buys_time() -> None:
    """One more second for every 64 KiB: a steady client is not cut off for having much to say."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(HEAD + b"Content-Length: 524288\r\n\r\n")
        for _ in range(8):
            await client.send(b"x" * 65536)
            await asyncio.sleep(0.08)
        assert (await client.answer()).status == 200
        assert edge.bodies == [524288]


@on_both_loops
async def test_an_idle_connection_is_closed_and_a_used_one_is_not() -> None:
    """keepalive_timeout runs from the last answer."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        for _ in range(4):
            await client.send(get("/seen"))
            assert (await client.answer()).status == 200
            await asyncio.sleep(0.15)
        assert await client.read_to_end(1.0) == b""
        assert edge.server is not None
        await eventually(lambda: edge.server.connections == 0)


@on_both_loops
async def test_a_slow_handler_meets_no_deadline_of_ours() -> None:
    """While the handler works, the client only has to wait."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait"))
        await asyncio.sleep(0.9)
        edge.release.set()
        assert (await client.answer()).json() == {"waited": True}


@on_both_loops
async def test_part_of_a_next_header_has_its_own_deadline() -> None:
    """A header begun behind a slow request is timed from that request's end."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait"))
        await eventually(lambda: edge.handled == ["/wait"])
        await client.send(b"GET /seen HT")
        await asyncio.sleep(0.5)
        edge.release.set()
        assert (await client.answer()).status == 200
        assert (await client.answer(1.0)).status == 408


# -- clients that leave ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/wait", "/events"])
@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
@on_both_loops
async def test_the_handler_of_a_client_that_left_is_cancelled(
    path: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Within a second, streaming or not, however it left; and nobody writes a traceback about it."""
    caplog.set_level(logging.DEBUG)
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get(path))
        await eventually(lambda: edge.handled == [path])
        if path == "/events":
            await client.read_until(b"data: 2")
        began = time.monotonic()
        if how == "reset":
            client.reset()
        elif how == "half-close":
            client.half_close()
        else:
            client.writer.close()
        await eventually(lambda: edge.cancelled == ["client_left"])
        assert time.monotonic() - began < 1.0
        assert edge.server is not None
        await eventually(lambda: not edge.server.in_flight and not edge.server.connections)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


@on_both_loops
async def test_a_client_that_leaves_behind_a_full_queue_is_noticed() -> None:
    """Reading stops while pipelined requests wait, so the system is asked whether the client is there."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait") + get("/seen") * 100)
        await eventually(lambda: edge.handled == ["/wait"])
        await asyncio.sleep(0.05)
        client.writer.close()
        await eventually(lambda: edge.cancelled == ["client_left"])
        assert edge.handled == ["/wait"]


@on_both_loops
async def test_a_client_that_leaves_inside_its_body_reaches_no_end() -> None:
    """The handler that reads the body is cancelled."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(HEAD + b"Content-Length: 100\r\n\r\nxxx")
        await eventually(lambda: edge.handled == ["/echo"])
        client.writer.close()
        await eventually(lambda: edge.cancelled == ["client_left"])
        assert edge.bodies == []


# -- clients that do not read ------------------------------------------------------------------------------------------


async def frozen_client(port: int, request: bytes) -> socket.socket:
    """A connection whose owner sends a request and reads nothing, with a small window."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, ("127.0.0.1", port))
    await loop.sock_sendall(sock, request)
    return sock


@pytest.mark.parametrize("path", ["/flood", "/big"])
@on_both_loops
async def test_a_client_that_accepts_nothing_is_dropped(path: str) -> None:
    """write_timeout: the handler is cancelled with its own reason, and what was held for the client is small."""
    async with running(QUICK) as edge:
        sock = await frozen_client(edge.port, get(path))
        assert edge.server is not None
        await eventually(lambda: edge.handled == [path])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await eventually(lambda: not edge.server.connections and not edge.server.in_flight, 3.0)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB
        assert edge.cancelled == (["client_stalled"] if path == "/flood" else [])
        sock.close()


@on_both_loops
async def test_a_client_that_reads_slowly_is_kept() -> None:
    """Slow is not stalled: as long as something is accepted, the answer goes on."""
    async with running(QUICK) as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/flood"))
        for _ in range(30):
            await client.reader.read(200_000)
            await asyncio.sleep(0.04)
        assert edge.cancelled == []


# -- one after the other -----------------------------------------------------------------------------------------------


@on_both_loops
async def test_pipelined_requests_are_answered_in_order_one_at_a_time() -> None:
    """Two hundred at once: the answers come in the order of the requests, though the first one waits."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait") + b"".join(get(f"/seen?{i}") for i in range(200)))
        await eventually(lambda: edge.handled == ["/wait"])
        assert edge.server is not None
        assert edge.server.in_flight == 1
        edge.release.set()
        assert (await client.answer()).json() == {"waited": True}
        assert [(await client.answer()).json()["query"] for _ in range(200)] == [str(i) for i in range(200)]


@on_both_loops
async def test_pipelined_bodies_stay_with_their_requests() -> None:
    """Bodies larger than a read, queued behind one another, are not mixed up."""
    bodies = [bytes([65 + i]) * 150_000 for i in range(5)]
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        sending = asyncio.ensure_future(
            client.send(b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in bodies))
        )
        for body in bodies:
            assert (await client.answer()).body == body
        await sending
    assert edge.bodies == [150_000] * 5


@pytest.mark.parametrize("pause", [0.0, 0.05])
@on_both_loops
async def test_a_bad_request_behind_good_ones_is_answered_in_its_turn(pause: float) -> None:
    """The good ones get their answers first, then the error ends the connection."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/wait") + get("/seen"))
        await eventually(lambda: edge.handled == ["/wait"])
        await client.send(b"GET /seen HTTP/1.1\r\nHost : a\r\n\r\n" + get("/seen"))
        await asyncio.sleep(pause)
        edge.release.set()
        assert [(await client.answer()).status for _ in range(3)] == [200, 200, 400]
        assert await client.read_to_end() == b""
        assert edge.handled == ["/wait", "/seen"]


@on_both_loops
async def test_a_connection_ends_after_a_thousand_requests() -> None:
    """The thousandth answer says so, and the rest of the pipeline is not handled."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(get("/seen") * 1010)
        received = await client.read_to_end()
    assert received.count(b"HTTP/1.1 200 OK") == 1000 == len(edge.handled)
    assert received.count(b"Connection: close") == 1


@on_both_loops
async def test_an_answer_before_the_body_arrives_is_readable() -> None:
    """A client that sends ten megabytes to a handler that refuses at once still reads the refusal."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        head = b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n"
        await client.send(head + b"x" * 10_000_000)
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert await client.read_to_end() == b""


# -- cost --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", [b"1\r\nx\r\n", b"1;" + b"e" * 60 + b"\r\nx\r\n", b"2\r\nxx\r\n"])
@on_both_loops
async def test_a_body_in_tiny_chunks_costs_little(piece: bytes) -> None:
    """A megabyte, byte by byte or behind long extensions, is refused after a fraction of a second's work."""
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + piece * (1024 * 1024) + b"0\r\n\r\n"
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        began = time.process_time()
        sending = asyncio.ensure_future(client.send(data))
        answer = await client.answer()
        used = time.process_time() - began
        sending.cancel()
        assert (answer.status, answer.json()["error"]["code"]) == (400, "bad_request")
        assert used < 2  # a reader that is quadratic takes minutes
        assert edge.bodies == []


@on_both_loops
async def test_chunks_of_a_sensible_size_are_served() -> None:
    """Half a megabyte in pieces of 64 bytes is an ordinary, if careful, client."""
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"40\r\n" + b"x" * 64 + b"\r\n") * 8192 + b"0\r\n\r\n"
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        await client.send(data)
        assert len((await client.answer()).body) == 512 * 1024


@on_both_loops
async def test_a_header_without_end_is_not_kept() -> None:
    """A client that sends header lines for ever is answered after 32 KiB and takes no memory."""
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await client.send(b"GET /seen HTTP/1.1\r\nHost: a\r\n")
        for i in range(60):
            await client.send(b"X-%d: " % i + b"a" * 4000 + b"\r\n")
            await asyncio.sleep(0)
            if i == 12:
                break
        assert (await client.answer()).status == 431
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1024  # KiB
        assert edge.handled == []
