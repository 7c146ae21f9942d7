"""The manifest of a model folder: what is in it, how to ask the model, and what its answers mean.

`manifest.json` is all that an operator writes to bring a model of their own; docs/models.md explains every member.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import Struct

from promptguard_gateway.core.text_model import MEANINGS, Voice

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
_FORMAT = 1


class ArtifactError(Exception):
    """A model folder that cannot be used; the message says what is wrong with it."""


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file of the folder must be."""

    sha256: str
    bytes: int


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The names of the model's inputs, int64 [batch, length]. Without a name the model has no such input."""

    ids: str = "ids"
    mask: str | None = None
    types: str | None = None


class Windows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a text is cut: `tokens` in a window with those that frame it, of which `overlap` are shared with the next.

    A window is `first`, the token of the voice if `voices` has one, the text's tokens, and `last`. `folded`: the model
    reads the skeleton of the text (`core.fold`) instead of the text.
    """

    tokens: int
    overlap: int
    first: int
    last: int
    padding: int = 0
    voices: Mapping[Voice, int] = {}
    folded: bool = True

    @property
    def inside(self) -> int:
        """Tokens of the text in one window."""
        return self.tokens - 2 - bool(self.voices)


class Calibration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From the log-odds z that the model gives to a probability: sigmoid(z / temperature + bias), or, with `points`
    (z, probability), the line through them, flat beyond the ends."""

    temperature: float = 1.0
    bias: float = 0.0
    points: tuple[tuple[float, float], ...] = ()


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The thresholds that the model's makers recommend at one level of strictness."""

    warn: float
    block: float


class Operating(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a threshold costs and brings, measured on data that the model was not trained on; shares of 1."""

    threshold: float
    false_alarms: float
    recall: float


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of a head. `means`: a meaning of `core.text_model`; without one the column is not used."""

    name: str
    means: str | None = None
    calibration: Calibration = Calibration()
    thresholds: Mapping[Literal["strict", "moderate", "permissive"], Band] = {}
    operating: tuple[Operating, ...] = ()


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One output, float [batch, labels]: logits that stand for themselves (sigmoid) or exclude each other (softmax).

    `voices`: for whom it was trained; it is not asked about others.
    """

    output: str
    activation: Literal["sigmoid", "softmax"]
    labels: tuple[Label, ...]
    voices: tuple[Voice, ...] = tuple(Voice)


class Tags(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An output for each token, float [batch, length, labels]: `O`, or `B-` or `I-` and a kind of personal data."""

    output: str
    labels: tuple[str, ...]
    voices: tuple[Voice, ...] = tuple(Voice)


class FirstStage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of microseconds (`inference.first_stage`): a window is settled if all of its outputs, float [batch, 1],
    say that the encoder would mark it with a probability below `settles_below`."""

    file: str
    outputs: tuple[str, ...]
    settles_below: float


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text with scores that the model must give it wherever it runs, to `within`: checked at every load."""

    voice: Voice
    text: str
    scores: Mapping[str, float]
    within: float = 0.1


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json`."""

    format: int
    name: str
    version: str
    licence: str
    files: Mapping[str, File]
    windows: Windows
    heads: tuple[Head, ...]
    inputs: Inputs = Inputs()
    tags: Tags | None = None
    first_stage: FirstStage | None = None
    examples: tuple[Example, ...] = ()


def parse(data: bytes) -> Manifest:
    """The manifest in a file's bytes. Raises ArtifactError."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise ArtifactError(f"{MANIFEST} cannot be read: {error}.") from None
    for wrong in _wrong(manifest):
        raise ArtifactError(f"{MANIFEST}: {wrong}.")
    return manifest


def _wrong(manifest: Manifest) -> list[str]:
    """What is wrong with a manifest besides its types, as parts of sentences."""
    labels = [label for head in manifest.heads for label in head.labels]
    meant = [label.means for label in labels if label.means is not None]
    needed = {MODEL, TOKENIZER, *([manifest.first_stage.file] if manifest.first_stage else [])}
    windows = manifest.windows
    checks = [
        (manifest.format == _FORMAT, f"format must be {_FORMAT}"),
        (needed <= manifest.files.keys(), f"files must name {', '.join(sorted(needed))}"),
        (all(_is_plain(name) for name in manifest.files), "files must be names without a folder"),
        (set(meant) <= set(MEANINGS), f"means must be one of {', '.join(MEANINGS)}"),
        (len(set(meant)) == len(meant), "two labels mean the same"),
        (bool(meant), "no label means anything"),
        (
            all(len(head.labels) > (head.activation == "softmax") for head in manifest.heads),
            "a head has too few labels",
        ),
        (manifest.first_stage is None or bool(manifest.first_stage.outputs), "first_stage.outputs is empty"),
        (0 <= windows.overlap < windows.inside, "windows.overlap must be smaller than a window"),
        (all(map(_is_sound, (label.calibration for label in labels))), "a calibration is none"),
        (all(_is_band(band) for label in labels for band in label.thresholds.values()), "thresholds are no band"),
    ]
    return [what for holds, what in checks if not holds]


def _is_plain(name: str) -> bool:
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0")


def _is_sound(calibration: Calibration) -> bool:
    """A positive temperature, and points that rise, with probabilities."""
    places = [z for z, _ in calibration.points]
    rising = all(earlier < later for earlier, later in pairwise(places))
    finite = all(map(math.isfinite, (*places, calibration.bias, calibration.temperature)))
    return calibration.temperature > 0 and rising and finite and all(0 <= p <= 1 for _, p in calibration.points)


def _is_band(band: Band) -> bool:
    return 0 <= band.warn <= band.block <= 1
