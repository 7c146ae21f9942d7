"""Every error a client can meet, in one table: code, status, type. Texts are written where the error is raised.

The status contract: what the client did wrong is 4xx and stays wrong when repeated; what the upstream did wrong is
502 or 504; what we cannot do now is 503 with `Retry-After`. Messages name the field and the way out and never
repeat the content of a field, which could hold a secret.
"""

from collections.abc import Mapping

from msgspec import Struct


class Kind(Struct, frozen=True):
    """Status and type of an error code. `retry_after` in seconds, for what passes by itself."""

    status: int
    type: str
    retry_after: int | None = None
    close: bool = False


_REQUEST = "invalid_request_error"

KINDS: Mapping[str, Kind] = {
    # the decision
    "request_blocked": Kind(400, "policy_violation"),
    # credentials
    "missing_api_key": Kind(401, "authentication_error"),
    "invalid_api_key": Kind(401, "authentication_error"),
    "insufficient_scope": Kind(403, "permission_error"),
    "ambiguous_credentials": Kind(400, _REQUEST),
    # the HTTP message
    "bad_request": Kind(400, _REQUEST, close=True),
    "invalid_host": Kind(400, _REQUEST, close=True),
    "not_found": Kind(404, _REQUEST),
    "method_not_allowed": Kind(405, _REQUEST),
    "request_timeout": Kind(408, _REQUEST, close=True),
    "body_too_large": Kind(413, _REQUEST, close=True),
    "unsupported_media_type": Kind(415, _REQUEST),
    "unsupported_encoding": Kind(415, _REQUEST),
    "expectation_failed": Kind(417, _REQUEST, close=True),
    "headers_too_large": Kind(431, _REQUEST, close=True),
    "conflict": Kind(409, _REQUEST),
    "too_many_connections": Kind(503, "overloaded", retry_after=2, close=True),
    # the JSON body
    "invalid_json": Kind(400, _REQUEST),
    "invalid_encoding": Kind(400, _REQUEST),
    "duplicate_key": Kind(400, _REQUEST),
    "too_deep": Kind(400, _REQUEST),
    "number_out_of_range": Kind(400, _REQUEST),
    "invalid_value": Kind(400, _REQUEST),
    "missing_field": Kind(400, _REQUEST),
    "unknown_field": Kind(400, _REQUEST),
    "invalid_preset": Kind(400, _REQUEST),
    "field_not_allowed": Kind(400, _REQUEST),
    "limit_exceeded": Kind(400, _REQUEST),
    "media_url_not_allowed": Kind(400, _REQUEST),
    "content_too_large": Kind(413, _REQUEST),
    # where it should go
    "no_provider": Kind(400, _REQUEST),
    "model_not_found": Kind(404, _REQUEST),
    "upstream_not_allowed": Kind(400, _REQUEST),
    # what came back
    "upstream_rejected": Kind(400, "upstream_error"),
    "upstream_rate_limited": Kind(429, "upstream_error"),
    "upstream_unreachable": Kind(502, "upstream_error"),
    "upstream_error": Kind(502, "upstream_error"),
    "upstream_auth_error": Kind(502, "upstream_error"),
    "upstream_redirect": Kind(502, "upstream_error"),
    "upstream_encoding": Kind(502, "upstream_error"),
    "upstream_address_denied": Kind(502, "upstream_error"),
    "upstream_too_large": Kind(502, "upstream_error"),
    "upstream_overloaded": Kind(503, "upstream_error", retry_after=2),
    "upstream_timeout": Kind(504, "upstream_error"),
    "stream_limit": Kind(502, "upstream_error"),
    # ourselves
    "detector_unavailable": Kind(503, "service_unavailable", retry_after=1),
    "audit_unavailable": Kind(503, "service_unavailable", retry_after=1),
    "policy_unavailable": Kind(503, "service_unavailable", retry_after=1),
    "store_unavailable": Kind(503, "service_unavailable", retry_after=1),
    "auth_store_unavailable": Kind(503, "service_unavailable", retry_after=1),
    "overloaded": Kind(503, "service_unavailable", retry_after=1),
    "draining": Kind(503, "service_unavailable", retry_after=2, close=True),
    "internal_error": Kind(500, "internal_error"),
}


class StoreError(Exception):
    """The store cannot be opened or used; the text is one sentence for the operator that names the way out."""


class GatewayError(Exception):
    """An error with a place in the table above.

    `param` names the field at fault. `status` overrides the table's where an upstream's own status is kept.
    `details` are plain values for programs. `retry_after` in seconds overrides the table's. `allow` names the methods
    that a path takes (RFC 9110, section 15.5.6).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        status: int | None = None,
        details: Mapping[str, str | int | float] | None = None,
        retry_after: int | None = None,
        should_retry: bool | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(message)
        kind = KINDS[code]
        self.code = code
        self.message = message
        self.param = param
        self.status = status or kind.status
        self.type = kind.type
        self.details = details
        self.retry_after = retry_after if retry_after is not None else kind.retry_after
        self.should_retry = should_retry
        self.allow = allow
        self.close = kind.close
