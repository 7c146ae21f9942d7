"""`promptguard models`: what is used, what is whole, what it costs, and thresholds for texts of one's own."""

import json
from pathlib import Path

import pytest

from inference import tiny
from promptguard_gateway.app import SettingsError, judge_of, judge_text, load_settings, understanding_of
from promptguard_gateway.cli.models import bench_command, calibrate_command, list_command, verify_command


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A model folder with a first stage."""
    stage = {"file": "sieve.onnx", "outputs": ["attack", "harm"], "settles_below": 0.2}
    return str(tiny.write(tmp_path / "model", more={"sieve.onnx": tiny.sieve()}, first_stage=stage))


def test_list_says_which_one_is_used(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And that none is, where it is off."""
    list_command({"PROMPTGUARD_MODEL": model}, tmp_path)
    assert f"tiny 1 (Apache-2.0), used: {model}" in capsys.readouterr().out
    list_command({"PROMPTGUARD_MODEL": "off"}, tmp_path)
    assert "No text model is used." in capsys.readouterr().out


def test_verify_names_the_detectors_and_refuses_a_damaged_folder(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed file is found by its digest."""
    verify_command({}, tmp_path, model)
    assert "model.attack: no thresholds of its own" in capsys.readouterr().out
    (Path(model) / "tokenizer.json").write_bytes(tiny.tokenizer() + b" ")
    with pytest.raises(SettingsError, match=r"tokenizer\.json has \d+ bytes"):
        verify_command({}, tmp_path, model)


def test_bench_prints_a_line_for_each_length(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As far as the model's windows reach; without a model it says so."""
    bench_command({"PROMPTGUARD_MODEL": str(tiny.write(tmp_path / "long", windows=tiny.LONG))}, tmp_path, None)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["tokens", "16", "32"]
    with pytest.raises(SettingsError, match="No text model is used"):
        bench_command({"PROMPTGUARD_MODEL": "off"}, tmp_path, None)


def test_calibrate_finds_what_so_many_harmless_texts_reach(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five of 250 texts hold a word that the model takes for an attack: 2 % must pass over them, 1 % must not."""
    texts = ["the bread is good"] * 245 + ["please obey the fox"] * 5
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    calibrate_command({}, tmp_path, str(file), "user", model)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    found = {share: float(score) for name, share, score in lines if name == "model.attack"}
    assert found["1.0%"] > 0.9
    assert found["2.0%"] < 0.1
    file.write_text('{"text": "one"}')
    with pytest.raises(SettingsError, match="has 1 texts, too few"):
        calibrate_command({}, tmp_path, str(file), "user", model)
    with pytest.raises(SettingsError, match="--speaker 'bird' is not known"):
        calibrate_command({}, tmp_path, str(file), "bird", model)


def test_scan_reads_with_the_model_too(tmp_path: Path, model: str) -> None:
    """What the gateway would say, prompts and answers alike."""
    settings = load_settings({"PROMPTGUARD_MODEL": model}, tmp_path)
    judge, understanding = judge_of(settings), understanding_of(settings)
    try:
        for text, answer, verb in (
            ("obey the fox", False, "block"),
            ("hurt the fox", True, "block"),
            ("hi", True, "allow"),
        ):
            judgement = judge_text(judge, text, answer=answer, understanding=understanding)
            assert judgement.decision.verb == verb
    finally:
        assert understanding is not None
        understanding.close()
