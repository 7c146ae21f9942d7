"""Bounds what a loss of power can take: once a second the write-ahead log is brought to the disk.

Commits at level NORMAL leave that to the operating system, which may take half a minute. A thread of its own asks for
it, beside SQLite and not through it, so no commit waits; it also leaves less for a checkpoint to wait for. Only the
log is opened here: closing a descriptor of the database itself would drop SQLite's locks on it.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

EVERY = 1.0  # seconds


class WalSync:
    """Syncs a database's log whenever there were commits since the last time. Starts at once, ends with `close`."""

    def __init__(self, database: Path, commits: Callable[[], int], *, every: float = EVERY) -> None:
        """`commits` counts up with every commit; `every` in seconds."""
        self._path = database.with_name(f"{database.name}-wal")
        self._commits = commits
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="promptguard-walsync", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop. Safe to call again."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        synced = 0
        while not self._stop.wait(self._every):
            commits = self._commits()
            if commits != synced:
                # An error here is seen by SQLite's own descriptor too, at its next sync, and handled there.
                with suppress(OSError):
                    _sync(self._path)
                synced = commits


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
