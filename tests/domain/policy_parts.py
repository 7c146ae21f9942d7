"""Policies for tests: documents written as an operator would, and what they come to."""

import pytest
import yaml

from promptguard_gateway.core.detector import specs_of
from promptguard_gateway.core.findings import Family, Finding, Severity
from promptguard_gateway.core.tool_rules import SPECS as TOOL_SPECS
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.domain.catalogue import Catalogue
from promptguard_gateway.domain.policy_document import Compiled, PolicyDocument, compile_policy
from promptguard_gateway.domain.strict_tree import TreeError, convert
from promptguard_gateway.wire.judging.formats import VERDICTS

SPECS = {spec.id: spec for detector in DETECTORS for spec in specs_of(detector)} | {one.id: one for one in TOOL_SPECS}
CATALOGUE = Catalogue.of(DETECTORS, TOOL_SPECS, VERDICTS)


def compiled(text: str, catalogue: Catalogue = CATALOGUE) -> Compiled:
    """What a document in YAML comes to."""
    return compile_policy(convert(yaml.safe_load(text) or {}, PolicyDocument), catalogue)


def refusal(text: str) -> str:
    """Why a document is refused, with the place."""
    with pytest.raises(TreeError) as caught:
        compiled(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def finding(
    detector: str, label: str = "EMAIL", score: float = 1.0, match_sha256: str = "", rule: str = "rule"
) -> Finding:
    """A finding of a detector that exists, or of a rule."""
    spec = SPECS.get(detector)
    return Finding(
        detector=detector,
        version="1",
        family=spec.family if spec else Family.CUSTOM,
        category="",
        rule=rule,
        segment=0,
        start=0,
        end=1,
        score=score,
        severity=Severity.HIGH,
        label=label,
        threat_type="",
        match_sha256=match_sha256,
    )
