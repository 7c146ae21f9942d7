"""JSON as one reading only, so that what we inspect and what the next reader understands cannot differ.

vLLM reads UTF-16, keeps the last of two equal keys and accepts NaN; other servers do otherwise. Whatever two readers
could read differently is refused here, in requests and in upstream answers alike. The parser is the standard
library's, whose hook sees every pair of an object; msgspec and orjson keep the last of two equal keys silently.

The checks are ordered by cost: one count over the text answers for an ordinary body, and only a body that could be
over a limit is walked.
"""

import json
import re
from collections.abc import Callable
from json.decoder import JSONDecodeError
from typing import NoReturn, TypeAlias

import msgspec

from promptguard_gateway.core.segments import path_of
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]
Location: TypeAlias = tuple[str | int, ...]

SAFE_INTEGER = 2**53  # beyond it, readers that use doubles lose digits (RFC 8259, section 6)
INT64 = 2**63
_INTEGER_DIGITS = 20  # a sign and the 19 digits of an int64
_FLOAT_CHARACTERS = 400
# A string, or what could be one up to the end of the text: the pattern never fails, so it never goes back.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_SHOWABLE = re.compile(r"[A-Za-z0-9_.\-]{1,48}\Z")


def shown(key: str) -> str:
    """A key as an error message may repeat it: a key of an unusual shape could be anything, so it is not repeated."""
    return key if _SHOWABLE.match(key) else "(unprintable)"


def shown_path(location: Location) -> str:
    """A location as an error message may repeat it."""
    return path_of(tuple(shown(step) if isinstance(step, str) else step for step in location))


def value_at(value: JsonValue, location: Location) -> JsonValue:
    """The value at a place of a body. Raises LookupError if there is none."""
    for step in location:
        if isinstance(value, dict) and isinstance(step, str):
            value = value[step]
            continue
        if not isinstance(value, list) or not isinstance(step, int):
            raise LookupError("no value at this place")
        value = value[step]
    return value


def set_value(body: JsonValue, location: Location, value: JsonValue) -> None:
    """Replace the value at a place of a body. Raises LookupError if there is none."""
    value_at(body, location)
    parent = value_at(body, location[:-1])
    step = location[-1]
    if isinstance(parent, dict):
        parent[str(step)] = value
    elif isinstance(parent, list) and isinstance(step, int):
        parent[step] = value


def parse(body: bytes, limits: BodyLimits) -> JsonValue:
    """The value of a JSON text in UTF-8.

    Raises GatewayError `invalid_encoding`, `invalid_json`, `duplicate_key`, `too_deep`, `number_out_of_range` or
    `limit_exceeded`. Messages give positions and paths, never content.
    """
    text = _decode(body)
    if len(text) > limits.max_nodes:
        _check_nodes(text, limits.max_nodes)
    value = _parse_text(text, limits)
    if text.count("{") + text.count("[") > limits.max_depth:
        _check_depth(value, limits.max_depth)
    return value


def parse_object(body: bytes, limits: BodyLimits) -> JsonObject:
    """As `parse`, for a text that must be an object."""
    value = parse(body, limits)
    if not isinstance(value, dict):
        raise GatewayError("invalid_value", "The body must be a JSON object.")
    return value


def encode(value: JsonValue) -> bytes:
    """Compact JSON in UTF-8, characters unescaped."""
    return msgspec.json.encode(value)


