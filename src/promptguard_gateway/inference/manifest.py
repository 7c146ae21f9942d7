"""The manifest of a model folder: what is in it, how to ask the model, and what its answers mean.

`manifest.json` is all that an operator writes to bring a model of their own; docs/text-model.md explains every member.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, structs

from promptguard_gateway.core.detector import Operating, Recommended, Spec
from promptguard_gateway.core.text_model import MEANINGS, SPECS, Speaker, detectors_of

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
_FORMAT = 1

INCLUDED = Path(__file__).parent / "artifact"
"""The model that comes with the package, if it comes with one."""


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

    A window is `first`, the token of the speaker if `speakers` has one, the text's tokens, and `last`. `folded`: the
    model reads the skeleton of the text (`core.fold`) instead of the text.
    """

    tokens: int
    overlap: int
    first: int
    last: int
    padding: int = 0
    speakers: Mapping[Speaker, int] = {}
    folded: bool = True

    @property
    def inside(self) -> int:
        """Tokens of the text in one window."""
        return self.tokens - 2 - bool(self.speakers)


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


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of a head. `means`: a meaning of `core.text_model`; without one the column is not used."""

    name: str
    means: str | None = None
    calibration: Calibration = Calibration()
    thresholds: Mapping[Literal["strict", "moderate", "permissive"], Band] = {}
    operating: tuple[Operating, ...] = ()  # measured on data that the model was not trained on


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One output, float [batch, labels]: logits that stand for themselves (sigmoid) or exclude each other (softmax).

    `speakers`: for whom it was trained; it is not asked about others.
    """

    output: str
    activation: Literal["sigmoid", "softmax"]
    labels: tuple[Label, ...]
    speakers: tuple[Speaker, ...] = tuple(Speaker)


class Tags(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An output for each token, float [batch, length, labels]: `O`, or `B-` or `I-` and a kind of personal data."""

    output: str
    labels: tuple[str, ...]
    speakers: tuple[Speaker, ...] = tuple(Speaker)


class FirstStage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of microseconds (`inference.first_stage`): a window is settled if all of its outputs, float [batch, 1],
    say that the encoder would mark it with a probability below `settles_below`."""

    file: str
    outputs: tuple[str, ...]
    settles_below: float


class Example(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text with scores that the model must give it wherever it runs, to `within`: checked at every load."""

    speaker: Speaker
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

    def meanings(self, speaker: Speaker) -> tuple[str, ...]:
        """What the model can say of this speaker."""
        return tuple(means for head in self.heads if speaker in head.speakers for means, _ in _meant(head))

    @property
    def specs(self) -> tuple[Spec, ...]:
        """The detectors that the model has scores for."""
        labels = {means: label for head in self.heads for means, label in _meant(head)}
        return tuple(_spec(meaning, labels.get(meaning)) for meaning in detectors_of(tuple(labels)))


def _meant(head: Head) -> Iterator[tuple[str, Label]]:
    return ((label.means, label) for label in head.labels if label.means is not None)


def _spec(meaning: str, label: Label | None) -> Spec:
    """The detector of a meaning, with what is known of its label's thresholds."""
    if label is None:  # an attack of which only the kinds have labels
        return SPECS[meaning]
    recommended = tuple(Recommended(level, band.warn, band.block) for level, band in label.thresholds.items())
    return structs.replace(SPECS[meaning], recommended=recommended, operating=label.operating)


def read(folder: Path) -> tuple[Manifest, bytes]:
    """The manifest of a model folder, and its bytes. Raises ArtifactError."""
    data = read_file(folder / MANIFEST)
    return parse(data), data


def read_file(path: Path) -> bytes:
    """A file of a model folder. Raises ArtifactError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path.name} cannot be read ({error.strerror or type(error).__name__}).") from None


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
        (all(map(_is_measured, labels)), "operating is no table: thresholds must rise, in shares of 1"),
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


def _is_measured(label: Label) -> bool:
    shares = [share for one in label.operating for share in (one.threshold, one.false_alarms, one.recall)]
    rising = all(one.threshold < other.threshold for one, other in pairwise(label.operating))
    falling = all(one.false_alarms >= other.false_alarms for one, other in pairwise(label.operating))
    return rising and falling and all(0 <= share <= 1 for share in shares)


def _is_band(band: Band) -> bool:
    return 0 <= band.warn <= band.block <= 1
