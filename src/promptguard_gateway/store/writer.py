"""Group commit: whoever records waits for one transaction that holds what everybody recorded in the same moment.

Callers on the event loop hand over a row and await its commit. Rows handed over in one turn of the loop travel
together; an exchange that is alone does not wait for the end of the turn. What need not reach the disk at once (a
commit at level NORMAL only appends to the log, in memory) is committed right there when nothing else is being written:
waking a thread, and being woken by it, costs several times the commit. Everything that may wait belongs to the thread:
commits that wait for the disk, a locked database, errors, checkpoints, the books (`store.bookkeeping`), and whatever
comes while the thread is at work; meanwhile the next rows gather, so batches grow with load by themselves. One lock
says who has the connection.

What a caller can rely on:

- The call returns: the row is committed.
- The call raises `audit_unavailable`: the row may or may not be written. It is certain only that nobody was told that
  it is. After a deadline the row is still queued and will be written if the store comes back before the writer gives
  its batch up; the same id handed over again is the same row.
- The caller is cancelled: as after a deadline.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Event, Intent
from promptguard_gateway.store.transaction import (
    At,
    EventRow,
    IntentRow,
    Recorder,
    durable,
    event_row,
    intent_row,
    nowhere,
)

QUEUE_LIMIT = 10_000
DEADLINE = 2.0
_BATCH_ROWS = 1_000
_ROWS_ON_LOOP = 64  # a batch of more is long enough to be worth the thread
_CHECKPOINT_COMMITS = 800  # some 4,000 pages of log; always on the thread, because it waits for the disk
_SETTLE_EVENTS = 128  # a millisecond's work for the books
_SETTLE_SECONDS = 1.0  # how far the books may be behind when there are fewer
_BUSY_PAUSE = 0.002  # seconds between two attempts at a locked database

Connect = Callable[[], sqlite3.Connection]


class _Row:
    """A row and who waits for it. `error` is set by the writer, read by the loop."""

    __slots__ = ("error", "event", "intent", "waiter")

    def __init__(self, waiter: asyncio.Future[None], intent: IntentRow | None, event: EventRow | None) -> None:
        self.waiter = waiter
        self.intent = intent
        self.event = event
        self.error: str | None = None


class _Batch:
    """Rows handed over in one turn of one loop, and when their callers lose patience."""

    __slots__ = ("deadline", "loop", "rows")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.rows: list[_Row] = []
        self.deadline = 0.0


class _Chores:
    """Asks the thread to do what is due: the books, a checkpoint."""


class Writer:
    """Records intents and events through one thread. Belongs to one event loop at a time."""

    def __init__(
        self,
        connect: Connect,
        *,
        deadline: float = DEADLINE,
        patience: float | None = None,
        queue_limit: int = QUEUE_LIMIT,
        at: At = nowhere,
    ) -> None:
        """`connect` opens the writing connection, again after errors; it must not wait for locks by itself.

        `deadline`: how long callers wait; `patience`: how long the thread waits for a locked database (by default a
        little less, so that callers learn the reason); both in seconds. `queue_limit` in rows.
        """
        self._patience = 0.9 * deadline if patience is None else patience
        self._connect = connect
        self._deadline = deadline
        self._queue_limit = queue_limit
        self._at = at
        self._queue: SimpleQueue[_Batch | _Chores | None] = SimpleQueue()
        self._connected = threading.RLock()  # whoever holds it may use the connection
        self._commits_since_checkpoint = 0
        self._unsettled = 0  # events that the books do not know
        self._settled_at = time.monotonic()
        self._chores_asked = False
        self._under_way: set[str] = set()  # exchanges with an intent and no event yet
        self._gathering: _Batch | None = None
        self._in_flight: deque[_Batch] = deque()
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._recorder: Recorder | None = None
        self._commits = 0
        self._failures = 0
        self._last_error: str | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="promptguard-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that were handed over and are not settled."""
        return self._waiting

    @property
    def oldest_wait(self) -> float:
        """How long, in seconds, the oldest unsettled row has been waiting; 0 when none is."""
        if not self._in_flight:
            return 0.0
        return max(0.0, time.monotonic() - (self._in_flight[0].deadline - self._deadline))

    @property
    def commits(self) -> int:
        """Batches that were written since the start."""
        return self._commits

    @property
    def failures(self) -> int:
        """Batches that could not be written since the start."""
        return self._failures

    @property
    def last_error(self) -> str | None:
        """Why the latest batch could not be written; None when it could."""
        return self._last_error

    async def record_intent(self, intent: Intent) -> None:
        """Commit an intent. Raises GatewayError `audit_unavailable`."""
        waiter = self._hand_over(intent_row(intent), None, alone=not self._under_way)
        self._under_way.add(intent.id)
        await waiter

    async def record_event(self, event: Event) -> None:
        """Commit an event; what is not simply allowed also survives a loss of power. Raises `audit_unavailable`."""
        begun = event.id in self._under_way
        self._under_way.discard(event.id)
        await self._hand_over(None, event_row(event), alone=begun and not self._under_way)

    def close(self, *, patience: float | None = None) -> bool:
        """Write what was handed over, then end the thread. Blocks for up to `patience` seconds (twice the deadline).

        Whether everything was written in time. Safe to call again.
        """
        if not self._closing:
            self._closing = True
            if self._gathering is not None:
                self._in_flight.append(self._gathering)
                self._queue.put(self._gathering)
                self._gathering = None
            self._queue.put(None)
        self._thread.join(2 * self._deadline + 1 if patience is None else patience)
        return not self._thread.is_alive()

    # On the event loop.

    def _hand_over(self, intent: IntentRow | None, event: EventRow | None, *, alone: bool) -> asyncio.Future[None]:
        """`alone`: no other exchange is under way whose row could share the transaction."""
        if self._closing:
            raise _unavailable("the store is closing")
        if self._waiting >= self._queue_limit:
            raise _unavailable(f"{self._queue_limit} records are waiting to be written")
        batch = self._gathering
        if batch is None:
            batch = self._gathering = _Batch(asyncio.get_running_loop())
            if not alone:
                batch.loop.call_soon(self._dispatch)
        waiter = batch.loop.create_future()
        batch.rows.append(_Row(waiter, intent, event))
        self._waiting += 1
        if alone:
            self._dispatch()
        return waiter

    def _dispatch(self) -> None:
        """Everything gathered in this turn is written in one piece, here or by the thread."""
        batch, self._gathering = self._gathering, None
        if batch is None:
            return
        self._in_flight.append(batch)
        if len(self._in_flight) == 1 and self._written_here(batch):
            self._settle(1)
            return
        batch.deadline = time.monotonic() + self._deadline
        self._queue.put(batch)
        if self._timer is None:
            self._timer = batch.loop.call_later(self._deadline, self._expire)

    def _written_here(self, batch: _Batch) -> bool:
        """Commit a batch on the loop if that cannot take long; False when it is for the thread, and nothing is lost.

        A commit that failed here may have happened: the thread's second attempt finds the ids and leaves them.
        """
        if self._at is not nowhere or len(batch.rows) > _ROWS_ON_LOOP or self._recorder is None:
            return False
        if any(row.event is not None and durable(row.event[1]) for row in batch.rows):
            return False
        if not self._connected.acquire(blocking=False):
            return False
        try:
            if self._recorder is None or self._attempt(batch.rows) is not None:
                return False
            self._committed(batch.rows)
        finally:
            self._connected.release()
        due = self._unsettled >= _SETTLE_EVENTS or self._commits_since_checkpoint >= _CHECKPOINT_COMMITS
        if due and not self._chores_asked:
            self._chores_asked = True
            self._queue.put(_Chores())
        return True

    def _expire(self) -> None:
        """Tell the callers whose deadline passed; look again when the next one may have."""
        self._timer = None
        now = time.monotonic()
        for batch in self._in_flight:
            if batch.deadline > now:
                self._timer = batch.loop.call_later(batch.deadline - now, self._expire)
                return
            for row in batch.rows:
                if not row.waiter.done():
                    row.waiter.set_exception(_unavailable(f"it took longer than {self._deadline:g} s"))

    def _settle(self, batches: int) -> None:
        """The thread is done with so many batches, in the order in which they were handed over."""
        for _ in range(batches):
            batch = self._in_flight.popleft()
            self._waiting -= len(batch.rows)
            for row in batch.rows:
                if row.waiter.done():
                    continue
                if row.error is None:
                    row.waiter.set_result(None)
                else:
                    row.waiter.set_exception(_unavailable(row.error))

    # On the writer's thread.

    def _run(self) -> None:
        while (first := self._next()) is not None:
            if isinstance(first, _Batch):
                batches = self._gather(first)
                self._write([row for batch in batches for row in batch.rows])
                with suppress(RuntimeError):  # the loop is closed, nobody waits
                    first.loop.call_soon_threadsafe(self._settle, len(batches))
            self._do_chores()
        with self._connected:
            self._keep_books()
            self._drop_connection()

    def _next(self) -> _Batch | _Chores | None:
        """What there is to do; when there is nothing for a while, a look at the chores."""
        try:
            return self._queue.get(timeout=_SETTLE_SECONDS)
        except Empty:
            return _Chores()

    def _do_chores(self) -> None:
        """What fails here is tried again later; nothing that callers were told depends on it."""
        self._chores_asked = False
        if self._unsettled >= _SETTLE_EVENTS or time.monotonic() - self._settled_at >= _SETTLE_SECONDS:
            self._keep_books()
        if self._commits_since_checkpoint >= _CHECKPOINT_COMMITS:
            self._checkpoint()

    def _keep_books(self) -> None:
        with self._connected:
            self._settled_at = time.monotonic()
            if self._recorder is None or not self._unsettled:
                return
            try:
                self._recorder.books.settle()
                self._unsettled = 0
            except Exception as error:  # the thread outlives every fault
                if not _is_busy(error):
                    self._drop_connection()

    def _gather(self, first: _Batch) -> list[_Batch]:
        """The first batch and what queued up behind it, within one transaction's measure."""
        batches = [first]
        rows = len(first.rows)
        while rows < _BATCH_ROWS:
            try:
                batch = self._queue.get_nowait()
            except Empty:
                break
            if batch is None or isinstance(batch, _Chores):
                self._queue.put(batch)
                break
            batches.append(batch)
            rows += len(batch.rows)
        return batches

    def _write(self, rows: list[_Row]) -> None:
        """Write rows and note on each whether it worked. Nothing escapes: the thread outlives every batch.

        A value the database refuses is the fault of one row, so the others get another chance, each by itself.
        """
        with self._connected:
            self._write_patiently(rows)

    def _write_patiently(self, rows: list[_Row]) -> None:
        error = self._patiently(rows)
        if error is None:
            return
        if len(rows) == 1 or _is_store_fault(error):
            self._fail(rows, error)
        else:
            for row in rows:
                self._write_patiently([row])

    def _patiently(self, rows: list[_Row]) -> Exception | None:
        """Attempt until the database is not locked any more, or the deadline has passed."""
        give_up = time.monotonic() + self._patience
        while (error := self._attempt(rows)) is not None and _is_busy(error) and time.monotonic() < give_up:
            time.sleep(_BUSY_PAUSE)
        if error is None:
            self._committed(rows)
        return error

    def _committed(self, rows: list[_Row]) -> None:
        self._unsettled += sum([row.event is not None for row in rows])
        self._commits += 1
        self._commits_since_checkpoint += 1
        self._last_error = None

    def _checkpoint(self) -> None:
        """Move the log into the database. What fails here is tried again later; nothing depends on it."""
        with self._connected, suppress(sqlite3.Error):
            self._commits_since_checkpoint = 0
            if self._recorder is not None:
                self._recorder.checkpoint()

    def _attempt(self, rows: list[_Row]) -> Exception | None:
        try:
            if self._recorder is None:
                self._recorder = Recorder(self._connect(), self._at)
            intents = [row.intent for row in rows if row.intent is not None]
            events = [row.event for row in rows if row.event is not None]
            self._recorder.write(intents, events)
        except Exception as error:
            return error
        return None

    def _fail(self, rows: list[_Row], error: Exception) -> None:
        """Note the failure on every row. A store that failed is opened anew: a failed sync must not be built upon."""
        for row in rows:
            row.error = str(error)
        self._failures += 1
        self._last_error = str(error)
        if _is_store_fault(error):
            self._drop_connection()

    def _drop_connection(self) -> None:
        """Close the connection; the next batch opens a new one."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            with suppress(sqlite3.Error):
                recorder.close()


def _is_store_fault(error: Exception) -> bool:
    """Whether the store failed, as opposed to one row: locked, full, broken disk, damaged file."""
    return isinstance(error, sqlite3.OperationalError | sqlite3.InternalError | OSError | MemoryError) or (
        type(error) is sqlite3.DatabaseError
    )


def _is_busy(error: Exception) -> bool:
    return (
        isinstance(error, sqlite3.OperationalError)
        and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    )


def _unavailable(reason: str) -> GatewayError:
    return GatewayError("audit_unavailable", f"This exchange cannot be recorded now: {reason}.")
