"""The ports: what an exchange and the console need from the world. `upstream`, `store` and `control` fulfil them; tests
bring their own."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Protocol

from promptguard_gateway.core.text_model import Passage, Reading, Speaker
from promptguard_gateway.domain.console import (
    Accepted,
    Account,
    EventFilter,
    EventPage,
    EventRow,
    Overview,
    Role,
    Session,
    StoredEvent,
    Trial,
)
from promptguard_gateway.domain.events import Event, Intent
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.projects import ApiKey, NewKey, PolicyVersion, Project, Scope


class KeyStore(Protocol):
    """Looks keys up. A key that is unknown and a store that is down are different answers."""

    def digest(self, key: str) -> str:
        """The keyed digest under which a key is stored, as 64 hexadecimal digits."""
        ...

    async def find_key(self, digest: str) -> ApiKey | None:
        """The live key of this digest, or None. Raises GatewayError `auth_store_unavailable`.

        Revocation takes effect within one second.
        """
        ...


class KeyRegistry(Protocol):
    """Manages keys. Every method blocks, and raises StoreError; a change is in force here when it returns."""

    def create_key(self, name: str, *, project: str, scopes: Sequence[Scope], expires: int | None = None) -> NewKey:
        """`expires` in Unix milliseconds."""
        ...

    def list_keys(self, *, project: str | None = None) -> Sequence[ApiKey]:
        """All keys, revoked ones too, oldest first."""
        ...

    def get(self, identifier: str) -> ApiKey | None: ...

    def change(self, key: ApiKey) -> ApiKey | None:
        """Store the name, the switch and the end of a key as this value has them."""
        ...

    def revoke(self, identifier: str) -> ApiKey | None: ...


class ProjectStore(Protocol):
    """Manages projects and the versions of their policies. Every method blocks, and raises StoreError."""

    def list_projects(self) -> Sequence[Project]: ...

    def get(self, identifier: str) -> Project | None: ...

    def create(self, project: Project, document: PolicyDocument | None, author: str) -> Project | None:
        """None when the id is or was another's."""
        ...

    def change(self, project: Project) -> Project | None:
        """Store name, description, failure mode and retention as this value has them."""
        ...

    def remove(self, identifier: str) -> bool:
        """Remove a project and revoke its keys. False when there is none to remove."""
        ...

    def publish(
        self, project: str, document: PolicyDocument, *, author: str, note: str = "", over: int | None = None
    ) -> PolicyVersion | None:
        """Store a version and put it in force. Raises StaleVersion when another than `over` is in force."""
        ...

    def withdraw(self, project: str) -> bool:
        """Let a project have the gateway's policy again."""
        ...

    def version(self, identifier: int) -> PolicyVersion | None: ...

    def versions(self, project: str) -> Sequence[PolicyVersion]:
        """Those of a project, newest first."""
        ...


class EventSink(Protocol):
    """Where intents and events become durable. Both return only when the row is committed.

    Both raise GatewayError `audit_unavailable` when the store cannot record within its deadline.
    """

    async def record_intent(self, intent: Intent) -> None:
        """Commit an intent (survives the death of the process)."""
        ...

    async def record_event(self, event: Event) -> None:
        """Commit an event; a block or redact also survives the loss of power (synchronous FULL)."""
        ...


class UpstreamAnswer(Protocol):
    """The head of an upstream's answer; the body is read by one of two methods, once."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names; only `content-type`, `retry-after`, `content-encoding` matter to the exchange."""
        ...

    async def read(self) -> bytes:
        """The whole body, within the limits. Raises GatewayError; afterwards the connection may be reused."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises GatewayError on idle timeout, reset or limit."""
        ...

    def abort(self) -> None:
        """Close the connection now and never pool it. Safe to call at any time, any number of times."""
        ...


class Upstream(Protocol):
    """One endpoint that speaks the OpenAI API."""

    @property
    def name(self) -> str:
        """A short name for events and metrics: `vllm`, `demo`."""
        ...

    @property
    def origin(self) -> str:
        """Canonical origin, `http://localhost:8000`; empty for an upstream inside the process."""
        ...

    async def send(
        self, path: str, body: bytes | None, *, stream: bool, credential: str | None = None
    ) -> UpstreamAnswer:
        """Send to `<origin>/v1<path>`: POST with a JSON body, GET when it is None. Raises GatewayError.

        `credential` is what the caller wants presented as a bearer token; the operator's own key, where there is one,
        goes before it. If the caller is cancelled, the connection is closed, never pooled.
        """
        ...


