"""Step 1b: forms of attacks and of harm, and their harmless twins, from grammars. `python -m training.forms --help`.

The data has much of some forms and little of others; here every form stands beside its twin, in requests, in documents
and in results of tools. Training ends with these texts and a share of the data (`training.train --more forms`).
"""

import argparse
import pickle
from collections.abc import Iterator
from pathlib import Path
from random import Random

from training import grammar
from training.augment import embedded, padded, tricked
from training.data import attack_of, harm_of, rows, tokenizer
from training.encoder import HARMS
from training.prepare import SEED, Labelled, examples

COUNTS = {"injection": 4500, "jailbreak": 2500, "exfiltration": 3000}
OTHER_LANGUAGES = 1200
EMBEDDED = 6000
HARMLESS = 9000
HARMLESS_DOCUMENTS = 5000
OF_EACH_HARM = 700
ANSWERS = 150  # of each harm
TRICKED = 0.3
PADDED = 0.15
LONGEST = 2500  # characters of a document that an order is put into


def attacks(choose: Random, passages: list[str]) -> Iterator[Labelled]:
    """Attacks that users type. They may stand between harmless passages."""
    found = grammar.read("attacks")
    for kind, count in COUNTS.items():
        for _ in range(count):
            yield varied(choose, grammar.text(choose, found, kind), passages), "user", attack_of(kind), None
    for _ in range(OTHER_LANGUAGES):
        yield varied(choose, grammar.text(choose, found, "other_language"), passages), "user", _ANY_ATTACK, None


_ANY_ATTACK = attack_of("injection")


def embedded_orders(choose: Random, documents: list[str]) -> Iterator[Labelled]:
    """Attacks in documents and results of tools, ours and those of the data."""
    found, ours = grammar.read("attacks"), grammar.read("harmless")
    for _ in range(EMBEDDED):
        order = grammar.text(choose, found, choose.choices(("embedded", "injection", "other_language"), (8, 2, 1))[0])
        if choose.random() < TRICKED / 2:
            order = tricked(choose, order)
        document = choose.choice(documents) if choose.random() < 0.6 else grammar.text(choose, ours, "document")
        yield embedded(choose, order, document), choose.choice(("document", "tool")), _ANY_ATTACK, None


def harmless(choose: Random, passages: list[str]) -> Iterator[Labelled]:
    """The twins of both."""
    found = grammar.read("harmless")
    benign, safe = attack_of("benign"), harm_of(())
    for _ in range(HARMLESS):
        yield varied(choose, grammar.text(choose, found, "user"), passages), "user", benign, safe
    for _ in range(HARMLESS_DOCUMENTS):
        text = "\n".join(grammar.text(choose, found, "document") for _ in range(choose.randrange(1, 4)))
        yield varied(choose, text, passages), choose.choice(("document", "tool")), benign, safe


def harms(choose: Random) -> Iterator[Labelled]:
    """Requests of each category with their twins, and what an assistant would answer."""
    found = grammar.read("harms")
    benign, safe = attack_of("benign"), harm_of(())
    for harm in HARMS:
        for _ in range(OF_EACH_HARM):
            yield tricked_some(choose, grammar.text(choose, found, harm)), "user", None, harm_of((harm,))
            yield tricked_some(choose, grammar.text(choose, found, f"{harm}_safe")), "user", benign, safe
        for _ in range(ANSWERS):
            yield grammar.text(choose, found, f"{harm}_answer"), "output", None, harm_of((harm,))
            yield grammar.text(choose, found, "answer_safe"), "output", None, safe


def tricked_some(choose: Random, text: str) -> str:
    """Sometimes in disguise."""
    return tricked(choose, text) if choose.random() < TRICKED else text


def varied(choose: Random, text: str, passages: list[str]) -> str:
    """Sometimes in disguise, sometimes among passages."""
    text = tricked_some(choose, text)
    return padded(choose, text, passages) if choose.random() < PADDED else text


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with injection/, for documents to embed in")
    parser.add_argument("--base", type=Path, required=True, help="folder of the pretrained encoder")
    parser.add_argument("--work", type=Path, required=True, help="where prepared data and checkpoints lie")
    options = parser.parse_args()
    choose = Random(SEED + 1)
    benign = [row for row in rows(options.data / "injection", "train.jsonl") if row["label"] == "benign"]
    documents = [str(row["text"]) for row in benign if row["channel"] != "user" and len(str(row["text"])) < LONGEST]
    passages = [text for text in documents if len(text) < 600]
    texts = [
        *attacks(choose, passages),
        *embedded_orders(choose, documents),
        *harmless(choose, passages),
        *harms(choose),
    ]
    found = [one for one in examples(tokenizer(options.base), list(dict.fromkeys(texts))) if one.windows]
    with (options.work / "forms.pickle").open("wb") as target:
        pickle.dump(found, target)
    tokens = sum(len(window) for one in found for window in one.windows)
    print(f"{len(found)} texts of {len(texts)}, {tokens} tokens")


if __name__ == "__main__":
    main()
