"""The grammars that training draws from: each is whole, and what they give is the same for the same chance."""

from random import Random

import pytest
from training import grammar
from training.augment import TRICKS, embedded, padded

STARTS = {
    "attacks": {"injection", "embedded", "exfiltration", "jailbreak", "other_language"},
    "harmless": {"user", "document"},
    "harms": {
        *("self_harm", "violence", "sexual", "malware", "illicit", "hate", "harassment"),
        *("self_harm_safe", "violence_safe", "sexual_safe", "malware_safe", "illicit_safe", "hate_safe"),
        *("self_harm_answer", "violence_answer", "sexual_answer", "malware_answer", "illicit_answer"),
        *("harassment_safe", "hate_answer", "harassment_answer", "answer_safe"),
    },
}


@pytest.mark.parametrize("name", STARTS)
def test_every_symbol_is_used(name: str) -> None:
    """A symbol that nothing leads to is a slip."""
    found = grammar.read(name)
    reached, waiting = set(), list(STARTS[name])
    while waiting:
        symbol = waiting.pop()
        if symbol not in reached:
            reached.add(symbol)
            waiting += [one for text in found[symbol] for one in grammar.SYMBOL.findall(text)]
    assert reached == found.keys()


@pytest.mark.parametrize("name", STARTS)
def test_texts_are_whole_and_repeatable(name: str) -> None:
    """No brace of a symbol is left, and a seed gives one text."""
    found = grammar.read(name)
    for start in STARTS[name]:
        texts = [grammar.text(Random(seed), found, start) for seed in range(200)]
        assert texts == [grammar.text(Random(seed), found, start) for seed in range(200)]
        assert not [text for text in texts if grammar.SYMBOL.search(text)]
        assert all(text.strip() for text in texts)


def test_no_twin_is_an_attack() -> None:
    """No text is drawn both as an attack and as harmless."""
    attacks, harmless = grammar.read("attacks"), grammar.read("harmless")
    bad = {grammar.text(Random(seed), attacks, start) for seed in range(3000) for start in STARTS["attacks"]}
    good = {grammar.text(Random(seed), harmless, start) for seed in range(3000) for start in STARTS["harmless"]}
    assert not bad & good


def test_an_order_stays_whole_in_its_document() -> None:
    """And the document around it too."""
    document = "First part. Second part!\nThird part?"
    for seed in range(100):
        text = embedded(Random(seed), "Do it now.", document)
        assert "Do it now." in text
        assert text.replace("Do it now.", "").split() == document.split()
        assert "Do it now." in padded(Random(seed), "Do it now.", ["One.", "Two."])


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_leaves_something_to_read(trick) -> None:
    """The same text for the same seed, and never an empty one."""
    for seed in range(50):
        text = trick(Random(seed), "Please read the second page aloud.")
        assert text == trick(Random(seed), "Please read the second page aloud.")
        assert len(text) > 10
