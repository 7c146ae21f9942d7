"""Group commit: what a caller is told is true, whatever the disk, the lock or the neighbour in the batch do."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.store.dialect import connect_writer, engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.writer import Connect, Writer
from store.values import make_event, make_intent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / DATABASE
    engine = engine_for(path)
    upgrade(engine)
    engine.dispose()
    return path


def plain(path: Path) -> Connect:
    return lambda: connect_writer(path, busy_timeout=0)


@contextmanager
def writing(connect: Connect, **options: float) -> Iterator[Writer]:
    writer = Writer(connect, **options)
    try:
        yield writer
    finally:
        assert writer.close()


def column(path: Path, query: str) -> list[object]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds, ten seconds at most."""
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    assert holds()


def stored(path: Path) -> list[object]:
    return column(path, "SELECT id FROM events ORDER BY sequence")


def journal(path: Path) -> list[object]:
    return column(path, "SELECT id FROM intents ORDER BY id")


async def test_a_call_that_returned_is_committed(path: Path) -> None:
    """After record_intent the journal has the row; after record_event the event is there."""
    with writing(plain(path)) as writer:
        await writer.record_intent(make_intent("evt_1"))
        assert (journal(path), stored(path)) == (["evt_1"], [])
        await writer.record_event(make_event("evt_1"))
        assert stored(path) == ["evt_1"]
        assert writer.waiting == 0
        assert writer.oldest_wait == 0.0
    assert journal(path) == []


@pytest.mark.parametrize("events", [1, 300])
async def test_the_books_follow_within_a_second_or_so(path: Path, events: int) -> None:
    """Few events are counted, and taken out of the journal, after a while; many of them at once."""
    with writing(plain(path)) as writer:
        await asyncio.gather(*(one_exchange(writer, n, lambda n: f"evt_{n}") for n in range(events)))
        await eventually(lambda: column(path, "SELECT sum(exchanges) FROM rollups") == [events])
        assert journal(path) == []


async def test_books_that_cannot_be_kept_now_are_kept_later(path: Path) -> None:
    """An error while counting is told to nobody: the event is stored, and the next attempt counts it once."""
    errors: list[Exception] = [sqlite3.OperationalError("disk I/O error")]
    with failing_at(path, "after_settling", errors) as writer:
        await writer.record_event(make_event("evt_1"))
        await eventually(lambda: not errors)
        await writer.record_event(make_event("evt_2"))
    assert stored(path) == ["evt_1", "evt_2"]
    assert column(path, "SELECT sum(exchanges) FROM rollups") == [2]


async def test_concurrent_rows_share_transactions(path: Path) -> None:
    """Rows handed over in one turn of the loop are one transaction, and all of them are stored."""
    statements: list[str] = []
    with writing(traced(path, statements)) as writer:
        await asyncio.gather(*(writer.record_event(make_event(f"evt_{n:03}")) for n in range(100)))
    assert len(stored(path)) == 100
    events = max(index for index, statement in enumerate(statements) if statement.startswith("INSERT INTO events"))
    assert sum(statement.startswith("COMMIT") for statement in statements[: events + 2]) == 1


def traced(path: Path, statements: list[str]) -> Connect:
    def connect() -> sqlite3.Connection:
        connection = connect_writer(path, busy_timeout=0)
        connection.set_trace_callback(statements.append)
        return connection

    return connect


async def test_a_block_waits_for_the_disk_and_the_next_allow_does_not(path: Path) -> None:
    """The level is raised before a block or redact is written, and lowered before the next allowed one."""
    statements: list[str] = []
    with writing(traced(path, statements)) as writer:
        for number, decision in enumerate(("allow", "block", "redact", "allow")):
            await writer.record_event(make_event(f"evt_{number}", decision=decision))
    kinds = ("PRAGMA synchronous", "INSERT INTO events")
    steps = [" ".join(step.split()[:3]) for step in statements if step.startswith(kinds)]
    full, normal, insert = "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL", "INSERT INTO events"
    assert steps == [insert, full, insert, insert, normal, insert]


