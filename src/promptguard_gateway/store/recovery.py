"""What a gateway does with its database before it serves: look it over, and name the exchanges that died with it."""

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.exc import DatabaseError

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.events import Event, Intent
from promptguard_gateway.store.schema import api_keys, intents, marks, projects
from promptguard_gateway.store.transaction import At, Recorder, event_row, nowhere

UNKNOWN_CRASH = "unknown_crash"
_CHUNK = 1_000


def check_integrity(engine: Engine) -> None:
    """A look that takes milliseconds at any size: the schema, and every page of the small tables. Raises StoreError.

    Events are not read; `sqlite3 gateway.db "PRAGMA integrity_check"` does, and takes its time.
    """
    try:
        with engine.connect() as connection:
            for table in (marks, projects, api_keys, intents):
                report = connection.exec_driver_sql(f"PRAGMA quick_check('{table.name}')").scalar()
                if report != "ok":
                    raise StoreError(f"{engine.url.database} is damaged ({report}); restore a backup.")
    except DatabaseError as error:
        raise StoreError(f"{engine.url.database} is damaged ({error.orig}); restore a backup.") from None


def settle_orphans(engine: Engine, connection: sqlite3.Connection, at: At = nowhere) -> int:
    """Turn every intent without an event into an event with outcome `unknown_crash`; how many there were.

    Dying in the middle and starting again is harmless. Raises StoreError.
    """
    recorder = Recorder(connection, at)
    settled = 0
    try:
        recorder.books.begin()
        while orphans := _intents(engine):
            recorder.write([], [event_row(crashed(orphan)) for orphan in orphans])
            recorder.books.settle()
            settled += len(orphans)
    except (sqlite3.Error, DatabaseError) as error:
        raise StoreError(f"{engine.url.database} cannot be written: {getattr(error, 'orig', error)}.") from None
    return settled


def crashed(intent: Intent) -> Event:
    """The event of an exchange of which nothing is known but that it began.

    It was forwarded, so its input was not blocked; whether it was redacted is unknown. Status 0: no answer is known.
    """
    return Event(
        id=intent.id,
        time=intent.time,
        project=intent.project,
        api_key=intent.api_key,
        end_user=None,
        route=intent.route,
        dialect="",
        model="",
        upstream=None,
        streamed=False,
        policy="",
        policy_version=0,
        mode="",
        direction="input",
        decision="allow",
        flagged=False,
        threat_type=None,
        confidence=0.0,
        outcome=UNKNOWN_CRASH,
        status=0,
        error="The gateway ended before this exchange did; whether the client got an answer is unknown.",
    )


def _intents(engine: Engine) -> Sequence[Intent]:
    with engine.connect() as connection:
        rows = connection.execute(select(intents).order_by(intents.c.time, intents.c.id).limit(_CHUNK))
        return [Intent(**row._mapping) for row in rows]
