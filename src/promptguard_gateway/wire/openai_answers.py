"""Whole answers of an OpenAI-compatible server: which strings a model wrote, and which the server wrote about them.

Answers are inventoried like requests. What the model says goes to the detectors; log-probabilities repeat it and share
its fate; ids, model and fingerprint are the server's. A string in no table is taken for the model's.
"""

import re
from collections.abc import Mapping

from promptguard_gateway.core.segments import Channel, Direction, Exemption, Inventory, Role
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, Location
from promptguard_gateway.wire.walk import Voice, Walk, voice_of

# Members that the server writes about an answer; every string in them is its own. Deeper down the same names are text.
# fmt: off
METADATA = frozenset((
    "id", "object", "created", "model", "system_fingerprint", "service_tier", "usage", "obfuscation", "metrics",
    "provider",
))
# fmt: on
# What repeats the text of a choice.
MIRRORS = frozenset(("logprobs", "prompt_logprobs"))
FINISH_REASONS = frozenset(
    ("stop", "length", "tool_calls", "content_filter", "function_call", "repetition", "abort", "error")
)
# The members of a message, or of a delta, that hold the text of a channel.
CHANNELS: Mapping[str, Channel] = {
    "content": Channel.CONTENT,
    "text": Channel.CONTENT,
    "reasoning": Channel.REASONING,
    "reasoning_content": Channel.REASONING,
    "refusal": Channel.REFUSAL,
}
ANSWER_ROLES = frozenset(("assistant", "user", "tool", "system", "developer", "function"))
CALL_TYPES = frozenset(("function", "custom"))
# Members whose keys say nothing of their own, wherever the server puts them.
# fmt: off
_WORDS = frozenset((
    "type", "url", "title", "start_index", "end_index", "url_citation", "file_citation", "file_id", "filename",
    "id", "index", "quote", "data", "transcript", "expires_at", "format", "created", "created_at", "prompt_text",
    "prompt_token_ids", "token_ids",
))
# fmt: on

_VOICES: Mapping[Channel, Voice] = {channel: voice_of(Direction.OUTPUT, Role.ASSISTANT, channel) for channel in Channel}
_CONTENT = _VOICES[Channel.CONTENT]
_ARGUMENTS = _VOICES[Channel.TOOL_ARGUMENTS]

_MIRROR_DEPTHS = (1, 3)  # of an answer, and of a choice
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


def malformed(what: str) -> GatewayError:
    """The error for an answer that has not the shape of its kind."""
    return GatewayError("upstream_error", f"The upstream's answer is not well-formed: {what}.")


def inventory(answer: JsonObject, limits: BodyLimits = BodyLimits()) -> Inventory:  # noqa: B008 (a frozen value)
    """Account for every string of a chat completion, text completion, embedding list or model list.

    Raises GatewayError `upstream_error` for an answer of another shape or with too many leaves.
    """
    walk = Walk(limits)
    try:
        _read_answer(walk, answer)
    except GatewayError as error:
        raise error if error.code == "upstream_error" else malformed("it holds too much text") from None
    return walk.inventory


def _read_answer(walk: Walk, answer: JsonObject) -> None:
    for key, value in answer.items():
        if key == "choices":
            _read_choices(walk, value)
        elif key == "data":
            _read_data(walk, value)
        else:
            _read_common(walk, (key,), value)


def _read_common(walk: Walk, at: Location, value: JsonValue) -> None:
    """A member beside the model's text."""
    key = at[-1]
    if value is None or isinstance(value, bool):
        return
    if key in METADATA and len(at) == 1:
        _exempt_all(walk, value, Exemption.METADATA)
    elif key in MIRRORS and len(at) in _MIRROR_DEPTHS:
        _exempt_all(walk, value, Exemption.MIRROR)
    else:
        if key not in _WORDS and isinstance(value, dict | list | str):
            walk.text(at, str(key), _CONTENT, is_key=True)
        walk.free(at, value, _CONTENT, _WORDS)


def _exempt_all(walk: Walk, value: JsonValue, reason: Exemption) -> None:
    if isinstance(value, str):
        walk.exempt(reason)
    elif isinstance(value, dict):
        for child in value.values():
            _exempt_all(walk, child, reason)
    elif isinstance(value, list):
        for child in value:
            if not isinstance(child, int | float):
                _exempt_all(walk, child, reason)


