"""A detector that fails: closed refuses and names it, open goes on and says so."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from gateway.house import KEY, House, chat, house
from lab.faultup import FaultUpstream
from lab.rawclient import RawAnswer
from promptguard_gateway.app import running
from promptguard_gateway.core.detector import BOTH, Hit, Knowledge
from promptguard_gateway.core.policy import FailureMode
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Direction, Segment
from promptguard_gateway.core.vault import Vault
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.leak import LEAK
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.proxy.inspect import Judge, Judgement


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


class Mistaken(Judge):
    """A judge with a fault of ours, whose message quotes what it was given."""

    def request(self, project: str, segments: Sequence[Segment], vault: Vault | None = None) -> Judgement:
        raise ValueError(segments[0].text)


async def test_a_fault_of_ours_is_recorded_and_quotes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A 500 with an event on every route that decides; the log says where, never what the text was."""
    message = {"role": "user", "content": "hush"}
    bodies = {"chat/completions": {"model": "vllm/demo", "messages": [message]}, "guard": {"messages": [message]}}
    async with house(tmp_path, judge=Mistaken([], PRESETS["moderate"])) as here:
        for path, body in bodies.items():
            answer = await here.ask(body, f"/v1/{path}")
            event = here.event_of(answer)
            assert (answer.status, event.outcome, event.error) == (500, "failed", "internal_error")
            assert b"hush" not in answer.raw
    assert caplog.text.count("failed with ValueError") == len(bodies)
    assert "hush" not in caplog.text


def check(here: House, answer: RawAnswer, mode: FailureMode) -> None:
    event = here.event_of(answer)
    assert "broken" in event.degraded
    if mode is FailureMode.OPEN:
        assert (answer.status, event.outcome) == (200, "answered")
    else:
        assert event.error == "detector_unavailable"
        assert b"trigger" not in answer.body
        assert b"detector_unavailable" in answer.body
