"""Rules for addresses at the gateway, as an operator writes them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.house import House, chat, house, spoken
from gateway.tool_calls import streamed
from promptguard_gateway.domain.policy_document import PolicyDocument
from promptguard_gateway.domain.tools_and_urls import Tools, Urls

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = PolicyDocument(
    urls=Urls(allow=("docs.example",), block=("private",), schemes=("https",)), tools=Tools(block=("delete_*",))
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder: Path = tmp_path_factory.mktemp("urls")
    async with house(folder, policy=POLICY) as it:
        yield it


async def test_in_answers_of_both_kinds(here: House) -> None:
    """Addresses that are not allowed are replaced, letter by letter too; the others stay."""
    here.upstream.text = "See https://docs.example/a?b=1, not http://[::1]/x or https://elsewhere.example/long/path."
    expected = "See https://docs.example/a?b=1, not [URL_REDACTED] or [URL_REDACTED]."
    whole = (await here.ask(chat("Where?"))).json()
    assert whole["choices"][0]["message"]["content"] == expected
    assert spoken(await here.ask(chat("Where?", "letters", stream=True))) == expected


async def test_in_requests_and_calls(here: House) -> None:
    """Blocked; the event names the rule."""
    answer = await here.ask(chat("Read https://elsewhere.example for me"))
    event = here.event_of(answer)
    assert (answer.status, [found.rule for found in event.findings]) == (400, ["not_allowed"])
    here.upstream.text = streamed("fetch", json.dumps({"url": "https://127.1/admin"}))
    event = here.event_of(await here.ask(chat("Read it", "verbatim", stream=True)))
    assert (event.outcome, [found.rule for found in event.findings if found.detector == "url.rules"]) == (
        "blocked",
        ["blocked"],
    )


async def test_the_section_for_tools(here: House) -> None:
    """What the operator writes about tools holds for calls."""
    here.upstream.text = streamed("delete_everything", "{}")
    assert here.event_of(await here.ask(chat("Tidy up", "verbatim", stream=True))).outcome == "blocked"
