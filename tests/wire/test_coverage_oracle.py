"""What the model reads was inspected: an oracle that renders requests as chat templates do.

A unique marker is put into every string of a request, keys of free-form objects included. The request is rendered with
templates in the manner of the common families, and every marker that appears in the prompt must lie inside a segment
that the detectors saw; or the request is refused.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from tests.wire.values import LIMITS

from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.wire import openai_chat, openai_completions
from promptguard_gateway.wire.fields import CHAT
from promptguard_gateway.wire.walk import check_ledger

CHAT_TEMPLATES = ["chatml", "llama3", "mistral", "deepseek", "everything"]
ALL_ALLOWED = frozenset(name for name, field in CHAT.items() if field.guarded)
MARKER = re.compile(r"marker\d{5}end")

environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"))
environment.filters["tojson"] = lambda value, indent=None: json.dumps(
    value, ensure_ascii=False, indent=indent, default=lambda missing: None
)

MAXIMAL = {
    "model": "vllm/demo",
    "messages": [
        {"role": "system", "content": "*", "name": "*"},
        {"role": "developer", "content": [{"type": "text", "text": "*"}], "tools": [{"name": "*", "*": "*"}]},
        {
            "role": "user",
            "name": "*",
            "content": [{"type": "text", "text": "*"}, {"type": "input_text", "text": "*"}, "*"],
        },
        {
            "role": "assistant",
            "content": "*",
            "refusal": "*",
            "reasoning": "*",
            "reasoning_content": "*",
            "tool_calls": [
                {
                    "id": "*",
                    "type": "function",
                    "function": {"name": "*", "arguments": {"*": "*", "list": ["*", {"*": "*"}], "n": 1}},
                },
                {"id": "*", "type": "function", "function": {"name": "*", "arguments": ["*"]}},
            ],
        },
        {"role": "tool", "tool_call_id": "*", "content": "*"},
        {"role": "tool", "tool_call_id": "*", "name": "*", "content": [{"type": "text", "text": "*"}]},
        {"role": "function", "name": "*", "content": "*", "unknown_member": {"*": ["*"]}},
        {"role": "assistant", "content": None, "function_call": {"name": "*", "arguments": {"*": "*"}}},
        {"role": "user", "content": "*"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "*",
                "description": "*",
                "parameters": {
                    "type": "object",
                    "title": "*",
                    "properties": {
                        "*": {"type": "string", "description": "*", "enum": ["*", "*"], "default": "*", "pattern": "*"},
                        "plain": {"anyOf": [{"const": "*"}, {"examples": ["*"]}], "x-note": {"*": "*"}},
                    },
                    "required": ["*"],
                    "$defs": {"*": {"format": "*", "$ref": "*"}},
                },
            },
        },
        {"type": "web_search", "*": "*"},
    ],
    "functions": [{"name": "*", "description": "*", "parameters": {"*": "*"}}],
    "tool_choice": {"type": "function", "function": {"name": "*"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "*", "schema": {"properties": {"*": {}}}}},
    "structured_outputs": {"choice": ["*", "*"], "grammar": "*"},
    "metadata": {"*": "*"},
    "prediction": {"type": "content", "content": [{"type": "text", "text": "*"}]},
    "user": "*",
    "reasoning_effort": "*",
    "stop": ["*"],
    "unknown": {"*": ["*", {"*": "*"}]},
}
WITH_GUARDED = {
    **MAXIMAL,
    "documents": [{"title": "*", "text": "*", "*": "*"}],
    "chat_template_kwargs": {"enable_thinking": False, "custom_tools": ["*"], "*": {"*": "*"}},
}


class Marks:
    """Puts markers, each of them once, in the place of every asterisk."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, value: object) -> object:
        if isinstance(value, str):
            return self._next() if value == "*" else value
        if isinstance(value, dict):
            return {self(key): self._arguments(key, child) for key, child in value.items()}
        return [self(child) for child in value] if isinstance(value, list) else value

    def _next(self) -> str:
        self._count += 1
        return f"marker{self._count:05}end"

    def _arguments(self, key: object, child: object) -> object:
        """Tool arguments are JSON in a string, escaped so that only decoding shows the markers."""
        marked = self(child)
        return escaped(json.dumps(marked)) if key == "arguments" and not isinstance(child, str) else marked


def escaped(text: str) -> str:
    return text.replace("marker", "m\\u0061rker")


