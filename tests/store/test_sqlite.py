"""The store as a whole: what a start finds, what a second process may, what closing leaves."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.ports import EventSink, KeyStore
from promptguard_gateway.store.files import DATABASE, LOCK, PEPPER
from promptguard_gateway.store.recovery import UNKNOWN_CRASH, crashed
from promptguard_gateway.store.sqlite import SqliteStore, require_single_worker
from store.values import make_event, make_intent


def leave_intents(folder: Path, *identifiers: str) -> None:
    """What a gateway leaves behind that dies in the middle of exchanges."""
    store = SqliteStore.open(folder, for_serving=True)
    try:
        asyncio.run(record(store, *identifiers))
    finally:
        store.close()


async def record(store: SqliteStore, *identifiers: str) -> None:
    for identifier in identifiers:
        await store.record_intent(make_intent(identifier))


async def test_the_store_fulfils_the_ports(tmp_path: Path) -> None:
    """One exchange, through the ports alone, and read back by a command beside the gateway."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    try:
        sink: EventSink = store
        keys: KeyStore = store.keys
        new = store.keys.create_key("laptop")
        assert await keys.find_key(store.keys.digest(new.secret)) == new.key
        await sink.record_intent(make_intent("evt_1"))
        await sink.record_event(make_event("evt_1", decision="block"))
        beside = SqliteStore.open(tmp_path, for_serving=False)
        found = beside.events.get("evt_1")
        assert found is not None
        assert found.event == make_event("evt_1", decision="block")
        assert beside.keys.digest(new.secret) == store.keys.digest(new.secret)
        beside.close()
    finally:
        store.close()
        store.close()


def test_everything_in_the_folder_is_private(tmp_path: Path) -> None:
    """The database, its write-ahead log, the pepper and the lock."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    store.keys.create_key("laptop")
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    store.close()
    assert {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", PEPPER, LOCK} == files.keys()
    assert set(files.values()) == {0o600}


def test_exchanges_that_died_with_the_process_are_named_at_the_next_start(tmp_path: Path) -> None:
    """Each becomes an event once, also counted; a start after that finds none."""
    leave_intents(tmp_path, "evt_1", "evt_2")
    for expected in (2, 0):
        store = SqliteStore.open(tmp_path, for_serving=True)
        found = [stored.event for stored in store.events.tail(0)]
        counted = sum(minute.exchanges for minute in store.events.rollups(0, 2**50))
        store.close()
        assert store.recovered == expected
        assert found == [crashed(make_intent("evt_1")), crashed(make_intent("evt_2"))]
        assert [event.outcome for event in found] == [UNKNOWN_CRASH] * 2
        assert counted == 2


def test_more_orphans_than_fit_one_transaction(tmp_path: Path) -> None:
    """A gateway that died under load may have left thousands."""
    SqliteStore.open(tmp_path, for_serving=True).close()
    rows = [(f"evt_{number:05}", 1, "default", "key_1", "chat.completions", "d") for number in range(2_500)]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.executemany("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?)", rows)
    store = SqliteStore.open(tmp_path, for_serving=True)
    store.close()
    assert store.recovered == 2_500


def test_an_intent_whose_event_is_stored_only_goes(tmp_path: Path) -> None:
    """A late journal row does not turn an answered exchange into a crashed one."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    asyncio.run(store.record_event(make_event("evt_1")))
    asyncio.run(record(store, "evt_1"))
    store.close()
    store = SqliteStore.open(tmp_path, for_serving=True)
    found = [stored.event for stored in store.events.tail(0)]
    store.close()
    assert found == [make_event("evt_1")]


def test_a_database_without_a_mark_has_counted_its_events(tmp_path: Path) -> None:
    """Before there was a mark, events were counted as they were written: none is counted twice, and later ones are."""
    for number in (1, 2, 3):
        store = SqliteStore.open(tmp_path, for_serving=True)
        counted = sum(minute.exchanges for minute in store.events.rollups(0, 2**50))
        asyncio.run(store.record_event(make_event(f"evt_{number}")))
        store.close()
        assert counted == number - 1
        if number == 1:
            with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
                connection.execute("DELETE FROM marks WHERE name = 'rollups'")


def test_only_a_gateway_recovers_and_records(tmp_path: Path) -> None:
    """A command beside a living gateway must not declare its exchanges dead."""
    leave_intents(tmp_path, "evt_1")
    store = SqliteStore.open(tmp_path, for_serving=False)
    assert (store.recovered, store.events.tail(0)) == (0, [])
    with pytest.raises(StoreError, match="only a gateway records"):
        asyncio.run(record(store, "evt_2"))
    store.close()


def test_two_gateways_cannot_share_a_folder(tmp_path: Path) -> None:
    """The second is refused and disturbs nothing; after the first is closed it may."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    with pytest.raises(StoreError, match="Another gateway"):
        SqliteStore.open(tmp_path, for_serving=True)
    store.close()
    SqliteStore.open(tmp_path, for_serving=True).close()


def test_a_lost_pepper_is_not_replaced_while_keys_depend_on_it(tmp_path: Path) -> None:
    """All keys would become invalid without a word; without keys a new pepper harms nobody."""
    store = SqliteStore.open(tmp_path, for_serving=False)
    (tmp_path / PEPPER).unlink()
    SqliteStore.open(tmp_path, for_serving=False).close()
    store.keys.create_key("laptop")
    store.close()
    (tmp_path / PEPPER).unlink()
    with pytest.raises(StoreError, match="restore it from a backup"):
        SqliteStore.open(tmp_path, for_serving=True)


@pytest.mark.parametrize("offset", [0, 4096])
def test_a_damaged_database_is_refused_with_one_sentence(tmp_path: Path, offset: int) -> None:
    """Whether its header is gone or a page of a small table; the folder is free again afterwards."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    store.keys.create_key("laptop")
    store.close()
    with (tmp_path / DATABASE).open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 12 * 4096)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"damaged|cannot be read as a database") as caught:
            SqliteStore.open(tmp_path, for_serving=True)
        assert "\n" not in str(caught.value)


async def test_deleted_journal_rows_leave_no_trace(tmp_path: Path) -> None:
    """`secure_delete` is on: what was removed is not found in the file afterwards."""
    store = SqliteStore.open(tmp_path, for_serving=True)
    await store.record_intent(make_intent("evt_1", project="project-of-the-intent"))
    await store.record_event(make_event("evt_1"))
    store.close()
    assert b"project-of-the-intent" not in (tmp_path / DATABASE).read_bytes()


@pytest.mark.parametrize("workers", [2, 16])
def test_several_workers_need_another_database(workers: int) -> None:
    """Asking for more than one with SQLite is an error that says so; one is fine."""
    require_single_worker(1)
    with pytest.raises(StoreError, match=f"{workers} workers cannot share a SQLite database"):
        require_single_worker(workers)
