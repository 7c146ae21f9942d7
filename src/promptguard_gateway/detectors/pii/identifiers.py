"""National identifiers: many kinds of numbers in few shapes.

Most countries number their people with eight to eighteen digits, so a pattern for each of them would find the same
digits a hundred times. Instead two patterns find whatever may be an identifier, and three questions tell which one it
is: is it named nearby, in the country's own words? Is it written as that kind is written? Do its check digits hold?
A bare string of digits is nobody's identifier; some kinds are written so that the value speaks for itself.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import accumulate

from msgspec import Struct
from stdnum import get_cc_module

from promptguard_gateway.core.detector import Candidate, Identity, Pattern
from promptguard_gateway.core.engine import ProgramSet, encode

NAMED = 0.97
"""The score of a value that is named beside it and whose check digits hold. In 6,000 texts drawn from train all 405
were real; those are made-up texts, so the score says a little less. Scores of unnamed values are estimates."""

BEHIND = 40
"""How many characters after a value are searched for its name ("123-45-678 is my tax file number")."""


class Identifier(Struct, frozen=True):
    """One kind of number.

    `layout` is how it is written: `9` a digit, `A` a letter, `X` either, one of ` .-/` a separator that may be left out
    or be another of them; `[...]` and `?` are as in patterns; ` | ` stands between alternatives. `check` names the
    module of python-stdnum that knows its check digits, or is a function where there is none. `words` name it, with
    `|` between them. `alone` is the score of a value that nothing names, if it is not digits only; `digits` if it is.
    """

    country: str
    entity: str
    name: str
    check: str | Callable[[str], bool]
    layout: str
    words: str
    alone: float = 0.0
    digits: float = 0.0
    named: float = NAMED


_SHAPES = {"9": r"\d", "A": "[A-Z]", "X": "[A-Z0-9]", **dict.fromkeys(" .-/", r"[ ./-]?")}
_EXACT = {**_SHAPES, " ": " ", ".": r"\.", "-": "-", "/": "/"}
_UNDIVIDED = {**_SHAPES, **dict.fromkeys(" ./-", "")}
_CLASS = re.compile(r"\[[^\]]*\]|.")
# A longer number or word goes on behind the value.
_GOES_ON = r"(?!\w|[./-]\w)"
_SEPARATOR = re.compile(r"[^0-9A-Za-z]+")
_OPTIONAL = re.compile(r"[A\]]\?")
_LETTER = re.compile(r"[^\W\d_]")
_NEXT_LINE = re.compile(r"[\d\n]")
# Scripts from Thai on write words without spaces between them.
# Latin, Greek and Cyrillic letters: Unicode's own classes make automata many times as large.
_NO_LETTER = "[^0-9A-Za-zÀ-ſͰ-ӿ]"
_SPACELESS = "\u0e00"


def layout_regex(layout: str) -> str:
    """The layout as a pattern."""
    return _regex(layout, _SHAPES)


def _regex(layout: str, shapes: Mapping[str, str]) -> str:
    return "|".join(
        "".join(shapes.get(part, part) for part in _CLASS.findall(alternative)) for alternative in layout.split(" | ")
    )


def words_regex(words: str) -> str:
    """A pattern that finds one of the words, also without its accents."""
    plain = [_without_accents(word) for word in words.split("|")]
    every = dict.fromkeys([*words.split("|"), *plain])
    apart = [word for word in every if word.lstrip("(?-i:")[0] < _SPACELESS]
    glued = [word for word in every if word not in apart]
    either = [rf"(?:^|{_NO_LETTER})(?:{'|'.join(apart)})(?:$|{_NO_LETTER})"] if apart else []
    return f"(?i){'|'.join([*either, *glued])}"


def _without_accents(word: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", word) if not unicodedata.combining(one))


class _Names:
    """Which identifiers a piece of text names."""

    def __init__(self, rows: Sequence[Identifier]) -> None:
        self._rows = rows
        self._words = ProgramSet([words_regex(row.words) for row in rows])

    def within(self, text: str) -> list[Identifier]:
        return [self._rows[index] for index in self._words.present(encode(text))] if _LETTER.search(text) else []


def patterns(rows: Sequence[Identifier]) -> tuple[Pattern, ...]:
    """The patterns that find the identifiers of the table."""
    lettered = [row for row in rows if _has_letters(row)]
    digits = [row for row in rows if row not in lettered]
    layouts = {layout for row in lettered for layout in row.layout.split(" | ")}
    longest_first = sorted(layouts, key=lambda layout: (-len(_CLASS.findall(layout)), layout))
    shapes = "|".join(layout_regex(layout) + ("" if layout.endswith("[)]") else r"\b") for layout in longest_first)
    return (
        _pattern("digits", r"\b\d(?:[ ./-]?\d){6,17}\b", digits),
        _pattern("letters", rf"(?i)\b(?:{shapes})", lettered),
    )


def _has_letters(row: Identifier) -> bool:
    return any(one.isalpha() or one == "[" for one in row.layout.replace("[0-9]", ""))


def _pattern(name: str, regex: str, rows: Sequence[Identifier]) -> Pattern:
    table = _Table(rows)
    return Pattern(name=name, regex=regex, score=NAMED, identify=table.identify, behind=BEHIND, rules=table.rules)


_Score = Callable[[Identifier, str], float]


class _Table:
    """Rows by how many letters and digits they have, and by the words that name them."""

    def __init__(self, rows: Sequence[Identifier]) -> None:
        self._rows = rows
        self._sizes = frozenset(size for row in rows for size in _sizes_of(row))
        self._evident: dict[int, list[Identifier]] = {}
        for row in rows:
            for size in _sizes_of(row) if row.alone or row.digits else ():
                self._evident.setdefault(size, []).append(row)

    @cached_property
    def _names(self) -> _Names:
        return _Names(self._rows)

    @property
    def rules(self) -> tuple[str, ...]:
        """What identifiers can be called."""
        return tuple(dict.fromkeys(map(_rule, self._rows)))

    def identify(self, candidate: Candidate) -> Identity | None:
        """The first row that fits what is named before the value, behind it, or nowhere."""
        sizes = [size for size in _sizes_in(candidate.text) if size in self._sizes]
        if not sizes or _inside_a_number(candidate.before):
            return None
        for row, score in self._guesses(candidate, sizes):
            value = _value(row, candidate)
            if value and score(row, value) and checks(row, value):
                return Identity(len(value), score(row, value), _rule(row), row.entity)
        return None

    def _guesses(self, candidate: Candidate, sizes: Sequence[int]) -> Iterator[tuple[Identifier, _Score]]:
        for row in self._names.within(candidate.before):
            yield row, _named
        for row in self._names.within(_NEXT_LINE.split(candidate.behind, maxsplit=1)[0]):
            yield row, _named
        bare = candidate.text.isdigit()
        for row in self._evident.get(_sizes_in(candidate.text)[0], ()):
            if row.digits or not bare:
                yield row, _alone


def _rule(row: Identifier) -> str:
    return row.entity.lower()


def _inside_a_number(before: str) -> bool:
    return before[-1:] in tuple("./-") and before[-2:-1].isdigit()


def _sizes_of(row: Identifier) -> frozenset[int]:
    """How many letters and digits the identifier may have."""
    sizes: set[int] = set()
    for layout in row.layout.split(" | "):
        parts = [part for part in _CLASS.findall(layout) if part not in " .-/?" and part not in ("[(]", "[)]")]
        optional = len(_OPTIONAL.findall(layout))
        sizes.update(range(len(parts) - optional, len(parts) + 1))
    return frozenset(sizes)


def _sizes_in(text: str) -> list[int]:
    """How many letters and digits come before each separator and before the end, the most first."""
    return list(accumulate(map(len, _SEPARATOR.split(text))))[::-1]


def _named(row: Identifier, value: str) -> float:
    return row.named


def _alone(row: Identifier, value: str) -> float:
    """Only what is written with all of its separators, or with letters and none, speaks for itself."""
    if value.isdigit():
        return row.digits
    return row.alone if _exact_layout(row.layout).fullmatch(value) else 0.0


def _value(row: Identifier, candidate: Candidate) -> str:
    """The part of the candidate, from its beginning, that is written as the identifier is."""
    found = _layout(row.layout).match(candidate.text + candidate.behind)
    return found[0] if found and found.end() <= len(candidate.text) else ""


@cache
def _layout(layout: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{layout_regex(layout)}){_GOES_ON}", re.IGNORECASE | re.ASCII)


@cache
def _exact_layout(layout: str) -> re.Pattern[str]:
    return re.compile(f"{_regex(layout, _EXACT)}|{_regex(layout, _UNDIVIDED)}")


def checks(row: Identifier, value: str) -> bool:
    """Do the check digits hold? What the value may not be (a date that never was) is checked with them."""
    check = row.check if callable(row.check) else _stdnum(row.check)
    return check(value)


@cache
def _stdnum(module: str) -> Callable[[str], bool]:
    """Modules are loaded when they are needed: together they take longer than everything else at start."""
    country, name = module.split(".")
    found = get_cc_module(country, name)
    if found is None:
        raise LookupError(f"python-stdnum has no module {module}")

    def valid(value: str) -> bool:
        try:
            return bool(found.is_valid(value))
        except (ValueError, IndexError, KeyError):  # some modules trip over what they cannot read: then it is not one
            return False

    return valid
