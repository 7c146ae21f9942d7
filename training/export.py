"""Step 3: the trained encoder as an int8 ONNX file, in a model folder. `python -m training.export --help`.

The encoder's graph is written out with the fused operators of onnxruntime (`Attention`, `SkipLayerNormalization`,
`BiasGelu`), which cost about a third less than what an exporter makes of the same arithmetic. Weights are int8 for each
column, with one bit spared so that processors without VNNI add them up without saturation; the word table is int8
for each row. Operators: onnxruntime's documentation, "Contrib operators" and "Quantize ONNX models".
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.data import CHANNELS, CLS, OVERLAP, SEP, WINDOW, tokenizer
from training.encoder import ATTACKS, HARMS, TAGS, Encoder, load

OPSET = 17
CONTRIB = "com.microsoft"
EPSILON = 1e-12
_ATTACK_LABELS = ("attack", *ATTACKS)
Array = NDArray[np.generic]


class Graph:
    """Nodes and weights as they are added; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: torch.Tensor | Array) -> str:
        """A constant."""
        array = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def op(self, kind: str, inputs: Sequence[str], name: str, *, domain: str = "", **attributes: object) -> str:
        """One operator with one result, which has its name."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def linear(self, layer: torch.nn.Linear, inputs: str, name: str) -> str:
        """A matrix product and a bias."""
        product = self.op("MatMul", [inputs, self.weight(f"{name}.weight", layer.weight.T)], f"{name}.product")
        return self.op("Add", [product, self.weight(f"{name}.bias", layer.bias)], name)

    def numbers(self, name: str, *values: int) -> str:
        """A constant of whole numbers."""
        return self.weight(name, np.array(values, np.int64))

    def model(self, name: str, outputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
        """The whole, with `ids` [rows, length] as its input."""
        ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["rows", "length"])
        body = helper.make_graph(self.nodes, name, [ids], outputs, self.weights)
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(body, opset_imports=domains, ir_version=9)


def encoder_graph(model: Encoder) -> onnx.ModelProto:
    """From `ids` [rows, length], 0 is padding, to `attack`, `harm` [rows, labels] and `tags` [rows, length, labels]."""
    graph = Graph()
    mask = graph.op("Cast", [graph.op("Sign", ["ids"], "sign")], "mask", to=TensorProto.INT32)
    states = _embedded(graph, model)
    for index, layer in enumerate(model.layers):
        states = _layer(graph, layer, model.shape.heads, states, mask, f"layer{index}")
    pooled = _pooled(graph, states)
    graph.linear(model.attack, pooled, "attack")
    graph.linear(model.harm, pooled, "harm")
    graph.linear(model.tags, states, "tags")
    outputs = [
        helper.make_tensor_value_info("attack", TensorProto.FLOAT, ["rows", model.attack.out_features]),
        helper.make_tensor_value_info("harm", TensorProto.FLOAT, ["rows", model.harm.out_features]),
        helper.make_tensor_value_info("tags", TensorProto.FLOAT, ["rows", "length", model.tags.out_features]),
    ]
    return graph.model("encoder", outputs)


def word_vectors(graph: Graph, table: Array, ids: str) -> str:
    """The rows of these ids in a table that is stored as int8 with a scale for each row."""
    scale = np.abs(table).max(1, keepdims=True) / 127
    scale[scale == 0] = 1
    small = graph.weight("words", np.round(table / scale).astype(np.int8))
    rows = graph.op("Cast", [graph.op("Gather", [small, ids], "words.rows")], "words.float", to=TensorProto.FLOAT)
    scales = graph.op("Gather", [graph.weight("words.scale", scale.astype(np.float32)), ids], "words.scales")
    return graph.op("Mul", [rows, scales], "words.real")


def _embedded(graph: Graph, model: Encoder) -> str:
    words = word_vectors(graph, model.words.weight.detach().numpy(), "ids")
    length = graph.op("Slice", [graph.op("Shape", ["ids"], "shape"), *_ends(graph, "second", 1, 2)], "length")
    zero, first = graph.numbers("zero", 0), graph.numbers("first", 0)
    places = graph.op("Slice", [graph.weight("places", model.places.weight), zero, length, first], "places.used")
    total = graph.op("Add", [words, places], "embedded")
    norm = [graph.weight("norm.weight", model.norm.weight), graph.weight("norm.bias", model.norm.bias)]
    return graph.op("LayerNormalization", [total, *norm], "embedded.norm", axis=-1, epsilon=EPSILON)


def _ends(graph: Graph, name: str, start: int, end: int) -> tuple[str, str]:
    return graph.numbers(f"{name}.start", start), graph.numbers(f"{name}.end", end)


def _layer(graph: Graph, layer: torch.nn.Module, heads: int, states: str, mask: str, name: str) -> str:
    qkv = [graph.weight(f"{name}.qkv.weight", layer.qkv.weight.T), graph.weight(f"{name}.qkv.bias", layer.qkv.bias)]
    mixed = graph.op("Attention", [states, *qkv, mask], f"{name}.mixed", domain=CONTRIB, num_heads=heads)
    states = _added(graph, layer.attention_norm, layer.out, mixed, states, f"{name}.attended")
    up = graph.op("MatMul", [states, graph.weight(f"{name}.up.weight", layer.up.weight.T)], f"{name}.up.product")
    wide = graph.op("BiasGelu", [up, graph.weight(f"{name}.up.bias", layer.up.bias)], f"{name}.up", domain=CONTRIB)
    return _added(graph, layer.norm, layer.down, wide, states, f"{name}.out")


def _added(graph: Graph, norm: torch.nn.Module, layer: torch.nn.Linear, inputs: str, states: str, name: str) -> str:
    """A linear layer, its residual and the norm behind it."""
    product = graph.op("MatMul", [inputs, graph.weight(f"{name}.weight", layer.weight.T)], f"{name}.product")
    parts = [
        graph.weight(f"{name}.gamma", norm.weight),
        graph.weight(f"{name}.beta", norm.bias),
        graph.weight(f"{name}.bias", layer.bias),
    ]
    kind = "SkipLayerNormalization"
    return graph.op(kind, [product, states, *parts], name, domain=CONTRIB, epsilon=EPSILON)


def _pooled(graph: Graph, states: str) -> str:
    last = graph.numbers("last", 2)
    real = graph.op("Unsqueeze", [graph.op("Cast", ["mask"], "real", to=TensorProto.FLOAT), last], "real.wide")
    kept = graph.op("Mul", [states, real], "kept")
    total = graph.op("ReduceSum", [kept, graph.numbers("along", 1)], "kept.sum", keepdims=0)
    count = graph.op("ReduceSum", [real, "along"], "real.sum", keepdims=0)
    mean = graph.op("Div", [total, count], "mean")
    lowest = graph.weight("lowest", np.array(-1e4, np.float32))
    there = graph.op("Cast", [real], "there", to=TensorProto.BOOL)
    most = graph.op("ReduceMax", [graph.op("Where", [there, states, lowest], "shown")], "most", axes=[1], keepdims=0)
    return graph.op("Concat", [mean, most], "pooled", axis=1)


def quantized(model: onnx.ModelProto, target: Path) -> None:
    """Write it with int8 weights. The heads stay as they are: they are small, and scores hang on them."""
    whole = target.with_suffix(".float.onnx")
    onnx.save(model, whole)
    heads = [node.name for node in model.graph.node if node.name.split(".")[0] in ("attack", "harm", "tags")]
    quantize_dynamic(
        whole,
        target,
        op_types_to_quantize=["MatMul", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=heads,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # behind operators that shape inference does not know
    )
    whole.unlink()


MANIFEST = {
    "format": 1,
    "name": "promptguard-encoder",
    "version": "1",
    "licence": "Apache-2.0",
    "files": {},
    "windows": {
        "tokens": WINDOW,
        "overlap": OVERLAP,
        "first": CLS,
        "last": SEP,
        "padding": 0,
        "speakers": CHANNELS,
        "folded": True,
    },
    "heads": [
        {
            "output": "attack",
            "activation": "sigmoid",
            "labels": [{"name": one, "means": one} for one in _ATTACK_LABELS],
        },
        {"output": "harm", "activation": "sigmoid", "labels": [{"name": one, "means": one} for one in HARMS]},
    ],
    "tags": {"output": "tags", "labels": list(TAGS)},
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="what training.train has written")
    parser.add_argument("--base", type=Path, required=True, help="folder of the pretrained encoder, for its tokenizer")
    parser.add_argument("--to", type=Path, required=True, help="the folder to write")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    quantized(encoder_graph(load(options.checkpoint)), options.to / "model.onnx")
    tokenizer(options.base).save(str(options.to / "tokenizer.json"), pretty=False)
    (options.to / "manifest.json").write_text(json.dumps(MANIFEST, indent=1) + "\n", encoding="utf-8")
    for path in sorted(options.to.iterdir()):
        print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
