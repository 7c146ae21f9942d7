"""The walk that accounts for every string of a body: the coverage ledger's book-keeping.

A dialect knows which strings are what; this module knows how each is entered, so that none can be passed over:
`text` and `carrier` hand a string to the detectors, `exempt` counts it under a reason, `free` goes through a value
that no dialect knows and takes every string, every key and every long number in it for text.
"""

import re
import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from promptguard_gateway.core.segments import (
    Channel,
    Column,
    Direction,
    Exemption,
    Inventory,
    Role,
    Segment,
    column_of,
    empty_inventory,
)
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire import embedded_json
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location, shown_path, too_many_values, value_at

# Ids that machines make: call_9, chatcmpl-tool-8dc14010724130e7, a UUID. A word of five letters makes it text, since
# some chat templates print ids to the model.
_IDENTIFIER = re.compile(
    r"(?:chatcmpl-tool-|call_|toolu_|fc_|tool_)?"
    r"(?:[A-Za-z0-9]{1,64}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z"
)
_PREFIX = re.compile(r"(?:chatcmpl-tool-|call_|toolu_|fc_|tool_)")
_HEXADECIMAL = re.compile(r"[0-9a-f\-]+\Z")
_WORD = re.compile(r"[a-z]{5}|[A-Z]{5}")


def is_identifier(text: str) -> bool:
    """Whether a string has the shape of a generated id and holds nothing that reads like a word."""
    if not _IDENTIFIER.match(text):
        return False
    prefix = _PREFIX.match(text)
    begin = prefix.end() if prefix else 0
    if len(text) - begin >= embedded_json.MIN_DIGITS and text[begin:].isdigit():
        return False  # a number that may be somebody's
    return bool(_HEXADECIMAL.match(text, begin)) or not _WORD.search(text, begin)


# Normalising is not linear in the length of a key, and no known key is nearly as long.
_LONGEST_TWIN = 64


def fold(key: str) -> str:
    """A key as a lenient reader may compare it: without case, look-alike letters of other widths made plain."""
    return unicodedata.normalize("NFKC", key).casefold()


class Voice(Struct, frozen=True, gc=False):
    """Who speaks in the strings at hand; what their segments have in common."""

    role: Role
    column: Column
    channel: Channel = Channel.CONTENT
    turn: int = -1
    repeated: bool = False


def voice_of(direction: Direction, role: Role, channel: Channel = Channel.CONTENT) -> Voice:
    """A voice outside the conversation, judged by the policy column of its role and channel."""
    return Voice(role, column_of(direction, role, channel), channel)


def outsider(voice: Voice) -> Voice:
    """An unknown string beside this voice: judged as untrusted, whoever the message says is speaking."""
    return Voice(Role.CONFIG, Column.UNTRUSTED, voice.channel, voice.turn, voice.repeated)


CONFIG = voice_of(Direction.INPUT, Role.CONFIG)
DEFINITION = voice_of(Direction.INPUT, Role.TOOL_DEFINITION)
DOCUMENT = voice_of(Direction.INPUT, Role.DOCUMENT)

# Words of JSON Schema and of tool definitions: as keys they say nothing of their own.
# fmt: off
SCHEMA_WORDS = frozenset((
    "$defs", "$id", "$ref", "$schema", "additionalProperties", "allOf", "anyOf", "const", "default", "definitions",
    "description", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "function", "items",
    "json_schema", "maximum", "maxItems", "maxLength", "minimum", "minItems", "minLength", "multipleOf", "name",
    "not", "nullable", "oneOf", "parameters", "pattern", "patternProperties", "prefixItems", "properties",
    "required", "schema", "strict", "title", "type", "uniqueItems",
))
# fmt: on
# fmt: off
_SCHEMA_TYPES = frozenset((
    "array", "boolean", "function", "integer", "json_object", "json_schema", "null", "number", "object", "string",
))
# fmt: on
_NO_WORDS: frozenset[str] = frozenset()
_NUMBERS = (int, float)


