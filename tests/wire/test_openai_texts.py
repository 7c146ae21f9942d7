"""Completions and embeddings: texts are inspected, token ids are refused, for there is no text to inspect."""

import pytest
from tests.wire.values import LIMITS, refusal

from promptguard_gateway.core.segments import Column
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire import openai_completions, openai_embeddings
from promptguard_gateway.wire.walk import check_ledger

ROUTES = [(openai_completions.inventory, "prompt"), (openai_embeddings.inventory, "input")]


@pytest.mark.parametrize(("inventory", "field"), ROUTES)
def test_a_text_or_a_list_of_texts(inventory, field: str) -> None:
    """Each is a segment of a user, at its own place."""
    one = inventory({"model": "m", field: "hello"}, LIMITS).inventory
    assert [(each.path, each.column, each.text) for each in one.segments] == [(field, Column.UNTRUSTED, "hello")]
    body = {"model": "m", field: ["a", "b"]}
    two = inventory(body, LIMITS).inventory
    assert [each.path for each in two.segments] == [f"{field}[0]", f"{field}[1]"]
    assert check_ledger(two, body)


@pytest.mark.parametrize(("inventory", "field"), ROUTES)
@pytest.mark.parametrize("value", [[1, 2, 3], [[1, 2], [3]], ["a", 1], ["a", ["b"]], [], 1, {"a": "b"}, True])
def test_what_is_not_text_is_refused(inventory, field: str, value: object) -> None:
    """Token ids would reach the model unread."""
    error = refusal(lambda: inventory({"model": "m", field: value}, LIMITS))
    assert (error.code, error.param) == ("invalid_value", field)


@pytest.mark.parametrize(("inventory", "field"), ROUTES)
def test_the_text_is_required(inventory, field: str) -> None:
    """Neither missing nor null."""
    for body in ({"model": "m"}, {"model": "m", field: None}):
        assert refusal(lambda body=body: inventory(body, LIMITS)).code == "missing_field"
    assert refusal(lambda: inventory({field: "x"}, LIMITS)).param == "model"


@pytest.mark.parametrize(("inventory", "field"), ROUTES)
@pytest.mark.parametrize("guarded", ["prompt_embeds", "truncate_prompt_tokens", "cache_salt", "add_special_tokens"])
def test_guarded_fields_are_refused(inventory, field: str, guarded: str) -> None:
    """The same list guards every route."""
    body = {"model": "m", field: "x", guarded: "payload"}
    assert refusal(lambda: inventory(body, LIMITS)).code == "field_not_allowed"
    allowed = inventory(body, LIMITS, allow_fields=frozenset((guarded,))).inventory
    assert "payload" in {each.text for each in allowed.segments}


def test_echo_returns_the_prompt_and_is_refused() -> None:
    """Except as the default value."""
    body = {"model": "m", "prompt": "x", "echo": True}
    assert refusal(lambda: openai_completions.inventory(body, LIMITS)).param == "echo"
    assert openai_completions.inventory({**body, "echo": False}, LIMITS)


def test_a_completion_has_an_answer_for_each_prompt_and_choice() -> None:
    """Two prompts with n = 3 make six choices, and the suffix is inspected too."""
    body = {"model": "m", "prompt": ["a", "b"], "n": 3, "suffix": "c", "logprobs": 2, "stop": "d", "stream": True}
    request = openai_completions.inventory(body, LIMITS)
    assert (request.answers, request.n, request.logprobs, request.stream) == (6, 3, True, True)
    assert {each.text for each in request.inventory.segments} == {"a", "b", "c", "d"}
    assert check_ledger(request.inventory, body)
    few = BodyLimits(max_messages=5)
    assert refusal(lambda: openai_completions.inventory(body, few)).code == "limit_exceeded"


def test_fields_of_generation_are_unknown_to_embeddings() -> None:
    """They are inspected as unknown text, once."""
    body = {"model": "m", "input": "x", "stop": ["payload"], "stream": True, "messages": [{"content": "y"}]}
    request = openai_embeddings.inventory(body, LIMITS)
    assert check_ledger(request.inventory, body)
    assert {"payload", "y"} <= {each.text for each in request.inventory.segments}
    assert not request.stream
    assert refusal(lambda: openai_embeddings.inventory(body, LIMITS, refuse_unknown=True)).code == "unknown_field"
