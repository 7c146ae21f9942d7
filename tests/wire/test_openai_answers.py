"""Whole answers: what the model wrote is inspected, wherever a server puts it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.values import json_values, refusal, texts

from promptguard_gateway.core.segments import Channel, Column, Exemption
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.openai_answers import inventory, models_list
from promptguard_gateway.wire.walk import check_ledger


def answer(message: dict, **choice) -> dict:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1795381910,
        "model": "demo",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 1, "total_tokens": 2, "completion_tokens": 1},
        "system_fingerprint": "fp",
        "prompt_logprobs": None,
    }


def test_a_plain_answer() -> None:
    """One text; the server's own words are exempt."""
    body = answer({"role": "assistant", "content": "Hello", "refusal": None, "reasoning": None})
    taken = inventory(body)
    assert [(each.path, each.column, each.text) for each in taken.segments] == [
        ("choices[0].message.content", Column.ANSWER, "Hello")
    ]
    assert taken.exempt == {Exemption.METADATA: 4, Exemption.ENUMERATION: 2}
    assert check_ledger(taken, body)


MESSAGE = "choices[0].message"
PLACES = [
    (f"{MESSAGE}.reasoning", Channel.REASONING, answer({"content": None, "reasoning": "payload"})),
    (f"{MESSAGE}.reasoning_content", Channel.REASONING, answer({"reasoning_content": "payload"})),
    (f"{MESSAGE}.refusal", Channel.REFUSAL, answer({"refusal": "payload"})),
    (f"{MESSAGE}.content[0].text", Channel.CONTENT, answer({"content": [{"type": "text", "text": "payload"}]})),
    (f"{MESSAGE}.annotations[0].url", Channel.CONTENT, answer({"annotations": [{"url": "payload"}]})),
    (f"{MESSAGE}.audio.transcript", Channel.CONTENT, answer({"audio": {"data": "AAAA", "transcript": "payload"}})),
    (f"{MESSAGE}.role", Channel.CONTENT, answer({"role": "payload"})),
    (f"{MESSAGE}.thoughts", Channel.CONTENT, answer({"thoughts": "payload"})),
    ("choices[0].finish_reason", Channel.CONTENT, answer({}, finish_reason="payload")),
    ("choices[0].stop_reason", Channel.CONTENT, answer({}, stop_reason="payload")),
    ("choices[0].text", Channel.CONTENT, {"choices": [{"index": 0, "text": "payload"}]}),
    ("prompt_text", Channel.CONTENT, {"choices": [], "prompt_text": "payload"}),
    ("extra.a", Channel.CONTENT, {"choices": [], "extra": {"a": "payload"}}),
    ("payload", Channel.CONTENT, {"payload": {}}),
    (
        f"{MESSAGE}.tool_calls[0].function.name",
        Channel.TOOL_ARGUMENTS,
        answer({"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "payload"}}]}),
    ),
    (
        f"{MESSAGE}.tool_calls[0].function.arguments",
        Channel.TOOL_ARGUMENTS,
        answer({"tool_calls": [{"function": {"name": "f", "arguments": '{"a": "p\\u0061yload"}'}}]}),
    ),
    (
        f"{MESSAGE}.tool_calls[0].function.arguments",
        Channel.TOOL_ARGUMENTS,
        answer({"tool_calls": [{"function": {"name": "f", "arguments": '{"a": "payload'}}]}),
    ),
    (f"{MESSAGE}.tool_calls[0].id", Channel.TOOL_ARGUMENTS, answer({"tool_calls": [{"id": "payload"}]})),
    (
        f"{MESSAGE}.function_call.arguments",
        Channel.TOOL_ARGUMENTS,
        answer({"function_call": {"name": "f", "arguments": "payload"}}),
    ),
]


@pytest.mark.parametrize(("path", "channel", "body"), PLACES)
def test_text_is_found_wherever_it_stands(path: str, channel: Channel, body: dict) -> None:
    """Each place is inspected on its channel."""
    taken = inventory(body)
    assert {(each.path, each.channel) for each in taken.segments if "payload" in each.text} == {(path, channel)}
    assert check_ledger(taken, body)


def test_log_probabilities_are_mirrors_and_vectors_are_no_text() -> None:
    """They share the fate of the text they repeat."""
    entry = {"token": "Hi", "bytes": [72, 105], "logprob": -1.0, "top_logprobs": [{"token": "Ho", "logprob": -2.0}]}
    body = answer({"content": "Hi"}, logprobs={"content": [entry]})
    assert inventory(body).exempt[Exemption.MIRROR] == 2
    vectors = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": "AYfW"}], "model": "m"}
    assert inventory(vectors).exempt == {Exemption.METADATA: 3, Exemption.MEDIA: 1}
    assert inventory({"data": [{"index": 0, "embedding": [0.5, 1.5]}]}).leaves == 0


@pytest.mark.parametrize(
    "body",
    [
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{"message": "x"}]},
        {"choices": [{"message": {"tool_calls": "x"}}]},
        {"choices": [{"message": {"tool_calls": ["x"]}}]},
        {"data": "x"},
        {"data": ["x"]},
    ],
)
def test_an_answer_of_another_shape_is_the_upstreams_fault(body: dict) -> None:
    """It cannot be inspected, so it does not pass."""
    assert refusal(lambda: inventory(body)).code == "upstream_error"


def test_too_many_leaves_are_the_upstreams_fault() -> None:
    """Arguments with more values than a body may hold."""
    body = answer({"content": "x", "function_call": {"arguments": '["a", "b", "c"]'}})
    assert refusal(lambda: inventory(body, BodyLimits(max_nodes=3))).code == "upstream_error"


def test_models_are_listed_under_their_route_without_paths() -> None:
    """`root` shows the upstream's disk; the rest stays."""
    listed = models_list({"object": "list", "data": [{"id": "org/m", "root": "/srv/m", "permission": [{"id": "p"}]}]})
    assert listed == {"object": "list", "data": [{"id": "vllm/org/m", "permission": [{"id": "p"}]}]}
    for body in ({}, {"data": {}}, {"data": ["m"]}, {"data": [{"id": 1}]}):
        assert refusal(lambda body=body: models_list(body)).code == "upstream_error"


messages = st.fixed_dictionaries(
    {"role": texts, "content": json_values},
    optional={"reasoning": json_values, "tool_calls": st.lists(st.dictionaries(texts, json_values)), "x": json_values},
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(messages, json_values, st.dictionaries(texts, json_values, max_size=3))
def test_the_ledger_always_adds_up(message: dict, logprobs: object, unknown: dict) -> None:
    """Whatever an upstream sends, every string of it is inspected or exempt for a reason."""
    body = {**answer(message, logprobs=logprobs), **unknown}
    try:
        taken = inventory(body)
    except GatewayError:
        return
    assert check_ledger(taken, body)
