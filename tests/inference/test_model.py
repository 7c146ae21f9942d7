"""The cascade as a whole: what it says of passages, what it remembers, and how it fails."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from inference import tiny
from promptguard_gateway.core.text_model import SPECS, Passage, Reading, Speaker
from promptguard_gateway.inference.artifact import Artifact, load
from promptguard_gateway.inference.calibration import log_odds, probabilities
from promptguard_gateway.inference.manifest import Calibration
from promptguard_gateway.inference.model import TextModel

SAFE = "the bread is good"


@asynccontextmanager
async def at_work(artifact: Artifact) -> AsyncIterator[TextModel]:
    model = TextModel(artifact)
    try:
        yield model
    finally:
        model.close()


async def highest(model: TextModel, text: str, speaker: Speaker = Speaker.USER) -> dict[str, float]:
    (reading,) = await model.read([Passage(speaker, text)], 10)
    assert not reading.failure
    meanings = {meaning for window in reading.windows for meaning in window.scores}
    return {one: max(window.scores[one] for window in reading.windows) for one in meanings}


async def test_scores_are_probabilities_by_meaning(tmp_path: Path) -> None:
    """An order to ignore is an attack and an injection, and nothing else."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        scores = await highest(model, "please ignore the fox")
        assert {meaning for meaning, score in scores.items() if score > 0.99} == {"attack", "injection"}
        assert all(score < 0.01 for score in (await highest(model, SAFE)).values())


async def test_a_head_is_silent_about_speakers_it_was_not_trained_on(tmp_path: Path) -> None:
    """In an answer there are no attacks, only unsafe content."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        assert (await highest(model, "ignore", Speaker.OUTPUT)).keys() == {"hate", "violence"}
        assert model.meanings(Speaker.OUTPUT) == ("hate", "violence")
        assert model.meanings(Speaker.USER) == ("attack", "hate", "violence")


async def test_it_has_a_detector_for_each_meaning_but_one_for_all_attacks(tmp_path: Path) -> None:
    """The kind of attack is a finding's rule, not a detector."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        assert [spec.id for spec in model.specs] == ["model.attack", "model.safety.hate", "model.safety.violence"]


@pytest.mark.parametrize("place", [0, 1, 50, 998, 999])
async def test_an_attack_anywhere_in_a_long_text_is_found_in_its_window(tmp_path: Path, place: int) -> None:
    """And the window says where."""
    words = ["bread"] * 1000
    words[place] = "ignore"
    text = " ".join(words)
    async with at_work(tiny.loaded(tmp_path)) as model:
        (reading,) = await model.read([Passage(Speaker.DOCUMENT, text)], 10)
    found = [window for window in reading.windows if window.scores["attack"] > 0.5]
    assert found
    assert all("ignore" in text[window.start : window.end] for window in found)
    assert all(window.end - window.start < 80 for window in reading.windows)


async def test_a_window_that_cannot_be_judged_is_a_failure_and_the_others_are_not(tmp_path: Path) -> None:
    """No number is no score: the passage says so, its neighbour is read."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        bad, good = await model.read([Passage(Speaker.USER, "nan"), Passage(Speaker.USER, "ignore")], 10)
        assert bad == Reading((), "Senseless")
        assert good.windows[0].scores["attack"] > 0.99


async def test_without_time_nothing_is_read(tmp_path: Path) -> None:
    """That is a failure too."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        (reading,) = await model.read([Passage(Speaker.USER, SAFE)], 0.0)
    assert reading.failure == "timeout"


