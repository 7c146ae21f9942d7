"""Starts the programs that the client tests talk to: vLLM, the gateway, LiteLLM's proxy, and an upstream that records.

Each is a context manager that ends its program. Ports are free ones on loopback.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(
    os.environ.get("PROMPTGUARD_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "promptguard"
)
KEY = "pg_live_" + "clienttests000000"
TINY_CHAT = "tiny-chat"


@dataclass(frozen=True)
class Vllm:
    """A vLLM server and the name of the model it serves."""

    url: str
    model: str


@dataclass(frozen=True)
class Gateway:
    """A running gateway: its root address, its key, its data folder and its log."""

    url: str
    key: str
    data: Path
    log: Path

    @property
    def base_url(self) -> str:
        """What a client is pointed at."""
        return f"{self.url}/api/v1"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The program in a process group of its own, until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=dict(env),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Return once the address answers with success. Raises RuntimeError with the end of the log if it does not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(url, timeout=2):
                return
        except urllib.error.HTTPError as error:
            error.close()
            time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not come up; the end of its log:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def vllm(folder: Path) -> Iterator[Vllm]:
    """The vLLM that ACCEPTANCE_VLLM_URL names, or a tiny one of our own (half a minute)."""
    url = os.environ.get("ACCEPTANCE_VLLM_URL")
    if url:
        yield Vllm(url.rstrip("/").removesuffix("/v1"), os.environ.get("ACCEPTANCE_MODEL") or TINY_CHAT)
        return
    port, log = free_port(), folder / "vllm.log"
    command = [str(ROOT / "tools/tiny_vllm/start.sh"), "--port", str(port), "--home", str(CACHE / "tiny_vllm")]
    with running(command, log, {"TINY_VLLM_PYTHON": sys.executable, **os.environ}) as process:
        wait_until_up(f"http://127.0.0.1:{port}/health", process, log, 240)
        yield Vllm(f"http://127.0.0.1:{port}", TINY_CHAT)


@contextmanager
def gateway(folder: Path, vllm_url: str, **settings: str) -> Iterator[Gateway]:
    """`promptguard serve` from this environment in front of vLLM. Further settings are environment variables."""
    port, data, log = free_port(), folder / "data", folder / "gateway.log"
    # Nothing of the developer's own settings gets in.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PROMPTGUARD_", "VLLM_"))}
    env |= {
        "PROMPTGUARD_PORT": str(port),
        "PROMPTGUARD_DATA": str(data),
        "PROMPTGUARD_API_KEY": KEY,
        "VLLM_BASE_URL": vllm_url,
        **settings,
    }
    with running([str(Path(sys.executable).parent / "promptguard"), "serve"], log, env) as process:
        wait_until_up(f"http://127.0.0.1:{port}/health", process, log, 30)
        yield Gateway(f"http://127.0.0.1:{port}", KEY, data, log)


@contextmanager
def litellm(folder: Path, *, guard: Gateway, models: Mapping[str, str], key: str = "unused") -> Iterator[str]:
    """LiteLLM's proxy with its `promptguard` guardrail on both sides; gives its base address for clients.

    `models` maps the name a client uses to the address of the server that answers, which is shown `key`.
    """
    port, log, configuration = free_port(), folder / "litellm.log", folder / "litellm.yaml"
    entry = {"guardrail": "promptguard", "mode": ["pre_call", "post_call"], "default_on": True}
    entry |= {"api_base": guard.url, "api_key": guard.key}
    configuration.write_text(
        # JSON is YAML.
        json.dumps(
            {
                "model_list": [
                    {
                        "model_name": name,
                        "litellm_params": {"model": f"openai/{name}", "api_base": f"{url}/v1", "api_key": key},
                    }
                    for name, url in models.items()
                ],
                "guardrails": [{"guardrail_name": "promptguard", "litellm_params": entry}],
                "litellm_settings": {"telemetry": False, "num_retries": 0},
            }
        )
    )
    env = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    command = [str(CACHE / "litellm/bin/litellm"), "--config", str(configuration)]
    with running([*command, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"], log, env) as process:
        wait_until_up(f"http://127.0.0.1:{port}/health/liveliness", process, log, 90)
        yield f"http://127.0.0.1:{port}/v1"


@dataclass
class Recorder:
    """An upstream that keeps what it was asked and answers with `answer`, set by the test."""

    url: str = ""
    answer: str = "All is well."
    requests: list[dict[str, object]] = field(default_factory=list)

    def completion(self) -> dict[str, object]:
        """The answer as a chat completion."""
        message = {"role": "assistant", "content": self.answer}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1790000000,
            "model": "recorder",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A recording upstream in a thread of this process."""
    kept = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            kept.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(kept.completion()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
