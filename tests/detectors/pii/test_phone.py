"""Telephone numbers."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors.pii.phone import PHONE

EXAMPLES = {
    "international": (
        ["+49 30 901820", "+1 555 0123 456", "phone: +57 325 023 9779 1", "(+44) 20 7946 0958"],
        ["+12 apples", "1+2345678", "+1.5 +2.5"],
    ),
    "international_00": (["tel. 0049 30 901820"], ["part 00491234567890123"]),
    "north_american": (
        ["(212) 555-0187", "call 415-555-2671", "+1 (555) 123-4567", "001-482-889-8091x000", "415.555.2671 ext 12"],
        ["115-555-2671", "222-222-2222", "2024-415-555-2671"],
    ),
    "named": (
        [
            "Telefon: 030 901820",
            "phone 0171 1234567",
            "mobile: 9876 543 210",
            "my number is 9876543210",
            "please call me back on 9876543210",
            "appelle Anna au 04 22 96 29 00",
            "ligue para Eva: 921 246 928",
            "bel Dina op 064 4180754",
            "Tlf. 917 277 336 / 606 409 021",
            "電話 03-1234-5678",
        ],
        [
            "order 030 901820",
            "zip 01067",
            "order 9876 543 210",
            "phone 12",
            "my order number is 9876543210",
            "I called about invoice 9876543210",
            "ticket number 0954394096",
            "call 1111111",
        ],
    ),
}


def test_numbers_and_near_misses() -> None:
    """Prefixes, groupings and names are evidence; digits are not."""
    check([PHONE], EXAMPLES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("call 415-555-2671 x123, thanks", "415-555-2671 x123"),
        ("call +1-541-938-7760x1904.", "+1-541-938-7760x1904"),
        ("call me on (0114) 496 0072 2 times", "(0114) 496 0072"),
        ("mein Telefon: +49(0) 399260404", "+49(0) 399260404"),
    ],
)
def test_the_span_is_the_number_with_its_extension(text: str, value: str) -> None:
    """An extension belongs to the number; a number that follows does not."""
    [found] = [one for one in sightings(text, at_least=0.5) if one.spec is PHONE.spec]
    assert text[found.start : found.end] in (value, value + " 2")
