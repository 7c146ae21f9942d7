"""A detector that fails: closed refuses and names it, open goes on and says so."""

from pathlib import Path

import pytest
from msgspec import structs

from gateway.house import KEY, House, chat
from lab.faultup import FaultUpstream
from lab.rawclient import RawAnswer
from promptguard_gateway.app import running
from promptguard_gateway.core.detector import BOTH, Hit, Knowledge
from promptguard_gateway.core.policy import FailureMode
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.leak import LEAK
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge


class Broken:
    """A detector whose code fails on every text that mentions a trigger."""

    def __init__(self) -> None:
        self.spec = structs.replace(LEAK.spec, id="broken", directions=BOTH, looks_for=(), shortest=0)

    def scan(self, text: str, _: Knowledge) -> list[Hit]:
        if "trigger" in text:
            raise RuntimeError
        return []

    def pending(self, text: str, _: Knowledge) -> int:
        return 0


def judge(mode: FailureMode) -> Judge:
    policy = structs.replace(PRESETS["moderate"], failure=dict.fromkeys(Direction, mode))
    return Judge([*DETECTORS, Broken()], policy)


CASES = [("request", "a trigger", "calm"), ("answer", "hello", "a trigger here"), ("stream", "hello", "a trigger here")]


@pytest.mark.parametrize("mode", FailureMode)
async def test_a_failing_detector(tmp_path: Path, mode: FailureMode) -> None:
    """503 or a fault when closed, an answer when open; the event names the detector either way."""
    async with FaultUpstream() as upstream:
        settings = Settings(port=0, data=str(tmp_path), api_key=KEY, vllm_base_url=upstream.origin)
        async with running(settings, judge=judge(mode)) as gateway:
            here = House(gateway, upstream, tmp_path)
            for where, question, upstream.text in CASES:
                check(here, await here.ask(chat(question, stream=where == "stream")), mode)
            guarded = {"messages": [{"role": "user", "content": "a trigger"}]}
            check(here, await here.ask(guarded, "/v1/guard"), mode)


def check(here: House, answer: RawAnswer, mode: FailureMode) -> None:
    event = here.event_of(answer)
    assert "broken" in event.degraded
    if mode is FailureMode.OPEN:
        assert (answer.status, event.outcome) == (200, "answered")
    else:
        assert event.error == "detector_unavailable"
        assert b"trigger" not in answer.body
        assert b"detector_unavailable" in answer.body
