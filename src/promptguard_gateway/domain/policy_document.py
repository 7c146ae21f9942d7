"""The policy as an operator writes it: a preset, and what is different here.

A document is a value. `compile_policy` makes of it what the gateway works with: a `core.policy.Policy`, and detectors
for the operator's own rules. Both are pure, so that a draft can be checked, compared and replayed anywhere.

    preset        where it begins
    guardrails    switches, levels and bands by kind of threat
    matrix        single cells
    thresholds    of single families or detectors
    rules         of one's own
    suppressions  findings that are known and do not act
    candidates    detectors and rules that are measured, never enforced
    allowed_hosts where links and images of answers may lead, whatever they carry
    restore_tools tools in whose arguments tokenized values are restored
    tools         which tools may be offered and called, in place of the preset's rules
    urls          which addresses may be spoken of

The first five apply in this order; a rule only ever makes a cell stronger.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.detector import Detector
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.policy import Action, Policy, Row, Suppression, Thresholds
from promptguard_gateway.core.presets import LEVELS, NAMES_IN_WORDS, PRESETS
from promptguard_gateway.core.segments import ANSWER_COLUMNS, Column
from promptguard_gateway.domain import custom_rules, guardrails
from promptguard_gateway.domain.budgets import score_of
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.custom_rules import Made, Rule
from promptguard_gateway.domain.guardrails import Guardrails, check_band, raised
from promptguard_gateway.domain.strict_tree import TreeError, near, within
from promptguard_gateway.domain.tools_and_urls import Tools, Urls, check_calls, detector_for_urls, rules_for_tools

ActionName = Literal["off", "flag", "redact", "block"]

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Scores from which a finding is flagged, and from which its cell's action is taken.

    A share of harmless texts, such as `0.5 %`, stands for the score that so many of them reach.
    """

    warn: float | str
    block: float | str


class SuppressionEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Findings of a detector that do not act: of one rule, of one text, or all. `why` is for people."""

    detector: str
    rule: str | None = None
    match_sha256: str | None = None
    why: str = ""


class PolicyDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One project's policy as it is written down."""

    preset: str = "moderate"
    guardrails: Guardrails = Guardrails()
    matrix: Mapping[Family, Mapping[Column, ActionName]] = {}
    thresholds: Mapping[str, Band] = {}
    rules: tuple[Rule, ...] = ()
    suppressions: tuple[SuppressionEntry, ...] = ()
    candidates: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    restore_tools: tuple[str, ...] = ()
    tools: Tools | None = None
    urls: Urls | None = None


class Compiled(Struct, frozen=True):
    """What a document comes to. `detectors` belong to the policy, beside those of the catalogue."""

    policy: Policy
    detectors: tuple[Detector, ...]


def compile_policy(document: PolicyDocument, catalogue: Catalogue) -> Compiled:
    """The document at work. Raises TreeError, which names the place and the way out."""
    if document.preset not in PRESETS:
        raise TreeError("preset", f"must be {NAMES_IN_WORDS}.")
    policy = replace(
        PRESETS[document.preset], allowed_hosts=document.allowed_hosts, restore_tools=document.restore_tools
    )
    if document.tools is not None:
        policy = replace(policy, tools=rules_for_tools(document.tools))
    with within("guardrails"):
        policy = guardrails.apply(policy, document.guardrails, catalogue)
    policy = _with_cells(policy, document)
    policy = _with_thresholds(policy, document, catalogue)
    with within("rules"):
        made = custom_rules.make(document.rules, catalogue)
    policy = _with_recommended(policy, catalogue)
    policy = _with_rules(policy, made, catalogue)
    policy = _with_inactive(policy, document, made, catalogue)
    policy = _without_cuts(policy, catalogue)
    if document != PolicyDocument(preset=document.preset):
        policy = replace(policy, name=f"{policy.name}+custom")
    check_calls(policy)
    addresses = () if document.urls is None else (detector_for_urls(document.urls),)
    return Compiled(policy, (*made.detectors, *addresses))


def _with_cells(policy: Policy, document: PolicyDocument) -> Policy:
    matrix = dict(policy.matrix)
    for family, cells in document.matrix.items():
        matrix[family] = {**matrix[family], **{column: Action[name.upper()] for column, name in cells.items()}}
    return replace(policy, matrix=matrix)


