"""`promptguard policies`: what a policy comes to, and what is wrong with one."""

from pathlib import Path

import pytest

from promptguard_gateway.app import SettingsError
from promptguard_gateway.cli.policies import check_command, show_command


def test_check_says_what_a_file_comes_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its name, its rules, and what does not act or is not there."""
    (tmp_path / "own.yaml").write_text(
        "preset: strict\n"
        "guardrails: {pii_detection: {entities: [email]}}\n"
        "rules:\n"
        "  - {name: falcon, condition: contains_text, value: Falcon, status: candidate}\n"
        "  - {name: kind, type: llm_guard, prompt: be kind}\n"
        "suppressions: [{detector: hidden.text}]\n"
    )
    check_command({"PROMPTGUARD_POLICY": "moderate"}, tmp_path, "own.yaml")
    assert capsys.readouterr().out.splitlines() == [
        "own.yaml is a policy: default:strict+custom, 1 rule of its own",
        "personal data that acts: EMAIL",
        "suppressed: 1 of hidden.text",
        "candidate: custom.falcon",
        "NOT CHECKED: custom.kind (llm_judge_not_configured)",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("presett: strict", "own.yaml): 'presett' is not known here. Did you mean preset?"),
        (
            "rules: [{name: a, condition: regex, value: '(('}]",
            "rules[0].value of the policy (in own.yaml): is a pattern",
        ),
    ],
)
def test_check_refuses_a_wrong_file(tmp_path: Path, text: str, words: str) -> None:
    """With one line: the place and the way out."""
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        check_command({}, tmp_path, "own.yaml")
    assert words in str(caught.value)


def test_check_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    """And names it."""
    with pytest.raises(SettingsError, match=r"own\.yaml, named as the file of a policy, is no file"):
        check_command({}, tmp_path, "own.yaml")


def test_the_policy_of_the_settings_does_not_matter_to_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new policy is checked beside the one in use, which may be a file of its own."""
    (tmp_path / "promptguard.yaml").write_text("policy: {preset: rag_system}")
    (tmp_path / "own.yaml").write_text("preset: strict")
    check_command({}, tmp_path, "own.yaml")
    assert capsys.readouterr().out.startswith("own.yaml is a policy: default:strict")


def test_a_policy_and_a_policy_file_are_one_too_many(tmp_path: Path) -> None:
    """Nobody can tell which was meant."""
    (tmp_path / "own.yaml").write_text("preset: strict")
    with pytest.raises(SettingsError, match="Keep one of them"):
        show_command({"PROMPTGUARD_POLICY": "strict", "PROMPTGUARD_POLICY_FILE": "own.yaml"}, tmp_path, None)


def test_show_prints_every_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a preset, or of the policy in the settings."""
    show_command({}, tmp_path, "rag_system:moderate")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "policy rag_system:moderate"
    cells = {line.split()[0]: line.split()[1:] for line in lines[3:] if line}
    assert cells["pii"] == ["redact", "off", "redact", "off", "redact", "flag", "0.50", "0.80"]
    assert cells["injection.embedded"] == ["0.30", "0.60"]
    (tmp_path / "promptguard.yaml").write_text(
        "policy:\n  rules:\n"
        "    - {name: a, condition: contains_text, value: x}\n"
        "    - {name: b, condition: contains_pii, value: ssn}"
    )
    show_command({}, tmp_path, None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "policy default:moderate+custom"
    cells = {line.split()[0]: line.split()[1:] for line in lines[3:] if line}
    assert cells["custom.a"] == ["block", "off", "redact", "off", "block", "block"]
    assert cells["SSN"] == ["block", "off", "redact", "off", "block", "block"]


def test_show_names_the_presets_there_are(tmp_path: Path) -> None:
    """When it is asked for another."""
    with pytest.raises(SettingsError, match=r"PRESET .*must be a use case .*creative_writing.* a level"):
        show_command({}, tmp_path, "lax")