def _read_choices(walk: Walk, value: JsonValue) -> None:
    if not isinstance(value, list):
        raise malformed("choices is not a list")
    for index, choice in enumerate(value):
        if not isinstance(choice, dict):
            raise malformed("a choice is not an object")
        for key, member in choice.items():
            at = ("choices", index, key)
            if key == "message":
                _read_message(walk, at, member)
            elif key == "text" and isinstance(member, str):
                walk.text(at, member, _CONTENT)
            elif key == "finish_reason" and isinstance(member, str):
                walk.choice(at, member, FINISH_REASONS, _CONTENT)
            elif key == "stop_reason" and isinstance(member, str):
                walk.text(at, member, _CONTENT)
            elif key not in ("index", "stop_reason") or isinstance(member, dict | list):
                _read_common(walk, at, member)


def _read_message(walk: Walk, at: Location, value: JsonValue) -> None:
    if not isinstance(value, dict):
        raise malformed("a message is not an object")
    for key, member in value.items():
        place = (*at, key)
        channel = CHANNELS.get(key)
        if channel is not None:
            walk.free(place, member, _VOICES[channel], _WORDS)
        elif key == "role" and isinstance(member, str):
            walk.choice(place, member, ANSWER_ROLES, _CONTENT)
        elif key == "tool_calls":
            _read_tool_calls(walk, place, member)
        elif key == "function_call" and isinstance(member, dict):
            _read_function(walk, place, member)
        elif key == "audio" and isinstance(member, dict):
            _read_audio(walk, place, member)
        elif key == "annotations":
            walk.free(place, member, _CONTENT, _WORDS)
        else:
            _read_common(walk, place, member)


def _read_tool_calls(walk: Walk, at: Location, value: JsonValue) -> None:
    if value is None:
        return
    if not isinstance(value, list):
        raise malformed("tool_calls is not a list")
    for index, call in enumerate(value):
        if not isinstance(call, dict):
            raise malformed("a tool call is not an object")
        for key, member in call.items():
            place = (*at, index, key)
            if key == "id" and isinstance(member, str):
                walk.identifier(place, member, _ARGUMENTS)
            elif key == "type" and isinstance(member, str):
                walk.choice(place, member, CALL_TYPES, _ARGUMENTS)
            elif key in ("function", "custom") and isinstance(member, dict):
                _read_function(walk, place, member)
            elif key != "index" or isinstance(member, dict | list | str):
                _read_common(walk, place, member)


def _read_function(walk: Walk, at: Location, function: JsonObject) -> None:
    for key, member in function.items():
        place = (*at, key)
        if key in ("arguments", "input") and isinstance(member, str):
            walk.carrier(place, member, _ARGUMENTS)
        elif key in ("name", "arguments", "input"):
            walk.free(place, member, _ARGUMENTS)
        else:
            _read_common(walk, place, member)


def _read_audio(walk: Walk, at: Location, audio: JsonObject) -> None:
    for key, member in audio.items():
        if key == "data" and isinstance(member, str) and _BASE64.match(member):
            walk.exempt(Exemption.MEDIA)
        else:
            _read_common(walk, (*at, key), member)


def _read_data(walk: Walk, value: JsonValue) -> None:
    """The list of an embedding answer or of a model list: vectors, and what the server says about its models."""
    if not isinstance(value, list):
        raise malformed("data is not a list")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise malformed("an item of data is not an object")
        for key, member in item.items():
            if key == "embedding" and (not isinstance(member, str) or _BASE64.match(member)):
                _exempt_all(walk, member, Exemption.MEDIA)
            elif key in _MODEL_MEMBERS:
                _exempt_all(walk, member, Exemption.METADATA)
            else:
                _read_common(walk, ("data", index, key), member)


# fmt: off
_MODEL_MEMBERS = frozenset((
    "id", "object", "created", "owned_by", "root", "parent", "permission", "max_model_len", "index",
))
# fmt: on
MODEL_PREFIX = "vllm/"


def models_list(answer: JsonObject) -> JsonObject:
    """A model list as clients see it: names under `vllm/`, without `root`, which is a path on the server's disk.

    Raises GatewayError `upstream_error`.
    """
    models = answer.get("data")
    if not isinstance(models, list):
        raise malformed("data is not a list")
    return {**answer, "data": [_public_model(model) for model in models]}


def _public_model(model: JsonValue) -> JsonObject:
    name = model.get("id") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(name, str):
        raise malformed("a model has no id")
    public = {key: value for key, value in model.items() if key != "root"}
    public["id"] = MODEL_PREFIX + name
    return public
