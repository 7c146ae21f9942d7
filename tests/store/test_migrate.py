"""Every way to the present schema ends in the same tables, and what is not ours is left alone."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.projects import ApiKey, Project
from promptguard_gateway.store import migrations
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.live import LiveConfiguration
from promptguard_gateway.store.migrate import run_migrations, schema_version, upgrade
from promptguard_gateway.store.rollups import BUCKETS, pack, unpack
from promptguard_gateway.store.schema import HEAD, alembic_version, hourly_rollups, metadata


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_for(tmp_path / DATABASE, busy_timeout=0.2)
    yield engine
    engine.dispose()


def tables(path: Path) -> dict[str, str]:
    """What the database says about its own structure."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: " ".join(sql.split()).replace(" ,", ",") for name, sql in rows if name != alembic_version.name}


def marks(path: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, value FROM marks").fetchall()


def test_a_new_database_is_what_all_migrations_lead_to(tmp_path: Path, engine: Engine) -> None:
    """Creating directly is only quicker than migrating from nothing."""
    upgrade(engine)
    migrated = engine_for(tmp_path / "migrated.db")
    with migrated.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        run_migrations(connection, None)
        connection.commit()
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection)
        assert [change for change in compare_metadata(context, metadata) if "alembic_version" not in str(change)] == []
    assert schema_version(engine) == schema_version(migrated) == HEAD
    migrated.dispose()
    assert tables(tmp_path / DATABASE) == tables(tmp_path / "migrated.db")
    assert marks(tmp_path / DATABASE) == marks(tmp_path / "migrated.db") == [("control", 0), ("rollups", 0)]


def test_an_older_database_gets_its_hours_counted(tmp_path: Path) -> None:
    """From the first schema on: the counters by the hour are the sums of those by the minute."""
    engine = engine_for(tmp_path / DATABASE)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        ones, twos = pack([1] * BUCKETS), pack([2] * BUCKETS)
        for minute, histogram in ((60, ones), (119, twos), (120, twos)):
            values = (minute, "default", "guard", "allow", "", minute, 1, 0, 0, 0, 3, 4, histogram, ones)
            marks_of = ", ".join("?" * len(values))
            connection.exec_driver_sql(f"INSERT INTO rollups VALUES ({marks_of})", values)
        connection.commit()
    upgrade(engine)
    with engine.connect() as connection:
        first, second = connection.execute(select(hourly_rollups).order_by(hourly_rollups.c.hour)).all()
    assert (first.hour, first.exchanges, first.prompt_tokens) == (1, 179, 6)
    assert (unpack(first.latency), unpack(first.overhead)) == ([3] * BUCKETS, [2] * BUCKETS)
    assert (second.hour, second.exchanges, second.latency) == (2, 120, twos)
    engine.dispose()


def test_the_newest_revision_is_the_one_the_code_knows() -> None:
    """Whoever adds a migration moves HEAD."""
    assert ScriptDirectory(str(Path(migrations.__file__).parent)).get_heads() == [HEAD]


def test_upgrading_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """A database of the present schema is only looked at, even while somebody writes to it."""
    upgrade(engine)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as busy:
        busy.execute("BEGIN EXCLUSIVE")
        upgrade(engine)


def test_alembic_stays_unloaded_when_there_is_nothing_to_migrate(tmp_path: Path) -> None:
    """Neither a first start nor any later one of the same version pays for it."""
    code = (
        "import sys; from pathlib import Path; from promptguard_gateway.store.sqlite import SqliteStore\n"
        "for _ in range(2): SqliteStore.open(Path(sys.argv[1]), for_serving=True).close()\n"
        "assert not [name for name in sys.modules if name.startswith('alembic')]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_keys_and_projects_of_the_first_schema_go_on(tmp_path: Path, engine: Engine) -> None:
    """Their keys stay good for what they were good for, and a store without any project gets the default one."""
    with engine.connect() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO projects (id, name, created) VALUES ('support', 'Support', 5)")
        connection.exec_driver_sql(
            "INSERT INTO api_keys (id, project, name, prefix, digest, source, created, revoked) "
            "VALUES ('key_1', 'support', 'laptop', 'pg_live_abcd', 'd1', 'created', 6, NULL)"
        )
        connection.commit()
    upgrade(engine)
    live = LiveConfiguration(engine)
    live.renew()
    found = live.snapshot.configuration
    assert found.keys == {"d1": ApiKey(id="key_1", project="support", name="laptop", prefix="pg_live_abcd", created=6)}
    assert found.projects["support"] == Project(id="support", name="Support", created=5)
    assert set(found.projects) == {"support", "default"}


def test_a_newer_schema_is_refused(engine: Engine) -> None:
    """An old gateway does not guess at a new database; the sentence names both versions."""
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(alembic_version.update().values(version_num="9999"))
    with pytest.raises(StoreError, match=rf"newer PromptGuard \(schema 9999, this one knows {HEAD}\)"):
        upgrade(engine)


def test_what_is_not_ours_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    """Another program's database, and a file that is no database at all."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="not one of PromptGuard's"):
        upgrade(engine)
    (tmp_path / "text.db").write_bytes(b"no database, but long enough to have a header of one hundred bytes " * 4)
    with pytest.raises(StoreError, match="cannot be read as a database: file is not a database"):
        upgrade(engine_for(tmp_path / "text.db"))


def test_a_locked_new_database_is_said(engine: Engine, tmp_path: Path) -> None:
    """Waiting has an end here too."""
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as busy:
        busy.execute("PRAGMA journal_mode=WAL")
        busy.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            upgrade(engine)
