"""The guardrails object: each switch governs what it says, and what is not there is never silently on."""

import pytest
from msgspec.structs import replace

from domain.policy_parts import SPECS, compiled, finding, refusal
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, Policy, Replacement, Thresholds
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.tool_rules import ToolRules
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.guardrails import DETECTORS, Guardrails


def guarded(text: str, preset: str = "moderate") -> Policy:
    return compiled(f"preset: {preset}\nguardrails: {text}").policy


def test_without_guardrails_the_preset_is_as_it_is() -> None:
    """An empty document is the default policy."""
    assert compiled("").policy == PRESETS["moderate"]
    assert guarded("{}", "rag_system:strict") == PRESETS["rag_system:strict"]


@pytest.mark.parametrize(
    ("switch", "families"),
    [
        ("prompt_injection", [Family.INJECTION, Family.FORGERY]),
        ("pii_detection", [Family.PII]),
        ("toxicity", [Family.SAFETY]),
        ("data_exfiltration", [Family.EXFILTRATION, Family.LEAK, Family.LINK]),
        ("secret_key_detection", [Family.SECRETS]),
    ],
)
def test_a_switch_turns_its_families_off_and_nothing_else(switch: str, families: list[Family]) -> None:
    """Their scores are kept, nothing is done."""
    policy = guarded(f"{{{switch}: {{enabled: false}}}}")
    for family in Family:
        cells = [policy.cell(family, column) for column in Column]
        assert cells == [
            Action.OFF if family in families else PRESETS["moderate"].cell(family, column) for column in Column
        ]


@pytest.mark.parametrize("name", DETECTORS)
def test_a_switch_for_single_detectors(name: str) -> None:
    """Others of the family go on; an object and a bare word say the same."""
    policy = guarded(f"{{{name}: {{enabled: false}}}}")
    assert policy == guarded(f"{{{name}: false}}")
    for detector in DETECTORS[name]:
        assert policy.action_for(finding(detector), Column.UNTRUSTED) is Action.OFF
    assert policy.action_for(finding("injection.override"), Column.UNTRUSTED) is Action.BLOCK
    assert guarded(f"{{{name}: true}}").unavailable == {}


def test_a_level_brings_the_rows_and_thresholds_of_the_same_use_case() -> None:
    """Also those of single detectors of the family."""
    policy = guarded("{prompt_injection: {level: permissive}}", "rag_system:strict")
    expected = PRESETS["rag_system:permissive"]
    assert policy.matrix[Family.INJECTION] == expected.matrix[Family.INJECTION]
    assert policy.matrix[Family.PII] == PRESETS["rag_system:strict"].matrix[Family.PII]
    assert policy.thresholds["injection"] == expected.thresholds["injection"]
    assert policy.thresholds["injection.embedded"] == expected.thresholds["injection.embedded"]
    assert policy.thresholds["pii"] == PRESETS["strict"].thresholds["pii"]


@pytest.mark.parametrize(
    ("text", "name", "band"),
    [
        ("{prompt_injection: {warn_threshold: 0.2, block_threshold: 0.7}}", "forgery", Thresholds(0.2, 0.7)),
        ("{prompt_injection: {block_threshold: 0.7}}", "injection", Thresholds(0.5, 0.7)),
        ("{prompt_injection: {block_threshold: 0.3}}", "injection", Thresholds(0.3, 0.3)),
        ("{toxicity: {threshold: 0.9, warn_threshold: 0.6}}", "safety", Thresholds(0.6, 0.9)),
        ("{toxicity: {block_threshold: 0.9}}", "safety", Thresholds(0.5, 0.9)),
    ],
)
def test_bands(text: str, name: str, band: Thresholds) -> None:
    """A block threshold alone keeps the warn threshold, as far as it is below."""
    assert guarded(text).thresholds[name] == band


def test_a_band_goes_before_what_the_use_case_says_of_a_detector() -> None:
    """Whoever names numbers means them."""
    policy = guarded("{prompt_injection: {block_threshold: 0.95}}", "rag_system")
    assert policy.thresholds_of("injection.embedded", Family.INJECTION).block == 0.95


