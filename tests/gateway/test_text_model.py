"""A gateway with a text model: what it blocks, what an event says of it, and that its silence is never consent."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.house import House, chat, house, spoken
from inference import tiny
from lab.faultup import FaultUpstream
from promptguard_gateway.app import policy_of, running
from promptguard_gateway.core.policy import Action, FailureMode, Policy
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.text_model import Passage, Reading, Speaker
from promptguard_gateway.domain.settings import ConsoleSettings, Settings
from promptguard_gateway.domain.settings_source import SettingsError, read_policy
from promptguard_gateway.proxy.understanding import MOST_HELD, Understanding

BAND = {"thresholds": {"moderate": {"warn": 0.6, "block": 0.9}}}


def model(folder: Path) -> str:
    """A model folder whose words are those of `tiny`."""
    return str(tiny.write(folder / "model"))


async def test_an_attack_in_new_words_is_blocked(tmp_path: Path) -> None:
    """The event names the model's detector, the kind as the rule, and the score; nothing reaches the upstream."""
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        answer = await here.ask(chat("please obey the fox"))
        event = here.event_of(answer)
        assert (answer.status, answer.json()["error"]["code"]) == (400, "request_blocked")
        assert here.upstream.requests == []
        [finding] = event.findings
        assert (finding.detector, finding.rule, finding.category, finding.action) == (
            "model.attack",
            "jailbreak",
            "jailbreak",
            "block",
        )
        assert finding.score > 0.99
        assert event.timings_us["model"] is not None


async def test_what_it_does_not_mind_goes_through(tmp_path: Path) -> None:
    """With its scores on the event."""
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        answer = await here.ask(chat("the bread is good"))
        assert answer.status == 200
        assert here.event_of(answer).findings == ()


async def test_who_speaks_decides(tmp_path: Path) -> None:
    """System text is not asked about, results of tools are."""
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        system = {"role": "system", "content": "please obey the fox"}
        user = {"role": "user", "content": "the bread is good"}
        assert (await here.ask({"model": "vllm/static", "messages": [system, user]})).status == 200
        call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        asked = {"role": "assistant", "content": None, "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": "call_1", "content": "the bread is good leak"}
        answer = await here.ask({"model": "vllm/static", "messages": [user, asked, result]})
        [finding] = here.event_of(answer).findings
        assert (answer.status, finding.rule, finding.path) == (400, "exfiltration", "messages[2].content")


async def test_an_attack_in_the_midst_of_a_long_text_is_found(tmp_path: Path) -> None:
    """Windows cover all of it, and the finding stands where the window stands."""
    text = "the bread is good " * 400
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        assert (await here.ask(chat(text))).status == 200
        answer = await here.ask(chat(text[:4500] + "ignore " + text[4500:]))
        [finding] = here.event_of(answer).findings
        assert finding.span[0] <= 4500 < finding.span[1]
        assert finding.span[1] - finding.span[0] < 100


async def test_an_order_over_two_parts_of_one_message_is_read_as_one(tmp_path: Path) -> None:
    """As the model behind the gateway reads it; and guard says the same as the model routes."""
    parts = [{"type": "text", "text": "please"}, {"type": "text", "text": "obey the fox"}]
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        answer = await here.ask({"messages": [{"role": "user", "content": parts}]}, "/v1/guard")
        [threat] = answer.json()["threats"]
        assert threat["rule"] == {"detector": "model.attack", "id": "jailbreak", "suppressible": True}


UNSAFE = "the bread is good hurt the fox"


async def test_a_stream_is_not_read_unless_it_may_be_held(tmp_path: Path) -> None:
    """It leaves as it comes, and the event has no score of the model's for the answer."""
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        here.upstream.text = UNSAFE
        answer = await here.ask(chat("the bread is good", "letters", stream=True))
        assert (answer.status, spoken(answer)) == (200, UNSAFE)


async def test_a_held_stream_leaves_only_when_the_model_has_read_it(tmp_path: Path) -> None:
    """Whole, or not one word of it; and a whole answer is decided alike."""
    async with house(tmp_path / "data", model=model(tmp_path), model_streams="hold") as here:
        harmless = await here.ask(chat("the bread is good", "letters", stream=True))
        assert (harmless.status, spoken(harmless)) == (200, here.upstream.text)
        here.upstream.text = UNSAFE
        for stream in (True, False):
            answer = await here.ask(chat("the bread is good", "letters" if stream else "static", stream=stream))
            [finding] = here.event_of(answer).findings
            assert (answer.status, finding.detector) == (400, "model.safety.violence")
            assert b"bread" not in answer.body


