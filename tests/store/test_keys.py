"""Keys: unknown and unavailable are different answers, revocation is quick, and the database opens nothing."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import DEFAULT_PROJECT
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE, StoreError
from promptguard_gateway.store.keys import FRESH_FOR, STALE_AFTER, SqlKeyStore
from promptguard_gateway.store.migrate import upgrade

PEPPER = b"p" * 32
ENVIRONMENT_KEY = "pg_" + "environment-key-0001"
ANOTHER_KEY = "pg_" + "environment-key-0002"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_keys(folder: Path, clock: Clock | None = None) -> SqlKeyStore:
    engine = engine_for(folder / DATABASE, busy_timeout=0.2)
    upgrade(engine)
    clock = clock or Clock()
    return SqlKeyStore(engine, PEPPER, clock=clock, monotonic=clock)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[SqlKeyStore]:
    keys = open_keys(tmp_path)
    yield keys
    keys.close()


async def test_a_new_key_is_found_by_its_digest(keys: SqlKeyStore) -> None:
    """The key is random, names its project, shows its prefix only, and works at once."""
    new = keys.create_key("laptop", project="support")
    assert new.secret.startswith("pg_live_")
    assert len(new.secret) == len("pg_live_") + 43
    assert new.secret not in repr(new)
    assert await keys.find_key(keys.digest(new.secret)) == new.key
    assert (new.key.project, new.key.name, new.key.revoked) == ("support", "laptop", None)
    assert new.secret.startswith(new.key.prefix)
    assert keys.create_key("laptop").secret != new.secret


async def test_what_is_stored_is_no_credential(keys: SqlKeyStore, tmp_path: Path) -> None:
    """The database holds no key, and presenting a stored digest is presenting an unknown key."""
    new = keys.create_key("laptop")
    digest = keys.digest(new.secret)
    assert await keys.find_key(keys.digest(digest)) is None
    assert new.secret[12:].encode() not in contents(tmp_path)


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_a_revoked_key_is_unknown_at_once_and_stays_listed(keys: SqlKeyStore) -> None:
    """Revoking is remembered with its time; revoking again changes nothing; an unknown id is None."""
    new = keys.create_key("laptop")
    revoked = keys.revoke(new.key.id)
    assert revoked is not None
    assert revoked.revoked == 1_000_000
    assert await keys.find_key(keys.digest(new.secret)) is None
    assert keys.list_keys() == [revoked]
    assert keys.revoke(new.key.id) == revoked
    assert keys.revoke("key_unknown") is None


def test_keys_are_listed_by_project(keys: SqlKeyStore) -> None:
    """A filter, and everything without one."""
    one = keys.create_key("one", project="a").key
    other = keys.create_key("other", project="b").key
    assert keys.list_keys(project="a") == [one]
    assert {key.id for key in keys.list_keys()} == {one.id, other.id}


async def test_a_revocation_by_another_process_is_seen_within_a_second(tmp_path: Path) -> None:
    """So is a key that another process made. Both travel through the database file alone."""
    engine = engine_for(tmp_path / DATABASE)
    upgrade(engine)
    serving = SqlKeyStore(engine, PEPPER)
    command = open_keys(tmp_path)
    serving.watch()
    try:
        new = command.create_key("laptop")
        digest = serving.digest(new.secret)
        assert await seconds_until(serving, digest, live=True) < 1.0
        command.revoke(new.key.id)
        assert await seconds_until(serving, digest, live=False) < 1.0
    finally:
        serving.close()


async def seconds_until(keys: SqlKeyStore, digest: str, *, live: bool) -> float:
    began = time.monotonic()
    while (await keys.find_key(digest) is not None) != live:
        await asyncio.sleep(0.01)
        assert time.monotonic() - began < 5
    return time.monotonic() - began


async def test_with_the_store_down_known_keys_work_for_a_while_and_unknown_ones_are_not_called_invalid(
    tmp_path: Path,
) -> None:
    """An unknown key is certain only while the snapshot is fresh; a known key is served until it is stale."""
    clock = Clock()
    keys = open_keys(tmp_path, clock)
    new = keys.create_key("laptop")
    known, unknown = keys.digest(new.secret), keys.digest("pg_" + "somebody-elses-key")
    assert await keys.find_key(unknown) is None
    clock.now += FRESH_FOR + 0.1
    assert await keys.find_key(known) == new.key
    with pytest.raises(GatewayError) as caught:
        await keys.find_key(unknown)
    assert (caught.value.code, caught.value.status) == ("auth_store_unavailable", 503)
    clock.now += STALE_AFTER
    with pytest.raises(GatewayError):
        await keys.find_key(known)
    keys.renew()
    assert await keys.find_key(known) == new.key


async def test_a_store_that_cannot_be_read_never_makes_a_snapshot_fresh(tmp_path: Path) -> None:
    """A failed renewal is an error, and leaves what was known as old as it was."""
    clock = Clock()
    keys = SqlKeyStore(engine_for(tmp_path / "missing" / DATABASE), PEPPER, clock=clock, monotonic=clock)
    with pytest.raises(StoreError, match="unable to open"):
        keys.renew()
    with pytest.raises(StoreError):
        keys.watch()
    with pytest.raises(GatewayError):
        await keys.find_key(keys.digest("pg_" + "whatever-key-there-is"))


async def test_the_environment_names_one_key_of_the_default_project(keys: SqlKeyStore) -> None:
    """Importing is repeatable; when the variable changes or goes, the key it named before goes too."""
    imported = keys.ensure_key(ENVIRONMENT_KEY)
    assert imported is not None
    assert imported.project == DEFAULT_PROJECT
    assert keys.ensure_key(ENVIRONMENT_KEY) == imported
    other = keys.ensure_key(ANOTHER_KEY)
    assert await keys.find_key(keys.digest(ENVIRONMENT_KEY)) is None
    assert await keys.find_key(keys.digest(ANOTHER_KEY)) == other
    made = keys.create_key("laptop")
    assert keys.ensure_key(None) is None
    assert await keys.find_key(keys.digest(ANOTHER_KEY)) is None
    assert keys.list_keys() == [made.key]
    assert keys.ensure_key(ENVIRONMENT_KEY) == imported


async def test_a_revoked_key_is_not_revived_by_the_environment(keys: SqlKeyStore) -> None:
    """Whoever revoked it meant it; the operator is told instead."""
    imported = keys.ensure_key(ENVIRONMENT_KEY)
    assert imported is not None
    keys.revoke(imported.id)
    with pytest.raises(StoreError, match="was revoked"):
        keys.ensure_key(ENVIRONMENT_KEY)
    assert await keys.find_key(keys.digest(ENVIRONMENT_KEY)) is None


@pytest.mark.parametrize("key", ["", "short", "with spaces in it 12345", "ümlaut-key-of-enough-length", "k" * 129])
def test_a_key_from_the_environment_must_be_a_token(keys: SqlKeyStore, key: str) -> None:
    """What could never be presented in a header is refused at start, and not repeated in the message."""
    with pytest.raises(StoreError, match="16 to 128") as caught:
        keys.ensure_key(key)
    assert not key or key not in str(caught.value)
