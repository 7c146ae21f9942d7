"""Reading JSON that stands inside a string: tool arguments and tool results, as they stand.

The text is not decoded and encoded again, since that would lose white space, the order of digits and all but the last
of two equal keys. Instead its tokens are found where they are: every string, key or value, duplicates included, and
every run of numbers long enough to be personal becomes a leaf with its place. So what the model reads is what was
inspected, and a redaction changes the bytes of one token only.
"""

import json
import re
from json.decoder import JSONDecodeError

from msgspec import Struct

from promptguard_gateway.core.segments import JsonLeaf

MIN_DIGITS = 7  # the shortest number that is worth inspecting: a local telephone number
_POINTER_LENGTH = 256  # deeper leaves are inspected too, but their pointers stop growing
_STEP_LENGTH = 64
_IN_OBJECT = -1

# Only ever applied to text that the JSON parser accepted. Groups: a string, the colon that makes it a key, a number and
# further numbers of its array, a comma, an opening and a closing bracket.
_TOKEN = re.compile(
    r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?'
    r"|(-?\d[\d.eE+\-]*(?:\s*,\s*-?\d[\d.eE+\-]*)*)"
    r"|(,)|([{\[])|([}\]])"
)
_COLON, _NUMBERS, _COMMA, _OPENING = 2, 3, 4, 5
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# Integers are read as floats here: only validity is asked, and a million digits cost nothing.
_DECODER = json.JSONDecoder(parse_int=float)
_STRING_DECODER = json.JSONDecoder()


class Decoded(Struct, frozen=True, gc=False):
    """A leaf of an embedded JSON text, and what it says."""

    leaf: JsonLeaf
    text: str


def leaves(text: str) -> list[Decoded] | None:
    """The leaves of a string that is a JSON object or array; None when it is not one.

    A text nested so deep that the standard library's parser gives up counts as not JSON: no reader built on that
    parser can read it either. A lone surrogate in a leaf is shown as U+FFFD.
    """
    if not text.lstrip(" \t\r\n").startswith(("{", "[")):
        return None
    try:
        _DECODER.decode(text)
    except (JSONDecodeError, RecursionError):
        return None
    return _tokens(text)


def _tokens(text: str) -> list[Decoded]:
    found: list[Decoded] = []
    stack: list[tuple[str, int]] = []  # the containers around the open one
    prefix, index = "", _IN_OBJECT  # pointer of the open container; place in it, if it is an array
    here = ""  # pointer of the value that comes next
    for match in _TOKEN.finditer(text):
        kind = match.lastindex
        if kind == 1 or kind == _COLON:
            said = _unescape(match.group(1))
            if kind == _COLON:
                here = _child(prefix, said)
            start, end = match.span(1)
            found.append(Decoded(JsonLeaf(start, end, here, is_key=kind == _COLON), said))
        elif kind == _COMMA:
            if index >= 0:
                index += 1
                here = _child(prefix, str(index))
        elif kind == _NUMBERS:
            digits = match.group()
            if len(digits) >= MIN_DIGITS and sum(map(str.isdigit, digits)) >= MIN_DIGITS:
                found.append(Decoded(JsonLeaf(match.start(), match.end(), here, is_number=True), digits))
            index += digits.count(",")
        elif kind == _OPENING:
            stack.append((prefix, index))
            prefix, index = here, (_IN_OBJECT if match.group() == "{" else 0)
            here = _child(prefix, "0") if index == 0 else prefix
        else:
            prefix, index = stack.pop()
    return found


def _child(prefix: str, step: str) -> str:
    if len(prefix) > _POINTER_LENGTH:
        return prefix
    if "~" in step or "/" in step:
        step = step[:_STEP_LENGTH].replace("~", "~0").replace("/", "~1")
    return f"{prefix}/{step[:_STEP_LENGTH]}"


def _unescape(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    said: str = _STRING_DECODER.decode(token)
    return _SURROGATE.sub("\ufffd", said)


def raw_offsets(token: str, offsets: list[int]) -> list[int]:
    """Where characters of a decoded string stand in its raw token (quotes included). `offsets` ascend.

    An offset equal to the decoded length gives the place of the closing quote.
    """
    if "\\" not in token:
        return [offset + 1 for offset in offsets]
    places: list[int] = []
    surplus = 1  # raw place minus decoded place, so far
    escapes = [(match.start(), len(match.group()) - 1) for match in _ESCAPE.finditer(token)]
    passed = 0
    for offset in offsets:
        while passed < len(escapes) and escapes[passed][0] < offset + surplus:
            surplus += escapes[passed][1]
            passed += 1
        places.append(offset + surplus)
    return places
