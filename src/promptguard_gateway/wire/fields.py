"""The fields of a request at its top level: what each may hold, how it is inspected, and which are refused and why.

One table per route, built from shared parts. OpenAI's own fields and the sampling parameters of vLLM are typed and
forwarded. A field is *guarded* when it can hide text from inspection, show inspected text in another form, or steer
the engine for everyone: it is refused unless the operator lists it in `PROMPTGUARD_ALLOW_FIELDS`, and inspected like
any other text then. Fields in no table are inspected as text and forwarded, or refused where the policy says so.

Sources: the OpenAI API reference; vLLM 0.32's `ChatCompletionRequest`, `CompletionRequest` and `EmbeddingRequest`.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue
from promptguard_gateway.wire.walk import CONFIG, DEFINITION, DOCUMENT, Walk, over_limit, wrong

ALLOW_SETTING = "PROMPTGUARD_ALLOW_FIELDS"


class Treatment(StrEnum):
    """How the strings of a field are accounted for."""

    STRUCTURE = "structure"  # read by the dialect's own code
    PLAIN = "plain"  # inspected as text that configures; most of these fields hold numbers only
    SCHEMA = "schema"  # inspected as a tool definition: the model or its grammar sees it
    DOCUMENT = "document"  # inspected as a document: a chat template may show it to the model
    CHOICE = "choice"  # one of a list of values; any other string is text


class Bound(StrEnum):
    """Which limit of `BodyLimits` bounds the number or the length of a field."""

    NONE = ""
    N = "max_n"
    TOOLS = "max_tools"
    STOP = "max_stop"


class Field(Struct, frozen=True):
    """One field. `types` are exact: a bool is no int, and nothing is coerced. `guarded` says why it is refused."""

    types: tuple[type, ...]
    treatment: Treatment = Treatment.PLAIN
    expected: str = ""
    items: tuple[type, ...] = ()  # types of a list's items; empty: any
    values: frozenset[str] = frozenset()
    bound: Bound = Bound.NONE
    guarded: str = ""
    default: bool | None = None  # a guarded switch may be sent with the value it has anyway


_BOOL = Field((bool,), expected="true or false")
_INT = Field((int,), expected="an integer")
_NUMBER = Field((int, float), expected="a number")
_TEXT = Field((str,), expected="a string")
_OBJECT = Field((dict,), expected="an object")
_COUNT = Field((int,), expected="an integer of at least 1", bound=Bound.N)
_STOP = Field(
    (str, list), Treatment.STRUCTURE, expected="a string or a list of strings", items=(str,), bound=Bound.STOP
)
_TEXTS = Field((list,), expected="a list of strings", items=(str,))
_OWN = Treatment.STRUCTURE


def _choice(*values: str) -> Field:
    return Field((str,), Treatment.CHOICE, expected="a string", values=frozenset(values))


def _schema(*types: type, expected: str, bound: Bound = Bound.NONE) -> Field:
    return Field(types, Treatment.SCHEMA, expected=expected, bound=bound)


def _guarded(reason: str, treatment: Treatment = Treatment.PLAIN, *, default: bool | None = None) -> Field:
    return Field((), treatment, guarded=reason, default=default)


_SCHEMA_OBJECT = _schema(dict, expected="an object")

_HIDES_INPUT = "it changes what the model reads after inspection"
_UNREADABLE = "it carries text as token ids or tensors, which cannot be inspected"
_SHOWS = "it returns text in a form that is not inspected"
_ENGINE = "it steers the engine, its cache or its queue"

_GUARDED: Mapping[str, Field] = {
    "chat_template": _guarded(_HIDES_INPUT),
    "chat_template_kwargs": _guarded(_HIDES_INPUT, Treatment.DOCUMENT),
    "documents": _guarded("a chat template may place its text anywhere in the prompt", Treatment.DOCUMENT),
    "add_generation_prompt": _guarded(_HIDES_INPUT, default=True),
    "continue_final_message": _guarded(_HIDES_INPUT, default=False),
    "add_special_tokens": _guarded(_HIDES_INPUT),
    "truncate_prompt_tokens": _guarded("it cuts the system prompt away"),
    "truncation_side": _guarded("it cuts the system prompt away"),
    "mm_processor_kwargs": _guarded(_ENGINE),
    "media_io_kwargs": _guarded(_ENGINE),
    "vllm_xargs": _guarded(_ENGINE),
    "kv_transfer_params": _guarded(_ENGINE),
    "ec_transfer_params": _guarded(_ENGINE),
    "data_parallel_rank": _guarded(_ENGINE),
    "priority": _guarded(_ENGINE),
    "request_id": _guarded(_ENGINE),
    "session_id": _guarded(_ENGINE),
    "cache_salt": _guarded(_ENGINE),
    "use_beam_search": _guarded(_ENGINE, default=False),
    "watermarking": _guarded(_ENGINE),
    "logits_processors": _guarded(_ENGINE),
    "prompt_embeds": _guarded(_UNREADABLE),
    "prompt_token_ids": _guarded(_UNREADABLE),
    "allowed_token_ids": _guarded(_UNREADABLE),
    "echo": _guarded(_SHOWS, default=False),
    "prompt_logprobs": _guarded(_SHOWS),
    "logprob_token_ids": _guarded(_SHOWS),
    "return_token_ids": _guarded(_SHOWS, default=False),
    "return_tokens_as_token_ids": _guarded(_SHOWS, default=False),
    "return_prompt_text": _guarded(_SHOWS, default=False),
    "return_routed_experts": _guarded(_SHOWS, default=False),
    "skip_special_tokens": _guarded("it lets control tokens into the answer", default=True),
    "spaces_between_special_tokens": _guarded("it lets control tokens into the answer", default=True),
}

_GENERATION: Mapping[str, Field] = {
    "model": Field((str,), _OWN, expected="a string"),
    "stream": _BOOL,
    "stream_options": _OBJECT,
    "n": _COUNT,
    "best_of": _COUNT,
    "max_tokens": _INT,
    "min_tokens": _INT,
    "temperature": _NUMBER,
    "top_p": _NUMBER,
    "top_k": _INT,
    "min_p": _NUMBER,
    "frequency_penalty": _NUMBER,
    "presence_penalty": _NUMBER,
    "repetition_penalty": _NUMBER,
    "length_penalty": _NUMBER,
    "repetition_detection": _OBJECT,
    "seed": _INT,
    "stop": _STOP,
    "stop_token_ids": Field((list,), _OWN, expected="a list of integers", items=(int,), bound=Bound.STOP),
    "include_stop_str_in_output": _BOOL,
    "ignore_eos": _BOOL,
    "bad_words": _TEXTS,
    "logit_bias": Field((dict,), _OWN, expected="an object of numbers by token id"),
    "user": _TEXT,
    "response_format": _SCHEMA_OBJECT,
    "structured_outputs": _SCHEMA_OBJECT,
    "guided_json": _schema(dict, str, expected="an object or a string"),
    "guided_regex": _schema(str, expected="a string"),
    "guided_choice": _schema(list, expected="a list of strings"),
    "guided_grammar": _schema(str, expected="a string"),
    "guided_decoding_backend": _TEXT,
    "guided_whitespace_pattern": _TEXT,
    "structural_tag": _schema(str, dict, expected="a string or an object"),
    "stream_interval": _INT,
}

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

CHAT: Mapping[str, Field] = {
    **_GENERATION,
    **_GUARDED,
    "messages": Field((list,), _OWN, expected="a list of messages"),
    "tools": _schema(list, expected="a list of tools", bound=Bound.TOOLS),
    "functions": _schema(list, expected="a list of functions", bound=Bound.TOOLS),
    "tool_choice": _schema(str, dict, expected="a string or an object"),
    "function_call": _schema(str, dict, expected="a string or an object"),
    "parallel_tool_calls": _BOOL,
    "logprobs": _BOOL,
    "top_logprobs": _INT,
    "max_completion_tokens": _INT,
    "reasoning_effort": _choice(*_EFFORTS),
    "include_reasoning": _BOOL,
    "thinking_token_budget": _INT,
    "verbosity": _choice("low", "medium", "high"),
    "modalities": _TEXTS,
    "audio": _OBJECT,
    "prediction": _OBJECT,
    "web_search_options": _OBJECT,
    "metadata": _OBJECT,
    "store": _BOOL,
    "service_tier": _choice("auto", "default", "flex", "scale", "priority"),
    "prompt_cache_key": _TEXT,
    "prompt_cache_retention": _choice("in_memory", "in-memory", "24h"),
    "safety_identifier": _TEXT,
}

COMPLETIONS: Mapping[str, Field] = {
    **_GENERATION,
    **_GUARDED,
    "prompt": Field((str, list), _OWN, expected="a string or a list of strings"),
    "suffix": Field((str,), _OWN, expected="a string"),
    "logprobs": _INT,
}

EMBEDDINGS: Mapping[str, Field] = {
    **_GUARDED,
    "model": Field((str,), _OWN, expected="a string"),
    "input": Field((str, list), _OWN, expected="a string or a list of strings"),
    "encoding_format": _choice("float", "base64", "bytes", "bytes_only"),
    "dimensions": _INT,
    "user": _TEXT,
    "normalize": _BOOL,
    "use_activation": _BOOL,
    "embed_dtype": _choice("float32", "float16", "bfloat16", "fp8_e4m3", "fp8_e5m2"),
    "endianness": _choice("native", "big", "little"),
}

# Template arguments that only switch thinking on or off; they pass without the operator's permission.
_HARMLESS_KWARGS = frozenset(("enable_thinking", "thinking"))


def read_fields(
    walk: Walk, body: JsonObject, table: Mapping[str, Field], known: frozenset[str], allowed: frozenset[str]
) -> None:
    """Check and account for every top-level field except those the dialect reads itself.

    `known` are the table's names, folded. Raises GatewayError naming the field; `allowed` are the guarded fields that
    the operator lets through.
    """
    for name, value in body.items():
        field = table.get(name)
        if field is None:
            walk.unknown((name,), value, CONFIG, known)
        elif field.guarded:
            _read_guarded(walk, name, value, field, allowed)
        elif value is not None:
            check_type(name, value, field)
            if field.bound:
                _check_bound(name, value, field, walk.limits)
            _account(walk, name, value, field)


def check_type(name: str, value: JsonValue, field: Field) -> None:
    """Raise GatewayError `invalid_value` unless the value is of the field's types, exactly."""
    if type(value) not in field.types:
        raise wrong((name,), field.expected)
    if field.items and isinstance(value, list) and not all(type(item) in field.items for item in value):
        raise wrong((name,), field.expected)


