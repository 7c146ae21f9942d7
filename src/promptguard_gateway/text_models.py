"""Which text model the settings choose: none, the one that comes with the package, or a folder of the operator's.

What a policy must know of it stands in its manifest, so that policies can be checked without loading it. The runtime is
imported when a model is loaded, and not before: it takes a third of a second.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.core.text_model import Passage
from promptguard_gateway.domain.settings import INCLUDED, OFF, Settings
from promptguard_gateway.domain.settings_source import SettingsError
from promptguard_gateway.inference import manifest
from promptguard_gateway.inference.manifest import ArtifactError, Manifest
from promptguard_gateway.proxy.understanding import Understanding

if TYPE_CHECKING:
    from promptguard_gateway.inference.artifact import Artifact
    from promptguard_gateway.inference.measuring import Budget, Cost


def included_model() -> Path | None:
    """The folder of the model that comes with the package; None if none does."""
    return manifest.INCLUDED if manifest.INCLUDED.exists() else None


def folder_of(settings: Settings) -> Path | None:
    """The folder of the text model; None if there is none."""
    if settings.model == OFF:
        return None
    return manifest.INCLUDED if settings.model == INCLUDED else Path(settings.model)


def manifest_of(folder: Path) -> Manifest:
    """What a model's folder says of it, without loading it. Raises SettingsError."""
    try:
        return manifest.read(folder)[0]
    except ArtifactError as error:
        raise SettingsError(f"PROMPTGUARD_MODEL: the model in {folder} cannot be used. {error}") from None


def load_model(folder: Path) -> "Artifact":
    """A model, loaded and checked. Takes a second. Raises SettingsError."""
    from promptguard_gateway.inference.artifact import load

    try:
        return load(folder)
    except ArtifactError as error:
        raise SettingsError(f"PROMPTGUARD_MODEL: {error}") from None


def model_detectors(settings: Settings) -> tuple[PatternDetector, ...]:
    """The text model's detectors, without patterns: policies name them, and the model finds. Raises SettingsError."""
    folder = folder_of(settings)
    specs = () if folder is None else manifest_of(folder).specs
    return tuple(PatternDetector(spec=spec, patterns=()) for spec in specs)


def understanding_of(settings: Settings) -> Understanding | None:
    """The text model at work; None if there is none. Takes a second. Raises SettingsError."""
    folder = folder_of(settings)
    if folder is None:
        return None
    from promptguard_gateway.inference.model import TextModel

    return Understanding(TextModel(load_model(folder)), settings.model_budget_ms / 1000)


def model_costs(folder: Path) -> "Iterator[Cost]":
    """What a model costs on this machine. Raises SettingsError."""
    from promptguard_gateway.inference.measuring import costs

    return costs(load_model(folder))


def model_budgets(folder: Path, texts: Sequence[Passage]) -> "Iterator[Budget]":
    """The thresholds that so many of these harmless texts reach. Raises SettingsError."""
    from promptguard_gateway.inference.measuring import budgets

    return budgets(load_model(folder), texts)
