"""Addresses and numbers as they are read out."""

from time import process_time

import pytest

from promptguard_gateway.core.splices import Spliced
from promptguard_gateway.core.spoken import spoken


def written(text: str) -> str:
    """The text as it would be written."""
    return Spliced(text, spoken(text)).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail john dot doe at example dot com now", "mail john.doe@example.com now"),
        ("john.doe AT mail DOT example DOT co DOT uk", "john.doe@mail.example.co.uk"),
        ("ana underscore b arroba correo punto es", "ana_b@correo.es"),
        ("five five five, one two three, four five six seven", "555 123 4567"),
        ("card four double one four six eight nine zero", "card 41146890"),
        ("null eins sieben sechs fünf vier drei", "0176543"),
    ],
)
def test_what_is_read_out_is_written(text: str, expected: str) -> None:
    """Signs and digits in several languages; pauses part groups."""
    assert written(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "look at example dot product",
        "meet me at noon dot",
        "at one point it was two",
        "one two three go",
        "the dot at the end",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """No top-level domain, or too few digits."""
    assert written(text) == text


@pytest.mark.parametrize("piece", ["one ", "a dot ", "at a dot ", "one,"])
def test_hostile_text_costs_its_length(piece: str) -> None:
    """Eight times the text costs about eight times the time."""
    small, large = (_seconds(piece * count) for count in (2_000, 16_000))
    assert large < 24 * max(small, 0.002)


def _seconds(text: str) -> float:
    started = process_time()
    spoken(text)
    return process_time() - started
