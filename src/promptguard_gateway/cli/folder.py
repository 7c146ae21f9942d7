"""Which data folder a command works on, said aloud: `data` means another folder in every directory."""

import sys
from collections.abc import Mapping
from pathlib import Path

from promptguard_gateway.app import SqliteStore, existing_store, load_settings


def opened(environ: Mapping[str, str], folder: Path) -> SqliteStore:
    """The store that the settings name, and its folder on standard error. Raises SettingsError or StoreError."""
    settings = load_settings(environ, folder)
    store = existing_store(settings)
    print(f"promptguard: reading {Path(settings.data).absolute()}", file=sys.stderr)
    return store
