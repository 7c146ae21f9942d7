"""Every finding has its place in OWASP's lists."""

import pytest
from decision_parts import spec
from msgspec.structs import replace

from promptguard_gateway.core.detector import Spec, finding_of, specs_of
from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.owasp import AGENTIC, CODES, LLM
from promptguard_gateway.core.tool_rules import SPECS
from promptguard_gateway.detectors.catalogue import DETECTORS

EVERY = [*SPECS, *(one for detector in DETECTORS for one in specs_of(detector))]


def test_every_family_has_codes() -> None:
    """At least one of the list for LLM applications, and only codes that exist."""
    assert set(CODES) == set(Family)
    for codes in CODES.values():
        assert codes.llm
        assert set(codes.llm) <= LLM.keys()
        assert set(codes.agentic) <= AGENTIC.keys()


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.id)
def test_every_finding_has_codes(one: Spec) -> None:
    """Of every detector of the catalogue, and of the rules for tools."""
    finding = finding_of(one, rule="rule", places=((0, 0, 1),), score=1.0)
    assert finding.owasp
    assert set(finding.owasp) <= LLM.keys()
    assert set(finding.agentic) <= AGENTIC.keys()


def test_a_detector_may_know_better() -> None:
    """For each list by itself."""
    own = replace(spec("own", Family.SECRETS), owasp=("LLM06",))
    finding = finding_of(own, rule="rule", places=((0, 0, 1),), score=1.0)
    assert (finding.owasp, finding.agentic) == (("LLM06",), ("ASI03",))
