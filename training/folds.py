"""How well attacks of kinds never seen are found: six folds hold whole kinds out. `python -m training.folds --help`.

A fold holds out sources, families of attacks or languages, with the harmless texts that belong to them. On the outputs
of the pretrained encoder, which has seen none of it, a head is fitted to the rest, once with the fold's texts and once
without. The gap between the two is what a new kind costs; dev figures say nothing about it. The heads are small and the
encoder is not trained here, so the figures are low: it is the gap that counts.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from training.data import plain, tokenizer, windows
from training.encoder import Encoder, Shape, pool, pretrained
from training.readings import Numbers, auc, threshold_at
from training.train import SEED, padded

MOST_WINDOWS = 4
Row = dict[str, str]


def _starts(*beginnings: str) -> Callable[[Row], bool]:
    return lambda row: row["split_group"].startswith(beginnings)


FOLDS: Mapping[str, Callable[[Row], bool]] = {
    "jailbreaks by role, story and game": _starts("jailbreak-frame/", "benign-frame/"),
    "orders that override or ignore": _starts("indirect/override", "indirect/ignore-prev"),
    "orders by authority, politely or to the assistant": _starts(
        "indirect/authority", "indirect/polite", "indirect/ai-addressed"
    ),
    "HackAPrompt and collected injections": lambda row: any(
        name in row["source"] for name in ("HackAPrompt", "train.csv", "sinanw", "mik0w", "goodwiins")
    ),
    "jailbreaks from the wild, chats": lambda row: any(
        name in row["source"] for name in ("jailbreak_prompts", "Ultrachat", "awesome-chatgpt")
    ),
    "languages other than English": lambda row: (
        "xquad" in row["source"] or row["split_group"].startswith("multilingual")
    ),
}


def outputs(model: Encoder, base: Path, rows: Sequence[Row]) -> Tensor:
    """The pooled outputs of each row's windows: their maximum, with the mean of the first window beside it."""
    tool = tokenizer(base)
    encodings = tool.encode_batch([plain(row["text"]) for row in rows], add_special_tokens=False)
    cut = [
        (index, window)
        for index, (encoding, row) in enumerate(zip(encodings, rows, strict=True))
        for window in windows(encoding.ids, row["channel"])[:MOST_WINDOWS]
    ]
    cut.sort(key=lambda one: len(one[1]))
    found: list[Tensor | None] = [None] * len(rows)
    for start in range(0, len(cut), 32):
        part = cut[start : start + 32]
        ids = padded([window for _, window in part])
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            pooled = pool(model.states(ids), ids).float()
        for (index, _), one in zip(part, pooled, strict=True):
            before = found[index]
            found[index] = one if before is None else torch.maximum(before, one)
    return torch.stack([one for one in found if one is not None])


def head(inputs: Tensor, wanted: Tensor) -> Callable[[Tensor], Numbers]:
    """Scores of logistic regression with a ridge, fitted by L-BFGS."""
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-6
    weights = torch.zeros(inputs.shape[1] + 1, requires_grad=True)
    scaled = (inputs - mean) / spread
    optimizer = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(scaled @ weights[1:] + weights[0], wanted)
        loss = loss + 1e-4 * weights[1:].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return lambda others: (((others - mean) / spread) @ weights[1:] + weights[0]).detach().numpy().astype(np.float64)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with injection/")
    parser.add_argument("--base", type=Path, required=True, help="folder of the pretrained encoder")
    parser.add_argument("--texts", type=int, default=12_000, help="rows drawn from train")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    with (options.data / "injection" / "train.jsonl").open(encoding="utf-8") as lines:
        rows: list[Row] = [json.loads(line) for line in lines]
    rows = Random(SEED).sample(rows, min(options.texts, len(rows)))
    model = pretrained(options.base / "model.safetensors", Shape()).eval()
    inputs = outputs(model, options.base, rows)
    wanted = torch.tensor([float(row["label"] != "benign") for row in rows])
    bad = wanted.numpy() == 1
    # Every fold is measured on the same fifth of its texts, whether or not the rest of it was learned from.
    tested = np.array([int(abs(hash_of(row)) % 5 == 0) for row in rows], bool)
    print(f"{'held out':52} {'texts':>6} {'AUC seen':>9} {'unseen':>7} {'recall at 1 % seen':>19} {'unseen':>7}")
    for name, held in FOLDS.items():
        inside = np.array([held(row) for row in rows])
        figures = [
            _figures(head(inputs[learned], wanted[learned])(inputs), bad, inside & tested, ~inside & tested)
            for learned in (~tested, ~tested & ~inside)
        ]
        (seen_area, seen), (area, unseen) = figures
        print(f"{name:52} {inside.sum():6} {seen_area:9.3f} {area:7.3f} {seen:19.3f} {unseen:7.3f}", flush=True)


def hash_of(row: Row) -> int:
    """A number that keeps what belongs together on one side."""
    return int.from_bytes(row["split_group"].encode()[-8:], "big") % 1_000_003


def _figures(scores: Numbers, bad: Numbers, inside: Numbers, outside: Numbers) -> tuple[float, float]:
    """Within the fold: the area under the curve, and recall where 1 % of all harmless texts tested lie above."""
    limit = threshold_at(scores[(inside | outside) & ~bad], 0.01)
    good = scores[(inside | outside) & ~bad]
    return auc(good, scores[inside & bad]), float((scores[inside & bad] >= limit).mean())


if __name__ == "__main__":
    main()
