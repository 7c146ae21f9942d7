"""What the management routes have in common: who asks and what they may touch, and one way from a body to an answer.

Every function of `control.projects`, `control.keys` and `control.policies` is given an `Asked` and is held to its
authority by one method, so that a key of one project cannot learn whether another's exists. They block, so they run in
threads of their own; the console calls the same functions for the people who signed in.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError, StoreError
from promptguard_gateway.domain.projects import ApiKey, Scope
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.domain.strict_tree import TreeError, convert, explain
from promptguard_gateway.proxy.failures import internal_error, report
from promptguard_gateway.proxy.gateway import Handler
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.http_request import Request
from promptguard_gateway.proxy.services import Call
from promptguard_gateway.wire.strict_json import parse_object

B = TypeVar("B", bound=Struct)

_HEADERS = {"Cache-Control": "no-store"}


class Authority(Struct, frozen=True):
    """What somebody may manage: one project, or all of them when `project` is None. `grants`: scopes to give away."""

    project: str | None
    home: str  # the project that is meant when none is named
    grants: frozenset[Scope]

    @classmethod
    def of(cls, key: ApiKey) -> "Authority":
        """That of a key."""
        if Scope.ADMIN in key.scopes:
            return cls(None, key.project, frozenset(Scope))
        return cls(key.project, key.project, frozenset({Scope.PROXY, Scope.MANAGE}))

    def covers(self, project: str | None) -> bool:
        """Whether a project may be managed."""
        return self.project is None or self.project == project


class Asked(Struct, frozen=True):
    """Who asks, under what name it is remembered, and what the path says."""

    authority: Authority
    author: str
    parameters: Mapping[str, str] = {}

    @property
    def project(self) -> str:
        """The project of the path. Raises GatewayError `not_found` when it is not theirs, as if it were not there."""
        named = self.parameters["project"]
        if not self.authority.covers(named):
            raise absent("project")
        return named


def absent(what: str) -> GatewayError:
    """The same answer for what does not exist and for what is somebody else's."""
    return GatewayError("not_found", f"There is no such {what}.")


def wrong(error: TreeError, under: str = "") -> GatewayError:
    """What is wrong with a body, or with the policy `under` one of its fields."""
    place = ".".join(filter(None, (under, error.place)))
    return GatewayError("invalid_value", f"{place}: {error.what}" if place else error.what, param=place or None)


class Managing:
    """Makes handlers of functions that block."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="manage")

    def reading(self, work: Callable[[Asked], object]) -> Handler:
        """A route without a body."""

        async def handle(call: Call, request: Request) -> Reply:
            return await self._done(call, lambda: work(_asked(call)))

        return handle

    def asking(self, kind: type[B], work: Callable[[Asked, B], object]) -> Handler:
        """A route with a query of this type."""

        async def handle(call: Call, request: Request) -> Reply:
            return await self._done(call, lambda: work(_asked(call), _queried(request.query, kind)))

        return handle

    def writing(self, kind: type[B], work: Callable[[Asked, B], object]) -> Handler:
        """A route with a body of this type."""

        async def handle(call: Call, request: Request) -> Reply:
            return await self._done(call, lambda: work(_asked(call), self._decoded(call.body, kind)))

        return handle

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _decoded(self, body: bytes, kind: type[B]) -> B:
        try:
            return convert(parse_object(body, self._limits), kind)
        except TreeError as error:
            raise wrong(error) from None

    async def _done(self, call: Call, work: Callable[[], object]) -> Reply:
        """Raises GatewayError."""
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except GatewayError:
            raise
        except StoreError as error:
            raise GatewayError("store_unavailable", str(error)) from None
        except Exception as failure:
            report("A management request", failure)
            raise internal_error() from None
        if isinstance(answer, Reply):
            return answer
        return json_response(call.route.status, msgspec.json.encode(answer), _HEADERS)


def _queried(query: str, kind: type[B]) -> B:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=20)
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise ValueError
    except ValueError:
        raise GatewayError("invalid_value", "The query must be name=value, each name once.") from None
    try:
        return msgspec.convert(dict(pairs), kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong(explain(error, kind)) from None


def _asked(call: Call) -> Asked:
    key = call.principal.key
    return Asked(Authority.of(key), key.id, call.parameters)
