"""One transaction: intents and events, all or nothing. What follows from events is worked out later, by `Books`.

A Recorder belongs to one connection and one thread at a time. It is given rows whose JSON is already made, so that a
value that cannot be written is its caller's error and nobody else's.
"""

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from promptguard_gateway.domain.events import Event, Intent
from promptguard_gateway.store import dialect
from promptguard_gateway.store.bookkeeping import Books

IntentRow = tuple[str, int, str, str, str, str]
EventRow = tuple[tuple[str | int | bool | None, ...], Event]

# Named places at which a test may end the process: before_intent, after_intent, before_commit, after_commit,
# before_settling, after_settling.
At = Callable[[str], None]

_encode = msgspec.json.Encoder().encode


def nowhere(_point: str) -> None:
    """The hook of every day: nothing happens."""


def durable(event: Event) -> bool:
    """Whether an event must survive the loss of power and not only the death of the process."""
    return event.decision != "allow"


def intent_row(intent: Intent) -> IntentRow:
    """An intent in the order of its columns."""
    return (intent.id, intent.time, intent.project, intent.api_key, intent.route, intent.digest)


def event_row(event: Event) -> EventRow:
    """An event in the order of its columns, without the sequence, and the event itself for the counters."""
    values = (
        event.id,
        event.time,
        event.project,
        event.api_key,
        event.route,
        event.model,
        event.decision,
        event.threat_type,
        event.outcome,
        event.status,
        event.streamed,
        event.flagged,
        _encode(event).decode(),
    )
    return values, event


class Recorder:
    """Writes batches. After an exception nothing of the batch is in the database, unless the commit itself failed.

    A commit that fails may have happened: whoever is told so must treat the rows as possibly written.
    """

    def __init__(self, connection: sqlite3.Connection, at: At = nowhere) -> None:
        self._connection = connection
        self._at = at
        self._full = False
        self.books = Books(connection, at)

    def write(self, intents: Sequence[IntentRow], events: Sequence[EventRow]) -> None:
        """Commit a batch. An id that is already stored is left as it is and counted once. Raises sqlite3.Error."""
        self._set_level(full=any(durable(event) for _, event in events))
        if self._attempt(intents, events, events):
            return
        if not self._attempt(intents, events, self._unseen(events)):
            raise sqlite3.IntegrityError("events were stored by somebody else while this batch was written")

    def checkpoint(self) -> None:
        """Move the log into the database as far as no reader stands in the way. Waits for the disk."""
        self._connection.execute(dialect.CHECKPOINT)

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self._connection.close()

    def _attempt(self, intents: Sequence[IntentRow], events: Sequence[EventRow], fresh: Sequence[EventRow]) -> bool:
        """One transaction; False, with nothing written, when one of `fresh` was stored before."""
        try:
            if len(events) + len(intents) > 1:  # a single row is a transaction by itself
                self._connection.execute(dialect.BEGIN)
            if intents:
                self._insert_intents(intents)
            if fresh and not self._insert_events(fresh):
                self._roll_back()
                return False
            self._at("before_commit")
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
            self._at("after_commit")
        except BaseException:
            self._roll_back()
            raise
        return True

    def _set_level(self, *, full: bool) -> None:
        """FULL waits for the disk at every commit, NORMAL at checkpoints only. SQLite refuses this in a transaction."""
        if full != self._full:
            self._connection.execute(dialect.SYNCHRONOUS_FULL if full else dialect.SYNCHRONOUS_NORMAL)
            self._full = full

    def _insert_intents(self, intents: Sequence[IntentRow]) -> None:
        self._at("before_intent")
        if len(intents) == 1:
            self._connection.execute(dialect.INSERT_INTENT, intents[0])
        else:
            self._connection.executemany(dialect.INSERT_INTENT, intents)
        self._at("after_intent")

    def _insert_events(self, events: Sequence[EventRow]) -> bool:
        """Whether all of them were new."""
        if len(events) == 1:
            return self._connection.execute(dialect.INSERT_EVENT, events[0][0]).rowcount == 1
        rows = [values for values, _ in events]
        return self._connection.executemany(dialect.INSERT_EVENT, rows).rowcount == len(rows)

    def _unseen(self, events: Sequence[EventRow]) -> list[EventRow]:
        """The events that are not stored yet, each id once."""
        fresh: dict[str, EventRow] = {}
        for row in events:
            identifier = row[1].id
            stored = self._connection.execute(dialect.SELECT_EVENT_ID, (identifier,)).fetchone()
            if stored is None and identifier not in fresh:
                fresh[identifier] = row
        return list(fresh.values())

    def _roll_back(self) -> None:
        """Back to before the batch."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # the connection is broken, and whoever handles the first error replaces it
