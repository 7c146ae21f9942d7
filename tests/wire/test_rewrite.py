"""Redactions arrive where the text stood, and what they leave is still valid."""

import copy
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.values import LIMITS, json_values

from promptguard_gateway.core.segments import Direction, Role, Segment
from promptguard_gateway.wire.rewrite import CannotRewrite, Edit, apply, splice
from promptguard_gateway.wire.walk import Walk, voice_of

MARK = '[X "\\ é]'
VOICE = voice_of(Direction.INPUT, Role.TOOL)


def segments_of(body: object, *, embedded: bool = False) -> list[Segment]:
    walk = Walk(LIMITS)
    if embedded:
        walk.carrier(("text",), body["text"], VOICE)
    else:
        walk.free((), body, VOICE)
    return walk.inventory.segments


def redacted(body: dict, *cuts: tuple[str, int, int], embedded: bool = False, mark: str = "[X]") -> dict:
    """Apply cuts, each given by the text of its segment."""
    body = copy.deepcopy(body)
    by_text = {segment.text: segment for segment in segments_of(body, embedded=embedded)}
    apply(body, [Edit(by_text[text], start, end, mark) for text, start, end in cuts])
    return body


def test_several_edits_of_one_string() -> None:
    """Offsets are those of the original text, in any order."""
    assert redacted({"a": ["one two three"]}, ("one two three", 0, 3), ("one two three", 8, 13)) == {
        "a": ["[X] two [X]"]
    }


def test_numbers_become_strings() -> None:
    """A number has no room for a placeholder."""
    assert redacted({"card": 4111111111111111}, ("4111111111111111", 0, 16)) == {"card": "[X]"}


def test_keys_are_renamed_in_place_with_everything_below() -> None:
    """The order of members stays, and edits below a renamed key arrive too."""
    body = {"x": 1, "ana@example.com": {"deep@example.com": "secret"}, "y": 2}
    result = redacted(body, ("ana@example.com", 0, 15), ("deep@example.com", 0, 4), ("secret", 0, 6))
    assert result == {"x": 1, "[X]": {"[X]@example.com": "[X]"}, "y": 2}
    assert list(result) == ["x", "[X]", "y"]


def test_keys_that_would_collide_cannot_be_redacted() -> None:
    """Two keys of one object must stay two."""
    for body in ({"a1": 1, "a2": 2}, {"a1": 1, "[X]": 2}):
        with pytest.raises(CannotRewrite):
            redacted(body, *((key, 0, 2) for key in body if key != "[X]"))


def test_many_edits_take_linear_time() -> None:
    """Thousands of findings in one string, in one JSON text, in the keys of one object."""
    count = 20_000
    texts = [f"{index:07}" for index in range(count)]
    mark = "[X]" * 10
    begin = time.process_time()
    long = Segment(location=("a",), role=Role.USER, text="x" * (count * 50))
    assert len(splice(long.text, [Edit(long, 50 * index, 50 * index + 1, mark) for index in range(count)])) > count * 50
    body = {"text": json.dumps(dict.fromkeys(texts, "mail"))}
    values = [each for each in segments_of(body, embedded=True) if each.text == "mail"]
    apply(body, [Edit(each, 0, 4, mark) for each in values])
    assert set(json.loads(body["text"]).values()) == {mark}
    wide = dict.fromkeys(texts, 1)
    apply(wide, [Edit(each, 0, 1, mark) for each in segments_of(wide) if each.is_key])
    assert list(wide) == [mark + text[1:] for text in texts]
    assert time.process_time() - begin < 5


def test_a_place_that_is_gone_cannot_be_redacted() -> None:
    """An edit for another body is an error, never a silent loss."""
    segment = Segment(location=("a", 0), role=Role.USER, text="x")
    for body in ({}, {"a": []}, {"a": "x"}, {"a": {"0": "x"}}):
        with pytest.raises(CannotRewrite):
            apply(body, [Edit(segment, 0, 1, "[X]")])


def test_embedded_json_keeps_its_white_space_and_its_duplicates() -> None:
    """Only the token that holds the finding changes."""
    text = '{ "mail" :"ana@example.com",\n "n": 1.0, "n": 4111111111111111 }'
    result = redacted({"text": text}, ("ana@example.com", 0, 15), ("4111111111111111", 0, 16), embedded=True)
    assert result["text"] == '{ "mail" :"[X]",\n "n": 1.0, "n": "[X]" }'


def test_embedded_offsets_are_those_of_the_decoded_text() -> None:
    """Escapes before and inside a finding do not shift the cut."""
    text = r'{"a": "\u00e9\n\ud83d\ude00 ana\u0040example.com \"end\""}'
    said = 'é\n\U0001f600 ana@example.com "end"'
    result = redacted({"text": text}, (said, 4, 19), embedded=True)
    assert result["text"] == r'{"a": "\u00e9\n\ud83d\ude00 [X] \"end\""}'


def test_a_run_of_numbers_becomes_one_string() -> None:
    """The array stays an array."""
    assert json.loads(redacted({"text": "[1, 4111,1111, 2]"}, ("1, 4111,1111, 2", 3, 12), embedded=True)["text"]) == [
        "1, [X], 2"
    ]


def test_embedded_keys_must_stay_distinct() -> None:
    """A redaction that makes two keys of a JSON text equal is refused; duplicates that were there are kept."""
    with pytest.raises(CannotRewrite):
        redacted({"text": '{"a1": 1, "a2": 2}'}, ("a1", 0, 2), ("a2", 0, 2), embedded=True)
    assert redacted({"text": '{"k": 1, "k": "s"}'}, ("s", 0, 1), embedded=True) == {"text": '{"k": 1, "k": "[X]"}'}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(json_values, st.booleans(), st.data())
def test_embedded_json_stays_valid_and_says_what_the_edits_say(value: object, ascii_only: bool, data) -> None:
    """For any JSON and any cut of any leaf: the result parses, and the leaf reads as if cut decoded."""
    body = {"text": json.dumps([value, "always one"], ensure_ascii=ascii_only)}
    segments = segments_of(body, embedded=True)
    segment = data.draw(st.sampled_from(segments))
    start = data.draw(st.integers(0, len(segment.text)))
    end = data.draw(st.integers(start, len(segment.text)))
    try:
        apply(body, [Edit(segment, start, end, MARK)])
    except CannotRewrite:
        return
    json.loads(body["text"])
    after = [each.text for each in segments_of(body, embedded=True)]
    expected = [each.text for each in segments]
    expected[segments.index(segment)] = segment.text[:start] + MARK + segment.text[end:]
    assert after == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(max_size=5), json_values, min_size=1), st.data())
def test_plain_bodies_say_what_the_edits_say(body: dict, data) -> None:
    """For any body and any segment of it."""
    segments = segments_of(body)
    segment = data.draw(st.sampled_from(segments))
    try:
        apply(body, [Edit(segment, 0, len(segment.text), MARK)])
    except CannotRewrite:
        assert segment.is_key
        return
    assert sum(each.text == MARK for each in segments_of(body)) == 1