def _read_guarded(walk: Walk, name: str, value: JsonValue, field: Field, allowed: frozenset[str]) -> None:
    if name not in allowed and not _harmless(name, value, field):
        raise GatewayError(
            "field_not_allowed",
            f"{name} is not allowed: {field.guarded}. The operator can allow it by listing {name} in {ALLOW_SETTING}.",
            param=name,
        )
    _account(walk, name, value, field)


def _harmless(name: str, value: JsonValue, field: Field) -> bool:
    if value is None or (isinstance(value, bool) and value is field.default):
        return True
    return (
        name == "chat_template_kwargs"
        and isinstance(value, dict)
        and all(key in _HARMLESS_KWARGS and isinstance(flag, bool) for key, flag in value.items())
    )


def _check_bound(name: str, value: JsonValue, field: Field, limits: BodyLimits) -> None:
    if field.bound is Bound.N:
        if isinstance(value, int) and value < 1:
            raise wrong((name,), field.expected)
        size, setting = (value if isinstance(value, int) else 0), "max_n"
    else:
        size = len(value) if isinstance(value, list) else 1
        setting = "max_tools" if field.bound is Bound.TOOLS else "max_stop"
    limit: int = getattr(limits, setting)
    if size > limit:
        raise over_limit(name, limit, setting)


def _account(walk: Walk, name: str, value: JsonValue, field: Field) -> None:
    treatment = field.treatment
    if treatment is Treatment.PLAIN:
        if isinstance(value, str | dict | list):
            walk.free((name,), value, CONFIG, _KNOWN_MEMBERS)
    elif treatment is Treatment.SCHEMA:
        _schema_field(walk, name, value)
    elif treatment is Treatment.DOCUMENT:
        walk.free((name,), value, DOCUMENT, _HARMLESS_KWARGS)
    elif treatment is Treatment.CHOICE and isinstance(value, str):
        walk.choice((name,), value, field.values, CONFIG)


# Members of known objects: as keys they say nothing of their own.
_KNOWN_MEMBERS = frozenset(("include_usage", "continuous_usage_stats", "include_obfuscation", "type", "content"))
_TOOL_CHOICES = frozenset(("none", "auto", "required", "validated"))


def _schema_field(walk: Walk, name: str, value: JsonValue) -> None:
    if isinstance(value, str):
        walk.choice((name,), value, _TOOL_CHOICES, DEFINITION)
    else:
        walk.schema((name,), value)
