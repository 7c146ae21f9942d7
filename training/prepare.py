"""Step 1: the data as token windows, with everything that is made from it. `python -m training.prepare --help`.

Train and dev stay apart by the data's own `split_group`. Chance is seeded: the same data gives the same file.
"""

import argparse
import pickle
from collections import Counter
from pathlib import Path
from random import Random

from tokenizers import Tokenizer

from training.augment import embedded, padded, tricked
from training.data import Example, Row, attack_of, harm_of, plain, rows, tagged, tokenizer, windows
from training.twins import harmless

SEED = 20261125
TRICKED = 0.30  # share of the texts that get a variant besides themselves
EMBEDDED = 6000  # orders of users put into harmless documents
PADDED = 3000
TWINS = 2500
MOST_WINDOWS = 10  # of one text in training; evaluation reads all

Labelled = tuple[str, str, tuple[float, ...] | None, tuple[float, ...] | None]  # text, channel, attack, harm


def attack_rows(data: Path, name: str) -> list[Row]:
    """The rows about attacks."""
    return list(rows(data / "injection", name))


def made(choose: Random, found: list[Row], harms: list[Row]) -> list[Labelled]:
    """Training texts: the rows themselves, their variants, and new compositions."""
    texts: list[Labelled] = []
    for row in found:
        text, channel, attack = str(row["text"]), str(row["channel"]), attack_of(str(row["label"]))
        texts.append((text, channel, attack, None))
        if choose.random() < TRICKED and len(text) < 2000:
            texts.append((tricked(choose, text), channel, attack, None))
    for row in harms:
        text, harm = str(row["text"]), harm_of(row["labels"])
        channel = "output" if row["role"] == "assistant" else "user"
        attack = None if any(harm) or channel == "output" else attack_of("benign")
        texts.append((text, channel, attack, harm))
        if choose.random() < TRICKED:
            texts.append((tricked(choose, text), channel, attack, harm))
    texts += _compositions(choose, found)
    none = harm_of(())
    texts += [(text, "user", attack_of("benign"), none) for text in harmless(choose, TWINS)]
    return texts


def _compositions(choose: Random, found: list[Row]) -> list[Labelled]:
    orders = [
        row for row in found if row["channel"] == "user" and row["label"] != "benign" and len(str(row["text"])) < 500
    ]
    documents = [str(row["text"]) for row in found if row["channel"] != "user" and row["label"] == "benign"]
    documents = [text for text in documents if len(text) < 3000]
    passages = [text for text in documents if len(text) < 600]
    questions = [row for row in found if row["channel"] == "user" and len(str(row["text"])) < 1000]
    texts: list[Labelled] = []
    for _ in range(EMBEDDED):
        order = choose.choice(orders)
        text = str(order["text"])
        if choose.random() < 0.25:
            text = tricked(choose, text)
        channel = choose.choice(("document", "document", "tool"))
        texts.append((embedded(choose, text, choose.choice(documents)), channel, attack_of(str(order["label"])), None))
    for _ in range(PADDED):
        row = choose.choice(questions)
        texts.append((padded(choose, str(row["text"]), passages), "user", attack_of(str(row["label"])), None))
        both = f"{choose.choice(passages)}\n\n{choose.choice(passages)}"
        texts.append((both, choose.choice(("document", "tool")), attack_of("benign"), None))
    return texts


def examples(tool: Tokenizer, texts: list[Labelled]) -> list[Example]:
    """The texts as windows, batch by batch."""
    found: list[Example] = []
    for start in range(0, len(texts), 4096):
        part = texts[start : start + 4096]
        encodings = tool.encode_batch([plain(text) for text, *_ in part], add_special_tokens=False)
        for encoding, (_, channel, attack, harm) in zip(encodings, part, strict=True):
            cut = windows(encoding.ids, channel)[:MOST_WINDOWS]
            found.append(Example(cut, attack, harm))
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with injection/, safety/ and pii/")
    parser.add_argument("--base", type=Path, required=True, help="folder of the pretrained encoder")
    parser.add_argument("--work", type=Path, required=True, help="where prepared data and checkpoints lie")
    options = parser.parse_args()
    choose = Random(SEED)
    tool = tokenizer(options.base)
    texts = made(choose, attack_rows(options.data, "train.jsonl"), list(rows(options.data / "safety", "train.jsonl")))
    found = examples(tool, texts)
    found += [tagged(tool, row) for row in rows(options.data / "pii", "train.jsonl")]
    found = [one for one in found if one.windows and (one.attack or one.harm or one.tags)]
    options.work.mkdir(parents=True, exist_ok=True)
    with (options.work / "train.pickle").open("wb") as target:
        pickle.dump(found, target)
    tokens = sum(len(window) for one in found for window in one.windows)
    kinds = Counter("tags" if one.tags else "harm" if one.harm else "attack" for one in found)
    print(f"{len(found)} texts ({dict(kinds)}), {sum(len(one.windows) for one in found)} windows, {tokens} tokens")


if __name__ == "__main__":
    main()
