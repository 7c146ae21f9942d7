"""The front door: from a checked HTTP request to the handler of its route, and from any error to its envelope.

Order matters and is the same for every route: path, method, key and its scope, media type and size, then the body.
Nothing is read of a body before its sender is known.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from promptguard_gateway import __version__
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.proxy.credentials import Authenticator
from promptguard_gateway.proxy.http_reply import EventStream, Reply, error_reply
from promptguard_gateway.proxy.http_request import Request, check_json_head, read_body
from promptguard_gateway.proxy.services import Call, decision_headers
from promptguard_gateway.proxy.signature import verification_headers
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire.errors import VALIDATION_CODES, error_headers, validation_body
from promptguard_gateway.wire.route import Authentication, Route, Table
from promptguard_gateway.wire.routes import ROUTES

log = logging.getLogger("promptguard")

Answer = Reply | EventStream
Handler = Callable[[Call, Request], Awaitable[Answer]]
OpenHandler = Callable[[], Awaitable[Reply]]


class Gateway:
    """Dispatches by the table of routes; a route without a handler cannot be built."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        open_handlers: Mapping[str, OpenHandler],
        authenticator: Authenticator,
        max_body_bytes: int,
    ) -> None:
        self._table = Table(ROUTES)
        self._handlers = handlers
        self._open_handlers = open_handlers
        self._authenticator = authenticator
        self._max_body_bytes = max_body_bytes
        for methods in self._table.paths.values():
            for route in methods.values():
                owner = handlers if route.authentication is Authentication.KEY else open_handlers
                if route.name not in owner:
                    raise LookupError(f"the route {route.name} has no handler")

    async def __call__(self, request: Request) -> Answer:
        """Answer one request; never raises anything but cancellation and the client's departure."""
        route: Route | None = None
        try:
            route, parameters = self._route(request)
            if route.authentication is Authentication.OPEN:
                return await self._open_handlers[route.name]()
            return await self._keyed(route, request, parameters)
        except GatewayError as error:
            return render_error(error, route)

    def _route(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        found = self._table.find(request.path)
        if found is None:
            raise GatewayError("not_found", "There is no such path here. /docs lists the routes.")
        methods, parameters = found
        route = methods.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            raise GatewayError("method_not_allowed", f"This path takes {allowed}.", allow=allowed)
        return route, parameters

    async def _keyed(self, route: Route, request: Request, parameters: Mapping[str, str]) -> Answer:
        principal = await self._authenticator.authenticate(request.headers)
        if not principal.key.allows(route.scope):
            raise GatewayError("insufficient_scope", f"This needs a key with the scope {route.scope}.")
        body = b""
        if route.request is not None:
            check_json_head(request, self._max_body_bytes)
            body = await read_body(request, self._max_body_bytes)
        answer = await self._handlers[route.name](Call(route, principal, request.headers, body, parameters), request)
        if isinstance(answer, Reply):
            answer.headers = {**(answer.headers or {}), **verification_headers(answer.body, principal.secret)}
        return answer


def render_error(error: GatewayError, route: Route | None, event_id: str | None = None) -> Reply:
    """The envelope, in the form that the route's clients expect."""
    if route is not None and route.validation_status == 422 and error.code in VALIDATION_CODES:
        return Reply(422, validation_body(error, event_id), error_headers(error), "application/json", error.close)
    return error_reply(error, event_id)


def render_block(error: GatewayError, route: Route, trace: Trace) -> Reply:
    """The same for a decision, which the headers tell too."""
    reply = render_error(error, route, trace.id)
    reply.headers = {**(reply.headers or {}), **decision_headers(trace, __version__)}
    return reply
