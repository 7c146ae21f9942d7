"""Stage 2 of the cascade: the encoder, asked about a batch of windows at once.

What it says is checked each time: numbers of the expected shape, all of them finite. Anything else is an error, never
a score.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from promptguard_gateway.core.text_model import Speaker
from promptguard_gateway.inference.calibration import log_odds, probabilities
from promptguard_gateway.inference.manifest import ArtifactError, Head, Manifest
from promptguard_gateway.inference.runtime import Ids, Output, Session, Shape

Scores = Mapping[str, float]
"""Probabilities by meaning."""


class Senseless(Exception):
    """The model's answer is no answer: numbers that are not finite, or of another shape."""


class Encoder:
    """A session with what its manifest says of it. Raises ArtifactError where the two do not fit."""

    def __init__(self, session: Session, manifest: Manifest, vocabulary: int) -> None:
        self._session = session
        self._manifest = manifest
        self._heads = [head for head in manifest.heads if any(label.means for label in head.labels)]
        self._outputs = [head.output for head in self._heads]
        self._check_inputs()
        for head in manifest.heads:
            self._check_output(head.output, (None, len(head.labels)))
        if manifest.tags is not None:
            self._check_output(manifest.tags.output, (None, None, len(manifest.tags.labels)))
        windows = manifest.windows
        if max(windows.first, windows.last, windows.padding, *windows.speakers.values()) >= vocabulary:
            raise ArtifactError("manifest.json: windows names a token that the tokenizer does not have.")

    def scores(self, batch: Sequence[tuple[Speaker, Sequence[int]]]) -> list[Scores]:
        """The scores of these windows. Raises Senseless, and whatever the runtime raises."""
        feeds = self._feeds([ids for _, ids in batch])
        found = self._session.run(feeds, self._outputs)
        columns = [one for head in self._heads for one in _columns(head, found[head.output], len(batch))]
        return [
            {means: float(values[row]) for head, means, values in columns if speaker in head.speakers}
            for row, (speaker, _) in enumerate(batch)
        ]

    def _feeds(self, windows: Sequence[Sequence[int]]) -> dict[str, Ids]:
        names, padding = self._manifest.inputs, self._manifest.windows.padding
        ids = np.full((len(windows), max(map(len, windows))), padding, np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        feeds = {names.ids: ids}
        if names.mask is not None:
            feeds[names.mask] = mask
        if names.types is not None:
            feeds[names.types] = np.zeros_like(ids)
        return feeds

    def _check_inputs(self) -> None:
        names = self._manifest.inputs
        wanted = {name for name in (names.ids, names.mask, names.types) if name is not None}
        if wanted != self._session.inputs.keys():
            has, says = ", ".join(sorted(self._session.inputs)), ", ".join(sorted(wanted))
            raise ArtifactError(f"model.onnx has the inputs {has}, where manifest.json says {says}.")
        for name, shape in self._session.inputs.items():
            if len(shape) != 2 or any(size is not None for size in shape):
                raise ArtifactError(f"model.onnx takes only one size of {name}; it must take any batch and length.")

    def _check_output(self, name: str, wanted: Shape) -> None:
        shape = self._session.outputs.get(name)
        if shape is None:
            raise ArtifactError(f"model.onnx has no output {name}.")
        if len(shape) != len(wanted) or shape[-1] not in (None, wanted[-1]):
            raise ArtifactError(f"model.onnx gives {name} in another shape than manifest.json has labels for.")


def _columns(head: Head, logits: Output, rows: int) -> list[tuple[Head, str, Output]]:
    """The probabilities of each label that means something. Raises Senseless."""
    if logits.shape != (rows, len(head.labels)):
        raise Senseless("shape")
    if not np.isfinite(logits).all():
        raise Senseless("not finite")
    odds = log_odds(logits, head.activation)
    return [
        (head, label.means, probabilities(odds[:, column], label.calibration))
        for column, label in enumerate(head.labels)
        if label.means is not None
    ]
