"""HMAC-SHA256, held against Python's own."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from promptguard_gateway.domain.keyed_hash import hmac_sha256


@given(key=st.binary(max_size=200), message=st.binary(max_size=300))
def test_it_says_what_the_library_says(key: bytes, message: bytes) -> None:
    """Whatever key, shorter and longer than a block, and whatever message."""
    assert hmac_sha256(key, message) == hmac.digest(key, message, "sha256").hex()


def test_the_first_test_case_of_rfc_4231() -> None:
    """A published value, so that both sides of the comparison cannot be wrong together."""
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert hmac_sha256(b"\x0b" * 20, b"Hi There") == expected
