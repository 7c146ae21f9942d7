"""A policy as it is written down: read strictly, compiled purely."""

import pytest

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
        "  - {detector: pii.email, rule: rule, why: known}\n"
        f"  - {{detector: pii.email, match_sha256: {digest_of('x')}}}\n"
        "candidates: [pii.phone, hidden.text/rule]"
    ).policy
    assert policy.status_of(finding("pii.email")) is Status.SUPPRESSED
    assert policy.status_of(finding("pii.phone")) is Status.CANDIDATE
    assert policy.status_of(finding("hidden.text")) is Status.CANDIDATE
    assert policy.status_of(finding("pii.ssn", match_sha256=digest_of("x"))) is Status.ACTIVE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("preset: lax", "preset: must be a use case (default, support_bot, "),
        ("presett: strict", "'presett' is not known here. Did you mean preset?"),
        ("matrix: {pi: {answer: block}}", "matrix: names one of injection, forgery"),
        ("matrix: {pii: {answers: block}}", "names one of untrusted, system"),
        ("matrix: {pii: {answer: erase}}", "must be one of off, flag, redact, block"),
        ("thresholds: {pi: {warn: 0, block: 1}}", "thresholds: 'pi' is no family and no detector. Did you mean pii?"),
        ("thresholds: {pii: {warn: 0.9, block: 0.1}}", "thresholds.pii: the thresholds must be"),
        ("suppressions: [{detector: pii.emial}]", "suppressions[0].detector: 'pii.emial' is no detector. Did you mean"),
        ("suppressions: [{detector: secrets.jwt}]", "suppressions[0].detector: findings of secrets.jwt cannot be"),
        ("suppressions: [{detector: leak.protected_text}]", "cannot be suppressed"),
        ("suppressions: [{detector: pii.email, match_sha256: ABC}]", "suppressions[0].match_sha256: must be 64 lower"),
        ("candidates: [pii.emial/x]", "candidates[0]: 'pii.emial' is no detector. Did you mean pii.email?"),
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
        ("preset: [", "own.yaml cannot be read"),
        ("- a", "own.yaml cannot be read"),
        ("preset: 5", "preset (in own.yaml): expected `str`, got `int`."),
        ("preset: a\npreset: b", "own.yaml (line 2) sets preset twice"),
    ],
)
def test_a_wrong_file_is_named(text: str, words: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(SettingsError) as caught:
        read_policy(text, "own.yaml")
    assert words in str(caught.value)
