"""What the console answers with: JSON, refusals, and the headers that go with everything.

The pages show text that attackers wrote. So nothing is ever rendered as HTML, and the browser is told to enforce it: no
inline script or style, no other host, no frame, and no string may become markup (Trusted Types).
"""

from collections.abc import Mapping

import msgspec

from promptguard_gateway.domain.listener import Outgoing

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
UNSTORED: Mapping[str, str] = {**SECURITY_HEADERS, "Cache-Control": "no-store"}

_STATUSES = {
    "bad_request": 400,
    "signed_out": 401,
    "wrong_password": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "name_taken": 409,
    "last_administrator": 409,
    "link_gone": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "too_many_attempts": 429,
    "internal_error": 500,
    "unavailable": 503,
}


class Refused(Exception):
    """An answer that is no. `code` stands in the table above; the message is shown to the person."""

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Outgoing:
    """A value as JSON, kept by no cache."""
    return Outgoing(
        status=status,
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={**UNSTORED, **(headers or {})},
    )


def refusal(refused: Refused) -> Outgoing:
    """`{"error": {"code", "message"}}` with the status of the code."""
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    body = {"error": {"code": refused.code, "message": refused.message}}
    return json_answer(body, _STATUSES[refused.code], headers)
