"""The rows of the table of routes that manage: projects, keys, policies. All answer under /api/v1, with 422 for bodies
of the wrong shape, as the PromptGuard API does."""

from msgspec import Struct

from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.projects import Scope
from promptguard_gateway.wire import management
from promptguard_gateway.wire.route import Authentication, Inspected, Plane, Route

_PROJECTS, _PROJECT, _KEYS, _KEY = "/projects", "/projects/{project}", "/api-keys", "/api-keys/{key}"


def _route(
    name: str,
    operation: str,
    summary: str,
    response: type[Struct],
    *,
    query: type[Struct] | None = None,
    request: type[Struct] | None = None,
    scope: Scope = Scope.MANAGE,
    status: int = 200,
    many: bool = False,
) -> Route:
    method, path = operation.split(" ")
    return Route(
        name=name,
        method=method,
        path=path,
        plane=Plane.MANAGEMENT,
        authentication=Authentication.KEY,
        inspected=Inspected.NONE,
        query=query,
        request=request,
        response=response,
        validation_status=422,
        scope=scope,
        status=status,
        many=many,
        summary=summary,
    )


MANAGEMENT: tuple[Route, ...] = (
    _route("projects.list", f"GET {_PROJECTS}", "List the projects.", management.ProjectItem, many=True),
    _route(
        "projects.create",
        f"POST {_PROJECTS}",
        "Create a project.",
        management.ProjectItem,
        request=management.ProjectCreate,
        scope=Scope.ADMIN,
        status=201,
    ),
    _route("projects.get", f"GET {_PROJECT}", "Show a project.", management.ProjectItem),
    _route(
        "projects.change",
        f"PATCH {_PROJECT}",
        "Change a project.",
        management.ProjectItem,
        request=management.ProjectChange,
    ),
    _route(
        "projects.remove",
        f"DELETE {_PROJECT}",
        "Remove a project and revoke its keys; its events stay.",
        management.Done,
        scope=Scope.ADMIN,
    ),
    _route("guardrails.get", f"GET {_PROJECT}/guardrails", "Show a project's guardrails.", management.GuardrailsBody),
    _route(
        "guardrails.put",
        f"PUT {_PROJECT}/guardrails",
        "Replace a project's guardrails: a new version of its policy.",
        management.GuardrailsBody,
        request=management.GuardrailsBody,
    ),
    _route("rules.get", f"GET {_PROJECT}/rules", "List a project's own rules.", management.RulesBody),
    _route(
        "rules.put",
        f"PUT {_PROJECT}/rules",
        "Replace a project's own rules: a new version of its policy.",
        management.RulesBody,
        request=management.RulesBody,
    ),
    _route(
        "suppressions.get",
        f"GET {_PROJECT}/suppressions",
        "List a project's suppressions.",
        management.SuppressionsBody,
    ),
    _route(
        "suppressions.put",
        f"PUT {_PROJECT}/suppressions",
        "Replace a project's suppressions: a new version of its policy.",
        management.SuppressionsBody,
        request=management.SuppressionsBody,
    ),
    _route("policy.get", f"GET {_PROJECT}/policy", "Show the policy in force.", management.PolicyView),
    _route(
        "policy.put",
        f"PUT {_PROJECT}/policy",
        "Put a policy in force: a new version.",
        management.PolicyView,
        request=management.PolicyPublish,
    ),
    _route(
        "policy.withdraw",
        f"DELETE {_PROJECT}/policy",
        "Put the gateway's own policy in force again.",
        management.PolicyView,
    ),
    _route(
        "policy.check",
        f"POST {_PROJECT}/policy/check",
        "Say whether a policy could be put in force.",
        management.PolicyChecked,
        request=management.PolicyDraft,
    ),
    _route(
        "policy.rollback",
        f"POST {_PROJECT}/policy/rollback",
        "Put an earlier version's document in force again: a new version.",
        management.PolicyView,
        request=management.PolicyRollback,
    ),
    _route(
        "policy.versions",
        f"GET {_PROJECT}/policy/versions",
        "List the newest hundred versions of a project's policy.",
        management.PolicyItem,
        many=True,
    ),
    _route("policy.version", f"GET {_PROJECT}/policy/versions/{{version}}", "Show one version.", management.PolicyView),
    _route("keys.list", f"GET {_KEYS}", "List API keys, revoked ones too.", management.KeyItem, many=True),
    _route(
        "keys.create",
        f"POST {_KEYS}",
        "Create an API key. Its text is shown this once.",
        management.KeyCreated,
        request=management.KeyCreate,
        status=201,
    ),
    _route("keys.get", f"GET {_KEY}", "Show an API key.", management.KeyItem),
    _route(
        "keys.change",
        f"PATCH {_KEY}",
        "Rename, disable, enable or end an API key.",
        management.KeyItem,
        request=management.KeyChange,
    ),
    _route("keys.toggle", f"POST {_KEY}/toggle", "Disable an API key, or enable it again.", management.Toggled),
    _route("keys.revoke", f"DELETE {_KEY}", "Revoke an API key for good.", management.Done),
    _route(
        "events.list",
        "GET /events",
        "Search events, newest first.",
        management.EventList,
        query=management.EventQuery,
    ),
    _route(
        "events.export",
        "GET /events/export",
        "The same as a file, JSON lines or CSV.",
        management.EventItem,
        query=management.EventExport,
    ),
    _route("events.get", "GET /events/{event}", "Show one event whole.", Event),
    _route("presets.list", "GET /presets", "List the policies that ship.", management.Preset, many=True),
    _route("presets.get", "GET /presets/{preset}", "Show one of them.", management.Preset),
)
