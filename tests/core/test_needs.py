"""Patterns that are not tried are those that could not have occurred."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.engine import ProgramSet
from promptguard_gateway.core.needs import NOTHING, Need, PatternSet, need_of

DIGITS = Need("0123456789", 4)


@pytest.mark.parametrize(
    ("regex", "need"),
    [
        (r"\d{3}-\d{4}", DIGITS),
        (r"(?:\d[ -]?){13}", DIGITS),
        (r"[2-9]\d\d[ .]?\d", DIGITS),
        (r"[0-9]{2}(?:x|[0-9]{2})", Need("0123456789", 1)),
        (r"\d{0,9}", NOTHING),
        (r"[\d.]{9}", NOTHING),
        (r"[^0-9]{9}", NOTHING),
        (r"(?i)<\|\s?(?:start|end)\|>", Need("<", 1)),
        (r"(?:a|<b)c", NOTHING),
        (r"(?:<a|<b)?c", NOTHING),
        (r"a@b\d{4}", Need("@", 1)),
        (r"[<>]a", NOTHING),
        (r"\bwords only\b", NOTHING),
    ],
)
def test_what_every_word_of_a_pattern_holds(regex: str, need: Need) -> None:
    """The rarest character first; what only some words hold, or what a class may stand for, is no need."""
    assert need_of(regex) == need


REGEXES = (r"\d{3}-\d{4}", r"<\|\w+", r"a@b", r"(?i)key_\w", r"x|\d", r"b=\d", r"/a/", r"[a-c]{3}", r"(?:\d ?){5}")
TOGETHER, APART = ProgramSet(REGEXES), PatternSet(REGEXES)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(text=st.text("0123456789-<|@_=/ abcxKEY٣", max_size=24) | st.text(max_size=12))
def test_nothing_is_lost(text: str) -> None:
    """What occurs is the same as if every pattern were tried."""
    data = text.encode("utf-8", "replace")
    assert APART.present(data) == TOGETHER.present(data)
