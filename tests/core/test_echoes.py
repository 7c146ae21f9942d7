"""Values that a request repeats are found word for word, wherever they stand."""

import itertools
import random
import time

import pytest
from decision_parts import found, inspection, seg
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from promptguard_gateway.core.decision import Edit, decide
from promptguard_gateway.core.echoes import Echoes, apart
from promptguard_gateway.core.policy import Replacement
from promptguard_gateway.core.presets import PRESETS
from promptguard_gateway.core.segments import Column, Role
from promptguard_gateway.core.vault import Vault

POLICY = structs.replace(PRESETS["moderate"], replacement={"pii": Replacement.TOKENIZE})


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        (["12345678911"], "it is 12345678911.", ["12345678911"]),
        (["12345678911"], "no 123456789110, no x12345678911, no 1234567891", []),
        (["12345678911", "李小龙先生"], "号码12345678911是李小龙先生的", ["12345678911", "李小龙先生"]),
        (["Лев Толстой"], "Лев Толстой, не Лев Толстойский", ["Лев Толстой"]),
        (["+49 151 234567"], "call +49 151 234567!", ["+49 151 234567"]),
        (["+49 151 234567"], "call 49 151 234567, +49 151-234567", []),
        (["ana@x.org", "ana@x.org.uk"], "ana@x.org.uk, ana@x.org", ["ana@x.org.uk", "ana@x.org"]),
        (["Calle Mayor 1\n28013 Madrid"], "in Calle Mayor 1\n28013 Madrid", ["Calle Mayor 1\n28013 Madrid"]),
        (["abcd", "abcd abcd"], "abcd abcd abcd", ["abcd abcd", "abcd"]),
        (["(ab)"], "(ab) ab", ["(ab)"]),
        (["abc", "", "....", "@@@@@"], "abc .... @@@@@", []),
        ([], "anything", []),
    ],
)
def test_whole_words_in_the_same_spelling(values: list[str], text: str, expected: list[str]) -> None:
    """Not a part of a word, not another spelling; the longer of two, the first of those that overlap."""
    assert [text[start:end] for start, end in Echoes(values).find(text)] == expected


WORDS = st.lists(st.sampled_from(["ab12", "cd34", "+", " ", "-", "x", "@"]), min_size=1, max_size=8).map("".join)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(values=st.lists(WORDS, max_size=5), text=st.lists(WORDS, max_size=10).map(" ".join))
def test_what_is_found_is_a_value(values: list[str], text: str) -> None:
    """In order, without overlap; and a text without an echo holds no value between spaces."""
    spans = [*Echoes(values).find(text)]
    assert all(text[start:end] in values for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


def test_the_time_is_that_of_the_text_however_many_values_there_are() -> None:
    """Also when all values begin alike, and the text is made of their beginnings."""
    sample = random.Random(1)

    def cost(size: int) -> float:
        values = [f"+49 151 {sample.randint(10**6, 10**7)}" for _ in range(size)]
        text = " ".join("+49 151 +49 151 9" for _ in range(size))
        begun = time.process_time()
        assert [*Echoes(values).find(text)] == []
        return time.process_time() - begun

    cost(500)
    assert cost(16_000) < 40 * max(cost(1_000), 0.002)


def test_spans_apart() -> None:
    """What overlaps a span that is taken is left out; touching is no overlap."""
    assert [*apart([(0, 3), (4, 6), (6, 9), (12, 15)], [(13, 14), (3, 5)])] == [(0, 3), (6, 9)]
    assert [*apart([(0, 3)], [])] == [(0, 3)]


def test_a_token_stands_wherever_the_request_repeats_its_value() -> None:
    """In what the assistant said and in later turns, not in the system prompt, which the policy leaves alone."""
    text = "my number is 12345678911 ok"
    segments = [
        seg("help with 12345678911", column=Column.SYSTEM, role=Role.SYSTEM),
        seg(text),
        seg("12345678911 is registered", column=Column.HISTORY, role=Role.ASSISTANT),
        seg("so 12345678911, or 12345678911?"),
    ]
    vault = Vault(b"k" * 32)
    finding = found(start=13, end=24, segment=1, label="TAX_ID")
    edits = decide(POLICY, segments, inspection(finding), {}, frozenset(), vault).edits
    token = vault.issue("TAX_ID", "12345678911")
    assert edits == (Edit(1, 13, 24, token), Edit(2, 0, 11, token), Edit(3, 3, 14, token), Edit(3, 19, 30, token))
    assert len(vault) == 1


def test_an_echo_gives_way_to_a_finding_and_to_a_withheld_turn() -> None:
    """What is replaced already is not replaced again."""
    segments = [seg("id 1234-5678"), seg("mail 1234-5678@x.org"), seg("1234-5678 blocked before")]
    findings = inspection(found(start=3, end=12, label="ID"), found(start=5, end=20, segment=1))
    vault = Vault(b"k" * 32)
    edits = decide(POLICY, segments, findings, {}, frozenset({2}), vault).edits
    assert [(edit.segment, edit.start, edit.end) for edit in edits] == [(2, 0, 24), (0, 3, 12), (1, 5, 20)]


def test_only_tokens_have_echoes() -> None:
    """A mask or a plain placeholder puts nothing into an answer that could come back."""
    segments = [seg("id 1234-5678"), seg("1234-5678")]
    for how, vault in ((Replacement.MASK, Vault(b"k" * 32)), (Replacement.REDACT, None), (Replacement.TOKENIZE, None)):
        policy = structs.replace(POLICY, replacement={"pii": how})
        edits = decide(policy, segments, inspection(found(start=3, end=12)), {}, frozenset(), vault).edits
        assert len(edits) == 1
