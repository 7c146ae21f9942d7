"""vLLM and its faults over real sockets: what each one becomes, and what is left behind."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator

import pytest

from lab.faultup import FaultUpstream
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream.vllm import VllmUpstream

LIMITS = UpstreamLimits(
    connect_timeout=0.3,
    first_byte_timeout=0.3,
    idle_timeout=0.25,
    total_timeout=0.8,
    pool_timeout=0.2,
    max_body_bytes=1024 * 1024,
    max_stream_bytes=1024 * 1024,
)
KEY = "upstream" + "-key-0123456789"


@pytest.fixture
async def lab() -> AsyncIterator[FaultUpstream]:
    """The fault upstream."""
    async with FaultUpstream() as upstream:
        yield upstream


@pytest.fixture
async def vllm(lab: FaultUpstream) -> AsyncIterator[VllmUpstream]:
    """Ours, pointed at the fault upstream, with short patience. Nothing may be in use at the end."""
    upstream = VllmUpstream(lab.origin, limits=LIMITS, key=KEY)
    yield upstream
    assert upstream.in_use == 0
    await upstream.close()


def body_for(model: str, *, stream: bool = False, **more: object) -> bytes:
    """A request's body."""
    return json.dumps({"model": model, "stream": stream, **more}).encode()


async def ask(vllm: VllmUpstream, model: str, *, stream: bool = False, **more: object) -> bytes:
    """The whole of an answer."""
    answer = await vllm.send("/chat/completions", body_for(model, stream=stream, **more), stream=stream)
    if stream:
        return b"".join([piece async for piece in answer.chunks()])
    return await answer.read()


async def fault(vllm: VllmUpstream, model: str, *, stream: bool = False) -> GatewayError:
    """The error an answer becomes."""
    with pytest.raises(GatewayError) as caught:
        await ask(vllm, model, stream=stream)
    return caught.value


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# --- the good case


async def test_plain_and_streamed(lab: FaultUpstream, vllm: VllmUpstream) -> None:
    """Answers arrive whole, and one connection carries one exchange after the other."""
    assert json.loads(await ask(vllm, "static"))["choices"][0]["message"]["content"] == "Hello!"
    streamed = await ask(vllm, "static", stream=True)
    assert streamed.endswith(b"data: [DONE]\n\n")
    answer = await vllm.send("/models", None, stream=False)
    assert json.loads(await answer.read())["object"] == "list"
    assert len(lab.links) == 1
    assert (vllm.in_use, vllm.idle) == (0, 1)


