"""Which text model the settings choose: none, the one that comes with the package, or a folder of the operator's.

What a policy must know of it stands in its manifest, so that policies can be checked without loading it. The runtime is
imported when a model is loaded, and not before: it takes a third of a second.
"""

from pathlib import Path

from promptguard_gateway.core.detector import PatternDetector
from promptguard_gateway.domain.settings import INCLUDED, OFF, Settings
from promptguard_gateway.domain.settings_source import SettingsError
from promptguard_gateway.inference import manifest
from promptguard_gateway.inference.manifest import ArtifactError
from promptguard_gateway.proxy.understanding import Understanding


def folder_of(settings: Settings) -> Path | None:
    """The folder of the text model; None if there is none."""
    if settings.model == OFF:
        return None
    if settings.model == INCLUDED:
        return manifest.INCLUDED if manifest.INCLUDED.exists() else None
    return Path(settings.model)


def model_detectors(settings: Settings) -> tuple[PatternDetector, ...]:
    """The text model's detectors, without patterns: policies name them, and the model finds. Raises SettingsError."""
    folder = folder_of(settings)
    if folder is None:
        return ()
    try:
        return tuple(PatternDetector(spec=spec, patterns=()) for spec in manifest.read(folder)[0].specs)
    except ArtifactError as error:
        raise SettingsError(f"PROMPTGUARD_MODEL: the model in {folder} cannot be used. {error}") from None


def understanding_of(settings: Settings) -> Understanding | None:
    """The text model at work; None if there is none. Takes a second. Raises SettingsError."""
    folder = folder_of(settings)
    if folder is None:
        return None
    from promptguard_gateway.inference.artifact import load
    from promptguard_gateway.inference.model import TextModel

    try:
        return Understanding(TextModel(load(folder)), settings.model_budget_ms / 1000)
    except ArtifactError as error:
        raise SettingsError(f"PROMPTGUARD_MODEL: {error}") from None
