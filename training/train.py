"""Step 2: train the encoder on all tasks at once. `python -m training.train --help`.

A run can be ended at any time and goes on from its last checkpoint. Batches hold texts of one task and of like length,
up to a number of tokens. Of a harmless text a few windows are drawn, since all of them are harmless; of an attack those
that the model finds most suspicious: only one of them need hold the attack, and which one nobody has written down.
"""

import argparse
import pickle
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.nn.utils import clip_grad_norm_

from training.data import Example
from training.encoder import Encoder, Shape, pretrained

SEED = 20261125
TOKENS = 6144  # in a batch, with padding
RATE = 2e-4
WARM_UP = 0.06  # share of the steps
DECAY = 0.01
HARMLESS_WINDOWS = 2
SAVE_EVERY = 50  # steps
WEIGHTS = {"attack": 1.0, "harm": 1.0, "tags": 0.5}


def batches(found: Sequence[Example], choose: Random) -> list[list[int]]:
    """Indexes of texts of one task and of like length, in random order."""
    order: dict[str, list[int]] = {"attack": [], "harm": [], "tags": []}
    for index, one in enumerate(found):
        order["tags" if one.tags else "harm" if one.harm else "attack"].append(index)
    made: list[list[int]] = []
    for indexes in order.values():
        indexes.sort(key=lambda index: (size(found[index]), choose.random()))
        batch: list[int] = []
        total = 0
        for index in indexes:
            cost = size(found[index]) * drawn(found[index])
            if batch and total + cost > TOKENS:
                made.append(batch)
                batch, total = [], 0
            batch.append(index)
            total += cost
        made.append(batch)
    choose.shuffle(made)
    return made


def size(one: Example) -> int:
    """Tokens of its longest window, in steps of eight."""
    return (max(map(len, one.windows)) + 7) // 8 * 8


def drawn(one: Example) -> int:
    """How many of its windows are trained on."""
    return min(len(one.windows), HARMLESS_WINDOWS)


def padded(parts: Sequence[Sequence[int]], filler: int = 0) -> Tensor:
    """A rectangle of ids."""
    length = max(map(len, parts))
    return torch.tensor([[*part, *[filler] * (length - len(part))] for part in parts])


def suspicious(model: Encoder, one: Example, choose: Random) -> list[int]:
    """The windows of an attack to train on: the most suspicious, and another one to keep looking."""
    if len(one.windows) <= HARMLESS_WINDOWS:
        return list(range(len(one.windows)))
    model.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = model(padded(one.windows))[0][:, 0]
    model.train()
    best = int(scores.argmax())
    return [best, choose.choice([index for index in range(len(one.windows)) if index != best])]


def loss_of(model: Encoder, part: Sequence[Example], choose: Random) -> Tensor:
    """The loss of one batch."""
    picks = [
        suspicious(model, one, choose)
        if one.attack and one.attack[0] and not one.tags
        else choose.sample(range(len(one.windows)), drawn(one))
        for one in part
    ]
    ids = padded([one.windows[index] for one, chosen in zip(part, picks, strict=True) for index in chosen])
    with torch.autocast("cpu", torch.bfloat16):
        attack, harm, tags = model(ids)
    if part[0].tags:
        return WEIGHTS["tags"] * _tag_loss(tags.float(), part, picks)
    loss = torch.zeros(())
    counts = [len(chosen) for chosen in picks]
    for name, logits in (("attack", attack.float()), ("harm", harm.float())):
        texts = torch.stack([group.amax(0) for group in logits.split(counts)])
        known = [index for index, one in enumerate(part) if getattr(one, name) is not None]
        if known:
            wanted = torch.tensor([getattr(part[index], name) for index in known])
            loss = loss + WEIGHTS[name] * binary_cross_entropy_with_logits(texts[known], wanted)
    return loss


def _tag_loss(logits: Tensor, part: Sequence[Example], picks: Sequence[Sequence[int]]) -> Tensor:
    wanted = padded([one.tags[index] for one, chosen in zip(part, picks, strict=True) for index in chosen], -100)
    known = torch.tensor([one.known for one, chosen in zip(part, picks, strict=True) for _ in chosen])
    logits = logits.masked_fill(~known[:, None, :], -1e4)
    return cross_entropy(logits.reshape(-1, logits.shape[-1]), wanted.reshape(-1), ignore_index=-100)


def rate(step: int, steps: int) -> float:
    """Share of the highest rate: up in a line, then down in a line to a twentieth."""
    warm = max(int(WARM_UP * steps), 1)
    return step / warm if step < warm else 0.05 + 0.95 * max(0.0, (steps - step) / max(steps - warm, 1))


def schedule(found: Sequence[Example], epochs: int) -> Iterator[tuple[int, list[int]]]:
    """Every step with its batch; the same each time."""
    step = 0
    for epoch in range(epochs):
        for batch in batches(found, Random(SEED + epoch)):
            yield step, batch
            step += 1


def read(work: Path, name: str) -> list[Example]:
    """The examples of a file that an earlier step has written."""
    with (work / f"{name}.pickle").open("rb") as source:
        found: list[Example] = pickle.load(source)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="folder of the pretrained encoder")
    parser.add_argument("--work", type=Path, required=True, help="where prepared data and checkpoints lie")
    parser.add_argument("--name", default="model", help="name of the checkpoint")
    parser.add_argument("--layers", default="0,1,2,3,4,5", help="layers of the pretrained encoder to keep")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="share of the data's texts")
    parser.add_argument("--more", default="", help="a file of training.forms to add, whole")
    parser.add_argument("--begin", default="", help="name of the checkpoint whose weights are the start")
    parser.add_argument("--rate", type=float, default=RATE, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    found = [one for one in read(options.work, "train") if Random(hash(one.windows[0]) ^ SEED).random() < options.share]
    found += read(options.work, options.more) if options.more else []
    shape = Shape(layers=tuple(map(int, options.layers.split(","))))
    model = pretrained(options.base / "model.safetensors", shape)
    if options.begin:
        model.load_state_dict(torch.load(options.work / f"{options.begin}.pt", weights_only=True)["model"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    checkpoint = options.work / f"{options.name}.pt"
    begin = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        begin = saved["step"]
    plan = list(schedule(found, options.epochs))
    print(f"{len(found)} texts, {len(plan)} steps from {begin}; checkpoint {checkpoint}", flush=True)
    model.train()
    started, recent = time.monotonic(), dict[str, list[float]]()
    for step, batch in plan[begin:]:
        for group in optimizer.param_groups:
            group["lr"] = options.rate * rate(step, len(plan))
        choose = Random(SEED * 31 + step)
        part = [found[index] for index in batch]
        loss = loss_of(model, part, choose)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        recent.setdefault("tags" if part[0].tags else "harm" if part[0].harm else "attack", []).append(loss.item())
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == len(plan):
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save({**state, "shape": asdict(shape)}, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
            means = {name: round(sum(values) / len(values), 4) for name, values in sorted(recent.items())}
            pace = (time.monotonic() - started) / (step + 1 - begin)
            print(f"step {step + 1} of {len(plan)}, {means}, {pace:.2f} s a step", flush=True)
            recent.clear()


if __name__ == "__main__":
    main()
