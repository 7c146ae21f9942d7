"""Texts from small grammars, written for this project: attacks, and their harmless twins with the same words.

A grammar is a text file. A line `name:` begins a symbol, the lines below it are its alternatives, and `{name}` stands
for a symbol. An alternative that begins with `3*` counts three times. `#` begins a remark.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

FOLDER = Path(__file__).with_name("grammars")
SYMBOL = re.compile(r"\{([a-z_]+)\}")
_WEIGHT = re.compile(r"(\d+)\* ")

Grammar = Mapping[str, Sequence[str]]


def read(name: str) -> Grammar:
    """The grammar in a file of the folder. Raises ValueError for a symbol that has no alternatives."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.endswith(":") and re.fullmatch(r"[a-z_]+:", line):
            alternatives = found.setdefault(line[:-1], [])
        elif line.strip() and not line.startswith("#"):
            weight = _WEIGHT.match(line)
            text = line[weight.end() :] if weight else line
            alternatives.extend([text.replace("\\n", "\n")] * (int(weight[1]) if weight else 1))
    used = {symbol for texts in found.values() for text in texts for symbol in SYMBOL.findall(text)}
    if missing := used - {symbol for symbol, texts in found.items() if texts}:
        raise ValueError(f"{name}: nothing stands for {', '.join(sorted(missing))}")
    return found


def text(choose: Random, grammar: Grammar, symbol: str) -> str:
    """One text that a symbol can stand for."""
    chosen = choose.choice(grammar[symbol])
    return SYMBOL.sub(lambda found: text(choose, grammar, found[1]), chosen)
