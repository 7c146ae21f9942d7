"""The encoder in PyTorch: a small BERT with several heads, read from the weights of all-MiniLM-L6-v2.

Written out because it is short, and because training, export and the number of layers should hold no surprises.
Architecture: Devlin et al. 2018 (BERT), post-layer-norm, GELU; sizes of MiniLM-L6 (Wang et al. 2020).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

ATTACKS = ("injection", "jailbreak", "exfiltration")
HARMS = ("hate", "harassment", "violence", "self_harm", "sexual", "illicit", "malware")
ENTITIES = ("PERSON", "LOCATION", "ORGANIZATION", "DATE")
TAGS = ("O", *(f"{place}-{entity}" for entity in ENTITIES for place in "BI"))


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder. `layers` names the layers of the pretrained one that are kept, in order."""

    layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    width: int = 384
    heads: int = 12
    inner: int = 1536
    vocabulary: int = 30522
    positions: int = 512
    dropout: float = 0.1


class Layer(nn.Module):
    """Self-attention and a feed-forward network, each with a residual and a norm behind it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.attention_norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        rows, length, width = states.shape
        split = self.qkv(states).view(rows, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(rows, length, width)
        states = self.attention_norm(states + self.dropout(self.out(mixed)))
        return self.norm(states + self.dropout(self.down(gelu(self.up(states)))))


class Encoder(nn.Module):
    """Token ids to logits: `attack` (any, then the three kinds), `harm` (the seven categories), `tags` for each token.

    Sentence heads read the mean and the maximum of the token states: the mean says what a text is about, the maximum
    keeps one sentence in a long window from being diluted.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.vocabulary, shape.width, padding_idx=0)
        self.places = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.dropout = nn.Dropout(shape.dropout)
        self.layers = nn.ModuleList(Layer(shape) for _ in shape.layers)
        self.attack = nn.Linear(2 * shape.width, 1 + len(ATTACKS))
        self.harm = nn.Linear(2 * shape.width, len(HARMS))
        self.tags = nn.Linear(shape.width, len(TAGS))

    def states(self, ids: Tensor) -> Tensor:
        """Token states; 0 is padding."""
        mask = (ids != 0)[:, None, None, :]
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.dropout(self.norm(self.words(ids) + self.places(places)))
        for layer in self.layers:
            states = layer(states, mask)
        return states

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states = self.states(ids)
        pooled = pool(states, ids)
        return self.attack(pooled), self.harm(pooled), self.tags(states)


def pool(states: Tensor, ids: Tensor) -> Tensor:
    """Mean and maximum over the tokens that are not padding, side by side."""
    real = (ids != 0)[:, :, None]
    mean = (states * real).sum(1) / real.sum(1)
    most = states.masked_fill(~real, -1e4).amax(1)
    return torch.cat([mean, most], 1)


def pretrained(weights: Path, shape: Shape) -> Encoder:
    """An encoder with the kept layers of the pretrained one and fresh heads. The token type is added to the words."""
    source = load_file(weights)
    model = Encoder(shape)
    state = {
        "words.weight": source["embeddings.word_embeddings.weight"]
        + source["embeddings.token_type_embeddings.weight"][0],
        "places.weight": source["embeddings.position_embeddings.weight"],
        "norm.weight": source["embeddings.LayerNorm.weight"],
        "norm.bias": source["embeddings.LayerNorm.bias"],
    }
    for index, layer in enumerate(shape.layers):
        state |= _layer(source, f"encoder.layer.{layer}.", f"layers.{index}.")
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys, missing.unexpected_keys
    assert all(key.split(".")[0] in ("attack", "harm", "tags") for key in missing.missing_keys), missing.missing_keys
    return model


_PARTS = {
    "out": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}


def _layer(source: dict[str, Tensor], old: str, new: str) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for kind in ("weight", "bias"):
        parts = [source[f"{old}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
        state[f"{new}qkv.{kind}"] = torch.cat(parts)
        for name, theirs in _PARTS.items():
            state[f"{new}{name}.{kind}"] = source[f"{old}{theirs}.{kind}"]
    return state


def load(checkpoint: Path) -> Encoder:
    """The encoder of a checkpoint, ready to be asked."""
    saved = torch.load(checkpoint, weights_only=True)
    model = Encoder(Shape(**{**saved["shape"], "layers": tuple(saved["shape"]["layers"])}))
    model.load_state_dict(saved["model"])
    return model.eval()
