"""Keys: what one looks like, what of it is stored and what may be shown."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.domain.projects import KEY_SHAPE, digest_of, prefix_of

GOOD = ("pg_live_" + "a1B2c3D4", "x" * 16, "x" * 128, "my-own_key-000000")
BAD = (
    "",
    "x" * 15,
    "x" * 129,
    "pg_live_ 00000000",
    "pg_live_é00000000",
    "a" * 16 + "\n",
    "' OR 1=1 --......",
    "a" * 15 + "\0",
)


@pytest.mark.parametrize("key", GOOD)
def test_a_key_is_letters_digits_dashes_and_underscores(key: str) -> None:
    """16 to 128 of them."""
    assert KEY_SHAPE.match(key)


@pytest.mark.parametrize("key", BAD)
def test_nothing_else_is_a_key(key: str) -> None:
    """Near misses never reach the store."""
    assert not KEY_SHAPE.match(key)


def test_the_digest_is_keyed() -> None:
    """HMAC-SHA256: another pepper, another digest."""
    key = "pg_live_" + "a1B2c3D4"
    assert digest_of(b"pepper", key) == hmac.new(b"pepper", key.encode(), hashlib.sha256).hexdigest()
    assert digest_of(b"pepper", key) != digest_of(b"salt", key)
    assert len(digest_of(b"pepper", key)) == 64


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.from_regex(KEY_SHAPE, fullmatch=True))
def test_at_most_half_of_a_key_is_shown(key: str) -> None:
    """And never more than twelve characters."""
    shown = prefix_of(key)
    assert key.startswith(shown)
    assert len(shown) <= min(12, len(key) / 2)