async def test_an_empty_text_is_read_without_asking(tmp_path: Path) -> None:
    """Nothing is said of nothing."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        assert await model.read([Passage(Speaker.USER, " "), Passage(Speaker.USER, "")], 10) == [
            Reading(()),
            Reading(()),
        ]


async def test_calibration_and_activation_are_the_manifests(tmp_path: Path) -> None:
    """A label with points gets what lies on their line; one that shares its head competes."""
    head = {
        "output": "harm",
        "activation": "softmax",
        "labels": [
            {"name": "safe"},
            {"name": "bad", "means": "violence", "calibration": {"points": [[-12, 0.1], [12, 0.3]]}},
        ],
    }
    async with at_work(tiny.loaded(tmp_path, heads=[head])) as model:
        assert (await highest(model, "hurt"))["violence"] == pytest.approx(0.3)
        assert (await highest(model, SAFE))["violence"] == pytest.approx(0.2)


def test_log_odds_of_exclusive_labels_are_those_of_their_softmax() -> None:
    """Through the sigmoid they give the softmax back, also for logits that overflow an exponential."""
    logits = np.asarray([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    exact = np.exp(logits - logits.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    assert probabilities(log_odds(logits, "softmax"), Calibration()) == pytest.approx(exact)
    assert probabilities(np.asarray([2.0]), Calibration(temperature=2.0, bias=-1.0)) == pytest.approx([0.5])


async def test_what_stage_one_settles_is_not_read(tmp_path: Path) -> None:
    """It is settled, not unread; the words that it does not like go on to the encoder."""
    stage = {"file": "sieve.onnx", "outputs": ["attack", "harm"], "settles_below": 0.2}
    folder = tiny.write(tmp_path, more={"sieve.onnx": tiny.sieve()}, first_stage=stage)
    async with at_work(load(folder)) as model:
        assert await highest(model, SAFE) == {}
        assert (await highest(model, "please ignore"))["attack"] > 0.99


async def test_a_text_seen_before_is_not_read_again(tmp_path: Path) -> None:
    """Even without any time: what is remembered is there at once. Another speaker is another question."""
    async with at_work(tiny.loaded(tmp_path)) as model:
        first = await model.read([Passage(Speaker.USER, "please ignore")], 10)
        assert await model.read([Passage(Speaker.USER, "please ignore")], 0.0) == first
        (other,) = await model.read([Passage(Speaker.TOOL, "please ignore")], 0.0)
        assert other.failure == "timeout"


async def test_any_text_classifier_can_take_the_models_place(tmp_path: Path) -> None:
    """Inputs as BERT has them, two labels of which one means an attack, no speakers, nothing folded."""
    data = tiny.model({"logits": tiny.weights(2, tiny.HARM_WORDS)}, ("input_ids", "attention_mask", "token_type_ids"))
    folder = tiny.write(
        tmp_path,
        data=data,
        inputs={"ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids"},
        windows={"tokens": 16, "overlap": 4, "first": tiny.CLS, "last": tiny.SEP, "folded": False},
        heads=[
            {
                "output": "logits",
                "activation": "softmax",
                "labels": [{"name": "BENIGN"}, {"name": "MALICIOUS", "means": "attack"}],
            }
        ],
    )
    async with at_work(load(folder)) as model:
        assert model.specs == (SPECS["attack"],)
        assert (await highest(model, "hurt"))["attack"] > 0.99
        assert (await highest(model, SAFE))["attack"] == pytest.approx(0.5)


class Watchman:
    """A first stage that settles nothing and keeps which threads asked it."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def settles(self, ids: tuple[int, ...]) -> bool:
        self.threads.add(threading.current_thread().name)
        return False


async def test_a_long_text_is_prepared_beside_the_loop(tmp_path: Path) -> None:
    """So that a document of a thousand windows does not hold up the others: its cutting and stage 1 have a thread."""
    watchman = Watchman()
    async with at_work(structs.replace(tiny.loaded(tmp_path), gate=watchman)) as model:
        await model.read([Passage(Speaker.USER, SAFE)], 10)
        assert watchman.threads == {threading.current_thread().name}
        watchman.threads.clear()
        await model.read([Passage(Speaker.DOCUMENT, "the bread is good " * 1000)], 10)
        assert watchman.threads == {"windows_0"}