async def test_the_same_event_twice_is_one_row_and_counted_once(path: Path) -> None:
    """Repeating an id is harmless: in a later batch, in the same batch, and beside new events."""
    with writing(plain(path)) as writer:
        await writer.record_event(make_event("evt_1", model="first"))
        again = [make_event("evt_1", model="second"), make_event("evt_2"), make_event("evt_2"), make_event("evt_3")]
        await asyncio.gather(*(writer.record_event(event) for event in again))
        await writer.record_intent(make_intent("evt_4"))
        await writer.record_intent(make_intent("evt_4"))
    assert stored(path) == ["evt_1", "evt_2", "evt_3"]
    assert column(path, "SELECT model FROM events WHERE id = 'evt_1'") == ["first"]
    assert column(path, "SELECT sum(exchanges) FROM rollups") == [3]
    assert journal(path) == ["evt_4"]


async def test_counters_continue_after_a_restart(path: Path) -> None:
    """A second writer adds to the minute the first one began."""
    for number in range(3):
        with writing(plain(path)) as writer:
            await writer.record_event(make_event(f"evt_{number}"))
    assert column(path, "SELECT exchanges FROM rollups") == [3]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def test_a_locked_database_is_said_within_the_deadline_and_holds_up_nobody_else(path: Path) -> None:
    """Callers are told after the deadline, the loop keeps turning, and after the release everything works again."""
    with writing(plain(path), deadline=0.3, patience=5) as writer:
        with locked(path):
            began = time.monotonic()
            waiting = asyncio.ensure_future(writer.record_intent(make_intent("evt_1")))
            turns = 0
            while not waiting.done():
                await asyncio.sleep(0.01)
                turns += 1
            assert 0.25 < time.monotonic() - began < 1.5
            assert turns > 10
            assert writer.waiting == 1
            assert writer.oldest_wait >= 0.25
            with pytest.raises(GatewayError, match="cannot be recorded") as caught:
                await waiting
            assert (caught.value.code, caught.value.status) == ("audit_unavailable", 503)
        await writer.record_intent(make_intent("evt_2"))
        # The row of the caller who gave up was still queued, and is written now.
        assert journal(path) == ["evt_1", "evt_2"]


async def test_a_lock_that_outlasts_the_patience_fails_the_batch_and_nothing_after_it(path: Path) -> None:
    """When SQLite itself gives up, all callers of the batch are told, and the writer goes on."""
    with writing(plain(path), deadline=5.0, patience=0.05) as writer:
        with locked(path):
            results = await asyncio.gather(
                *(writer.record_event(make_event(f"evt_{n}")) for n in range(5)), return_exceptions=True
            )
            assert {type(result) for result in results} == {GatewayError}
            assert "locked" in (writer.last_error or "")
        await writer.record_event(make_event("evt_9"))
        assert writer.last_error is None
        assert writer.failures == 1
    assert stored(path) == ["evt_9"]
    assert column(path, "SELECT sum(exchanges) FROM rollups") == [1]