@pytest.mark.parametrize(
    ("mode", "untrusted", "history", "replacement"),
    [
        ("redact", Action.REDACT, Action.REDACT, Replacement.REDACT),
        ("mask", Action.REDACT, Action.REDACT, Replacement.MASK),
        ("tokenize", Action.REDACT, Action.REDACT, Replacement.TOKENIZE),
        ("block", Action.BLOCK, Action.REDACT, Replacement.REDACT),
    ],
)
def test_modes_of_personal_data(mode: str, untrusted: Action, history: Action, replacement: Replacement) -> None:
    """A mode means that personal data of a request is acted on, also where the level only flags it."""
    policy = guarded(f"{{pii_detection: {{mode: {mode}}}}}", "permissive")
    row = policy.matrix[Family.PII]
    assert (row[Column.UNTRUSTED], row[Column.HISTORY]) == (untrusted, history)
    assert policy.replacement_of("pii.email", Family.PII) is replacement
    strict = guarded(f"{{pii_detection: {{mode: {mode}}}}}", "strict").matrix[Family.PII]
    assert strict[Column.ANSWER] is (Action.BLOCK if mode == "block" else Action.REDACT)


def test_servers_and_arguments_of_tools() -> None:
    """They become the policy's rules for tools, beside what the document says under `tools`."""
    guardrails = "{mcp_security: {server_allowlist: [github], enforce_schema_validation: true}}"
    tools = compiled(f"guardrails: {guardrails}\ntools: {{block: [bash], max_argument_bytes: 99}}").policy.tools
    assert tools == ToolRules(allow_servers=("github",), block=("bash",), max_argument_bytes=99, check_schema=True)


def test_entities_limit_what_acts() -> None:
    """By any of their names, in any case."""
    policy = guarded("{pii_detection: {entities: [EMAIL_ADDRESS]}}")
    assert policy.action_for(finding("pii.email", "EMAIL"), Column.UNTRUSTED) is Action.REDACT
    assert policy.action_for(finding("pii.phone", "PHONE"), Column.UNTRUSTED) is Action.OFF


def test_entities_of_other_packages() -> None:
    """A detector of another package is named by its label."""
    own = replace(SPECS["pii.email"], id="acme.badge", label="BADGE")
    policy = compiled("guardrails: {pii_detection: {entities: [badge, tax_id]}}", Catalogue({own.id: own})).policy
    assert policy.entities is not None
    assert {"BADGE", "ES_NIF"} <= policy.entities


def test_categories_limit_what_acts() -> None:
    """Named as their detectors, without the family."""
    policy = guarded("{toxicity: {categories: [hate, weapons]}}")
    assert policy.action_for(finding("safety.hate"), Column.UNTRUSTED) is Action.BLOCK
    assert policy.action_for(finding("safety.drugs"), Column.UNTRUSTED) is Action.OFF


@pytest.mark.parametrize("name", ["fraud_detection", "multi_turn_drift", "hallucination"])
def test_what_is_not_there_is_said_to_be_unavailable(name: str) -> None:
    """When it is switched on; off is no promise."""
    assert guarded(f"{{{name}: {{enabled: true}}}}").unavailable == {name: "not_available"}
    assert guarded(f"{{{name}: {{enabled: false}}}}").unavailable == {}


@pytest.mark.parametrize("name", Guardrails.__struct_fields__)
def test_a_switch_without_any_detector_is_unavailable(name: str) -> None:
    """Whatever governs nothing in this gateway's catalogue."""
    empty = Catalogue({})
    policy = compiled(f"guardrails: {{{name}: {{enabled: true}}}}", empty).policy
    assert policy.unavailable == {name: "not_available"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{pii_detection: {levle: strict}}",
            "pii_detection: 'levle' is not known here. Did you mean level?",
        ),
        (
            "{pii_detection: {level: lax}}",
            "pii_detection.level: must be one of strict, moderate, permissive.",
        ),
        (
            "{pii_detection: {mode: hide}}",
            "pii_detection.mode: must be one of redact, mask, block, tokenize.",
        ),
        ("{pii_detection: {entities: [emial]}}", "guardrails.pii_detection.entities[0]: 'emial' is no kind"),
        ("{pii_detection: {entities: [emial]}}", "Did you mean email?"),
        (
            "{prompt_injection: {warn_threshold: 0.5}}",
            "guardrails.prompt_injection.warn_threshold: needs a block",
        ),
        ("{prompt_injection: {warn_threshold: 0.9, block_threshold: 0.5}}", "0 <= warn <= block <= 1"),
        ("{toxicity: {threshold: 1.5}}", "0 <= warn <= block <= 1"),
        ("{toxicity: {threshold: 0.5, block_threshold: 0.5}}", "guardrails.toxicity.threshold: says the same"),
        (
            "{toxicity: {categories: [hat]}}",
            "toxicity.categories[0]: 'hat' is not known. Did you mean hate?",
        ),
        ("{jailbreak: true}", "'jailbreak' is not known here. Did you mean jailbreak_detection?"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(text: str, words: str) -> None:
    """The place first."""
    assert words in refusal(f"guardrails: {text}")
