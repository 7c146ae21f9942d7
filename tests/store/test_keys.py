"""Keys: unknown and unavailable are different answers, revocation is quick, and the database opens nothing."""

import asyncio
import time
from pathlib import Path

import pytest
from msgspec import structs

from promptguard_gateway.domain.errors import GatewayError, StoreError
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, Project, Scope
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.keys import FRESH_FOR, STALE_AFTER, SqlKeyStore
from promptguard_gateway.store.live import LiveConfiguration
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.projects import SqlProjectStore

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
    live = LiveConfiguration(engine, monotonic=clock)
    for name in ("support", "a", "b"):
        SqlProjectStore(engine, live, clock=clock).create(Project(id=name, name=name, created=0), None, "tests")
    return SqlKeyStore(engine, PEPPER, live, clock=clock)


@pytest.fixture
def keys(tmp_path: Path) -> SqlKeyStore:
    return open_keys(tmp_path)


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
    watched = LiveConfiguration(engine)
    serving = SqlKeyStore(engine, PEPPER, watched)
    command = open_keys(tmp_path)
    watched.watch()
    try:
        new = command.create_key("laptop")
        digest = serving.digest(new.secret)
        assert await seconds_until(serving, digest, live=True) < 1.0
        command.revoke(new.key.id)
        assert await seconds_until(serving, digest, live=False) < 1.0
    finally:
        watched.close()


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
    engine = engine_for(tmp_path / DATABASE)
    upgrade(engine)
    live = LiveConfiguration(engine, monotonic=clock)
    keys = SqlKeyStore(engine, PEPPER, live, clock=clock)
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
    live.renew()
    assert await keys.find_key(known) == new.key


async def test_a_store_that_cannot_be_read_never_makes_a_snapshot_fresh(tmp_path: Path) -> None:
    """A failed renewal is an error, and leaves what was known as old as it was."""
    clock = Clock()
    live = LiveConfiguration(engine_for(tmp_path / "missing" / DATABASE), monotonic=clock)
    keys = SqlKeyStore(engine_for(tmp_path / "missing" / DATABASE), PEPPER, live, clock=clock)
    with pytest.raises(StoreError, match="unable to open"):
        live.renew()
    with pytest.raises(StoreError):
        live.watch()
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


async def test_a_key_can_be_disabled_and_enabled_again(keys: SqlKeyStore) -> None:
    """While it is disabled it is as unknown as any other; what it may do never changes."""
    new = keys.create_key("laptop", scopes=(Scope.MANAGE, Scope.PROXY))
    disabled = keys.change(structs.replace(new.key, disabled=True, name="old laptop", scopes=(Scope.ADMIN,)))
    assert disabled is not None
    assert (disabled.name, disabled.state(0), disabled.scopes) == ("old laptop", "disabled", new.key.scopes)
    assert await keys.find_key(keys.digest(new.secret)) is None
    enabled = keys.change(structs.replace(disabled, disabled=False))
    assert await keys.find_key(keys.digest(new.secret)) == enabled == keys.get(new.key.id)
    assert keys.change(structs.replace(disabled, id="key_unknown")) is None


async def test_a_key_ends_by_itself(tmp_path: Path) -> None:
    """At the millisecond that it says, without anybody doing anything."""
    clock = Clock()
    keys = open_keys(tmp_path, clock)
    new = keys.create_key("trial", expires=1_001_000)
    assert await keys.find_key(keys.digest(new.secret)) == new.key
    clock.now += 1.0
    assert await keys.find_key(keys.digest(new.secret)) is None
    assert keys.list_keys()[0].state(1_001_000) == "expired"


def test_a_key_needs_a_project_that_is_there(keys: SqlKeyStore) -> None:
    """A misspelt project is an error, not a new project."""
    with pytest.raises(StoreError, match="'suport'"):
        keys.create_key("laptop", project="suport")
    assert keys.list_keys() == []
