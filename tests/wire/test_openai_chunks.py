"""Chunks of a stream: every text is a delta of its strand or a stray, and can be replaced."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.values import json_values, refusal

from promptguard_gateway.core.segments import Channel, path_of
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.wire.openai_chunks import logprobs_of, set_text, text_chunk, view

FRAME = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "demo"}


def chunk(*deltas: dict, **members) -> dict:
    choices = [
        {"index": index, "delta": delta, "logprobs": None, "finish_reason": None, "token_ids": None}
        for index, delta in enumerate(deltas)
    ]
    return {**FRAME, "choices": choices, **members}


DELTAS = [
    ({"role": "assistant", "content": ""}, [(Channel.CONTENT, None, "")]),
    ({"content": "a"}, [(Channel.CONTENT, None, "a")]),
    ({"reasoning": "a"}, [(Channel.REASONING, None, "a")]),
    ({"reasoning_content": "a", "content": None}, [(Channel.REASONING, None, "a")]),
    ({"refusal": "a"}, [(Channel.REFUSAL, None, "a")]),
    ({"tool_calls": [{"index": 3, "function": {"arguments": "{"}}]}, [(Channel.TOOL_ARGUMENTS, 3, "{")]),
    ({"tool_calls": [{"index": 0, "custom": {"input": "x"}}]}, [(Channel.TOOL_ARGUMENTS, 0, "x")]),
    ({"function_call": {"arguments": "x"}}, [(Channel.TOOL_ARGUMENTS, None, "x")]),
    ({}, []),
]


@pytest.mark.parametrize(("delta", "expected"), DELTAS)
def test_deltas_know_their_strand(delta: dict, expected: list) -> None:
    """Channel and tool call of each piece of text; setting it changes that text alone."""
    body = chunk(delta)
    seen = view(body)
    assert [(each.channel, each.tool, each.text) for each in seen.deltas] == expected
    assert seen.strays == []
    for each in seen.deltas:
        set_text(body, each, "new")
    assert [each.text for each in view(body).deltas] == ["new"] * len(expected)


@pytest.mark.parametrize(("delta", "expected"), DELTAS)
def test_late_text_gets_a_chunk_of_its_own(delta: dict, expected: list) -> None:
    """It continues the same strand, within the frame of its stream."""
    for each in view(chunk(delta)).deltas:
        late = text_chunk(chunk(delta), each, "late")
        assert [(again.strand, again.text) for again in view(late).deltas] == [(each.strand, "late")]
        assert view(late).strays == []
        assert {key: late[key] for key in FRAME} == FRAME


def test_text_completions_stream_too() -> None:
    """`text` is content."""
    body = {**FRAME, "choices": [{"index": 1, "text": "a", "logprobs": None, "finish_reason": "stop"}]}
    (delta,) = view(body).deltas
    assert (delta.choice, delta.channel, delta.location, delta.text) == (
        1,
        Channel.CONTENT,
        ("choices", 0, "text"),
        "a",
    )
    assert view(text_chunk(body, delta, "b")).deltas[0].strand == delta.strand


def test_strands_are_told_apart() -> None:
    """By choice, by member and by tool call: two members of one channel are two texts."""
    body = chunk(
        {"reasoning": "a", "reasoning_content": "a", "content": "a"},
        {"tool_calls": [{"index": 0, "function": {"arguments": "a"}}, {"index": 1, "function": {"arguments": "a"}}]},
    )
    assert len({each.strand for each in view(body).deltas}) == 5


def test_a_text_in_an_unknown_member_of_a_delta_may_go_on_in_the_next_one() -> None:
    """It is a strand of its own, and its key is text besides."""
    body = chunk({"thoughts": "a"})
    seen = view(body)
    [delta] = seen.deltas
    assert (delta.strand, delta.text) == ((0, "thoughts", -1), "a")
    assert [(each.text, each.is_key) for each in seen.strays] == [("thoughts", True)]
    assert view(text_chunk(body, delta, "b")).deltas[0].strand == delta.strand


STRAYS = [
    (
        "choices[0].delta.tool_calls[0].function.name",
        chunk({"tool_calls": [{"index": 0, "function": {"name": "payload"}}]}),
    ),
    ("choices[0].delta.tool_calls[0].id", chunk({"tool_calls": [{"index": 0, "id": "payload"}]})),
    ("choices[0].delta.tool_calls[0].type", chunk({"tool_calls": [{"index": 0, "type": "payload"}]})),
    ("choices[0].delta.role", chunk({"role": "payload"})),
    ("choices[0].delta.content[0].text", chunk({"content": [{"text": "payload"}]})),
    ("choices[0].finish_reason", {"choices": [{"index": 0, "finish_reason": "payload"}]}),
    ("choices[0].stop_reason", {"choices": [{"index": 0, "stop_reason": "payload"}]}),
    ("prompt_text", chunk({}, prompt_text="payload")),
    ("extra.a[0]", chunk({}, extra={"a": ["payload"]})),
    ("payload", chunk({}, payload=1)),
]


@pytest.mark.parametrize(("path", "body"), STRAYS)
def test_any_other_text_is_a_stray(path: str, body: dict) -> None:
    """A tool's name, a stop string, text at a place nobody knows: complete in its chunk, to be inspected at once."""
    body = copy.deepcopy(body)
    seen = view(body)
    found = [each for each in seen.strays if each.text == "payload"]
    assert [path_of(each.location) for each in found] == [path]
    if not found[0].is_key:
        set_text(body, found[0], "other")
        assert "payload" not in str(body)


