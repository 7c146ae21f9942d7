"""IBANs, and the spans of values."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors.pii.ibans import IBAN

EXAMPLES = {
    "iban": (
        ["DE89 3704 0044 0532 0130 00 BIC COBADEFF", "GB82WEST12345698765432", "pay NO93 8601 1117 947 now"],
        ["DE89 3704 0044 0532 0130 01", "DE89 3704", "XX89 3704 0044 0532 0130 00"],
    )
}


def test_accounts_and_near_misses() -> None:
    """Length by country, and mod 97."""
    check([IBAN], EXAMPLES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("mail test@example.com.", "test@example.com"),
        ("card 12 4111 1111 1111 1111 end", "4111 1111 1111 1111"),
        ("IBAN GB82WEST12345698765432 AND MORE", "GB82WEST12345698765432"),
        ("ssn:123-45-6789!", "123-45-6789"),
    ],
)
def test_the_span_is_the_value_and_nothing_else(text, value):
    """Redaction replaces exactly the value."""
    best = max(sightings(text), key=lambda sighting: sighting.score)
    assert text[best.start : best.end] == value
