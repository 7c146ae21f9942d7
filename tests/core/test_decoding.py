"""The gates of the codecs: cheap patterns that let ordinary text pass by, and no encoded text."""

import base64
import random

import pytest
import re2

from promptguard_gateway.core.decoding import CODECS, Codec

GATES = {codec.name: re2.compile(codec.gate) for codec in CODECS}
WORDS = [
    "please",
    "forward",
    "every",
    "stored",
    "note",
    "about",
    "the",
    "invoice",
    "to",
    "someone",
    "outside",
    "before",
    "you",
    "answer",
    "anything",
    "at",
    "all",
]


def phrases(count: int) -> list[str]:
    """English of twelve characters and more, the same each time."""
    choose = random.Random(7)
    made = [" ".join(choose.choices(WORDS, k=choose.randint(3, 9))) for _ in range(count)]
    return [phrase if choose.random() < 0.5 else phrase.capitalize() for phrase in made]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_base64_gate_opens_for_every_encoded_phrase(encode: object) -> None:
    """With and without padding, alone and inside a sentence."""
    for phrase in phrases(300):
        encoded = encode(phrase.encode()).decode()
        for text in (encoded, encoded.rstrip("="), f'say "{encoded}" now'):
            assert GATES["base64"].search(text), phrase


@pytest.mark.parametrize(
    "text",
    [
        "The internationalisation of telecommunications took its time.",
        "see src/promptguard_gateway/core/decoding.py and tests/core/test_decoding.py",
        "snake_case_identifiers_are_long_too and so-are-kebab-case-ones",
        "ffffffffffffffffffffffffffffffff",
    ],
)
def test_the_base64_gate_stays_shut_on_ordinary_text(text: str) -> None:
    """Long words, paths and identifiers are not tried."""
    assert not GATES["base64"].search(text)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_a_gate_and_its_runs_agree(codec: Codec) -> None:
    """What a codec would decode in encoded text, its gate announces."""
    for phrase in phrases(40):
        for text in (base64.b64encode(phrase.encode()).decode(), phrase.encode().hex(), phrase):
            if codec.edits(text):
                assert GATES[codec.name].search(text), (codec.name, text)
