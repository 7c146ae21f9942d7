"""The folded view and the skeleton: what a reader sees, character by character."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptguard_gateway.core.confusables import ROWS
from promptguard_gateway.core.fold import fold, fold_text, skeleton, skeleton_text

ODD = st.text(st.characters() | st.sampled_from("ﬁﷺ\u200b\u0301\u00adеＡ①\u3000\U000e0041 a"), max_size=30)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("plain \t\n\r\x00 text", "plain \t\n\r\x00 text"),
        ("ｆｕｌｌ　ｗｉｄｔｈ＠", "full width@"),
        ("𝐛𝐨𝐥𝐝 𝓼𝓬𝓻𝓲𝓹𝓽 ①", "bold script 1"),
        ("ﬁne ﬀ", "fine ff"),
        ("ze\u200bro\u200d \u2060wi\ufeffdth", "zero width"),
        ("so\u00adft", "soft"),
        ("bi\u202edi\u202c", "bidi"),
        ("ta\U000e0067\U000e007fgs", "tags"),
        ("va\ufe0fri\U000e0100ants", "variants"),
        ("e\u0301\u0302\u20dd", "e"),
        ("é", "é"),
        ("a\u00a0b\u2003c\u2028d\u3000e\u1680f\x85g\u2800h", "a b c d e f g h"),
        ("fil\u3164ler\u115f\uffa0", "filler"),
        ("c1\x9bcontrol", "c1control"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("ﷺ", "صلى "),
        ("привет 你好 😀", "привет 你好 😀"),
    ],
)
def test_fold_shows_what_a_reader_sees(text: str, view: str) -> None:
    """Styled letters become plain ones, invisible characters go, spaces are spaces."""
    assert fold(text).text == view


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("раураl", "paypal"),
        ("Ιgnоrе аll", "Ignore all"),
        ("ígnòrë", "ignore"),
        ("i\u0301gnore", "ignore"),
        ("—‘x’“y”", "-'x'\"y\""),
        ("ё", "e"),
        ("ﬁ ＡＢ", "fi AB"),
        ("你好 😀 한", "你好 😀 한"),
    ],
)
def test_skeleton_replaces_look_alikes(text: str, view: str) -> None:
    """Letters of other alphabets and accented ones become the Latin letters they look like."""
    assert skeleton(text).text == view


def test_the_table_of_look_alikes_is_clean() -> None:
    """Each look-alike stands once, is not ASCII, and reaches the table unchanged by folding."""
    others = [other for _, row in ROWS for other in row]
    assert len(others) == len(set(others))
    assert all(not other.isascii() and fold_text(other) == other for other in others)
    assert all(len(latin) == 1 and latin.isascii() for latin, _ in ROWS)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(left=ODD, right=ODD)
def test_views_of_parts_are_parts_of_the_view(left: str, right: str) -> None:
    """fold(x + y) == fold(x) + fold(y), and the same for the skeleton, whose length is that of the folded view."""
    assert fold_text(left + right) == fold_text(left) + fold_text(right)
    assert skeleton(left + right).text == skeleton(left).text + skeleton(right).text
    assert len(skeleton_text(fold_text(left))) == len(fold_text(left)) <= 4 * len(left)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=ODD, data=st.data())
def test_origins_show_the_span_again(text: str, data: st.DataObject) -> None:
    """The original characters of a span fold to a text that holds it and neither begin nor end invisibly."""
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded.text)))
    end = data.draw(st.integers(start, len(folded.text)))
    first, last = folded.origin(start, end)
    assert 0 <= first <= last <= len(text)
    if start < end:
        assert folded.text[start:end] in fold_text(text[first:last])
        assert fold_text(text[first])
        assert fold_text(text[last - 1])


@pytest.mark.parametrize(
    ("text", "span", "origin"),
    [
        ("abc", (1, 2), (1, 2)),
        ("a\u200bb\u200bc", (0, 2), (0, 3)),
        ("\u200babc", (0, 1), (1, 2)),
        ("ﬁx", (1, 3), (0, 2)),
        ("e\u0301x", (0, 1), (0, 1)),
        ("e\u0301x", (0, 2), (0, 3)),
    ],
)
def test_what_is_invisible_inside_a_span_belongs_to_it(
    text: str, span: tuple[int, int], origin: tuple[int, int]
) -> None:
    """Invisible characters between the characters of a span are in it; those at its edges are not."""
    assert fold(text).origin(*span) == origin


@pytest.mark.parametrize("text", ["\ufdfa" * (1 << 20), "a" + "\u0301" * 80_000, "е" * (1 << 20), "a" * (1 << 24)])
def test_folding_is_linear(text: str) -> None:
    """The worst texts for normalisation cost milliseconds (the bound is a hundred times what is measured)."""
    begin = time.process_time()
    skeleton(text)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\u0664\u0661\u0661\u0661", "4111"),
        ("\u096a\u0967", "41"),
        ("\U0001f1ee\U0001f1ec", "ig"),
        ("\U0001f170", "a"),
        ("\u026a\u0262\u0274", "ign"),
    ],
    ids=["Arabic digits", "Devanagari digits", "regional indicators", "squared letters", "small capitals"],
)
def test_digits_and_styled_letters_of_every_script_read_as_plain_ones(text: str, plain: str) -> None:
    """A number in another script is the same number."""
    assert skeleton(text).text == plain
