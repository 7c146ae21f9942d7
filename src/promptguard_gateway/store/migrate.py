"""Brings a database to the present schema: at once when it is there already, from nothing, or with Alembic."""

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import DatabaseError, OperationalError

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.store.schema import DEFAULT, HEAD, alembic_version, marks, metadata, projects

_MIGRATIONS = Path(__file__).parent / "migrations"


def schema_version(engine: Engine) -> str | None:
    """The revision a database says it has; None for an empty one. Raises StoreError for what is no database of ours."""
    try:
        with engine.connect() as connection:
            return _version(connection)
    except OperationalError as error:
        raise StoreError(f"{engine.url.database} cannot be opened: {error.orig}.") from None
    except DatabaseError as error:
        raise StoreError(f"{engine.url.database} cannot be read as a database: {error.orig}.") from None


def upgrade(engine: Engine) -> None:
    """Create or migrate the tables; a database of the present schema is only looked at. Raises StoreError."""
    version = schema_version(engine)
    if version == HEAD:
        return
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            version = _version(connection)  # somebody else may have been first
            if version is None:
                _create(connection)
            elif version != HEAD:
                run_migrations(connection, version)
            connection.commit()
    except DatabaseError as error:
        raise StoreError(f"{engine.url.database} cannot be brought to the present schema: {error.orig}.") from None


def _version(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if alembic_version.name in tables:
        return connection.scalar(select(alembic_version.c.version_num))
    if tables:
        raise StoreError(f"{connection.engine.url.database} is a database, but not one of PromptGuard's.")
    return None


def _create(connection: Connection) -> None:
    """An empty database gets the newest tables directly; loading Alembic for this would triple a first start."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(alembic_version.insert().values(version_num=HEAD))
    connection.execute(projects.insert().values(**DEFAULT, created=int(time.time() * 1000)))
    connection.execute(marks.insert(), [{"name": "control", "value": 0}, {"name": "rollups", "value": 0}])


def run_migrations(connection: Connection, version: str | None) -> None:
    """Let Alembic lead from a revision (None: from nothing) to the newest, within the connection's transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"{connection.engine.url.database} was written by a newer PromptGuard (schema {version}, this one knows "
            f"{HEAD}); install that version or restore a backup."
        )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(config, "head")
