"""What a client is told about an upstream's refusal: the category in our words, never the provider's."""

import json

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.upstream.faults import refused, retry_after

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def error_body(message: str, param: str | None = None) -> bytes:
    """vLLM's usual shape."""
    return json.dumps({"error": {"message": message, "type": "BadRequestError", "param": param, "code": 400}}).encode()


def error_for(status: int, body: bytes = b"", wait: str | None = None) -> GatewayError:
    """The error for an answer."""
    return refused(status, {} if wait is None else {"retry-after": wait}, body, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 7 ", 7),
        ("0", 1),
        ("1000000000", 3600),
        ("9" * 5000, 3600),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("７", None),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 31),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 1),
        ("Fri, 15 Jan 2100 08:00:00 GMT", 3600),
        ("Fri, 99 Jan 2027 08:00:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: int | None) -> None:
    """Seconds and dates are understood and clamped; what is neither is as if it were absent."""
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (204, "upstream_error", 502),
        (206, "upstream_error", 502),
        (301, "upstream_redirect", 502),
        (308, "upstream_redirect", 502),
        (400, "upstream_rejected", 400),
        (401, "upstream_auth_error", 502),
        (402, "upstream_error", 502),
        (403, "upstream_auth_error", 502),
        (404, "model_not_found", 404),
        (405, "upstream_error", 502),
        (413, "upstream_rejected", 413),
        (422, "upstream_rejected", 422),
        (429, "upstream_rate_limited", 429),
        (500, "upstream_error", 502),
        (502, "upstream_error", 502),
        (503, "upstream_overloaded", 503),
        (504, "upstream_error", 502),
        (599, "upstream_error", 502),
    ],
)
def test_statuses(status: int, code: str, ours: int) -> None:
    """Every status has its place in the contract, and the upstream's own is kept for programs."""
    error = error_for(status)
    assert (error.code, error.status) == (code, ours)
    assert error.details == {"upstream_status": status}


def test_waiting_is_passed_on() -> None:
    """Retry-After of a 429 or 503 is passed on; an absent one is ours for 503 and none for 429."""
    assert error_for(429, wait="12").retry_after == 12
    assert error_for(429).retry_after is None
    assert error_for(503, wait="12").retry_after == 12
    assert error_for(503).retry_after == 2


SECRET = "my password is hunter2"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (error_body(SECRET), "withheld"),
        (error_body(f"This model's maximum context length is 2048 tokens. {SECRET}"), "2048"),
        (
            error_body(
                "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input "
                f"tokens, {SECRET}"
            ),
            "at least 2049",
        ),
        (error_body("max_tokens=9999 cannot be greater than max_model_len=2048. " + SECRET), "2048"),
        (error_body("hunter2 is not a multimodal model"), "text only"),
        (error_body("max_tokens must be at least 1, hunter2", "max_tokens"), "max_tokens"),
        (error_body("1 validation error:\n  {'type': 'missing', 'loc': 'body.messages', 'hunter2"), "messages (4"),
        (error_body("1 validation error:\n  {'type': 'missing', 'loc': 'body.messages', 'hunter2"), "missing"),
        (error_body("2 validation errors:\n  {'type': 'list_type', 'loc': 'body.messages', 'hunter2"), "wrong type"),
        (error_body("Cannot apply chat template to an empty conversation. " + SECRET), "chat template"),
        (error_body('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'), "tool"),
        (json.dumps({"error": SECRET}).encode(), "withheld"),
        (json.dumps({"detail": SECRET}).encode(), "withheld"),
        (json.dumps({"type": "error", "error": {"type": "x", "message": SECRET}}).encode(), "withheld"),
        (b"hunter2", "withheld"),
        (b"\xff\xfe", "withheld"),
        (b'["hunter2"]', "withheld"),
        (b"", "withheld"),
        (b'{"error": {"message": 5}}', "withheld"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_nothing_of_the_providers_text_passes(status: int, body: bytes, says: str) -> None:
    """A refusal says its category in our words and holds nothing that was in the provider's message."""
    error = error_for(status, body)
    assert says in error.message
    assert "hunter2" not in error.message + str(error.param) + str(error.details)


@pytest.mark.parametrize(
    ("message", "param", "ours"),
    [
        ("x", "max_tokens", "max_tokens"),
        ("x", "messages.0.content", "messages.0.content"),
        ("{'type': 'int_parsing', 'loc': 'body.max_tokens', 'msg': '", None, "max_tokens"),
        ("{'type': 'x', 'loc': 'body.messages.3.content', 'msg': '", None, "messages.3.content"),
        ("{'type': 'x', 'loc': 'body.messages.0.ChatCompletionUserMessageParam.content', '", None, "messages.0"),
        ("{'type': 'x', 'loc': 'body.hunter2', 'msg': '", None, None),
        ("{'type': 'x', 'loc': 'body.hunter2', 'msg': '", "max_tokens", None),
        ("{'type': 'json_invalid', 'loc': 'body.113'", None, None),
        ("x", "hunter2", None),
        ("x", "messages.0.hunter2", "messages.0"),
        ("x", "messages.123456789.content", "messages"),
        ("x", "0.content", None),
        ("x", "messages." * 100, None),
        ("x", "", None),
        ("x", "max_tokens\n", None),
    ],
)
def test_only_known_fields_are_named(message: str, param: str | None, ours: str | None) -> None:
    """`param` is passed on if it is made of known field names and indexes: callers can put text into others."""
    assert error_for(400, error_body(message, param)).param == ours


def test_a_missing_model_is_told_from_a_missing_route() -> None:
    """404 for a model names the way out and not the served names; 404 for a route is another error."""
    missing = error_for(404, error_body("The model `hunter2` does not exist. Valid aliases: hunter2-chat.", "model"))
    assert (missing.code, missing.param) == ("model_not_found", "model")
    assert missing.message.startswith("Model not found")
    assert "GET /models" in missing.message
    assert "hunter2" not in missing.message
    route = error_for(404, b'{"detail":"Not Found"}')
    assert (route.code, route.status) == ("upstream_rejected", 404)


def test_whose_credential_was_refused() -> None:
    """The operator's key refused is our fault, 502; the caller's own credential refused is told with its status."""
    ours = refused(401, {}, b"", now=NOW)
    assert (ours.status, ours.should_retry) == (502, False)
    assert "VLLM_API_KEY" in ours.message
    theirs = refused(401, {}, b"", now=NOW, callers_key=True)
    assert (theirs.status, theirs.should_retry) == (401, False)
