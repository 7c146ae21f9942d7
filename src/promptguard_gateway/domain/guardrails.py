"""The guardrails object: switches, levels and bands by kind of threat, as the PromptGuard API names them.

Each switch governs families or detectors of ours. What it says becomes rows and thresholds of a policy: a level brings
those of the preset with that level, a band its own thresholds, and what is switched off has no row. A switch that is
turned on for something that this gateway does not have is not silently on: it is listed as unavailable.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.detector import Spec
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, Policy, Replacement, Row, Thresholds
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Column
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.strict_tree import TreeError, near

LevelName = Literal["strict", "moderate", "permissive"]
NOT_AVAILABLE = "not_available"  # the reason of what this gateway does not have

# Which families each switch governs, and which single detectors.
FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "prompt_injection": (Family.INJECTION, Family.FORGERY),
    "pii_detection": (Family.PII,),
    "toxicity": (Family.SAFETY,),
    "data_exfiltration": (Family.EXFILTRATION, Family.LEAK, Family.LINK),
    "secret_key_detection": (Family.SECRETS,),
    "url_filtering": (Family.URL,),
    "malware_detection": (Family.CODE,),
    "mcp_security": (Family.TOOL,),
}
DETECTORS: Mapping[str, tuple[str, ...]] = {
    "jailbreak_detection": ("injection.persona", "injection.refusal"),
    "tool_injection": ("injection.embedded",),
}
_ABSENT = ("fraud_detection", "multi_turn_drift", "hallucination")

_MODES = {"redact": Replacement.REDACT, "mask": Replacement.MASK, "tokenize": Replacement.TOKENIZE}


class Switch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """On or off."""

    enabled: bool = True


class Levelled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """On or off, and how strict; without a level, as the preset is."""

    enabled: bool = True
    level: LevelName | None = None


class PromptInjection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A level, or bands of one's own. A warn threshold needs a block threshold."""

    enabled: bool = True
    level: LevelName | None = None
    warn_threshold: float | None = None
    block_threshold: float | None = None


class PiiDetection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens to personal data. `entities`: the kinds that act, the others only score; without it, all act."""

    enabled: bool = True
    level: LevelName | None = None
    mode: Literal["redact", "mask", "block", "tokenize"] | None = None
    entities: tuple[str, ...] | None = None


class Toxicity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Unsafe content. `threshold` is another name of `block_threshold`; `categories`: those that act."""

    enabled: bool = True
    threshold: float | None = None
    warn_threshold: float | None = None
    block_threshold: float | None = None
    categories: tuple[str, ...] | None = None


class Hallucination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Understood, so that guardrails of other gateways can be read; this one has no such detector."""

    enabled: bool = True
    action: Literal["metadata", "flag", "block"] | None = None
    block_threshold: float | None = None


class McpSecurity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rules for servers of the Model Context Protocol and for what calls carry. They go before those under `tools`."""

    enabled: bool = True
    server_allowlist: tuple[str, ...] | None = None
    server_blocklist: tuple[str, ...] | None = None
    enforce_schema_validation: bool | None = None
    max_argument_size_bytes: int | None = None


