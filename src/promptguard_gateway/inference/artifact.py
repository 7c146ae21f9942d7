"""Loading a model folder: nothing of it is used before its digest was checked, and nothing that cannot work is loaded.

What was read is what is checked and used: files are not opened twice. At the end the model reads a sentence for every
speaker and the manifest's examples, so that a runtime or a processor on which it fails is found at the start.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from promptguard_gateway.core.text_model import Passage, Speaker
from promptguard_gateway.inference.encoder import Encoder, Scores
from promptguard_gateway.inference.first_stage import Gate
from promptguard_gateway.inference.manifest import (
    MANIFEST,
    MODEL,
    TOKENIZER,
    ArtifactError,
    Example,
    Manifest,
    read,
    read_file,
)
from promptguard_gateway.inference.runtime import Session
from promptguard_gateway.inference.windows import Cutter

_SENTENCE = "The quick brown fox jumps over the lazy dog."


class Artifact(Struct, frozen=True):
    """A model folder, ready to be asked. `digest` is the manifest's SHA-256 and names all of it."""

    manifest: Manifest
    digest: str
    cutter: Cutter
    encoder: Encoder
    gate: Gate | None


def load(folder: Path) -> Artifact:
    """The model in a folder. Raises ArtifactError, which names the folder."""
    try:
        return _loaded(folder)
    except ArtifactError as error:
        raise ArtifactError(f"The model in {folder} cannot be used. {error}") from None


def _loaded(folder: Path) -> Artifact:
    manifest, data = read(folder)
    files = {name: _checked(folder / name, wanted.sha256, wanted.bytes) for name, wanted in manifest.files.items()}
    cutter = Cutter(files[TOKENIZER], manifest.windows)
    encoder = Encoder(_session(files, MODEL), manifest, cutter.vocabulary)
    first = manifest.first_stage
    gate = None if first is None else Gate(_session(files, first.file), first, manifest.inputs.ids)
    artifact = Artifact(manifest, hashlib.sha256(data).hexdigest(), cutter, encoder, gate)
    _try_out(artifact)
    return artifact


def _checked(path: Path, sha256: str, size: int) -> bytes:
    """A file's bytes, if they are those that the manifest names."""
    data = read_file(path)
    if len(data) != size:
        raise ArtifactError(f"{path.name} has {len(data)} bytes, where {MANIFEST} says {size}.")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ArtifactError(f"{path.name} has another SHA-256 than {MANIFEST} says: it was changed or damaged.")
    return data


def _session(files: Mapping[str, bytes], name: str) -> Session:
    try:
        return Session(files[name])
    except ValueError as error:
        raise ArtifactError(f"{name}: {error}.") from None


def _try_out(artifact: Artifact) -> None:
    """Ask the model something of every speaker, and what its manifest knows the answer to."""
    for speaker in Speaker:
        _asked(artifact, Passage(speaker, _SENTENCE))
    for example in artifact.manifest.examples:
        _compare(example, _asked(artifact, Passage(example.speaker, example.text)))


def _asked(artifact: Artifact, passage: Passage) -> Scores:
    """The highest scores of a passage's windows."""
    cuts = artifact.cutter.cut(passage)
    try:
        found = artifact.encoder.scores([(passage.speaker, cut.ids) for cut in cuts])
    except Exception as error:
        raise ArtifactError(f"{MODEL} fails on a sentence ({type(error).__name__}: {error}).") from None
    return {meaning: max(scores[meaning] for scores in found) for meaning in found[0]}


def _compare(example: Example, scores: Scores) -> None:
    for meaning, wanted in example.scores.items():
        found = scores.get(meaning)
        if found is None or abs(found - wanted) > example.within:
            said = "nothing" if found is None else f"{found:.3f}"
            raise ArtifactError(f"It says {said} for {meaning} of an example, where {MANIFEST} says {wanted:.3f}.")
