"""Cutting texts: windows of tokens that overlap and together cover every character, each with its place in the text."""

import os
from collections.abc import Iterator

from msgspec import Struct

from promptguard_gateway.core.fold import Folded, skeleton
from promptguard_gateway.core.text_model import Passage
from promptguard_gateway.inference.manifest import ArtifactError, Windows

# Threads of its own would take what other requests use. It reads this when it is loaded.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import FixedLength, Sequence


class Cut(Struct, frozen=True):
    """One window: token ids as the model gets them, and the characters of the passage that they stand for."""

    ids: tuple[int, ...]
    start: int
    end: int


class Cutter:
    """Cuts passages as a manifest says. Raises ArtifactError for a tokenizer that is none."""

    def __init__(self, tokenizer: bytes, windows: Windows) -> None:
        try:
            self._tokenizer: Tokenizer = Tokenizer.from_buffer(tokenizer)
        except Exception as error:  # the library raises plain exceptions
            raise ArtifactError(f"tokenizer.json cannot be read ({type(error).__name__}).") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        split_long_words(self._tokenizer)
        self.windows = windows

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return self._tokenizer.get_vocab_size()

    def cut(self, passage: Passage) -> list[Cut]:
        """The windows of a passage; none for a text without tokens."""
        view = skeleton(passage.text) if self.windows.folded else Folded(passage.text, passage.text)
        # A batch of one, because only batches give up the interpreter lock.
        encoding = self._tokenizer.encode_batch([view.text], add_special_tokens=False)[0]
        return list(self._cuts(passage, view, encoding.ids, encoding.offsets))

    def _cuts(self, passage: Passage, view: Folded, ids: list[int], offsets: list[tuple[int, int]]) -> Iterator[Cut]:
        windows, speaker = self.windows, self.windows.speakers.get(passage.speaker)
        head = (windows.first,) if speaker is None else (windows.first, speaker)
        for first, last in strides(len(ids), windows.inside, windows.overlap):
            start, end = view.origin(offsets[first][0], offsets[last - 1][1])
            # What stands before the first token and behind the last belongs to their windows.
            yield Cut(
                (*head, *ids[first:last], windows.last),
                0 if first == 0 else start,
                len(passage.text) if last == len(ids) else end,
            )


def split_long_words(tokenizer: Tokenizer) -> None:
    """WordPiece takes a word of more than a hundred characters for one unknown token, and the model would not see what
    it says. So such words are split before."""
    if isinstance(tokenizer.model, WordPiece):
        split = FixedLength(tokenizer.model.max_input_chars_per_word)
        before = tokenizer.pre_tokenizer
        tokenizer.pre_tokenizer = split if before is None else Sequence([before, split])


def strides(count: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """First and last of windows of `size` over `count` things; neighbours share `overlap`."""
    for first in range(0, max(count - overlap, min(count, 1)), size - overlap):
        yield first, min(first + size, count)