def _decode(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        raise GatewayError("invalid_encoding", "The body begins with a byte order mark. Send plain UTF-8.")
    if b"\x00" in body[:4]:
        raise GatewayError("invalid_encoding", "The body looks like UTF-16 or UTF-32. Send UTF-8.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise GatewayError("invalid_encoding", f"The body is not valid UTF-8 at byte {error.start}.") from None


def _check_nodes(text: str, limit: int) -> None:
    """Every value follows an opening bracket or a comma outside strings, so counting those bounds the values."""
    if _openings(text) + text.count(",") < limit:
        return
    bare = _STRING.sub("", text)
    if _openings(bare) + bare.count(",") >= limit:
        raise too_many_values(limit)


def _openings(text: str) -> int:
    return text.count("{") + text.count("[")


class _LargeInteger(Exception):
    """An integer that is allowed in one place only; the text is read again to find its place."""


def _integer(digits: str) -> int:
    value = _any_integer(digits)
    if -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return value
    raise _LargeInteger


def _any_integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS:  # not even parsed: that would take quadratic time
        _out_of_range()
    return int(digits)


def _parse_text(text: str, limits: BodyLimits) -> JsonValue:
    suspect = len(text) > limits.max_string or "\\ud" in text or "\\uD" in text
    try:
        try:
            value: JsonValue = _DECODER.decode(text)
        except _LargeInteger:
            suspect = True
            value = _LARGE_DECODER.decode(text)
    except JSONDecodeError as error:
        raise GatewayError("invalid_json", f"The body is not valid JSON at character {error.pos}.") from None
    except RecursionError:
        raise _too_deep(limits.max_depth) from None
    if suspect:
        _check_leaves(value, limits)
    return value


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise GatewayError("duplicate_key", f"An object of the body has the key {_twice(pairs)} more than once.")
    return members


def _twice(pairs: list[tuple[str, JsonValue]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return shown(key)
        seen.add(key)
    return ""


def _finite(digits: str) -> float:
    value = float(digits)
    if value - value != 0.0 or len(digits) > _FLOAT_CHARACTERS:  # an infinity minus itself is not a number
        _out_of_range()
    return value


def _constant(_: str) -> NoReturn:
    raise GatewayError("invalid_json", "The body is not valid JSON: NaN and Infinity are not JSON values.")


def _decoder(parse_int: Callable[[str], int]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=parse_int, parse_float=_finite, parse_constant=_constant
    )


_DECODER = _decoder(_integer)
_LARGE_DECODER = _decoder(_any_integer)


def _out_of_range() -> NoReturn:
    raise GatewayError("number_out_of_range", "A number of the body is out of range.")


def _too_deep(limit: int) -> GatewayError:
    return GatewayError(
        "too_deep", f"The body is nested deeper than {limit} levels, the gateway's limit body.max_depth."
    )


def too_many_values(limit: int) -> GatewayError:
    """The error for a body of more values than the gateway takes."""
    message = f"The body holds more than {limit} values, the gateway's limit body.max_nodes."
    return GatewayError("limit_exceeded", message)


def _check_depth(value: JsonValue, limit: int) -> None:
    """Go down level by level, containers only."""
    level: list[list[JsonValue] | JsonObject] = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > limit:
            raise _too_deep(limit)
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]


def _check_leaves(root: JsonValue, limits: BodyLimits) -> None:
    """The walk for bodies with a long string, a large integer or an escaped surrogate."""
    stack: list[tuple[Location, JsonValue]] = [((), root)]
    while stack:
        location, value = stack.pop()
        if isinstance(value, str):
            _check_string(value, location, limits.max_string)
        elif isinstance(value, dict):
            for key, child in value.items():
                _check_string(key, location, limits.max_string)
                stack.append(((*location, key), child))
        elif isinstance(value, list):
            stack.extend(((*location, index), child) for index, child in enumerate(value))
        elif isinstance(value, int):
            _check_integer(value, location)


def _check_string(text: str, location: Location, limit: int) -> None:
    if len(text) > limit:
        where = shown_path(location) or "the body"
        message = f"A string in {where} is longer than {limit} characters, the gateway's limit body.max_string."
        raise GatewayError("limit_exceeded", message)
    try:
        text.encode()
    except UnicodeEncodeError:
        where = shown_path(location) or "the body"
        raise GatewayError("invalid_encoding", f"A string in {where} holds half a surrogate pair.") from None


def _check_integer(value: int, location: Location) -> None:
    is_seed = bool(location) and location[-1] == "seed"
    if -SAFE_INTEGER <= value <= SAFE_INTEGER or (is_seed and -INT64 <= value < INT64):
        return
    where = shown_path(location)
    raise GatewayError("number_out_of_range", f"The number at {where} is out of range.", param=where or None)
