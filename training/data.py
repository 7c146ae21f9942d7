"""Rows of the data as what the model is trained and measured on: windows of token ids with labels.

A text is folded and cut as `inference.windows` does it in the gateway; a window begins with a token for the channel.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from promptguard_gateway.core.fold import skeleton
from promptguard_gateway.inference.windows import split_long_words, strides
from training.encoder import ATTACKS, HARMS, TAGS

WINDOW = 128  # tokens, with the three that frame a text
OVERLAP = 32
CLS, SEP = 101, 102
CHANNELS = {"user": 1, "document": 2, "tool": 3, "system": 4, "output": 5}  # [unused0] to [unused4]
INSIDE = WINDOW - 3

Row = dict[str, object]


@dataclass(frozen=True)
class Example:
    """One text. `attack` and `harm` are None where nobody knows; a tag of -100 does not count."""

    windows: tuple[tuple[int, ...], ...]
    attack: tuple[float, ...] | None = None
    harm: tuple[float, ...] | None = None
    tags: tuple[tuple[int, ...], ...] | None = None
    known: tuple[bool, ...] | None = None


def rows(folder: Path, name: str) -> Iterator[Row]:
    """One file of the data."""
    with (folder / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def tokenizer(folder: Path) -> Tokenizer:
    """The base model's, as the gateway uses it."""
    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    split_long_words(found)
    return found


def plain(text: str) -> str:
    """What the model reads instead of the text."""
    return skeleton(text).text


def windows(ids: Sequence[int], channel: str) -> tuple[tuple[int, ...], ...]:
    """Overlapping windows over all of the tokens; none for none."""
    head = (CLS, CHANNELS[channel])
    return tuple((*head, *ids[first:last], SEP) for first, last in strides(len(ids), INSIDE, OVERLAP))


def attack_of(label: str) -> tuple[float, ...]:
    """Any attack, then which kind."""
    return (float(label != "benign"), *(float(label == kind) for kind in ATTACKS))


def harm_of(labels: Sequence[str]) -> tuple[float, ...]:
    """Which categories."""
    return tuple(float(kind in labels) for kind in HARMS)


def tagged(tool: Tokenizer, row: Row) -> Example:
    """A row of the personal data, with a tag for each token. `known`: the tags of what its source annotates."""
    text = plain(str(row["text"]))
    encoding = tool.encode(text, add_special_tokens=False)
    cut = windows(encoding.ids, "user")
    if len(text) != len(str(row["text"])):  # folding moved the offsets; rare
        return Example(cut)
    labels = [0] * len(encoding.ids)
    for start, end, label in spans(row):
        inside = [place for place, (a, b) in enumerate(encoding.offsets) if a < end and start < b]
        for number, place in enumerate(inside):
            name = f"{'I' if number else 'B'}-{label}"
            labels[place] = TAGS.index(name) if name in TAGS else 0
    scope = row["scope"]
    assert isinstance(scope, list)
    known = tuple(tag == "O" or tag[2:] in scope for tag in TAGS)
    cuts = strides(len(labels), INSIDE, OVERLAP)
    tags = tuple((-100, -100, *labels[first:last], -100) for first, last in cuts)
    return Example(cut, tags=tags, known=known)


def spans(row: Row) -> Iterator[tuple[int, int, str]]:
    """Start, end and label of what is annotated."""
    found = row["spans"]
    assert isinstance(found, list)
    for span in found:
        yield span["start"], span["end"], span["label"]
