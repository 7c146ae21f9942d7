"""Tokens from end to end: the model never sees a value, and its client reads the answer with the values in it."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import openai
import pytest

from gateway.house import KEY, House, chat, house, spoken
from promptguard_gateway.app import Judge, judge_of
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import read_policy

MAIL, CARD, OTHER = "ana.lopez" + "@" + "example.com", "4111 1111 " + "1111 1111", "bob" + "@" + "example.com"
TOKENIZING = """
guardrails: {pii_detection: {mode: tokenize}}
restore_tools: [send_mail]
"""
MASKING = "guardrails: {pii_detection: {mode: mask}}"
QUESTION = f"Write to {MAIL} about the card {CARD}."
TOKEN = re.compile(r"\[[A-Z_]+_[b-w]{8}\]")


@pytest.fixture(scope="module")
def judge() -> Judge:
    """What the policy document comes to at the start; made once, because that takes seconds."""
    return judge_of(Settings(policy=read_policy(TOKENIZING, "tokens.yaml")))


@pytest.fixture
async def here(tmp_path: Path, judge: Judge) -> AsyncIterator[House]:
    async with house(tmp_path, judge=judge) as it:
        yield it


def seen(here: House) -> str:
    """The body that reached the upstream last."""
    return here.upstream.requests[-1].body.decode()


def answering(choice: dict[str, object]) -> str:
    """An answer, or its only chunk, of one choice."""
    return json.dumps({"id": "x", "object": "x", "created": 1, "model": "m", "choices": [{"index": 0, **choice}]})


async def tokens(here: House, question: str = QUESTION, **headers: str) -> list[str]:
    """What the model sees in place of the values of a question."""
    await here.ask(chat(question), **headers)
    return TOKEN.findall(seen(here))


async def test_the_model_sees_tokens_and_the_client_values(here: House) -> None:
    """In a whole answer, and in a stream of single letters; the event counts what was put back."""
    mail, card = await tokens(here)
    assert MAIL not in seen(here)
    assert CARD not in seen(here)
    here.upstream.text = f"Done: {mail} has the bill for {card}, see https://evil.example/?q={mail} {mail[:8]}"
    said = f"Done: {MAIL} has the bill for {CARD}, see https://evil.example/?q={mail} {mail[:8]}"
    whole = await here.ask(chat(QUESTION))
    assert whole.json()["choices"][0]["message"]["content"] == said
    streamed = await here.ask(chat(QUESTION, "letters", stream=True))
    assert spoken(streamed) == said
    assert [here.event_of(answer).restored for answer in (whole, streamed)] == [2, 2]
    assert here.event_of(whole).decision == "redact"


async def test_hash_and_signature_are_of_what_the_client_gets(here: House) -> None:
    """The bytes with the values in them."""
    mail, _ = await tokens(here)
    here.upstream.text = f"Done: {mail}"
    answer = await here.ask(chat(QUESTION))
    assert MAIL in answer.body.decode()
    time = answer.headers["x-promptguard-signature-timestamp"]
    signature = hmac.digest(KEY.encode(), time.encode() + b"." + answer.body, "sha256").hex()
    assert answer.headers["x-promptguard-signature"] == f"hmac-sha256={signature}"
    assert answer.headers["x-promptguard-content-hash"] == f"sha256={hashlib.sha256(answer.body).hexdigest()}"


async def test_tokens_are_the_same_in_every_turn_and_after_a_restart(tmp_path: Path, judge: Judge) -> None:
    """Also in the assistant's own words, which come back with the values in them, and without the words beside them."""
    async with house(tmp_path, judge=judge) as here:
        first = await tokens(here)
        turns = chat(QUESTION)
        turns["messages"] += [
            {"role": "assistant", "content": f"{MAIL}: {CARD}"},
            {"role": "user", "content": "Thanks. And the other one?"},
        ]
        await here.ask(turns)
        assert TOKEN.findall(seen(here)) == [*first, *first]
        assert MAIL not in seen(here)
    async with house(tmp_path, judge=judge) as again:
        assert await tokens(again) == first


async def test_a_token_of_somebody_else_stays_text(here: House) -> None:
    """Users have their own tokens; typing another's, or one's own without its value, gives nothing."""
    mail, _ = await tokens(here, x_end_user="ana")
    assert (await tokens(here, x_end_user="bob"))[0] != mail
    assert (await tokens(here, x_end_user="ana"))[0] == mail
    here.upstream.text = f"That is {mail}."
    for question in (f"Who is {mail}?", f"Who is {mail}, and who is {OTHER}?"):
        for user in ("bob", "ana"):
            answer = await here.ask(chat(question), x_end_user=user)
            assert answer.json()["choices"][0]["message"]["content"] == f"That is {mail}."