def flattened(message: dict) -> dict:
    """A message as servers hand it to a template: parts joined, arguments decoded."""
    message = copy.deepcopy(message)
    if isinstance(message.get("content"), list):
        texts = [part if isinstance(part, str) else part.get("text", "") for part in message["content"]]
        message["content"] = "\n".join(texts)
    for call in message.get("tool_calls") or []:
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return message


def prompt_of(body: dict, template: str) -> str:
    """The prompt that a model would read."""
    values = {key: value for key, value in body.items() if key != "messages"}
    values["messages"] = [flattened(message) for message in body.get("messages", [])]
    kwargs = body.get("chat_template_kwargs") or {}
    return environment.get_template(f"{template}.jinja").render(
        **values, **kwargs, kwargs=kwargs, add_generation_prompt=True
    )


def unseen(prompt: str, segments: list) -> set[str]:
    """Markers of the prompt that no detector saw."""
    seen = {marker for segment in segments for marker in MARKER.findall(segment.text)}
    return set(MARKER.findall(prompt)) - seen


@pytest.mark.parametrize("template", CHAT_TEMPLATES)
@pytest.mark.parametrize("shape", [MAXIMAL, WITH_GUARDED], ids=["ordinary", "with guarded fields"])
def test_every_marker_in_the_prompt_was_inspected(template: str, shape: dict) -> None:
    """The largest request we can write, with and without the fields an operator may allow."""
    body = Marks()(shape)
    allowed = ALL_ALLOWED if shape is WITH_GUARDED else frozenset()
    request = openai_chat.inventory(body, LIMITS, allow_fields=allowed)
    prompt = prompt_of(body, template)
    assert len(MARKER.findall(prompt)) >= 15
    assert unseen(prompt, request.inventory.segments) == set()
    assert check_ledger(request.inventory, body)


def test_the_oracle_sees_a_gap() -> None:
    """Were one segment missing, the oracle would say so."""
    body = Marks()(MAXIMAL)
    segments = openai_chat.inventory(body, LIMITS).inventory.segments
    for index, segment in enumerate(segments):
        if segment.path.endswith("content") and not segment.leaf:
            rest = [*segments[:index], *segments[index + 1 :]]
            assert unseen(prompt_of(body, "everything"), rest) == {segment.text}


def test_guarded_fields_are_refused_rather_than_rendered() -> None:
    """Without the operator's permission the request does not come as far as a template."""
    with pytest.raises(GatewayError, match="not allowed"):
        openai_chat.inventory(Marks()(WITH_GUARDED), LIMITS)


@pytest.mark.parametrize("prompt", ["*", ["*", "*"]])
def test_prompts_of_completions_were_inspected(prompt: object) -> None:
    """Prompt and suffix stand in the model's input as they are."""
    body = Marks()({"model": "m", "prompt": prompt, "suffix": "*"})
    segments = openai_completions.inventory(body, LIMITS).inventory.segments
    rendered = prompt_of(body, "completion")
    assert MARKER.search(rendered)
    assert unseen(rendered, segments) == set()


def places(value: object, at: tuple = ()) -> Iterator[tuple]:
    """Every place of a body."""
    yield at
    for step, child in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(child, (*at, step))


def graft(body: dict, at: tuple, change: Callable[[object], object]) -> dict:
    """A body with another value at one place."""
    copied = copy.deepcopy(body)
    parent = copied
    for step in at[:-1]:
        parent = parent[step]
    parent[at[-1]] = change(parent[at[-1]])
    return copied


def widened(value: object) -> object:
    """The same value with a member, an item or a text more."""
    if isinstance(value, dict):
        return {**value, "*": "*", "content": value.get("content", "*")}
    return [*value, "*"] if isinstance(value, list) else "*"


ODD = [lambda _: "*", lambda _: ["*"], lambda _: {"*": "*"}, lambda _: {"type": "text", "text": "*"}, widened]


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    st.sampled_from([at for at in places(WITH_GUARDED) if at]), st.sampled_from(ODD), st.sampled_from(CHAT_TEMPLATES)
)
def test_distorted_requests_are_covered_or_refused(at: tuple, change: Callable, template: str) -> None:
    """Any value of the largest request replaced by text, a list, an object or a part; any of them widened."""
    body = Marks()(graft(WITH_GUARDED, at, change))
    try:
        request = openai_chat.inventory(body, LIMITS, allow_fields=ALL_ALLOWED)
    except GatewayError:
        return
    assert check_ledger(request.inventory, body)
    try:
        prompt = prompt_of(body, template)
    except (TypeError, KeyError, ValueError, AttributeError):
        return  # the server could not render it either
    assert unseen(prompt, request.inventory.segments) == set()
