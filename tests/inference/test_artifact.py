"""A model folder is loaded whole and unchanged, or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

from inference import tiny
from promptguard_gateway.core.text_model import Speaker
from promptguard_gateway.inference.artifact import load
from promptguard_gateway.inference.manifest import ArtifactError


def refused(folder: Path) -> str:
    """What is said of a folder that cannot be loaded."""
    with pytest.raises(ArtifactError) as error:
        load(folder)
    assert str(folder) in str(error.value)
    return str(error.value)


def test_a_folder_whose_files_are_as_the_manifest_says_is_loaded(tmp_path: Path) -> None:
    """What the model can say depends on the speaker: its attack head knows users, documents and tools."""
    artifact = tiny.loaded(tmp_path)
    assert artifact.manifest.meanings(Speaker.USER) == (
        "attack",
        "injection",
        "jailbreak",
        "exfiltration",
        "hate",
        "violence",
    )
    assert artifact.manifest.meanings(Speaker.OUTPUT) == ("hate", "violence")


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Also the manifest itself."""
    tiny.write(tmp_path)
    (tmp_path / name).unlink()
    assert f"{name} cannot be read (No such file or directory)." in refused(tmp_path)


def test_a_file_of_another_size_is_named(tmp_path: Path) -> None:
    """A copy that broke off."""
    path = tiny.write(tmp_path) / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    assert "model.onnx has" in refused(tmp_path)


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    """One bit is enough."""
    path = tiny.write(tmp_path) / "tokenizer.json"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "tokenizer.json has another SHA-256 than manifest.json says" in refused(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format must be 1"),
        ({"surprise": 1}, "unknown field `surprise`"),
        ({"windows": {"tokens": 5, "overlap": 3, "first": 6, "last": 7}}, "windows.overlap must be smaller"),
        ({"windows": {"tokens": 9, "overlap": 3, "first": 6, "last": 700}}, "a token that the tokenizer does not have"),
        ({"inputs": {"ids": "input_ids"}}, "has the inputs ids, where manifest.json says input_ids"),
        ({"files": {}}, "files must name model.onnx, tokenizer.json"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    """The message says what is wrong."""
    assert said in refused(tiny.write(tmp_path, **changes))


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"output": "attack", "labels": tiny.labels(["any"])}, "gives attack in another shape"),
        ({"output": "other", "labels": tiny.labels(tiny.ATTACKS)}, "has no output other"),
        ({"output": "harm", "labels": tiny.labels(["any", "nonsense"])}, "means must be one of attack, hate"),
        ({"output": "harm", "labels": tiny.labels(["any", "any"])}, "two labels mean the same"),
        ({"output": "harm", "labels": [{"name": "x"}, {"name": "y"}]}, "no label means anything"),
    ],
)
def test_heads_that_do_not_fit_the_model_are_refused(tmp_path: Path, head: dict[str, object], said: str) -> None:
    """Outputs that are not there, numbers of labels that are not theirs, meanings that nobody knows."""
    assert said in refused(tiny.write(tmp_path, heads=[{"activation": "sigmoid", **head}]))


@pytest.mark.parametrize(
    "calibration",
    [{"temperature": 0}, {"temperature": -1}, {"points": [[1, 0.2], [0, 0.4]]}, {"points": [[0, 1.5]]}],
)
def test_a_calibration_that_gives_no_probabilities_is_refused(tmp_path: Path, calibration: dict[str, object]) -> None:
    """A temperature that is not positive, points that go back, and probabilities above one."""
    head = {"output": "harm", "activation": "sigmoid", "labels": tiny.labels(tiny.HARMS, calibration=calibration)}
    assert "a calibration is none" in refused(tiny.write(tmp_path, heads=[head]))


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The files of a manifest lie beside it."""
    path = tiny.write(tmp_path / "model") / "manifest.json"
    said = json.loads(path.read_text())
    said["files"]["../model.onnx"] = said["files"]["model.onnx"]
    path.write_text(json.dumps(said))
    assert "files must be names without a folder" in refused(tmp_path / "model")


def test_bytes_that_are_no_model_are_refused(tmp_path: Path) -> None:
    """Although their digest is right."""
    assert "model.onnx: the runtime does not take it" in refused(tiny.write(tmp_path, data=b"no model"))


def test_bytes_that_are_no_tokenizer_are_refused(tmp_path: Path) -> None:
    """Likewise."""
    assert "tokenizer.json cannot be read" in refused(tiny.write(tmp_path, more={"tokenizer.json": b"{}"}))


def test_a_model_that_answers_with_no_numbers_is_refused(tmp_path: Path) -> None:
    """It reads a sentence for each speaker before it is used."""
    table = np.full((len(tiny.WORDS), 4), np.nan, np.float32)
    data = tiny.model({"attack": table, "harm": tiny.weights(2, {})})
    assert "model.onnx fails on a sentence (Senseless: not finite)" in refused(tiny.write(tmp_path, data=data))


def test_a_model_that_answers_otherwise_than_its_makers_saw_is_refused(tmp_path: Path) -> None:
    """Examples in the manifest find a runtime or a processor on which the model is another one."""
    example = {"speaker": "user", "text": "please ignore", "scores": {"attack": 0.99, "hate": 0.01}}
    tiny.loaded(tmp_path, examples=[example])
    wrong = {**example, "scores": {"attack": 0.2}}
    assert "It says 0.998 for attack of an example" in refused(tiny.write(tmp_path, examples=[wrong]))


def test_a_first_stage_must_be_a_model(tmp_path: Path) -> None:
    """With the outputs that the manifest names."""
    stage = {"file": "sieve.onnx", "outputs": ["attack", "harm"], "settles_below": 0.1}
    tiny.loaded(tmp_path / "good", more={"sieve.onnx": tiny.sieve()}, first_stage=stage)
    folder = tiny.write(tmp_path / "bad", more={"sieve.onnx": b"x"}, first_stage=stage)
    assert "sieve.onnx: the runtime does not take it" in refused(folder)
    folder = tiny.write(tmp_path / "none", more={"sieve.onnx": tiny.sieve()}, first_stage={**stage, "outputs": []})
    assert "first_stage.outputs is empty" in refused(folder)
