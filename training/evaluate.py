"""Step 6: tables of what a model folder finds. `python -m training.evaluate --help`.

For any JSON lines of the data's shape: recall and false alarms at a level's thresholds, area under the curve, and
recall at one false alarm in a hundred; by source, speaker, language and length; for the model alone, for the patterns
alone, and for the decision of the two. `--baseline` fits a linear model over n-grams to training rows, as a floor.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from promptguard_gateway.app import judge_of
from promptguard_gateway.core.policy import Verb
from promptguard_gateway.core.segments import Channel, Direction, Role, Segment, column_of
from promptguard_gateway.core.text_model import Speaker
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.inference.artifact import Artifact, load
from training.encoder import HARMS
from training.readings import Labelled, Numbers, attacking, auc, harmful, log_odds, texts_of, threshold_at

_ROLES = {Speaker.DOCUMENT: Role.DOCUMENT, Speaker.TOOL: Role.TOOL, Speaker.USER: Role.USER}
_LENGTHS = ((0, 100), (100, 400), (400, 1500), (1500, 10**9))


def probabilities(artifact: Artifact, texts: Sequence[Labelled]) -> dict[str, Numbers]:
    """By meaning, the highest score of each text."""
    return {meaning: 1 / (1 + np.exp(-odds)) for meaning, odds in log_odds(artifact, texts).items()}


def thresholds(artifact: Artifact, level: str) -> dict[str, float]:
    """By meaning, the score at which this level blocks."""
    labels = [label for head in artifact.manifest.heads for label in head.labels]
    return {label.means: label.thresholds[level].block for label in labels if label.means and label.thresholds}


def blocked_by_patterns(texts: Sequence[Labelled], level: str) -> Numbers:
    """1 for each text of a request that the gateway blocks without a model; answers count as not blocked."""
    judge = judge_of(Settings(policy=level))
    found = np.zeros(len(texts))
    for index, text in enumerate(texts):
        if role := _ROLES.get(text.speaker):
            column = column_of(Direction.INPUT, role, Channel.CONTENT)
            segment = Segment(("text",), role, text.text, column, turn=0)
            found[index] = judge.request("evaluation", [segment]).decision.outcome is Verb.BLOCK
    return found


def baseline(train: Path, texts: Sequence[Labelled]) -> Numbers:
    """Scores of logistic regression over hashed words and characters (what a day's work without an encoder gives)."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_union

    rows = [text for text in texts_of([train]) if attacking(text) is not None]
    words = HashingVectorizer(ngram_range=(1, 3), n_features=2**20, alternate_sign=False)
    characters = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=2**20, alternate_sign=False)
    both = make_union(words, characters)
    model = SGDClassifier(loss="log_loss", alpha=1e-6, random_state=1, max_iter=20)
    model.fit(both.transform([text.text for text in rows]), [attacking(text) for text in rows])
    found: Numbers = model.decision_function(both.transform([text.text for text in texts]))
    return found


class Table:
    """Rows of figures about one question: is this text bad, and was it blocked?"""

    def __init__(self, known: Sequence[bool | None], scores: Numbers, blocked: Numbers) -> None:
        self.there = np.array([one is not None for one in known])
        self.bad = np.array([bool(one) for one in known]) & self.there
        self.good = ~self.bad & self.there
        self.scores, self.blocked = scores, blocked

    def row(self, name: str, chosen: Numbers | None = None) -> str:
        """One line for the chosen texts."""
        part = self.there if chosen is None else chosen.astype(bool) & self.there
        good, bad = part & self.good, part & self.bad
        at_one = ""
        if good.sum() >= 100 and bad.any():
            at_one = f"{(self.scores[bad] >= threshold_at(self.scores[good], 0.01)).mean():.3f}"
        area = f"{auc(self.scores[good], self.scores[bad]):.3f}" if good.any() and bad.any() else ""
        caught, alarms = _share(self.blocked[bad]), _share(self.blocked[good])
        return f"{name[:44]:44} {bad.sum():6} {caught:>7} {good.sum():6} {alarms:>7} {area:>6} {at_one:>7}"


def _share(values: Numbers) -> str:
    return f"{values.mean():.3f}" if len(values) else ""


HEAD = f"{'':44} {'bad':>6} {'recall':>7} {'good':>6} {'alarms':>7} {'AUC':>6} {'at 1 %':>7}"


def groups(texts: Sequence[Labelled]) -> list[tuple[str, Numbers]]:
    """Named parts of the texts."""
    ways: list[Callable[[Labelled], str]] = [
        lambda text: f"speaker {text.speaker.value}",
        lambda text: f"language {text.language}" if text.language else "",
        lambda text: next(f"length {low} to {high}" for low, high in _LENGTHS if low <= len(text.text) < high),
        lambda text: f"source {text.source}",
    ]
    found: list[tuple[str, Numbers]] = []
    for way in ways:
        names = [way(text) for text in texts]
        found += [(name, np.array([one == name for one in names])) for name in sorted({*names} - {""})]
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, required=True, help="a model folder")
    parser.add_argument("--level", default="moderate", choices=("strict", "moderate", "permissive"))
    parser.add_argument("--baseline", type=Path, help="training rows for the linear model to compare with")
    parser.add_argument("files", type=Path, nargs="+", help="JSON lines of the injection or the safety data's shape")
    options = parser.parse_args()
    texts = texts_of(options.files)
    artifact = load(options.artifact)
    scores, limits = probabilities(artifact, texts), thresholds(artifact, options.level)
    model = np.any([scores[means] >= limit for means, limit in limits.items()], axis=0)
    patterns = blocked_by_patterns(texts, options.level)
    attack = [attacking(text) for text in texts]
    print(HEAD)
    if any(attack):
        alone = Table(attack, scores["attack"], scores["attack"] >= limits["attack"])
        print(alone.row("ATTACK: the model"))
        print(Table(attack, patterns, patterns).row("the patterns"))
        print(Table(attack, np.maximum(scores["attack"], patterns), np.maximum(model, patterns)).row("the decision"))
        if options.baseline:
            linear = baseline(options.baseline, texts)
            limit = threshold_at(linear[alone.good], 0.01)
            print(Table(attack, linear, linear >= limit).row("a linear model over n-grams, at 1 %"))
        print("\n".join(alone.row(name, chosen) for name, chosen in groups(texts)))
    for harm in HARMS if any(text.harms for text in texts) else ():
        known = [harmful(text, harm) for text in texts]
        print(Table(known, scores[harm], scores[harm] >= limits[harm]).row(f"HARM: {harm}"))
    if any(text.harms for text in texts):
        most = np.max([scores[harm] / limits[harm] for harm in HARMS], axis=0)
        known = [None if text.harms is None else bool(text.harms) for text in texts]
        table = Table(known, most, most >= 1)
        print(table.row("HARM: any"))
        print("\n".join(table.row(name, chosen) for name, chosen in groups(texts)))


if __name__ == "__main__":
    main()
