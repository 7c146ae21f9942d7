"""Stage 1 of the cascade: a model of microseconds that settles what is plainly harmless.

It is a small ONNX model with the encoder's input. Each of its outputs is one number for a window, the log-odds that the
encoder would mark it; the highest counts. Only a number below the manifest's bar settles a window: what is no number
does not.
"""

import math

import numpy as np

from promptguard_gateway.inference.manifest import ArtifactError, FirstStage
from promptguard_gateway.inference.runtime import Session


class Gate:
    """Stage 1, ready to be asked. Raises ArtifactError for a session that does not fit what the manifest says of it."""

    def __init__(self, session: Session, how: FirstStage, ids: str) -> None:
        if session.inputs.keys() != {ids}:
            raise ArtifactError(f"{how.file} must have the input {ids} and no other.")
        for name in how.outputs:
            shape = session.outputs.get(name)
            if shape is None or len(shape) != 2 or shape[-1] not in (None, 1):
                raise ArtifactError(f"{how.file} must give one number for {name} of each window.")
        self._session = session
        self._how = how
        self._ids = ids

    def score(self, ids: tuple[int, ...]) -> float:
        """How likely it is that the encoder would mark this window; 1 where the model gives no number."""
        found = self._session.run({self._ids: np.asarray([ids], np.int64)}, self._how.outputs)
        odds = [float(found[name][0, 0]) for name in self._how.outputs]
        if not all(map(math.isfinite, odds)):
            return 1.0
        return 0.5 * (1.0 + math.tanh(0.5 * max(odds)))

    def settles(self, ids: tuple[int, ...]) -> bool:
        """Whether the encoder need not be asked."""
        return self.score(ids) < self._how.settles_below