class Walk:
    """One body's inventory in the making."""

    def __init__(self, limits: BodyLimits, *, refuse_unknown: bool = False) -> None:
        self.inventory: Inventory = empty_inventory()
        self.limits = limits
        self._refuse_unknown = refuse_unknown

    def text(self, location: Location, text: str, voice: Voice, *, is_key: bool = False) -> None:
        """A whole string for the detectors."""
        inventory = self.inventory
        inventory.leaves += 1
        inventory.segments.append(
            Segment(
                location=location,
                role=voice.role,
                text=text,
                column=voice.column,
                channel=voice.channel,
                turn=voice.turn,
                is_key=is_key,
                repeated=voice.repeated,
            )
        )

    def carrier(self, location: Location, text: str, voice: Voice) -> None:
        """A string that may itself be JSON: its leaves are inspected decoded; if it has none, it is text."""
        decoded = embedded_json.leaves(text)
        if not decoded:
            self.text(location, text, voice)
            return
        segments = self.inventory.segments
        if len(segments) + len(decoded) > self.limits.max_nodes:
            raise too_many_values(self.limits.max_nodes)
        self.inventory.leaves += 1
        segments.extend(
            Segment(
                location=location,
                role=voice.role,
                text=each.text,
                column=voice.column,
                channel=voice.channel,
                turn=voice.turn,
                leaf=each.leaf,
                repeated=voice.repeated,
            )
            for each in decoded
        )

    def exempt(self, reason: Exemption) -> None:
        """A string that is not inspected, and why."""
        self.inventory.exempted(reason)

    def identifier(self, location: Location, text: str, voice: Voice) -> None:
        """An id, if it looks like one; else text."""
        if is_identifier(text):
            self.exempt(Exemption.IDENTIFIER)
        else:
            self.text(location, text, voice)

    def choice(self, location: Location, text: str, values: Iterable[str], voice: Voice) -> None:
        """One of a closed list of values; anything else is text."""
        if text in values:
            self.exempt(Exemption.ENUMERATION)
        else:
            self.text(location, text, voice)

    def free(self, location: Location, value: JsonValue, voice: Voice, words: frozenset[str] = _NO_WORDS) -> None:
        """A value of any shape: all its strings, its keys (except `words`) and its long numbers are text."""
        if isinstance(value, str):
            self.text(location, value, voice)
        elif isinstance(value, dict):
            for key, child in value.items():
                self._key(location, key, child, voice, words)
        elif isinstance(value, list):
            if len(value) > 1 and all(type(child) in _NUMBERS for child in value):
                self._numbers(location, value, voice)
                return
            for index, child in enumerate(value):
                self.free((*location, index), child, voice, words)
        elif not isinstance(value, bool) and value is not None:
            self._number(location, value, voice)

    def schema(self, location: Location, value: JsonValue, voice: Voice = DEFINITION) -> None:
        """As `free`, for tool definitions and schemas: their own keywords are field names."""
        self.free(location, value, voice, SCHEMA_WORDS)

    def unknown(self, location: Location, value: JsonValue, voice: Voice, known: frozenset[str]) -> None:
        """A member that the dialect does not know, untrusted whoever speaks beside it; the key ends `location`.

        Raises GatewayError: `unknown_field` where the policy refuses those, `invalid_value` for a key that differs
        from a known one (`known` holds them folded) by case only, which the next reader may take for it.
        """
        key = str(location[-1])
        where = shown_path(location)
        if len(key) <= _LONGEST_TWIN and fold(key) in known:
            raise GatewayError(
                "invalid_value", f"{where} is not a field; spell the known field in its own case.", param=where
            )
        if self._refuse_unknown:
            raise GatewayError(
                "unknown_field",
                f"{where} is not a field that this gateway knows; your policy refuses those.",
                param=where,
            )
        stranger = outsider(voice)
        self.text(location, key, stranger, is_key=True)
        self.free(location, value, stranger)

    def _key(self, location: Location, key: str, child: JsonValue, voice: Voice, words: frozenset[str]) -> None:
        place = (*location, key)
        if key not in words:
            self.text(place, key, voice, is_key=True)
        else:
            self.exempt(Exemption.FIELD_NAME)
            if key == "type" and isinstance(child, str) and child in _SCHEMA_TYPES:
                self.exempt(Exemption.ENUMERATION)
                return
        self.free(place, child, voice, words)

    def _number(self, location: Location, value: int | float, voice: Voice) -> None:
        if -1e6 < value < 1e6 and isinstance(value, int):
            return
        self._digits(location, str(int(value)) if value == int(value) else str(value), voice)

    def _numbers(self, location: Location, values: list[JsonValue], voice: Voice) -> None:
        """A list of numbers is read as one text: digits cut into pieces, characters written as codes."""
        self._digits(location, ", ".join(map(str, values)), voice)

    def _digits(self, location: Location, digits: str, voice: Voice) -> None:
        if sum(map(str.isdigit, digits)) >= embedded_json.MIN_DIGITS:
            self.text(location, digits, voice)


