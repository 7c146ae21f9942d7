"""Detectors from other packages, for those who want one that we do not have.

A package offers detectors in the entry-point group `promptguard.detectors`. Being installed is not enough: the operator
names the packages whose detectors run, because whatever runs in the gateway sees every prompt. What is named is checked
before the first request, and a detector that fails later follows the policy's failure mode like any of ours.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points

from promptguard_gateway.core.contract import ContractError, checked
from promptguard_gateway.core.detector import Detector, specs_of
from promptguard_gateway.core.findings import Family
from promptguard_gateway.domain.settings_source import SettingsError

GROUP = "promptguard.detectors"
_RESERVED = ("judge", "model", "stream", "patterns")  # other models, the hold limit, a failure of all patterns

Offers = Mapping[str, Sequence[EntryPoint]]  # by the package's name, as installers compare it


def offered_detectors() -> Offers:
    """What the installed packages offer. Nothing of it is loaded."""
    offered: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        if entry.dist is not None:
            offered.setdefault(_normal(entry.dist.name), []).append(entry)
    return offered


def load_detectors(packages: Sequence[str], offered: Offers, ours: Iterable[Detector]) -> tuple[Detector, ...]:
    """The detectors that these packages offer, in order. `ours` come with the gateway, and their names are taken.

    Raises SettingsError for a package that is not there, cannot be loaded or offers something wrong.
    """
    taken = {detector.spec.id for detector in ours}
    reserved = {*map(_owner, taken), *(family.value for family in Family), *_RESERVED}
    found: list[Detector] = []
    for package in packages:
        for entry in _entries_of(package, offered):
            for detector in _load(package, entry):
                for spec in specs_of(detector):
                    _claim(package, spec.id, taken, reserved)
                found.append(detector)
    return tuple(found)


def _normal(package: str) -> str:
    """A package's name as installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _entries_of(package: str, offered: Offers) -> list[EntryPoint]:
    entries = offered.get(_normal(package))
    if entries is None:
        others = f" Installed ones that do: {', '.join(sorted(offered))}." if offered else ""
        raise SettingsError(
            f"PROMPTGUARD_PLUGINS names {package!r}, which is not installed or offers no detectors.{others}"
        )
    return sorted(entries, key=lambda entry: entry.name)


def _load(package: str, entry: EntryPoint) -> list[Detector]:
    try:
        value = entry.load()
    except Exception as error:  # somebody else's module may fail in any way
        raise SettingsError(
            f"PROMPTGUARD_PLUGINS names {package!r}, but {entry.value} cannot be loaded ({type(error).__name__}). "
            f'Run `python -c "import {entry.module}"` to see why.'
        ) from error
    try:
        return [checked(each) for each in (value if isinstance(value, tuple) else (value,))]
    except ContractError as error:
        raise SettingsError(f"PROMPTGUARD_PLUGINS names {package!r}, whose {entry.value} is wrong: {error}.") from None


def _claim(package: str, name: str, taken: set[str], reserved: set[str]) -> None:
    if name in taken or _owner(name) in reserved:
        raise SettingsError(
            f"PROMPTGUARD_PLUGINS names {package!r}, whose detector {name} has a name that is taken. "
            "Its id must begin with a word of the package's own."
        )
    taken.add(name)


def _owner(name: str) -> str:
    return name.partition(".")[0]
