"""The gateway as a process of its own, which can be killed, asked to stop, starved of disk and weighed.

Without crash points it is `promptguard serve`; with one it is `soak.launcher`, which dies at that point.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from promptguard_gateway.app import open_store
from promptguard_gateway.domain.console import StoredEvent
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.settings import Settings

KEY = "pg_live_" + "soak00000000"
TESTS = Path(__file__).parent.parent
_READY = b"PromptGuard listens on http://127.0.0.1:"
_PATIENCE = 30.0  # seconds until a start counts as failed


@dataclass
class GatewayProcess:
    """A running gateway: its port, its data folder, and the seconds from its start to its readiness."""

    process: asyncio.subprocess.Process
    port: int
    data: Path
    ready_seconds: float

    @property
    def pid(self) -> int:
        """The process."""
        return self.process.pid

    def kill(self) -> None:
        """End it without warning; nothing happens if it is dead already."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):  # dead, and the news has not arrived here
                os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def resident_bytes(self) -> int:
        """Memory that is in use (RSS)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def open_files(self) -> int:
        """File descriptors, sockets included."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def events(self, after: int = 0) -> list[StoredEvent]:
        """Committed events after a sequence, as a second process sees them."""
        return events_of(self.data, after)

    def event_by_id(self) -> dict[str, Event]:
        """All committed events."""
        return {stored.event.id: stored.event for stored in self.events()}


def events_of(data: Path, after: int = 0) -> list[StoredEvent]:
    """All events of a data folder after a sequence."""
    store = open_store(Settings(data=str(data)), for_serving=False)
    found: list[StoredEvent] = []
    try:
        while page := store.events.tail(after, 5_000):
            found += page
            after = page[-1].sequence
    finally:
        store.close()
    return found


async def spawn(
    data: Path, upstream: str, *, crash: str = "", settings: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start the process without waiting for it. `crash`: a crash point and its passes, as in `before_commit:7`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PROMPTGUARD_", "VLLM_"))}
    env |= {
        "PROMPTGUARD_PORT": "0",
        "PROMPTGUARD_DATA": str(data),
        "PROMPTGUARD_API_KEY": KEY,
        "VLLM_BASE_URL": upstream,
        "SOAK_CRASH": crash,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH")))),
        **(settings or {}),
    }
    command = [sys.executable, "-m", "soak.launcher"] if crash else [str(Path(sys.executable).parent / "promptguard")]
    with (data.parent / "gateway.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command,
            *(() if crash else ("serve",)),
            env=env,
            cwd=data.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )


async def start(
    data: Path, upstream: str, *, crash: str = "", settings: Mapping[str, str] | None = None
) -> GatewayProcess:
    """Start the process and wait until it listens. Raises RuntimeError with the end of its log."""
    began = time.monotonic()
    process = await spawn(data, upstream, crash=crash, settings=settings)
    assert process.stdout is not None
    async with asyncio.timeout(_PATIENCE):
        line = await process.stdout.readline()
    if not line.startswith(_READY):
        log = (data.parent / "gateway.log").read_text(errors="replace")
        raise RuntimeError(f"the gateway did not start: {line!r}\n{log[-3000:]}")
    return GatewayProcess(process, int(line[len(_READY) :]), data, time.monotonic() - began)


@asynccontextmanager
async def gateway_process(data: Path, upstream: str, **settings: str) -> AsyncIterator[GatewayProcess]:
    """`promptguard serve` for the length of a block."""
    gateway = await start(data, upstream, settings=settings)
    try:
        yield gateway
    finally:
        gateway.kill()
        await gateway.process.communicate()
