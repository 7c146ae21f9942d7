"""Whose request is it? One function reads the credentials, so that no header is a second way in.

`X-API-Key` is the PromptGuard key; `Authorization: Bearer` is it too when it stands alone. With both, `Authorization`
is the credential for the upstream. Two different PromptGuard keys in one request are refused.
"""

from collections.abc import Mapping

from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import KeyStore
from promptguard_gateway.domain.projects import KEY_SHAPE, ApiKey

_MISSING = "PromptGuard API key required. Please provide via X-API-Key header. Authorization: Bearer works as well."
_INVALID = "Invalid or deactivated API key. On the gateway's machine `promptguard keys list` shows which are live."


class Principal(Struct, frozen=True):
    """The key that was presented, as the store knows it, and what the caller wants shown to the upstream.

    `secret` is the presented text itself, with which answers are signed; it is never shown.
    """

    key: ApiKey
    secret: str
    upstream_credential: str | None = None

    def __repr__(self) -> str:
        return f"Principal({self.key.prefix}...)"


class Authenticator:
    """Looks up the key of a request; the same answer, at the same cost, for an unknown and a revoked one."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """`headers` with lower-case names.

        Raises GatewayError missing_api_key, invalid_api_key, ambiguous_credentials or auth_store_unavailable.
        """
        own = headers.get("x-api-key")
        bearer = _bearer(headers.get("authorization"))
        if own is None and bearer is None:
            raise GatewayError("missing_api_key", _MISSING)
        presented = own if own is not None else bearer or ""
        key = await self._find(presented)
        if key is None:
            raise GatewayError("invalid_api_key", _INVALID)
        if own is None or bearer is None or bearer == own:
            return Principal(key, presented)
        if bearer.startswith("pg_") or await self._find(bearer) is not None:
            raise GatewayError(
                "ambiguous_credentials",
                "X-API-Key and Authorization hold two different PromptGuard keys. Send one of them.",
            )
        return Principal(key, presented, upstream_credential=bearer or None)

    async def _find(self, presented: str) -> ApiKey | None:
        """Malformed keys are turned away before the store is asked."""
        if not KEY_SHAPE.match(presented):
            return None
        return await self._keys.find_key(self._keys.digest(presented))


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
