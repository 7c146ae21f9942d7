"""Formats that count beside their issuer's name."""

import re

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import UUID, base32, base64, both, drawn, hexa, lower, upper
from promptguard_gateway.detectors.secrets.named import FORMATS

VALUES = [
    *(hexa(count) for count in (32, 37, 40, 64)),
    *(both(count) for count in (16, 20, 24, 32, 40, 44, 45, 50, 64)),
    *(lower(count) for count in (30,)),
    UUID,
    upper(36),
    base64(40),
    base64(86) + "==",
    both(86) + "==",
    "00" + both(40),
    "E" + both(79),
    "1/1234567890123456:" + hexa(32),
    lower(6) + "." + lower(16),
    "AC" + hexa(32),
]
WORDS = {
    "datadog": "datadog",
    "x_api": "twitter",
    "aws_secret_access_key": "aws",
    "azure_storage": "azure",
    "azure_service": "azure",
    "cloudflare_token": "cloudflare",
    "circleci_legacy": "circleci",
    "npm_legacy": "_authToken for npm_token",
}


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_a_format_is_found_beside_its_name_and_nowhere_else(each):
    """The shape alone is anything; with the issuer's name and a word for a credential before it, it is one."""
    value = next(value for value in VALUES if re.fullmatch(each.shape, value))
    word = WORDS.get(each.name, re.split(r"[|\[\\]", each.words)[0])
    text = f"our {word} key: {value}"
    shapes = [s for s in sightings(text, at_least=0.8) if s.pattern.name == "named"]
    assert [text[s.start : s.end] for s in shapes] == [value]
    for harmless in (f"our key: {value}", f"{word} build {value}", f"commit {value}"):
        assert [s for s in sightings(harmless) if s.pattern.name == "named"] == []


def test_the_name_of_the_format_is_the_rule():
    """So that events say whose credential it was."""
    assert {s.rule for s in sightings("DATADOG_API_KEY=" + hexa(32))} >= {"datadog"}
    assert {s.rule for s in sightings("aws_secret_access_key = " + base64(40))} >= {"aws_secret_access_key"}


@pytest.mark.parametrize("value", [base32(40), drawn("ACGT", 40)])
def test_a_long_word_without_a_name_is_nothing(value):
    """Forty letters are not a credential."""
    assert [s for s in sightings(f"sequence {value}") if s.pattern.name == "named"] == []
