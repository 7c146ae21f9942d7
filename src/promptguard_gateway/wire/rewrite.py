"""Putting redactions into a parsed body, at the places where the text was found.

A segment is a whole string, a key, a number, or a token of JSON inside a string. JSON inside a string stays valid JSON:
a replacement is escaped, a number becomes a string. A key is renamed in place; if its new name is taken, nothing
sensible can be sent, and the caller must block. All of it takes linear time, however many findings there are.
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
    keys: dict[Location, dict[str, list[Edit]]] = {}
    for edit in edits:
        location = edit.segment.location
        if edit.segment.is_key:
            keys.setdefault(location[:-1], {}).setdefault(str(location[-1]), []).append(edit)
        else:
            values.setdefault(location, []).append(edit)
    for location, value_edits in values.items():
        _rewrite_value(body, location, value_edits)
    # The deepest objects first: renaming a key changes the way to everything below it.
    for location in sorted(keys, key=len, reverse=True):
        _rename(body, location, {key: splice(key, key_edits) for key, key_edits in keys[location].items()})


def splice(text: str, edits: Sequence[Edit]) -> str:
    """A text with edits applied to it."""
    return _joined(text, [(edit.start, edit.end, edit.replacement) for edit in sorted(edits, key=_start)])


def _joined(text: str, cuts: Iterable[tuple[int, int, str]]) -> str:
    """A text with other text in the place of each cut; the cuts ascend."""
    parts: list[str] = []
    position = 0
    for start, end, replacement in cuts:
        parts += (text[position:start], replacement)
        position = end
    return "".join((*parts, text[position:]))


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
    result = _joined(
        text,
        (
            (start, end, _edited_token(text[start:end], edits, edits[0].segment.leaf))
            for (start, end), edits in sorted(by_leaf.items())
        ),
    )
    if _repeated_keys(result) > _repeated_keys(text):
        raise CannotRewrite("two keys of a JSON text would become equal")
    return result


def _edited_token(token: str, edits: list[Edit], leaf: JsonLeaf | None) -> str:
    if leaf is None or leaf.is_number:
        return json.dumps(splice(token, edits), ensure_ascii=False)
    ordered = sorted(edits, key=_start)
    places = raw_offsets(token, [offset for edit in ordered for offset in (edit.start, edit.end)])
    cuts = (
        (places[2 * index], places[2 * index + 1], json.dumps(edit.replacement, ensure_ascii=False)[1:-1])
        for index, edit in enumerate(ordered)
    )
    return _joined(token, cuts)


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


def _rename(body: JsonValue, location: Location, names: Mapping[str, str]) -> None:
    """Rename keys of the object at this place, which keeps its order."""
    try:
        holder = value_at(body, location)
    except LookupError:
        raise CannotRewrite(_NO_PLACE) from None
    if not isinstance(holder, dict) or not names.keys() <= holder.keys():
        raise CannotRewrite(_NO_PLACE)
    renamed = {names.get(key, key): value for key, value in holder.items()}
    if len(renamed) != len(holder):
        raise CannotRewrite("two keys of an object would become equal")
    holder.clear()
    holder.update(renamed)
