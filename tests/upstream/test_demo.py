"""The demonstration model: labelled, deterministic, in the shapes of the real thing."""

import json

import pytest

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.upstream.demo import LABEL, DemoUpstream


async def ask(path: str = "/chat/completions", **body: object) -> dict[str, object]:
    """A plain answer."""
    answer = await DemoUpstream().send(path, json.dumps({"model": "demo", **body}).encode(), stream=False)
    assert answer.headers["content-type"] == "application/json"
    whole: dict[str, object] = json.loads(await answer.read())
    return whole


async def events_of(path: str = "/chat/completions", **body: object) -> list[dict[str, object]]:
    """The events of a streamed answer, whose framing is checked on the way."""
    raw = json.dumps({"model": "demo", "stream": True, **body}).encode()
    answer = await DemoUpstream().send(path, raw, stream=True)
    assert answer.headers["content-type"] == "text/event-stream"
    frames = [piece async for piece in answer.chunks()]
    assert frames[-1] == b"data: [DONE]\n\n"
    assert all(frame.startswith(b"data: ") and frame.endswith(b"\n\n") and frame.count(b"\n") == 2 for frame in frames)
    return [json.loads(frame[6:]) for frame in frames[:-1]]


def user(text: object) -> list[dict[str, object]]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def text_of(whole: dict[str, object]) -> str:
    """The first choice's text."""
    return str(whole["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    "question", ["hello", "Who are you?", "What can you do for me?", "tell me a joke", "", "héllo ☃"]
)
async def test_every_answer_is_labelled(question: str) -> None:
    """Whatever is asked, the answer says that no language model is speaking."""
    assert LABEL in text_of(await ask(messages=user(question)))


async def test_it_repeats_the_last_user_message() -> None:
    """The echo shows what reached the model."""
    messages = [*user("first"), {"role": "assistant", "content": "x"}, *user("mail [EMAIL_REDACTED] now")]
    assert "mail [EMAIL_REDACTED] now" in text_of(await ask(messages=messages))
    assert "part two" in text_of(await ask(messages=user([{"type": "text", "text": "part two"}])))


async def test_it_is_deterministic() -> None:
    """The same request gives the same bytes."""
    assert await ask(messages=user("again")) == await ask(messages=user("again"))


async def test_stream_and_plain_answer_agree() -> None:
    """The deltas of each choice join to the plain answer, and usage comes when it is asked for."""
    plain = await ask(messages=user("one two three"), n=2)
    events = await events_of(messages=user("one two three"), n=2, stream_options={"include_usage": True})
    for index in (0, 1):
        choices = [choice for event in events for choice in event["choices"] if choice["index"] == index]
        assert "".join(choice["delta"].get("content", "") for choice in choices) == text_of(plain)
        assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["stop"]
    assert events[-1]["choices"] == []
    assert events[-1]["usage"] == plain["usage"]
    assert all("usage" not in event for event in await events_of(messages=user("x")))


async def test_it_says_what_the_request_did_not_show() -> None:
    """Every second letter, so that the inspection of answers can be tried on text that passed as a request."""
    assert text_of(await ask(messages=user("Every second letter: 4x2x x&x"))).endswith("You said: 42 &")
    assert text_of(await ask(messages=user("Every second letter: "))).endswith("You said:")


@pytest.mark.parametrize("seed", [1, 3, -3, 10_000])
async def test_a_seed_chooses_how_a_stream_is_cut(seed: int) -> None:
    """Pieces of so many characters that join to the plain answer."""
    events = await events_of(messages=user("one two three"), seed=seed)
    pieces = [event["choices"][0]["delta"].get("content", "") for event in events]
    assert "".join(pieces) == text_of(await ask(messages=user("one two three"), seed=seed))
    assert {len(piece) for piece in pieces[1:-1]} <= {abs(seed)}


async def test_max_tokens() -> None:
    """A limit cuts the answer to about so many words and says so."""
    whole = await ask(messages=user("one two three"), max_tokens=2)
    assert text_of(whole) == "I am"
    assert whole["choices"][0]["finish_reason"] == "length"


async def test_completions() -> None:
    """The older route answers in its own shape, plain and streamed."""
    whole = await ask("/completions", prompt="say it")
    assert whole["object"] == "text_completion"
    text = whole["choices"][0]["text"]
    assert "say it" in text
    events = await events_of("/completions", prompt="say it")
    assert "".join(event["choices"][0]["text"] for event in events) == text


async def test_models() -> None:
    """The list has one model."""
    answer = await DemoUpstream().send("/models", None, stream=False)
    assert [model["id"] for model in json.loads(await answer.read())["data"]] == ["demo"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/embeddings", b"{}"),
        ("/chat/completions", b"nonsense"),
        ("/chat/completions", b"\xff"),
        ("/chat/completions", None),
    ],
)
async def test_what_it_refuses(path: str, body: bytes | None) -> None:
    """Other routes and bodies it cannot read are refused as a model server would."""
    with pytest.raises(GatewayError) as caught:
        await DemoUpstream().send(path, body, stream=False)
    assert caught.value.code == "upstream_rejected"


async def test_an_aborted_answer_ends() -> None:
    """Nothing comes after an abort."""
    answer = await DemoUpstream().send("/chat/completions", json.dumps({"messages": user("x")}).encode(), stream=True)
    seen = 0
    async for _ in answer.chunks():
        seen += 1
        answer.abort()
    assert seen == 1
