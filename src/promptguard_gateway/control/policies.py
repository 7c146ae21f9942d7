"""Policies, managed: shown, checked, published, rolled back. A policy that would not work never gets into the store.

A policy is made ready before it is stored, so a wrong one is an error of whoever sends it. When a request that
publishes is answered, the new version is at work: the next exchange is decided by it.
"""

from collections.abc import Callable, Sequence

from msgspec import structs

from promptguard_gateway.control.managing import Asked, absent, wrong
from promptguard_gateway.core.presets import NAMES_IN_WORDS, PRESETS
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.ports import ProjectStore
from promptguard_gateway.domain.projects import FailMode, PolicyVersion, Project, StaleVersion
from promptguard_gateway.domain.strict_tree import TreeError
from promptguard_gateway.proxy.inspect import Judge
from promptguard_gateway.wire.management import (
    GuardrailsBody,
    PolicyChecked,
    PolicyDraft,
    PolicyItem,
    PolicyPublish,
    PolicyRollback,
    PolicyView,
    RulesBody,
    SuppressionsBody,
    time_of,
)

Try = Callable[[PolicyDocument, FailMode | None], Judge]
"""Makes a policy ready as if it were in force. Raises TreeError."""


class PolicyDesk:
    """The routes about policies.

    `own`: the version of the gateway's policy. `apply` puts what the store says to work, and returns when it is.
    """

    def __init__(self, store: ProjectStore, own: PolicyVersion, attempt: Try, apply: Callable[[], None]) -> None:
        self._store = store
        self._own = own
        self._attempt = attempt
        self.apply = apply

    def get(self, asked: Asked) -> PolicyView:
        """GET policy."""
        return self._view(self.in_force(self._project(asked)), in_force=True)

    def put(self, asked: Asked, body: PolicyPublish) -> PolicyView:
        """PUT policy."""
        return self._view(self.publish(asked, self._project(asked), body), in_force=True)

    def withdraw(self, asked: Asked) -> PolicyView:
        """DELETE policy."""
        self._store.withdraw(self._project(asked).id)
        self.apply()
        return self.get(asked)

    def check(self, asked: Asked, body: PolicyDraft) -> PolicyChecked:
        """POST policy/check."""
        policy = self.made_ready(body.document, self._project(asked).fail_mode).policy
        return PolicyChecked(name=policy.name, unavailable=dict(policy.unavailable))

    def rollback(self, asked: Asked, body: PolicyRollback) -> PolicyView:
        """POST policy/rollback."""
        project = self._project(asked)
        old = self._version(project, body.version)
        publish = PolicyPublish(document=old.document, note=f"as version {old.id}", over=project.policy)
        return self._view(self.publish(asked, project, publish), in_force=True)

    def versions(self, asked: Asked) -> Sequence[PolicyItem]:
        """GET policy/versions."""
        project = self._project(asked)
        return [_item(version, in_force=version.id == project.policy) for version in self._store.versions(project.id)]

    def version(self, asked: Asked) -> PolicyView:
        """GET policy/versions/{version}."""
        project = self._project(asked)
        named = asked.parameters["version"]
        version = self._version(project, int(named) if named.isascii() and named.isdigit() else 0)
        return self._view(version, in_force=version.id == self.in_force(project).id)

    def guardrails(self, asked: Asked) -> GuardrailsBody:
        """GET guardrails."""
        return GuardrailsBody(guardrails=self._document(asked).guardrails)

    def put_guardrails(self, asked: Asked, body: GuardrailsBody) -> GuardrailsBody:
        """PUT guardrails."""
        self._edit(asked, lambda document: structs.replace(document, guardrails=body.guardrails), "guardrails")
        return body

    def rules(self, asked: Asked) -> RulesBody:
        """GET rules."""
        return RulesBody(rules=self._document(asked).rules)

    def put_rules(self, asked: Asked, body: RulesBody) -> RulesBody:
        """PUT rules."""
        self._edit(asked, lambda document: structs.replace(document, rules=body.rules), "rules")
        return body

    def suppressions(self, asked: Asked) -> SuppressionsBody:
        """GET suppressions."""
        return SuppressionsBody(suppressions=self._document(asked).suppressions)

    def put_suppressions(self, asked: Asked, body: SuppressionsBody) -> SuppressionsBody:
        """PUT suppressions."""
        self._edit(asked, lambda document: structs.replace(document, suppressions=body.suppressions), "suppressions")
        return body

    def in_force(self, project: Project) -> PolicyVersion:
        """The version that a project names, or the gateway's. Raises StoreError."""
        stored = None if project.policy is None else self._store.version(project.policy)
        return stored or self._own

    def publish(self, asked: Asked, project: Project, body: PolicyPublish) -> PolicyVersion:
        """Make ready, store, put to work. Raises GatewayError."""
        ready = self.made_ready(body.document, project.fail_mode)
        try:
            version = self._store.publish(
                project.id, body.document, author=asked.author, note=body.note, over=body.over
            )
        except StaleVersion as stale:
            raise GatewayError(
                "conflict", f"Another version is in force by now: {stale.current}. Look at it and decide again."
            ) from None
        if version is None:
            raise absent("project")
        self.apply()
        del ready  # what it had compiled was used again just now
        return version

    def made_ready(self, document: PolicyDocument, fail_mode: FailMode | None) -> Judge:
        """The judge of a document. Raises GatewayError `invalid_preset` or `invalid_value`."""
        if document.preset not in PRESETS:
            raise GatewayError("invalid_preset", f"A preset is {NAMES_IN_WORDS}.", param="document.preset")
        try:
            return self._attempt(document, fail_mode)
        except TreeError as error:
            raise wrong(error, "document") from None

    def _project(self, asked: Asked) -> Project:
        project = self._store.get(asked.project)
        if project is None:
            raise absent("project")
        return project

    def _version(self, project: Project, identifier: int) -> PolicyVersion:
        version = self._store.version(identifier)
        if version is None or version.project not in (project.id, None):
            raise absent("version")
        return version

    def _document(self, asked: Asked) -> PolicyDocument:
        return self.in_force(self._project(asked)).document

    def _edit(self, asked: Asked, edit: Callable[[PolicyDocument], PolicyDocument], part: str) -> None:
        """Publish the document in force with one part of it replaced; the rest is as it is in that moment."""
        project = self._project(asked)
        document = edit(self.in_force(project).document)
        self.publish(asked, project, PolicyPublish(document=document, note=f"{part} replaced", over=project.policy))

    def _view(self, version: PolicyVersion, *, in_force: bool) -> PolicyView:
        document = version.document
        plain = document == PolicyDocument(preset=document.preset)
        name = PRESETS[document.preset].name + ("" if plain else "+custom")
        item = structs.asdict(_item(version, in_force=in_force))
        return PolicyView(name=name, document=document, **item)


def _item(version: PolicyVersion, *, in_force: bool) -> PolicyItem:
    return PolicyItem(
        version=version.id,
        project_id=version.project,
        created_at=time_of(version.created),
        author=version.author,
        note=version.note,
        in_force=in_force,
    )
