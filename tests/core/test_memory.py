"""What is remembered between exchanges: results by digest, the newest of them, and no text."""

import gc
import weakref

from promptguard_gateway.core import engine
from promptguard_gateway.core.detector import Knowledge, Prepared
from promptguard_gateway.core.inspector import Inspector
from promptguard_gateway.core.memory import Remembered, digest
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role, Segment
from promptguard_gateway.detectors.leak import LEAK
from promptguard_gateway.detectors.links import LINKS
from promptguard_gateway.detectors.pii.email import EMAIL
from promptguard_gateway.detectors.redacted import REDACTED
from promptguard_gateway.proxy.inspect import Judge, knowledge_of

MAIL = "jane.roe@mail.example"
LINK = "See ![x](https://pictures.example/p.png?text=nobody+shall+remember+this+sentence+of+mine) there."


class Said(str):
    """A text whose end can be noticed."""


def test_the_oldest_is_forgotten_first() -> None:
    """What is used stays."""
    remembered = Remembered[str](2)
    remembered.put(b"a", "A")
    remembered.put(b"b", "B")
    assert remembered.get(b"a") == "A"
    remembered.put(b"c", "C")
    assert [remembered.get(key) for key in (b"a", b"b", b"c")] == ["A", None, "C"]


def test_no_two_lists_of_texts_have_one_digest() -> None:
    """Where a text ends and what stands before it makes a difference; halves of characters have a digest too."""
    texts = [(), ("",), ("", ""), ("ab",), ("a", "b"), ("2:ab",), ("\ud800",)]
    made = {digest(list_) for list_ in texts} | {digest(list_, b"before") for list_ in texts}
    assert len(made) == 2 * len(texts)


def test_a_request_leaves_no_text_behind() -> None:
    """Although what was found in it is remembered."""
    inspector = Inspector([EMAIL])
    for _ in range(2):
        text = Said(f"write to {MAIL}")
        gone = weakref.ref(text)
        segment = Segment(("m",), Role.USER, text)
        assert [found.label for found in inspector.inspect([segment]).findings] == ["EMAIL"]
        del text, segment
        gc.collect()
        assert gone() is None


def test_an_exchange_leaves_neither_its_values_nor_what_was_said() -> None:
    """The request's text, the values taken out of it and the answer are gone when the exchange is."""
    judge = Judge([EMAIL, REDACTED, LINKS, LEAK], PRESETS["moderate"])
    judge.prepare()
    patterns = engine._kept.cache_info().currsize
    for address in (f"and write to {MAIL}", "nothing else"):
        asked = Said(f"Nobody shall remember this sentence of mine {address}")
        answered = Said(f"{MAIL} {LINK}")
        gone = [weakref.ref(asked), weakref.ref(answered)]
        request = [Segment(("m",), Role.USER, asked)]
        knowledge = knowledge_of(request, (), judge.request("p", request))
        judgement = judge.answer([Segment(("a",), Role.ASSISTANT, answered, Column.ANSWER)], knowledge)
        assert judgement.decision.edits
        del asked, answered, request, knowledge, judgement
        gc.collect()
        assert [ref() for ref in gone] == [None, None]
    assert engine._kept.cache_info().currsize == patterns


def test_what_is_prepared_is_prepared_once() -> None:
    """For each thing that it is made of; it says nothing about what an exchange knows."""
    calls: list[str] = []

    def double(text: str) -> str:
        calls.append(text)
        return 2 * text

    prepared = Prepared()
    assert [prepared.once(double, text) for text in ("a", "b", "a")] == ["aa", "bb", "aa"]
    assert calls == ["a", "b"]
    assert Knowledge(spoken=("a",)) == Knowledge(spoken=("a",))
