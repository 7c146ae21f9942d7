"""The data folder: its modes, its lock, the pepper, and one clear sentence for everything that can be wrong with it.

Everything in the folder is for the owner's eyes alone (0700 and 0600): the database holds events, the pepper turns
stored digests into something that can be compared with keys.
"""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from promptguard_gateway.domain.errors import StoreError

DATABASE = "gateway.db"
PEPPER = "pepper"
LOCK = "gateway.lock"
NEEDED_BYTES = 1024 * 1024  # free on the disk, to begin at all
_PEPPER_BYTES = 32
_ANOTHER = "Set PROMPTGUARD_DATA to one that this user can write."


def prepare_folder(folder: Path) -> None:
    """Create the data folder if need be and make sure that this process can write in it. Raises StoreError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"The data folder {folder} is a file. Set PROMPTGUARD_DATA to a folder.") from None
    except OSError as error:
        raise StoreError(f"The data folder {folder} cannot be created: {_reason(error)}. {_ANOTHER}") from None
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        who = f"user {os.geteuid()}{_owner(folder)}"
        raise StoreError(f"The data folder {folder} is not writable for {who}. {_ANOTHER}")


def require_space(folder: Path, needed: int = NEEDED_BYTES) -> None:
    """Refuse to begin on a full disk, where SQLite's own words would be misleading. Raises StoreError."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(f"The disk of the data folder {folder} is full ({free // 1024} KiB free); make room first.")


def private_file(path: Path) -> None:
    """Make sure that a file exists, is ours to read and write, and is nobody else's (0600). Raises StoreError.

    SQLite gives its `-wal` and `-shm` files the mode of the database, so this must come before it opens one.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened for writing: {_reason(error)}{_owner(path)}.") from None
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    except OSError:
        raise StoreError(f"{path} can be read by others and is not ours to change{_owner(path)}.") from None
    finally:
        os.close(descriptor)


def read_pepper(folder: Path) -> bytes | None:
    """The pepper, or None when there is none yet. Raises StoreError for a file that is no pepper."""
    path = folder / PEPPER
    if not path.exists():
        return None
    private_file(path)
    pepper = path.read_bytes()
    if len(pepper) != _PEPPER_BYTES:
        raise StoreError(f"{path} must hold {_PEPPER_BYTES} bytes and holds {len(pepper)}; restore it from a backup.")
    return pepper


def create_pepper(folder: Path) -> bytes:
    """A new pepper, complete on disk before it has its name; of two processes that try, both get the first one's."""
    path = folder / PEPPER
    draft = folder / f"{PEPPER}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_PEPPER_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _sync_folder(folder)
    except OSError as error:
        raise StoreError(f"{path} cannot be created: {_reason(error)}.") from None
    pepper = read_pepper(folder)
    if pepper is None:
        raise StoreError(f"{path} disappeared while it was created.")
    return pepper


class FolderLock:
    """Held by the one gateway that serves from a data folder; gone when its process is gone, however it died."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises StoreError when another process holds it."""
        path = folder / LOCK
        private_file(path)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise StoreError(
                f"Another gateway serves from the data folder {folder}. Stop it, or give this one a folder of its own "
                "with PROMPTGUARD_DATA."
            ) from None

    def release(self) -> None:
        """Let go. Safe to call again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _owner(path: Path) -> str:
    """Who owns what we may not use, when that is somebody else."""
    try:
        owner = path.stat().st_uid
    except OSError:
        return ""
    return "" if owner == os.geteuid() else f" (it belongs to user {owner}, this process runs as {os.geteuid()})"
