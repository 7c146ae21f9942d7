"""What is compiled once is used by all who need it, and goes with the last of them."""

import gc

from promptguard_gateway.core.book import HOLD_BACKS, HoldBack
from promptguard_gateway.core.shared import Shared

REGEXES = (r"[a-z]+@[a-z]+", "password is [a-z]+")


def test_the_same_patterns_are_compiled_once() -> None:
    """Whoever asks for the same list while somebody uses it gets what is there; another order is another list."""
    first = HOLD_BACKS.of(REGEXES)
    assert HOLD_BACKS.of(list(REGEXES)) is first
    assert HOLD_BACKS.of(reversed(REGEXES)) is not first


def test_nothing_is_kept_that_nobody_uses() -> None:
    """What was compiled for a policy that is gone is compiled anew for the next."""
    made: list[tuple[str, ...]] = []

    def make(regexes: tuple[str, ...]) -> HoldBack:
        made.append(regexes)
        return HoldBack(regexes)

    shared = Shared(make)
    holds = [shared.of(REGEXES), shared.of(REGEXES)]
    assert made == [REGEXES]
    holds.clear()
    gc.collect()
    assert shared.of(REGEXES).pending("mail ana@") == 4
    assert made == [REGEXES, REGEXES]
