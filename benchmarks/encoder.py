"""What the text model costs, and what its first stage gives up for it.

Run as `python -m benchmarks.encoder`. Costs are CPU of one thread for one window, encoder beside first stage and beside
all-MiniLM-L6-v2 (six layers, int8, exported by the same code), interleaved in one run: compare the ratios. That peer is
built with `--base FOLDER`, the folder of the pretrained weights, and needs `training/requirements.txt`.

With `--data FOLDER` also the curve of the first stage: what share of ordinary harmless prompts it sends on to the
encoder, against the share of what the encoder blocks that it would settle instead.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np

from benchmarks.gateway import markdown
from promptguard_gateway.core.text_model import Passage, Speaker
from promptguard_gateway.inference.artifact import Artifact, load
from promptguard_gateway.inference.manifest import INCLUDED
from promptguard_gateway.inference.runtime import Session

LENGTHS = (16, 32, 64, 128)  # tokens
ROUNDS, REPEATS = 15, 8
BARS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
LEVEL = "moderate"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, default=INCLUDED, help="a model folder")
    parser.add_argument("--base", type=Path, help="folder of all-MiniLM-L6-v2, to compare with")
    parser.add_argument("--data", type=Path, help="folder with injection/ and safety/, for the curve")
    options = parser.parse_args()
    artifact = load(options.artifact)
    with TemporaryDirectory() as folder:
        peer = _peer(options.base, Path(folder)) if options.base else None
        print(markdown(costs(artifact, peer)))
    if options.data:
        print(markdown(curve(artifact, options.data)))
    return 0


def costs(artifact: Artifact, peer: Session | None) -> list[list[str]]:
    """Microseconds of CPU for one window, by its length, and the ratio to the peer's."""
    ways: dict[str, Callable[[Sequence[int]], object]] = {
        "encoder": lambda ids: artifact.encoder.scores([(Speaker.USER, ids)]),
    }
    if artifact.gate is not None:
        gate = artifact.gate
        ways["first stage"] = lambda ids: gate.settles(tuple(ids))
    if peer is not None:
        ways["all-MiniLM-L6-v2"] = lambda ids: peer.run({"ids": np.asarray([ids])}, ["attack"])
    rows = [["tokens", *(f"{name}, µs" for name in ways), "encoder : MiniLM"]]
    for length in LENGTHS:
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(ROUNDS):
            ids = np.random.default_rng(turn).integers(1000, 30000, length).tolist()
            for name, ask in ways.items():
                found[name].append(_cost(ask, ids))
        middle = {name: median(values) for name, values in found.items()}
        ratio = median(a / b for a, b in zip(found["encoder"], found["all-MiniLM-L6-v2"], strict=True)) if peer else 0
        rows.append(
            [str(length), *(f"{value * 1e6:.0f}" for value in middle.values()), f"{ratio:.2f}" if peer else "-"]
        )
    return rows


def _cost(ask: Callable[[Sequence[int]], object], ids: Sequence[int]) -> float:
    started = process_time()
    for _ in range(REPEATS):
        ask(ids)
    return (process_time() - started) / REPEATS


def _peer(base: Path, folder: Path) -> Session:
    """all-MiniLM-L6-v2 as int8, with heads that nobody trained: they cost next to nothing."""
    from training.encoder import Shape, pretrained
    from training.export import encoder_graph, quantized

    target = folder / "peer.onnx"
    quantized(encoder_graph(pretrained(base / "model.safetensors", Shape()).eval()), target)
    return Session(target.read_bytes())


def curve(artifact: Artifact, data: Path) -> list[list[str]]:
    """For each bar: the share of harmless prompts of which the first stage sends a window on, and the share of texts
    that the encoder blocks and that it would settle. The bar of the manifest is one of them."""
    assert artifact.gate is not None
    harmless, bad = _texts(data)
    sent = np.array([max(_gate_scores(artifact, one)) for one in harmless])
    blocked = np.array([score for one in bad if (score := _blocked_by(artifact, one)) is not None])
    shipped = artifact.manifest.first_stage.settles_below if artifact.manifest.first_stage else 0.0
    head = ["bar", f"sent on, of {len(harmless)} harmless prompts", f"settled, of {len(blocked)} blocked texts"]
    return [
        head,
        *(
            [f"{bar:g}", f"{(sent >= bar).mean():.3f}", f"{(blocked < bar).mean():.4f}"]
            for bar in sorted((*BARS, shipped))
        ),
    ]


def _texts(data: Path) -> tuple[list[Passage], list[Passage]]:
    """Harmless prompts of users, and texts that are bad in any way."""
    harmless: list[Passage] = []
    bad: list[Passage] = []
    for name in ("injection", "safety"):
        with (data / name / "dev.jsonl").open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                speaker = Speaker(row.get("channel") or ("output" if row["role"] == "assistant" else "user"))
                passage = Passage(speaker, row["text"])
                if row.get("label", "benign") != "benign" or row.get("labels"):
                    bad.append(passage)
                elif speaker is Speaker.USER:
                    harmless.append(passage)
    return harmless, bad


def _gate_scores(artifact: Artifact, passage: Passage) -> list[float]:
    assert artifact.gate is not None
    return [artifact.gate.score(cut.ids) for cut in artifact.cutter.cut(passage)] or [0.0]


def _blocked_by(artifact: Artifact, passage: Passage) -> float | None:
    """The highest score of the first stage among the windows that the encoder blocks, if there are any."""
    assert artifact.gate is not None
    cuts = artifact.cutter.cut(passage)
    found = artifact.encoder.scores([(passage.speaker, cut.ids) for cut in cuts]) if cuts else []
    labels = [label for head in artifact.manifest.heads for label in head.labels if label.means and label.thresholds]
    scores = [
        artifact.gate.score(cut.ids)
        for cut, said in zip(cuts, found, strict=True)
        if any(said.get(label.means or "", 0.0) >= label.thresholds[LEVEL].block for label in labels)
    ]
    return max(scores, default=None)


if __name__ == "__main__":
    sys.exit(main())
