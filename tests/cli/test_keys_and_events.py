"""`promptguard keys` and `promptguard events`: on the store itself, while a gateway may run beside."""

import json
from pathlib import Path

import pytest
from msgspec import structs

from promptguard_gateway.app import StoreError, open_store
from promptguard_gateway.cli.events import show_command, tail_command
from promptguard_gateway.cli.keys import create_command, list_command, revoke_command
from promptguard_gateway.domain.projects import KEY_SHAPE
from promptguard_gateway.domain.settings import Settings
from store.values import make_event

Captured = pytest.CaptureFixture[str]


def environ(folder: Path) -> dict[str, str]:
    return {"PROMPTGUARD_DATA": str(folder / "data")}


def created(folder: Path, name: str, capsys: Captured) -> str:
    create_command(environ(folder), folder, name)
    return capsys.readouterr().out.strip()


def listed(folder: Path, capsys: Captured) -> list[str]:
    list_command(environ(folder), folder)
    return capsys.readouterr().out.splitlines()


def test_a_key_from_its_making_to_its_end(tmp_path: Path, capsys: Captured) -> None:
    """Shown once when it is made; afterwards only its beginning and its id, by which it is revoked."""
    key = created(tmp_path, "billing", capsys)
    assert KEY_SHAPE.match(key)
    head, line = listed(tmp_path, capsys)
    assert head.split("  ")[0] == "id"
    assert key not in line
    assert key[:12] in line
    assert "billing" in line
    assert line.endswith("live")
    identifier = line.split()[0]
    revoke_command(environ(tmp_path), tmp_path, identifier)
    assert capsys.readouterr().out == f"revoked {key[:12]}\n"
    assert listed(tmp_path, capsys)[1].endswith("revoked")
    with pytest.raises(SystemExit) as caught:
        revoke_command(environ(tmp_path), tmp_path, identifier)
    assert caught.value.code == 1


def test_a_key_is_revoked_by_its_shown_beginning(tmp_path: Path, capsys: Captured) -> None:
    """Or by as much of it as only one live key has, but not by less than six characters."""
    keys = sorted(created(tmp_path, name, capsys) for name in "abc")
    revoke_command(environ(tmp_path), tmp_path, keys[0][:12])
    assert capsys.readouterr().out == f"revoked {keys[0][:12]}\n"
    for beginning, complaint in (("pg_live_", "more than one live key"), (keys[0][:12], "no live key")):
        with pytest.raises(SystemExit):
            revoke_command(environ(tmp_path), tmp_path, beginning)
        assert complaint in capsys.readouterr().err
    revoke_command(environ(tmp_path), tmp_path, keys[1][:12])
    with pytest.raises(SystemExit):
        revoke_command(environ(tmp_path), tmp_path, "pg_li")
    revoke_command(environ(tmp_path), tmp_path, "pg_live_")
    assert capsys.readouterr().out.endswith(f"revoked {keys[2][:12]}\n")


def test_only_making_a_key_makes_a_data_folder(tmp_path: Path, capsys: Captured) -> None:
    """The others name the folder that is missing, or the one they read."""
    home = str(tmp_path / "data")
    for command in (
        lambda: list_command(environ(tmp_path), tmp_path),
        lambda: revoke_command(environ(tmp_path), tmp_path, "key_1"),
        lambda: show_command(environ(tmp_path), tmp_path, "evt_1"),
        lambda: tail_command(environ(tmp_path), tmp_path, 10, follow=False, as_json=False),
    ):
        with pytest.raises(StoreError, match=home):
            command()
    assert list(tmp_path.iterdir()) == []
    create_command(environ(tmp_path), tmp_path, "first")
    assert home in capsys.readouterr().err
    list_command(environ(tmp_path), tmp_path)
    assert capsys.readouterr().err == f"promptguard: reading {home}\n"


def test_the_list_is_plain_and_whole(tmp_path: Path, capsys: Captured) -> None:
    """However long a name, a key is one line with its whole id; nothing in it moves the cursor."""
    created(tmp_path, "n" * 120, capsys)
    created(tmp_path, "two\nlines \x1b[31mred", capsys)
    lines = listed(tmp_path, capsys)
    assert len(lines) == 3
    assert "n" * 120 in lines[1]
    assert "two?lines ?[31mred" in lines[2]
    assert all(line.isprintable() for line in lines)
    starts = [line.index("default") for line in lines[1:]]
    assert starts[0] == starts[1] == lines[0].index("project")


async def stored(folder: Path, count: int) -> None:
    store = open_store(Settings(data=str(folder / "data")), for_serving=True)
    try:
        for number in range(count):
            decision = ("allow", "redact", "block")[number % 3]
            await store.record_event(make_event(f"evt_{number:04d}", decision=decision))
    finally:
        store.close()


async def test_events_are_shown_newest_last(tmp_path: Path, capsys: Captured) -> None:
    """As lines for people and as JSON for programs; `-n 0` shows none."""
    await stored(tmp_path, 5)
    tail_command(environ(tmp_path), tmp_path, 3, follow=False, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2:4] for line in lines] == [
        ["evt_0002", "block"],
        ["evt_0003", "allow"],
        ["evt_0004", "redact"],
    ]
    assert all(line.startswith("20") for line in lines)
    tail_command(environ(tmp_path), tmp_path, 100, follow=False, as_json=True)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["id"] for event in events] == [f"evt_{number:04d}" for number in range(5)]
    tail_command(environ(tmp_path), tmp_path, 0, follow=False, as_json=True)
    assert capsys.readouterr().out == ""


async def test_events_of_monitor_mode_are_marked(tmp_path: Path, capsys: Captured) -> None:
    """A block that let everything through does not look like one that did not."""
    store = open_store(Settings(data=str(tmp_path / "data")), for_serving=True)
    try:
        for number, decision in enumerate(("block", "allow")):
            await store.record_event(structs.replace(make_event(f"evt_{number}", decision=decision), mode="monitor"))
    finally:
        store.close()
    tail_command(environ(tmp_path), tmp_path, 10, follow=False, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert "block  (monitor: let through)" in lines[0]
    assert "monitor" not in lines[1]


async def test_one_event_is_shown_whole(tmp_path: Path, capsys: Captured) -> None:
    """As indented JSON; an unknown id is one line and exit code 1."""
    await stored(tmp_path, 1)
    show_command(environ(tmp_path), tmp_path, "evt_0000")
    out = capsys.readouterr().out
    assert json.loads(out)["id"] == "evt_0000"
    assert "\n  " in out
    with pytest.raises(SystemExit) as caught:
        show_command(environ(tmp_path), tmp_path, "evt_9999")
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("promptguard: there is no event of this id\n")
