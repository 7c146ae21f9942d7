"""Projects, their policies, and the keys that name them.

A project owns keys, a policy and events. Its policy is a version: a document that is stored once and never changed, so
that an event which names it says for ever by which rules it was decided. A project without a version of its own has the
gateway's policy, that of the settings.

A key is `pg_live_` and 43 random characters (256 bits). Stored is only HMAC-SHA256(pepper, key); the pepper lies in a
file beside the database, never in it, so a stolen database opens nothing, and a stored digest is no credential.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from promptguard_gateway.domain.keyed_hash import hmac_sha256
from promptguard_gateway.domain.policy_document import PolicyDocument

DEFAULT_PROJECT = "default"

# What any key must look like before the store is asked: PromptGuard's command line accepts `pg_` keys of 16 or more
# characters; we allow operators their own words, but nothing that could be anything other than a token.
KEY_SHAPE = re.compile(r"[A-Za-z0-9_\-]{16,128}\Z")


class Scope(StrEnum):
    """What a key is good for. One key may have several."""

    PROXY = "proxy"  # requests to models, and to the Guard API
    MANAGE = "manage"  # the management of its own project
    ADMIN = "admin"  # the management of every project


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as the store knows it. `prefix` is safe to show; times are Unix milliseconds.

    A revoked key is gone for good; a disabled one can be enabled again; after `expires` it is refused by itself.
    """

    id: str
    project: str
    name: str
    prefix: str
    created: int
    revoked: int | None = None
    disabled: bool = False
    expires: int | None = None
    scopes: tuple[Scope, ...] = (Scope.PROXY,)

    def state(self, now: int) -> Literal["live", "revoked", "disabled", "expired"]:
        """What it is at this time, in Unix milliseconds."""
        if self.revoked is not None:
            return "revoked"
        if self.expires is not None and self.expires <= now:
            return "expired"
        return "disabled" if self.disabled else "live"

    def allows(self, scope: Scope) -> bool:
        """Whether it is good for this. Who may manage everything may manage a project; neither may ask a model."""
        return scope in self.scopes or (scope is Scope.MANAGE and Scope.ADMIN in self.scopes)


class NewKey(Struct, frozen=True, kw_only=True):
    """A key at the only moment its text exists here. `secret` is to be shown and forgotten."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"NewKey(key={self.key!r})"


FailMode = Literal["open", "closed"]


class Project(Struct, frozen=True, kw_only=True):
    """A project. `policy`: the version in force, None for the gateway's. `fail_mode`: None for that of the settings.

    `zero_retention`: its events keep no excerpts, and no name of an end user.
    """

    id: str
    name: str
    created: int
    description: str = ""
    policy: int | None = None
    fail_mode: FailMode | None = None
    zero_retention: bool = False


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """A policy as it was stored: `project` is None for the gateway's own. `author`: a key's id, or the program."""

    id: int
    project: str | None
    created: int
    author: str
    note: str
    document: PolicyDocument


class StaleVersion(Exception):
    """Somebody else published in between; `current` is the version in force, None for the gateway's."""

    def __init__(self, current: int | None) -> None:
        super().__init__("another version is in force")
        self.current = current


class Configuration(Struct, frozen=True):
    """All that requests need of the store, as of one moment: live keys by digest, projects by id.

    `changes` counts the writes that it reflects.
    """

    changes: int
    keys: Mapping[str, ApiKey]
    projects: Mapping[str, Project]


def digest_of(pepper: bytes, key: str) -> str:
    """HMAC-SHA256 of a key, as 64 hexadecimal digits."""
    return hmac_sha256(pepper, key.encode())


def prefix_of(key: str) -> str:
    """The part of a key that may be shown: its first twelve characters, fewer of a short key."""
    return key[: min(12, len(key) // 2)]
