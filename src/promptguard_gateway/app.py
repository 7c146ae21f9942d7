"""The composition file: where the parts meet. It reads from top to bottom like a table of contents.

settings -> store -> policies -> upstreams -> exchanges, guard, about -> gateway -> server
"""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from promptguard_gateway.configuration import GUIDE_KEY, GuideKeyRefused, settings_of, with_policy
from promptguard_gateway.console_app import RunningConsole, another_link, console
from promptguard_gateway.control.about import About
from promptguard_gateway.control.agents import Agents
from promptguard_gateway.control.guard import Guard
from promptguard_gateway.control.management import handlers as management_handlers
from promptguard_gateway.control.managing import Asked, Managing
from promptguard_gateway.control.models import Models
from promptguard_gateway.control.playground import Playground
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, Mode, Policy, Replacement
from promptguard_gateway.core.presets import NAMES_IN_WORDS, PRESETS
from promptguard_gateway.core.segments import Column, Direction
from promptguard_gateway.core.text_model import Passage, Speaker
from promptguard_gateway.domain.console import Role as ConsoleRole
from promptguard_gateway.domain.errors import GatewayError, StoreError
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.ports import Upstream
from promptguard_gateway.domain.projects import DEFAULT_PROJECT, ApiKey, Project, Scope
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import SettingsError, read_yaml
from promptguard_gateway.inference.manifest import Manifest
from promptguard_gateway.offices import OPERATOR, Desks, desks
from promptguard_gateway.policies import Judges, document_of, judge_of, judge_text, policy_of
from promptguard_gateway.proxy.credentials import Authenticator
from promptguard_gateway.proxy.exchange import Exchanges
from promptguard_gateway.proxy.gateway import Gateway, Handler
from promptguard_gateway.proxy.http_server import RunningServer, serve
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.metrics import Metrics
from promptguard_gateway.proxy.projects import Projects
from promptguard_gateway.proxy.second_opinion import SecondOpinion, choose
from promptguard_gateway.proxy.services import Services
from promptguard_gateway.proxy.understanding import Understanding
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.sqlite import SqliteStore, require_single_worker
from promptguard_gateway.text_models import (
    folder_of,
    included_model,
    load_model,
    manifest_of,
    model_budgets,
    model_costs,
    understanding_of,
)
from promptguard_gateway.upstream.registry import Upstreams
from promptguard_gateway.upstream.vllm import VllmUpstream
from promptguard_gateway.wire.management import PolicyPublish, ProjectCreate

__all__ = [
    "GUIDE_KEY",
    "NAMES_IN_WORDS",
    "OPERATOR",
    "PRESETS",
    "Action",
    "ApiKey",
    "Asked",
    "Column",
    "Desks",
    "Direction",
    "Event",
    "Family",
    "GatewayError",
    "GuideKeyRefused",
    "Judge",
    "Judgement",
    "Manifest",
    "Mode",
    "Passage",
    "Policy",
    "PolicyDocument",
    "PolicyPublish",
    "ProjectCreate",
    "Replacement",
    "Running",
    "Scope",
    "Settings",
    "SettingsError",
    "Speaker",
    "SqliteStore",
    "StoreError",
    "console_link",
    "desks",
    "document_of",
    "existing_store",
    "folder_of",
    "included_model",
    "judge_of",
    "judge_text",
    "load_model",
    "load_settings",
    "manifest_of",
    "model_budgets",
    "model_costs",
    "open_store",
    "policy_of",
    "read_yaml",
    "run",
    "running",
    "understanding_of",
    "with_policy",
]

log = logging.getLogger("promptguard")


def load_settings(environ: Mapping[str, str], folder: Path) -> Settings:
    """Settings from the environment, `.env` and `promptguard.yaml` in a folder. Raises SettingsError or StoreError."""
    settings = settings_of(environ, folder)
    require_single_worker(settings.workers)
    return settings


def open_store(settings: Settings, *, for_serving: bool) -> SqliteStore:
    """The store of these settings. Raises StoreError, with a sentence for the operator."""
    return SqliteStore.open(Path(settings.data), for_serving=for_serving)


