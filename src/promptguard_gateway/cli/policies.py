"""`promptguard policies`: check a policy before it is used, and show what one comes to."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from promptguard_gateway.app import (
    NAMES_IN_WORDS,
    PRESETS,
    Action,
    Column,
    Policy,
    Settings,
    SettingsError,
    load_settings,
    policy_of,
    with_policy,
)


def check_command(environ: Mapping[str, str], folder: Path, file: str) -> None:
    """Read a policy file as the start would. Raises SettingsError, which names the place and the way out."""
    policy = policy_of(with_policy(load_settings(environ, folder), folder, file))
    rules = [name for name in policy.rows if name.startswith("custom.") and name not in policy.unavailable]
    print(f"{file} is a policy: {policy.name}, {len(rules)} rule{'' if len(rules) == 1 else 's'} of its own")
    for line in _inactive(policy):
        print(line)


def show_command(environ: Mapping[str, str], folder: Path, preset: str | None) -> None:
    """Print the policy of the settings, or a preset: every cell, the thresholds, and what does not act."""
    if preset is not None and preset not in PRESETS:
        raise SettingsError(f"PRESET {preset!r} is not known. It must be {NAMES_IN_WORDS}.")
    settings = load_settings(environ, folder) if preset is None else Settings(policy=preset)
    for line in described(policy_of(settings)):
        print(line)


def described(policy: Policy) -> Iterator[str]:
    """Every cell and threshold of a policy, and what in it does not act, as lines."""
    yield f"policy {policy.name}"
    yield ""
    yield _line("", *(column.replace("_", " ").replace("answer tool", "tool") for column in Column), "flag", "act")
    for family, row in policy.matrix.items():
        yield _line(family.value, *_cells(row), *_band(policy, family.value))
    for detector, row in policy.rows.items():
        yield _line(detector, *_cells(row), *_band(policy, detector))
    for label, row in policy.entity_rows.items():
        yield _line(label, *_cells(row))
    for name in policy.thresholds.keys() - policy.matrix.keys() - policy.rows.keys():
        yield _line(name, *[""] * len(Column), *_band(policy, name))
    yield ""
    yield from _inactive(policy)


def _cells(row: Mapping[Column, Action]) -> Iterator[str]:
    return (row.get(column, Action.OFF).name.lower() for column in Column)


def _band(policy: Policy, name: str) -> tuple[str, ...]:
    band = policy.thresholds.get(name)
    return () if band is None else (f"{band.warn:.2f}", f"{band.block:.2f}")


def _line(first: str, *others: str) -> str:
    return f"{first:<26}" + "".join(f"{other:<17}" for other in others).rstrip()


def _inactive(policy: Policy) -> Iterator[str]:
    """What does not act, and what is not there."""
    if policy.entities is not None:
        yield f"personal data that acts: {', '.join(sorted(policy.entities))}"
    for detector, suppressions in policy.suppressions.items():
        yield f"suppressed: {len(suppressions)} of {detector}"
    for name in sorted(policy.candidates):
        yield f"candidate: {name}"
    for name, reason in policy.unavailable.items():
        yield f"NOT CHECKED: {name} ({reason})"
