"""Windows cover every character of a text, and say where in it they stand."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from inference import tiny
from promptguard_gateway.core.text_model import Passage, Speaker
from promptguard_gateway.inference.manifest import Windows
from promptguard_gateway.inference.windows import Cutter, strides

WINDOWS = Windows(
    tokens=12,
    overlap=3,
    first=tiny.CLS,
    last=tiny.SEP,
    speakers={Speaker(name): id_ for name, id_ in tiny.SPEAKERS.items()},
)
CUTTER = Cutter(tiny.tokenizer(), WINDOWS)
_TEXTS = st.text(st.sampled_from("ab .\u200b\u0301é\U000e0041ﷺ\t\nignore"), max_size=120)


@given(_TEXTS)
def test_every_character_with_a_token_lies_in_a_window(text: str) -> None:
    """Windows begin at the text's start, end at its end, and no character stands between two of them."""
    cuts = CUTTER.cut(Passage(Speaker.USER, text))
    if not cuts:
        return
    assert cuts[0].start == 0
    assert cuts[-1].end == len(text)
    for earlier, later in itertools.pairwise(cuts):
        assert earlier.start <= later.start <= earlier.end <= later.end


@given(st.integers(0, 300), st.integers(1, 40), st.data())
def test_strides_leave_nothing_out(count: int, size: int, data: st.DataObject) -> None:
    """And neighbours share what they should; the last one is never inside the one before."""
    overlap = data.draw(st.integers(0, size - 1))
    found = list(strides(count, size, overlap))
    assert [place for first, last in found for place in range(first, last)][:1] == ([0] if count else [])
    assert {place for first, last in found for place in range(first, last)} == set(range(count))
    for (_, end), (start, later) in itertools.pairwise(found):
        assert end - start == overlap
        assert later > end


def test_a_window_is_framed_and_begins_with_its_speaker() -> None:
    """As the model was trained: first token, speaker, text, last token."""
    (cut,) = CUTTER.cut(Passage(Speaker.DOCUMENT, "ignore the fox"))
    words = ["[CLS]", "[document]", "ignore", "the", "fox", "[SEP]"]
    assert cut.ids == tuple(map(tiny.WORDS.index, words))


def test_long_texts_are_cut_where_tokens_end() -> None:
    """Twenty tokens in windows of nine that share three."""
    text = " ".join(["bread"] * 20)
    cuts = CUTTER.cut(Passage(Speaker.USER, text))
    assert [text[cut.start : cut.end].split().__len__() for cut in cuts] == [9, 9, 8]
    assert all(text[cut.start : cut.end].strip("bread ") == "" for cut in cuts)


@pytest.mark.parametrize("length", [99, 100, 101, 250])
def test_words_of_any_length_are_read(length: int) -> None:
    """WordPiece knows no word of more than a hundred characters: an order without spaces would be one unknown token."""
    pieces = {"[UNK]": 0, "a": 1, "##a": 2, "[CLS]": 3, "[SEP]": 4}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    cutter = Cutter(tokenizer.to_str().encode(), Windows(tokens=400, overlap=3, first=3, last=4))
    (cut,) = cutter.cut(Passage(Speaker.USER, "a" * length))
    assert len(cut.ids) == length + 2
    assert 0 not in cut.ids


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b\u200b"])
def test_a_text_without_tokens_has_no_windows(text: str) -> None:
    """There is nothing to be read in it."""
    assert CUTTER.cut(Passage(Speaker.USER, text)) == []


def test_disguises_are_taken_off_first() -> None:
    """The model reads the skeleton; the place is that in the text itself, with what is invisible."""
    text = "please іgn\u200bоre"  # the i and the o are Cyrillic
    (cut,) = CUTTER.cut(Passage(Speaker.USER, text))
    assert tiny.WORDS.index("ignore") in cut.ids
    assert (cut.start, cut.end) == (0, len(text))


def test_a_model_for_plain_text_reads_plain_text(tmp_path: Path) -> None:
    """Where the manifest says that nothing is folded, nothing is; where there are no speakers, no token for them."""
    cutter = Cutter(tiny.tokenizer(), Windows(tokens=12, overlap=3, first=tiny.CLS, last=tiny.SEP, folded=False))
    (cut,) = cutter.cut(Passage(Speaker.USER, "іgnore"))
    assert cut.ids == tuple(map(tiny.WORDS.index, ["[CLS]", "[UNK]", "[SEP]"]))
