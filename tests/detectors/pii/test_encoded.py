"""Personal data that is not written plainly is found through the readings of requests."""

import base64
from urllib.parse import quote

import pytest

from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.segments import Role, Segment
from promptguard_gateway.detectors.pii import DETECTORS

INSPECTOR = Inspector(DETECTORS)
MAIL = "jane.doe@example.com"
CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (base64.b64encode(f"write to {MAIL} now".encode()).decode(), {"EMAIL"}),
        (f"mail {MAIL} card {CARD}".encode().hex(), {"EMAIL", "CREDIT_CARD"}),
        (quote(f"mail {MAIL}, ssn 123-45-6789", safe=""), {"EMAIL", "SSN"}),
        ("card ４１１１ １１１１ １１１１ １１１１", {"CREDIT_CARD"}),
        (" ".join(MAIL), {"EMAIL"}),
        ("my ssn is 1 2 3 4 5 6 7 8 9", {"SSN"}),
        ("write to jane dot doe at example dot com", {"EMAIL"}),
        ("call me: five five five, one two three, four five six seven", {"PHONE"}),
        ("my card is four " + "one " * 15, {"CREDIT_CARD"}),
        ("my PESEL is four four zero five one four zero one three five nine", {"PL_PESEL"}),
    ],
)
def test_encoded_and_spoken_values_are_found(text: str, found: set[str]) -> None:
    """Base64, hexadecimal, URL encoding, full width, letters set apart, and words."""
    inspection = INSPECTOR.inspect([Segment(("text",), Role.USER, text)])
    assert {one.label for one in inspection.findings if one.score >= 0.8} == found


def test_the_probe_of_the_official_client() -> None:
    """The e-mail address and the number that clients send to see whether redaction works."""
    inspection = INSPECTOR.inspect([Segment(("text",), Role.USER, "test@example.com and 123-45-6789")])
    assert {one.label for one in inspection.findings if one.score >= 0.8} == {"EMAIL", "SSN"}
