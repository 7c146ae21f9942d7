"""The error envelope: one shape on every route, so that a client needs one way to read it.

    {"error": {"message": ..., "type": ..., "code": ..., "param": ..., "request_id": ..., "details": {...}}}

`message`, `type` and `code` are always strings (the PromptGuard command line insists on it). Guard, scan and control
routes answer validation errors as 422 with FastAPI's `detail` list beside `error`, as their clients expect.
"""

import msgspec

from promptguard_gateway.domain.errors import GatewayError

# Codes that say "this body is not what the route takes": 400 on model routes, 422 on guard and control routes.
VALIDATION_CODES = frozenset(
    {"invalid_value", "missing_field", "unknown_field", "limit_exceeded", "field_not_allowed", "number_out_of_range"}
)

_encode = msgspec.json.encode


def envelope(error: GatewayError, request_id: str | None = None) -> dict[str, object]:
    """The error as a JSON object. `request_id` is the event's id where there is one."""
    body: dict[str, object] = {"message": error.message, "type": error.type, "code": error.code}
    if error.param is not None:
        body["param"] = error.param
    if request_id is not None:
        body["event_id"] = request_id
        body["request_id"] = request_id
    if error.details:
        body["details"] = dict(error.details)
    return {"error": body}


def error_body(error: GatewayError, request_id: str | None = None) -> bytes:
    """The envelope, encoded."""
    return _encode(envelope(error, request_id))


def validation_body(error: GatewayError, request_id: str | None = None) -> bytes:
    """The envelope with FastAPI's `detail` list beside it."""
    body = envelope(error, request_id)
    location: list[str] = ["body", *([error.param] if error.param else [])]
    body["detail"] = [{"loc": location, "msg": error.message, "type": error.code}]
    return _encode(body)


def error_headers(error: GatewayError) -> dict[str, str]:
    """Headers that tell a client whether to try again."""
    headers: dict[str, str] = {}
    if error.allow is not None:
        headers["Allow"] = error.allow
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.should_retry is not None:
        headers["X-Should-Retry"] = "true" if error.should_retry else "false"
    elif error.type == "policy_violation":
        headers["X-Should-Retry"] = "false"
    if error.close:
        headers["Connection"] = "close"
    return headers
