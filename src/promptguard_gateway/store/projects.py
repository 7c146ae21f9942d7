"""Projects and the versions of their policies: rows that are read at every change, and written rarely.

A version is stored once and never changed or deleted, because events name it.
"""

import time
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Engine, Row, insert, select, update

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, PolicyVersion, Project, StaleVersion
from promptguard_gateway.store.live import LiveConfiguration, project_of, reading
from promptguard_gateway.store.schema import api_keys, policy_versions, projects

_SETTINGS = "settings"  # the author of the gateway's own policy


class SqlProjectStore:
    """Projects in the database. Every method blocks and raises StoreError. `clock` gives Unix time in seconds."""

    def __init__(self, engine: Engine, live: LiveConfiguration, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._live = live
        self._clock = clock

    def list_projects(self) -> list[Project]:
        """All of them but the removed ones, oldest first."""
        query = select(projects).where(projects.c.removed.is_(None)).order_by(projects.c.created, projects.c.id)
        with reading(self._engine) as connection:
            return [project_of(row) for row in connection.execute(query)]

    def get(self, identifier: str) -> Project | None:
        """One by its id; None for a removed one."""
        with reading(self._engine) as connection:
            return _by_id(connection, identifier)

    def create(self, project: Project, document: PolicyDocument | None, author: str) -> Project | None:
        """A new project, with a policy of its own if `document` is one; None when its id is or was another's."""
        with self._live.changing() as connection:
            if connection.scalar(select(projects.c.id).where(projects.c.id == project.id)) is not None:
                return None
            connection.execute(insert(projects).values({**_values(project), "id": project.id, "created": self._now()}))
            if document is not None:
                self._publish(connection, project.id, document, author, "the project's first")
            return _by_id(connection, project.id)

    def change(self, project: Project) -> Project | None:
        """Store name, description, failure mode and retention as this value has them; None for no such project."""
        values = _values(project)
        with self._live.changing() as connection:
            connection.execute(update(projects).where(projects.c.id == project.id).values(values))
            return _by_id(connection, project.id)

    def remove(self, identifier: str) -> bool:
        """Remove a project and revoke its keys; its events and policies stay. False when there is none to remove.

        The default project cannot be removed: the operator's key names it.
        """
        if identifier == DEFAULT_PROJECT:
            return False
        now = self._now()
        with self._live.changing() as connection:
            here = (projects.c.id == identifier, projects.c.removed.is_(None))
            if not connection.execute(update(projects).where(*here).values(removed=now)).rowcount:
                return False
            live = (api_keys.c.project == identifier, api_keys.c.revoked.is_(None))
            connection.execute(update(api_keys).where(*live).values(revoked=now))
            return True

    def publish(
        self, project: str, document: PolicyDocument, *, author: str, note: str = "", over: int | None = None
    ) -> PolicyVersion | None:
        """Store a version and put it in force; None for no such project.

        `over`: the version that it was made from. Raises StaleVersion when another is in force by now.
        """
        with self._live.changing() as connection:
            current = _by_id(connection, project)
            if current is None:
                return None
            if over is not None and over != current.policy:
                raise StaleVersion(current.policy)
            return self._publish(connection, project, document, author, note)

    def withdraw(self, project: str) -> bool:
        """Let a project have the gateway's policy again; False for no such project."""
        with self._live.changing() as connection:
            here = (projects.c.id == project, projects.c.removed.is_(None))
            return connection.execute(update(projects).where(*here).values(policy=None)).rowcount == 1

    def version(self, identifier: int) -> PolicyVersion | None:
        """One version by its id."""
        with reading(self._engine) as connection:
            return _version(connection, identifier)

    def versions(self, project: str, *, limit: int = 100) -> list[PolicyVersion]:
        """The versions of a project, newest first."""
        query = select(policy_versions).where(policy_versions.c.project == project)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(policy_versions.c.id.desc()).limit(limit)).all()
        return [_version_of(row) for row in rows]

    def settle(self, document: PolicyDocument) -> PolicyVersion:
        """The version of the gateway's own policy: the last one if it says the same, else a new one."""
        last = select(policy_versions).where(policy_versions.c.project.is_(None))
        with reading(self._engine) as connection:
            row = connection.execute(last.order_by(policy_versions.c.id.desc()).limit(1)).one_or_none()
        if row is not None and row.document == encoded(document):
            return _version_of(row)
        with self._live.changing() as connection:
            return self._insert(connection, None, document, _SETTINGS, "")

    def _publish(
        self, connection: Connection, project: str, document: PolicyDocument, author: str, note: str
    ) -> PolicyVersion:
        version = self._insert(connection, project, document, author, note)
        connection.execute(update(projects).where(projects.c.id == project).values(policy=version.id))
        return version

    def _insert(
        self, connection: Connection, project: str | None, document: PolicyDocument, author: str, note: str
    ) -> PolicyVersion:
        text = encoded(document)
        values = {"project": project, "created": self._now(), "author": author, "note": note, "document": text}
        [identifier] = connection.execute(insert(policy_versions).values(values)).inserted_primary_key or (0,)
        version = _version(connection, identifier)
        assert version is not None
        return version

    def _now(self) -> int:
        return int(self._clock() * 1000)


def encoded(document: PolicyDocument) -> str:
    """A document as it is stored: equal documents have equal texts."""
    return msgspec.json.encode(document, order="deterministic").decode()


def _values(project: Project) -> dict[str, object]:
    """What of a project can be changed by a plain update."""
    return {
        "name": project.name,
        "description": project.description,
        "fail_mode": project.fail_mode,
        "zero_retention": project.zero_retention,
    }


def _by_id(connection: Connection, identifier: str) -> Project | None:
    query = select(projects).where(projects.c.id == identifier, projects.c.removed.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else project_of(row)


def _version(connection: Connection, identifier: int) -> PolicyVersion | None:
    row = connection.execute(select(policy_versions).where(policy_versions.c.id == identifier)).one_or_none()
    return None if row is None else _version_of(row)


def _version_of(row: Row[*tuple[object, ...]]) -> PolicyVersion:
    try:
        document = msgspec.json.decode(row.document, type=PolicyDocument)
    except msgspec.DecodeError:  # its text may quote the document
        raise StoreError(f"Version {row.id} of a policy is not one that this PromptGuard can read.") from None
    return PolicyVersion(
        id=row.id, project=row.project, created=row.created, author=row.author, note=row.note, document=document
    )
