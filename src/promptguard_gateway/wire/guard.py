"""The Guard API's bodies as segments, and decisions as its answers. Shapes in `wire.schemas`.

Blocks are accepted in the forms of OpenAI and Anthropic. What cannot be read as text (an image, a link, a file id) is
reported under `unscanned`, never passed over in silence.
"""

from collections.abc import Iterator, Mapping, Sequence

from promptguard_gateway.core.segments import (
    Channel,
    Direction,
    Exemption,
    Inventory,
    Role,
    Segment,
    column_of,
    empty_inventory,
)
from promptguard_gateway.wire.embedded_json import leaves
from promptguard_gateway.wire.schemas import GuardMessage, GuardRequest, Unscanned

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

_Location = tuple[str | int, ...]


class GuardInventory:
    """Walks a guard request once; afterwards `inventory` and `unscanned` account for all of it."""

    def __init__(self, request: GuardRequest) -> None:
        self.inventory: Inventory = empty_inventory()
        self.unscanned: list[Unscanned] = []
        self._direction = Direction(request.direction)
        last = len(request.messages) - 1
        for index, message in enumerate(request.messages):
            self._message(index, message, repeated=index < last)
        self._surroundings(request)

    def _message(self, index: int, message: GuardMessage, repeated: bool) -> None:
        # An unknown role is read as the least trusted speaker.
        role = _ROLES.get(message.role, Role.USER)
        where: _Location = ("messages", index)
        self._speak = (role, index, repeated)
        self.inventory.exempted(Exemption.ENUMERATION)
        if isinstance(message.content, str):
            self._text((*where, "content"), message.content)
        for position, block in enumerate(message.content if isinstance(message.content, list) else ()):
            self._block((*where, "content", position), block, index)
        if message.name is not None:
            self._text((*where, "name"), message.name)
        if message.tool_call_id is not None:
            self._text((*where, "tool_call_id"), message.tool_call_id)
        for position, call in enumerate(message.tool_calls or ()):
            self._strings((*where, "tool_calls", position), call, Channel.TOOL_ARGUMENTS)

    def _block(self, where: _Location, block: object, index: int) -> None:
        if isinstance(block, str):
            self._text(where, block)
            return
        if not isinstance(block, dict):
            self._report(index, "unsupported_block", f"a block of type {type(block).__name__}")
            return
        kind = str(block.get("type", ""))
        texts = False
        for key, value in block.items():
            if key == "type":
                self.inventory.exempted(Exemption.ENUMERATION)
            elif kind in _MEDIA_TYPES and key != "text" and not (kind == "document" and _is_text_source(value)):
                self._exempt_media(value)
            else:
                texts = True
                self._strings((*where, str(key)), value)
        if kind in _MEDIA_TYPES:
            self._report(index, *_media_reason(block))
        elif not texts:
            self._report(index, "unsupported_block", "a block without text")

    def _exempt_media(self, value: object) -> None:
        for _ in _all_strings((), value):
            self.inventory.exempted(Exemption.MEDIA)

    def _surroundings(self, request: GuardRequest) -> None:
        """Everything beside the messages."""
        self._speak = (Role.DOCUMENT, -1, False)
        for index, document in enumerate(request.retrieved_context or ()):
            where: _Location = ("retrieved_context", index)
            self._text((*where, "content"), document.content)
            if document.source is not None:
                self._text((*where, "source"), document.source)
            self._strings((*where, "metadata"), document.metadata)
        if request.context is not None:
            self._speak = (Role.ASSISTANT, -1, False)
            for index, call in enumerate(request.context.tool_calls or ()):
                self._strings(("context", "tool_calls", index), call, Channel.TOOL_ARGUMENTS)
            for value in (request.context.metadata, request.context.framework, request.context.chain_name):
                for _ in _all_strings((), value):
                    self.inventory.exempted(Exemption.METADATA)
        for index, medium in enumerate(request.media or ()):
            self._exempt_media(medium)
            self._report(index, *_media_reason(medium))
        for index, image in enumerate(request.images or ()):
            self._exempt_media(image)
            self._report(index, *_image_reason(image))

    def _strings(self, where: _Location, value: object, channel: Channel = Channel.CONTENT) -> None:
        for location, text in _all_strings(where, value):
            self._text(location, text, channel)

    def _text(self, where: _Location, text: str, channel: Channel = Channel.CONTENT) -> None:
        role, turn, repeated = self._speak
        self.inventory.leaves += 1
        column = column_of(self._direction, role, channel)
        for leaf in leaves(text) or (None,):
            self.inventory.segments.append(
                Segment(
                    location=where,
                    role=role,
                    text=text if leaf is None else leaf.text,
                    column=column,
                    channel=channel,
                    turn=turn,
                    leaf=None if leaf is None else leaf.leaf,
                    repeated=repeated,
                )
            )

    def _report(self, index: int, reason: str, detail: str) -> None:
        self.unscanned.append(Unscanned(index=index, reason=reason, detail=detail))


def _all_strings(where: _Location, value: object) -> Iterator[tuple[_Location, str]]:
    """Every string below a value, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _all_strings((*where, str(key)), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _all_strings((*where, index), inner)


def _is_text_source(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "text"


def _media_reason(block: Mapping[str, object]) -> tuple[str, str]:
    """Why a medium was not read, in the words of the PromptGuard API."""
    for value in block.values():
        text = value.get("url") if isinstance(value, dict) else value
        if isinstance(text, str) and text.startswith(("http://", "https://")):
            return "url_only", "links are not fetched"
    if any(isinstance(value, dict) and "file_id" in value for value in block.values()) or "file_id" in block:
        return "file_id_unsupported", "the file is not here"
    return "extractor_unavailable", "no text is extracted from media"


def _image_reason(image: str) -> tuple[str, str]:
    if image.startswith(("http://", "https://")):
        return "url_only", "links are not fetched"
    return "extractor_unavailable", "no text is extracted from images"


def text_of(message: GuardMessage) -> str:
    """A message's content as text: its blocks' texts, joined by line breaks."""
    if isinstance(message.content, str):
        return message.content
    texts: Sequence[str] = [
        block if isinstance(block, str) else str(block.get("text", ""))
        for block in message.content or ()
        if isinstance(block, str | dict)
    ]
    return "\n".join(text for text in texts if text)