async def test_the_head_of_a_request(lab: FaultUpstream, vllm: VllmUpstream) -> None:
    """The header is exactly this list: nothing of a caller's can be in it."""
    await ask(vllm, "static")
    request = lab.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert set(request.headers) == {
        *("host", "user-agent", "accept", "accept-encoding", "authorization", "content-type", "content-length")
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"].startswith("promptguard-gateway/")
    assert request.headers["accept-encoding"] == "identity"


async def test_whose_credential_is_presented(lab: FaultUpstream, vllm: VllmUpstream) -> None:
    """The operator's key goes before the caller's credential, which is used where there is none."""
    body = body_for("static")
    await (await vllm.send("/chat/completions", body, stream=False, credential="callers")).read()
    bare = VllmUpstream(lab.origin, limits=LIMITS)
    await (await bare.send("/chat/completions", body, stream=False, credential="callers")).read()
    await (await bare.send("/chat/completions", body, stream=False)).read()
    seen = [request.headers.get("authorization") for request in lab.requests]
    assert seen == [f"Bearer {KEY}", "Bearer callers", None]
    with pytest.raises(GatewayError) as caught:
        await bare.send("/chat/completions", body, stream=False, credential="a\r\nX-Evil: 1")
    assert caught.value.code == "bad_request"
    await bare.close()


async def test_an_answer_says_little(vllm: VllmUpstream) -> None:
    """Of the upstream's headers only three are kept; cookies are not, and none is sent back."""
    answer = await vllm.send("/chat/completions", body_for("fault/header-injection"), stream=False)
    assert dict(answer.headers) == {"content-type": "application/json"}
    await answer.read()
    assert "cookie" not in (await ask(vllm, "echo")).decode().lower()


@pytest.mark.parametrize(
    "path", ["", "models", "/../metrics", "/chat/completions/", "/chat?x=1", "/a b", "/%2e", "/a\r\nX: y", "//a"]
)
async def test_paths_are_plain(path: str) -> None:
    """A path that is not plain is a mistake of ours and opens no connection."""
    upstream = VllmUpstream(f"http://127.0.0.1:{free_port()}", limits=LIMITS)
    with pytest.raises(ValueError):
        await upstream.send(path, None, stream=False)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Evil: 1", "ключ", "a\x00"])
def test_a_key_that_cannot_stand_in_a_header(key: str) -> None:
    """Such a key is refused at the start, and not repeated."""
    with pytest.raises(ValueError) as caught:
        VllmUpstream("http://localhost:8000", limits=LIMITS, key=key)
    assert not key or key not in str(caught.value)


# --- connections


async def test_refused() -> None:
    """U1: a refused connection is 502 at once and says what to do."""
    origin = f"http://127.0.0.1:{free_port()}"
    upstream = VllmUpstream(origin, limits=LIMITS)
    started = time.monotonic()
    error = await fault(upstream, "static")
    assert time.monotonic() - started < 1
    assert (error.code, error.status) == ("upstream_unreachable", 502)
    assert error.message.startswith("Cannot connect to vLLM")
    assert f"curl {origin}/v1/models" in error.message
    assert "VLLM_BASE_URL" in error.message
    assert (upstream.in_use, upstream.idle) == (0, 0)
    await upstream.close()


async def test_blackhole() -> None:
    """U2: a connection attempt that nobody answers is 504 after the connect timeout."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()):  # fills the backlog: the next attempt hangs
            upstream = VllmUpstream(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=LIMITS)
            started = time.monotonic()
            error = await fault(upstream, "static")
            waited = time.monotonic() - started
    assert (error.code, error.status) == ("upstream_timeout", 504)
    assert error.message.startswith("Cannot connect to vLLM")
    assert 0.27 < waited < 0.7
    assert upstream.in_use == 0
    await upstream.close()


async def test_a_name_that_does_not_resolve() -> None:
    """U24: a name without an address is 502 and says so."""
    upstream = VllmUpstream("http://no-such-host.invalid:8000", limits=UpstreamLimits(connect_timeout=5))
    error = await fault(upstream, "static")
    assert (error.code, error.status) in {("upstream_unreachable", 502), ("upstream_timeout", 504)}
    assert error.message.startswith("Cannot connect to vLLM")
    await upstream.close()


PLAIN_FAULTS = [
    # model, code, status
    ("reset-before-head", "upstream_error", 502),
    ("close-before-head", "upstream_error", 502),
    ("reset-mid-head", "upstream_error", 502),
    ("reset-mid-body", "upstream_error", 502),
    ("short-length", "upstream_error", 502),
    ("long-body", "upstream_error", 502),
    ("two-lengths", "upstream_error", 502),
    ("length-and-chunked", "upstream_error", 502),
    ("te-gzip", "upstream_encoding", 502),
    ("garbage", "upstream_error", 502),
    ("many-headers", "upstream_error", 502),
    ("giant-header", "upstream_error", 502),
    ("html200", "upstream_error", 502),
    ("no-type", "upstream_error", 502),
    ("sse-for-json", "upstream_error", 502),
    ("gzip", "upstream_encoding", 502),
    ("stall", "upstream_timeout", 504),
    ("drip", "upstream_timeout", 504),
    ("drip-head", "upstream_timeout", 504),
    ("endless", "upstream_too_large", 502),
    ("interim-endless", "upstream_error", 502),
    ("status-101", "upstream_error", 502),
    ("status-204", "upstream_error", 502),
    ("status-206", "upstream_error", 502),
    ("status-304", "upstream_redirect", 502),
    ("redirect-307", "upstream_redirect", 502),
    ("status-400", "upstream_rejected", 400),
    ("status-401", "upstream_auth_error", 502),
    ("status-403", "upstream_auth_error", 502),
    ("status-404", "model_not_found", 404),
    ("status-404-route", "upstream_rejected", 404),
    ("status-418", "upstream_error", 502),
    ("status-422", "upstream_rejected", 422),
    ("status-429-retry-after", "upstream_rate_limited", 429),
    ("status-500", "upstream_error", 502),
    ("status-500-endless", "upstream_error", 502),
    ("status-503", "upstream_overloaded", 503),
    ("status-503-retry-after", "upstream_overloaded", 503),
    ("status-504", "upstream_error", 502),
]
STREAM_FAULTS = [
    ("reset-mid-3", "upstream_error", 502),
    ("close-mid-3", "upstream_error", 502),
    ("chunk-garbage", "upstream_error", 502),
    ("stall-mid-3", "upstream_timeout", 504),
    ("drip", "upstream_timeout", 504),
    ("endless", "stream_limit", 502),
    ("empty-events", "stream_limit", 502),
    ("giant-line", "stream_limit", 502),
    ("json-for-sse", "upstream_error", 502),
]
BEFORE_THE_BODY = [row for row in PLAIN_FAULTS if row[0] not in {"sse-for-json", "endless", "drip"}]


@pytest.mark.parametrize(("model", "code", "status"), PLAIN_FAULTS)
async def test_plain_faults(lab: FaultUpstream, vllm: VllmUpstream, model: str, code: str, status: int) -> None:
    """U3-U5, U7, U9-U20, U22: each fault becomes its error, was asked for once, and leaves a pool that works."""
    error = await fault(vllm, f"fault/{model}")
    assert (error.code, error.status) == (code, status)
    assert "hunter2" not in error.message
    assert len(lab.requests) == 1
    assert await ask(vllm, "static")
    assert vllm.in_use == 0


@pytest.mark.parametrize(("model", "code", "status"), STREAM_FAULTS + BEFORE_THE_BODY)
async def test_stream_faults(lab: FaultUpstream, vllm: VllmUpstream, model: str, code: str, status: int) -> None:
    """U6, U8, U15-U18: the same for streams."""
    error = await fault(vllm, f"fault/{model}", stream=True)
    if error.details != {"reason": "content_type"}:  # a plain answer to a stream is refused before anything else
        assert (error.code, error.status) == (code, status)
    assert len(lab.requests) == 1
    assert await ask(vllm, "static", stream=True)
    assert vllm.in_use == 0


@pytest.mark.parametrize("model", ["reset-mid-3", "close-mid-3", "stall-mid-3"])
async def test_what_came_before_a_fault_is_delivered(vllm: VllmUpstream, model: str) -> None:
    """U6: the pieces before the break arrive, then the error."""
    answer = await vllm.send("/chat/completions", body_for(f"fault/{model}", stream=True), stream=True)
    received = bytearray()

    async def read() -> None:
        async for piece in answer.chunks():
            received.extend(piece)

    with pytest.raises(GatewayError):
        await read()
    assert all(f"piece{number}".encode() in received for number in range(3))


async def test_a_timeout_is_not_to_be_repeated(vllm: VllmUpstream) -> None:
    """U7: the body had been sent, so the client is told not to send it again; a full server may be asked again."""
    late = await fault(vllm, "fault/stall")
    assert (late.should_retry, late.details) == (False, {"phase": "first_byte"})
    busy = await fault(vllm, "fault/status-503-retry-after")
    assert (busy.should_retry, busy.retry_after) == (None, 9)


async def test_interim_answers_are_ignored(vllm: VllmUpstream) -> None:
    """U20: 100 and 103 before the answer change nothing."""
    assert await ask(vllm, "fault/interim")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """SSRF-05: the second hop is never contacted, so the key goes nowhere else, and its address is not repeated."""
    async with FaultUpstream() as elsewhere, FaultUpstream(text=f"{elsewhere.origin}/v1/chat/completions") as lab:
        upstream = VllmUpstream(lab.origin, limits=LIMITS, key=KEY)
        error = await fault(upstream, f"fault/redirect-{status}")
        assert error.code == "upstream_redirect"
        assert elsewhere.origin not in error.message
        assert elsewhere.links == []
        await upstream.close()


async def test_patience_is_with_the_upstream_only(lab: FaultUpstream, vllm: VllmUpstream) -> None:
    """A reader that takes its time between two pieces does not use up the upstream's idle time."""
    lab.released.set()
    answer = await vllm.send("/chat/completions", body_for("fault/pause-mid-stream", stream=True), stream=True)
    received = b""
    async for piece in answer.chunks():
        received += piece
        await asyncio.sleep(0.3)
    assert received.endswith(b"[DONE]\n\n")
