"""The data folder is private, is served by one gateway only, and says in one sentence what is wrong with it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.store.files import (
    LOCK,
    PEPPER,
    FolderLock,
    create_pepper,
    prepare_folder,
    private_file,
    read_pepper,
    require_space,
)

STRANGER = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def as_stranger() -> Iterator[None]:
    """Root may do anything, so a test of permissions must be somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that any user can reach, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_missing_folder_is_created_for_its_owner_alone(tmp_path: Path) -> None:
    """Parents are created too; an existing folder is left as it is."""
    folder = tmp_path / "a" / "data"
    prepare_folder(folder)
    prepare_folder(folder)
    assert mode(folder) == 0o700


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    """The sentence says what is wrong and what to do."""
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match=r"is a file\. Set PROMPTGUARD_DATA to a folder"):
        prepare_folder(tmp_path / "data")
    with pytest.raises(StoreError, match="cannot be created: not a directory"):
        prepare_folder(tmp_path / "data" / "deeper")


def test_a_folder_that_cannot_be_created_or_written_is_named(shared: Path) -> None:
    """Read-only or somebody else's: refused before anything is opened, with the owner."""
    shared.chmod(0o555)
    with as_stranger():
        with pytest.raises(StoreError, match="cannot be created: permission denied"):
            prepare_folder(shared / "data")
        with pytest.raises(StoreError, match=f"is not writable for user {os.geteuid()}"):
            prepare_folder(shared)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that belongs to somebody else")
def test_a_file_of_another_user_is_named_with_both_users(shared: Path) -> None:
    """Whether it cannot be opened at all or only not be made private."""
    shared.chmod(0o777)
    path = shared / "gateway.db"
    path.write_text("")
    for permissions, words in ((0o600, "cannot be opened for writing"), (0o666, "can be read by others")):
        path.chmod(permissions)
        with as_stranger(), pytest.raises(StoreError, match=words) as caught:
            private_file(path)
        assert f"belongs to user 0, this process runs as {STRANGER}" in str(caught.value)


def test_a_full_disk_is_said_at_the_start(tmp_path: Path) -> None:
    """Before SQLite calls it an input/output error."""
    require_space(tmp_path, 1)
    with pytest.raises(StoreError, match=r"is full .* make room first"):
        require_space(tmp_path, 2**62)


def test_files_are_made_private(tmp_path: Path) -> None:
    """New ones whatever the umask, old ones when they were open to others; a link is not followed."""
    before = os.umask(0)
    try:
        private_file(tmp_path / "new")
    finally:
        os.umask(before)
    (tmp_path / "old").write_text("kept")
    (tmp_path / "old").chmod(0o644)
    private_file(tmp_path / "old")
    assert [mode(tmp_path / name) for name in ("new", "old")] == [0o600, 0o600]
    assert (tmp_path / "old").read_text() == "kept"
    (tmp_path / "link").symlink_to(tmp_path / "old")
    with pytest.raises(StoreError, match="cannot be opened"):
        private_file(tmp_path / "link")


def test_the_pepper_is_random_private_and_never_replaced(tmp_path: Path) -> None:
    """The first one wins, and no draft is left behind."""
    assert read_pepper(tmp_path) is None
    pepper = create_pepper(tmp_path)
    assert len(pepper) == 32
    assert create_pepper(tmp_path) == pepper == read_pepper(tmp_path)
    assert mode(tmp_path / PEPPER) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [PEPPER]
    (tmp_path / "other").mkdir()
    assert create_pepper(tmp_path / "other") != pepper


def test_a_damaged_pepper_is_refused(tmp_path: Path) -> None:
    """A truncated file must not silently become another pepper."""
    (tmp_path / PEPPER).write_bytes(b"short")
    with pytest.raises(StoreError, match="must hold 32 bytes and holds 5"):
        read_pepper(tmp_path)


def test_a_pepper_that_cannot_be_created_is_said(tmp_path: Path) -> None:
    """The reason is the system's."""
    with pytest.raises(StoreError, match="cannot be created: no such file"):
        create_pepper(tmp_path / "missing")


def test_one_gateway_at_a_time(tmp_path: Path) -> None:
    """The second is refused until the first lets go; letting go twice is harmless."""
    first = FolderLock(tmp_path)
    with pytest.raises(StoreError, match="Another gateway serves"):
        FolderLock(tmp_path)
    first.release()
    first.release()
    FolderLock(tmp_path).release()
    assert mode(tmp_path / LOCK) == 0o600
