"""What is wrong in a tree is named by its place, with what is known there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import pytest
from msgspec import Struct

from promptguard_gateway.domain.strict_tree import TreeError, convert, within


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Leaf(Struct, frozen=True, forbid_unknown_fields=True):
    """The inside of a tree."""

    level: Literal["low", "high"] = "low"
    count: int | None = None


class Tree(Struct, frozen=True, forbid_unknown_fields=True):
    """A tree."""

    leaf: Leaf | bool | None = None
    leaves: tuple[Leaf, ...] = ()
    cells: Mapping[Colour, Mapping[str, Colour]] = {}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"leef": {}}, "'leef' is not known here. Did you mean leaf?"),
        ({"leaf": {"levle": "low"}}, "leaf: 'levle' is not known here. Did you mean level?"),
        ({"leaves": [{}, {"xyz": 1}]}, "leaves[1]: 'xyz' is not known here. Known are: level, count."),
        ({"leaf": {"level": "secret"}}, "leaf.level: must be one of low, high."),
        ({"leaves": [{"level": 1}]}, "leaves[0].level: must be a string, not a whole number."),
        ({"leaf": {"count": "1"}}, "leaf.count: must be a whole number or null, not a string."),
        ({"cells": {"green": {}}}, "cells: a name in it is not known. Known are: red, blue."),
        ({"cells": {"red": {"a": "green"}}}, "cells[...][...]: must be one of red, blue."),
        ([], "must be an object, not a list."),
    ],
)
def test_an_error_names_the_place_and_the_way_out(tree: object, message: str) -> None:
    """And never the value, which could be somebody's secret."""
    with pytest.raises(TreeError) as caught:
        convert(tree, Tree)
    assert str(caught.value) == message


def test_a_tree_that_fits() -> None:
    """Nothing is coerced and nothing is lost."""
    assert convert({"leaf": True, "cells": {"red": {"x": "blue"}}}, Tree) == Tree(
        leaf=True, cells={Colour.RED: {"x": Colour.BLUE}}
    )


@pytest.mark.parametrize(
    ("place", "joined"), [("", "rules: wrong"), ("[1].name", "rules[1].name: wrong"), ("a.b", "rules.a.b: wrong")]
)
def test_errors_of_a_part_have_its_place_before_theirs(place: str, joined: str) -> None:
    """Indexes follow directly, names after a dot."""
    with pytest.raises(TreeError) as caught, within("rules"):
        raise TreeError(place, "wrong")
    assert str(caught.value) == joined
