"""What an upstream did wrong, as the error our client meets. Pure: the clock is passed in.

A provider's own words never pass through. vLLM's validation messages quote up to 200 characters of the request, and
a hostile upstream could say anything; so known messages are recognised by their shape and said again in ours, with
the numbers parsed and rebuilt, and everything else becomes a sentence about the category.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec
from aiohttp import ClientConnectorCertificateError, ClientConnectorDNSError, ClientPayloadError, ClientSSLError
from aiohttp.http_exceptions import HttpProcessingError

from promptguard_gateway.domain.errors import GatewayError

MAX_RETRY_AFTER = 3600  # seconds; a longer wait, or one that an upstream made up, is cut to this

_SAME_STATUS = frozenset({400, 404, 413, 422})
_FIELD_NAMES = """
add_generation_prompt allowed_token_ids arguments audio bad_words best_of chat_template chat_template_kwargs content
continue_final_message dimensions documents echo encoding_format frequency_penalty function functions guided_json
ignore_eos image_url include_reasoning include_stop_str_in_output input input_tokens instructions json_schema
length_penalty logit_bias logprobs max_completion_tokens max_output_tokens max_tokens messages metadata min_p
min_tokens model n name parallel_tool_calls parameters presence_penalty priority prompt prompt_logprobs
reasoning_effort repetition_penalty response_format role schema seed skip_special_tokens stop stop_token_ids stream
stream_options structured_outputs suffix temperature text tool_call_id tool_calls tool_choice tools top_k
top_logprobs top_p truncate_prompt_tokens type url use_beam_search user
"""
_FIELDS = frozenset(_FIELD_NAMES.split())
_LOCATION = re.compile(r"'loc': 'body\.([A-Za-z0-9_.]{1,200})'")
_PROBLEM = re.compile(r"^\d+ validation errors?:\n  \{'type': '([a-z_]{1,40})'")
_CONTEXT = re.compile(
    r"maximum context length is (\d{1,12}) tokens(?:.{0,120}?contains (?:at least )?(\d{1,12}) input tokens)?",
    re.DOTALL,
)
_OVER_WINDOW = re.compile(r"=\d{1,12} cannot be greater than max_model_len=(\d{1,12})")
_SHAPES = (
    ("is not a multimodal model", "The model takes text only; remove the image, audio or video parts."),
    ("Chat template is passed", "The model server does not accept a chat template with a request."),
    ("chat template", "The model server could not put these messages into the model's chat template."),
    ("tool-call-parser", "The model server was started without tool calling; see vLLM's --enable-auto-tool-choice."),
    ("tool choice", "The model server refused the tools or the tool choice."),
    ("Unsupported Media Type", "The model server refused the content type."),
)


_OVERDUE = {
    "first_byte": "did not begin its answer",
    "idle": "did not go on with its answer",
    "total": "did not finish its answer",
}


class _Detail(msgspec.Struct):
    message: str = ""
    param: str | None = None


class _Refusal(msgspec.Struct):
    error: _Detail | str | None = None
    detail: object = None


_REFUSALS = msgspec.json.Decoder(_Refusal)


def refused(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float, callers_key: bool = False
) -> GatewayError:
    """The error for an answer that is not 200. `now` is Unix time in seconds.

    `callers_key`: the credential that was presented came from the caller, so a refusal is the caller's to mend.
    """
    wait = retry_after(headers.get("retry-after"), now)
    details: dict[str, str | int | float] = {"upstream_status": status}
    if 300 <= status < 400:
        return GatewayError(
            "upstream_redirect",
            "The upstream answered with a redirect, which this gateway does not follow. Set VLLM_BASE_URL to the "
            "address the model server itself listens on.",
            details=details,
        )
    if status in (401, 403):
        return _unauthorised(status, details, callers_key)
    if status == 429:
        message = "The upstream limits the rate of requests. Try again later."
        return GatewayError("upstream_rate_limited", message, details=details, retry_after=wait)
    if status == 503:
        message = "The model server cannot take another request now. Try again in a moment."
        return GatewayError("upstream_overloaded", message, details=details, retry_after=wait)
    if status in _SAME_STATUS:
        return _rejected(status, body, details)
    message = f"The model server answered with status {status}. Its own log tells why."
    return GatewayError("upstream_error", message, details=details)


def retry_after(value: str | None, now: float) -> int | None:
    """Seconds to wait, from 1 to 3600, of a Retry-After header as a number or a date; None if it is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return max(1, min(int(text[:12]), MAX_RETRY_AFTER))
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return max(1, min(int(seconds) + 1, MAX_RETRY_AFTER))


