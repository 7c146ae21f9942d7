"""What a route is: a path, who may call it, what of it is inspected, and the types of its bodies.

Paths are compared byte for byte with the request's raw path, so `//`, `%2e`, a trailing slash or another case are other
paths. A part in braces stands for one segment of plain characters: an id or the name of a preset.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from promptguard_gateway.domain.projects import Scope

_SEGMENT = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
_COLON = "%3A"  # some clients escape the colon of a preset's name


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
    MANAGEMENT = "management"  # /api/v1
    ROOT = "root"


_PREFIXES = {
    Plane.DEVELOPER: ("/api/v1", "/api/v1/proxy", "/v1"),
    Plane.HEALTH: ("", "/api/v1", "/api/v1/proxy", "/v1"),
    Plane.MANAGEMENT: ("/api/v1",),
    Plane.ROOT: ("",),
}


class Route(Struct, frozen=True, kw_only=True):
    """One operation. `dialect`: the wire format; `validation_status`: the status of a body of the wrong shape.

    `scope`: what a key must be good for; `status`: that of success; `many`: the answer is a list of `response`.
    """

    name: str
    method: str
    path: str
    plane: Plane
    authentication: Authentication
    inspected: Inspected
    dialect: str = "none"
    query: type[Struct] | None = None
    request: type[Struct] | None = None
    response: type[Struct] | None = None
    validation_status: int = 400
    scope: Scope = Scope.PROXY
    status: int = 200
    many: bool = False
    summary: str

    @property
    def paths(self) -> tuple[str, ...]:
        """Every raw path that is this route."""
        return tuple(prefix + self.path for prefix in _PREFIXES[self.plane])


Methods = Mapping[str, Route]
_NOTHING: Mapping[str, str] = {}


class Table:
    """Finds the route of a path. Paths without parameters are found by one look."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.paths: dict[str, dict[str, Route]] = {}
        for route in routes:
            for path in route.paths:
                self.paths.setdefault(path, {})[route.method] = route
        self._patterns = [(path.split("/"), methods) for path, methods in self.paths.items() if "{" in path]

    def find(self, path: str) -> tuple[Methods, Mapping[str, str]] | None:
        """The methods that a path takes, and its parameters; None for a path that does not exist."""
        methods = self.paths.get(path)
        if methods is not None and "{" not in path:
            return methods, _NOTHING
        parts = path.split("/")
        for pattern, found in self._patterns:
            parameters = _parameters(pattern, parts)
            if parameters is not None:
                return found, parameters
        return None


def _parameters(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    parameters: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            value = part.replace(_COLON, ":")
            if not _SEGMENT.match(value):
                return None
            parameters[wanted.strip("{}")] = value
        elif wanted != part:
            return None
    return parameters
