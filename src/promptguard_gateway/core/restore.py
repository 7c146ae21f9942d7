"""Putting values back: the placeholders of an exchange's own request, in the text that its client reads.

Restoring comes last, behind all inspection: what is put back is the client's own and is not judged again. A placeholder
counts only in the model's own words, whole, and outside of addresses (`core.addresses`). A value that is itself an
address or markup stays a placeholder: it would change what the text beside it is, and that was inspected without it.
The beginning of a placeholder at the end of what has arrived waits for the rest, so that every way of cutting an answer
gives the same text.
"""

import json
import re
from collections.abc import Iterable

from promptguard_gateway.core.addresses import AddressReader, is_markup
from promptguard_gateway.core.stream import Piece
from promptguard_gateway.core.vault import Vault

_BRACKETED = re.compile(r"\[[^\[\]]{1,400}\]")
_JSON = ("{", "[{", '["')  # how a text begins that is JSON


class Restorer:
    """Restores one running text. `restored` counts the values that were put back."""

    def __init__(self, vault: Vault) -> None:
        self.restored = 0
        self._vault = vault
        self._reader = AddressReader()
        self._held = ""  # may become a placeholder
        self._end = 0  # original characters so far
        self._lead = ""  # the first two characters that are no spaces

    def feed(self, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        """Pieces that an inspector released, in order; what may leave of them."""
        out: list[Piece] = []
        for piece in pieces:
            if piece.fixed:
                self._let_go(out)
                self._emit(piece, out)
            else:
                self._take(piece, out)
            self._end = piece.end
        return tuple(out)

    def finish(self) -> tuple[Piece, ...]:
        """The text is over: what was held back."""
        out: list[Piece] = []
        self._let_go(out)
        return tuple(out)

    def _take(self, piece: Piece, out: list[Piece]) -> None:
        base = piece.start - len(self._held)
        text = self._held + piece.text
        ready = len(text) - self._vault.pending(text)
        position = 0
        for match in _BRACKETED.finditer(text, 0, ready):
            value = self._vault.value(match.group())
            if value is not None:
                self._emit(_plain(text, base, position, match.start()), out)
                self._emit(self._restored(value, text, base, match), out)
                position = match.end()
        self._emit(_plain(text, base, position, ready), out)
        self._held = text[ready:]

    def _restored(self, value: str, text: str, base: int, match: re.Match[str]) -> Piece:
        if self._reader.inside or is_markup(value):
            return _plain(text, base, match.start(), match.end())
        self.restored += 1
        said = json.dumps(value, ensure_ascii=False)[1:-1] if self._lead.startswith(_JSON) else value
        return Piece(said, base + match.start(), base + match.end(), fixed=True)

    def _let_go(self, out: list[Piece]) -> None:
        held, self._held = self._held, ""
        self._emit(Piece(held, self._end - len(held), self._end), out)

    def _emit(self, piece: Piece, out: list[Piece]) -> None:
        if piece.start == piece.end:
            return
        out.append(piece)
        self._reader.add(piece.text)
        if len(self._lead) < 2:
            self._lead = (self._lead + "".join(piece.text.split(None, 2)[:2]))[:2]


def _plain(text: str, base: int, start: int, end: int) -> Piece:
    return Piece(text[start:end], base + start, base + end)
