"""`promptguard models`: which text model is used, whether its folder is whole, what it costs here, and what its
thresholds must be for harmless texts of one's own."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from promptguard_gateway.app import (
    Manifest,
    Passage,
    SettingsError,
    Speaker,
    folder_of,
    included_model,
    load_model,
    load_settings,
    manifest_of,
    model_budgets,
    model_costs,
)
from promptguard_gateway.cli.texts import texts_of_rows

_FEWEST = 200  # texts: below, a share of 0.5 % is no text at all


def list_command(environ: Mapping[str, str], folder: Path) -> None:
    """The model that the settings choose, and the one that comes with the package. Raises SettingsError."""
    chosen, included = folder_of(load_settings(environ, folder)), included_model()
    for path in dict.fromkeys(one for one in (included, chosen) if one is not None):
        print(f"{_named(manifest_of(path))}, {'used' if path == chosen else 'not used'}: {path}")
    if included is None:
        print("No text model comes with this package.")
    if chosen is None:
        print("No text model is used. PROMPTGUARD_MODEL names one.")


def verify_command(environ: Mapping[str, str], folder: Path, model: str | None) -> None:
    """Check a model's folder as the start does: digests, inputs and outputs, examples. Raises SettingsError."""
    artifact = load_model(_folder(environ, folder, model))
    print(f"{_named(artifact.manifest)} is whole. SHA-256 of its manifest: {artifact.digest}")
    for spec in artifact.manifest.specs:
        bands = ", ".join(f"{one.level} {one.warn:g} and {one.block:g}" for one in spec.recommended)
        print(f"  {spec.id}: {bands or 'no thresholds of its own'}")


def bench_command(environ: Mapping[str, str], folder: Path, model: str | None) -> None:
    """What one window costs here. Raises SettingsError."""
    print("tokens  encoder ms  first stage ms")
    for cost in model_costs(_folder(environ, folder, model)):
        first = "-" if cost.first_stage is None else f"{cost.first_stage * 1e3:.3f}"
        print(f"{cost.tokens:6}  {cost.encoder * 1e3:10.2f}  {first:>14}")


def calibrate_command(environ: Mapping[str, str], folder: Path, file: str, speaker: str, model: str | None) -> None:
    """Thresholds for shares of a file's texts, all of them harmless. Raises SettingsError."""
    if speaker not in list(Speaker):
        raise SettingsError(f"--speaker {speaker!r} is not known. It must be one of {', '.join(Speaker)}.")
    texts = [Passage(Speaker(speaker), text) for text in texts_of_rows(Path(file))]
    if len(texts) < _FEWEST:
        raise SettingsError(f"{file} has {len(texts)} texts, too few to tell one in a hundred. Give {_FEWEST}.")
    print(f"# thresholds that so many of {len(texts)} texts reach", file=sys.stderr)
    for line in _lines(_folder(environ, folder, model), texts):
        print(line)


def _lines(model: Path, texts: list[Passage]) -> Iterator[str]:
    for budget in model_budgets(model, texts):
        yield f"{budget.detector:26} {budget.share:7.1%}  {budget.threshold:.5f}"


def _folder(environ: Mapping[str, str], folder: Path, model: str | None) -> Path:
    chosen = Path(model) if model is not None else folder_of(load_settings(environ, folder))
    if chosen is None:
        raise SettingsError("No text model is used. PROMPTGUARD_MODEL names one, and so can an argument here.")
    return chosen


def _named(manifest: Manifest) -> str:
    return f"{manifest.name} {manifest.version} ({manifest.licence})"
