"""`promptguard keys`: on the store itself, whether the gateway runs or not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from promptguard_gateway.app import load_settings, open_store


def create_command(environ: Mapping[str, str], folder: Path, name: str) -> None:
    """Make a key and print it."""
    store = open_store(load_settings(environ, folder), for_serving=False)
    try:
        secret = store.keys.create_key(name).secret
    finally:
        store.close()
    print(secret)


def list_command(environ: Mapping[str, str], folder: Path) -> None:
    """A table of all keys."""
    store = open_store(load_settings(environ, folder), for_serving=False)
    try:
        known = store.keys.list_keys()
    finally:
        store.close()
    table = Table("id", "begins with", "name", "project", "created", "state")
    for key in known:
        table.add_row(
            key.id, key.prefix, key.name, key.project, _day(key.created), "live" if key.revoked is None else "revoked"
        )
    Console().print(table)


def revoke_command(environ: Mapping[str, str], folder: Path, key: str) -> None:
    """Revoke by id or shown beginning."""
    store = open_store(load_settings(environ, folder), for_serving=False)
    try:
        matches = [k for k in store.keys.list_keys() if k.revoked is None and key in (k.id, k.prefix)]
        if len(matches) != 1:
            found = "no live key" if not matches else "more than one live key"
            print(f"promptguard: {found} has this id or beginning; `promptguard keys list` shows them")
            raise SystemExit(1)
        store.keys.revoke(matches[0].id)
    finally:
        store.close()
    print(f"revoked {matches[0].prefix}")


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
