"""`promptguard keys`: on the store itself, whether the gateway runs or not."""

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from promptguard_gateway.app import ApiKey, Scope, SettingsError, load_settings, open_store
from promptguard_gateway.cli.folder import opened

_SHORTEST = 6  # characters of a beginning, so that a slip does not name a key


def create_command(
    environ: Mapping[str, str],
    folder: Path,
    name: str,
    *,
    project: str = "default",
    scopes: Sequence[str] = ("proxy",),
    days: int | None = None,
) -> None:
    """Make a key and print it, and on standard error the folder that it opens."""
    settings = load_settings(environ, folder)
    unknown = [scope for scope in scopes if scope not in list(Scope)]
    if unknown:
        raise SettingsError(f"A scope is one of {', '.join(Scope)}.")
    expires = None if days is None else int((time.time() + days * 86_400) * 1000)
    store = open_store(settings, for_serving=False)
    try:
        granted = tuple(dict.fromkeys(map(Scope, scopes)))
        secret = store.keys.create_key(name, project=project, scopes=granted, expires=expires).secret
    finally:
        store.close()
    print(f"promptguard: a key for the gateway of {Path(settings.data).absolute()}", file=sys.stderr)
    print(secret)


def list_command(environ: Mapping[str, str], folder: Path) -> None:
    """A line for each key, in columns; nothing is cut off, so that an id can be copied."""
    store = opened(environ, folder)
    try:
        known = store.keys.list_keys()
    finally:
        store.close()
    rows = [("id", "begins with", "name", "project", "created", "scopes", "state")]
    for key in known:
        state = key.state(int(time.time() * 1000))
        scopes = ",".join(key.scopes)
        rows.append((key.id, key.prefix, _printable(key.name), key.project, _day(key.created), scopes, state))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def revoke_command(environ: Mapping[str, str], folder: Path, key: str) -> None:
    """Revoke by id, or by the shown beginning or as much of it as only one live key has."""
    store = opened(environ, folder)
    try:
        matches = [known for known in store.keys.list_keys() if known.revoked is None and _is_meant(known, key)]
        if len(matches) != 1:
            found = "no live key" if not matches else "more than one live key"
            print(f"promptguard: {found} has this id or beginning; `promptguard keys list` shows them", file=sys.stderr)
            raise SystemExit(1)
        store.keys.revoke(matches[0].id)
    finally:
        store.close()
    print(f"revoked {matches[0].prefix}")


def _is_meant(known: ApiKey, key: str) -> bool:
    return key == known.id or (len(key) >= _SHORTEST and known.prefix.startswith(key))


def _printable(name: str) -> str:
    """A name without what could move the cursor or end the line."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
