"""Projects and the keys that name them.

A key is `pg_live_` and 43 random characters (256 bits). Stored is only HMAC-SHA256(pepper, key); the pepper lies in a
file beside the database, never in it, so a stolen database opens nothing, and a stored digest is no credential.
"""

import hashlib
import hmac
import re

from msgspec import Struct

DEFAULT_PROJECT = "default"

# What any key must look like before the store is asked: PromptGuard's command line accepts `pg_` keys of 16 or more
# characters; we allow operators their own words, but nothing that could be anything other than a token.
KEY_SHAPE = re.compile(r"[A-Za-z0-9_\-]{16,128}\Z")


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as the store knows it. `prefix` is safe to show; times are Unix milliseconds."""

    id: str
    project: str
    name: str
    prefix: str
    created: int
    revoked: int | None = None


def digest_of(pepper: bytes, key: str) -> str:
    """HMAC-SHA256 of a key, as 64 hexadecimal digits."""
    return hmac.new(pepper, key.encode(), hashlib.sha256).hexdigest()


def prefix_of(key: str) -> str:
    """The part of a key that may be shown: its first twelve characters, fewer of a short key."""
    return key[: min(12, len(key) // 2)]
