"""Payment cards."""

import pytest

from detectors.examples import check, sightings
from promptguard_gateway.detectors.pii.cards import CARD

EXAMPLES = {
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


def test_cards_and_near_misses() -> None:
    """Every grouping; not a number whose checksum fails, unless a card is spoken of."""
    check([CARD], EXAMPLES)


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
