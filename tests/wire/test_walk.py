"""The book-keeping of the ledger, and that it notices when something is passed over."""

import pytest
from hypothesis import given, settings
from tests.wire.values import LIMITS, json_values, refusal

from promptguard_gateway.core.segments import Direction, Exemption, Role
from promptguard_gateway.domain.settings import BodyLimits
from promptguard_gateway.wire.strict_json import set_value, value_at
from promptguard_gateway.wire.walk import Walk, check_ledger, folded, voice_of

VOICE = voice_of(Direction.INPUT, Role.USER)


def free(value: object) -> list[tuple[str, str]]:
    walk = Walk(LIMITS)
    walk.free(("a",), value, VOICE)
    return [(each.path, each.text) for each in walk.inventory.segments]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", [("a", "text")]),
        ("", [("a", "")]),
        ({"k": {"l": "text"}}, [("a.k", "k"), ("a.k.l", "l"), ("a.k.l", "text")]),
        (["x", ["y"]], [("a[0]", "x"), ("a[1][0]", "y")]),
        (None, []),
        (True, []),
        (999_999, []),
        (1_000_000, [("a", "1000000")]),
        (-4111111111111111, [("a", "-4111111111111111")]),
        (0.1234567, [("a", "0.1234567")]),
        (1.5, []),
        ([4111, 1111, 1111, 1111], [("a", "4111, 1111, 1111, 1111")]),
        ([1, 2, 3], []),
        ([True, False, 1234567], [("a[2]", "1234567")]),
    ],
)
def test_a_free_value_is_text_all_over(value: object, expected: list) -> None:
    """Strings, keys and digits, wherever they stand."""
    assert free(value) == expected


def test_words_of_a_schema_are_field_names() -> None:
    """Keywords and their types say nothing of their own; anything else does."""
    walk = Walk(LIMITS)
    walk.schema(("s",), {"type": "object", "properties": {"mail": {"type": "no type", "description": "d"}}})
    assert [each.text for each in walk.inventory.segments] == ["mail", "no type", "d"]
    assert walk.inventory.exempt == {Exemption.FIELD_NAME: 4, Exemption.ENUMERATION: 1}


@pytest.mark.parametrize("key", ["Role", "ROLE", "ｒｏｌｅ", "rоle"])
def test_twins_of_a_known_key(key: str) -> None:
    """Case and width are folded; a letter of another script is another key, and inspected."""
    walk = Walk(LIMITS)
    if key == "rоle":
        walk.unknown((key,), "x", VOICE, folded(("role",)))
        assert [each.text for each in walk.inventory.segments] == [key, "x"]
    else:
        assert refusal(lambda: walk.unknown((key,), "x", VOICE, folded(("role",)))).code == "invalid_value"


def test_leaves_of_embedded_json_are_bounded() -> None:
    """Many small leaves in one string count like values of the body."""
    walk = Walk(BodyLimits(max_nodes=2))
    assert refusal(lambda: walk.carrier(("a",), '["x", "y", "z"]', VOICE)).code == "limit_exceeded"


def test_the_ledger_notices_what_is_passed_over() -> None:
    """A string that nobody counted, one that was counted twice, and a leaf too many."""
    body = {"a": "x", "b": ["y", 12345678], "c": '{"k": "v"}'}
    walk = Walk(LIMITS)
    walk.text(("a",), "x", VOICE)
    walk.free(("b",), body["b"], VOICE)
    assert not check_ledger(walk.inventory, body)
    walk.carrier(("c",), body["c"], VOICE)
    assert check_ledger(walk.inventory, body)
    walk.inventory.leaves += 1
    assert not check_ledger(walk.inventory, body)
    walk.exempt(Exemption.IDENTIFIER)
    assert not check_ledger(walk.inventory, body)


def test_places_of_a_body() -> None:
    """Values are read and set by location; a place that is not there is an error."""
    body = {"a": [{"b": 1}]}
    assert value_at(body, ("a", 0, "b")) == 1
    set_value(body, ("a", 0, "b"), 2)
    set_value(body, ("a", 0), [3])
    assert body == {"a": [[3]]}
    for location in (("x",), ("a", 1), ("a", "0"), ("a", 0, 0, 0)):
        with pytest.raises(LookupError):
            set_value(body, location, 1)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(json_values)
def test_any_free_value_adds_up(value: object) -> None:
    """With and without the words of schemas."""
    for read in (Walk.free, Walk.schema):
        walk = Walk(LIMITS)
        read(walk, ("a",), value, VOICE)
        assert check_ledger(walk.inventory, {"a": value})
