"""Answers as bytes: what a header may hold, and which headers are ours."""

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.http_reply import encode_reply, error_reply, json_response, safe_line


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("X-Request-Id", "evt_1", "X-Request-Id: evt_1\r\n"),
        ("retry-after", "2", "retry-after: 2\r\n"),
        ("X-A", "", "X-A: \r\n"),
        ("X-A", "a\r\nSet-Cookie: b", ""),
        ("X-A", "a\nb", ""),
        ("X-A", "a\x00b", ""),
        ("X-A", "a\tb", ""),
        ("X-A", "ä", ""),
        ("X-A\r\nX-B", "1", ""),
        ("X A", "1", ""),
        ("X:A", "1", ""),
        ("Content-Length", "0", ""),
        ("transfer-encoding", "chunked", ""),
        ("Connection", "authorization", ""),
        ("DATE", "now", ""),
        ("Server", "x/1.0", ""),
    ],
)
def test_a_header_cannot_end_its_line_or_replace_ours(name: str, value: str, line: str) -> None:
    """Printable ASCII only; framing, date and connection are written by the server alone."""
    assert safe_line(name, value) == line


def test_a_reply_is_its_bytes() -> None:
    """No server name; the length is the body's; HEAD has the same head."""
    reply = json_response(200, b'{"a":1}', {"X-A": "b"})
    head = b"HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/json\r\nContent-Length: 7\r\nX-A: b\r\n\r\n"
    assert encode_reply(reply, "D", close=False, head_only=False) == head + b'{"a":1}'
    assert encode_reply(reply, "D", close=False, head_only=True) == head
    assert b"\r\nConnection: close\r\n\r\n" in encode_reply(reply, "D", close=True, head_only=False)


def test_a_status_without_a_name_can_be_sent() -> None:
    """Upstreams have their own, such as 529."""
    assert encode_reply(json_response(529, b""), "D", close=False, head_only=False).startswith(b"HTTP/1.1 529 ")


def test_an_error_brings_its_hints() -> None:
    """Status, envelope, retry hint and the end of the connection come from the table of errors."""
    reply = error_reply(GatewayError("draining", "The gateway is shutting down."), "evt_1")
    assert (reply.status, reply.close) == (503, True)
    assert reply.headers is not None
    assert reply.headers["Retry-After"] == "2"
    assert b'"code":"draining"' in reply.body
    assert b'"request_id":"evt_1"' in reply.body
