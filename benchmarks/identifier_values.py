"""Made-up values of every national identifier: drawn until check digits hold, and invalid twins."""

import re
from collections.abc import Iterator
from random import Random

from promptguard_gateway.detectors.pii.identifiers import Identifier, checks

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TRIES = 60_000
TWIN_TRIES = 400

_PART = re.compile(r"\[[^\]]*\]\??|.\??")
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
# Where numbers hold a date of birth, digits drawn at random would almost never be one.
_DATES = ("{yy}{mm}{dd}", "{dd}{mm}{yy}", "19{yy}{mm}{dd}", "3{yy}{mm}{dd}", "1{yy}{mm}{dd}", "110101198{y}{mm}{dd}")


def valid(row: Identifier, random: Random, count: int) -> list[str]:
    """So many values of this kind; fewer if its check is too rarely met."""
    found: list[str] = []
    for _ in range(TRIES):
        if len(found) == count:
            break
        value = _drawn(row, random)
        if checks(row, value) and value not in found:
            found.append(value)
    return found


def twin(row: Identifier, value: str, random: Random) -> str | None:
    """The same value with digits changed until its check fails; None if nothing fails it."""
    places = [index for index, one in enumerate(value) if one.isdigit()]
    for _ in range(TWIN_TRIES):
        changed = list(value)
        for place in random.sample(places, random.randint(1, 2)):
            changed[place] = random.choice(DIGITS)
        if not checks(row, "".join(changed)):
            return "".join(changed)
    return None


def _drawn(row: Identifier, random: Random) -> str:
    value = "".join(_characters(random.choice(row.layout.split(" | ")), random))
    return value if random.random() < 0.3 else _dated(value, random)


def _dated(value: str, random: Random) -> str:
    """The first digits are a date."""
    year, month, day = random.randint(50, 99), random.randint(1, 12), random.randint(1, 28)
    date = random.choice(_DATES).format(yy=year, y=year % 10, mm=f"{month:02d}", dd=f"{day:02d}")
    digits = iter(date)
    return "".join(next(digits, one) if one.isdigit() else one for one in value)


def _characters(layout: str, random: Random) -> Iterator[str]:
    for part in _PART.findall(layout):
        if part.endswith("?") and random.random() < 0.5:
            continue
        kind = part.removesuffix("?")
        yield random.choice(
            _class(kind) if kind[0] == "[" else {"9": DIGITS, "A": LETTERS, "X": DIGITS}.get(kind, kind)
        )


def _class(part: str) -> str:
    spans = _RANGE.findall(part[1:-1])
    return "".join(
        "".join(map(chr, range(ord(first), ord(last) + 1))) if first else single for first, last, single in spans
    )
