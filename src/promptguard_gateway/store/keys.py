"""API keys: made, shown once, listed, changed, revoked, and found without touching the database.

A lookup reads the snapshot of `store.live`. When the database cannot be read, known keys keep working until the
snapshot is `STALE_AFTER` old; a key that is not in it is then not called unknown, because it may be new. Neither ever
becomes an "invalid API key".
"""

import secrets
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, delete, insert, select, update

from promptguard_gateway.domain.errors import GatewayError, StoreError
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, KEY_SHAPE, ApiKey, NewKey, Scope, digest_of, prefix_of
from promptguard_gateway.store.live import LiveConfiguration, key_of, reading
from promptguard_gateway.store.schema import api_keys, projects

FRESH_FOR = 1.5  # seconds for which a key that is not in the snapshot is unknown for certain
STALE_AFTER = 30.0  # seconds after which an unreadable database stops known keys too

ENVIRONMENT_NAME = "PROMPTGUARD_API_KEY"
_CREATED, _FROM_ENVIRONMENT = "created", "environment"


class SqlKeyStore:
    """Keys in the database. Fulfils `domain.ports.KeyStore`. `clock` gives Unix time in seconds."""

    def __init__(
        self,
        engine: Engine,
        pepper: bytes,
        live: LiveConfiguration,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._pepper = pepper
        self._live = live
        self._clock = clock

    def digest(self, key: str) -> str:
        """What `find_key` looks a key up by."""
        return digest_of(self._pepper, key)

    async def find_key(self, digest: str) -> ApiKey | None:
        """The live key of this digest, or None. Raises GatewayError `auth_store_unavailable`. See the module's text."""
        key = self._live.snapshot.configuration.keys.get(digest)
        if self._live.age > (FRESH_FOR if key is None else STALE_AFTER):
            raise GatewayError("auth_store_unavailable", "API keys cannot be checked now. Try again.")
        return None if key is None or self._has_expired(key) else key

    def _has_expired(self, key: ApiKey) -> bool:
        return key.expires is not None and key.expires <= self._now()

    def create_key(
        self,
        name: str,
        *,
        project: str = DEFAULT_PROJECT,
        scopes: Sequence[Scope] = (Scope.PROXY,),
        expires: int | None = None,
    ) -> NewKey:
        """Make a key of 256 random bits. `expires` in Unix milliseconds. Raises StoreError, also for no project."""
        secret = f"pg_live_{secrets.token_urlsafe(32)}"
        digest = self.digest(secret)
        key = ApiKey(
            id=f"key_{digest[:16]}",
            project=project,
            name=name,
            prefix=prefix_of(secret),
            created=self._now(),
            expires=expires,
            scopes=tuple(scopes),
        )
        self._store(key, digest, _CREATED)
        return NewKey(key=key, secret=secret)

    def ensure_key(self, secret: str | None) -> ApiKey | None:
        """Make the operator's own key (PROMPTGUARD_API_KEY) a key of the default project; None when there is none.

        The environment names at most one key: the one it named before goes. A key that was revoked stays revoked,
        whoever names it. Raises StoreError for that, for a key of the wrong shape, and when the store is down.
        """
        if secret is None:
            self._forget_imported(keep="")
            return None
        if not KEY_SHAPE.match(secret):
            raise StoreError(f"{ENVIRONMENT_NAME} must be 16 to 128 letters, digits, hyphens and underscores.")
        digest = self.digest(secret)
        self._forget_imported(keep=digest)
        known = self._known(digest)
        if known is None:
            key = ApiKey(
                id=f"key_{digest[:16]}",
                project=DEFAULT_PROJECT,
                name=ENVIRONMENT_NAME,
                prefix=prefix_of(secret),
                created=self._now(),
            )
            self._store(key, digest, _FROM_ENVIRONMENT)
            return key
        if known.revoked is not None:
            raise StoreError(f"{ENVIRONMENT_NAME} names the key {known.id}, which was revoked; set another one.")
        return known

    def list_keys(self, *, project: str | None = None) -> list[ApiKey]:
        """All keys, revoked ones too, oldest first. Raises StoreError."""
        query = select(api_keys).order_by(api_keys.c.created, api_keys.c.id)
        if project is not None:
            query = query.where(api_keys.c.project == project)
        with reading(self._engine) as connection:
            return [key_of(row) for row in connection.execute(query)]

    def get(self, identifier: str) -> ApiKey | None:
        """One key by its id, whatever its state. Raises StoreError."""
        with reading(self._engine) as connection:
            return _by_id(connection, identifier)

    def revoke(self, identifier: str) -> ApiKey | None:
        """Revoke a key by its id; None when there is no such key, the key as it was when it was revoked before.

        In effect here at once, in every other process within a second. Raises StoreError.
        """
        where = (api_keys.c.id == identifier, api_keys.c.revoked.is_(None))
        with self._live.changing() as connection:
            connection.execute(update(api_keys).where(*where).values(revoked=self._now()))
            return _by_id(connection, identifier)

    def change(self, key: ApiKey) -> ApiKey | None:
        """Store the name, the switch and the end of a key as this value has them; None when there is no such key.

        What a key may do and whose it is never change: make another one. Raises StoreError.
        """
        values = {"name": key.name, "disabled": key.disabled, "expires": key.expires}
        with self._live.changing() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(values))
            return _by_id(connection, key.id)

    def _store(self, key: ApiKey, digest: str, source: str) -> None:
        with self._live.changing() as connection:
            _require_project(connection, key.project)
            connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    project=key.project,
                    name=key.name,
                    prefix=key.prefix,
                    digest=digest,
                    source=source,
                    created=key.created,
                    disabled=key.disabled,
                    expires=key.expires,
                    scopes=" ".join(key.scopes),
                )
            )

    def _known(self, digest: str) -> ApiKey | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.digest == digest)).one_or_none()
        return None if row is None else key_of(row)

    def _forget_imported(self, *, keep: str) -> None:
        """Remove keys that came from the environment and are not the one it names now; revoked ones are remembered."""
        outdated = (
            api_keys.c.source == _FROM_ENVIRONMENT,
            api_keys.c.digest != keep,
            api_keys.c.revoked.is_(None),
        )
        with self._live.changing() as connection:
            connection.execute(delete(api_keys).where(*outdated))

    def _now(self) -> int:
        return int(self._clock() * 1000)


def has_keys(engine: Engine) -> bool:
    """Whether there is any key, of whatever state. Raises StoreError."""
    with reading(engine) as connection:
        return connection.scalar(select(api_keys.c.id).limit(1)) is not None


def _by_id(connection: Connection, identifier: str) -> ApiKey | None:
    row = connection.execute(select(api_keys).where(api_keys.c.id == identifier)).one_or_none()
    return None if row is None else key_of(row)


def _require_project(connection: Connection, project: str) -> None:
    known = select(projects.c.id).where(projects.c.id == project, projects.c.removed.is_(None))
    if connection.scalar(known) is None:
        raise StoreError(f"There is no project {project!r}; `promptguard projects list` shows them.")
