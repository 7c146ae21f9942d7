"""Whether a JSON value is what a JSON Schema asks for: the part of the standard that tools use.

Of JSON Schema 2020-12: `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`, `items`,
`prefixItems`, the limits of lengths and numbers, `anyOf`, `oneOf`, `allOf`, `not`, and `$ref` into the same schema.
Everything else is passed over, as the standard says of words that a reader does not know. Regular expressions
(`pattern`) are among them: they are JavaScript's, and can take for ever. A library that knows all of the standard
fetches schemas from elsewhere and runs those expressions, which is more than whoever calls a model may ask for.

The work is counted and bounded, so that a schema that refers to itself in many ways ends as an error, not as a wait.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Schema: TypeAlias = dict[str, JsonValue]

MOST_STEPS = 20_000
"""How many pairs of a value and a schema are compared before the check gives up."""

MOST_NESTED = 100


class TooComplex(ValueError):
    """The check was given up; nobody knows whether the value is right."""


def broken_rule(schema: JsonValue, value: JsonValue) -> str | None:
    """The first keyword of the schema that the value breaks, or None. Raises TooComplex."""
    return _Check(schema).schema(schema, value, 0)


class _Check:
    def __init__(self, root: JsonValue) -> None:
        self._root = root
        self._steps = 0

    def schema(self, schema: JsonValue, value: JsonValue, depth: int) -> str | None:
        self._steps += 1
        if self._steps > MOST_STEPS or depth > MOST_NESTED:
            raise TooComplex
        if isinstance(schema, bool):
            return None if schema else "false"
        if not isinstance(schema, dict):
            return None
        for keyword, rule in schema.items():
            broken = self._keyword(keyword, rule, schema, value, depth + 1)
            if broken is not None:
                return broken
        return None

    def _keyword(self, keyword: str, rule: JsonValue, schema: Schema, value: JsonValue, depth: int) -> str | None:
        plain = _PLAIN.get(keyword)
        if plain is not None:
            return None if plain(rule, value) else keyword
        match keyword:
            case "$ref":
                return self.schema(self._referred(rule), value, depth)
            case "properties" | "required" | "additionalProperties" if isinstance(value, dict):
                return self._member(keyword, rule, schema, value, depth)
            case "items" | "prefixItems" if isinstance(value, list):
                return self._items(keyword, rule, schema, value, depth)
            case "allOf" | "anyOf" | "oneOf" if isinstance(rule, list):
                broken = [self.schema(each, value, depth) for each in rule]
                kept = broken.count(None)
                fits = {"allOf": kept == len(rule), "anyOf": kept > 0, "oneOf": kept == 1}[keyword]
                return None if fits else keyword
            case "not":
                return keyword if self.schema(rule, value, depth) is None else None
        return None

    def _member(
        self, keyword: str, rule: JsonValue, schema: Schema, value: dict[str, JsonValue], depth: int
    ) -> str | None:
        if keyword == "required":
            names = rule if isinstance(rule, list) else []
            return None if all(isinstance(name, str) and name in value for name in names) else keyword
        if keyword == "properties":
            known = rule if isinstance(rule, dict) else {}
            return self._first(((known[name], value[name]) for name in value if name in known), depth)
        declared = schema.get("properties")
        known = declared if isinstance(declared, dict) else {}
        others = [member for name, member in value.items() if name not in known]
        if rule is False:
            return keyword if others and "patternProperties" not in schema else None
        return self._first(((rule, member) for member in others), depth)

    def _items(self, keyword: str, rule: JsonValue, schema: Schema, value: list[JsonValue], depth: int) -> str | None:
        if keyword == "prefixItems":
            return self._first(zip(rule if isinstance(rule, list) else [], value, strict=False), depth)
        prefix = schema.get("prefixItems")
        rest = value[len(prefix) if isinstance(prefix, list) else 0 :]
        return self._first(((rule, each) for each in rest), depth)

    def _first(self, pairs: Iterable[tuple[JsonValue, JsonValue]], depth: int) -> str | None:
        broken = (self.schema(schema, value, depth) for schema, value in pairs)
        return next((keyword for keyword in broken if keyword is not None), None)

    def _referred(self, reference: JsonValue) -> JsonValue:
        """What `#/$defs/name` points at. Another document is never fetched: nobody knows what it asks for."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise TooComplex
        place = self._root
        for step in reference[1:].split("/")[1:]:
            place = place.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
        if place is None:
            raise TooComplex
        return place


def _has_type(rule: JsonValue, value: JsonValue) -> bool:
    names = rule if isinstance(rule, list) else [rule]
    return any(isinstance(name, str) and name in _TYPES and _TYPES[name](value) for name in names)


def _is_integer(value: JsonValue) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[JsonValue], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _same(one: JsonValue, other: JsonValue) -> bool:
    """Equality of JSON: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def _bound(applies: type | tuple[type, ...], fits: "Callable[[JsonValue, float], bool]") -> "_Plain":
    """A limit: it says nothing of values of other types, and nothing if it is not a number."""

    def rule_holds(rule: JsonValue, value: JsonValue) -> bool:
        if not isinstance(value, applies) or isinstance(value, bool) or not isinstance(rule, int | float):
            return True
        return fits(value, rule)

    return rule_holds


def _size(value: JsonValue) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _amount(value: JsonValue) -> float:
    return value if isinstance(value, int | float) else 0


_Plain: TypeAlias = Callable[[JsonValue, JsonValue], bool]
_NUMBER = (int, float)
_PLAIN: Mapping[str, _Plain] = {
    "type": _has_type,
    "enum": lambda rule, value: not isinstance(rule, list) or any(_same(each, value) for each in rule),
    "const": _same,
    "minLength": _bound(str, lambda value, limit: _size(value) >= limit),
    "maxLength": _bound(str, lambda value, limit: _size(value) <= limit),
    "minItems": _bound(list, lambda value, limit: _size(value) >= limit),
    "maxItems": _bound(list, lambda value, limit: _size(value) <= limit),
    "minProperties": _bound(dict, lambda value, limit: _size(value) >= limit),
    "maxProperties": _bound(dict, lambda value, limit: _size(value) <= limit),
    "minimum": _bound(_NUMBER, lambda value, limit: _amount(value) >= limit),
    "maximum": _bound(_NUMBER, lambda value, limit: _amount(value) <= limit),
    "exclusiveMinimum": _bound(_NUMBER, lambda value, limit: _amount(value) > limit),
    "exclusiveMaximum": _bound(_NUMBER, lambda value, limit: _amount(value) < limit),
}