def unreachable(error: BaseException, origin: str) -> GatewayError:
    """The error for a connection that could not be opened."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, ClientSSLError | ClientConnectorCertificateError):
        return GatewayError(
            "upstream_error",
            f"Cannot connect to vLLM at {origin}: its TLS certificate or handshake was refused. Check the "
            "certificate's name, dates and issuer.",
            details={"reason": "tls"},
        )
    if isinstance(error, TimeoutError):
        reason, code = "no answer to the connection attempt in time", "upstream_timeout"
    elif isinstance(error, ClientConnectorDNSError):
        reason, code = "its name does not resolve", "upstream_unreachable"
    else:
        reason, code = "the connection was refused", "upstream_unreachable"
    return GatewayError(
        code,
        f"Cannot connect to vLLM at {origin}: {reason}. Start the model server, check that `curl {origin}/v1/models` "
        "answers on the gateway's machine, and that VLLM_BASE_URL names the right address.",
    )


def broken(error: BaseException) -> GatewayError:
    """The error for a connection that failed after the request was sent."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, HttpProcessingError):
        reason, text = "malformed", "sent something that is not valid HTTP"
    elif isinstance(error, ClientPayloadError):
        reason, text = "truncated", "ended its answer before it was complete"
    else:
        reason, text = "disconnected", "closed the connection before it had answered"
    return GatewayError("upstream_error", f"The model server {text}.", details={"reason": reason})


def timed_out(phase: str, seconds: float) -> GatewayError:
    """The error for an answer that did not come: `phase` is first_byte, idle (between two pieces) or total.

    The body had been sent, so repeating the request would run it twice.
    """
    return GatewayError(
        "upstream_timeout",
        f"The model server {_OVERDUE[phase]} within {seconds:g} s; the request was ended.",
        details={"phase": phase},
        should_retry=False,
    )


def too_large(code: str, limit: int) -> GatewayError:
    """The error for an answer above a limit in bytes."""
    return GatewayError(code, f"The model server's answer is larger than {limit} bytes; the request was ended.")


def unexpected(what: str, reason: str) -> GatewayError:
    """The error for an answer that is HTTP but not what was asked for."""
    code = "upstream_encoding" if reason == "encoding" else "upstream_error"
    return GatewayError(code, f"The model server {what}.", details={"reason": reason})


def _unauthorised(status: int, details: Mapping[str, str | int | float], callers_key: bool) -> GatewayError:
    if callers_key:
        message = f"The model server refused the credential of your Authorization header ({status})."
        return GatewayError("upstream_auth_error", message, status=status, details=details, should_retry=False)
    message = (
        f"The model server refused the gateway's credential ({status}); your PromptGuard key is fine. Set "
        "VLLM_API_KEY to the value vLLM was started with (--api-key)."
    )
    return GatewayError("upstream_auth_error", message, details=details, should_retry=False)


def _rejected(status: int, body: bytes, details: Mapping[str, str | int | float]) -> GatewayError:
    refusal = _read(body)
    error = refusal.error
    text = error.message if isinstance(error, _Detail) else error or ""
    if status == 404:
        return _not_found(refusal, details)
    param = _param(error.param if isinstance(error, _Detail) else None, text)
    return GatewayError(
        "upstream_rejected", _sentence(text, status, param), param=param, status=status, details=details
    )


def _not_found(refusal: _Refusal, details: Mapping[str, str | int | float]) -> GatewayError:
    if refusal.error is None and refusal.detail is not None:
        message = "The model server has no such endpoint: the model it serves is not made for this kind of request."
        return GatewayError("upstream_rejected", message, status=404, details=details)
    return GatewayError(
        "model_not_found",
        "Model not found: the model server does not serve the model this request names. List the served models with "
        "GET /models and use one of their ids, in the form vllm/<id>; <id> must equal what vLLM was started with "
        "(--model or --served-model-name).",
        param="model",
        details=details,
    )


def _sentence(text: str, status: int, param: str | None) -> str:
    if (match := _CONTEXT.search(text)) is not None:
        window, held = match.groups()
        count = f" The request holds at least {int(held)}." if held else ""
        return f"The model's context length is {int(window)} tokens.{count} Shorten the messages or ask for less."
    if (match := _OVER_WINDOW.search(text)) is not None:
        return f"More tokens were asked for than the model's context length of {int(match[1])}."
    for shape, sentence in _SHAPES:
        if shape in text:
            return sentence
    if param is not None:
        return f"The model server refused the field {param} ({status}): {_complaint(text)}."
    return (
        f"The model server refused the request as invalid ({status}). Its message is withheld, because it can quote "
        "the request."
    )


def _complaint(text: str) -> str:
    match = _PROBLEM.search(text)
    if match is None:
        return "this value is not accepted, or not together with the other fields"
    return "it, or a part of it, is missing" if match[1] == "missing" else "it has the wrong type or form"


def _param(param: str | None, text: str) -> str | None:
    """The beginning of a field's path that is made of known fields and indexes. Callers can put text into others.

    vLLM puts the path into `param` or, for messages of its validation library, into the first entry of a list.
    """
    if (match := _LOCATION.search(text)) is not None:
        param = match[1]
    if param is None or len(param) > 200:
        return None
    known: list[str] = []
    for part in param.split("."):
        if part not in _FIELDS and not (known and part.isascii() and part.isdigit() and len(part) < 6):
            break
        known.append(part)
    return ".".join(known) or None


def _read(body: bytes) -> _Refusal:
    try:
        return _REFUSALS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Refusal()
