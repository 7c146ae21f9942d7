"""POST agent/validate-tool: may this tool be called with these arguments."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from control.parts import AWS, MAIL, PREFIXES, check_422, ledger_adds_up
from gateway.house import House, house
from lab.rawclient import RawAnswer
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.tools_and_urls import Tools

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIPE = "rm -rf /"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("agents")) as it:
        yield it


async def ask(here: House, tool: str, arguments: object = None, prefix: str = "/api/v1", **more: object) -> RawAnswer:
    body = {"agent_id": "agent-7", "tool_name": tool, "arguments": arguments or {}, **more}
    return await here.ask(body, f"{prefix}/agent/validate-tool")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_harmless_call(here: House, prefix: str) -> None:
    """Under every prefix, with a null session id as the SDK sends it."""
    answer = await ask(here, "get_weather", {"city": "Oslo", "days": 3}, prefix, session_id=None)
    body = answer.json()
    assert answer.status == 200
    assert body == {
        "allowed": True,
        "risk_score": 0.0,
        "risk_level": "safe",
        "reason": "Nothing was found.",
        "warnings": [],
        "blocked_reasons": [],
        "event_id": answer.headers["x-promptguard-event-id"],
    }
    assert ledger_adds_up(here, body["event_id"])


@pytest.mark.parametrize(
    ("tool", "arguments", "level"),
    [
        ("bash", {}, "critical"),
        ("Execute_Shell", {}, "critical"),
        ("functions.rm", {}, "critical"),
        ("send_email", {"to": "all"}, "high"),
        ("http_post", {}, "high"),
        ("run_job", {"steps": [{"command": WIPE}]}, "critical"),
        ("run_job", {WIPE: 1}, "critical"),
        ("note", {"text": f"the key is {AWS}"}, "critical"),
    ],
)
async def test_a_call_that_is_not_allowed(here: House, tool: str, arguments: object, level: str) -> None:
    """By its name or by what its arguments hold, however deep; the event says blocked."""
    answer = await ask(here, tool, arguments)
    body = answer.json()
    assert (body["allowed"], body["risk_level"]) == (False, level)
    assert body["blocked_reasons"]
    assert body["reason"] in body["blocked_reasons"]
    assert AWS not in answer.body.decode()
    event = here.event_of(answer)
    assert (event.outcome, event.route, event.direction) == ("blocked", "agent.validate_tool", "output")
    assert ledger_adds_up(here, event.id)


async def test_a_call_to_look_at(here: House) -> None:
    """What is flagged is a warning, and the call is allowed."""
    body = (await ask(here, "note", {"text": f"write to {MAIL}"})).json()
    assert (body["allowed"], body["blocked_reasons"]) == (True, [])
    assert body["risk_level"] in ("low", "medium")
    assert body["warnings"] == [body["reason"]]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"tool_name": "x"}, "agent_id"),
        ({"agent_id": "a"}, "tool_name"),
        ({"agent_id": "a", "tool_name": 7}, "tool_name"),
        ({"agent_id": "a", "tool_name": "x", "arguments": "text"}, "arguments"),
    ],
)
async def test_wrong_bodies(here: House, body: object, names: str) -> None:
    """422 in both forms, naming the field."""
    check_422(await here.ask(body, "/api/v1/agent/validate-tool"), names)


async def test_what_nobody_knows_is_inspected(here: House) -> None:
    """A member that is not in the schema is text like any other."""
    answer = await ask(here, "note", extra={"note": f"key {AWS}"})
    assert here.event_of(answer).findings
    assert ledger_adds_up(here, here.event_of(answer).id)


async def test_in_monitor_mode_every_call_is_allowed(tmp_path: Path) -> None:
    """The answer and the event say what would have been decided."""
    async with house(tmp_path, mode="monitor") as here:
        answer = await ask(here, "bash")
        body = answer.json()
        assert (body["allowed"], body["risk_level"], len(body["blocked_reasons"])) == (True, "critical", 1)
        assert (here.event_of(answer).outcome, here.event_of(answer).decision) == ("answered", "block")


async def test_the_policy_decides_what_its_agents_may_call(tmp_path: Path) -> None:
    """A tool that it allows by name is allowed, one that it blocks is not, and arguments have their limit."""
    tools = Tools(allow=("bash", "get_*"), block=("get_secret",), max_argument_bytes=40)
    async with house(tmp_path, policy=PolicyDocument(tools=tools)) as here:
        asked = [("bash", {}), ("get_time", {}), ("get_secret", {}), ("run", {}), ("get_time", {"zone": "x" * 40})]
        allowed = [(await ask(here, tool, arguments)).json()["allowed"] for tool, arguments in asked]
        assert allowed == [True, True, False, False, False]