def folded(names: Iterable[str]) -> frozenset[str]:
    """Known keys, ready for `Walk.unknown`."""
    return frozenset(map(fold, names))


def require_object(value: JsonValue, location: Location) -> JsonObject:
    """The value as an object, or GatewayError `invalid_value`."""
    if isinstance(value, dict):
        return value
    raise wrong(location, "an object")


def require_list(value: JsonValue, location: Location) -> list[JsonValue]:
    """The value as a list, or GatewayError `invalid_value`."""
    if isinstance(value, list):
        return value
    raise wrong(location, "a list")


def require_text(value: JsonValue, location: Location) -> str:
    """The value as a string, or GatewayError `invalid_value`."""
    if isinstance(value, str):
        return value
    raise wrong(location, "a string")


def wrong(location: Location, expected: str) -> GatewayError:
    """The error for a field of the wrong type or value."""
    where = shown_path(location)
    return GatewayError("invalid_value", f"{where} must be {expected}.", param=where)


def missing(location: Location) -> GatewayError:
    """The error for a required field that is not there."""
    where = shown_path(location)
    return GatewayError("missing_field", f"{where} is required.", param=where)


def over_limit(name: str, limit: int, setting: str) -> GatewayError:
    """The error for a field above one of the operator's limits, `body.SETTING`."""
    return GatewayError("limit_exceeded", f"{name} is over {limit}, the gateway's limit body.{setting}.", param=name)


def check_ledger(inventory: Inventory, body: JsonValue) -> bool:
    """Whether the ledger of a body adds up. Two equations:

    1. `leaves` == whole-leaf segments + carriers of embedded JSON + exemptions.
    2. string values in the body == `leaves` - keys (inspected, or exempt as field names) - numbers taken for text.

    A whole-leaf segment is one without `leaf`; a carrier is a location that has segments with one; a list of numbers
    that is read as one text counts as one number. The second equation counts the body independently of the walk, so a
    string that the walk passed over breaks it.
    """
    whole = [segment for segment in inventory.segments if segment.leaf is None]
    carriers = {segment.location for segment in inventory.segments if segment.leaf is not None}
    keys = sum(segment.is_key for segment in whole) + inventory.exempt.get(Exemption.FIELD_NAME, 0)
    numbers = sum(not segment.is_key and not isinstance(value_at(body, segment.location), str) for segment in whole)
    balanced = inventory.leaves == len(whole) + len(carriers) + sum(inventory.exempt.values())
    return balanced and _strings(body) == inventory.leaves - keys - numbers


def _strings(value: JsonValue) -> int:
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return sum(map(_strings, value.values()))
    return sum(map(_strings, value)) if isinstance(value, list) else 0