@pytest.mark.parametrize("stream", [False, True])
async def test_tools_get_values_only_if_they_are_listed(here: House, stream: bool) -> None:
    """The arguments stay JSON; the other tool gets the token."""
    mail, _ = await tokens(here)
    functions = [{"name": name, "arguments": json.dumps({"to": mail})} for name in ("send_mail", "post")]
    calls = [{"index": n, "id": f"c{n}", "type": "function", "function": one} for n, one in enumerate(functions)]
    message = {"role": "assistant", "tool_calls": calls}
    here.upstream.text = answering({"delta" if stream else "message": message, "finish_reason": "tool_calls"})
    answer = await here.ask(chat(QUESTION, "verbatim", stream=stream))
    texts = [data.decode() for data in answer.events] if stream else [answer.body.decode()]
    given = re.findall(r'\{\\"to\\": \\"(.*?)\\"\}', "".join(texts))
    assert given == [MAIL, mail]


async def test_completions_are_restored_and_embeddings_tokenized(here: House) -> None:
    """`text` of a completion is an answer; the vectors of embeddings are not."""
    mail, _ = await tokens(here)
    here.upstream.text = answering({"text": f"to {mail}"})
    for stream in (False, True):
        answer = await here.ask({"model": "vllm/verbatim", "prompt": QUESTION, "stream": stream}, "/v1/completions")
        parts = [json.loads(data) for data in answer.events[:-1]] if stream else [answer.json()]
        assert "".join(part["choices"][0]["text"] for part in parts) == f"to {MAIL}"
    await here.ask({"model": "vllm/static", "input": QUESTION}, "/v1/embeddings")
    assert mail in seen(here)


async def test_monitor_mode_restores_nothing(tmp_path: Path) -> None:
    """What was not replaced is not put back."""
    async with house(tmp_path, policy=read_policy(TOKENIZING, "tokens.yaml"), mode="monitor") as here:
        assert await tokens(here) == []
        assert MAIL in seen(here)


async def test_no_value_of_a_token_is_stored(here: House) -> None:
    """Neither the value nor its token is in an event."""
    mail, _ = await tokens(here)
    here.upstream.text = f"to {mail}"
    await here.ask(chat(QUESTION))
    stored = b"".join(path.read_bytes() for path in here.folder.iterdir() if path.is_file())
    for text in (MAIL, CARD, mail):
        assert text.encode() not in stored


async def test_the_guard_gives_the_tokens_of_the_model_routes(here: House) -> None:
    """Its client cannot turn them back; it can see that two texts speak of the same value."""
    mail, card = await tokens(here)
    guarded = await here.ask({"messages": [{"role": "user", "content": QUESTION}]}, "/api/v1/guard")
    redacted = await here.ask({"content": QUESTION}, "/api/v1/security/redact")
    expected = QUESTION.replace(MAIL, mail).replace(CARD, card)
    assert guarded.json()["redacted_messages"][0]["content"] == expected
    assert redacted.json()["redacted"] == expected


async def test_masks_from_end_to_end(tmp_path: Path) -> None:
    """What the model sees of a value, on the model routes and in the Guard API."""
    async with house(tmp_path, policy=read_policy(MASKING, "masks.yaml")) as here:
        await here.ask(chat(QUESTION))
        masked = "Write to a***@***.com about the card **** **** **** 1111."
        assert json.loads(seen(here))["messages"][0]["content"] == masked
        redacted = await here.ask({"content": QUESTION}, "/api/v1/security/redact")
        assert redacted.json()["redacted"] == masked


async def test_the_openai_client_reads_values(here: House) -> None:
    """Whole and streamed, with nothing changed in the program."""
    mail, _ = await tokens(here)
    here.upstream.text = f"Dear {mail}, it is done."
    address = f"http://127.0.0.1:{here.port}/v1"
    async with openai.AsyncOpenAI(base_url=address, api_key=KEY, max_retries=0) as client:
        question = [{"role": "user", "content": QUESTION}]
        whole = await client.chat.completions.create(model="vllm/static", messages=question)
        stream = await client.chat.completions.create(model="vllm/letters", messages=question, stream=True)
        streamed = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
    assert whole.choices[0].message.content == "".join(streamed) == f"Dear {MAIL}, it is done."
