"""Addresses and numbers as they are read out: "john dot doe at example dot com", "five five five, one two three".

Only what can be nothing else is undone: an "at" with a "dot" and a top-level domain behind it, and seven digits or more
in a row. Pauses between groups of digits stay, because groups tell a telephone from a card.
"""

import re
from collections.abc import Iterator
from typing import Final

from promptguard_gateway.core.splices import Edit

_AT = r"at|arroba|chiocciola|arobase|klammeraffe|małpa|apenstaartje"
_SIGNS = {
    **dict.fromkeys(("dot", "point", "punkt", "punto", "ponto", "punt", "kropka"), "."),
    **dict.fromkeys(("underscore", "unterstrich", "guion bajo", "tiret bas"), "_"),
    **dict.fromkeys(("dash", "hyphen", "minus", "bindestrich", "guion", "tiret", "trattino"), "-"),
    "plus": "+",
}
_SIGN = "|".join(sorted(_SIGNS, key=len, reverse=True))
_DOT = "|".join(word for word, sign in _SIGNS.items() if sign == ".")
# Domains that people have mail at: the oldest generic ones, and those of countries and of common services.
_TOP = (
    "com|net|org|edu|gov|mil|int|info|biz|name|io|ai|dev|app|me|co|eu|de|at|ch|fr|be|nl|es|it|pt|pl|cz|se|no|dk|fi|ie|uk|"
    "us|ca|mx|br|ar|au|nz|in|jp|kr|cn|ru|ua|tr|il|za"
)
_ADDRESS = re.compile(
    rf"(?i)(?<![\w.+-])([a-z0-9][\w.+-]{{0,40}}(?:\s(?:{_SIGN})\s[\w+-]{{1,40}}){{0,5}})\s(?:{_AT})\s"
    rf"([a-z0-9-]{{1,40}}(?:\s(?:{_DOT}|dash|hyphen)\s[a-z0-9-]{{1,40}}){{0,4}}\s(?:{_DOT})\s(?:{_TOP}))(?![\w-])"
)
_SPOKEN_SIGN = re.compile(rf"(?i)\s({_SIGN})\s")

# English, German, French, Spanish, Italian, Portuguese, Dutch.
_DIGITS = (
    "zero oh null cero nul",
    "one eins ein un uno um een één",
    "two zwei zwo deux dos due dois twee",
    "three drei trois tres tre três drie",
    "four vier quatre cuatro quattro quatro",
    "five fünf cinq cinco cinque vijf",
    "six sechs seis sei zes",
    "seven sieben sept siete sette sete zeven",
    "eight acht huit ocho otto oito",
    "nine neun neuf nueve nove negen",
)
_VALUES = {word: str(digit) for digit, words in enumerate(_DIGITS) for word in words.split()}
_TIMES = {"double": 2, "triple": 3}
_WORD = "|".join(sorted((*_VALUES, *_TIMES), key=len, reverse=True))
_LEAST = 6  # words behind the first one
_NUMBER = re.compile(rf"(?i)(?<!\w)(?:{_WORD})(?:[\s,.;-]{{1,3}}(?:{_WORD})){{{_LEAST},40}}(?!\w)")
_TOKEN = re.compile(r"\w+|[^\w]+")

SPOKEN_GATE: Final = (
    rf"(?i)\s(?:{_AT})\s[a-z0-9-]{{1,40}}\s(?:{_DOT}|dash|hyphen)\s|"
    rf"(?:{_WORD})[\s,.;-]{{1,3}}(?:{_WORD})[\s,.;-]{{1,3}}(?:{_WORD})[\s,.;-]{{1,3}}(?:{_WORD})[\s,.;-]"
)


def spoken(text: str) -> list[Edit]:
    """Addresses and numbers that are read out, as they are written; in order."""
    return sorted([*_addresses(text), *_numbers(text)], key=lambda edit: edit.start)


def _addresses(text: str) -> Iterator[Edit]:
    for found in _ADDRESS.finditer(text):
        local, domain = (_SPOKEN_SIGN.sub(lambda sign: _SIGNS[sign[1].lower()], part) for part in found.groups())
        yield Edit(found.start(), found.end(), f"{local}@{domain}")


def _numbers(text: str) -> Iterator[Edit]:
    for found in _NUMBER.finditer(text):
        yield Edit(found.start(), found.end(), _digits(found[0]))


def _digits(run: str) -> str:
    """Digits without the spaces between them; any other separator is a space between groups."""
    digits: list[str] = []
    times = 1
    for token in _TOKEN.findall(run.lower()):
        if token in _TIMES:
            times = _TIMES[token]
        elif token in _VALUES:
            digits.append(_VALUES[token] * times)
            times = 1
        elif not token.isspace():
            digits.append(" ")
    return "".join(digits)
