"""What a model folder costs on this machine, and what its thresholds must be for somebody's own harmless texts."""

from collections.abc import Iterator, Sequence
from statistics import median
from time import process_time

import numpy as np
from msgspec import Struct

from promptguard_gateway.core.text_model import SPECS, Passage, Speaker, detectors_of
from promptguard_gateway.inference.artifact import Artifact
from promptguard_gateway.inference.encoder import Scores

LENGTHS = (16, 32, 64, 128)  # tokens of a window, as far as the model takes them
BUDGETS = (0.001, 0.005, 0.01, 0.02, 0.05)  # shares of harmless texts
_ROUNDS = 9
_BATCH = 16


class Cost(Struct, frozen=True):
    """CPU of one window of so many tokens, in seconds of one thread. `first_stage` is None without one."""

    tokens: int
    encoder: float
    first_stage: float | None


class Budget(Struct, frozen=True):
    """The lowest threshold of a detector that at most this share of the texts reaches."""

    detector: str
    share: float
    threshold: float


def costs(artifact: Artifact) -> Iterator[Cost]:
    """Medians. Which tokens a window has does not matter."""
    windows = artifact.manifest.windows
    for length in [one for one in LENGTHS if one <= windows.tokens]:
        encoder, first = [], []
        ids = (windows.first,) * length
        for _ in range(_ROUNDS):
            started = process_time()
            artifact.encoder.scores([(Speaker.USER, ids)])
            between = process_time()
            if artifact.gate is not None:
                artifact.gate.score(ids)
            encoder.append(between - started)
            first.append(process_time() - between)
        yield Cost(length, median(encoder), median(first) if artifact.gate is not None else None)


def budgets(artifact: Artifact, texts: Sequence[Passage]) -> Iterator[Budget]:
    """For each detector, thresholds by share of these harmless texts. A text counts with its highest window."""
    highest = [_highest(artifact, text) for text in texts]
    for meaning in detectors_of(tuple(dict.fromkeys(name for scores in highest for name in scores))):
        values = np.sort([scores.get(meaning, 0.0) for scores in highest])
        for share in BUDGETS:
            above = int(share * len(values))
            yield Budget(SPECS[meaning].id, share, float(np.nextafter(values[len(values) - above - 1], 1.0)))


def _highest(artifact: Artifact, text: Passage) -> Scores:
    cuts = artifact.cutter.cut(text)
    found: dict[str, float] = {}
    for start in range(0, len(cuts), _BATCH):
        for scores in artifact.encoder.scores([(text.speaker, cut.ids) for cut in cuts[start : start + _BATCH]]):
            for meaning, score in scores.items():
                found[meaning] = max(score, found.get(meaning, 0.0))
    return found
