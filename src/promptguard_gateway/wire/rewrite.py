"""Putting redactions into a parsed body, at the places where the text was found.

A segment is a whole string, a key, a number, or a token of JSON inside a string. Edits to one string are applied from
its end to its beginning, so that earlier offsets stay true. JSON inside a string stays valid JSON: a replacement is
escaped, a number becomes a string. A key is renamed in place; if its new name is taken, nothing sensible can be sent,
and the caller must block.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from json.decoder import JSONDecodeError

from msgspec import Struct

from promptguard_gateway.core.segments import JsonLeaf, Segment
from promptguard_gateway.wire.embedded_json import raw_offsets
from promptguard_gateway.wire.strict_json import JsonValue, Location, set_value, value_at

_NO_PLACE = "a redaction has no place in the body"


class Edit(Struct, frozen=True, gc=False):
    """Replace characters `start` to `end` of a segment's text. Edits of one segment must not overlap."""

    segment: Segment
    start: int
    end: int
    replacement: str


class CannotRewrite(Exception):
    """The body cannot carry the redaction: two keys of one object would become equal, or the place is gone."""


def apply(body: JsonValue, edits: Iterable[Edit]) -> None:
    """Change a parsed body in place. Raises CannotRewrite; the body must then not be forwarded."""
    values: dict[Location, list[Edit]] = {}
    keys: dict[Location, list[Edit]] = {}
    for edit in edits:
        group = keys if edit.segment.is_key else values
        group.setdefault(edit.segment.location, []).append(edit)
    for location, group_edits in values.items():
        _rewrite_value(body, location, group_edits)
    # The deepest keys first: renaming a key changes the way to everything below it.
    for location in sorted(keys, key=len, reverse=True):
        _rename(body, location, splice(str(location[-1]), keys[location]))


def splice(text: str, edits: Sequence[Edit]) -> str:
    """A text with edits applied to it."""
    for edit in sorted(edits, key=_start, reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def _start(edit: Edit) -> int:
    return edit.start


def _rewrite_value(body: JsonValue, location: Location, edits: list[Edit]) -> None:
    try:
        set_value(body, location, _rewritten(value_at(body, location), edits))
    except LookupError:
        raise CannotRewrite(_NO_PLACE) from None


def _rewritten(value: JsonValue, edits: list[Edit]) -> str:
    text = value if isinstance(value, str) else edits[0].segment.text
    by_leaf: dict[tuple[int, int], list[Edit]] = {}
    for edit in edits:
        leaf = edit.segment.leaf
        if leaf is not None:
            by_leaf.setdefault((leaf.start, leaf.end), []).append(edit)
    return rewrite_embedded(text, by_leaf) if by_leaf else splice(text, edits)


def rewrite_embedded(text: str, by_leaf: Mapping[tuple[int, int], list[Edit]]) -> str:
    """A JSON text with edits applied to its leaves, keyed by their raw places; the result is valid JSON."""
    result = text
    for (start, end), edits in sorted(by_leaf.items(), reverse=True):
        leaf = edits[0].segment.leaf
        token = _edited_token(text[start:end], edits, leaf)
        result = result[:start] + token + result[end:]
    if _repeated_keys(result) > _repeated_keys(text):
        raise CannotRewrite("two keys of a JSON text would become equal")
    return result


def _edited_token(token: str, edits: list[Edit], leaf: JsonLeaf | None) -> str:
    if leaf is None or leaf.is_number:
        return json.dumps(splice(token, edits), ensure_ascii=False)
    ordered = sorted(edits, key=_start)
    places = raw_offsets(token, [offset for edit in ordered for offset in (edit.start, edit.end)])
    for index in range(len(ordered) - 1, -1, -1):
        start, end = places[2 * index], places[2 * index + 1]
        token = token[:start] + json.dumps(ordered[index].replacement, ensure_ascii=False)[1:-1] + token[end:]
    return token


def _repeated_keys(text: str) -> int:
    """How many members of objects in a JSON text have the key of another one."""
    surplus = 0

    def count(pairs: list[tuple[str, JsonValue]]) -> None:
        nonlocal surplus
        surplus += len(pairs) - len({key for key, _ in pairs})

    try:
        json.JSONDecoder(object_pairs_hook=count, parse_int=float).decode(text)
    except (JSONDecodeError, RecursionError) as error:
        raise CannotRewrite("a JSON text would no longer be valid") from error
    return surplus


def _rename(body: JsonValue, location: Location, name: str) -> None:
    old = location[-1]
    try:
        parent = value_at(body, location[:-1])
    except LookupError:
        raise CannotRewrite(_NO_PLACE) from None
    if not isinstance(parent, dict) or old not in parent:
        raise CannotRewrite(_NO_PLACE)
    if name != old and name in parent:
        raise CannotRewrite("two keys of an object would become equal")
    members = [(name if key == old else key, value) for key, value in parent.items()]
    parent.clear()
    parent.update(members)