@pytest.mark.parametrize("mode", FailureMode)
async def test_a_held_stream_that_is_longer_than_may_be_held_was_not_read(tmp_path: Path, mode: FailureMode) -> None:
    """Closed: nothing of it leaves. Open: all of it, and the event says who did not read it."""
    async with house(tmp_path / "data", model=model(tmp_path), model_streams="hold", failure_output=mode) as here:
        here.upstream.text = " ".join(f"bread{number}" for number in range(MOST_HELD // 8))
        answer = await here.ask(chat("the bread is good", stream=True))
        assert here.event_of(answer).degraded == ("model",)
        assert answer.status == (503 if mode is FailureMode.CLOSED else 200)
        assert (b"bread" in answer.body) is (mode is FailureMode.OPEN)


class Slow:
    """A model that never gets done, or fails."""

    def __init__(self, failure: str) -> None:
        self.failure = failure
        self.closed = False

    def meanings(self, speaker: Speaker) -> tuple[str, ...]:
        """Attacks only."""
        return ("attack",)

    async def read(self, passages: Sequence[Passage], seconds: float) -> list[Reading]:
        """Nothing of it within the time."""
        await asyncio.sleep(min(seconds, 0.01))
        return [Reading((), self.failure) for _ in passages]

    def close(self) -> None:
        """Remembered for the test."""
        self.closed = True


@pytest.mark.parametrize("mode", FailureMode)
async def test_what_it_could_not_read_is_the_failure_modes_business(tmp_path: Path, mode: FailureMode) -> None:
    """Closed: refused, and the event says which detector failed. Open: it goes on, and the event says so too."""
    slow = Slow("timeout")
    async with FaultUpstream() as upstream:
        settings = Settings(
            port=0,
            data=str(tmp_path / "data"),
            api_key="pg_live_" + "test00000000",
            vllm_base_url=upstream.origin,
            failure_input=mode,
            console=ConsoleSettings(enabled=False),
        )
        async with running(settings, understanding=Understanding(slow, 1.0)) as gateway:
            here = House(gateway, upstream, tmp_path / "data")
            answer = await here.ask(chat("the bread is good"))
            event = here.event_of(answer)
    assert "model" in event.degraded
    assert answer.status == (503 if mode is FailureMode.CLOSED else 200)
    assert slow.closed


async def test_a_model_that_loses_its_numbers_is_a_failure(tmp_path: Path) -> None:
    """Not a harmless text."""
    async with house(tmp_path / "data", model=model(tmp_path)) as here:
        answer = await here.ask(chat("the nan is good"))
        assert answer.status == 503
        assert "model" in here.event_of(answer).degraded


def test_policies_know_its_detectors_and_take_its_thresholds(tmp_path: Path) -> None:
    """Those of its makers for the level, unless the policy says otherwise; a share of false alarms where measured."""
    labels = [
        {**one, **BAND, "operating": [{"threshold": 0.3, "false_alarms": 0.02, "recall": 0.9}]}
        if one["means"] == "attack"
        else one
        for one in tiny.labels(tiny.ATTACKS)
    ]
    heads = [{"output": "attack", "activation": "sigmoid", "labels": labels}]
    folder = str(tiny.write(tmp_path, heads=heads))

    def policy(text: str) -> Policy:
        return policy_of(Settings(model=folder, policy=read_policy(text, "own.yaml")))

    def block(text: str) -> float:
        return policy(text).thresholds["model.attack"].block

    assert block("preset: moderate") == 0.9
    assert block("thresholds: {model.attack: {warn: 0.1, block: 0.7}}") == 0.7
    assert block("thresholds: {model.attack: {warn: 2 %, block: 2 %}}") == 0.3
    policy("suppressions: [{detector: model.attack, rule: jailbreak}]")
    with pytest.raises(SettingsError, match="jailbrake"):
        policy("suppressions: [{detector: model.attack, rule: jailbrake}]")


def test_what_it_finds_in_answers_is_never_redacted(tmp_path: Path) -> None:
    """A window is no value: where the family's cell redacts, the model's blocks."""
    policy = read_policy("matrix: {safety: {answer: redact}}", "own.yaml")
    compiled = policy_of(Settings(model=model(tmp_path), policy=policy))
    assert compiled.rows["model.safety.hate"][Column.ANSWER] is Action.BLOCK


@pytest.mark.parametrize(("name", "words"), [("nowhere", "manifest.json cannot be read"), ("off", "")])
def test_a_folder_without_a_model_stops_the_start(tmp_path: Path, name: str, words: str) -> None:
    """With the setting's name; off needs none."""
    if not words:
        policy_of(Settings(model=name))
        return
    with pytest.raises(SettingsError, match=f"PROMPTGUARD_MODEL.*{words}"):
        policy_of(Settings(model=str(tmp_path / name)))
