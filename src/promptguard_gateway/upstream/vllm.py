"""vLLM, or any server of the OpenAI API, behind one origin.

What it promises: nothing of the caller's request but the body reaches the upstream, the key goes to this origin and
no other, redirects are not followed, no environment variable changes the route, and an abandoned exchange never
returns its connection to the pool, so that no answer can meet the wrong caller.
"""

import asyncio
import re
import time
from typing import NoReturn

from aiohttp import ClientConnectionError, ClientError
from aiohttp.abc import AbstractResolver
from yarl import URL

from promptguard_gateway import __version__
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import UpstreamAnswer
from promptguard_gateway.domain.settings import UpstreamLimits
from promptguard_gateway.upstream import faults
from promptguard_gateway.upstream.answer import FAULTS, HttpAnswer
from promptguard_gateway.upstream.connector import GuardedConnector, Target
from promptguard_gateway.upstream.origin import canonical_origin

_PATH = re.compile(r"(?:/[a-z0-9_\-]+)+", re.IGNORECASE | re.ASCII)
_KEY = re.compile(r"[!-~]{1,4096}")
_RACE_SECONDS = 1.0  # how soon after writing a reset still means that the connection had been closed while idle
_MAX_HEADS = 64  # distinct routes; the heads of requests are built once
_JSON = "application/json"
_EVENTS = "text/event-stream"


class VllmUpstream:
    """An `Upstream` over HTTP. Raises ValueError for an origin or a key that cannot be one.

    `listed`: the operator named the origin, so it may be private; metadata addresses stay denied.
    """

    name = "vllm"

    def __init__(
        self,
        origin: str,
        *,
        key: str | None = None,
        limits: UpstreamLimits,
        listed: bool = True,
        resolver: AbstractResolver | None = None,
    ) -> None:
        if key is not None and _KEY.fullmatch(key) is None:
            raise ValueError("the upstream's key holds characters that cannot stand in a header")
        self._origin = canonical_origin(origin)
        self._key = key
        self._limits = limits
        self._listed = listed
        self._resolver = resolver
        self._connector: GuardedConnector | None = None
        self._target: Target | None = None
        self._heads: dict[tuple[str, bool, bool], bytes] = {}

    @property
    def origin(self) -> str:
        """The canonical origin all requests go to."""
        return self._origin

    @property
    def in_use(self) -> int:
        """Connections that carry an exchange."""
        return self._connector.in_use if self._connector is not None else 0

    @property
    def idle(self) -> int:
        """Connections kept for the next exchange."""
        return self._connector.idle if self._connector is not None else 0

    async def send(
        self, path: str, body: bytes | None, *, stream: bool, credential: str | None = None
    ) -> UpstreamAnswer:
        """Send to `<origin>/v1<path>` and return the head of a 200 answer of the expected type.

        The caller's `credential` is presented only where the operator set no key. Raises GatewayError for everything
        but such an answer. A request is sent a second time only as `_exchange` tells.
        """
        callers_key = credential is not None and self._key is None
        if callers_key and credential is not None:
            head = _head(self._origin, path, body is None, stream, _checked(credential))
        else:
            head = self._cached_head(path, body is None, stream)
        request = head if body is None else b"%b%d\r\n\r\n%b" % (head, len(body), body)
        answer = await self._exchange(request, safe=body is None)
        if answer.status != 200:
            await self._refuse(answer, callers_key)
        _expect(answer, _EVENTS if stream else _JSON)
        return answer

    async def close(self) -> None:
        """Close all connections, those in use included."""
        if self._connector is not None:
            await self._connector.close()

    async def _exchange(self, request: bytes, *, safe: bool, again: bool = False) -> HttpAnswer:
        """One exchange, repeated once on a new connection if the upstream had closed the idle connection it met.

        The sign is a reset, at once, on a reused connection that has said nothing: the upstream's kernel resets when
        data arrives for a socket that is closed or was closed unread. (A program that reads a request and then resets
        on purpose looks the same; that one would get it twice.) An orderly end proves nothing, and neither does a
        reset after a while, which a proxy in between may send: then only a GET is repeated.
        """
        connector, target = self._ready()
        try:
            connection = await connector.lease(target, new=again)
        except (ClientError, OSError, GatewayError) as error:
            raise faults.unreachable(error, self._origin) from None
        answer = HttpAnswer(connection, connector.give_back, self._limits)
        started = time.monotonic()
        try:
            await answer.start(request)
        except FAULTS as error:
            race = safe or (answer.reset and time.monotonic() - started < _RACE_SECONDS)
            if again or not (answer.unheard and race and isinstance(error, ClientConnectionError)):
                raise faults.broken(error) from None
            return await self._exchange(request, safe=safe, again=True)
        return answer

    async def _refuse(self, answer: HttpAnswer, callers_key: bool) -> NoReturn:
        body = b"" if answer.status < 400 else await answer.read_error()
        answer.abort()
        raise faults.refused(answer.status, answer.headers, body, now=time.time(), callers_key=callers_key)

    def _ready(self) -> tuple[GuardedConnector, Target]:
        if self._connector is None or self._target is None:
            self._connector = GuardedConnector(self._limits, private=self._listed, resolver=self._resolver)
            self._target = Target("POST", URL(self._origin), loop=asyncio.get_running_loop())
        return self._connector, self._target

    def _cached_head(self, path: str, get: bool, stream: bool) -> bytes:
        head = self._heads.get((path, get, stream))
        if head is None:
            head = _head(self._origin, path, get, stream, self._key)
            if len(self._heads) < _MAX_HEADS:
                self._heads[path, get, stream] = head
        return head


def _head(origin: str, path: str, get: bool, stream: bool, key: str | None) -> bytes:
    """All that precedes the length of the body: an allow-list of headers, none of them copied from the caller."""
    if _PATH.fullmatch(path) is None:
        raise ValueError("not a path of the OpenAI API")
    lines = [
        f"{'GET' if get else 'POST'} /v1{path} HTTP/1.1",
        f"Host: {origin.partition('://')[2]}",
        f"User-Agent: promptguard-gateway/{__version__}",
        f"Accept: {_EVENTS if stream else _JSON}",
        "Accept-Encoding: identity",
    ]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    lines.extend(("", "") if get else (f"Content-Type: {_JSON}", "Content-Length: "))
    return "\r\n".join(lines).encode()


def _checked(credential: str) -> str:
    if _KEY.fullmatch(credential) is None:
        message = "The credential in the Authorization header holds characters that cannot stand in a header."
        raise GatewayError("bad_request", message, param="Authorization")
    return credential


def _expect(answer: HttpAnswer, wanted: str) -> None:
    """Close the exchange and raise GatewayError if the body is encoded or of another type than was asked for."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        answer.abort()
        raise faults.unexpected("encoded its answer though it was asked not to", "encoding")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        answer.abort()
        raise faults.unexpected(f"answered with another content type than {wanted}", "content_type")
