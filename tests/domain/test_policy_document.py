"""A policy as it is written down: read strictly, compiled purely."""

import pytest
from msgspec import structs

from domain.policy_parts import compiled, finding, refusal
from promptguard_gateway.core.findings import Family, digest_of
from promptguard_gateway.core.policy import Action, Status, Thresholds
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.domain.settings_source import SettingsError, read_policy, read_settings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_alone_is_the_preset(name: str) -> None:
    """Nothing is added, not even to its name."""
    assert compiled(f"preset: {name}").policy == PRESETS[name]


def test_a_changed_policy_has_another_name() -> None:
    """So that events of the two can be told apart."""
    assert compiled("preset: support_bot\nmatrix: {pii: {answer: block}}").policy.name == "support_bot:moderate+custom"


def test_single_cells_and_thresholds() -> None:
    """They go before what the guardrails say."""
    policy = compiled(
        "guardrails: {pii_detection: {enabled: false}, prompt_injection: {block_threshold: 0.6}}\n"
        "matrix: {pii: {answer: block}}\n"
        "thresholds: {injection.override: {warn: 0.1, block: 0.2}, pii: {warn: 0, block: 1}}"
    ).policy
    assert policy.cell(Family.PII, Column.ANSWER) is Action.BLOCK
    assert policy.cell(Family.PII, Column.UNTRUSTED) is Action.OFF
    assert policy.thresholds_of("injection.override", Family.INJECTION) == Thresholds(0.1, 0.2)
    assert policy.thresholds_of("injection.embedded", Family.INJECTION).block == 0.6
    assert policy.thresholds["pii"] == Thresholds(0, 1)


def test_suppressions_and_candidates() -> None:
    """By detector, rule and digest of the text."""
    policy = compiled(
        "suppressions:\n"
        "  - {detector: pii.email, rule: email, why: known}\n"
        f"  - {{detector: pii.email, match_sha256: {digest_of('x')}}}\n"
        "candidates: [pii.phone, hidden.text/mixed_scripts]"
    ).policy
    assert policy.status_of(finding("pii.email", rule="email")) is Status.SUPPRESSED
    assert policy.status_of(finding("pii.phone")) is Status.CANDIDATE
    assert policy.status_of(finding("hidden.text", rule="mixed_scripts")) is Status.CANDIDATE
    assert policy.status_of(finding("pii.ssn", match_sha256=digest_of("x"))) is Status.ACTIVE


def test_a_guard_models_verdicts_can_be_named() -> None:
    """A code can be suppressed or put on trial, and its thresholds set, like those of a detector's rule."""
    policy = compiled(
        "suppressions: [{detector: judge.llama_guard, rule: S6}]\n"
        "candidates: [judge.llama_guard/S13, judge.qwen3guard]\n"
        "thresholds: {judge.llama_guard: {warn: 0.7, block: 0.95}}"
    ).policy
    assert policy.status_of(finding("judge.llama_guard", rule="S6")) is Status.SUPPRESSED
    assert policy.status_of(finding("judge.llama_guard", rule="S13")) is Status.CANDIDATE
    assert policy.status_of(finding("judge.llama_guard", rule="S1")) is Status.ACTIVE
    assert policy.status_of(finding("judge.qwen3guard")) is Status.CANDIDATE
    assert policy.thresholds_of("judge.llama_guard", Family.SAFETY) == Thresholds(0.7, 0.95)


def test_categories_of_unsafe_content_leave_a_guard_model_alone() -> None:
    """They name detectors; what a guard model says stays with its family's row."""
    policy = compiled("guardrails: {toxicity: {categories: [weapons]}}").policy
    verdict = structs.replace(finding("judge.llama_guard"), family=Family.SAFETY)
    assert policy.action_for(verdict, Column.UNTRUSTED) is Action.BLOCK


