"""API keys, managed: made, shown once, listed, renamed, switched off and on, ended, revoked."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import UNSET, structs

from promptguard_gateway.control.managing import Asked, absent
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import KeyRegistry, ProjectStore
from promptguard_gateway.domain.projects import ApiKey
from promptguard_gateway.wire.management import (
    Done,
    KeyChange,
    KeyCreate,
    KeyCreated,
    KeyItem,
    Toggled,
    time_of,
)


class KeyDesk:
    """The routes about keys. `clock` gives Unix time in seconds."""

    def __init__(self, keys: KeyRegistry, projects: ProjectStore, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._projects = projects
        self._clock = clock

    def list(self, asked: Asked) -> Sequence[KeyItem]:
        """GET api-keys."""
        names = {project.id: project.name for project in self._projects.list_projects()}
        keys = self._keys.list_keys(project=asked.authority.project)
        return [self._item(key, names.get(key.project, key.project)) for key in keys]

    def create(self, asked: Asked, body: KeyCreate) -> KeyCreated:
        """POST api-keys. A key gives away no more than it is good for itself."""
        home = body.project_id or asked.authority.home
        project = self._projects.get(home) if asked.authority.covers(home) else None
        if project is None:
            raise absent("project")
        if not asked.authority.grants.issuperset(body.permissions):
            raise GatewayError("insufficient_scope", "A key can only give away scopes of its own project.")
        scopes = tuple(dict.fromkeys(body.permissions))
        expires = None if body.expires_at is None else self._future(body.expires_at)
        new = self._keys.create_key(body.name, project=project.id, scopes=scopes, expires=expires)
        return KeyCreated(key=new.secret, **structs.asdict(self._item(new.key, project.name)))

    def get(self, asked: Asked) -> KeyItem:
        """GET api-keys/{key}."""
        return self._shown(self._meant(asked))

    def change(self, asked: Asked, body: KeyChange) -> KeyItem:
        """PATCH api-keys/{key}."""
        key = self._alive(asked)
        if body.name is not UNSET:
            key = structs.replace(key, name=body.name)
        if body.is_active is not UNSET:
            key = structs.replace(key, disabled=not body.is_active)
        if body.expires_at is not UNSET:
            key = structs.replace(key, expires=None if body.expires_at is None else self._future(body.expires_at))
        return self._shown(self._stored(key))

    def toggle(self, asked: Asked) -> Toggled:
        """POST api-keys/{key}/toggle."""
        key = self._alive(asked)
        item = self._shown(self._stored(structs.replace(key, disabled=not key.disabled)))
        return Toggled(success=True, is_active=item.is_active)

    def revoke(self, asked: Asked) -> Done:
        """DELETE api-keys/{key}."""
        self._keys.revoke(self._meant(asked).id)
        return Done()

    def _meant(self, asked: Asked) -> ApiKey:
        key = self._keys.get(asked.parameters["key"])
        if key is None or not asked.authority.covers(key.project):
            raise absent("key")
        return key

    def _alive(self, asked: Asked) -> ApiKey:
        key = self._meant(asked)
        if key.revoked is not None:
            raise GatewayError("conflict", "This key was revoked for good. Make another one.")
        return key

    def _stored(self, key: ApiKey) -> ApiKey:
        stored = self._keys.change(key)
        if stored is None:
            raise absent("key")
        return stored

    def _future(self, moment: datetime) -> int:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        milliseconds = int(moment.timestamp() * 1000)
        if milliseconds <= self._now():
            raise GatewayError("invalid_value", "expires_at must lie in the future.", param="expires_at")
        return milliseconds

    def _shown(self, key: ApiKey) -> KeyItem:
        project = self._projects.get(key.project)
        return self._item(key, key.project if project is None else project.name)

    def _item(self, key: ApiKey, project_name: str) -> KeyItem:
        state = key.state(self._now())
        return KeyItem(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            permissions=list(key.scopes),
            is_active=state == "live",
            state=state,
            created_at=time_of(key.created),
            expires_at=None if key.expires is None else time_of(key.expires),
            project_id=key.project,
            project_name=project_name,
        )

    def _now(self) -> int:
        return int(self._clock() * 1000)
