"""Whether the disk was really waited for is asked of the system calls, not of the database."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptguard_gateway.store.recovery import UNKNOWN_CRASH
from promptguard_gateway.store.sqlite import SqliteStore
from promptguard_gateway.store.walsync import WalSync

TESTS = Path(__file__).parent.parent
EXCHANGES = 30
STRACE = ("strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync")
CHILD = """
import asyncio, sys
from pathlib import Path
from store.values import make_event, make_intent
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.store.sqlite import SqliteStore

async def main(folder, decision, count, pause):
    store = SqliteStore.open(Path(folder), for_serving=True)
    for number in range(count):
        await store.record_intent(make_intent(f"evt_{number}"))
        try:
            await store.record_event(make_event(f"evt_{number}", decision=decision))
            print(f"evt_{number}")
        except GatewayError:
            print(f"!evt_{number}")
    await asyncio.sleep(pause)
    store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
"""


def syncs(folder: Path, decision: str, exchanges: int, pause: float = 0.0) -> int:
    """How often a process that records so many exchanges asked the disk to hold the write-ahead log."""
    run_traced(folder, [], decision, exchanges, pause)
    return sum("-wal>" in line for line in folder.with_suffix(".trace").read_text().splitlines())


def run_traced(folder: Path, options: list[str], decision: str, exchanges: int, pause: float) -> bytes:
    """Run the child under strace; what it printed. The trace lies beside the folder."""
    child = [sys.executable, "-c", CHILD, str(folder), decision, str(exchanges), str(pause)]
    trace = ["-o", str(folder.with_suffix(".trace"))]
    result = subprocess.run([*STRACE, *options, *trace, *child], cwd=TESTS, capture_output=True, check=False)
    if b"PTRACE" in result.stderr:
        pytest.skip("this system does not let strace look at a process")
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to see system calls")
def test_only_what_must_survive_a_loss_of_power_waits_for_the_disk(tmp_path: Path) -> None:
    """Every block is synced before it is acknowledged; allowed exchanges are synced together, once a second."""
    idle = syncs(tmp_path / "idle", "allow", 0)
    allowed = syncs(tmp_path / "allow", "allow", EXCHANGES)
    assert allowed < EXCHANGES / 2  # opening and closing, and seconds going by on a busy machine
    assert syncs(tmp_path / "block", "block", EXCHANGES) >= EXCHANGES
    assert syncs(tmp_path / "pause", "allow", EXCHANGES, pause=1.5) > idle


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to make system calls fail")
def test_a_failed_sync_is_never_acknowledged_and_survived(tmp_path: Path) -> None:
    """A disk that refuses every fourth sync: callers are told, what was acknowledged is stored, the writer goes on."""
    SqliteStore.open(tmp_path / "data", for_serving=True).close()
    failing = "inject=fsync,fdatasync:error=EIO:when=4+4"
    told = run_traced(tmp_path / "data", ["-e", failing], "block", EXCHANGES, 0.0).decode().split()
    acknowledged = {identifier for identifier in told if not identifier.startswith("!")}
    store = SqliteStore.open(tmp_path / "data", for_serving=True)
    stored = {found.event.id for found in store.events.tail(0) if found.event.outcome != UNKNOWN_CRASH}
    store.close()
    assert len(told) == EXCHANGES
    assert 3 <= EXCHANGES - len(acknowledged) < EXCHANGES / 2
    assert acknowledged <= stored


def test_the_log_is_synced_when_there_were_commits_and_a_missing_log_is_no_fault(tmp_path: Path) -> None:
    """The counter is asked every time; a log that does not exist yet, or no more, ends nothing."""
    asked = []

    def commits() -> int:
        asked.append(len(asked) // 2)
        return asked[-1]

    sync = WalSync(tmp_path / "gateway.db", commits, every=0.01)
    time.sleep(0.1)
    (tmp_path / "gateway.db-wal").touch()
    seen = len(asked)
    time.sleep(0.1)
    sync.close()
    sync.close()
    assert 0 < seen < len(asked)
