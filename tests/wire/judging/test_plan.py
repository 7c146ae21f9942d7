"""The guard model's settings, and how texts are put into questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptguard_gateway.core.findings import Family
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.domain.settings import JudgeSettings
from promptguard_gateway.wire.judging.packing import Packed, TooLong, pack
from promptguard_gateway.wire.judging.plan import plan_of

GOOD = {"upstream": "http://localhost:8001", "model": "guard"}


def test_defaults() -> None:
    """Requests only, within two seconds, and no stream is held."""
    plan = plan_of(JudgeSettings(**GOOD))
    assert plan.directions == {Direction.INPUT}
    assert (plan.budget, plan.holds_streams, plan.detector) == (2.0, False, "judge.llama_guard")
    assert plan.categories["S1"].family is Family.SAFETY


def test_categories_are_moved_and_switched_off() -> None:
    """To any family of a policy, code by code."""
    plan = plan_of(JudgeSettings(**GOOD, categories=("S7=pii", "S13 = off")))
    assert plan.categories["S7"].family is Family.PII
    assert "S13" not in plan.categories
    assert plan.categories["S1"].family is Family.SAFETY


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "llamaguard"}, "judge.format"),
        ({"model": ""}, "judge.model"),
        ({"directions": "sideways"}, "judge.directions"),
        ({"streams": "drop"}, "judge.streams"),
        ({"budget_ms": 0}, "judge.budget_ms"),
        ({"window": 10}, "judge.window"),
        ({"questions": 0}, "judge.questions"),
        ({"categories": ("S99=safety",)}, "'S99'"),
        ({"categories": ("S1=nonsense",)}, "'nonsense'"),
        ({"categories": ("S1",)}, "judge.categories"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, object], says: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(ValueError, match="judge") as caught:
        plan_of(JudgeSettings(**{**GOOD, **changes}))
    assert says in str(caught.value)


def test_short_texts_share_a_question() -> None:
    """In their order, set apart by an empty line; blank ones ask nothing."""
    assert pack([(0, "one"), (2, " \n"), (3, "two")], 200, 8) == [Packed("one\n\ntwo", (0, 3))]
    assert pack([(0, "")], 200, 8) == []


def test_too_much_text_is_a_failure() -> None:
    """Nothing is left out in silence."""
    with pytest.raises(TooLong):
        pack([(0, "x" * 1000)], 200, 4)
    assert len(pack([(0, "x" * 200)], 200, 1)) == 1


@given(st.lists(st.text("ab \n", max_size=900), max_size=6), st.integers(200, 400))
def test_every_passage_is_read_whole_somewhere(texts: list[str], window: int) -> None:
    """Whatever stands within an eighth of a window stands in one question, cut or not."""
    numbered = [(index, text) for index, text in enumerate(texts) if text.strip()]
    packs = pack(numbered, window, 1000)
    assert all(len(packed.text) <= window for packed in packs)
    for index, text in numbered:
        mine = [packed.text for packed in packs if index in packed.segments]
        short = window // 8
        for start in range(0, max(1, len(text) - short + 1), 7):
            passage = text[start : start + short]
            assert any(passage in one for one in mine)
