"""Parsed YAML or JSON as a value of a strict type; what is wrong is named by its place, with the way out.

msgspec says what is wrong and where. It names types as its own code does, does not say which names or values are known
there, and quotes wrong values, which may be somebody's secret: all three are mended here.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from types import UnionType
from typing import Literal, TypeGuard, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct, structs

T = TypeVar("T")

_PLACE = re.compile(r"(.*?) - at (`key` in )?`\$(.*)`\Z", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_TYPE = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_STEP = re.compile(r"\.(\w+)|\[[^\]]*\]")
# What msgspec calls a type, as people do.
_WORDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "a string",
}
REQUIRED = "is required."


class TreeError(ValueError):
    """What is wrong at a place such as `guardrails.pii_detection.level`; `place` is empty for the whole."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.place = place
        self.what = what


@contextmanager
def within(place: str) -> Iterator[None]:
    """Errors of a part, with the part's place before theirs."""
    try:
        yield
    except TreeError as error:
        joint = "." if error.place and not error.place.startswith("[") else ""
        raise TreeError(f"{place}{joint}{error.place}", error.what) from None


def convert(tree: object, kind: type[T]) -> T:
    """The tree as a value of this type, without coercion. Raises TreeError."""
    try:
        return msgspec.convert(tree, kind, strict=True)
    except msgspec.ValidationError as error:
        raise explain(error, kind) from None


def explain(error: msgspec.ValidationError, kind: object) -> TreeError:
    """What msgspec found wrong, in the words of whoever wrote the tree."""
    found = _PLACE.match(str(error))
    wrong, is_key, at = (found[1], bool(found[2]), found[3]) if found else (str(error), False, "")
    place, kinds = at.removeprefix("."), _kinds_at(kind, at, is_key=is_key)
    unknown = _UNKNOWN.match(wrong)
    if unknown:
        known = [field.name for each in kinds if _is_struct(each) for field in structs.fields(each)]
        return TreeError(place, f"{unknown[1]!r} is not known here. {near(unknown[1], known)}")
    if wrong.startswith("Invalid enum value"):
        choices = ", ".join(_choices(kinds))
        return TreeError(
            place, f"a name in it is not known. Known are: {choices}." if is_key else f"must be one of {choices}."
        )
    missing = _MISSING.match(wrong)
    if missing:
        return TreeError(".".join(filter(None, (place, missing[1]))), REQUIRED)
    of_type = _TYPE.fullmatch(wrong)
    if of_type:
        expected, got = (" or ".join(_WORDS.get(name, name) for name in each.split(" | ")) for each in of_type.groups())
        return TreeError(place, f"must be {expected}, not {got}.")
    return TreeError(place, f"{wrong[:1].lower()}{wrong[1:]}.")


def near(name: str, known: Iterable[str]) -> str:
    """A sentence that names what was probably meant, or everything there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known are: {', '.join(names)}."


def _choices(kinds: Iterable[object]) -> list[str]:
    values: list[str] = []
    for each in kinds:
        if get_origin(each) is Literal:
            values += map(str, get_args(each))
        elif isinstance(each, type) and issubclass(each, StrEnum):
            values += each
    return values


def _kinds_at(kind: object, place: str, *, is_key: bool) -> list[object]:
    """The types that may stand at a place; of a mapping's keys, if the place is its key."""
    kinds = _options(kind)
    for step in _STEP.finditer(place):
        kinds = [option for each in kinds for inner in _inside(each, step[1]) for option in _options(inner)]
    return [get_args(each)[0] for each in kinds if get_origin(each) is Mapping] if is_key else kinds


def _options(kind: object) -> list[object]:
    if get_origin(kind) in (Union, UnionType):
        return [option for each in get_args(kind) for option in _options(each)]
    return [kind]


def _inside(kind: object, name: str | None) -> list[object]:
    """The types of a struct's field, or of a collection's members."""
    if name is not None:
        return [field.type for field in structs.fields(kind) if field.name == name] if _is_struct(kind) else []
    return [get_args(kind)[1 if get_origin(kind) is Mapping else 0]] if get_args(kind) else []


def _is_struct(kind: object) -> TypeGuard[type[Struct]]:
    return isinstance(kind, type) and issubclass(kind, Struct)
