"""The one place that knows onnxruntime: a model's bytes become a session that runs on one thread.

One thread: several requests share the machine, and a second thread for one of them is taken from another. No spinning:
a thread that waits for work costs nothing.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Output = NDArray[np.float64]

_ERRORS_ONLY = 3
_INPUT_TYPE = "tensor(int64)"
_OUTPUT_TYPES = ("tensor(float)", "tensor(float16)", "tensor(double)")

Shape = tuple[int | None, ...]


class Session:
    """A loaded model. Raises ValueError for bytes that are none, and for inputs and outputs of other types."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has a class of errors for every status code
            raise ValueError(f"the runtime does not take it ({type(error).__name__})") from None
        self.inputs = {one.name: _shape(one.shape) for one in self._session.get_inputs()}
        self.outputs = {one.name: _shape(one.shape) for one in self._session.get_outputs()}
        for name in [one.name for one in self._session.get_inputs() if one.type != _INPUT_TYPE]:
            raise ValueError(f"its input {name} does not take int64")
        for name in [one.name for one in self._session.get_outputs() if one.type not in _OUTPUT_TYPES]:
            raise ValueError(f"its output {name} gives no floating point numbers")

    def run(self, feeds: Mapping[str, Ids], outputs: Sequence[str]) -> dict[str, Output]:
        """These outputs for these inputs. The interpreter lock is free meanwhile. Raises whatever goes wrong."""
        found = self._session.run(list(outputs), dict(feeds))
        return {name: np.asarray(one, np.float64) for name, one in zip(outputs, found, strict=True)}


def _shape(dimensions: Sequence[object]) -> Shape:
    """Fixed sizes as numbers, others as None."""
    return tuple(size if isinstance(size, int) else None for size in dimensions)
