"""Masks: enough to recognise a value by, never enough to restore it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.masks import mask
from promptguard_gateway.core.policy import Replacement
from promptguard_gateway.core.replacement import replacement

LABELS = ("EMAIL", "CREDIT_CARD", "PHONE", "IBAN", "IP_ADDRESS", "SSN", "API_KEY")


@pytest.mark.parametrize(
    ("label", "value", "masked"),
    [
        ("EMAIL", "john.doe@example.com", "j***@***.com"),
        ("EMAIL", "j@example.co.uk", "j***@***.uk"),
        ("EMAIL", "ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "j***@***.com"),
        ("EMAIL", "john [at] example [dot] com", "j***m"),
        ("EMAIL", "am9obkBleGFtcGxlLmNvbQ==", "a***="),
        ("EMAIL", "@x.com", "***"),
        ("CREDIT_CARD", "4111-1111-1111-1234", "**** **** **** 1234"),
        ("CREDIT_CARD", "378282246310005", "**** **** **** 0005"),
        ("CREDIT_CARD", "4111 1234", "4***4"),
        ("PHONE", "+49 151 2345 6789", "+49 ***89"),
        ("PHONE", "+12125550123", "+1 ***23"),
        ("PHONE", "+420 601 123 456", "+420 ***56"),
        ("PHONE", "0049 151 2345678", "0049 ***78"),
        ("PHONE", "(212) 555-0123", "***23"),
        ("PHONE", "110", "***"),
        ("IBAN", "de89 3704 0044 0532 0130 00", "DE** **** 3000"),
        ("IBAN", "DE89", "***"),
        ("IP_ADDRESS", "203.0.113.77", "203.*.*.*"),
        ("IP_ADDRESS", "2001:db8::8a2e:370:7334", "2001:***"),
        ("SSN", "123-45-6789", "1***9"),
        ("API_KEY", "s3cret", "***"),
        ("API_KEY", "", "***"),
    ],
)
def test_what_is_left_of_a_value(label: str, value: str, masked: str) -> None:
    """Each kind keeps what it is recognised by; what has not the form of its kind, and what is short, keeps less."""
    assert mask(label, value) == masked
    assert replacement(Replacement.MASK, label, value) == masked


@settings(max_examples=300, derandomize=True, deadline=None)
@given(label=st.sampled_from(LABELS), value=st.text(max_size=60) | st.text("0123456789+@.: -", max_size=40))
def test_a_mask_tells_neither_the_value_nor_its_length(label: str, value: str) -> None:
    """Some of the characters and a fixed number of stars, whatever the value is."""
    masked = mask(label, value)
    assert 3 <= len(masked) <= 24
    assert "*" in masked
    assert len(value) < 8 or value not in masked
    assert sum(character.isdigit() for character in masked) <= 7
