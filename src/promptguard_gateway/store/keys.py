"""API keys: made, shown once, listed, revoked, and found without touching the database.

A lookup reads a snapshot in memory. A thread renews it: every 0.4 s it asks the database for one number, which every
change of keys raises, and reads the keys again when the number moved. So a key revoked by another process stops
working within half a second, and a request pays for a dictionary lookup.

When the database cannot be read, known keys keep working until the snapshot is `STALE_AFTER` old; a key that is not in
the snapshot is then not called unknown, because it may be new. Neither ever becomes an "invalid API key".
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping

from msgspec import Struct
from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, KEY_SHAPE, ApiKey, digest_of, prefix_of
from promptguard_gateway.store.files import StoreError
from promptguard_gateway.store.schema import api_keys, marks, projects

POLL_EVERY = 0.4  # seconds; with the time a poll takes, a revocation is seen within one second
FRESH_FOR = 1.5  # seconds for which a key that is not in the snapshot is unknown for certain
STALE_AFTER = 30.0  # seconds after which an unreadable database stops known keys too

ENVIRONMENT_NAME = "PROMPTGUARD_API_KEY"
_CREATED, _FROM_ENVIRONMENT = "created", "environment"


class NewKey(Struct, frozen=True, kw_only=True):
    """A key at the only moment its text exists here. `secret` is to be shown and forgotten."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        return f"NewKey(key={self.key!r})"


class _Snapshot(Struct, frozen=True):
    """The live keys by digest, the number of changes they reflect, and when (monotonic seconds) that was true."""

    live: Mapping[str, ApiKey]
    changes: int
    taken: float


