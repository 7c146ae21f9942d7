"""Characters that a person would not see."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.detectors.hidden import HIDDEN

NOTHING = Knowledge()
FOUND = [
    ("tag_characters", "hi" + "".join(chr(0xE0000 + ord(c)) for c in "secret"), 2, 8),
    ("variation_selectors", "a\ufe00\ufe01\ufe02", 1, 4),
    ("invisible_run", "a\u200b\u200b\u200bb", 1, 4),
    ("invisible_between_letters", "x a\u200bb\u200bc\u200bd", 2, 8),
    ("bidi_override", "ab\u202etxt", 2, 3),
    ("bidi_control", "ab\u2066txt", 2, 3),
    ("stacked_marks", "a" + "\u0301" * 9, 1, 10),
    ("mixed_scripts", "my p\u0430ypal", 3, 6),
]
HONEST = [
    "plain text",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\u2764\ufe0f and \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u041f\u0440\u0438\u0432\u0435\u0442 world",
    "5 \u03bcm and 3 k\u03a9",
    "na\u00efve caf\u00e9",
]


@pytest.mark.parametrize(("rule", "text", "start", "end"), FOUND)
def test_each_rule_finds_its_run(rule, text, start, end):
    """The finding covers exactly the run."""
    assert (rule, start, end) in [(hit.rule, hit.start, hit.end) for hit in HIDDEN.scan(text, NOTHING)]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_has_no_finding(text):
    """Flags, emoji, Persian, Russian, units and accents are no hidden text."""
    assert list(HIDDEN.scan(text, NOTHING)) == []


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet="ab \u0430\u200b\ufe01\u0301\u202e\u2066\U000e0061\U0001f3f4", max_size=24), st.integers(0, 24))
def test_hits_before_what_is_pending_never_change(text, cut):
    """Whatever follows, hits that end before the pending part stay as they are, and nothing new ends there."""
    prefix = text[:cut]
    safe = len(prefix) - HIDDEN.pending(prefix, NOTHING)
    early = [hit for hit in HIDDEN.scan(prefix, NOTHING) if hit.end < safe]
    assert [hit for hit in HIDDEN.scan(text, NOTHING) if hit.end < safe] == early
