"""Personal data: shapes, checksums, context and positions."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors import pii

EMAIL = {
    "email": (
        ["write to jane.doe+x@mail.example.com now", "test@example.com"],
        ["git@github.com:a/b", "a@b"],
    ),
    "email_spelled_out": (["jane [at] example [dot] com"], ["meet me [at] noon"]),
}
PHONE = {
    "international": (["+49 30 901820", "+1 (555) 123-4567"], ["+12 apples", "+999 123 4567"]),
    "international_named": (["phone: +57 325 023 9779 1"], ["balance +57 325 023 9779 1"]),
    "international_00": (["tel. 0049 30 901820"], ["part 00491234567890123"]),
    "north_american": (["(212) 555-0187", "call 415-555-2671"], ["115-555-2671", "222-222-2222"]),
    "national": (["Telefon: 030 901820", "phone 0171 1234567"], ["order 030 901820", "zip 01067"]),
    "named_number": (
        ["mobile: 9876 543 210", "my number is 9876543210", "please call me back on 9876543210"],
        ["order 9876 543 210", "phone 12", "my order number is 9876543210", "I called about invoice 9876543210"],
    ),
}
CARD = {
    "card": (
        ["4111 1111 1111 1111", "5500-0000-0000-0004", "4111111111111111"],
        ["4111 1111 1111 1112", "1111 1111 1111 1111"],
    ),
    "fifteen_digits": (["3782 822463 10005", "378282246310005", "3782 8224 6310 005"], ["3782 822463 10006"]),
    "fourteen_digits": (["3056 930902 5904", "30569309025904", "3056 9309 0259 04"], ["3056 930902 5905"]),
    "single_digits": (["4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"], ["4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2"]),
    "mistyped_card": (
        ["my visa card is 4532 1234 5678 9012"],
        ["serial 4532 1234 5678 9012", "my visa card is 4111 1111 1111 1111"],
    ),
}
SSN = {
    "dashed": (
        ["123-45-6789", "ssn 078-05-1120"],
        ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-6789", "12-345-6789"],
    ),
    "spaced": (["SSN: 123 45 6789"], ["row 123 45 6789"]),
    "undivided": (["social security 123456789"], ["order 123456789"]),
}
IBAN = {
    "iban": (
        ["DE89 3704 0044 0532 0130 00 BIC COBADEFF", "GB82WEST12345698765432", "pay NO93 8601 1117 947 now"],
        ["DE89 3704 0044 0532 0130 01", "DE89 3704", "XX89 3704 0044 0532 0130 00"],
    )
}
IP_ADDRESS = {
    "ipv4": (
        ["host 93.184.216.34 down", "203.0.113.9"],
        ["version 9.18.21.34", "1.2.3.4.5", "v1.2.3.4", "256.1.1.1", "1.2.3.4." * 99],
    ),
    "ipv6": (
        ["2001:db8:85a3::8a2e:370:7334"],
        ["12:30:45", "std::vector", "00:1A:2B:3C:4D:5E", "a::b", "1:2:3:" * 99 + "4"],
    ),
}


@pytest.mark.parametrize(
    ("detector", "examples"),
    [(pii.EMAIL, EMAIL), (pii.PHONE, PHONE), (pii.CARD, CARD), (pii.SSN, SSN), (pii.IBAN, IBAN)],
    ids=lambda value: value.spec.id if hasattr(value, "spec") else "",
)
def test_every_pattern_finds_its_examples_and_no_near_miss(detector, examples):
    """Each pattern is found in its own examples and not believed in near-misses."""
    check([detector], examples)


def test_addresses_are_told_from_versions_and_private_ones_score_low():
    """Routable addresses are believed; versions are not; private addresses are recorded with a low score."""
    for name, (found, missed) in IP_ADDRESS.items():
        assert all(any(s.pattern.name == name and s.score > 0.8 for s in sightings(text)) for text in found)
        assert not any(s.pattern.name == name and s.score > 0.5 for text in missed for s in sightings(text))
    for text in ("10.0.0.7", "127.0.0.1", "192.168.1.1", "0.0.0.0"):
        assert [s.pattern.name for s in sightings(text)] == ["ipv4_special"]
        assert sightings(text)[0].score < 0.5


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


@pytest.mark.parametrize(
    "number",
    [
        "4111 1111 1111 1111",
        "4111111111111111",
        "5500-0000-0000-0004",
        "378282246310005",
        "3782 822463 10005",
        "30569309025904",
        "3056 930902 5904",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4222222222222",
    ],
)
def test_a_card_is_one_finding(number):
    """A number that passes the checksum is not mistyped as well, whichever way it is grouped."""
    found = [sighting for sighting in sightings(f"my card is {number}.") if sighting.spec.id == "pii.card"]
    assert len(found) == 1
    assert found[0].score > 0.8