def existing_store(settings: Settings) -> SqliteStore:
    """The store that a gateway or `keys create` has made; none is made here. Raises StoreError."""
    folder = Path(settings.data).absolute()
    if not (folder / DATABASE).exists():
        raise StoreError(
            f"There is no data folder of a gateway at {folder}. Run this where the gateway was started, or set "
            "PROMPTGUARD_DATA."
        )
    return open_store(settings, for_serving=False)


def console_link(settings: Settings, role: str) -> str:
    """A one-time link that makes an account of the console. Raises SettingsError or StoreError."""
    if role not in list(ConsoleRole):
        raise SettingsError(f"A role is one of {', '.join(ConsoleRole)}.")
    store = existing_store(settings)
    try:
        return another_link(settings.console, store.accounts, ConsoleRole(role))
    finally:
        store.close()


class Running(Struct):
    """A gateway that answers. `new_key` is the key that was made at this start, to be shown once."""

    settings: Settings
    projects: Projects
    server: RunningServer
    upstreams: Upstreams
    exchanges: Exchanges
    new_key: str | None
    console: RunningConsole

    @property
    def policy(self) -> Policy:
        """The default project's policy as it is now."""
        return self.projects.of(DEFAULT_PROJECT).judge.policy

    async def upstream_states(self) -> list[tuple[str, str]]:
        """Each upstream's origin and its state in a few words."""
        return await _states(self.upstreams)


async def _states(upstreams: Upstreams) -> list[tuple[str, str]]:
    endpoints = upstreams.endpoints
    return list(zip((u.origin for u in endpoints), await asyncio.gather(*map(_state, endpoints)), strict=True))


async def _state(upstream: Upstream) -> str:
    try:
        async with asyncio.timeout(3):
            answer = await upstream.send("/models", None, stream=False)
            await answer.read()
    except GatewayError as error:
        if error.code == "upstream_unreachable":
            return "Cannot connect to vLLM. Start it there, or set VLLM_BASE_URL and start again"
        return error.message.split(". ")[0].split(": ")[0]
    except TimeoutError:
        return "did not answer within 3 seconds"
    return "ready"


def second_opinion_of(settings: Settings, policy: Policy) -> SecondOpinion | None:
    """The guard model of the settings, if they name one. Raises SettingsError."""
    try:
        return choose(
            settings.judge, policy, lambda origin, key: VllmUpstream(origin, key=key, limits=settings.upstream)
        )
    except ValueError as error:
        raise SettingsError(f"{error}. See docs/judge.md.") from None


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    store: SqliteStore | None = None,
    judge: Judge | None = None,
    second_opinion: SecondOpinion | None = None,
    understanding: Understanding | None = None,
) -> AsyncIterator[Running]:
    """Everything, joined and listening; closed in the opposite order. Raises SettingsError, StoreError or OSError.

    A `store` opened for serving, a `judge`, a `second_opinion` or an `understanding` takes the place of the settings'
    own; the store and what the models hold are closed with the rest.
    """
    upstreams = _upstreams(settings)
    second_opinion = second_opinion or second_opinion_of(settings, judge.policy if judge else policy_of(settings))
    judges = Judges(settings, second_opinion)
    understanding = understanding or understanding_of(settings)
    store = store or open_store(settings, for_serving=True)
    try:
        new_key = _first_key(store, settings)
        projects = _projects(store, settings, judges, judge)
        managing = Managing(settings.body)
        offices = desks(settings, store, judges, projects)
        management = management_handlers(managing, offices.projects, offices.policies, offices.keys, offices.events)
        metrics = Metrics()
        services = Services(
            settings=settings,
            projects=projects,
            sink=store,
            metrics=metrics,
            digest_key=bytes.fromhex(store.keys.digest("digests of texts in events")),
            second_opinion=second_opinion,
            understanding=understanding,
        )
        exchanges = Exchanges(services, upstreams)
        gateway = _gateway(services, exchanges, upstreams, Authenticator(store.keys), metrics, management)
        server = await serve(
            gateway,
            settings.http,
            settings.host,
            settings.port,
            allowed_hosts=frozenset(map(str.lower, settings.allowed_hosts)),
        )
        tester = Playground(services, PRESETS)
        try:
            async with console(
                settings.console, store.accounts, store.queries, tester, lambda: _states(upstreams)
            ) as opened:
                yield Running(settings, projects, server, upstreams, exchanges, new_key, opened)
        finally:
            await server.close()
            await exchanges.drain()
            services.close()
            managing.close()
            projects.close()
            await upstreams.close()
            if second_opinion is not None:
                await second_opinion.close()
    finally:
        store.close()


