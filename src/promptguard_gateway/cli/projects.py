"""`promptguard projects`: on the store itself, whether the gateway runs or not."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from promptguard_gateway.app import OPERATOR, Asked, ProjectCreate, desks, load_settings, read_yaml
from promptguard_gateway.cli.folder import opened


def create_command(
    environ: Mapping[str, str], folder: Path, name: str, use_case: str | None, level: str | None
) -> None:
    """Make a project and print its id. Raises SettingsError for a use case or level that is none."""
    given = {"name": name, "use_case": use_case, "strictness_level": level}
    body = read_yaml(msgspec.yaml.encode(given).decode(), "the options", ProjectCreate)
    settings = load_settings(environ, folder)
    store = opened(environ, folder)
    try:
        print(desks(settings, store).projects.create(OPERATOR, body).id)
    finally:
        store.close()


def list_command(environ: Mapping[str, str], folder: Path) -> None:
    """A line for each project, in columns."""
    settings = load_settings(environ, folder)
    store = opened(environ, folder)
    try:
        known = desks(settings, store).projects.list(OPERATOR)
    finally:
        store.close()
    rows = [("id", "policy", "version", "fail mode", "created")]
    for one in known:
        version = "the gateway's" if one.policy_version is None else str(one.policy_version)
        rows.append((one.id, f"{one.use_case}:{one.strictness_level}", version, one.fail_mode, one.created_at))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def remove_command(environ: Mapping[str, str], folder: Path, project: str) -> None:
    """Remove a project. Raises GatewayError for one that is not there, and for the default project."""
    settings = load_settings(environ, folder)
    store = opened(environ, folder)
    try:
        desks(settings, store).projects.remove(Asked(OPERATOR.authority, OPERATOR.author, {"project": project}))
    finally:
        store.close()
    print(f"removed {project}; its keys are revoked")