class SqlKeyStore:
    """Keys in the database, and a snapshot of the live ones. Fulfils `domain.ports.KeyStore`.

    `clock` gives Unix time in seconds; `monotonic` seconds that never jump.
    """

    def __init__(
        self,
        engine: Engine,
        pepper: bytes,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._pepper = pepper
        self._clock = clock
        self._monotonic = monotonic
        self._snapshot = _Snapshot({}, -1, float("-inf"))
        self._renewing = threading.Lock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def digest(self, key: str) -> str:
        """What `find_key` looks a key up by."""
        return digest_of(self._pepper, key)

    async def find_key(self, digest: str) -> ApiKey | None:
        """The live key of this digest, or None. Raises GatewayError `auth_store_unavailable`. See the module's text."""
        snapshot = self._snapshot
        key = snapshot.live.get(digest)
        age = self._monotonic() - snapshot.taken
        if age > (FRESH_FOR if key is None else STALE_AFTER):
            raise GatewayError("auth_store_unavailable", "API keys cannot be checked now. Try again.")
        return key

    def watch(self) -> None:
        """Take the first snapshot and keep it fresh until `close`. Raises StoreError when the keys cannot be read."""
        self.renew()
        self._watcher = threading.Thread(target=self._keep_fresh, name="promptguard-keys", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching. Safe to call again."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join()

    def renew(self) -> None:
        """Make the snapshot reflect the database now. Raises StoreError."""
        try:
            with self._renewing, self._engine.connect() as connection:
                taken = self._monotonic()
                changes = connection.scalar(select(marks.c.value).where(marks.c.name == "keys")) or 0
                current = self._snapshot
                live = current.live if changes == current.changes else _live_keys(connection)
                self._snapshot = _Snapshot(live, changes, taken)
        except SQLAlchemyError as error:
            raise _store_error(error) from None

    def create_key(self, name: str, *, project: str = DEFAULT_PROJECT) -> NewKey:
        """Make a key of 256 random bits. The project is created with its first key. Raises StoreError."""
        secret = f"pg_live_{secrets.token_urlsafe(32)}"
        return NewKey(key=self._store(secret, name, project, _CREATED), secret=secret)

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
            return self._store(secret, ENVIRONMENT_NAME, DEFAULT_PROJECT, _FROM_ENVIRONMENT)
        if known.revoked is not None:
            raise StoreError(f"{ENVIRONMENT_NAME} names the key {known.id}, which was revoked; set another one.")
        return known

    def list_keys(self, *, project: str | None = None) -> list[ApiKey]:
        """All keys, revoked ones too, oldest first. Raises StoreError."""
        query = select(api_keys).order_by(api_keys.c.created, api_keys.c.id)
        if project is not None:
            query = query.where(api_keys.c.project == project)
        try:
            with self._engine.connect() as connection:
                return [_key(row) for row in connection.execute(query)]
        except SQLAlchemyError as error:
            raise _store_error(error) from None

    def revoke(self, identifier: str) -> ApiKey | None:
        """Revoke a key by its id; None when there is no such key, the key as it was when it was revoked before.

        In effect here at once, in every other process within a second. Raises StoreError.
        """
        where = api_keys.c.id == identifier
        now = self._now()
        try:
            with self._engine.begin() as connection:
                changed = connection.execute(
                    update(api_keys).where(where, api_keys.c.revoked.is_(None)).values(revoked=now)
                )
                if changed.rowcount:
                    _bump(connection)
                row = connection.execute(select(api_keys).where(where)).one_or_none()
        except SQLAlchemyError as error:
            raise _store_error(error) from None
        self.renew()
        return None if row is None else _key(row)

    def _keep_fresh(self) -> None:
        while not self._stop.wait(POLL_EVERY):
            try:
                self.renew()
            except StoreError:
                continue  # the snapshot ages, and find_key says so

    def _store(self, secret: str, name: str, project: str, source: str) -> ApiKey:
        digest = self.digest(secret)
        now = self._now()
        key = ApiKey(id=f"key_{digest[:16]}", project=project, name=name, prefix=prefix_of(secret), created=now)
        try:
            with self._engine.begin() as connection:
                # The bump comes first: it takes the write lock before anything is read.
                _bump(connection)
                _ensure_project(connection, project, now)
                connection.execute(
                    insert(api_keys).values(
                        id=key.id,
                        project=project,
                        name=name,
                        prefix=key.prefix,
                        digest=digest,
                        source=source,
                        created=now,
                    )
                )
        except SQLAlchemyError as error:
            raise _store_error(error) from None
        self.renew()
        return key

    def _known(self, digest: str) -> ApiKey | None:
        try:
            with self._engine.connect() as connection:
                row = connection.execute(select(api_keys).where(api_keys.c.digest == digest)).one_or_none()
        except SQLAlchemyError as error:
            raise _store_error(error) from None
        return None if row is None else _key(row)

    def _forget_imported(self, *, keep: str) -> None:
        """Remove keys that came from the environment and are not the one it names now; revoked ones are remembered."""
        outdated = (
            api_keys.c.source == _FROM_ENVIRONMENT,
            api_keys.c.digest != keep,
            api_keys.c.revoked.is_(None),
        )
        try:
            with self._engine.begin() as connection:
                if not connection.execute(delete(api_keys).where(*outdated)).rowcount:
                    return
                _bump(connection)
        except SQLAlchemyError as error:
            raise _store_error(error) from None
        self.renew()

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _live_keys(connection: Connection) -> dict[str, ApiKey]:
    rows = connection.execute(select(api_keys).where(api_keys.c.revoked.is_(None)))
    return {row.digest: _key(row) for row in rows}


def _bump(connection: Connection) -> None:
    """Tell every process that keys changed, in the transaction that changes them."""
    connection.execute(update(marks).where(marks.c.name == "keys").values(value=marks.c.value + 1))


def _ensure_project(connection: Connection, project: str, now: int) -> None:
    if connection.scalar(select(projects.c.id).where(projects.c.id == project)) is None:
        connection.execute(insert(projects).values(id=project, name=project, created=now))


def _key(row: Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        project=row.project,
        name=row.name,
        prefix=row.prefix,
        created=row.created,
        revoked=row.revoked,
    )


def _store_error(error: SQLAlchemyError) -> StoreError:
    return StoreError(f"The key store cannot be used: {getattr(error, 'orig', None) or type(error).__name__}.")
