"""Values that were redacted in the request must not come back."""

from base64 import b64encode
from codecs import encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.detector import Knowledge, Redacted
from promptguard_gateway.detectors.redacted import REDACTED

CARD = "4111 1111 1111 1111"
MAIL = "Jane.Roe@mail.example"
KNOWN = Knowledge(redacted=(Redacted(CARD, "CARD"), Redacted(MAIL, "EMAIL"), Redacted("555-0142", "PHONE")))

FOUND = {
    "as it was": (CARD, "CARD"),
    "other separators": ("4111-1111.1111/1111", "CARD"),
    "no separators": ("4111111111111111", "CARD"),
    "letter case": ("JANE.ROE@MAIL.EXAMPLE", "EMAIL"),
    "spaced": (" ".join(MAIL), "EMAIL"),
    "one character per line": ("\n".join(MAIL), "EMAIL"),
    "in words": ("jane roe at mail example".replace(" at", "@"), "EMAIL"),
    "reversed": (MAIL[::-1], "EMAIL"),
    "rot13": (encode(MAIL, "rot13"), "EMAIL"),
    "base64": (b64encode(MAIL.encode()).decode(), "EMAIL"),
    "base64 in a sentence": (b64encode(f"mail: {MAIL}, ok".encode()).decode(), "EMAIL"),
    "hex": (CARD.encode().hex(" "), "CARD"),
    "byte escapes": ("".join(f"\\x{byte:02x}" for byte in MAIL.encode()), "EMAIL"),
    "decimal codes": (" ".join(str(byte) for byte in MAIL.encode()), "EMAIL"),
    "full width": ("".join(chr(ord(c) + 0xFEE0) for c in "4111111111111111"), "CARD"),
    "look-alikes": (MAIL.replace("e", "\u0435"), "EMAIL"),
    "short, alone": ("(555) 0142", "PHONE"),
}


@pytest.mark.parametrize(("text", "label"), FOUND.values(), ids=FOUND.keys())
def test_a_value_is_found_however_it_is_spelt(text: str, label: str) -> None:
    """The finding has the label of the value's placeholder and covers most of it."""
    whole = f"It is {text}, as you said."
    [hit] = REDACTED.scan(whole, KNOWN)
    assert hit.label == label
    assert 0.6 * len(text) <= hit.end - hit.start <= len(text) + 2


@pytest.mark.parametrize("text", ["", "4111 1111 1111 1112", "jane@mail.example", "15550142", "5550142x", "555-0143"])
def test_other_values_are_not(text: str) -> None:
    """A near value, or a short one inside a longer number, is another value."""
    assert list(REDACTED.scan(f"It is {text}.", KNOWN)) == []


def test_what_is_too_short_to_tell_apart_is_not_looked_for() -> None:
    """Values of fewer than six letters and digits stand everywhere."""
    assert list(REDACTED.scan("at 8.8.8.8", Knowledge(redacted=(Redacted("8.8.8.8", "IP"),)))) == []
    assert REDACTED.pending("at 8.8.8.8", Knowledge(redacted=(Redacted("8.8.8.8", "IP"),))) == 0


def test_a_value_is_in_no_representation() -> None:
    """Knowledge may be printed."""
    assert CARD not in repr(KNOWN)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([CARD, MAIL, MAIL[:9], "555-0142", "4111", " and ", "x", "\n", "é"]), max_size=5),
    st.integers(0, 100),
)
def test_hits_before_what_is_pending_never_change(parts: list[str], cut: int) -> None:
    """Whatever follows, hits that end before the pending part stay as they are, and nothing new ends there."""
    text = "".join(parts)
    prefix = text[:cut]
    safe = len(prefix) - REDACTED.pending(prefix, KNOWN)
    early = [hit for hit in REDACTED.scan(prefix, KNOWN) if hit.end < safe]
    assert [hit for hit in REDACTED.scan(text, KNOWN) if hit.end < safe] == early
