"""The demonstration model, so that the gateway answers before anybody has started vLLM.

It is a few sentences and an echo, and says so in every answer: whoever tries the gateway sees what inspection does to
a request and to its answer, with the shapes and the framing of the real thing. The same request gives the same answer.

Two of its skills are there to test the inspection of answers. `Every second letter: ...` makes it say what the request
did not show; and with a `seed`, the pieces of a stream are so many characters long instead of a word.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import msgspec

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import UpstreamAnswer

MODEL = "demo"
LABEL = "I am PromptGuard's demonstration model, not a language model."

_CREATED = 1_767_225_600  # 2026-01-01: the answer does not depend on the clock
_MAX_ECHO = 2000  # characters
_ANSWERS = (
    (
        re.compile(r"\bwho are you|\bwhat are you|your name", re.I),
        f"{LABEL} I live inside the gateway and know a few sentences.",
    ),
    (
        re.compile(r"what can you do|what do you do|\bhelp\b", re.I),
        f"{LABEL} I repeat what reached me, so that you see what the gateway allowed, redacted or blocked.",
    ),
    (re.compile(r"^\W*(?:hello|hi|hey|good (?:morning|evening|day))\b", re.I), f"Hello! {LABEL}"),
)
_WORD = re.compile(r"\s*\S+")
_EVERY_SECOND = re.compile(r"\s*every second letter: ?(.*)", re.IGNORECASE | re.DOTALL)


class _Part(msgspec.Struct):
    text: str = ""


class _Message(msgspec.Struct):
    role: str = ""
    content: str | list[_Part] | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Request(msgspec.Struct):
    messages: list[_Message] = []
    prompt: str | list[object] = ""
    n: int | None = None
    seed: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream_options: _StreamOptions | None = None


_REQUESTS = msgspec.json.Decoder(_Request)
Json = Mapping[str, object]


class DemoUpstream:
    """An `Upstream` inside the process: chat completions, completions and the list of models."""

    name = "demo"
    origin = ""

    async def send(
        self, path: str, body: bytes | None, *, stream: bool, credential: str | None = None
    ) -> UpstreamAnswer:
        """Answer at once; no credential is needed. Raises GatewayError for what a model server would refuse."""
        if path == "/models":
            return DemoAnswer([msgspec.json.encode(models())], "application/json")
        if path not in ("/chat/completions", "/completions") or body is None:
            message = "The demonstration model answers chat completions and completions only."
            raise GatewayError("upstream_rejected", message, status=404)
        exchange = _Exchange(_decode(body), chat=path == "/chat/completions")
        if stream:
            return DemoAnswer(
                [_frame(event) for event in exchange.events()] + [b"data: [DONE]\n\n"], "text/event-stream"
            )
        return DemoAnswer([msgspec.json.encode(exchange.whole())], "application/json")


class DemoAnswer:
    """An `UpstreamAnswer` whose pieces are known beforehand."""

    status = 200

    def __init__(self, pieces: Sequence[bytes], content_type: str) -> None:
        self._pieces = pieces
        self._gone = False
        self.headers: Mapping[str, str] = {"content-type": content_type}

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join(self._pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece; others run in between."""
        for piece in self._pieces:
            if self._gone:
                return
            yield piece
            await asyncio.sleep(0)

    def abort(self) -> None:
        """Yield nothing more."""
        self._gone = True


def models() -> Json:
    """The list of models a server with only this model would give."""
    return {
        "object": "list",
        "data": [{"id": MODEL, "object": "model", "created": _CREATED, "owned_by": "promptguard"}],
    }


def reply_to(text: str) -> str:
    """The answer to a user's message."""
    spelt = _EVERY_SECOND.fullmatch(text)
    if spelt is not None:
        return f"{LABEL} You said: {spelt[1][::2][:_MAX_ECHO]}"
    for question, answer in _ANSWERS:
        if question.search(text):
            return answer
    if not text.strip():
        return f"{LABEL} You sent no text."
    return f"{LABEL} You said: {text[:_MAX_ECHO]}"


class _Exchange:
    """A request with its answer worked out, which can be told whole or as events."""

    def __init__(self, request: _Request, *, chat: bool) -> None:
        asked = _last_user_text(request) if chat else _prompt_text(request)
        words = _WORD.findall(reply_to(asked))
        limit = request.max_completion_tokens or request.max_tokens or len(words)
        self._words = words[: max(limit, 1)]
        self._finish = "stop" if len(self._words) == len(words) else "length"
        self._pieces = _cut("".join(self._words), request.seed) if request.seed else self._words
        self._count = max(request.n or 1, 1)
        self._chat = chat
        self._with_usage = bool(request.stream_options and request.stream_options.include_usage)
        prompt = len(_WORD.findall(asked))
        completion = len(self._words) * self._count
        self._usage: Json = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
        digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:16]
        self._id = f"{'chatcmpl' if chat else 'cmpl'}-{digest}"

    def whole(self) -> Json:
        """The answer as one object."""
        text = "".join(self._words)
        said: Json = {"message": {"role": "assistant", "content": text}} if self._chat else {"text": text}
        choices = [self._choice(index, said, self._finish) for index in range(self._count)]
        return {**self._envelope("chat.completion"), "choices": choices, "usage": self._usage}

    def events(self) -> Iterator[Json]:
        """The answer as the events of a stream, choices interleaved as vLLM does."""
        if self._chat:
            for index in range(self._count):
                yield self._event([self._choice(index, {"delta": {"role": "assistant", "content": ""}}, None)])
        for place, piece in enumerate(self._pieces, 1):
            finish = self._finish if place == len(self._pieces) else None
            for index in range(self._count):
                said: Json = {"delta": {"content": piece}} if self._chat else {"text": piece}
                yield self._event([self._choice(index, said, finish)])
        if self._with_usage:
            yield {**self._event([]), "usage": self._usage}

    def _event(self, choices: Sequence[Json]) -> Json:
        return {**self._envelope("chat.completion.chunk"), "choices": choices}

    def _envelope(self, chat_kind: str) -> Json:
        kind = chat_kind if self._chat else "text_completion"
        return {"id": self._id, "object": kind, "created": _CREATED, "model": MODEL}

    def _choice(self, index: int, said: Json, finish: str | None) -> Json:
        return {"index": index, **said, "logprobs": None, "finish_reason": finish}


def _cut(text: str, seed: int) -> list[str]:
    size = max(abs(seed), 1)
    return [text[start : start + size] for start in range(0, len(text), size)]


def _decode(body: bytes) -> _Request:
    try:
        return _REQUESTS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = "The demonstration model could not read the request."
        raise GatewayError("upstream_rejected", message) from None


def _last_user_text(request: _Request) -> str:
    for message in reversed(request.messages):
        if message.role == "user":
            content = message.content or ""
            return content if isinstance(content, str) else " ".join(part.text for part in content if part.text)
    return ""


def _prompt_text(request: _Request) -> str:
    if isinstance(request.prompt, str):
        return request.prompt
    first = request.prompt[0] if request.prompt else ""
    return first if isinstance(first, str) else ""


def _frame(event: Json) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"
