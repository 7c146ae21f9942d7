"""What the OpenAI request routes have in common: the request as a value, and its shared top-level fields."""

import re
from collections.abc import Mapping

from msgspec import Struct

from promptguard_gateway.core.segments import Exemption, Inventory
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.fields import Field, read_fields
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, encode
from promptguard_gateway.wire.walk import CONFIG, Walk, missing, over_limit, wrong

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+\-]{0,255}\Z")

# Control tokens of chat templates are common stop strings; the model never reads a stop string.
_CONTROL_TOKEN = re.compile(r"<[|｜][\w▁]{1,40}[|｜]>\Z|</?[a-z_]{1,24}>\Z|\[/?[A-Z_]{1,24}\]\Z")
_TOKEN_ID = re.compile(r"\d{1,9}\Z")
_STREAM_OPTIONS = ("include_usage", "continuous_usage_stats", "include_obfuscation")


class Request(Struct):
    """A request that was read and found well-formed; `inventory` accounts for all its strings.

    `answers` is the number of choices the answer should have. `end_user` is the application's name for the person
    behind the request.
    """

    inventory: Inventory
    model: str
    stream: bool = False
    n: int = 1
    answers: int = 1
    include_usage: bool = False
    logprobs: bool = False
    end_user: str | None = None


def read_request(
    body: JsonObject,
    limits: BodyLimits,
    refuse_unknown: bool,
    allow_fields: frozenset[str],
    table: Mapping[str, Field],
    known: frozenset[str],
) -> tuple[Walk, Request]:
    """Check and account for all top-level fields but the conversation itself, which the caller reads next."""
    walk = Walk(limits, refuse_unknown=refuse_unknown)
    read_fields(walk, body, table, known, allow_fields)
    request = Request(inventory=walk.inventory, model=_read_model(walk, body))
    user = body.get("user") or body.get("safety_identifier")
    request.end_user = user if isinstance(user, str) else None
    if "stream" in table:  # else these are unknown fields, and accounted for as such
        _read_generation(walk, body, request)
    return walk, request


def forward_body(body: JsonObject, model: str) -> bytes:
    """The body to send upstream: what was parsed, and redacted, under the name the upstream knows its model by."""
    return encode({**body, "model": model})


def _read_generation(walk: Walk, body: JsonObject, request: Request) -> None:
    _read_stop(walk, body.get("stop"))
    _read_logit_bias(walk, body.get("logit_bias"))
    n = body.get("n")
    request.n = request.answers = n if isinstance(n, int) else 1
    request.stream = body.get("stream") is True
    request.logprobs = body.get("logprobs") not in (None, False)
    request.include_usage = _read_stream_options(body.get("stream_options"))


def _read_model(walk: Walk, body: JsonObject) -> str:
    model = body.get("model")
    if model is None:
        raise missing(("model",))
    if not isinstance(model, str) or not _MODEL.match(model):
        raise wrong(("model",), "the name of a model")
    walk.exempt(Exemption.IDENTIFIER)
    return model


def _read_stop(walk: Walk, stop: JsonValue) -> None:
    if isinstance(stop, str):
        _read_stop_string(walk, ("stop",), stop)
    elif isinstance(stop, list):
        for index, item in enumerate(stop):
            if isinstance(item, str):
                _read_stop_string(walk, ("stop", index), item)


def _read_stop_string(walk: Walk, location: tuple[str | int, ...], text: str) -> None:
    if _CONTROL_TOKEN.match(text):
        walk.exempt(Exemption.IDENTIFIER)
    else:
        walk.text(location, text, CONFIG)


def _read_logit_bias(walk: Walk, bias: JsonValue) -> None:
    if not isinstance(bias, dict):
        return
    for key, weight in bias.items():
        if not _TOKEN_ID.match(key) or isinstance(weight, bool) or not isinstance(weight, int | float):
            raise wrong(("logit_bias",), "an object of numbers by token id")
        walk.exempt(Exemption.FIELD_NAME)


def _read_stream_options(options: JsonValue) -> bool:
    if not isinstance(options, dict):
        return False
    for name in _STREAM_OPTIONS:
        if not isinstance(options.get(name), bool | None):
            raise wrong(("stream_options", name), "true or false")
    return options.get("include_usage") is True


def read_texts(walk: Walk, name: str, value: JsonValue) -> list[str]:
    """A prompt or an input: a string or a list of strings. Token ids are refused: there is no text to inspect.

    Raises GatewayError `missing_field`, `invalid_value` or `limit_exceeded`.
    """
    if value is None:
        raise missing((name,))
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise wrong((name,), "a string or a list of strings")
    if len(value) > walk.limits.max_messages:
        raise over_limit(name, walk.limits.max_messages, "max_messages")
    texts = [item for item in value if isinstance(item, str)]
    if len(texts) != len(value):
        raise wrong((name,), "a string or a list of strings; token ids cannot be inspected")
    return texts
