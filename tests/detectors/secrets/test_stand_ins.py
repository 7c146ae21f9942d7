"""The stop list, and how a policy turns it off."""

import pytest
from msgspec.structs import replace

from detectors.secrets.pieces import both
from promptguard_gateway.core.decision import decide
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.policy import Thresholds, Verb
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Role, Segment
from promptguard_gateway.detectors.catalogue import DETECTORS
from promptguard_gateway.detectors.secrets.stand_ins import SCORE, is_stand_in

INSPECTOR = Inspector(DETECTORS)
EXAMPLE = "AKI" + "A" + "IOSFODNN7" + "EXAMPLE"


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "sk-" + "x" * 32,
        "ghp_your_token_here",
        "YOUR_API_KEY",
        "changeme",
        "change-me-please",
        "<token>",
        "hunter2",
        "my-secret-key",
        "dummy-token-1",
        "0000000000000000",
        "****************",
        "fake-key-for-tests",
        "secret123",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_stand_ins_are_known(text):
    """Documented examples, placeholders, jokes, and values of one character."""
    assert is_stand_in(text)


@pytest.mark.parametrize("text", [both(40), "Winter#2024", "AKI" + "A" + "IOSFODNN7" + "QWERTYU", "Yourk7shire2x"])
def test_other_values_are_not(text):
    """Dull values that people really use are none: they work."""
    assert not is_stand_in(text)


@pytest.mark.parametrize("preset", ["strict", "moderate", "permissive"])
def test_a_stand_in_leads_to_nothing_unless_a_policy_says_so(preset):
    """Thresholds for `secrets.stand_in` alone turn the stop list off, and change nothing else."""
    segments = [Segment(location=(), role=Role.USER, text=f"use {EXAMPLE} here", turn=0)]
    inspection = INSPECTOR.inspect(segments)
    [finding] = [one for one in inspection.findings if one.detector == "secrets.stand_in"]
    assert (finding.rule, finding.score) == ("aws_access_key_id", SCORE)
    policy = PRESETS[preset]
    assert decide(policy, segments, inspection, {}).verb is Verb.ALLOW
    bands = {**policy.thresholds, "secrets.stand_in": Thresholds(0.1, 0.1)}
    assert decide(replace(policy, thresholds=bands), segments, inspection, {}).verb is not Verb.ALLOW