def _with_thresholds(policy: Policy, document: PolicyDocument, catalogue: Catalogue) -> Policy:
    thresholds = dict(policy.thresholds)
    known = [*(family.value for family in Family), *catalogue.detectors]
    for name, band in document.thresholds.items():
        if name not in known:
            raise TreeError("thresholds", f"{name!r} is no family and no detector. {near(name, known)}")
        with within(f"thresholds.{name}"):
            spec = catalogue.specs.get(name)
            thresholds[name] = Thresholds(score_of(band.warn, "warn", spec), score_of(band.block, "block", spec))
        check_band(thresholds[name], f"thresholds.{name}")
    return replace(policy, thresholds=thresholds)


def _with_recommended(policy: Policy, catalogue: Catalogue) -> Policy:
    """With the thresholds that detectors recommend for the level that their family has. Where the family's are the
    operator's own, they hold for all of its detectors."""
    thresholds = dict(policy.thresholds)
    for spec in catalogue.specs.values():
        for one in spec.recommended:
            if LEVELS[one.level].thresholds[spec.family.value] == policy.thresholds[spec.family.value]:
                thresholds.setdefault(spec.id, Thresholds(one.warn, one.block))
    return replace(policy, thresholds=thresholds)


def _without_cuts(policy: Policy, catalogue: Catalogue) -> Policy:
    """What cannot be cut out of an answer blocks it where the policy would redact."""
    rows = dict(policy.rows)
    for spec in catalogue.specs.values():
        if not spec.cuts:
            row = rows.get(spec.id, policy.matrix[spec.family])
            cut = {column: Action.BLOCK for column in ANSWER_COLUMNS if row.get(column) is Action.REDACT}
            if cut:
                rows[spec.id] = {**row, **cut}
    return replace(policy, rows=rows)


def _with_rules(policy: Policy, made: Made, catalogue: Catalogue) -> Policy:
    """With what rules lead to. A kind of personal data that the policy does not name acts where a rule says so, and
    nowhere else."""
    matrix, entity_rows = dict(policy.matrix), dict(policy.entity_rows)
    for family, label, row in made.raised:
        if label is None:
            matrix[family] = raised(matrix[family], row.items())
    for label, row in _raised_kinds(policy, made, catalogue):
        usual = matrix[Family.PII] if policy.acts_on(label) else {}
        entity_rows[label] = raised(entity_rows.get(label, usual), row.items())
    return replace(
        policy,
        matrix=matrix,
        rows={**policy.rows, **made.rows},
        entities=None if policy.entities is None else policy.entities | entity_rows.keys(),
        entity_rows=entity_rows,
        questions={**policy.questions, **made.questions},
        unavailable={**policy.unavailable, **made.unavailable},
    )


def _raised_kinds(policy: Policy, made: Made, catalogue: Catalogue) -> Iterator[tuple[str, Row]]:
    """The kinds of personal data that rules name. A rule about any kind names those too that the policy does not."""
    for family, label, row in made.raised:
        if label is not None:
            yield label, row
        elif family is Family.PII:
            yield from ((kind, row) for kind in sorted(catalogue.kinds) if not policy.acts_on(kind))


def _with_inactive(policy: Policy, document: PolicyDocument, made: Made, catalogue: Catalogue) -> Policy:
    """With what does not act: suppressions and candidates."""
    suppressions = [*made.suppressions, *_suppressions(document, catalogue)]
    by_detector = {
        detector: tuple(one for one in suppressions if one.detector == detector)
        for detector in {one.detector for one in suppressions}
    }
    for index, name in enumerate(document.candidates):
        detector, named, rule = name.partition("/")
        catalogue.check_inactive(detector, f"candidates[{index}]")
        if named:
            catalogue.check_rule(detector, rule, f"candidates[{index}]")
    return replace(policy, suppressions=by_detector, candidates=frozenset({*document.candidates, *made.candidates}))


def _suppressions(document: PolicyDocument, catalogue: Catalogue) -> Iterator[Suppression]:
    for index, entry in enumerate(document.suppressions):
        place = f"suppressions[{index}]"
        catalogue.check_inactive(entry.detector, f"{place}.detector")
        if entry.rule is not None:
            catalogue.check_rule(entry.detector, entry.rule, f"{place}.rule")
        if entry.match_sha256 is not None:
            catalogue.check_text(entry.detector, f"{place}.match_sha256")
            if not _DIGEST.match(entry.match_sha256):
                raise TreeError(f"{place}.match_sha256", "must be 64 lower-case hexadecimal digits.")
        yield Suppression(entry.detector, entry.rule, entry.match_sha256)