class TextModel(Protocol):
    """Reads texts and says what they may be (`core.text_model`)."""

    def meanings(self, speaker: Speaker) -> tuple[str, ...]:
        """The meanings with a detector that it has scores for, of this speaker."""
        ...

    async def read(self, passages: Sequence[Passage], seconds: float) -> Sequence[Reading]:
        """What it says of each passage. What it cannot say within so many seconds is a reading's failure.

        If the caller is cancelled, what is left is not read.
        """
        ...

    def close(self) -> None:
        """Read nothing any more."""
        ...


class Choice(Protocol):
    """Where a request goes, and the model's name there."""

    @property
    def upstream(self) -> Upstream: ...

    @property
    def model(self) -> str: ...


class Router(Protocol):
    """Chooses among the operator's upstreams, without a look-up or a socket."""

    @property
    def local_models(self) -> tuple[str, ...]:
        """Models that answer inside the process."""
        ...

    def resolve(self, model: str, base_url: str | None = None) -> Choice:
        """Raises GatewayError `no_provider` or `upstream_not_allowed`."""
        ...

    def select(self, base_url: str | None = None) -> Upstream:
        """The upstream that X-VLLM-Base-URL names, or the default. Raises GatewayError `upstream_not_allowed`."""
        ...


class AccountStore(Protocol):
    """People, their sessions and their one-time links. Digests only: what opens a door is never stored.

    Every method blocks for a query. `now` and `expires` are Unix milliseconds.
    """

    def has_accounts(self) -> bool: ...

    def list_accounts(self) -> Sequence[Account]: ...

    def password_of(self, name: str) -> tuple[Account, str] | None:
        """The account of this name and its password's hash."""
        ...

    def set_password(self, account: str, password: str) -> None:
        """Change the hash, and end all sessions of this person."""
        ...

    def remove_account(self, account: str) -> bool:
        """Remove a person, with the sessions. False for nobody, and for the last administrator."""
        ...

    def add_link(self, digest: str, role: Role, expires: int) -> None:
        """Remember a one-time link; those that expired are forgotten."""
        ...

    def accept(self, digest: str, account: Account, password: str) -> Accepted:
        """Use a link up and create the account, with the link's role in place of its own; both or neither."""
        ...

    def add_session(self, digest: str, account: str, now: int) -> None: ...

    def session(self, digest: str) -> Session | None: ...

    def touch_session(self, digest: str, now: int) -> None: ...

    def end_session(self, digest: str) -> None: ...

    def forget_sessions(self, created_before: int, seen_before: int) -> None: ...


class EventQueries(Protocol):
    """Reading events and counters. Every method blocks for queries over a bounded number of rows."""

    def get(self, identifier: str) -> StoredEvent | None: ...

    def search(self, wanted: EventFilter, cursor: str | None, limit: int) -> EventPage:
        """Raises ValueError for a cursor that is none of ours."""
        ...

    def after(self, sequence: int, limit: int) -> Sequence[EventRow]:
        """What was stored behind a sequence, oldest first."""
        ...

    def last_sequence(self) -> int: ...

    def overview(self, since: int, until: int, step: int) -> Overview:
        """The counters of a range in pieces of `step` milliseconds: whole minutes, or whole hours."""
        ...


class Tester(Protocol):
    """Judges texts for the playground. Nothing is recorded."""

    @property
    def policies(self) -> Sequence[str]:
        """Names that `try_text` takes; the first is the default project's policy."""
        ...

    def thresholds_of(self, project: str, detectors: Iterable[str]) -> Mapping[str, tuple[float, float]]:
        """From which score a project's policy flags and acts, for those of the detectors that it knows."""
        ...

    async def try_text(self, text: str, *, answer: bool, policies: Sequence[str]) -> Trial:
        """Raises GatewayError: an unknown policy, a text that is too long, detectors that failed."""
        ...
