"""Labelled texts, and what a model folder says of them: what calibration and evaluation share."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from promptguard_gateway.core.text_model import Passage, Speaker
from promptguard_gateway.inference.artifact import Artifact
from training.encoder import HARMS

Numbers = NDArray[np.float64]
_EDGE = 1e-9  # of a probability, before its log-odds are taken


@dataclass(frozen=True)
class Labelled:
    """One text. `attack` and `harms` are None where its source does not say."""

    text: str
    speaker: Speaker
    attack: bool | None
    harms: frozenset[str] | None
    kind: str  # the label as its source gives it
    source: str
    language: str


def labelled(row: dict[str, object]) -> Labelled:
    """A row of the injection data (`label`, `channel`) or of the safety data (`labels`, `role`)."""
    text, source, language = str(row["text"]), str(row.get("source", "")), str(row.get("lang", ""))
    if "label" in row:
        kind = str(row["label"])
        return Labelled(text, Speaker(str(row.get("channel", "user"))), kind != "benign", None, kind, source, language)
    labels = row["labels"]
    assert isinstance(labels, list)
    speaker = Speaker.OUTPUT if row.get("role") == "assistant" else Speaker.USER
    return Labelled(text, speaker, None, frozenset(labels), ",".join(labels) or "safe", source, language)


def texts_of(files: Iterable[Path]) -> list[Labelled]:
    """The texts of JSON lines."""
    found: list[Labelled] = []
    for file in files:
        with file.open(encoding="utf-8") as lines:
            found += [labelled(json.loads(line)) for line in lines]
    return found


def log_odds(artifact: Artifact, texts: Sequence[Labelled], batch: int = 16) -> dict[str, Numbers]:
    """By meaning, the highest log-odds over each text's windows. A text without a window has the lowest."""
    windows = [
        (len(cut.ids), index, (text.speaker, cut.ids))
        for index, text in enumerate(texts)
        for cut in artifact.cutter.cut(Passage(text.speaker, text.text))
    ]
    windows.sort(key=lambda one: one[0])
    found: dict[str, Numbers] = {}
    for start in range(0, len(windows), batch):
        part = windows[start : start + batch]
        for (_, index, _), scores in zip(part, artifact.encoder.scores([asked for *_, asked in part]), strict=True):
            for meaning, score in scores.items():
                column = found.setdefault(meaning, np.full(len(texts), -np.inf))
                column[index] = max(column[index], logit(score))
    return {meaning: np.maximum(column, logit(0.0)) for meaning, column in found.items()}


def logit(probability: float) -> float:
    """Log-odds of a probability, kept finite."""
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return float(np.log(kept / (1 - kept)))


def auc(good: Numbers, bad: Numbers) -> float:
    """How often a bad text scores above a harmless one (Mann-Whitney; ties count half)."""
    if not len(good) or not len(bad):
        return float("nan")
    ordered = np.sort(good)
    below = np.searchsorted(ordered, bad, "left") + np.searchsorted(ordered, bad, "right")
    return float(below.mean() / 2 / len(good))


def threshold_at(good: Numbers, false_alarms: float) -> float:
    """The lowest score above which at most this share of the harmless texts lies."""
    ordered = np.sort(good)
    allowed = int(false_alarms * len(ordered))
    return float(np.nextafter(ordered[len(ordered) - allowed - 1], np.inf))


def harmful(text: Labelled, harm: str) -> bool | None:
    """Whether a text is of this category. What the injection data calls harmless is no harm either."""
    assert harm in HARMS
    if text.harms is not None:
        return harm in text.harms
    return False if text.attack is False else None


def attacking(text: Labelled) -> bool | None:
    """Whether a text is an attack. What the safety data calls safe is none."""
    if text.attack is not None:
        return text.attack
    return False if not text.harms and text.speaker is Speaker.USER else None
