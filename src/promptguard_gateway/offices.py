"""The management's part of the composition: from a store to the functions that routes and the command line call."""

from msgspec import Struct

from promptguard_gateway.control.events import EventDesk
from promptguard_gateway.control.keys import KeyDesk
from promptguard_gateway.control.managing import Asked, Authority
from promptguard_gateway.control.policies import PolicyDesk
from promptguard_gateway.control.projects import ProjectDesk
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, FailMode, Scope
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.policies import Judges, document_of
from promptguard_gateway.proxy.projects import Projects
from promptguard_gateway.store.sqlite import SqliteStore

# Whoever works on the store itself, by the command line.
OPERATOR = Asked(Authority(None, DEFAULT_PROJECT, frozenset(Scope)), "command line")


class Desks(Struct, frozen=True):
    """The management of projects, policies and keys: what the routes and the command line call."""

    projects: ProjectDesk
    policies: PolicyDesk
    keys: KeyDesk
    events: EventDesk


def desks(
    settings: Settings, store: SqliteStore, judges: Judges | None = None, projects: Projects | None = None
) -> Desks:
    """The management of a store. `projects`: those of the gateway in this process, if one runs here.

    Raises SettingsError or StoreError.
    """
    made_by = judges or Judges(settings)

    def apply() -> None:
        if projects is not None:
            projects.adopt(store.live.snapshot.configuration)

    policies = PolicyDesk(
        store.projects,
        store.projects.settle(document_of(settings)),
        lambda document, fail_mode: made_by.judge(document, fail_mode=fail_mode),
        apply,
    )
    fail_mode: FailMode = "open" if settings.failure_input == "open" else "closed"
    desk = ProjectDesk(store.projects, policies, lambda: projects.faults if projects else {}, fail_mode)
    return Desks(desk, policies, KeyDesk(store.keys, store.projects), EventDesk(store.queries))
