"""Rules for tools at the gateway: offered tools, and calls in answers of both kinds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
from msgspec import structs

from gateway.house import KEY, House, chat
from gateway.tool_calls import streamed, whole
from lab.faultup import FaultUpstream
from promptguard_gateway.app import running
from promptguard_gateway.core.policy import Action, Mode, Policy
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.tool_rules import ToolRules
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge

RULES = ToolRules(block=("delete_file",), max_argument_bytes=200, check_schema=True)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}
GOOD = json.dumps({"city": "Oslo"})


@cache
def judge(mode: Mode) -> Judge:
    """Compiled once for all tests."""
    return Judge(DETECTORS, structs.replace(PRESETS["moderate"], tools=RULES, mode=mode))


@asynccontextmanager
async def ruled(folder: Path, mode: Mode = Mode.ENFORCE) -> AsyncIterator[House]:
    async with FaultUpstream() as upstream:
        settings = Settings(port=0, data=str(folder), api_key=KEY, vllm_base_url=upstream.origin)
        async with running(settings, judge=judge(mode)) as gateway:
            yield House(gateway, upstream, folder)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("name", "arguments", "rule"),
    [
        ("get_weather", GOOD, None),
        ("delete_file", GOOD, "blocked"),
        ("Delete_File", GOOD, "blocked"),
        ("get_weather", json.dumps({"city": "Oslo" * 50}), "too_large"),
        ("get_weather", json.dumps({"town": "Oslo"}), "schema_required"),
        ("get_weather", "{}", "schema_required"),
        ("get_weather", '{"city": ', "not_json"),
        ("get_whether", GOOD, "tool_not_offered"),
    ],
)
async def test_a_call_in_an_answer(tmp_path: Path, stream: bool, name: str, arguments: str, rule: str | None) -> None:
    """Whole and streamed: what breaks a rule ends the answer, and none of its arguments leave."""
    async with ruled(tmp_path) as here:
        here.upstream.text = (streamed if stream else whole)(name, arguments)
        answer = await here.ask(chat("Weather?", "verbatim", stream=stream, tools=[WEATHER]))
        event = here.event_of(answer)
        assert event.outcome == ("answered" if rule is None else "blocked")
        assert rule in (None, *(found.rule for found in event.findings))
        assert (b"Oslo" in answer.body) == (rule is None)


async def test_a_name_in_pieces(tmp_path: Path) -> None:
    """What clients would join to the name of a forbidden tool is one."""
    async with ruled(tmp_path) as here:
        first, *rest = streamed("delete_", GOOD).splitlines()
        second = first.replace("delete_", "file")
        here.upstream.text = "\n".join([first, second, *rest])
        answer = await here.ask(chat("Tidy up", "verbatim", stream=True))
        assert here.event_of(answer).outcome == "blocked"


async def test_a_forbidden_tool_must_not_be_offered(tmp_path: Path) -> None:
    """The request is refused before the model sees it; a call in the history is flagged; prose is prose."""
    async with ruled(tmp_path) as here:
        offered = await here.ask(chat("Hi", tools=[{"type": "function", "function": {"name": "delete_file"}}]))
        assert offered.status == 400
        assert here.upstream.requests == []
        call = {"id": "call_1", "type": "function", "function": {"name": "delete_file", "arguments": "{}"}}
        turns = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "user", "content": "delete_file?"},
        ]
        answer = await here.ask({"model": "vllm/static", "messages": turns})
        event = here.event_of(answer)
        assert (answer.status, event.flagged) == (200, True)
        assert [(found.path, found.excerpt) for found in event.findings] == [
            ("messages[0].tool_calls[0].function.name", "delete_file")
        ]


async def test_in_monitor_mode_the_call_passes(tmp_path: Path) -> None:
    """And the event says what would have been blocked."""
    async with ruled(tmp_path, mode=Mode.MONITOR) as here:
        for make, stream in ((whole, False), (streamed, True)):
            here.upstream.text = make("delete_file", GOOD)
            answer = await here.ask(chat("Tidy up", "verbatim", stream=stream, tools=[WEATHER]))
            assert (here.event_of(answer).outcome, here.event_of(answer).decision) == ("answered", "block")


def test_a_call_cannot_be_redacted() -> None:
    """A policy that asks for it is refused when it is compiled."""
    row = {Column.ANSWER_TOOL_ARGUMENTS: Action.REDACT}
    policy: Policy = structs.replace(PRESETS["moderate"], rows={"tool.forbidden": row})
    with pytest.raises(ValueError, match="not redact"):
        Judge((), policy)
