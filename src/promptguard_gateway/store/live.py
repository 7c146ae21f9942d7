"""What requests read of the store: the live keys and the projects, in memory, as one value that changes as a whole.

A thread keeps it fresh: every 0.4 s it asks the database for one number, which every change of keys, projects and
policies raises, and reads them again when the number moved. So a key revoked by another process stops working within
half a second, and a request pays for a dictionary lookup.

When the database cannot be read, the value ages, and says so.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct
from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.projects import ApiKey, Configuration, Project, Scope
from promptguard_gateway.store.schema import api_keys, marks, projects

POLL_EVERY = 0.4  # seconds; with the time a poll takes, a change by another process is seen within one second

log = logging.getLogger("promptguard")

Listener = Callable[[Configuration], None]


class Snapshot(Struct, frozen=True):
    """A configuration, and when (monotonic seconds) the database was last seen to say so."""

    configuration: Configuration
    taken: float


class LiveConfiguration:
    """The configuration as it is now. `monotonic`: seconds that never jump."""

    def __init__(self, engine: Engine, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._renewing = threading.Lock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._listeners: list[Listener] = []
        self.snapshot = Snapshot(Configuration(-1, {}, {}), float("-inf"))

    @property
    def age(self) -> float:
        """Seconds since the snapshot was certain."""
        return self._monotonic() - self.snapshot.taken

    def subscribe(self, listener: Listener) -> None:
        """Have every new configuration told to `listener`, in the thread that found it, which must not wait for it."""
        self._listeners.append(listener)

    def watch(self) -> None:
        """Take the first snapshot and keep it fresh until `close`. Raises StoreError when it cannot be read."""
        self.renew()
        self._watcher = threading.Thread(target=self._keep_fresh, name="promptguard-control", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching. Safe to call again."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join()

    def renew(self) -> None:
        """Make the snapshot reflect the database now. Raises StoreError."""
        with reading(self._engine) as connection, self._renewing:
            taken = self._monotonic()
            changes = connection.scalar(select(marks.c.value).where(marks.c.name == "control")) or 0
            before = self.snapshot.configuration
            now = before if changes == before.changes else _read(connection, changes)
            self.snapshot = Snapshot(now, taken)
        if now is not before:
            for listener in self._listeners:
                listener(now)

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction whose changes are in effect here when it ends, and everywhere within a second.

        The mark is raised first: that takes the write lock before anything is read. Raises StoreError.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(update(marks).where(marks.c.name == "control").values(value=marks.c.value + 1))
                yield connection
        except SQLAlchemyError as error:
            raise store_error(error) from None
        self.renew()

    def _keep_fresh(self) -> None:
        while not self._stop.wait(POLL_EVERY):
            try:
                self.renew()
            except StoreError:
                continue  # the snapshot ages
            except Exception as error:  # a listener's fault must not end the watching, by which keys are revoked
                log.error("a change of keys or projects could not be taken over (%s)", type(error).__name__)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read from. Raises StoreError when the database cannot be read."""
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise store_error(error) from None


def store_error(error: SQLAlchemyError) -> StoreError:
    """The driver's words, without the statement and its values."""
    return StoreError(f"The store cannot be used: {getattr(error, 'orig', None) or type(error).__name__}.")


def key_of(row: Row[*tuple[object, ...]]) -> ApiKey:
    """A row of `api_keys`."""
    return ApiKey(
        id=row.id,
        project=row.project,
        name=row.name,
        prefix=row.prefix,
        created=row.created,
        revoked=row.revoked,
        disabled=row.disabled,
        expires=row.expires,
        scopes=tuple(map(Scope, row.scopes.split())),
    )


def project_of(row: Row[*tuple[object, ...]]) -> Project:
    """A row of `projects`."""
    return Project(
        id=row.id,
        name=row.name,
        created=row.created,
        description=row.description,
        policy=row.policy,
        fail_mode=row.fail_mode,
        zero_retention=row.zero_retention,
    )


def _read(connection: Connection, changes: int) -> Configuration:
    return Configuration(changes, _live_keys(connection), _projects(connection))


def _live_keys(connection: Connection) -> Mapping[str, ApiKey]:
    """Those that are neither revoked nor disabled; whether one has expired is seen when it is used."""
    live = select(api_keys).where(api_keys.c.revoked.is_(None), api_keys.c.disabled.is_(False))
    return {row.digest: key_of(row) for row in connection.execute(live)}


def _projects(connection: Connection) -> Mapping[str, Project]:
    return {row.id: project_of(row) for row in connection.execute(select(projects).where(projects.c.removed.is_(None)))}