def test_the_servers_own_words_are_neither() -> None:
    """Ids, usage, fingerprints, finish reasons, machine-made tool call ids."""
    call = {"index": 0, "id": "chatcmpl-tool-aa4a0f7112d55d8c", "type": "function"}
    body = chunk({"role": "assistant", "tool_calls": [call]}, usage={"a": 1}, system_fingerprint="fp", obfuscation="x")
    body["choices"][0]["finish_reason"] = "tool_calls"
    assert view(body).deltas == []
    assert view(body).strays == []


@pytest.mark.parametrize(
    "body",
    [
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{"delta": {"content": "x"}}]},
        {"choices": [{"index": "0", "delta": {}}]},
        {"choices": [{"index": True, "delta": {}}]},
        {"choices": [{"index": -1, "delta": {}}]},
        chunk("x"),
        chunk({"tool_calls": {}}),
        chunk({"tool_calls": [{"function": {"arguments": "x"}}]}),
    ],
)
def test_a_chunk_of_another_shape_is_the_upstreams_fault(body: dict) -> None:
    """Text without a strand cannot be inspected."""
    assert refusal(lambda: view(body)).code == "upstream_error"


def test_log_probabilities_of_a_choice() -> None:
    """Found by position."""
    body = chunk({"content": "a"})
    body["choices"][0]["logprobs"] = {"content": []}
    assert logprobs_of(body, 0) == {"content": []}


spots = st.sampled_from(
    [
        lambda value: chunk(value),
        lambda value: chunk({"content": value, "role": value}),
        lambda value: chunk({"tool_calls": [{"index": 0, "id": value, "type": value, "function": value}]}),
        lambda value: {"choices": [{"index": 0, "text": value, "finish_reason": value, "extra": value}]},
        lambda value: {"choices": value, "extra": value},
    ]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(json_values, spots)
def test_whatever_a_server_sends_is_seen_or_refused(value: object, spot) -> None:
    """Every string in an odd place is a delta or a stray; an odd shape is the upstream's fault and nothing else."""
    body = spot(marked(value))
    try:
        seen = view(body)
    except GatewayError:
        return
    assert sum("~" in each.text for each in (*seen.deltas, *seen.strays)) >= str(body).count("~")


def marked(value: object) -> object:
    """The value with every string made recognisable, and unlike any word of the protocol."""
    if isinstance(value, str):
        return "~"
    if isinstance(value, dict):
        return {key.replace("~", "-"): marked(child) for key, child in value.items()}
    return [marked(child) for child in value] if isinstance(value, list) else value
