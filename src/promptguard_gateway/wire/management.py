"""The bodies of the management API. Names and shapes follow the PromptGuard API where it has them.

Times are ISO 8601 in UTC. A field that a body does not know is an error, so nobody sets what only the server may set.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from promptguard_gateway.domain.custom_rules import Rule
from promptguard_gateway.domain.guardrails import Guardrails
from promptguard_gateway.domain.policy_document import PolicyDocument, SuppressionEntry
from promptguard_gateway.domain.projects import FailMode, Scope

UseCaseName = Literal["default", "support_bot", "code_assistant", "rag_system", "data_analysis", "creative_writing"]
Strictness = Literal["strict", "moderate", "permissive"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2000)]


def time_of(milliseconds: int) -> str:
    """A time as the API writes it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Done(Struct, kw_only=True):
    """It is done."""

    success: bool = True


class ProjectItem(Struct, kw_only=True):
    """A project. `policy_version` is null while the gateway's own policy is in force; `policy_fault` says why its own
    could not be put in force, if so."""

    id: str
    name: str
    description: str
    fail_mode: FailMode
    use_case: str
    strictness_level: str
    zero_retention: bool
    created_at: str
    policy_version: int | None
    policy_fault: str | None


class ProjectCreate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new project. With a use case or a level it gets a policy of its own, else the gateway's is in force."""

    name: Name
    description: Text = ""
    fail_mode: FailMode | None = None
    use_case: UseCaseName | None = None
    strictness_level: Strictness | None = None
    zero_retention: bool = False


class ProjectChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. A use case or a level changes the preset of the project's policy: a new version."""

    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    fail_mode: FailMode | UnsetType | None = UNSET
    use_case: UseCaseName | UnsetType = UNSET
    strictness_level: Strictness | UnsetType = UNSET
    zero_retention: bool | UnsetType = UNSET


class KeyItem(Struct, kw_only=True):
    """An API key, without its text. `state`: live, disabled, expired or revoked."""

    id: str
    name: str
    prefix: str
    permissions: list[Scope]
    is_active: bool
    state: str
    created_at: str
    expires_at: str | None
    project_id: str
    project_name: str


class KeyCreate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new key; without a project, of the caller's own."""

    name: Name
    project_id: str | None = None
    permissions: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=3)] = (Scope.PROXY,)
    expires_at: datetime | None = None


class KeyCreated(KeyItem, kw_only=True):
    """A new key. `key` is shown this once."""

    key: str


class KeyChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. `expires_at` null: never."""

    name: Name | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class Toggled(Struct, kw_only=True):
    """The key as it is now."""

    success: bool
    is_active: bool


class EventQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which events are wanted. From `since`, up to before `until`; `cursor` continues an earlier list."""

    project_id: str | None = None
    decision: Literal["allow", "redact", "block"] | None = None
    flagged: bool | None = None
    threat_type: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class EventExport(EventQuery, kw_only=True, forbid_unknown_fields=True):
    """The same, as a file of 10,000 events at most."""

    format: Literal["jsonl", "csv"] = "jsonl"
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 10_000


class EventItem(Struct, kw_only=True):
    """What lists say of an event."""

    id: str
    time: str
    project_id: str
    api_key: str
    route: str
    model: str
    decision: str
    threat_type: str | None
    outcome: str
    status: int
    streamed: bool
    flagged: bool


class EventList(Struct, kw_only=True):
    """Events, newest first. A list can be short, or empty, and still have a `next_cursor`: one request looks at a
    bounded number of events."""

    events: tuple[EventItem, ...]
    next_cursor: str | None


class GuardrailsBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The guardrails of a policy; what is left out stays as the preset has it."""

    guardrails: Guardrails


class RulesBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The rules of a policy, all of them."""

    rules: tuple[Rule, ...]


class SuppressionsBody(Struct, kw_only=True, forbid_unknown_fields=True):
    """The suppressions of a policy, all of them."""

    suppressions: tuple[SuppressionEntry, ...]


class PolicyItem(Struct, kw_only=True):
    """A version of a policy, without its document. `project_id` is null for the gateway's own."""

    version: int
    project_id: str | None
    created_at: str
    author: str
    note: str
    in_force: bool


class PolicyView(PolicyItem, kw_only=True):
    """A version of a policy. `name` is what events call it."""

    name: str
    document: PolicyDocument


class PolicyPublish(Struct, kw_only=True, forbid_unknown_fields=True):
    """A policy to put in force. `over`: the version it was made from; if another is in force by now, it is refused."""

    document: PolicyDocument
    note: Text = ""
    over: int | None = None


class PolicyDraft(Struct, kw_only=True, forbid_unknown_fields=True):
    """A policy to look at."""

    document: PolicyDocument


class PolicyChecked(Struct, kw_only=True):
    """A policy that could be published. `unavailable`: what it asks for and this gateway cannot do, and why."""

    name: str
    unavailable: dict[str, str]


class PolicyRollback(Struct, kw_only=True, forbid_unknown_fields=True):
    """The version of this project whose document is to be in force again."""

    version: int


class Preset(Struct, kw_only=True):
    """A policy that ships. The levels say how strict it is about each kind of threat."""

    key: str
    name: str
    description: str
    use_case: str
    strictness_level: str
    recommended: bool
    pii_detection: str
    injection_detection: str
    exfiltration_detection: str
    output_safety: str
    custom_patterns: list[str] = []
    allowed_domains: list[str] = []
    blocked_domains: list[str] = []