def _projects(store: SqliteStore, settings: Settings, judges: Judges, judge: Judge | None) -> Projects:
    """The projects at work. Those without a policy of their own have that of the settings, or this judge's.

    Raises SettingsError or StoreError.
    """
    version = store.projects.settle(document_of(settings))
    common = judge or judge_of(settings, judges, version=version.id)
    common.prepare()

    def prepare(project: Project) -> Judge:
        if project.policy is None and (judge is not None or project.fail_mode is None):
            return common
        stored = version if project.policy is None else store.projects.version(project.policy)
        if stored is None:
            raise StoreError(f"There is no version {project.policy} of a policy.")
        return judges.judge(stored.document, version=stored.id, fail_mode=project.fail_mode)

    projects = Projects(prepare)
    projects.adopt(store.live.snapshot.configuration)
    if DEFAULT_PROJECT in projects.faults:
        raise StoreError(f"The stored policy of the default project cannot be used: {projects.faults[DEFAULT_PROJECT]}")
    store.live.subscribe(projects.follow)
    return projects


def _upstreams(settings: Settings) -> Upstreams:
    try:
        return Upstreams.from_settings(settings)
    except ValueError as error:
        raise SettingsError(f"{error}. Write an address such as http://gpu-server.internal:8000.") from error


def _first_key(store: SqliteStore, settings: Settings) -> str | None:
    """Make the operator's key known; without one, and without any key in the store, make one."""
    if store.keys.ensure_key(settings.api_key) is not None:
        return None
    if any(key.revoked is None for key in store.keys.list_keys()):
        return None
    return store.keys.create_key("first").secret


def _gateway(
    services: Services,
    exchanges: Exchanges,
    upstreams: Upstreams,
    authenticator: Authenticator,
    metrics: Metrics,
    management: Mapping[str, Handler],
) -> Gateway:
    guard = Guard(services)
    agents = Agents(services)
    models = Models(services, upstreams)
    about = About(metrics, show_metrics=services.settings.metrics)
    handlers: dict[str, Handler] = {
        "chat.completions": exchanges,
        "completions": exchanges,
        "embeddings": exchanges,
        "models": lambda call, request: models.list(call),
        "guard": lambda call, request: guard.guard(call),
        "security.scan": lambda call, request: guard.scan(call),
        "security.redact": lambda call, request: guard.redact(call),
        "agent.validate_tool": lambda call, request: agents.validate_tool(call),
        "mcp.scan_manifest": lambda call, request: agents.scan_manifest(call),
        **management,
    }
    open_handlers = {
        "health": about.health,
        "metrics": about.metrics,
        "openapi": about.openapi,
        "docs": about.docs,
    }
    return Gateway(handlers, open_handlers, authenticator, services.settings.http.max_body_bytes)


def _settle_memory() -> None:
    """What was made at the start stays for good: the collector need not look at it again, nor so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


Announce = Callable[[Running], Awaitable[None]]


async def run(settings: Settings, announce: Announce) -> None:
    """Serve until SIGTERM or SIGINT. The first lets exchanges finish, a second one ends them.

    Raises SettingsError, StoreError or OSError (the address is taken).
    """
    stop, now = asyncio.Event(), asyncio.Event()

    def asked() -> None:
        (now if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    async with running(settings) as gateway:
        _settle_memory()
        await announce(gateway)
        await stop.wait()
        log.info("stopping: exchanges in flight finish first; ask again to end them now")
        drain = asyncio.ensure_future(gateway.server.drain())
        await asyncio.wait({drain, asyncio.ensure_future(now.wait())}, return_when=asyncio.FIRST_COMPLETED)
        drain.cancel()
