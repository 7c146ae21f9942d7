"""Log-probabilities share the fate of their text: none leaves for a character that did not leave itself.

Entries wait in a queue until the inspector of their strand says what became of the characters they stand for. A piece
that left unchanged takes its entries along; the entries of a redacted piece are dropped, and so is an entry that lies
across a border. The alternatives beside each token are other text, which nobody inspected: they are removed whenever
the policy may redact.

Both shapes are served: chat (`content`: a list of entries) and text completions (parallel lists).
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Protocol

from msgspec import Struct

from promptguard_gateway.wire.strict_json import JsonObject, JsonValue


class Piece(Protocol):
    """A part of a strand whose fate is decided: the text that leaves for the original characters start to end."""

    @property
    def text(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


_MEMBERS = ("token", "logprob", "bytes", "top_logprobs", "text_offset")  # of an entry; any other could say anything


class _Placed(Struct, gc=False):
    """An entry and the characters of the strand it stands for. A token that is half a character stands for none."""

    start: int
    end: int
    entry: JsonObject


class LogprobQueue:
    """The entries of one strand, from their arrival until their text is decided.

    Servers that look for stop strings send an entry before its text, so an entry waits for the text it may become.
    `may_redact`: alternatives are removed, and an entry that stands for no character of the text (a control token, or
    half a character with its bytes) is dropped, because nothing says that it may leave. Otherwise nothing can be
    hidden in it, and it leaves with the text that came before it.
    """

    def __init__(self, may_redact: bool) -> None:
        self._may_redact = may_redact
        self._early: deque[JsonObject] = deque()  # entries whose text has not come yet
        self._waiting: deque[_Placed] = deque()
        self._text = ""  # original characters that are not decided yet, from `_base` on
        self._base = 0
        self._placed = 0  # entries cover the strand up to here
        self._clean = 0  # since here, every decided character left unchanged
        self._shift = 0  # characters released minus characters decided

    def push(self, text: str, entries: Iterable[JsonObject]) -> None:
        """The strand went on by `text`, and these entries came with it."""
        if not self._early:
            self._placed = self._base + len(self._text)  # what no entry claimed when it came, none may claim now
        self._text += text
        self._early.extend(entries)
        while self._early and self._place(self._early[0]):
            self._early.popleft()

    def take(self, pieces: Sequence[Piece]) -> list[JsonObject]:
        """The entries that leave with these pieces, which must come in order and without gaps."""
        leaving: list[JsonObject] = []
        for piece in pieces:
            original = self._text[piece.start - self._base : piece.end - self._base]
            unchanged = piece.text == original
            if not unchanged:
                self._clean = piece.end
            while self._waiting and self._waiting[0].end <= piece.end:
                placed = self._waiting.popleft()
                if unchanged and placed.start >= self._clean:
                    leaving.append(self._shifted(placed.entry))
            self._shift += len(piece.text) - (piece.end - piece.start)
        self._forget(pieces)
        return leaving

    def _place(self, entry: JsonObject) -> bool:
        """Find the characters of an entry, or give it up; False while its text may still come."""
        token = entry.get("token")
        at = self._placed
        if isinstance(token, str) and token and self._bytes_agree(entry, token):
            offset = at - self._base
            if self._text.startswith(token, offset):
                self._placed = at + len(token)
                self._waiting.append(_Placed(at, self._placed, self._stripped(entry)))
                return True
            if self._may_redact and token.startswith(self._text[offset:]):
                return False
        if not self._may_redact:
            at = self._placed = self._base + len(self._text)
        if not self._may_redact or (token == "" and not entry.get("bytes")):
            self._waiting.append(_Placed(at, at, self._stripped(entry)))
        return True

    def _bytes_agree(self, entry: JsonObject, token: str) -> bool:
        octets = entry.get("bytes")
        return not self._may_redact or octets is None or octets == list(token.encode())

    def _stripped(self, entry: JsonObject) -> JsonObject:
        if not self._may_redact:
            return entry
        kept = {name: entry[name] for name in _MEMBERS if name in entry}
        if kept.get("top_logprobs"):
            kept["top_logprobs"] = [] if isinstance(kept["top_logprobs"], list) else None
        return kept

    def _shifted(self, entry: JsonObject) -> JsonObject:
        offset = entry.get("text_offset")
        return {**entry, "text_offset": offset + self._shift} if isinstance(offset, int) and self._shift else entry

    def _forget(self, pieces: Sequence[Piece]) -> None:
        """Drop decided text, except what an early entry is waiting to be completed."""
        if pieces:
            decided = pieces[-1].end
            keep = min(decided, self._placed) if self._early else decided
            self._text = self._text[keep - self._base :]
            self._base = keep
            self._placed = max(self._placed, keep)


_LISTS = {"tokens": "token", "token_logprobs": "logprob", "top_logprobs": "top_logprobs", "text_offset": "text_offset"}


def entries_of(logprobs: JsonValue, member: str = "content") -> list[JsonObject]:
    """The entries of a choice's `logprobs`; those of a text completion are brought into the shape of chat entries."""
    if not isinstance(logprobs, dict):
        return []
    if "tokens" not in logprobs:
        content = logprobs.get(member)
        return [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
    lists = {name: values for name, values in logprobs.items() if name in _LISTS and isinstance(values, list)}
    count = min(map(len, lists.values()), default=0)
    return [{_LISTS[name]: values[index] for name, values in lists.items()} for index in range(count)]


def with_entries(logprobs: JsonValue, entries: list[JsonObject], member: str = "content") -> JsonValue:
    """A `logprobs` value of the same shape as the given one with these entries; None if none is left."""
    if not isinstance(logprobs, dict) or not entries:
        return None
    if "tokens" not in logprobs:
        listed: list[JsonValue] = [*entries]
        return {member: listed}
    return {
        name: [entry.get(_LISTS[name]) for entry in entries] if isinstance(logprobs[name], list) else None
        for name in logprobs
        if name in _LISTS
    }


def cut_logprobs(logprobs: JsonValue, texts: Iterable[tuple[str, Sequence[Piece]]], may_redact: bool) -> JsonValue:
    """The `logprobs` of a whole choice after its texts were decided: each text with the pieces that cover it.

    `texts` are in the order in which servers list their tokens: the reasoning, then the content. If the policy may
    redact, only entries that spell one of these texts can stay, since nobody inspected what the others say.
    """
    if not isinstance(logprobs, dict):
        return None
    if not may_redact:
        return logprobs
    entries = entries_of(logprobs)
    kept: list[JsonObject] = []
    for text, pieces in reversed([*texts]):
        begin = _begin_of(text, entries)
        queue = LogprobQueue(may_redact=True)
        queue.push(text, entries[begin:])
        kept = queue.take(pieces) + kept
        entries = entries[:begin]
    return with_entries(logprobs, kept)


def _begin_of(text: str, entries: list[JsonObject]) -> int:
    """Which entry begins the last place where the tokens spell this text; their number if there is none."""
    tokens = [str(entry.get("token")) for entry in entries]
    begin = "".join(tokens).rfind(text) if text else -1
    starts = [*accumulate(map(len, tokens), initial=0)]
    return bisect_left(starts, begin) if begin >= 0 else len(entries)