def test_an_allow_rule_cannot_excuse_a_verdict_by_a_text() -> None:
    """A verdict is about everything that was asked together."""
    rule = "{name: a, action: allow, condition: contains_text, value: x, detectors: [judge.llama_guard]}"
    assert "rules[0].detectors[0]: judge.llama_guard judges many texts together" in refusal(f"rules: [{rule}]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("preset: lax", "preset: must be a use case (default, support_bot, "),
        ("presett: strict", "'presett' is not known here. Did you mean preset?"),
        ("matrix: {pi: {answer: block}}", "matrix: a name in it is not known. Known are: injection, forgery"),
        ("matrix: {pii: {answers: block}}", "a name in it is not known. Known are: untrusted, system"),
        ("matrix: {pii: {answer: erase}}", "must be one of off, flag, redact, block"),
        ("thresholds: {pi: {warn: 0, block: 1}}", "thresholds: 'pi' is no family and no detector. Did you mean pii?"),
        ("thresholds: {pii: {warn: 0.9, block: 0.1}}", "thresholds.pii: the thresholds must be"),
        ("suppressions: [{detector: pii.emial}]", "suppressions[0].detector: 'pii.emial' is no detector. Did you mean"),
        ("suppressions: [{detector: secrets.jwt}]", "suppressions[0].detector: secrets.jwt must stay active. Change"),
        ("suppressions: [{detector: leak.protected_text}]", "must stay active. Change the cells of leak instead."),
        ("suppressions: [{detector: stream.hold_overflow}]", "is no detector but the limit of what answers hold back"),
        (
            "suppressions: [{detector: injection.override, rule: drop_earlier_instruction}]",
            "suppressions[0].rule: 'drop_earlier_instruction' is no rule of injection.override. Did you mean drop_ear",
        ),
        ("suppressions: [{detector: judge.llama_gaurd}]", "no detector. Did you mean judge.llama_guard?"),
        ("suppressions: [{detector: judge.llama_guard, rule: S15}]", "'S15' is no rule of judge.llama_guard. Did you"),
        (
            f"suppressions: [{{detector: judge.llama_guard, match_sha256: {digest_of('x')}}}]",
            "suppressions[0].match_sha256: judge.llama_guard judges many texts together",
        ),
        ("suppressions: [{detector: pii.email, match_sha256: ABC}]", "suppressions[0].match_sha256: must be 64 lower"),
        ("candidates: [pii.emial/x]", "candidates[0]: 'pii.emial' is no detector. Did you mean pii.email?"),
        ("candidates: [pii.phone/nmaed]", "candidates[0]: 'nmaed' is no rule of pii.phone. Did you mean named?"),
        ("candidates: [pii.email/]", "candidates[0]: '' is no rule of pii.email. Known are: "),
        ("candidates: [secrets.keys]", "candidates[0]: secrets.keys must stay active. Change the cells of secrets"),
        ("candidates: [secrets.password/said_password]", "candidates[0]: secrets.password must stay active."),
        ("candidates: [tool.forbidden]", "candidates[0]: tool.forbidden must stay active."),
        ("candidates: [stream.hold_overflow]", "candidates[0]: stream.hold_overflow is no detector but the limit"),
        ("thresholds: {judge.lama_guard: {warn: 0, block: 1}}", "Did you mean judge.llama_guard?"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(text: str, words: str) -> None:
    """One line."""
    assert words in refusal(text)


# In the settings.


def test_promptguard_yaml_holds_a_name_or_a_document() -> None:
    """The same key takes both."""
    assert read_settings({}, "", "policy: support_bot:strict").policy == "support_bot:strict"
    document = read_settings({}, "", "policy: {preset: strict, candidates: [pii.email]}").policy
    assert not isinstance(document, str)
    assert (document.preset, document.candidates) == ("strict", ("pii.email",))


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        (
            "policy: {guardrails: {pii_detection: {levle: strict}}}",
            (
                "policy.guardrails.pii_detection (in promptguard.yaml): 'levle' is not known here. Did you mean level? "
                "See docs/policies.md."
            ),
        ),
        ("policy: {rules: [{name: a, name: b}]}", "sets name twice"),
        ("policy: 5", "policy (in promptguard.yaml)"),
    ],
)
def test_a_wrong_document_stops_the_start(yaml: str, words: str) -> None:
    """With the setting's place in the file."""
    with pytest.raises(SettingsError) as caught:
        read_settings({}, "", yaml)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("preset: [", "own.yaml (line 1) is not valid YAML"),
        ("- a", "own.yaml must hold names with values"),
        ("preset: 5", "preset (in own.yaml): must be a string, not a whole number."),
        ("preset: a\npreset: b", "own.yaml (line 2) sets preset twice"),
    ],
)
def test_a_wrong_file_is_named(text: str, words: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(SettingsError) as caught:
        read_policy(text, "own.yaml")
    assert words in str(caught.value)
