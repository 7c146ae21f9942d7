"""Tiny model folders, made on the spot: a model that knows a few words, in the shapes that real ones have.

Every word has a row of logits, and a window gets the highest of its words': `ONNX` for a look-up and a maximum.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from promptguard_gateway.inference.artifact import Artifact, load

CLS, SEP = 6, 7
SPEAKERS = {"user": 1, "document": 2, "tool": 3, "system": 4, "output": 5}
WORDS = ["[PAD]", *(f"[{speaker}]" for speaker in SPEAKERS), "[CLS]", "[SEP]", "[UNK]"]
WORDS += ["please", "ignore", "obey", "leak", "hurt", "bread", "is", "good", "nan", "the", "fox"]
LOW, HIGH = -6.0, 6.0
LONG = {"tokens": 40, "overlap": 3, "first": CLS, "last": SEP, "speakers": SPEAKERS}
ATTACKS = ("any", "injection", "jailbreak", "exfiltration")
HARMS = ("hate", "violence")

# Which words raise which columns of the two heads.
ATTACK_WORDS = {"ignore": (0, 1), "obey": (0, 2), "leak": (0, 3)}
HARM_WORDS = {"hurt": (1,)}


def tokenizer() -> bytes:
    """Whole words, lower case."""
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made.to_str().encode()


def weights(columns: int, words: Mapping[str, Sequence[int]]) -> np.ndarray:
    """The logits of each word; `nan` stands for a window on which a model loses its numbers."""
    table = np.full((len(WORDS), columns), LOW, np.float32)
    for word, raised in words.items():
        table[WORDS.index(word), list(raised)] = HIGH
    table[WORDS.index("nan")] = np.inf
    return table


def model(heads: Mapping[str, np.ndarray], inputs: Sequence[str] = ("ids",)) -> bytes:
    """A model with these outputs; only its first input matters, the others are looked at and added as nothing."""
    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in inputs]
    nodes = [helper.make_node("Cast", [name], [f"{name}_"], to=TensorProto.FLOAT) for name in inputs[1:]]
    outputs, constants = [], []
    for name, table in heads.items():
        constants += [numpy_helper.from_array(table, f"{name}_table")]
        nodes += [
            helper.make_node("Gather", [f"{name}_table", inputs[0]], [f"{name}_words"]),
            helper.make_node("ReduceMax", [f"{name}_words", "axes"], [name], keepdims=0),
        ]
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", table.shape[1]])]
    constants += [numpy_helper.from_array(np.asarray([1], np.int64), "axes")]
    graph = helper.make_graph(nodes, "tiny", ids, outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def two_heads() -> bytes:
    """The attack head and the harm head."""
    return model({"attack": weights(4, ATTACK_WORDS), "harm": weights(2, HARM_WORDS)})


def sieve() -> bytes:
    """A first stage: one number for each head."""
    either = dict.fromkeys(ATTACK_WORDS, (0,))
    return model({"attack": weights(1, either), "harm": weights(1, {"hurt": (0,)})})


def labels(names: Sequence[str], **more: object) -> list[dict[str, object]]:
    """Labels that mean what they are called; `any` means an attack."""
    return [{"name": name, "means": "attack" if name == "any" else name, **more} for name in names]


def manifest(contents: Mapping[str, bytes], **changes: object) -> dict[str, object]:
    """The manifest of these files."""
    said = {
        "format": 1,
        "name": "tiny",
        "version": "1",
        "licence": "Apache-2.0",
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in contents.items()
        },
        "windows": {"tokens": 12, "overlap": 3, "first": CLS, "last": SEP, "speakers": SPEAKERS},
        "heads": [
            {
                "output": "attack",
                "activation": "sigmoid",
                "labels": labels(ATTACKS),
                "speakers": ["user", "document", "tool"],
            },
            {"output": "harm", "activation": "sigmoid", "labels": labels(HARMS)},
        ],
    }
    return {**said, **changes}


def write(folder: Path, data: bytes | None = None, more: Mapping[str, bytes] | None = None, **changes: object) -> Path:
    """A model folder."""
    files = {"model.onnx": data or two_heads(), "tokenizer.json": tokenizer(), **(more or {})}
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest(files, **changes)))
    return folder


def loaded(folder: Path, **changes: object) -> Artifact:
    """A model folder, loaded."""
    return load(write(folder, **changes))
