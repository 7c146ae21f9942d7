"""JSON inside a string: every string and every long number is found at its place, duplicates included."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.values import json_values

from promptguard_gateway.wire.embedded_json import leaves, raw_offsets

NOT_JSON = ["", "plain", "  ", '"text"', "12345678", "{", "{a: 1}", "[1,]", '{"a": 1} tail', "{'a': 1}", "[" * 100_000]


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_no_object_or_array_is_left_to_be_text(text: str) -> None:
    """Invalid JSON, scalars and texts that only begin like JSON are not taken apart."""
    assert leaves(text) is None


def found(text: str) -> list[tuple[str, str]]:
    return [(each.leaf.pointer, each.text) for each in leaves(text) or []]


def test_keys_values_and_their_pointers() -> None:
    """A key and its value share a pointer; steps are escaped as RFC 6901 says."""
    assert found('{"a": {"b/c": ["x", {"~": "y"}]}, "d": "z"}') == [
        ("/a", "a"),
        ("/a/b~1c", "b/c"),
        ("/a/b~1c/0", "x"),
        ("/a/b~1c/1/~0", "~"),
        ("/a/b~1c/1/~0", "y"),
        ("/d", "d"),
        ("/d", "z"),
    ]


def test_both_of_two_equal_keys_are_seen() -> None:
    """A reader that keeps the first value and one that keeps the last find theirs inspected."""
    assert [text for _, text in found('{"a": "one", "\\u0061": "two"}')] == ["a", "one", "a", "two"]


def test_numbers_of_seven_digits_are_seen_and_shorter_ones_are_not() -> None:
    """The token is shown as it is written."""
    assert [text for _, text in found('{"a": 123456, "b": 4111111111111111, "c": -1.2345e6}')] == [
        "a",
        "b",
        "4111111111111111",
        "c",
    ]
    assert [each.leaf.is_number for each in leaves("[1234567.0]")] == [True]


def test_numbers_in_a_row_are_one_leaf() -> None:
    """Digits cut into pieces, or characters written as codes, are read together."""
    assert found("[4111, 1111,1111\n,1111, true, 5]") == [("/0", "4111, 1111,1111\n,1111")]
    assert found('[1, 2, "x", 3]') == [("/2", "x")]


def test_escapes_are_decoded_and_half_characters_shown_as_such() -> None:
    """What the model's side would decode is what is inspected."""
    assert found('["\\u0069gnore \\ud83d\\ude00 \\"x\\""]') == [("/0", 'ignore \U0001f600 "x"')]
    assert found('["a\\ud800b"]') == [("/0", "a\ufffdb")]


def test_long_keys_do_not_multiply() -> None:
    """Pointers stop growing, so that a long key over many values costs no memory."""
    decoded = leaves(json.dumps({"k" * 100_000: ["v"] * 1000}))
    assert len(decoded) == 1001
    assert max(len(each.leaf.pointer) for each in decoded) < 1000
    assert len(leaves("[" * 500 + '"x"' + "]" * 500)) == 1


@settings(max_examples=200, deadline=None, derandomize=True)
@given(json_values, st.booleans(), st.sampled_from([None, 2]))
def test_every_string_of_any_json_is_found_at_its_place(value: object, ascii_only: bool, indent: int | None) -> None:
    """The multiset of strings found is that of the value, and each leaf's raw token decodes to its text."""
    if not isinstance(value, dict | list):
        value = [value]
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    decoded = leaves(text)
    strings = [each for each in decoded if not each.leaf.is_number]
    assert sorted(each.text for each in strings) == sorted(all_strings(value))
    for each in strings:
        assert json.loads(text[each.leaf.start : each.leaf.end]) == each.text


def all_strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, child in value.items() for text in (key, *all_strings(child))]
    return [text for child in value for text in all_strings(child)] if isinstance(value, list) else []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=12), st.booleans())
def test_offsets_map_back_over_escapes(text: str, ascii_only: bool) -> None:
    """Cutting the raw token where an offset maps to gives the same two halves."""
    token = json.dumps(text, ensure_ascii=ascii_only)
    places = raw_offsets(token, list(range(len(text) + 1)))
    for offset, place in enumerate(places):
        assert json.loads(token[:place] + '"') == text[:offset]
        assert json.loads('"' + token[place:]) == text[offset:]