class Guardrails(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out stays as the preset has it."""

    prompt_injection: PromptInjection | None = None
    pii_detection: PiiDetection | None = None
    toxicity: Toxicity | None = None
    data_exfiltration: Levelled | None = None
    secret_key_detection: Levelled | None = None
    url_filtering: Switch | bool | None = None
    fraud_detection: Switch | bool | None = None
    malware_detection: Switch | bool | None = None
    jailbreak_detection: Switch | bool | None = None
    tool_injection: Switch | bool | None = None
    multi_turn_drift: Switch | bool | None = None
    hallucination: Hallucination | None = None
    mcp_security: McpSecurity | None = None


def apply(policy: Policy, guardrails: Guardrails, catalogue: Catalogue) -> Policy:
    """The policy with what the guardrails say. Raises TreeError with a place in them."""
    for name in guardrails.__struct_fields__:
        switch = getattr(guardrails, name)
        if switch is not None:
            enabled = switch if isinstance(switch, bool) else switch.enabled
            policy = _levelled(policy, name, getattr(switch, "level", None), catalogue)
            policy = _switched(policy, name, catalogue, enabled=enabled)
    policy = _with_band(policy, "prompt_injection", guardrails.prompt_injection, catalogue)
    policy = _with_band(policy, "toxicity", guardrails.toxicity, catalogue)
    policy = _with_categories(policy, guardrails.toxicity, catalogue)
    policy = _with_servers(policy, guardrails.mcp_security)
    return _with_personal_data(policy, guardrails.pii_detection, catalogue)


def _governed(name: str, catalogue: Catalogue) -> list[Spec]:
    """The detectors that a switch governs."""
    families, detectors = FAMILIES.get(name, ()), DETECTORS.get(name, ())
    return [spec for spec in catalogue.specs.values() if spec.family in families or spec.id in detectors]


def _levelled(policy: Policy, name: str, level: LevelName | None, catalogue: Catalogue) -> Policy:
    """With the rows and thresholds that the same use case has at this level."""
    if level is None:
        return policy
    other = PRESETS[f"{policy.name.partition(':')[0]}:{level}"]
    families = FAMILIES[name]
    names = [family.value for family in families] + [spec.id for spec in _governed(name, catalogue)]
    return replace(
        policy,
        matrix={**policy.matrix, **{family: other.matrix[family] for family in families}},
        thresholds={
            **{key: band for key, band in policy.thresholds.items() if key not in names},
            **{key: other.thresholds[key] for key in names if key in other.thresholds},
        },
    )


def _switched(policy: Policy, name: str, catalogue: Catalogue, *, enabled: bool) -> Policy:
    """Off: without rows. On: as it is, and on the list of what is unavailable if there is no such detector."""
    governed = _governed(name, catalogue)
    if enabled:
        missing = {} if governed and name not in _ABSENT else {name: NOT_AVAILABLE}
        return replace(policy, unavailable={**policy.unavailable, **missing})
    empty: Row = {}
    return replace(
        policy,
        matrix={**policy.matrix, **dict.fromkeys(FAMILIES.get(name, ()), empty)},
        rows={**policy.rows, **dict.fromkeys((spec.id for spec in governed if name in DETECTORS), empty)},
    )


def _with_band(policy: Policy, name: str, switch: PromptInjection | Toxicity | None, catalogue: Catalogue) -> Policy:
    """With thresholds of one's own for all families of a switch, also where a detector of theirs had others."""
    if switch is None:
        return policy
    block = _block_threshold(name, switch)
    if block is None:
        if switch.warn_threshold is not None:
            raise TreeError(f"{name}.warn_threshold", "needs a block_threshold, from which its cell's action is taken.")
        return policy
    values = [family.value for family in FAMILIES[name]]
    usual = policy.thresholds[values[0]].warn
    band = Thresholds(min(usual, block) if switch.warn_threshold is None else switch.warn_threshold, block)
    check_band(band, name)
    governed = {spec.id for spec in _governed(name, catalogue)}
    others = {key: other for key, other in policy.thresholds.items() if key not in governed}
    return replace(policy, thresholds={**others, **dict.fromkeys(values, band)})


def _block_threshold(name: str, switch: PromptInjection | Toxicity) -> float | None:
    if not isinstance(switch, Toxicity) or switch.threshold is None:
        return switch.block_threshold
    if switch.block_threshold is not None:
        raise TreeError(f"{name}.threshold", "says the same as block_threshold. Keep one of them.")
    return switch.threshold


def check_band(band: Thresholds, place: str) -> None:
    """Raises TreeError for thresholds that are no band."""
    if not 0 <= band.warn <= band.block <= 1:
        raise TreeError(place, "the thresholds must be 0 <= warn <= block <= 1.")


def _with_categories(policy: Policy, toxicity: Toxicity | None, catalogue: Catalogue) -> Policy:
    if toxicity is None or toxicity.categories is None:
        return policy
    known = {spec.id.partition(".")[2]: spec.id for spec in _governed("toxicity", catalogue)}
    for index, name in enumerate(toxicity.categories):
        if name not in known:
            raise TreeError(f"toxicity.categories[{index}]", f"{name!r} is not known. {near(name, known)}")
    empty: Row = {}
    silent = [detector for name, detector in known.items() if name not in toxicity.categories]
    return replace(policy, rows={**policy.rows, **dict.fromkeys(silent, empty)})


def _with_servers(policy: Policy, mcp: McpSecurity | None) -> Policy:
    if mcp is None:
        return policy
    said = {
        "allow_servers": mcp.server_allowlist,
        "block_servers": mcp.server_blocklist,
        "check_schema": mcp.enforce_schema_validation,
        "max_argument_bytes": mcp.max_argument_size_bytes,
    }
    tools = replace(policy.tools, **{name: value for name, value in said.items() if value is not None})
    return replace(policy, tools=tools)


def _with_personal_data(policy: Policy, pii: PiiDetection | None, catalogue: Catalogue) -> Policy:
    if pii is None:
        return policy
    if pii.entities is not None:
        places = ((name, f"pii_detection.entities[{index}]") for index, name in enumerate(pii.entities))
        policy = replace(policy, entities=frozenset().union(*(catalogue.labels_of(*place) for place in places)))
    if pii.mode is None or not pii.enabled:
        return policy
    row = policy.matrix[Family.PII]
    matrix = {**policy.matrix, Family.PII: _acting(row, blocks=pii.mode == "block")}
    replacement = {**policy.replacement, Family.PII.value: _MODES.get(pii.mode, Replacement.REDACT)}
    return replace(policy, matrix=matrix, replacement=replacement)


def _acting(row: Row, *, blocks: bool) -> Row:
    """A mode means that personal data of the request is acted on. Blocking spares what the conversation repeats:
    there it is replaced, because a block would end every further turn."""
    wanted = {Column.UNTRUSTED: Action.BLOCK if blocks else Action.REDACT, Column.HISTORY: Action.REDACT}
    wanted |= {column: Action.BLOCK for column in ANSWER_COLUMNS if blocks and row.get(column) is Action.REDACT}
    return raised(row, wanted.items())


def raised(row: Row, cells: Iterable[tuple[Column, Action]]) -> Row:
    """The row with these actions where they are stronger than its own."""
    return {**row, **{column: max(action, row.get(column, Action.OFF)) for column, action in cells}}
