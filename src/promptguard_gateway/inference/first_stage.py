"""Stage 1 of the cascade: a linear model over token n-grams that settles in microseconds what is plainly harmless.

Every token, pair and triple of neighbours, and every token with its voice, has a weight in a hashed table. Weights are
summed over stretches of the window that overlap by half, and the highest stretch counts, so that long harmless text
around one bad sentence does not dilute it. The table is made in training with the same `slots`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from promptguard_gateway.core.text_model import Voice
from promptguard_gateway.inference.calibration import probabilities
from promptguard_gateway.inference.manifest import ArtifactError, FirstStage

FEATURES = 4
"""How many slots each token has."""

_Whole = NDArray[np.uint64]
# Odd numbers near the golden ratio of 2^64, and the finalizer of MurmurHash3 (Appleby, public domain).
_NOW, _BEFORE, _EARLIER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_SPREAD, _SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(33)


def slots(ids: tuple[int, ...], voice: int, size: int) -> NDArray[np.int64]:
    """[tokens, FEATURES] places in a table of `size`, a power of two: the token; with the one before; with both before;
    with the voice. `ids` are those of the text alone; before its first token stands 0."""
    now = np.asarray(ids, np.uint64) + np.uint64(1)
    before = np.concatenate([np.zeros(1, np.uint64), now[:-1]])
    earlier = np.concatenate([np.zeros(1, np.uint64), before[:-1]])
    pair = now * _NOW + before * _BEFORE
    spoken = np.full(1, voice, np.uint64) * _EARLIER  # an array: numpy warns when a single number overflows
    kinds = (now * _NOW, pair, pair + earlier * _EARLIER, now * _NOW + spoken)
    return np.stack([_mixed(kind + np.uint64(number)) for number, kind in enumerate(kinds)], axis=1) & (size - 1)


def _mixed(keys: _Whole) -> NDArray[np.int64]:
    keys = (keys ^ (keys >> _SHIFT)) * _SPREAD
    return ((keys ^ (keys >> _SHIFT)) >> np.uint64(1)).astype(np.int64)


def stretches(sums: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The normalised sum of each stretch: divided by the square root of its number of features."""
    size = min(length, len(sums))
    starts = np.asarray(sorted({*range(0, len(sums) - size + 1, max(size // 2, 1)), len(sums) - size}))
    total = np.concatenate([np.zeros(1), np.cumsum(sums)])
    stretched: NDArray[np.float64] = (total[starts + size] - total[starts]) / math.sqrt(FEATURES * size)
    return stretched


class Gate:
    """The table, ready to be asked. Raises ArtifactError for a table that is none."""

    def __init__(self, table: NDArray[np.float32], how: FirstStage) -> None:
        size = len(table)
        if table.ndim != 1 or size & (size - 1) or not size or not np.isfinite(table).all():
            raise ArtifactError(f"{how.file} must hold one row of finite numbers, a power of two of them.")
        self._table = table
        self._how = how

    def score(self, ids: tuple[int, ...], voice: Voice, token: int) -> float:
        """How likely it is that the window with these tokens of text is anything; 1 for a voice it does not know."""
        bias = self._how.bias.get(voice)
        if bias is None or not ids:
            return 1.0
        sums = self._table[slots(ids, token, len(self._table))].sum(axis=1, dtype=np.float64)
        highest = stretches(sums, self._how.stretch).max() + bias
        return float(probabilities(np.asarray([highest]), self._how.calibration)[0])

    def settles(self, ids: tuple[int, ...], voice: Voice, token: int) -> bool:
        """Whether the encoder need not be asked."""
        return self.score(ids, voice, token) < self._how.settles_below
