"""Whether a request comes from the console's own pages: by its Host, its Origin and its anti-forgery token.

A page elsewhere can make a browser send requests here, with the cookie in the worst case. Three things stand against
that: the name it was sent to must be ours (a foreign name that resolves to this machine is DNS rebinding), what changes
something must say that it comes from our own origin, and must bring a token that only our pages can read.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Collection, Mapping

from promptguard_gateway.console.answers import Refused

_SAFE = frozenset({"GET", "HEAD"})


def check_host(host: str, allowed: Collection[str]) -> None:
    """An address, `localhost` or a listed name: an address cannot be rebound. Raises Refused."""
    name = _without_port(host).lower().removesuffix(".")
    if name != "localhost" and name not in allowed and not _is_address(name):
        raise Refused(
            "forbidden",
            "The console does not answer under this name. PROMPTGUARD_CONSOLE_ALLOWED_HOSTS lists those it answers to.",
        )


def check_origin(method: str, headers: Mapping[str, str]) -> None:
    """What changes something comes from our own origin; nothing is read from elsewhere either. Raises Refused."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        raise Refused("forbidden", "This request comes from another site.")
    if method in _SAFE:
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused("forbidden", "This request comes from another site.")
    elif origin is None:
        raise Refused("forbidden", "A request that changes something needs the header Origin.")


def token_of(session: str) -> str:
    """The anti-forgery token of a session: nothing to store, and the cookie cannot be told from it."""
    return hmac.new(session.encode(), b"anti-forgery", hashlib.sha256).hexdigest()


def check_token(method: str, headers: Mapping[str, str], session: str) -> None:
    """What changes something brings the session's token. Raises Refused."""
    if method not in _SAFE and not hmac.compare_digest(headers.get("x-csrf-token", ""), token_of(session)):
        raise Refused("forbidden", "This request lacks the anti-forgery token. Reload the page.")


def _without_port(host: str) -> str:
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
