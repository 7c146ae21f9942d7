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

# Only ever applied to text that the JSON parser accepted. A number may be followed by further numbers of its array.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+\-]*(?:\s*,\s*-?\d[\d.eE+\-]*)*|[{}\[\],]')
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


class _Frame:
    """An open object or array: where we are in it."""

    __slots__ = ("expects_key", "index", "is_object", "pointer")

    def __init__(self, pointer: str, is_object: bool) -> None:
        self.pointer = pointer
        self.is_object = is_object
        self.expects_key = is_object
        self.index = 0


def _tokens(text: str) -> list[Decoded]:
    found: list[Decoded] = []
    stack: list[_Frame] = []
    here = ""  # the pointer of the value that comes next
    for match in _TOKEN.finditer(text):
        token = match.group()
        kind = token[0]
        if kind == '"':
            said = _unescape(token)
            frame = stack[-1]
            if frame.expects_key:
                here = _child(frame, said)
                frame.expects_key = False
            found.append(Decoded(JsonLeaf(match.start(), match.end(), here), said))
        elif kind in "{[":
            stack.append(_Frame(here, kind == "{"))
            if kind == "[":
                here = _child(stack[-1], "0")
        elif kind in "}]":
            stack.pop()
        elif kind == ",":
            here = _next(stack[-1], here)
        else:
            if sum(map(str.isdigit, token)) >= MIN_DIGITS:
                found.append(Decoded(JsonLeaf(match.start(), match.end(), here, is_number=True), token))
            stack[-1].index += token.count(",")
    return found


def _child(frame: _Frame, step: str) -> str:
    if len(frame.pointer) > _POINTER_LENGTH:
        return frame.pointer
    return f"{frame.pointer}/{step[:_STEP_LENGTH].replace('~', '~0').replace('/', '~1')}"


def _next(frame: _Frame, here: str) -> str:
    if frame.is_object:
        frame.expects_key = True
        return here
    frame.index += 1
    return _child(frame, str(frame.index))


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
