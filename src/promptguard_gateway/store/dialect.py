"""Everything that is SQLite's own: how a connection is opened and how the hot statements are spelt.

Another database needs another file like this one and nothing else. The statements are compiled from the tables once
and then run through the driver: SQLAlchemy's execution costs more than SQLite's own work on rows this small.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    Delete,
    Engine,
    Insert,
    Select,
    bindparam,
    create_engine,
    delete,
    event,
    exists,
    select,
)
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.schema import Table

from promptguard_gateway.store.rollups import HOUR, MINUTE
from promptguard_gateway.store.schema import events, hourly_rollups, intents, rollups

_QMARK = sqlite_dialect(paramstyle="qmark")

WRITER_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16384",  # KiB
    # Checkpoints wait for the disk, so the writer asks for them itself, on its thread; never a commit. What a burst
    # made of the log beyond 32 MiB goes back to the disk.
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA journal_size_limit=33554432",
)
# Only the writer checkpoints: one writer and one checkpointer, in one thread.
_READER_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=0",
)


def engine_for(path: Path, *, busy_timeout: float = 2.0) -> Engine:
    """An engine for reading and for rare writes such as keys. `busy_timeout` in seconds. Opens nothing yet."""
    engine = create_engine(f"sqlite+pysqlite:///{path}", connect_args={"timeout": busy_timeout})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in _READER_PRAGMAS:
            connection.execute(pragma)

    return engine


def connect_writer(path: Path, *, busy_timeout: float) -> sqlite3.Connection:
    """The connection that alone writes events. `busy_timeout` in seconds. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        for pragma in WRITER_PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(clause: Insert | Delete | Select[*tuple[object, ...]]) -> str:
    return str(clause.compile(dialect=_QMARK))


def _parameters(columns: Iterable[Column[object]]) -> dict[str, BindParameter[object]]:
    return {column.name: bindparam(column.name) for column in columns}


def _insert_new(table: Table, unique: str, *, without: str | None = None) -> str:
    columns = [column for column in table.columns if column.name != without]
    return _text(insert(table).values(_parameters(columns)).on_conflict_do_nothing(index_elements=[unique]))


def _upsert(table: Table) -> str:
    statement = insert(table).values(_parameters(table.columns))
    changed = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    return _text(statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed))


def _select_counts(table: Table) -> str:
    counts = (column for column in table.columns if not column.primary_key)
    key = (column == bindparam(f"key_{column.name}") for column in table.primary_key.columns)
    return _text(select(*counts).where(*key))


class CounterStatements(NamedTuple):
    """How rows of counters are read, by their key, and written."""

    select: str
    upsert: str


def _counter_statements(table: Table) -> CounterStatements:
    return CounterStatements(_select_counts(table), _upsert(table))


INSERT_INTENT: Final = _insert_new(intents, "id")
INSERT_EVENT: Final = _insert_new(events, "id", without="sequence")
DELETE_SETTLED: Final = _text(
    delete(intents).where(
        intents.c.id.in_(
            select(events.c.id).where(events.c.sequence > bindparam("mark"), events.c.sequence <= bindparam("last"))
        )
    )
)
DELETE_STORED: Final = _text(delete(intents).where(exists().where(events.c.id == intents.c.id)))
SELECT_UNCOUNTED: Final = "SELECT sequence, record FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?"
BEGIN_COUNTING: Final = (
    "INSERT INTO marks (name, value) SELECT 'rollups', coalesce(max(sequence), 0) FROM events WHERE true "
    "ON CONFLICT (name) DO NOTHING"
)
SELECT_MARK: Final = "SELECT value FROM marks WHERE name = 'rollups'"
UPDATE_MARK: Final = "UPDATE marks SET value = ? WHERE name = 'rollups'"
SELECT_EVENT_ID: Final = _text(select(events.c.id).where(events.c.id == bindparam("id")))
COUNTERS: Final = {MINUTE: _counter_statements(rollups), HOUR: _counter_statements(hourly_rollups)}
"""By the length of the period that a row counts, in milliseconds."""
BEGIN: Final = "BEGIN IMMEDIATE"
CHECKPOINT: Final = "PRAGMA wal_checkpoint(PASSIVE)"
SYNCHRONOUS_FULL: Final = "PRAGMA synchronous=FULL"
SYNCHRONOUS_NORMAL: Final = "PRAGMA synchronous=NORMAL"
