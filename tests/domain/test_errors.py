"""The table of errors: the status contract, and that it stays complete."""

import ast
from pathlib import Path

import pytest

import promptguard_gateway
from promptguard_gateway.domain.errors import KINDS, GatewayError

SOURCES = Path(promptguard_gateway.__file__).parent


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_keeps_the_status_contract(code: str) -> None:
    """4xx for what the client did, 502 and 504 for the upstream, 503 with a time to wait for what passes by itself."""
    kind = KINDS[code]
    assert kind.status in {400, 401, 403, 404, 405, 408, 409, 413, 415, 417, 429, 431, 500, 502, 503, 504}
    assert kind.type in {
        "policy_violation",
        "authentication_error",
        "permission_error",
        "invalid_request_error",
        "upstream_error",
        "service_unavailable",
        "overloaded",
        "internal_error",
    }
    if kind.status == 503:
        assert kind.retry_after is not None
    if kind.status in (502, 504):
        assert kind.type == "upstream_error"
    if kind.type == "invalid_request_error":
        assert 400 <= kind.status < 500
    if code in ("bad_request", "headers_too_large", "body_too_large", "draining"):
        assert kind.close


def raised_codes() -> set[str]:
    """The literal first argument of every GatewayError in the sources."""
    codes: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "GatewayError" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    codes.add(str(first.value))
    return codes


def test_every_code_that_is_raised_is_in_the_table() -> None:
    """A misspelt code would fail only when it is needed."""
    assert raised_codes() <= KINDS.keys()
    assert len(raised_codes()) > 20


def test_an_error_takes_what_the_table_says() -> None:
    """Status, type, waiting time and closing come from the table, unless the place that raises knows better."""
    error = GatewayError("overloaded", "Later.")
    assert (error.status, error.type, error.retry_after, error.close) == (503, "service_unavailable", 1, False)
    assert str(error) == error.message == "Later."
    own = GatewayError("upstream_rejected", "No.", status=422, retry_after=7, param="n", details={"a": 1})
    assert (own.status, own.retry_after, own.param, own.details) == (422, 7, "n", {"a": 1})
    assert GatewayError("upstream_overloaded", "x", retry_after=0).retry_after == 0


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    """It fails at once, where it is raised."""
    with pytest.raises(KeyError):
        GatewayError("no_such_code", "x")
