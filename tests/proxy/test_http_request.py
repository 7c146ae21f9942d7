"""Requests that two programs could read in two ways, and what is just wrong: refused before any handler runs."""

import asyncio
import contextlib

import pytest

from lab.rawclient import RawAnswer, RawClient
from promptguard_gateway.proxy.http_request import host_name, is_json, read_headers
from proxy.http_edge import CALM, running

H = b"Host: gateway.test\r\n"
J = H + b"Content-Type: application/json\r\n"
POST = b"POST /echo HTTP/1.1\r\n"
GET = b"GET /seen HTTP/1.1\r\n"
CHUNKED = POST + J + b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


def get(headers: bytes) -> bytes:
    return GET + headers + b"\r\n"


def post(headers: bytes, body: bytes = b"{}") -> bytes:
    return POST + J + headers + b"\r\n" + body


MALFORMED = {
    # where does the body end
    "length and coding": (CHUNKED + b"Content-Length: 2\r\n\r\n" + END, 400, "bad_request"),
    "coding and length": (post(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", END), 400, "bad_request"),
    "two equal lengths": (post(b"Content-Length: 2\r\nContent-Length: 2\r\n"), 400, "bad_request"),
    "two different lengths": (post(b"Content-Length: 2\r\nContent-Length: 3\r\n"), 400, "bad_request"),
    "list of lengths": (post(b"Content-Length: 2, 2\r\n"), 400, "bad_request"),
    "length with plus": (post(b"Content-Length: +2\r\n"), 400, "bad_request"),
    "negative length": (post(b"Content-Length: -1\r\n"), 400, "bad_request"),
    "hexadecimal length": (post(b"Content-Length: 0x2\r\n"), 400, "bad_request"),
    "empty length": (post(b"Content-Length:\r\n"), 400, "bad_request"),
    "length with a point": (post(b"Content-Length: 2.0\r\n"), 400, "bad_request"),
    "length beyond 64 bits": (post(b"Content-Length: 99999999999999999999999\r\n"), 400, "bad_request"),
    "length with underscore digits": (post(b"Content-Length: 1_0\r\n"), 400, "bad_request"),
    "identity, chunked": (post(b"Transfer-Encoding: identity, chunked\r\n", END), 400, "bad_request"),
    "chunked, identity": (post(b"Transfer-Encoding: chunked, identity\r\n", END), 400, "bad_request"),
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n", END), 400, "bad_request"),
    "identity": (post(b"Transfer-Encoding: identity\r\n", END), 400, "bad_request"),
    "xchunked": (post(b"Transfer-Encoding: xchunked\r\n", END), 400, "bad_request"),
    "chunked in capitals": (post(b"Transfer-Encoding: CHUNKED\r\n", END), 400, "bad_request"),
    "quoted chunked": (post(b'Transfer-Encoding: "chunked"\r\n', END), 400, "bad_request"),
    "chunked with vertical tab": (post(b"Transfer-Encoding: \x0bchunked\r\n", END), 400, "bad_request"),
    "two codings": (
        post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", END),
        400,
        "bad_request",
    ),
    "two codings, one identity": (
        post(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", END),
        400,
        "bad_request",
    ),
    "coding on 1.0": (b"POST /echo HTTP/1.0\r\n" + J + b"Transfer-Encoding: chunked\r\n\r\n" + END, 400, "bad_request"),
    "coding with space before colon": (post(b"Transfer-Encoding : chunked\r\n", END), 400, "bad_request"),
    # chunks
    "chunk size not hexadecimal": (CHUNKED + b"\r\nzz\r\n{}\r\n" + END, 400, "bad_request"),
    "chunk size with prefix": (CHUNKED + b"\r\n0x2\r\n{}\r\n" + END, 400, "bad_request"),
    "chunk size negative": (CHUNKED + b"\r\n-2\r\n{}\r\n" + END, 400, "bad_request"),
    "chunk size huge": (CHUNKED + b"\r\nfffffffffffffffff\r\n{}\r\n" + END, 400, "bad_request"),
    "chunk size empty": (CHUNKED + b"\r\n\r\n{}\r\n" + END, 400, "bad_request"),
    "chunk longer than said": (CHUNKED + b"\r\n2\r\n{}}\r\n" + END, 400, "bad_request"),
    "chunk ends with line feed": (CHUNKED + b"\r\n2\r\n{}\n" + END, 400, "bad_request"),
    "chunk size ends with line feed": (CHUNKED + b"\r\n2\n{}\r\n" + END, 400, "bad_request"),
    "chunk size with space": (CHUNKED + b"\r\n2 \r\n{}\r\n" + END, 400, "bad_request"),
    "chunk extension with line feed": (CHUNKED + b"\r\n2;a\n{}\r\n" + END, 400, "bad_request"),
    "trailer without colon": (CHUNKED + b"\r\n2\r\n{}\r\n0\r\nbroken\r\n\r\n", 400, "bad_request"),
    # lines
    "folded header": (get(H + b"X-A: 1\r\n 2\r\n"), 400, "bad_request"),
    "folded with tab": (get(H + b"X-A: 1\r\n\t2\r\n"), 400, "bad_request"),
    "bare line feeds": (b"GET /seen HTTP/1.1\nHost: a\n\n", 400, "bad_request"),
    "bare line feed in headers": (get(H + b"X-A: 1\nX-B: 2\r\n"), 400, "bad_request"),
    "bare carriage return": (get(H + b"X-A: 1\rX-B: 2\r\n"), 400, "bad_request"),
    "NUL in a value": (get(H + b"X-A: 1\x002\r\n"), 400, "bad_request"),
    "NUL in a name": (get(H + b"X-\x00A: 1\r\n"), 400, "bad_request"),
    "control character in a value": (get(H + b"X-A: 1\x082\r\n"), 400, "bad_request"),
    "space before colon": (get(H + b"X-A : 1\r\n"), 400, "bad_request"),
    "no colon": (get(H + b"X-A\r\n"), 400, "bad_request"),
    "empty name": (get(H + b": 1\r\n"), 400, "bad_request"),
    "brackets in a name": (get(H + b"X[A]: 1\r\n"), 400, "bad_request"),
    "space before the first header": (GET + b" " + H + b"\r\n", 400, "bad_request"),
    # request line
    "tab after the method": (b"GET\t/seen HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "space in the target": (b"GET /se en HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "no version": (b"GET /seen\r\n" + H + b"\r\n", 400, "bad_request"),
    "version 0.9": (b"GET /seen HTTP/0.9\r\n" + H + b"\r\n", 400, "bad_request"),
    "version 1.2": (b"GET /seen HTTP/1.2\r\n" + H + b"\r\n", 400, "bad_request"),
    "version 2.0": (b"GET /seen HTTP/2.0\r\n" + H + b"\r\n", 400, "bad_request"),
    "version in small letters": (b"GET /seen http/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad_request"),
    "unknown method": (b"FETCH /seen HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "method in small letters": (b"get /seen HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), 400, "bad_request"),
    "absolute form": (b"GET http://gateway.test/seen HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "absolute form to elsewhere": (b"GET http://169.254.169.254/ HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "authority form": (b"GET gateway.test:80 HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "asterisk form": (b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "fragment": (b"GET /seen#x HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "byte above 127 in the target": (b"GET /s\xff HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "NUL in the target": (b"GET /s\x00n HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    "relative target": (b"GET seen HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request"),
    # methods
    "TRACE": (b"TRACE /seen HTTP/1.1\r\n" + H + b"\r\n", 405, "method_not_allowed"),
    "CONNECT": (b"CONNECT gateway.test:80 HTTP/1.1\r\n" + H + b"\r\n", 405, "method_not_allowed"),
    "WebSocket": (
        get(H + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n"),
        405,
        "method_not_allowed",
    ),
    # Host
    "no Host": (get(b""), 400, "invalid_host"),
    "no Host on 1.0": (b"GET /seen HTTP/1.0\r\n\r\n", 400, "invalid_host"),
    "two Hosts": (get(H + H), 400, "invalid_host"),
    "two different Hosts": (get(H + b"host: other.test\r\n"), 400, "invalid_host"),
    "empty Host": (get(b"Host:\r\n"), 400, "invalid_host"),
    "path in Host": (get(b"Host: a/admin?x=\r\n"), 400, "invalid_host"),
    "user in Host": (get(b"Host: me@gateway.test\r\n"), 400, "invalid_host"),
    "scheme in Host": (get(b"Host: http://gateway.test\r\n"), 400, "invalid_host"),
    "space in Host": (get(b"Host: a b\r\n"), 400, "invalid_host"),
    "list in Host": (get(b"Host: a, b\r\n"), 400, "invalid_host"),
    "port too large": (get(b"Host: a:65536\r\n"), 400, "invalid_host"),
    "port of letters": (get(b"Host: a:b\r\n"), 400, "invalid_host"),
    "two ports": (get(b"Host: a:1:2\r\n"), 400, "invalid_host"),
    "open bracket": (get(b"Host: [::1\r\n"), 400, "invalid_host"),
    "percent in Host": (get(b"Host: a%2eb\r\n"), 400, "invalid_host"),
    "byte above 127 in Host": (get("Host: gâteway.test\r\n".encode()), 400, "invalid_host"),
    "backslash in Host": (get(b"Host: a\\b\r\n"), 400, "invalid_host"),
    # repeated
    "two Authorizations": (get(H + b"Authorization: a\r\nAuthorization: a\r\n"), 400, "bad_request"),
    "two keys": (get(H + b"X-API-Key: a\r\nx-api-key: b\r\n"), 400, "bad_request"),
    "two Content-Types": (post(b"Content-Type: text/plain\r\nContent-Length: 2\r\n"), 400, "bad_request"),
    # too much
    "65 headers": (get(H + b"".join(b"X-%d: 1\r\n" % i for i in range(64))), 431, "headers_too_large"),
    "100,000 headers": (get(H + b"X: 1\r\n" * 100_000), 431, "headers_too_large"),
    "one long line": (get(H + b"X-A: " + b"a" * 9000 + b"\r\n"), 431, "headers_too_large"),
    "a value of 1 MiB": (get(H + b"X-A: " + b"a" * 1024 * 1024 + b"\r\n"), 431, "headers_too_large"),
    "one long name": (get(H + b"a" * 9000 + b": 1\r\n"), 431, "headers_too_large"),
    "one long target": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + H + b"\r\n", 431, "headers_too_large"),
    "40 KiB in short lines": (
        get(H + b"".join(b"X-%02d: %s\r\n" % (i, b"a" * 1000) for i in range(40))),
        431,
        "headers_too_large",
    ),
    # expectations
    "unknown expectation": (post(b"Expect: 200-maybe\r\nContent-Length: 2\r\n"), 417, "expectation_failed"),
    "two expectations": (
        post(b"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"),
        400,
        "bad_request",
    ),
    "list of expectations": (post(b"Expect: 100-continue, x\r\nContent-Length: 2\r\n"), 417, "expectation_failed"),
}

# These reach the handler, whose own checks of media type, coding and size refuse them.
REFUSED_BODIES = {
    "no media type": (POST + H + b"Content-Length: 2\r\n\r\n{}", 415, "unsupported_media_type"),
    "text": (POST + H + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415, "unsupported_media_type"),
    "gzip": (post(b"Content-Encoding: gzip\r\nContent-Length: 2\r\n"), 415, "unsupported_encoding"),
    "gzip, identity": (post(b"Content-Encoding: gzip, identity\r\nContent-Length: 2\r\n"), 415, "unsupported_encoding"),
    "announced too large": (post(b"Content-Length: 1048577\r\n", b""), 413, "body_too_large"),
    "too large, expecting to be asked": (
        post(b"Expect: 100-continue\r\nContent-Length: 1048577\r\n", b""),
        413,
        "body_too_large",
    ),
    "too large in chunks": (CHUNKED + b"\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 17, 413, "body_too_large"),
    "bad chunk after a good one": (CHUNKED + b"\r\n2\r\n{}\r\nzz\r\n", 400, "bad_request"),
}


async def ask(port: int, data: bytes) -> RawAnswer:
    """Send bytes, as far as the server takes them, and read the answer."""
    async with RawClient("127.0.0.1", port) as client:
        with contextlib.suppress(ConnectionError):
            await client.send(data)
        return await client.answer()


@pytest.mark.parametrize("case", MALFORMED)
@pytest.mark.parametrize("step", [0, 7])
async def test_malformed_requests_are_refused_before_any_handler(case: str, step: int) -> None:
    """Each has its status and code in the envelope, closes the connection and reaches no handler, in any packets."""
    data, status, code = MALFORMED[case]
    async with running() as edge, RawClient("127.0.0.1", edge.port) as client:
        for start in range(0, len(data), step) if step and len(data) < 3000 else (0,):
            try:
                await client.send(data[start : start + step] if step and len(data) < 3000 else data)
            except ConnectionError:
                break
            await asyncio.sleep(0)
        answer = await client.answer()
        assert (answer.status, answer.json()["error"]["code"]) == (status, code)
        assert answer.headers["connection"] == "close"
        assert answer.headers["content-type"] == "application/json"
        assert not client.received
        late = {"echo"} if b"chunked\r\n\r\n" in data else set()
        assert {path[1:] for path in edge.handled} <= late  # a handler may wait for a body that then is broken
        assert edge.bodies == []
        assert await client.read_to_end() == b""


@pytest.mark.parametrize("case", REFUSED_BODIES)
async def test_bodies_are_refused_by_their_head_or_while_they_come(case: str) -> None:
    """The handler's checks give 415 and 413 before the body is read, and nothing past the cap is kept."""
    data, status, code = REFUSED_BODIES[case]
    async with running() as edge:
        answer = await ask(edge.port, data)
        assert (answer.status, answer.json()["error"]["code"]) == (status, code)
        assert edge.bodies == []
        assert b"100 Continue" not in answer.raw


GOOD = {
    "length": post(b"Content-Length: 2\r\n"),
    "chunks": CHUNKED + b"\r\n1\r\n{\r\n1\r\n}\r\n" + END,
    "chunk extension": CHUNKED + b"\r\n2;a=b\r\n{}\r\n" + END,
    "trailer": CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
    "charset": POST + H + b'Content-Type: Application/JSON; charset="UTF-8"\r\nContent-Length: 2\r\n\r\n{}',
    "identity": post(b"Content-Encoding: identity\r\nContent-Length: 2\r\n"),
    "space around the length": post(b"Content-Length: \t2 \r\n"),
    "two spaces after the method": post(b"Content-Length: 2\r\n").replace(b"POST ", b"POST  "),
    "two spaces after the target": post(b"Content-Length: 2\r\n").replace(b" HTTP", b"  HTTP"),
    "empty lines before": b"\r\n\r\n" + post(b"Content-Length: 2\r\n"),
    "1.0": b"POST /echo HTTP/1.0\r\n" + J + b"Content-Length: 2\r\n\r\n{}",
    "64 headers": POST + J + b"Content-Length: 2\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(61)) + b"\r\n{}",
}


@pytest.mark.parametrize("case", GOOD)
async def test_unusual_requests_that_are_right_are_served(case: str) -> None:
    """What HTTP/1.1 allows and everybody reads the same way works, whole and one byte at a time."""
    async with running() as edge:
        assert (await ask(edge.port, GOOD[case])).body == b"{}"
        async with RawClient("127.0.0.1", edge.port) as client:
            await client.drip(GOOD[case], pause=0)
            answer = await client.answer()
        assert (answer.status, answer.body) == (200, b"{}")
        assert "server" not in answer.headers
        assert answer.headers["date"].endswith("GMT")


async def test_the_application_sees_no_twins_no_trailers_and_the_raw_path() -> None:
    """Names with `_` are dropped, trailers too; the path is not decoded; repeated harmless headers are joined."""
    head = b"POST /seen%2e/../x//?a=%00&b HTTP/1.1\r\n" + H
    twins = b"Content_Length: 9\r\nX_API_Key: k\r\nAccept: a\r\nAccept: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with running() as edge:
        answer = await ask(edge.port, head + twins + b"0\r\nAuthorization: Bearer late\r\n\r\n")
        assert answer.status == 404
        assert edge.handled == ["/seen%2e/../x//"]
        seen = (await ask(edge.port, b"GET /seen?a=%00&b HTTP/1.1\r\n" + H + twins + END)).json()
    assert seen["query"] == "a=%00&b"
    assert seen["headers"] == {"host": "gateway.test", "accept": "a, b", "transfer-encoding": "chunked"}


async def test_only_allowed_hosts_are_answered() -> None:
    """With a list of names, others are refused; case, port and a final dot do not matter."""
    async with running(allowed_hosts=frozenset({"gateway.test"})) as edge:
        for host, status in [(b"GateWay.Test.:8080", 200), (b"gateway.test", 200), (b"rebind.test", 400)]:
            assert (await ask(edge.port, get(b"Host: " + host + b"\r\n"))).status == status


async def test_an_unsupported_upgrade_is_ignored_and_ends_the_connection() -> None:
    """Some clients offer HTTP/2 on every request; they get an answer in HTTP/1.1."""
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"
    async with running() as edge:
        answer = await ask(edge.port, get(H + upgrade))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        answer = await ask(edge.port, post(upgrade + b"Content-Length: 2\r\n"))
        assert (answer.status, answer.body) == (200, b"{}")


async def test_a_client_is_told_to_continue_only_when_its_body_is_wanted() -> None:
    """`Expect: 100-continue` is answered when the handler reads, not when it refuses."""
    async with running() as edge:
        async with RawClient("127.0.0.1", edge.port) as client:
            await client.send(post(b"Expect: 100-continue\r\nContent-Length: 2\r\n", b""))
            await client.read_until(b"100 Continue\r\n\r\n")
            client.received.clear()
            await client.send(b"{}")
            assert (await client.answer()).body == b"{}"
        refused = POST.replace(b"echo", b"refuse") + J + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        answer = await ask(edge.port, refused)
        assert (answer.status, answer.headers["connection"]) == (401, "close")


HOSTS = {
    "localhost": "localhost",
    "LOCALHOST:8080": "localhost",
    "127.0.0.1:1": "127.0.0.1",
    "[::1]:8080": "[::1]",
    "[::ffff:127.0.0.1]": "[::ffff:127.0.0.1]",
    "my_service:8080": "my_service",
    "a.b-c.d.": "a.b-c.d",
    "a:0": "a",
    "-a": None,
    "a:": None,
    ".a": None,
    "a..": None,
    "[1234]": None,
    "[::1]x": None,
    "[fe80::1%25eth0]": None,
    "a" * 300: None,
    "a\n": None,
    "a:٣": None,
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_a_name_or_an_address_with_a_port(host: str) -> None:
    """The grammar of the Host header, with near misses."""
    assert host_name(host) == HOSTS[host]


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("application/json", True),
        ("APPLICATION/JSON;charset=UTF-8", True),
        ('application/json ; charset="utf-8"', True),
        ("application/json;", True),
        ("application/json; charset=utf-16", False),
        ("application/json; charset=utf-8; charset=utf-16", False),
        ("application/json; profile=x", False),
        ("application/jsonp", False),
        ("application/json, text/plain", False),
        ("application/vnd.api+json", False),
        ("text/json", False),
        ("", False),
    ],
)
def test_json_is_one_media_type(value: str, right: bool) -> None:
    """application/json, also with charset utf-8 in any case and quoted; nothing else."""
    assert is_json(value) is right


def test_values_that_are_not_text_do_no_harm() -> None:
    """Header values are read as Latin-1: no byte can fail, and none becomes half a character."""
    assert read_headers([("X-A", "\udcff\udcfe"), ("X-A", "b")]) == {"x-a": "\xff\xfe, b"}
    assert read_headers([("X-A", "\u00e9")]) == {"x-a": "\xc3\xa9"}


async def test_bytes_above_127_in_a_value_reach_the_application_as_latin_1() -> None:
    """Nobody needs them, and nobody is harmed by them."""
    async with running() as edge:
        seen = (await ask(edge.port, get(H + b"X-A: \xff\xc3\xa9\r\n"))).json()
    assert seen["headers"]["x-a"] == "\xff\xc3\xa9"


def test_the_default_limits_are_the_documented_ones() -> None:
    """64 headers, 32 KiB of them, 8 KiB a line, 10 MiB of body."""
    assert (CALM.max_headers, CALM.max_header_bytes, CALM.max_header_line) == (64, 32768, 8192)
    assert CALM.max_body_bytes == 10 * 1024 * 1024
