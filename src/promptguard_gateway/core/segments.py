"""Segments and the coverage ledger: the promise that nothing unseen passes, as values.

A dialect walks a parsed body once and accounts for *every* string leaf: it becomes a `Segment`, which the
detectors read, or it is counted under a reason why not. `Inventory.leaves` is counted by the walk itself, so
the ledger can be checked: leaves == segments that are whole leaves + exemptions.
"""

import re
from enum import StrEnum

from msgspec import Struct


class Direction(StrEnum):
    """Which way the text travels."""

    INPUT = "input"
    OUTPUT = "output"


class Role(StrEnum):
    """Who speaks in a segment. CONFIG is any string of a request that is not part of its conversation."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    DOCUMENT = "document"
    TOOL_DEFINITION = "tool_definition"
    CONFIG = "config"


class Channel(StrEnum):
    """The strand of a message that a segment belongs to; an answer has one inspector per choice and channel."""

    CONTENT = "content"
    REASONING = "reasoning"
    REFUSAL = "refusal"
    TOOL_ARGUMENTS = "tool_arguments"


class Column(StrEnum):
    """The columns of a policy's matrix: how far the speaker is trusted."""

    UNTRUSTED = "untrusted"  # user, document, tool result, and every string we do not know
    SYSTEM = "system"  # system, developer
    HISTORY = "history"  # assistant text and tool arguments that the request repeats
    TOOL_DEFINITION = "tool_definition"
    ANSWER = "answer"  # content, reasoning, refusal
    ANSWER_TOOL_ARGUMENTS = "answer_tool_arguments"


ANSWER_COLUMNS = (Column.ANSWER, Column.ANSWER_TOOL_ARGUMENTS)

_INPUT_COLUMNS = {
    Role.SYSTEM: Column.SYSTEM,
    Role.DEVELOPER: Column.SYSTEM,
    Role.USER: Column.UNTRUSTED,
    Role.ASSISTANT: Column.HISTORY,
    Role.TOOL: Column.UNTRUSTED,
    Role.DOCUMENT: Column.UNTRUSTED,
    Role.TOOL_DEFINITION: Column.TOOL_DEFINITION,
    Role.CONFIG: Column.UNTRUSTED,
}


def column_of(direction: Direction, role: Role, channel: Channel) -> Column:
    """The policy column that judges text of this role and channel."""
    if direction is Direction.INPUT:
        return _INPUT_COLUMNS[role]
    return Column.ANSWER_TOOL_ARGUMENTS if channel is Channel.TOOL_ARGUMENTS else Column.ANSWER


class JsonLeaf(Struct, frozen=True, gc=False):
    """Where a decoded string stands inside the JSON text that carried it (tool arguments, JSON tool results).

    `start` and `end` are offsets in the outer string, of the token with its quotes. `pointer` is the JSON pointer.
    `is_number` marks a bare number: redacting it makes it a string. `is_key` marks the key of a member.
    """

    start: int
    end: int
    pointer: str
    is_number: bool = False
    is_key: bool = False


class Segment(Struct, frozen=True):
    """A piece of text with its role and its place in the body.

    `location` is the way from the body's root: object keys and list indexes. `turn` is the index of the message it
    belongs to (-1: none). `is_key`: the text is the object key at the end of `location`, not its value.
    `repeated`: the text stands in the conversation before its last message, so a client sends it again each turn.
    """

    location: tuple[str | int, ...]
    role: Role
    text: str
    column: Column = Column.UNTRUSTED
    channel: Channel = Channel.CONTENT
    turn: int = -1
    leaf: JsonLeaf | None = None
    is_key: bool = False
    repeated: bool = False

    @property
    def path(self) -> str:
        """The place as people write it: `messages[0].content`. A key that could hold data is shown as `*`."""
        return path_of(tuple(_shown(step) if isinstance(step, str) else step for step in self.location))

    @property
    def pointer(self) -> str:
        """The JSON pointer inside the carrying string, or an empty string. Keys are shown as in `path`."""
        return "/".join(map(_shown, self.leaf.pointer.split("/"))) if self.leaf else ""


# Paths are stored and shown. Keys are chosen by whoever wrote the body: only words and small numbers are repeated.
_WORD = re.compile(r"(?:[A-Za-z_$\-]{0,32}|[0-9]{1,6})\Z")


def _shown(step: str) -> str:
    return step if _WORD.match(step) else "*"


def path_of(location: tuple[str | int, ...]) -> str:
    """`("messages", 0, "content")` -> `messages[0].content`."""
    parts: list[str] = []
    for step in location:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(f".{step}" if parts else step)
    return "".join(parts)


class Exemption(StrEnum):
    """Why a string leaf was not handed to the detectors. The list is closed, and documented in docs/inspection.md."""

    IDENTIFIER = "identifier"  # matches a strict identifier shape, and is not rendered as prose
    ENUMERATION = "enumeration"  # one of a closed list of values, already checked
    MEDIA = "media"  # base64 of an image or sound: not text
    FIELD_NAME = "field_name"  # a key that the dialect knows
    MIRROR = "mirror"  # log-probability tokens: they repeat inspected text and share its fate
    METADATA = "metadata"  # written by the upstream about the answer: id, model, fingerprint


class Inventory(Struct):
    """Every string of one body, accounted for.

    `leaves` counts every string value met by the walk (and every key outside known fields).
    """

    segments: list[Segment]
    exempt: dict[Exemption, int]
    leaves: int = 0

    def exempted(self, reason: Exemption) -> None:
        """Count one leaf that is not inspected."""
        self.leaves += 1
        self.exempt[reason] = self.exempt.get(reason, 0) + 1

    @property
    def characters(self) -> int:
        """Characters handed to the detectors."""
        return sum(len(segment.text) for segment in self.segments)


def empty_inventory() -> Inventory:
    """An inventory with nothing in it yet."""
    return Inventory(segments=[], exempt={})
