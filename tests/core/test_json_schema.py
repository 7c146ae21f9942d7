"""Values against the part of JSON Schema that tools use."""

import pytest

from promptguard_gateway.core.json_schema import JsonValue, TooComplex, broken_rule

WEATHER: JsonValue = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1, "maxLength": 20},
        "days": {"type": "integer", "minimum": 1, "maximum": 14},
        "unit": {"enum": ["C", "F"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
    "required": ["city"],
    "additionalProperties": False,
}
TREE: JsonValue = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
}


@pytest.mark.parametrize(
    ("value", "broken"),
    [
        ({"city": "Oslo"}, None),
        ({"city": "Oslo", "days": 3.0, "unit": "C", "tags": ["a"]}, None),
        ({"days": 3}, "required"),
        ({"city": 7}, "type"),
        ({"city": ""}, "minLength"),
        ({"city": "x" * 21}, "maxLength"),
        ({"city": "Oslo", "days": 0}, "minimum"),
        ({"city": "Oslo", "days": 15}, "maximum"),
        ({"city": "Oslo", "days": True}, "type"),
        ({"city": "Oslo", "days": 2.5}, "type"),
        ({"city": "Oslo", "unit": "K"}, "enum"),
        ({"city": "Oslo", "tags": ["a", 1]}, "type"),
        ({"city": "Oslo", "tags": ["a", "b", "c"]}, "maxItems"),
        ({"city": "Oslo", "cmd": "ls"}, "additionalProperties"),
        (["Oslo"], "type"),
    ],
)
def test_arguments_of_a_tool(value: JsonValue, broken: str | None) -> None:
    """The first rule that is broken is named."""
    assert broken_rule(WEATHER, value) == broken


@pytest.mark.parametrize(
    ("schema", "value", "broken"),
    [
        (True, 1, None),
        (False, 1, "false"),
        ({}, {"a": 1}, None),
        ({"type": ["string", "null"]}, None, None),
        ({"const": 1}, True, "const"),
        ({"const": 1}, 1.0, None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "anyOf"),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1, "oneOf"),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, 3, "allOf"),
        ({"not": {"type": "string"}}, "a", "not"),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", 1], None),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a", 1], "false"),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}, "type"),
        ({"exclusiveMinimum": 0}, 0, "exclusiveMinimum"),
        ({"minProperties": 1}, {}, "minProperties"),
        ({"pattern": "^(a+)+$", "format": "email", "unknown": 1}, "a" * 40, None),
        (TREE, {"next": {"next": {}}}, None),
        (TREE, {"next": {"next": 1}}, "type"),
    ],
)
def test_single_rules(schema: JsonValue, value: JsonValue, broken: str | None) -> None:
    """Each rule says yes and no; words that are not known say nothing."""
    assert broken_rule(schema, value) == broken


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://elsewhere.example/schema.json"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "#"},
        {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 9}}, "$ref": "#/$defs/a"},
    ],
)
def test_what_cannot_be_checked_is_an_error(schema: JsonValue) -> None:
    """References to elsewhere or nowhere, and circles, are never taken for a yes."""
    with pytest.raises(TooComplex):
        broken_rule(schema, 1)
