"""Requests to fire, and what an answer to one of them shows: the verdict that its sender meets, and every word said."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, structs

JSON_HEADERS: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})
_EVENT = "x-promptguard-event-id"


class Verdict(StrEnum):
    """What the sender of a request meets."""

    ALLOW = "allow"
    REDACT = "redact"
    BLOCK = "block"
    REFUSE = "refuse"  # an error of the request's: it was not even tried
    ERROR = "error"  # neither: something failed


class Shot(Struct, frozen=True):
    """One HTTP request. `path` is sent as it is written."""

    path: str
    body: bytes
    headers: Mapping[str, str] = JSON_HEADERS


class Heard(Struct, frozen=True):
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes


class Seen(Struct, frozen=True):
    """What an answer shows. `text`: what it says. `note`: the error's code, if it is one."""

    verdict: Verdict
    text: str = ""
    event: str = ""
    note: str = ""


Reader = Callable[[Heard], Seen]


def shot(path: str, **body: object) -> Shot:
    """A POST of a JSON body."""
    return Shot(path, json.dumps(body).encode())


def read_answer(heard: Heard) -> Seen:
    """An answer of a model route, whole or streamed."""
    if heard.status != 200:
        return _error(heard)
    decided = Verdict(heard.headers.get("x-promptguard-decision", "error"))
    if heard.headers.get("content-type", "").startswith("text/event-stream"):
        return _streamed(heard, decided)
    choices = _object(heard.body).get("choices")
    texts = [_text(choice, "message") for choice in choices] if isinstance(choices, list) else []
    return Seen(decided, "".join(texts), heard.headers.get(_EVENT, ""))


def read_decision(heard: Heard) -> Seen:
    """An answer of `guard` or `security/scan`."""
    if heard.status != 200:
        return _error(heard)
    body = _object(heard.body)
    event = str(body.get("event_id") or body.get("eventId") or "")
    return Seen(Verdict(str(body.get("decision", "error"))), json.dumps(body.get("redacted_messages")), event)


def read_passage(heard: Heard) -> Seen:
    """An answer of a route whose model may be missing: an error of the upstream's means that inspection let it pass."""
    seen = read_answer(heard)
    error = _object(heard.body).get("error")
    passed = isinstance(error, dict) and error.get("type") == "upstream_error"
    return structs.replace(seen, verdict=Verdict.ALLOW) if passed else seen


def _error(heard: Heard) -> Seen:
    error = _object(heard.body).get("error")
    code = str(error.get("code")) if isinstance(error, dict) else f"status {heard.status}"
    verdict = Verdict.REFUSE if 400 <= heard.status < 500 else Verdict.ERROR
    if code == "request_blocked":
        verdict = Verdict.BLOCK
    return Seen(verdict, heard.body.decode("utf-8", "replace"), heard.headers.get(_EVENT, ""), code)


def _streamed(heard: Heard, decided: Verdict) -> Seen:
    """A stream is complete when it ends with `[DONE]`; a block is an error in it, before that."""
    frames = [line[6:] for line in heard.body.decode("utf-8", "replace").split("\n") if line.startswith("data: ")]
    event, said, note = heard.headers.get(_EVENT, ""), "", ""
    for frame in frames:
        chunk = _object(frame.encode())
        error, choices = chunk.get("error"), chunk.get("choices")
        if isinstance(error, dict):
            note = str(error.get("code"))
        said += "".join(_text(choice, "delta") for choice in choices) if isinstance(choices, list) else ""
    if not frames or frames[-1] != "[DONE]" or note not in ("", "request_blocked"):
        return Seen(Verdict.ERROR, said, event, note or "the stream ended without [DONE]")
    return Seen(Verdict.BLOCK if note else decided, said, event, note)


def _object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(choice: object, member: str) -> str:
    """What a choice says: of a chat in its message or delta, of a completion in `text`."""
    if not isinstance(choice, dict):
        return ""
    inner = choice.get(member)
    text = inner.get("content") if isinstance(inner, dict) else choice.get("text")
    return text if isinstance(text, str) else ""
