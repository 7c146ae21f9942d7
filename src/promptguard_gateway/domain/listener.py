"""What a listener beside the data plane hands to its handler, and what it gets back: values, no sockets.

`proxy.side_listener` serves such a handler with the same hardened server that the data plane has.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

from msgspec import Struct


class Incoming(Struct, frozen=True, kw_only=True):
    """A request. `headers` have lower-case names; `path` is undecoded; `read` gives the body when it is wanted.

    `read` raises GatewayError `body_too_large`, `request_timeout` or `bad_request`.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    peer: str
    read: Callable[[], Awaitable[bytes]]


class Outgoing(Struct, frozen=True, kw_only=True):
    """A whole answer."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


class Feed(Struct, frozen=True, kw_only=True):
    """An answer that goes on: server-sent events, until the client leaves or the pieces end."""

    pieces: AsyncGenerator[bytes, None]
    headers: Mapping[str, str]


Handler = Callable[[Incoming], Awaitable[Outgoing | Feed]]
