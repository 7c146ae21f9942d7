"""Destructive commands: blocked where a model wants to run them, flagged where people speak of them."""

import json
from pathlib import Path

import pytest

from gateway.house import chat, house
from gateway.tool_calls import streamed, whole

WIPE, TIDY = "sudo rm -rf / --now", "rm -rf ./build"


@pytest.mark.parametrize("stream", [False, True])
async def test_in_tool_arguments_a_wipe_is_blocked_and_tidying_is_not(tmp_path: Path, stream: bool) -> None:
    """Whole and streamed alike, and no part of the blocked command reaches the client."""
    make = streamed if stream else whole
    async with house(tmp_path) as here:
        for command, outcome in ((WIPE, "blocked"), (TIDY, "answered")):
            here.upstream.text = make("shell", json.dumps({"command": command}))
            answer = await here.ask(chat("Please tidy up.", "verbatim", stream=stream))
            event = here.event_of(answer)
            assert event.outcome == outcome
            assert (command[5:9].encode() in answer.body) == (outcome == "answered")
            assert bool([one for one in event.findings if one.detector == "code.destruction"]) == (outcome == "blocked")


async def test_in_prose_a_wipe_is_flagged(tmp_path: Path) -> None:
    """A question about the command and an answer that explains it pass, and the event says what was seen."""
    async with house(tmp_path) as here:
        here.upstream.text = f"Never run {WIPE}, it deletes everything."
        answer = await here.ask(chat(f"What does {WIPE} do?"))
        event = here.event_of(answer)
        assert event.outcome == "answered"
        assert {one.direction for one in event.findings if one.detector == "code.destruction"} == {"input", "output"}
