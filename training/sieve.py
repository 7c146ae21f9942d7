"""Step 4: train the sieve, the first stage of the cascade. `python -m training.sieve --help`.

It settles the clear cases for a hundredth of the encoder's cost: a convolution over small word vectors with the maximum
over all places (Kim 2014), beside a vector for the channel. It learns what the encoder says of a window, not what a
label says of a text (distillation, Hinton 2015), because what it must find are the windows that the encoder would mark.
"""

import argparse
import pickle
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession, SessionOptions
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, pad

from training.data import Example
from training.export import Graph, word_vectors
from training.train import SEED, padded

WIDTH = 48  # of a word's vector
FILTERS = 128
REACH = 3  # words that a filter sees
INNER = 64
HEADS = ("attack", "harm")
WINDOWS = 80_000  # that the encoder is asked about
TOKENS = 8192  # in a batch, with padding
RATE = 2e-3
DROPOUT = 0.2


class Sieve(nn.Module):
    """Token ids to two logits, attack and harm. The second token of a window names its channel.

    Every window gets as many empty words behind it as a filter sees, so that padding changes nothing.
    """

    def __init__(self, words: Tensor) -> None:
        super().__init__()
        self.words = nn.Embedding.from_pretrained(words, freeze=False, padding_idx=0)
        self.filters = nn.Linear(REACH * words.shape[1], FILTERS)
        self.inner = nn.Linear(FILTERS + words.shape[1], INNER)
        self.out = nn.Linear(INNER, len(HEADS))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, ids: Tensor) -> Tensor:
        vectors = self.words(pad(ids, (0, REACH)))
        places = vectors.shape[1] - REACH + 1
        seen = torch.cat([vectors[:, start : start + places] for start in range(REACH)], 2)
        most = torch.relu(self.filters(self.dropout(seen))).amax(1)
        both = torch.cat([most, vectors[:, 1]], 1)
        return self.out(self.dropout(torch.relu(self.inner(self.dropout(both)))))


def sieve_graph(model: Sieve) -> onnx.ModelProto:
    """From `ids` [rows, length] to `attack` and `harm` [rows, 1]."""
    graph = Graph()
    longer = graph.op("Pad", ["ids", graph.numbers("pads", 0, 0, 0, REACH)], "longer")
    vectors = word_vectors(graph, model.words.weight.detach().numpy(), longer)
    across = graph.op("Transpose", [vectors], "across", perm=[0, 2, 1])
    kernel = model.filters.weight.view(FILTERS, REACH, -1).permute(0, 2, 1)
    weights = [graph.weight("filters.weight", kernel), graph.weight("filters.bias", model.filters.bias)]
    found = graph.op("Relu", [graph.op("Conv", [across, *weights], "filtered")], "found")
    most = graph.op("ReduceMax", [found], "most", axes=[2], keepdims=0)
    channel = graph.op("Gather", [vectors, graph.weight("second", np.array(1, np.int64))], "channel", axis=1)
    both = graph.op("Concat", [most, channel], "both", axis=1)
    inner = graph.op("Relu", [graph.linear(model.inner, both, "inner")], "inner.kept")
    graph.linear(model.out, inner, "out")
    graph.nodes.append(helper.make_node("Split", ["out"], list(HEADS), name="heads", axis=1))
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 1]) for name in HEADS]
    return graph.model("sieve", outputs)


def smaller(words: Tensor) -> Tensor:
    """Word vectors in their `WIDTH` main directions, with unit variance on average."""
    centred = words - words.mean(0)
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    found = centred @ vectors[:, -WIDTH:]
    found = found / found.std()
    found[0] = 0
    return found.contiguous()


def words_of(model: Path) -> Tensor:
    """The encoder's word vectors."""
    weights = {one.name: one for one in onnx.load(model).graph.initializer}
    table, scale = (numpy_helper.to_array(weights[name]) for name in ("words", "words.scale"))
    return torch.tensor(table.astype(np.float32) * scale)


def taught(model: Path, windows: Sequence[tuple[int, ...]]) -> NDArray[np.float32]:
    """What the encoder says of windows that are sorted by length: probabilities of an attack and of any harm."""
    options = SessionOptions()
    options.intra_op_num_threads = 1
    session = InferenceSession(model, options)
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(windows), 32):
        ids = padded(windows[start : start + 32]).numpy()
        attack, harm = session.run(["attack", "harm"], {"ids": ids})
        logits = np.stack([attack[:, 0], harm.max(1)], 1)
        found.append(1 / (1 + np.exp(-logits)))
    return np.concatenate(found).astype(np.float32)


def batches(windows: Sequence[tuple[int, ...]], choose: Random) -> list[tuple[int, int]]:
    """Ranges of windows, which are sorted by length, in random order."""
    made: list[tuple[int, int]] = []
    first = choose.randrange(1, 64)
    start = 0
    while start < len(windows):
        end = min(start + (first if not start else max(TOKENS // len(windows[start]) * 3 // 4, 1)), len(windows))
        made.append((start, end))
        start = end
    choose.shuffle(made)
    return made


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifact", type=Path, required=True, help="the folder that training.export has written")
    parser.add_argument("--work", type=Path, required=True, help="where the prepared data lies")
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    with (options.work / "train.pickle").open("rb") as source:
        examples: list[Example] = pickle.load(source)
    every = sorted({window for one in examples if one.tags is None for window in one.windows})
    windows = sorted(Random(SEED).sample(every, min(WINDOWS, len(every))), key=len)
    print(f"asking the encoder about {len(windows)} of {len(every)} windows", flush=True)
    wanted = torch.from_numpy(taught(options.artifact / "model.onnx", windows))
    model = Sieve(smaller(words_of(options.artifact / "model.onnx")))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    plan = [batch for epoch in range(options.epochs) for batch in batches(windows, Random(SEED + epoch))]
    started, recent = time.monotonic(), 0.0
    for step, (start, end) in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / len(plan))
        loss = binary_cross_entropy_with_logits(model(padded(windows[start:end])), wanted[start:end])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        recent += loss.item()
        if (step + 1) % 200 == 0:
            pace = (time.monotonic() - started) / (step + 1)
            print(f"step {step + 1} of {len(plan)}, loss {recent / 200:.4f}, {pace:.2f} s a step", flush=True)
            recent = 0.0
    onnx.save(sieve_graph(model.eval()), options.artifact / "sieve.onnx")


if __name__ == "__main__":
    main()
