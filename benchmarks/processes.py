"""Starts the programs under measurement and reads what they cost, because a gateway's price is its whole process tree.

CPU is user plus system time of the tree in seconds; memory is in bytes. Everything is read from /proc (Linux).
"""

import os
import shutil
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
from pathlib import Path

from msgspec import Struct

TICKS = os.sysconf("SC_CLK_TCK")
SYSTEM_CORE, LOAD_CORE = 0, 1


class Memory(Struct, frozen=True):
    """Memory of a tree in bytes: resident, proportional (shared pages counted once), and the peaks of RSS added up."""

    rss: int
    pss: int
    peak: int


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_pin() -> bool:
    """Whether system and load generator can have a core each."""
    return shutil.which("taskset") is not None and {SYSTEM_CORE, LOAD_CORE} <= os.sched_getaffinity(0)


def pinned(command: Sequence[str], core: int | None) -> list[str]:
    """The command, tied to one core where that is possible."""
    if core is None or not can_pin():
        return list(command)
    return ["taskset", "-c", str(core), *command]


def _stat(pid: int) -> list[str]:
    # The command name stands in parentheses and may hold blanks, so count from its end.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
            except (OSError, IndexError):
                continue  # it ended while we looked
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the tree, with that of children that have ended."""
    ticks = 0
    for pid in tree(root):
        try:
            ticks += sum(int(field) for field in _stat(pid)[11:15])  # utime stime cutime cstime
        except (OSError, IndexError):
            continue
    return ticks / TICKS


def memory(root: int) -> Memory:
    """Memory of the tree now, and the sum of its processes' peaks."""
    rss = pss = peak = 0
    for pid in tree(root):
        rss += _kilobytes(f"/proc/{pid}/status", "VmRSS:")
        peak += _kilobytes(f"/proc/{pid}/status", "VmHWM:")
        pss += _kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:")
    return Memory(rss, pss, peak)


def _kilobytes(path: str, name: str) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


@contextmanager
def running(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, core: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, from here to the end of the block, in a process group of its own. Output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, core),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            yield process
        finally:
            stop(process)


@contextmanager
def ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Kill the program if the block takes longer, so that whoever reads from it meets its end and waits no more."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def say(line: bytes) -> None:
    """Write a line to standard output, all of it.

    With PYTHONUNBUFFERED `sys.stdout.buffer` is the bare file, which writes as much as the pipe takes at once; behind
    an event loop that is often less than all.
    """
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        output.write(line + b"\n")


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack, so that no started program is left behind."""
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))


def stop(process: subprocess.Popen[bytes], patience: float = 10.0) -> None:
    """SIGTERM, then SIGKILL to the group when `patience` seconds were not enough."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 90.0) -> None:
    """Return when the address answers anything at all. Raises RuntimeError with the end of the log if it does not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            opener.open(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not come up; the end of its log:\n{log.read_text(errors='replace')[-2000:]}")
