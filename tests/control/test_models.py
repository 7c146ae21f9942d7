"""GET models: what the upstream says of its models is judged like an answer, and every end leaves an event."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from control.parts import AWS, CARD
from gateway.house import House, house
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.findings import Finding
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Segment
from promptguard_gateway.domain.events import Event
from promptguard_gateway.proxy.inspect import Judge, Judgement

CANARY = "canary-" + "5b1f0c77a2d94e31"


def describe(here: House, text: str) -> None:
    """Let the upstream have one model, with this description."""
    here.upstream.default_model = "verbatim"
    here.upstream.text = json.dumps({"object": "list", "data": [{"id": "m", "object": "model", "description": text}]})


def only_event(here: House) -> Event:
    [event] = here.events()
    return event


async def test_a_secret_in_the_list_is_replaced(tmp_path: Path) -> None:
    """What the policy redacts in answers is redacted here, and nothing else changes."""
    async with house(tmp_path) as here:
        describe(here, f"deployed with {AWS} today")
        answer = await here.get("/v1/models")
        model = answer.json()["data"][0]
        assert (answer.status, model["id"]) == (200, "vllm/m")
        assert re.fullmatch(r"deployed with \[\w+_REDACTED\] today", model["description"])
        assert answer.headers["x-promptguard-decision"] == "redact"
        event = here.event_of(answer)
        assert (event.decision, event.outcome, event.findings[0].action) == ("redact", "answered", "redact")


async def test_monitor_mode_changes_nothing(tmp_path: Path) -> None:
    """What would have been redacted is recorded and delivered."""
    async with house(tmp_path, mode="monitor") as here:
        describe(here, AWS)
        answer = await here.get("/v1/models")
        assert answer.json()["data"][0]["description"] == AWS
        assert here.event_of(answer).decision == "redact"


async def test_a_list_that_is_blocked_is_a_block(tmp_path: Path) -> None:
    """The same error, headers and outcome as for an answer; a canary counts here too."""
    async with house(tmp_path, canaries=(CANARY,)) as here:
        describe(here, f"note {CANARY}")
        answer = await here.get("/v1/models")
        assert (answer.status, answer.json()["error"]["code"]) == (400, "request_blocked")
        assert answer.headers["x-promptguard-decision"] == "block"
        assert CANARY not in answer.body.decode()
        assert only_event(here).outcome == "blocked"


class Mistaken(Judge):
    """A judge with a fault of ours on answers."""

    def answer(self, segments: Sequence[Segment], knowledge: Knowledge, on_calls: Iterable[Finding] = ()) -> Judgement:
        raise ValueError(segments[0].text)


async def test_a_fault_of_ours_leaves_an_event(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A 500 that names its event; the log says where, never what the text was."""
    async with house(tmp_path, judge=Mistaken([], PRESETS["moderate"])) as here:
        describe(here, CARD)
        answer = await here.get("/v1/models")
        event = here.event_of(answer)
        assert (answer.status, event.outcome, event.error) == (500, "failed", "internal_error")
    assert "failed with ValueError" in caplog.text
    assert CARD not in caplog.text


async def test_a_list_that_cannot_be_read_is_the_upstreams_fault(tmp_path: Path) -> None:
    """What is refused in a request is refused in an answer, with the upstream's status and an event."""
    async with house(tmp_path) as here:
        here.upstream.default_model = "verbatim"
        for body in ('{"data": [], "data": []}', '{"data": [NaN]}', "[]", '{"data": "\\ud800"}', '{"data": {}}'):
            here.upstream.text = body
            answer = await here.get("/v1/models")
            assert (answer.status, answer.json()["error"]["code"]) == (502, "upstream_error"), body
            assert here.event_of(answer).outcome == "upstream_error"


async def test_an_upstream_that_cannot_be_reached_leaves_an_event(tmp_path: Path) -> None:
    """The error names its event."""
    async with house(tmp_path, vllm_base_url="http://127.0.0.1:9") as here:
        answer = await here.get("/v1/models")
        assert here.event_of(answer).error == answer.json()["error"]["code"] == "upstream_unreachable"
