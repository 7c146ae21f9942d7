"""Stage 1 settles what is plainly harmless, and nothing that it does not know."""

import numpy as np
import pytest

from promptguard_gateway.core.text_model import Voice
from promptguard_gateway.inference.first_stage import FEATURES, Gate, slots, stretches
from promptguard_gateway.inference.manifest import FirstStage

SIZE = 1 << 12
BAD = 77


def gate(bad: float = 40.0, stretch: int = 4) -> Gate:
    """One token weighs much, all others weigh a little for harmlessness."""
    table = np.full(SIZE, -3.0, np.float32)
    table[slots((BAD,), 1, SIZE)[0, 0]] = bad
    return Gate(table, FirstStage(file="t", bias={Voice.USER: 0.0}, settles_below=0.1, stretch=stretch))


def test_harmless_tokens_are_settled_and_bad_ones_are_not() -> None:
    """The bar is the manifest's."""
    assert gate().settles((1, 2, 3, 4), Voice.USER, 1)
    assert not gate().settles((1, 2, BAD, 4), Voice.USER, 1)


@pytest.mark.parametrize("place", [0, 1, 57, 118, 119])
def test_harmless_text_around_it_does_not_dilute_a_bad_token(place: int) -> None:
    """The highest stretch counts, wherever it is."""
    ids = list(range(100, 220))
    assert gate().settles(tuple(ids), Voice.USER, 1)
    ids[place] = BAD
    assert not gate().settles(tuple(ids), Voice.USER, 1)


def test_a_voice_without_a_bias_is_never_settled() -> None:
    """The encoder is asked instead."""
    assert not gate().settles((1, 2, 3), Voice.TOOL, 3)


def test_every_token_has_its_slots() -> None:
    """Which depend on what stands before it, and on the voice; the first of them on the token alone."""
    one, other = slots((5, 6, 7), 1, SIZE), slots((9, 6, 7), 2, SIZE)
    assert one.shape == (3, FEATURES)
    assert one.min() >= 0
    assert one.max() < SIZE
    assert (one[1, 0], one[2, 0], one[2, 1]) == (other[1, 0], other[2, 0], other[2, 1])
    assert one[1, 1] != other[1, 1]
    assert one[2, 2] != other[2, 2]
    assert one[1, 3] != other[1, 3]


def test_slots_stay_what_they_were_trained_as() -> None:
    """A table is worthless with another function: these numbers must never change."""
    assert slots((101, 2023, 7592), 1, 1 << 20).tolist() == [
        [688352, 813712, 970380, 316682],
        [263817, 894297, 270602, 639767],
        [89565, 212023, 145441, 602646],
    ]


def test_stretches_overlap_by_half_and_reach_the_end() -> None:
    """Sums of four, divided by the root of their number of features."""
    sums = np.arange(10.0)
    expected = [sum(range(start, start + 4)) / (FEATURES * 4) ** 0.5 for start in (0, 2, 4, 6)]
    assert stretches(sums, 4) == pytest.approx(expected)
    assert stretches(sums, 7)[-1] == pytest.approx(sum(range(3, 10)) / (FEATURES * 7) ** 0.5)
    assert stretches(sums[:3], 7) == pytest.approx([3 / (FEATURES * 3) ** 0.5])
