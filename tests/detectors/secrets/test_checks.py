"""What can be computed about a credential."""

import pytest

from detectors.secrets.pieces import both, hexa
from promptguard_gateway.detectors.secrets import checks


def test_githubs_checksum_is_that_of_its_article_on_token_formats():
    """The sample that GitHub printed passes, and no other end does."""
    token = "gh" + "p_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"
    assert checks.has_github_checksum(token)
    assert not checks.has_github_checksum(token[:-1] + "8")


@pytest.mark.parametrize("text", ["", "abab", "Winter2024"])
def test_entropy_is_zero_for_nothing_and_grows_with_variety(text):
    """Bits per character lie between nothing and the logarithm of the number of different characters."""
    assert 0 <= checks.entropy(text) <= 4


@pytest.mark.parametrize("value", [both(32), hexa(32), "k3Jf9sLqPz2", "f3a9c1d07b2e4586", "Zm9vYmFyYmF6cXV4MTIz"])
def test_drawn_values_look_drawn(value):
    """Base62, hexadecimal, base64."""
    assert checks.is_random(value)


@pytest.mark.parametrize(
    "value",
    [
        "getSecretFromVault",
        "eu-west-1-prod-token",
        "user_session_handler",
        "2026-03-14",
        "10.0.0.1:8080",
        "aaaaaaaaaaaa1111",
        "application/json",
        "correcthorsebatterystaple",
    ],
)
def test_written_names_do_not(value):
    """Identifiers, dates, addresses and words keep to one kind of character for a while."""
    assert not checks.is_random(value)


def test_base64_is_whole_when_its_last_bits_are_zero():
    """64 bytes end in one of four letters before the padding."""
    assert checks.is_whole_base64("A" * 85 + "Q==")
    assert not checks.is_whole_base64("A" * 85 + "B==")
    assert not checks.is_whole_base64("A" * 85)


@pytest.mark.parametrize("text", ["", "not base64!", "e30.x.y", "W10.x.y", "bnVsbA.x.y"])
def test_what_is_no_header_is_not_signed(text):
    """Anything may stand before the first dot."""
    assert not checks.is_signed_header(text)