async def test_a_full_queue_is_said_at_once(path: Path) -> None:
    """The queue is bounded, so memory is, and whoever finds it full need not wait."""
    with writing(plain(path), deadline=5.0, patience=0.3, queue_limit=3) as writer:
        with locked(path):
            waiting = [asyncio.ensure_future(writer.record_intent(make_intent(f"evt_{n}"))) for n in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(GatewayError, match="3 records are waiting"):
                await writer.record_intent(make_intent("evt_4"))
            await asyncio.gather(*waiting, return_exceptions=True)
        await writer.record_intent(make_intent("evt_5"))


async def test_a_full_disk_is_said_and_space_that_returns_is_used(path: Path) -> None:
    """No acknowledged event is missing, nothing crashes, and no restart is needed."""
    pages = [60]

    def connect() -> sqlite3.Connection:
        connection = connect_writer(path, busy_timeout=0)
        connection.execute(f"PRAGMA max_page_count={pages[0]}")
        return connection

    acknowledged: list[str] = []
    with writing(connect) as writer:
        with pytest.raises(GatewayError, match="full"):
            await record_many(writer, "evt", acknowledged)
        assert acknowledged
        with pytest.raises(GatewayError, match="full"):
            await record_many(writer, "evt_more", acknowledged)
        pages[0] = 10_000
        await writer.record_event(make_event("evt_last"))
    assert stored(path) == [*acknowledged, "evt_last"]
    assert column(path, "SELECT sum(exchanges) FROM rollups") == [len(acknowledged) + 1]
    assert column(path, "PRAGMA integrity_check") == ["ok"]


async def record_many(writer: Writer, name: str, acknowledged: list[str]) -> None:
    for number in range(1000):
        await writer.record_event(make_event(f"{name}_{number:04}"))
        acknowledged.append(f"{name}_{number:04}")


@pytest.mark.parametrize("point", ["before_intent", "after_intent", "before_commit"])
async def test_an_input_output_error_anywhere_is_survived(path: Path, point: str) -> None:
    """The callers of the batch are told, nothing of it is stored, and the next batch works on a new connection."""
    with failing_at(path, point, [sqlite3.OperationalError("disk I/O error")]) as writer:
        batch = (writer.record_intent(make_intent("evt_1")), writer.record_event(make_event("evt_0")))
        results = await asyncio.gather(*batch, return_exceptions=True)
        assert {type(result) for result in results} == {GatewayError}
        assert (journal(path), stored(path)) == ([], [])
        await asyncio.gather(writer.record_intent(make_intent("evt_2")), writer.record_event(make_event("evt_3")))
    assert (journal(path), stored(path)) == (["evt_2"], ["evt_3"])
    assert column(path, "SELECT sum(exchanges) FROM rollups") == [1]


@contextmanager
def failing_at(path: Path, point: str, errors: list[Exception]) -> Iterator[Writer]:
    """A writer that meets each of the errors once, at a point."""

    def at(here: str) -> None:
        if here == point and errors:
            raise errors.pop()

    writer = Writer(plain(path), at=at)
    try:
        yield writer
    finally:
        assert writer.close()


async def test_a_database_that_cannot_be_opened_is_tried_again(path: Path) -> None:
    """Opening the connection may fail like everything else."""
    failures = [sqlite3.OperationalError("unable to open database file"), OSError("too many open files")]

    def connect() -> sqlite3.Connection:
        if failures:
            raise failures.pop()
        return connect_writer(path, busy_timeout=0)

    with writing(connect) as writer:
        for _ in range(2):
            with pytest.raises(GatewayError):
                await writer.record_event(make_event("evt_1"))
        await writer.record_event(make_event("evt_1"))
    assert stored(path) == ["evt_1"]


async def test_a_row_that_cannot_be_written_harms_no_other(path: Path) -> None:
    """A value no column can hold fails its own caller; the rows beside it are stored."""
    with writing(plain(path)) as writer:
        results = await asyncio.gather(
            writer.record_event(make_event("evt_1")),
            writer.record_event(make_event("evt_2", time=2**70)),
            writer.record_event(make_event("evt_3")),
            return_exceptions=True,
        )
    assert [type(result) for result in results] == [type(None), GatewayError, type(None)]
    assert stored(path) == ["evt_1", "evt_3"]


async def test_a_caller_that_goes_away_leaves_its_row(path: Path) -> None:
    """Cancelling the wait does not take the row back, and disturbs nobody."""
    with writing(plain(path)) as writer:
        leaving = asyncio.ensure_future(writer.record_event(make_event("evt_1")))
        await asyncio.sleep(0)
        leaving.cancel()
        await writer.record_event(make_event("evt_2"))
        assert leaving.cancelled()
    assert stored(path) == ["evt_1", "evt_2"]


async def test_closing_writes_what_was_handed_over(path: Path) -> None:
    """Rows gathered but not yet sent to the thread are drained too; afterwards recording is refused."""
    writer = Writer(plain(path))
    waiting = [asyncio.ensure_future(writer.record_event(make_event(f"evt_{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    assert writer.close()
    assert writer.close()
    await asyncio.gather(*waiting)
    assert len(stored(path)) == 10
    with pytest.raises(GatewayError, match="closing"):
        await writer.record_event(make_event("evt_99"))


async def test_one_turn_of_the_loop_costs_one_handover(path: Path) -> None:
    """Under load many rows wait together: batches stay few."""
    commits = []

    def at(point: str) -> None:
        if point == "after_commit":
            commits.append(point)

    writer = Writer(plain(path), at=at)
    await asyncio.gather(*(one_exchange(writer, n, lambda n: f"evt_{n}") for n in range(64)))
    assert writer.close()
    assert len(commits) <= 8  # two, or some more where the machine is busy; one for each row would be 128


async def one_exchange(writer: Writer, number: int, name: Callable[[int], str]) -> None:
    await writer.record_intent(make_intent(name(number)))
    await writer.record_event(make_event(name(number)))
