"""Bodies that two readers could read in two ways are refused; all others are read as any reader would."""

import json
import time

import pytest
from hypothesis import given, settings
from tests.wire.values import LIMITS, json_values, refusal

from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import encode, parse, parse_object

PROMPT = '{"prompt": "é"}'

REFUSED = [
    ("invalid_encoding", b"\xef\xbb\xbf{}"),
    ("invalid_encoding", PROMPT.encode("utf-16")),
    ("invalid_encoding", PROMPT.encode("utf-16-le")),
    ("invalid_encoding", PROMPT.encode("utf-16-be")),
    ("invalid_encoding", PROMPT.encode("utf-32")),
    ("invalid_encoding", PROMPT.encode("utf-32-le")),
    ("invalid_encoding", PROMPT.encode("latin-1")),
    ("invalid_encoding", b'{"a": "\xc0\xaf"}'),
    ("invalid_encoding", b'{"a": "\xed\xa0\x80"}'),
    ("invalid_encoding", b'{"a": "\xf8\x88\x80\x80\x80"}'),
    ("invalid_encoding", b'{"a": "\xff"}'),
    ("invalid_encoding", b'{"a": "\\ud800"}'),
    ("invalid_encoding", b'{"a": "\\uDC00x"}'),
    ("invalid_encoding", b'{"\\ud800": 1}'),
    ("invalid_json", b""),
    ("invalid_json", b" "),
    ("invalid_json", b"{} {}"),
    ("invalid_json", b"{}]"),
    ("invalid_json", b'{ "a": 1}\x00'),
    ("invalid_json", b"{'a': 1}"),
    ("invalid_json", b'{"a": 1,}'),
    ("invalid_json", b'{"a": 01}'),
    ("invalid_json", b'{"a": +1}'),
    ("invalid_json", b'{"a": .5}'),
    ("invalid_json", b'{"a": "line\nbreak"}'),
    ("invalid_json", b'{"a": "\\x41"}'),
    ("invalid_json", b'{"a": NaN}'),
    ("invalid_json", b'{"a": Infinity}'),
    ("invalid_json", b'{"a": -Infinity}'),
    ("invalid_json", b'{"a": 1} // comment'),
    ("duplicate_key", b'{"a": 1, "a": 2}'),
    ("duplicate_key", b'{"messages": 1, "m\\u0065ssages": 2}'),
    ("duplicate_key", b'[{"x": {"a": 1, "b": 2, "a": 1}}]'),
    ("too_deep", b"[" * 65 + b"]" * 65),
    ("too_deep", b'{"a":' * 65 + b"1" + b"}" * 65),
    ("number_out_of_range", b'{"a": 1e400}'),
    ("number_out_of_range", b'{"a": -1e400}'),
    ("number_out_of_range", b'{"a": 9007199254740993}'),
    ("number_out_of_range", b'{"a": -9007199254740993}'),
    ("number_out_of_range", b'{"seed": 9223372036854775808}'),
    ("number_out_of_range", b'{"a": ' + b"1" * 5000 + b"}"),
]


@pytest.mark.parametrize(("code", "body"), REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(code: str, body: bytes) -> None:
    """Each trick of the catalogue has its own code."""
    assert refusal(lambda: parse(body, LIMITS)).code == code


ACCEPTED = [
    (b'{"a": 9007199254740992, "b": -9007199254740992}', {"a": 2**53, "b": -(2**53)}),
    (b'{"seed": 9223372036854775807}', {"seed": 2**63 - 1}),
    (b'{"seed": -9223372036854775808}', {"seed": -(2**63)}),
    (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    (b'{"a": {"b": 1}, "c": {"b": 1}}', {"a": {"b": 1}, "c": {"b": 1}}),
    (b'{"a": "\\u0000"}', {"a": "\0"}),
    (b" \r\n\t[] \n", []),
    (b"[1e308, 0.1, -0.0]", [1e308, 0.1, -0.0]),
]


@pytest.mark.parametrize(("body", "value"), ACCEPTED)
def test_what_has_one_reading_is_read(body: bytes, value: object) -> None:
    """The near-misses of the refusals are read as they stand."""
    assert parse(body, LIMITS) == value


def test_the_limit_of_depth_is_inclusive() -> None:
    """64 levels pass, wide bodies with many brackets pass too."""
    assert parse(b"[" * 64 + b"]" * 64, LIMITS)
    assert parse(b"[" + b",".join([b"{}"] * 1000) + b"]", LIMITS) == [{}] * 1000


def test_the_limit_of_strings_is_inclusive_and_names_the_place() -> None:
    """A string of a mebi of characters passes, one more character does not."""
    limits = BodyLimits(max_string=10)
    assert parse(b'{"a": ["' + b"x" * 10 + b'"]}', limits)
    error = refusal(lambda: parse(b'{"a": ["' + b"x" * 11 + b'"]}', limits))
    assert error.code == "limit_exceeded"
    assert "a[0]" in error.message
    assert refusal(lambda: parse(b'{"' + b"k" * 11 + b'": 1}', limits)).code == "limit_exceeded"


def test_the_limit_of_values_ignores_punctuation_in_strings() -> None:
    """Prose full of commas and brackets is one value."""
    limits = BodyLimits(max_nodes=8)
    assert parse(b'{"a": "one, two, [three], {four}, \\", five, six, seven, eight, nine"}', limits)
    assert parse(b"[1,2,3,4,5,6,7]", limits)
    assert refusal(lambda: parse(b"[1,2,3,4,5,6,7,8]", limits)).code == "limit_exceeded"
    assert refusal(lambda: parse(b"[[],[],[],[],[]]", limits)).code == "limit_exceeded"


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" + b",".join([b"{}"] * 1_000_000) + b"]",
        b'["' + b'\\"' * 500_000,
        b"[" + b"1" * 1_000_000 + b"]",
        b"[1." + b"1" * 1_000_000 + b"]",
        b"[1" + b" " * 1_000_000,
        b"[" + b"," * 300_000 + b'"' + b"a" * 500_000,
        b"[" + b"," * 300_000 + b'"' + b'\\"' * 500_000,
        b"[" + b"," * 300_000 + b'"' + b"a\\" * 500_000,
    ],
)
def test_bombs_are_refused_quickly(bomb: bytes) -> None:
    """None of them costs more than a fraction of a second (some milliseconds here)."""
    begin = time.process_time()
    refusal(lambda: parse(bomb, LIMITS))
    assert time.process_time() - begin < 3


def test_messages_never_repeat_content() -> None:
    """A secret in a value, or in a key of unusual shape, does not come back in the error."""
    secret = "pass" + "word: 12"
    for body in (
        f'{{"{secret}": 1, "{secret}": 2}}',
        f'{{"a": "{secret}", }}',
        f'{{"a": "{secret}\\ud800"}}',
        f'{{"{secret}": 1e999}}',
    ):
        error = refusal(lambda body=body: parse(body.encode(), LIMITS))
        assert secret not in error.message
        assert secret not in (error.param or "")


def test_a_body_must_be_an_object() -> None:
    """Lists, strings and null are JSON but no request."""
    for body in (b"[]", b'"x"', b"null", b"1", b"true"):
        assert refusal(lambda body=body: parse_object(body, LIMITS)).code == "invalid_value"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(json_values)
def test_reading_what_was_written_gives_the_same_value(value: object) -> None:
    """Our own output, and that of the standard library, is read back unchanged."""
    assert parse(json.dumps(value).encode(), LIMITS) == value
    assert parse(encode(value), LIMITS) == value
