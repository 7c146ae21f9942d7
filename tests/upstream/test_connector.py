"""The guard where sockets are opened: resolved addresses, rebinding, metadata, and no way around."""

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from lab.faultup import FaultUpstream
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream.vllm import VllmUpstream

LIMITS = UpstreamLimits(connect_timeout=0.3, first_byte_timeout=1, keepalive_timeout=0.001)
BODY = b'{"model": "static"}'
KEY = "upstream" + "-key-0123456789"


class Names(AbstractResolver):
    """A resolver whose answers are written down; each look-up takes the next."""

    def __init__(self, answers: Sequence[Sequence[str]]) -> None:
        self._answers = answers
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The next list of addresses."""
        addresses = self._answers[self.asked % len(self._answers)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def error_of(upstream: VllmUpstream) -> GatewayError:
    """The error of an attempt."""
    with pytest.raises(GatewayError) as caught:
        await upstream.send("/chat/completions", BODY, stream=False)
    await upstream.close()
    return caught.value


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fec0::1", "0.0.0.0"],
)
async def test_denied_addresses_of_names(address: str) -> None:
    """SSRF-03: an unlisted name that leads to a private address is refused before a socket exists."""
    names = Names([[address]])
    upstream = VllmUpstream("http://innocent.example:8000", limits=LIMITS, listed=False, resolver=names)
    error = await error_of(upstream)
    assert (error.code, error.status) == ("upstream_address_denied", 502)
    assert address not in error.message


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://[::ffff:127.0.0.1]:8000"])
async def test_denied_literals(origin: str) -> None:
    """SSRF-03: literal addresses are judged too, though nothing resolves them."""
    error = await error_of(VllmUpstream(origin, limits=LIMITS, listed=False))
    assert error.code == "upstream_address_denied"


@pytest.mark.parametrize(
    "origin",
    ["http://169.254.169.254:80", "http://100.100.100.200:80", "http://[fd00:ec2::254]:80", "http://168.63.129.16:80"],
)
async def test_metadata_is_denied_to_listed_origins(origin: str) -> None:
    """SSRF-06: no setting opens the way to a metadata service."""
    error = await error_of(VllmUpstream(origin, limits=LIMITS, key=KEY))
    assert error.code == "upstream_address_denied"


async def test_one_denied_address_denies_the_name() -> None:
    """A name that leads to a good and a bad address is refused, so that no order of attempts matters."""
    for addresses in (["127.0.0.1", "169.254.169.254"], ["169.254.169.254", "127.0.0.1"]):
        upstream = VllmUpstream("http://two-faced.example:8000", limits=LIMITS, resolver=Names([addresses]))
        assert (await error_of(upstream)).code == "upstream_address_denied"


async def test_rebinding() -> None:
    """SSRF-04: a name that changes its mind between look-ups never leads to a private address."""
    async with FaultUpstream() as lab:
        names = Names([["192.0.2.1"], ["127.0.0.1"]])
        upstream = VllmUpstream(f"http://rebinding.example:{lab.port}", limits=LIMITS, listed=False, resolver=names)
        for _ in range(50):
            with pytest.raises(GatewayError):
                await upstream.send("/chat/completions", BODY, stream=False)
        assert names.asked == 50
        assert lab.links == []
        await upstream.close()


async def test_every_new_connection_is_judged() -> None:
    """SSRF-04: a listed name that turns to a metadata address is refused at its next connection."""
    async with FaultUpstream() as lab:
        names = Names([["127.0.0.1"], ["169.254.169.254"]])
        upstream = VllmUpstream(f"http://turning.example:{lab.port}", limits=LIMITS, resolver=names)
        first = await upstream.send("/chat/completions", BODY, stream=False)
        await first.read()
        await asyncio.sleep(0.01)
        assert (await error_of(upstream)).code == "upstream_address_denied"
        assert len(lab.links) == 1


async def test_the_name_is_kept_for_the_host_header() -> None:
    """The connection goes to the judged address, and the request still names the host."""
    async with FaultUpstream() as lab:
        upstream = VllmUpstream(f"http://named.example:{lab.port}", limits=LIMITS, resolver=Names([["127.0.0.1"]]))
        await (await upstream.send("/chat/completions", BODY, stream=False)).read()
        assert lab.requests[0].headers["host"] == f"named.example:{lab.port}"
        await upstream.close()


@pytest.fixture
def proxies() -> Iterator[int]:
    """The environment of a machine whose traffic should go through a proxy that does not exist."""
    before = dict(os.environ)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(8)
        port = int(sock.getsockname()[1])
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            os.environ[name] = f"http://127.0.0.1:{port}"
        sock.setblocking(False)
        yield port
        with pytest.raises(BlockingIOError):
            sock.accept()
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("proxies")
async def test_environment_proxies_are_ignored() -> None:
    """SSRF-07: no variable changes the route."""
    async with FaultUpstream() as lab:
        upstream = VllmUpstream(lab.origin, limits=LIMITS, key=KEY)
        await (await upstream.send("/chat/completions", BODY, stream=False)).read()
        assert len(lab.requests) == 1
        await upstream.close()


async def test_a_key_goes_to_its_own_origin_only() -> None:
    """UPS-01: of two upstreams each sees its own key and never the other's."""
    async with FaultUpstream() as one, FaultUpstream() as other:
        keys = {one.origin: "first" + "-" * 20, other.origin: "second" + "-" * 20}
        upstreams = [VllmUpstream(origin, limits=LIMITS, key=key) for origin, key in keys.items()]
        for upstream in upstreams * 5:
            await (await upstream.send("/chat/completions", BODY, stream=False)).read()
            await (await upstream.send("/models", None, stream=False)).read()
        for lab in (one, other):
            assert len(lab.requests) == 10
            for request in lab.requests:
                assert request.headers["authorization"] == f"Bearer {keys[lab.origin]}"
        for upstream in upstreams:
            await upstream.close()


async def test_no_secret_in_a_repr() -> None:
    """The key is in no representation of an upstream."""
    upstream = VllmUpstream("http://localhost:8000", limits=LIMITS, key=KEY)
    assert KEY not in repr(upstream) + str(upstream)


async def test_tls_that_fails() -> None:
    """U25: a listener that does not speak TLS is 502 with the reason, one that says nothing is 504."""

    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server, FaultUpstream() as silent:
        port = server.sockets[0].getsockname()[1]
        error = await error_of(VllmUpstream(f"https://127.0.0.1:{port}", limits=LIMITS, key=KEY))
        assert (error.status, error.details) == (502, {"reason": "tls"})
        error = await error_of(VllmUpstream(f"https://127.0.0.1:{silent.port}", limits=LIMITS, key=KEY))
        assert (error.code, error.status) == ("upstream_timeout", 504)
        assert silent.requests == []
