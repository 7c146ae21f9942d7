"""US social security numbers."""

from detectors.examples import check
from promptguard_gateway.detectors.pii.social_security import SSN

EXAMPLES = {
    "dashed": (
        ["123-45-6789", "ssn 078-05-1120"],
        ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-6789", "12-345-6789"],
    ),
    "spaced": (["SSN: 123 45 6789"], ["row 123 45 6789"]),
    "undivided": (["social security 123456789"], ["order 123456789"]),
}


def test_numbers_and_near_misses() -> None:
    """The structure of the numbers, and words where the hyphens are missing."""
    check([SSN], EXAMPLES)
