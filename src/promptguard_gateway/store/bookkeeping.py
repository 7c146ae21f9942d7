"""What follows from stored events: the counters, and which rows of the journal are done with.

Keeping both with every event would cost more than the event does, and both can be worked out from the events at any
time. So they are brought up to date for many events at once, in one transaction with the mark that says up to which
event. Dying at any moment is harmless: the next one goes on from the mark.
"""

import sqlite3
from collections.abc import Callable

import msgspec

from promptguard_gateway.store import dialect
from promptguard_gateway.store.rollups import Counted, Rollup, RollupKey, rollup_key

_MOST = 1_000  # events in one transaction
_decode = msgspec.json.Decoder(Counted).decode


class Books:
    """The counters and the journal of one database. Belongs to one connection and one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, at: Callable[[str], None]) -> None:
        """`at`: the hook for tests, told `before_settling` and `after_settling` inside each transaction."""
        self._connection = connection
        self._at = at

    def begin(self) -> None:
        """Once at every start, before anything is recorded: catch up with what was stored before. Raises sqlite3.Error.

        A database from before there was a mark has counted all its events. A journal row that came after its event,
        too late to be settled with it, goes now.
        """
        self._connection.execute(dialect.BEGIN_COUNTING)
        self.settle()
        self._connection.execute(dialect.DELETE_STORED)

    def settle(self) -> None:
        """Count what was stored since the last time, and take it out of the journal. Raises sqlite3.Error."""
        while self._settle_some() == _MOST:
            pass

    def _settle_some(self) -> int:
        """One transaction; how many events there were."""
        try:
            self._connection.execute(dialect.BEGIN)
            settled = self._settle()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return settled

    def _settle(self) -> int:
        (mark,) = self._connection.execute(dialect.SELECT_MARK).fetchone()
        stored = self._connection.execute(dialect.SELECT_UNCOUNTED, (mark, _MOST)).fetchall()
        if not stored:
            return 0
        self._at("before_settling")
        self._count([_decode(record) for _, record in stored])
        last = stored[-1][0]
        self._connection.execute(dialect.DELETE_SETTLED, (mark, last))
        self._connection.execute(dialect.UPDATE_MARK, (last,))
        self._at("after_settling")
        return len(stored)

    def _count(self, events: list[Counted]) -> None:
        for period, statements in dialect.COUNTERS.items():
            touched: dict[RollupKey, Rollup] = {}
            for event in events:
                key = rollup_key(event, period)
                rollup = touched.get(key)
                if rollup is None:
                    rollup = touched[key] = self._rollup(key, statements.select)
                rollup.add(event)
            self._connection.executemany(statements.upsert, [rollup.row() for rollup in touched.values()])

    def _rollup(self, key: RollupKey, select: str) -> Rollup:
        rollup = Rollup(key)
        stored = self._connection.execute(select, key).fetchone()
        if stored is not None:
            rollup.load(stored)
        return rollup
