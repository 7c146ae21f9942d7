"""The systems under measurement: how each is installed, started and asked. Every one gets one process or worker."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.fixtures import MODEL
from benchmarks.processes import SYSTEM_CORE, free_port, running, wait_until_up

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "promptguard"
KEY = "pg_live_" + "benchmarkbenchmark"
_INSTALL_SECONDS = 900
NAMES = ("direct", "floor", "ours", "portkey", "litellm")


class Unavailable(Exception):
    """A system cannot be measured here; the sentence says why."""


class Launch(Struct, frozen=True, kw_only=True):
    """What has to be started, and the address that answers once it is up."""

    command: Sequence[str]
    env: Mapping[str, str] = {}
    health: str = "/"


class System(Struct, frozen=True, kw_only=True):
    """A running system. `pid` is None for the upstream itself."""

    name: str
    port: int
    pid: int | None
    path: str = "/v1/chat/completions"
    model: str = MODEL
    headers: Mapping[str, str] = {}


def _floor(port: int, upstream: str, folder: Path) -> Launch:
    return Launch(command=[sys.executable, "-m", "benchmarks.floor_proxy", str(port), upstream], health="/v1/models")


def _ours(port: int, upstream: str, folder: Path) -> Launch:
    program = Path(sys.executable).parent / "promptguard"
    if not program.exists():
        raise Unavailable(f"{program} does not exist: install the project into this environment")
    env = {
        "PROMPTGUARD_PORT": str(port),
        "PROMPTGUARD_DATA": str(folder / "promptguard-data"),
        "PROMPTGUARD_API_KEY": KEY,
        "VLLM_BASE_URL": upstream,
    }
    return Launch(command=[str(program), "serve"], env=env, health="/health")


def _portkey(port: int, upstream: str, folder: Path) -> Launch:
    script = install_portkey() / "node_modules/@portkey-ai/gateway/build/start-server.js"
    env = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}
    return Launch(command=["node", str(script), f"--port={port}", "--headless"], env=env)


def _litellm(port: int, upstream: str, folder: Path) -> Launch:
    configuration = folder / "litellm.yaml"
    configuration.write_text(
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n"
        f"      {{model: openai/{MODEL}, api_base: '{upstream}/v1', api_key: unused}}\n"
        "litellm_settings: {telemetry: false}\n"
    )
    program = str(install_litellm() / "bin/litellm")
    options = ["--config", str(configuration), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    return Launch(command=[program, *options], env=LITELLM_ENVIRONMENT, health="/health/liveliness")


LITELLM_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # do not fetch a price list at start
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
    "NO_PROXY": "127.0.0.1,localhost",
}

LAUNCHES: Mapping[str, Callable[[int, str, Path], Launch]] = {
    "floor": _floor,
    "ours": _ours,
    "portkey": _portkey,
    "litellm": _litellm,
}


def install_portkey() -> Path:
    """Portkey's gateway in the cache folder, as locked beside this file."""
    home = CACHE / "portkey"
    lock, stamp = Path(__file__).with_name("package-lock.json"), home / "installed.json"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return home
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Unavailable("node and npm are not installed")
    home.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock.with_name(name), home / name)
    _run(["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], folder=home)
    shutil.copyfile(lock, stamp)
    return home


def install_litellm() -> Path:
    """LiteLLM's proxy in an environment of its own in the cache folder, as locked in clients/litellm.lock."""
    script = ROOT / "clients/install.sh"
    _run([str(script), "litellm"], env={"PYTHON": sys.executable, "PROMPTGUARD_CACHE": str(CACHE)})
    return CACHE / "litellm"


def _run(command: Sequence[str], *, folder: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    print(f"installing, if need be: {' '.join(command)}", file=sys.stderr)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} took longer than {_INSTALL_SECONDS} seconds") from None
    if done.returncode:
        raise Unavailable(f"{command[0]} ended with {done.returncode}: {done.stdout[-300:]}")


def _asked(name: str, port: int, pid: int, upstream: str) -> System:
    if name == "ours":
        headers = {"Authorization": f"Bearer {KEY}"}
        return System(
            name=name, port=port, pid=pid, path="/api/v1/chat/completions", model=f"vllm/{MODEL}", headers=headers
        )
    if name == "portkey":
        headers = {
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{upstream}/v1",
            "Authorization": "Bearer x",
        }
        return System(name=name, port=port, pid=pid, headers=headers)
    return System(name=name, port=port, pid=pid)


@contextmanager
def started(names: Sequence[str], upstream_port: int, folder: Path) -> Iterator[list[System]]:
    """Start the named systems before the upstream; those that cannot run here are skipped with a line saying why."""
    upstream = f"http://127.0.0.1:{upstream_port}"
    with ExitStack() as stack:
        systems = []
        for name in names:
            if name == "direct":
                systems.append(System(name=name, port=upstream_port, pid=None))
                continue
            port, log = free_port(), folder / f"{name}.log"
            try:
                launch = LAUNCHES[name](port, upstream, folder)
                process = stack.enter_context(running(launch.command, log=log, env=launch.env, core=SYSTEM_CORE))
                wait_until_up(f"http://127.0.0.1:{port}{launch.health}", process, log)
            except (Unavailable, RuntimeError, OSError) as error:
                print(f"skipped {name}: {error}", file=sys.stderr)
                continue
            systems.append(_asked(name, port, process.pid, upstream))
        yield systems
