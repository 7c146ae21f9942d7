"""An answer that says the same without end."""

import pytest

from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.plan import AnswerPlan
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column
from promptguard_gateway.core.stream import StreamInspector
from promptguard_gateway.detectors.repetition import REPETITION, RUN

NOTHING = Knowledge()
ENDLESS = ["poem ", "company, company\n", "a b ", "Ich soll nicht schwätzen.\n", "слово "]
HONEST = [
    "I will not talk in class.\n" * 50,
    "null, " * 300,
    "-" * 5000,
    "A" * 5000,
    "| --- " * 800,
    "0, 1, " * 900,
    "\n".join(f"{n} bottles of milk on the wall" for n in range(300)),
    "la la la, " * 100,
]


@pytest.mark.parametrize("unit", ENDLESS)
def test_the_finding_is_the_first_character_behind_a_long_run(unit: str) -> None:
    """Wherever the run begins, and whatever follows it."""
    for before in ("", "Sure: ", "x" * 1500 + "."):
        [hit] = REPETITION.scan(before + unit * (2 * RUN // len(unit)) + "and then", NOTHING)
        assert abs(hit.start - len(before) - RUN) <= len(unit)
        assert hit.end == hit.start + 1


@pytest.mark.parametrize("text", HONEST, ids=lambda text: text[:12])
def test_honest_repetition_is_none(text: str) -> None:
    """Punishments, rules, tables, padding, numbers and songs that count."""
    assert list(REPETITION.scan(text, NOTHING)) == []


@pytest.mark.parametrize("size", [1, 7, 500, 5000])
def test_a_stream_ends_where_the_whole_would(size: int) -> None:
    """The window that a stream shows begins inside the run, which must not make another finding of it."""
    plan = AnswerPlan.compile([REPETITION], PRESETS["moderate"], Column.ANSWER)
    text = "Of course. " + "poem " * 1000
    inspector = StreamInspector(plan, NOTHING)
    sent = "".join(inspector.feed(text[at : at + size]).text for at in range(0, len(text), size))
    assert len(sent) == 10 + RUN
    assert [finding.rule for finding in inspector.findings] == ["endless_repetition"]
