"""From logits to probabilities: log-odds first, then what the calibration makes of them."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from promptguard_gateway.inference.manifest import Calibration

Numbers = NDArray[np.float64]


def log_odds(logits: Numbers, activation: Literal["sigmoid", "softmax"]) -> Numbers:
    """The log-odds of each label: the logit itself, or how far it stands above all others together."""
    if activation == "sigmoid":
        return logits
    columns = range(logits.shape[1])
    others = [np.logaddexp.reduce(np.delete(logits, column, axis=1), axis=1) for column in columns]
    return np.asarray(logits - np.stack(others, axis=1), np.float64)


def probabilities(odds: Numbers, calibration: Calibration) -> Numbers:
    """Calibrated probabilities of one label's log-odds."""
    if calibration.points:
        places, values = zip(*calibration.points, strict=True)
        return np.asarray(np.interp(odds, places, values), np.float64)
    # The sigmoid, by a function that does not overflow.
    return 0.5 * (1.0 + np.tanh(0.5 * (odds / calibration.temperature + calibration.bias)))
