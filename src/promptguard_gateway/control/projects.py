"""Projects, managed: made, listed, changed, removed."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET, structs

from promptguard_gateway.control.managing import Asked, absent
from promptguard_gateway.control.policies import PolicyDesk
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.ports import ProjectStore
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, FailMode, Project
from promptguard_gateway.wire.management import (
    Done,
    PolicyPublish,
    ProjectChange,
    ProjectCreate,
    ProjectItem,
    time_of,
)

_TRIES = 1000  # ids that one name may lead to


class ProjectDesk:
    """The routes about projects.

    `faults`: why a project's policy is not in force, by id. `fail_mode`: that of the settings.
    """

    def __init__(
        self,
        store: ProjectStore,
        policies: PolicyDesk,
        faults: Callable[[], Mapping[str, str]],
        fail_mode: FailMode,
    ) -> None:
        self._store = store
        self._policies = policies
        self._faults = faults
        self._fail_mode = fail_mode

    def list(self, asked: Asked) -> Sequence[ProjectItem]:
        """GET projects."""
        return [self._item(project) for project in self._store.list_projects() if asked.authority.covers(project.id)]

    def create(self, asked: Asked, body: ProjectCreate) -> ProjectItem:
        """POST projects."""
        document = None
        if body.use_case is not None or body.strictness_level is not None:
            document = PolicyDocument(preset=f"{body.use_case or 'default'}:{body.strictness_level or 'moderate'}")
        for identifier in _identifiers(body.name):
            project = Project(
                id=identifier,
                name=body.name,
                created=0,
                description=body.description,
                fail_mode=body.fail_mode,
                zero_retention=body.zero_retention,
            )
            made = self._store.create(project, document, asked.author)
            if made is not None:
                self._policies.apply()
                return self._item(made)
        raise GatewayError("conflict", "There are too many projects of this name. Choose another.")

    def get(self, asked: Asked) -> ProjectItem:
        """GET projects/{project}."""
        return self._item(self._meant(asked))

    def change(self, asked: Asked, body: ProjectChange) -> ProjectItem:
        """PATCH projects/{project}. The policy first: if it cannot be made ready, nothing is changed."""
        project = self._meant(asked)
        self._change_preset(asked, project, body)
        names = ("name", "description", "fail_mode", "zero_retention")
        changes = {name: getattr(body, name) for name in names if getattr(body, name) is not UNSET}
        changed = self._store.change(structs.replace(project, **changes)) if changes else self._store.get(project.id)
        if changed is None:
            raise absent("project")
        self._policies.apply()
        return self._item(changed)

    def remove(self, asked: Asked) -> Done:
        """DELETE projects/{project}."""
        project = self._meant(asked)
        if project.id == DEFAULT_PROJECT:
            raise GatewayError("conflict", "The default project stays: the operator's key belongs to it.")
        self._store.remove(project.id)
        self._policies.apply()
        return Done()

    def _change_preset(self, asked: Asked, project: Project, body: ProjectChange) -> None:
        if body.use_case is UNSET and body.strictness_level is UNSET:
            return
        document = self._policies.in_force(project).document
        use_case, level = _parts(document.preset)
        use_case = use_case if body.use_case is UNSET else body.use_case
        level = level if body.strictness_level is UNSET else body.strictness_level
        document = structs.replace(document, preset=f"{use_case}:{level}")
        publish = PolicyPublish(document=document, note="preset changed", over=project.policy)
        self._policies.publish(asked, project, publish)

    def _meant(self, asked: Asked) -> Project:
        project = self._store.get(asked.project)
        if project is None:
            raise absent("project")
        return project

    def _item(self, project: Project) -> ProjectItem:
        use_case, level = _parts(self._policies.in_force(project).document.preset)
        return ProjectItem(
            id=project.id,
            name=project.name,
            description=project.description,
            fail_mode=project.fail_mode or self._fail_mode,
            use_case=use_case,
            strictness_level=level,
            zero_retention=project.zero_retention,
            created_at=time_of(project.created),
            policy_version=project.policy,
            policy_fault=self._faults().get(project.id),
        )


def _parts(preset: str) -> tuple[str, str]:
    """Use case and level of a preset, however short it is written."""
    use_case, _, level = PRESETS[preset].name.partition(":")
    return use_case, level


def _identifiers(name: str) -> Sequence[str]:
    """Ids for a name, in the order in which they are tried: `support-bot`, `support-bot-2` ..."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48] or "project"
    return [slug, *(f"{slug}-{number}" for number in range(2, _TRIES))]
