"""The table of routes: the single source of routing, authentication class, inspection class and documentation.

A path that is not here does not exist: it is answered with 404 and reaches no upstream. Paths are compared
byte for byte with the request's raw path, so `//`, `%2e`, a trailing slash or another case are other paths.
A test walks this table: a route without an authentication or an inspection class cannot be written down.
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from promptguard_gateway.wire import schemas


class Authentication(StrEnum):
    """Who may call."""

    KEY = "key"  # a live API key of a project
    OPEN = "open"  # anybody who can reach the address


class Inspected(StrEnum):
    """What of an exchange the detectors read."""

    BOTH = "request and answer"
    REQUEST = "request"  # the answer holds our own words
    ANSWER = "answer"  # there is no request body
    NONE = "nothing"  # neither holds anybody's text


class Plane(StrEnum):
    """Prefixes under which a route answers."""

    DEVELOPER = "developer"  # /api/v1, /api/v1/proxy and /v1
    HEALTH = "health"  # those and the root
    ROOT = "root"


_PREFIXES = {
    Plane.DEVELOPER: ("/api/v1", "/api/v1/proxy", "/v1"),
    Plane.HEALTH: ("", "/api/v1", "/api/v1/proxy", "/v1"),
    Plane.ROOT: ("",),
}


class Route(Struct, frozen=True, kw_only=True):
    """One operation. `dialect`: the wire format; `validation_status`: the status of a body of the wrong shape."""

    name: str
    method: str
    path: str
    plane: Plane
    authentication: Authentication
    inspected: Inspected
    dialect: str = "none"
    request: type[Struct] | None = None
    response: type[Struct] | None = None
    validation_status: int = 400
    summary: str

    @property
    def paths(self) -> tuple[str, ...]:
        """Every raw path that is this route."""
        return tuple(prefix + self.path for prefix in _PREFIXES[self.plane])


_KEY, _OPEN = Authentication.KEY, Authentication.OPEN

ROUTES: tuple[Route, ...] = (
    Route(
        name="chat.completions",
        method="POST",
        path="/chat/completions",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.BOTH,
        dialect="openai_chat",
        request=schemas.ChatCompletionRequest,
        response=schemas.ChatCompletion,
        summary="Answer a conversation; with `stream: true` as server-sent events.",
    ),
    Route(
        name="completions",
        method="POST",
        path="/completions",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.BOTH,
        dialect="openai_completions",
        request=schemas.CompletionRequest,
        response=schemas.Completion,
        summary="Continue a text; with `stream: true` as server-sent events.",
    ),
    Route(
        name="embeddings",
        method="POST",
        path="/embeddings",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.BOTH,
        dialect="openai_embeddings",
        request=schemas.EmbeddingRequest,
        response=schemas.EmbeddingList,
        summary="Embed texts.",
    ),
    Route(
        name="models",
        method="GET",
        path="/models",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.ANSWER,
        dialect="openai_models",
        response=schemas.ModelList,
        summary="List the models that the upstream serves, under the names to use here.",
    ),
    Route(
        name="guard",
        method="POST",
        path="/guard",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.REQUEST,
        dialect="guard",
        request=schemas.GuardRequest,
        response=schemas.GuardResponse,
        validation_status=422,
        summary="Decide on messages without forwarding them.",
    ),
    Route(
        name="security.scan",
        method="POST",
        path="/security/scan",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.REQUEST,
        dialect="guard",
        request=schemas.ScanRequest,
        response=schemas.ScanResponse,
        validation_status=422,
        summary="Decide on one text.",
    ),
    Route(
        name="security.redact",
        method="POST",
        path="/security/redact",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.REQUEST,
        dialect="guard",
        request=schemas.RedactRequest,
        response=schemas.RedactResponse,
        validation_status=422,
        summary="Replace the personal data and secrets in one text.",
    ),
    Route(
        name="agent.validate_tool",
        method="POST",
        path="/agent/validate-tool",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.REQUEST,
        dialect="agent",
        request=schemas.ValidateToolRequest,
        response=schemas.ToolValidation,
        validation_status=422,
        summary="Decide whether an agent may call a tool with these arguments.",
    ),
    Route(
        name="mcp.scan_manifest",
        method="POST",
        path="/mcp/scan-manifest",
        plane=Plane.DEVELOPER,
        authentication=_KEY,
        inspected=Inspected.REQUEST,
        dialect="agent",
        request=schemas.ManifestRequest,
        response=schemas.ManifestScan,
        validation_status=422,
        summary="Inspect the tools that an MCP server offers, and compare them with an earlier scan.",
    ),
    Route(
        name="health",
        method="GET",
        path="/health",
        plane=Plane.HEALTH,
        authentication=_OPEN,
        inspected=Inspected.NONE,
        response=schemas.Health,
        summary="Whether the gateway answers.",
    ),
    Route(
        name="metrics",
        method="GET",
        path="/metrics",
        plane=Plane.ROOT,
        authentication=_OPEN,
        inspected=Inspected.NONE,
        summary="Counters for Prometheus. Holds no text of any request.",
    ),
    Route(
        name="openapi",
        method="GET",
        path="/openapi.json",
        plane=Plane.ROOT,
        authentication=_OPEN,
        inspected=Inspected.NONE,
        summary="This table as an OpenAPI 3.1 document.",
    ),
    Route(
        name="docs",
        method="GET",
        path="/docs",
        plane=Plane.ROOT,
        authentication=_OPEN,
        inspected=Inspected.NONE,
        summary="This table as a page; loads nothing from elsewhere.",
    ),
)


def by_path(routes: tuple[Route, ...] = ROUTES) -> dict[str, dict[str, Route]]:
    """Raw path -> method -> route."""
    table: dict[str, dict[str, Route]] = {}
    for path, route in _all_paths(routes):
        table.setdefault(path, {})[route.method] = route
    return table


def _all_paths(routes: tuple[Route, ...]) -> Iterator[tuple[str, Route]]:
    for route in routes:
        for path in route.paths:
            yield path, route
