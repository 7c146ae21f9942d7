"""`promptguard console`: a way in for people, whether the gateway runs or not."""

from collections.abc import Mapping
from pathlib import Path

from promptguard_gateway.app import console_link, load_settings


def link_command(environ: Mapping[str, str], folder: Path, role: str) -> None:
    """Print a one-time link."""
    print(console_link(load_settings(environ, folder), role))
