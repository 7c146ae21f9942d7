"""The store as the composition file sees it: one folder, one database, keys, events and the sink."""

import sqlite3
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.events import Event, Intent
from promptguard_gateway.store.accounts import SqlAccountStore
from promptguard_gateway.store.dialect import connect_writer, engine_for
from promptguard_gateway.store.events import EventReader
from promptguard_gateway.store.files import (
    DATABASE,
    FolderLock,
    create_pepper,
    prepare_folder,
    private_file,
    read_pepper,
    require_space,
)
from promptguard_gateway.store.keys import SqlKeyStore, has_keys
from promptguard_gateway.store.live import LiveConfiguration
from promptguard_gateway.store.migrate import schema_version, upgrade
from promptguard_gateway.store.projects import SqlProjectStore
from promptguard_gateway.store.recovery import check_integrity, settle_orphans
from promptguard_gateway.store.schema import HEAD
from promptguard_gateway.store.searching import SqlEventQueries
from promptguard_gateway.store.transaction import At, nowhere
from promptguard_gateway.store.walsync import WalSync
from promptguard_gateway.store.writer import DEADLINE, QUEUE_LIMIT, Writer


def require_single_worker(workers: int) -> None:
    """Refuse several worker processes: one process alone writes to a SQLite file. Raises StoreError."""
    if workers > 1:
        raise StoreError(
            f"PROMPTGUARD_WORKERS must be 1: {workers} workers cannot share a SQLite database. For more, run several "
            "gateways, each with its own PROMPTGUARD_DATA."
        )


class SqliteStore:
    """Keys, projects, events and the sink over one folder. Fulfils `domain.ports.EventSink`; `keys` fulfils KeyStore.

    `live` is what requests read of keys and projects; it stays fresh in a store that was opened for serving.
    """

    def __init__(
        self,
        engine: Engine,
        pepper: bytes,
        live: LiveConfiguration,
        *,
        writer: Writer | None,
        recovered: int,
        held: ExitStack,
    ) -> None:
        """Use `open`. `recovered` exchanges were found dead at start; `held` is closed last."""
        self.live = live
        self.keys = SqlKeyStore(engine, pepper, live)
        self.projects = SqlProjectStore(engine, live)
        self.events = EventReader(engine)
        self.queries = SqlEventQueries(engine)
        self.accounts = SqlAccountStore(engine)
        self.recovered = recovered
        self._writer = writer
        self._held = held

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        for_serving: bool,
        deadline: float = DEADLINE,
        queue_limit: int = QUEUE_LIMIT,
        at: At = nowhere,
    ) -> "SqliteStore":
        """Open, create or upgrade the store of a folder. Raises StoreError with a sentence for the operator.

        For serving, the folder is locked, exchanges that died are named, keys are watched, and the sink works;
        `deadline` in seconds and `queue_limit` in rows are the writer's. Otherwise only keys and reading work, beside
        a gateway.
        """
        with ExitStack() as held:
            prepare_folder(folder)
            if for_serving:
                require_space(folder)
                held.callback(FolderLock(folder).release)
            path = folder / DATABASE
            private_file(path)
            engine = engine_for(path)
            held.callback(engine.dispose)
            _bring_up_to_date(engine, folder, for_serving=for_serving)
            pepper = _pepper(folder, engine)
            live = LiveConfiguration(engine)
            writer: Writer | None = None
            recovered = 0
            if for_serving:
                check_integrity(engine)
                recovered = _recover(engine, path, deadline)
                live.watch()
                held.callback(live.close)
                connect = partial(connect_writer, path, busy_timeout=0)  # the writer waits by itself
                writer = Writer(connect, deadline=deadline, queue_limit=queue_limit, at=at)
                held.callback(WalSync(path, lambda: writer.commits).close)
            return cls(engine, pepper, live, writer=writer, recovered=recovered, held=held.pop_all())

    @property
    def writer(self) -> Writer:
        """The writer, for its counters. Raises StoreError when the store was not opened for serving."""
        if self._writer is None:
            raise StoreError("The store was opened for reading; only a gateway records events.")
        return self._writer

    async def record_intent(self, intent: Intent) -> None:
        """Commit an intent. Raises GatewayError `audit_unavailable`."""
        await self.writer.record_intent(intent)

    async def record_event(self, event: Event) -> None:
        """Commit an event; a block or redact also survives a loss of power. Raises GatewayError `audit_unavailable`."""
        await self.writer.record_event(event)

    def close(self) -> None:
        """Write everything that was handed over, then close. Blocks for a few seconds at most. Safe to call again."""
        if self._writer is not None:
            self._writer.close()
        self._held.close()


def _bring_up_to_date(engine: Engine, folder: Path, *, for_serving: bool) -> None:
    """Create or migrate; beside a running gateway only that gateway may, so a command first takes its lock."""
    if for_serving or schema_version(engine) == HEAD:
        upgrade(engine)
        return
    lock = FolderLock(folder)
    try:
        upgrade(engine)
    finally:
        lock.release()


def _pepper(folder: Path, engine: Engine) -> bytes:
    """The pepper; a new one only while no key depends on the old one."""
    pepper = read_pepper(folder)
    if pepper is not None:
        return pepper
    if has_keys(engine):
        raise StoreError(
            f"{folder}/pepper is missing, and without it no stored key can be recognised; restore it from a backup."
        )
    return create_pepper(folder)


def _recover(engine: Engine, path: Path, busy_timeout: float) -> int:
    try:
        connection = connect_writer(path, busy_timeout=busy_timeout)
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise StoreError(f"{path} cannot be opened for writing: {error}.") from None
    try:
        return settle_orphans(engine, connection)
    finally:
        connection.close()
