"""The Guard API's bodies as segments, and decisions as its answers. Shapes in `wire.schemas`.

Blocks are accepted in the forms of OpenAI and Anthropic. What cannot be read as text (an image, a link, a file id) is
reported under `unscanned`, never passed over in silence; what is in no schema is inspected as text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from promptguard_gateway.core.segments import (
    Channel,
    Direction,
    Exemption,
    Inventory,
    Role,
    column_of,
)
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.schemas import GuardMessage, Unscanned
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location
from promptguard_gateway.wire.walk import Voice, Walk

_ROLES: Mapping[str, Role] = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_MEDIA_TYPES = frozenset(
    {"image_url", "input_image", "image", "input_audio", "audio", "file", "input_file", "document"}
)
# Words of tool calls and blocks: as keys they say nothing of their own.
# fmt: off
_WORDS = frozenset((
    "args", "arguments", "citations", "content", "context", "custom", "data", "function", "id", "index", "input",
    "is_error", "name", "source", "text", "title", "tool_call_id", "tool_use_id", "type",
))
# fmt: on
_MEDIA_KEYS = frozenset(
    {"url", "data", "base64", "file_data", "image_url", "file_id", "media_type", "mime_type", "format", "detail"}
)
_UNREAD = _MEDIA_KEYS | {"type", "id", "tool_use_id", "tool_call_id"}
_BINARY = re.compile(
    r"(?:data:(?:(?:image|audio|video)/[a-z0-9.+\-]{1,64}|application/pdf);base64,)?[A-Za-z0-9+/_\-]*={0,2}\Z"
)
_LABEL = re.compile(r"[A-Za-z0-9_./+\-]{1,100}\Z")


class GuardInventory:
    """Walks a guard request once; afterwards `inventory` and `unscanned` account for all of it.

    `tree` is the parsed body of a request that has the shape of `schemas.GuardRequest`.
    """

    def __init__(self, tree: JsonObject, limits: BodyLimits) -> None:
        self.unscanned: list[Unscanned] = []
        self._walk = Walk(limits)
        self._direction = Direction(str(tree.get("direction", "input")))
        for key, value in tree.items():
            self._member(key, value)

    @property
    def inventory(self) -> Inventory:
        """The ledger of the whole body."""
        return self._walk.inventory

    def _member(self, key: str, value: JsonValue) -> None:
        match key, value:
            case "messages", list(messages):
                for index, message in enumerate(messages):
                    self._message(index, message, repeated=index < len(messages) - 1)
            case "retrieved_context", list(documents):
                for index, document in enumerate(documents):
                    self._free((key, index), document, self._voice(Role.DOCUMENT))
            case "context", dict(context):
                self._context(context)
            case "media" | "images", list(media):
                for index, medium in enumerate(media):
                    self._medium((key, index), medium, self._voice(Role.DOCUMENT))
                    self._report(index, *_media_reason(medium))
            case "direction", str():
                self._walk.exempt(Exemption.ENUMERATION)
            case "model", str(model):
                self._walk.identifier((key,), model, self._voice(Role.CONFIG))
            case "device_findings", _:
                self._exempt(value, Exemption.METADATA)
            case _:
                self._free((key,), value, self._voice(Role.CONFIG))

    def _voice(self, role: Role, channel: Channel = Channel.CONTENT, turn: int = -1, repeated: bool = False) -> Voice:
        return Voice(role, column_of(self._direction, role, channel), channel, turn, repeated)

    def _message(self, index: int, message: JsonValue, *, repeated: bool) -> None:
        if not isinstance(message, dict):
            return
        # An unknown role is read as the least trusted speaker.
        role = _ROLES.get(str(message.get("role")), Role.USER)
        voice = self._voice(role, Channel.CONTENT, index, repeated)
        for key, value in message.items():
            where: Location = ("messages", index, key)
            if key == "role" and isinstance(value, str):
                self._walk.choice(where, value, _ROLES, voice)
            elif key == "tool_call_id" and isinstance(value, str):
                self._walk.identifier(where, value, voice)
            elif key == "content" and isinstance(value, list):
                for position, block in enumerate(value):
                    self._block((*where, position), block, voice)
            elif key in ("tool_calls", "function_call"):
                self._free(where, value, self._voice(role, Channel.TOOL_ARGUMENTS, index, repeated))
            else:
                self._free(where, value, voice)

    def _block(self, where: Location, block: JsonValue, voice: Voice) -> None:
        if isinstance(block, dict) and block.get("type") in _MEDIA_TYPES:
            self._medium(where, block, voice)
            self._report(voice.turn, *_media_reason(block))
            return
        self._free(where, block, voice)
        if not isinstance(block, str | dict):
            self._report(voice.turn, "unsupported_block", "a block that is neither text nor an object")
        elif not any(True for _ in _texts_of(block)):
            self._report(voice.turn, "unsupported_block", "a block without text")

    def _context(self, context: JsonObject) -> None:
        for key, value in context.items():
            if key == "tool_calls":
                self._free(("context", key), value, self._voice(Role.ASSISTANT, Channel.TOOL_ARGUMENTS))
            else:
                self._exempt(value, Exemption.METADATA)

    def _medium(self, where: Location, value: JsonValue, voice: Voice) -> None:
        """Media and how they are described; a string that is neither is text."""
        if isinstance(value, str):
            self._media_string(where, value, voice)
        elif isinstance(value, dict):
            for key, child in value.items():
                if key in _MEDIA_KEYS and not (key == "data" and _is_text_source(value)):
                    self._medium((*where, key), child, voice)
                elif key == "type" and isinstance(child, str) and _LABEL.match(child):
                    self._walk.exempt(Exemption.ENUMERATION)
                elif isinstance(child, dict):
                    self._medium((*where, key), child, voice)
                else:
                    self._free((*where, key), child, voice)
        else:
            self._free(where, value, voice)

    def _media_string(self, where: Location, text: str, voice: Voice) -> None:
        if _LABEL.match(text) or _BINARY.match(text) or text.startswith(("http://", "https://")):
            self._walk.exempt(Exemption.MEDIA)
        else:
            self._walk.text(where, text, voice)

    def _exempt(self, value: JsonValue, reason: Exemption) -> None:
        for _ in _strings(value):
            self._walk.exempt(reason)

    def _free(self, where: Location, value: JsonValue, voice: Voice) -> None:
        """A value of any shape; strings that hold JSON are read decoded."""
        if isinstance(value, str):
            self._walk.carrier(where, value, voice)
        elif isinstance(value, dict):
            for key, child in value.items():
                if key in _WORDS:
                    self._walk.exempt(Exemption.FIELD_NAME)
                else:
                    self._walk.text((*where, key), key, voice, is_key=True)
                self._free((*where, key), child, voice)
        elif isinstance(value, list) and not (len(value) > 1 and all(type(child) in (int, float) for child in value)):
            for index, child in enumerate(value):
                self._free((*where, index), child, voice)
        else:
            self._walk.free(where, value, voice)

    def _report(self, index: int, reason: str, detail: str) -> None:
        self.unscanned.append(Unscanned(index=index, reason=reason, detail=detail))


def _strings(value: JsonValue) -> Iterator[str]:
    """Every string below a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _is_text_source(source: JsonObject) -> bool:
    return source.get("type") == "text"


def _media_reason(medium: JsonValue) -> tuple[str, str]:
    """Why a medium was not read, in the words of the PromptGuard API."""
    values = [medium, *medium.values()] if isinstance(medium, dict) else [medium]
    for value in values:
        text = value.get("url") if isinstance(value, dict) else value
        if isinstance(text, str) and text.startswith(("http://", "https://")):
            return "url_only", "links are not fetched"
    if any(isinstance(value, dict) and "file_id" in value for value in values):
        return "file_id_unsupported", "the file is not here"
    return "extractor_unavailable", "no text is extracted from media"


def text_of(message: GuardMessage) -> str:
    """A message's content as text: its blocks' texts, joined by line breaks."""
    if isinstance(message.content, str):
        return message.content
    texts: Sequence[str] = [text for block in message.content or () for text in _texts_of(block)]
    return "\n".join(text for text in texts if text)


def _texts_of(value: object) -> Iterator[str]:
    """What of a block a reader would read: not its type, ids or media."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _UNREAD or (key == "data" and _is_text_source(value)):
                yield from _texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_of(inner)
