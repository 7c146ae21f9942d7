"""Message content that is a list of parts: texts, images, sounds, files.

Media must come inside the request as a `data:` URL: the gateway fetches nothing and lets the upstream fetch nothing
(a server that follows a client's URL reaches hosts the client cannot). Media in base64 is not text and is exempt;
a data URL of any other kind is inspected as text.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from promptguard_gateway.core.segments import Exemption, Role
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location, shown_path
from promptguard_gateway.wire.walk import Voice, Walk, folded, outsider, require_object, require_text, wrong

_MEDIA = re.compile(
    r"data:(?:image/(?:png|jpe?g|gif|webp|bmp)|audio/[a-z0-9.+\-]{1,32}|video/[a-z0-9.+\-]{1,32}|application/pdf)"
    r";base64,[A-Za-z0-9+/]*={0,2}\Z"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


class Part(Struct, frozen=True):
    """One type of part: which members are text, which hold media (a URL, or an object with one), which are ids."""

    texts: frozenset[str] = frozenset()
    media: str = ""


_TEXT = Part(frozenset(("text",)))
PARTS: Mapping[str, Part] = {
    "text": _TEXT,
    "input_text": _TEXT,
    "output_text": _TEXT,
    "refusal": Part(frozenset(("refusal",))),
    "thinking": Part(frozenset(("thinking",))),
    "reasoning": Part(frozenset(("reasoning", "text"))),
    "tool_reference": Part(frozenset(("name", "tool_name"))),
    "image_url": Part(media="image_url"),
    "input_image": Part(media="image_url"),
    "input_audio": Part(media="input_audio"),
    "audio_url": Part(media="audio_url"),
    "video_url": Part(media="video_url"),
    "file": Part(media="file"),
}
_ALL_TEXTS = frozenset(name for part in PARTS.values() for name in part.texts) | {"uuid", "cache_control"}
_ALL_MEDIA = frozenset(part.media for part in PARTS.values() if part.media)
_OPTIONAL = _ALL_TEXTS | _ALL_MEDIA
_KNOWN = folded({"type", "detail", *_ALL_TEXTS, *_ALL_MEDIA})
_DETAILS = frozenset(("auto", "low", "high", "wav", "mp3", "flac", "opus", "pcm16"))
_MEDIA_WORDS = frozenset(("url", "detail", "data", "format", "file_data", "filename", "file_id"))


def read_parts(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    """Account for a list of parts. Raises GatewayError `invalid_value` or `media_url_not_allowed`."""
    for index, item in enumerate(_as_list(value, at)):
        place = (*at, index)
        if isinstance(item, str):  # vLLM takes a bare string for a text part
            _read_text(walk, place, item, voice)
        else:
            _read_part(walk, place, require_object(item, place), voice)


def _as_list(value: JsonValue, at: Location) -> list[JsonValue]:
    if isinstance(value, list):
        return value
    raise wrong(at, "a string or a list of parts")


def _read_text(walk: Walk, at: Location, text: str, voice: Voice) -> None:
    if voice.role is Role.TOOL:
        walk.carrier(at, text, voice)
    else:
        walk.text(at, text, voice)


def _read_part(walk: Walk, at: Location, part: JsonObject, voice: Voice) -> None:
    name = part.get("type")
    kind = PARTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise wrong((*at, "type"), f"one of {', '.join(PARTS)}")
    walk.exempt(Exemption.ENUMERATION)
    for key, value in part.items():
        place = (*at, key)
        if key == "type" or (value is None and key in _OPTIONAL):
            continue
        if key in kind.texts:
            _read_text(walk, place, require_text(value, place), voice)
        elif key in _ALL_MEDIA:
            _read_media(walk, place, value, voice)
        else:
            _read_other(walk, place, value, voice)


def _read_other(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    """A member that does not belong to this type of part: another server may read it all the same."""
    key = str(at[-1])
    if key == "detail" and isinstance(value, str):
        walk.choice(at, value, _DETAILS, outsider(voice))
    elif key in _ALL_TEXTS:
        walk.free(at, value, outsider(voice))
    else:
        walk.unknown(at, value, voice, _KNOWN)


def _read_media(walk: Walk, at: Location, value: JsonValue, voice: Voice) -> None:
    if isinstance(value, str):
        _read_url(walk, at, value, voice)
        return
    for key, member in require_object(value, at).items():
        place = (*at, key)
        if key == "url":
            _read_url(walk, place, require_text(member, place), voice)
        elif key == "data" and isinstance(member, str) and _BASE64.match(member):
            walk.exempt(Exemption.MEDIA)
        elif key in ("data", "file_data") and isinstance(member, str):
            _read_data(walk, place, member, voice)
        elif key in ("detail", "format") and isinstance(member, str):
            walk.choice(place, member, _DETAILS, voice)
        elif key in _MEDIA_WORDS:
            walk.free(place, member, voice)
        else:
            walk.unknown(place, member, voice, _MEDIA_WORDS)


def _read_url(walk: Walk, at: Location, url: str, voice: Voice) -> None:
    if not url.startswith("data:"):
        where = shown_path(at)
        raise GatewayError("media_url_not_allowed", f"{where} must be a data: URL; nothing is fetched.", param=where)
    _read_data(walk, at, url, voice)


def _read_data(walk: Walk, at: Location, data: str, voice: Voice) -> None:
    if _MEDIA.match(data):
        walk.exempt(Exemption.MEDIA)
    else:
        walk.text(at, data, voice)
