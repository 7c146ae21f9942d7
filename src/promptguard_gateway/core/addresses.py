"""Whether a text that grows is, at its end, inside an address: a place where a client fetches what is written there.

A value that is put into an address leaves for whoever owns the host, with an image even without a click. So values are
not restored there. The rule looks at what stands before, never at what follows, and a stream can follow it:

    an address begins with                               and goes on to
    `//`, `https:` and the like, `www.`, `example.com/`  white space, `<`, `>` or `"`
    one of these behind a quote, or behind `<`           the same quote, or `>`
    `](`, the target of a Markdown link                  white space behind a `)`, or the end of the line;
                                                         with `<` behind it, `>`
    `url(` of a style sheet                              `)`; with a quote behind it, the quote
    `=` in an HTML tag, the value of an attribute        white space or `>`; with a quote behind it, the quote

A tag is `<` and a letter, up to `>`. In doubt the text is an address: what is not restored there stays a placeholder.
"""

import re
from string import ascii_letters

# What begins an address by itself: schemes that clients follow (WHATWG URL: two slashes of either kind, or none at all
# behind `https:`), and hosts that they make links of (GitHub Flavored Markdown, "autolinks"). Every opener is found by
# a rare character in it, which makes prose cheap; what stands before that character is looked back for.
_SCHEMES = ("http", "https", "ws", "wss", "ftp", "mailto", "javascript")
_OPENERS = (
    r"(?P<address>(?<=[/\\])[/\\]|(?:" + "|".join(rf"(?<={scheme}:)" for scheme in _SCHEMES) + r")"
    r"|(?<=www\.)|(?<=\.)[a-z]{2,24}(?::[0-9]{1,5})?[/?#])"
    r"|(?P<css>(?<=url\()\s{0,3}[\"']?)|(?P<target>(?<=\]\()\s{0,3}<?)|(?P<tag>(?<=<)[a-z])"
)
_OUTSIDE = re.compile(rf"[/\\:.(<](?:{_OPENERS})", re.IGNORECASE)
_IN_TAG = re.compile(rf"[/\\:.(<=>](?:{_OPENERS}|(?P<value>(?<==)\s{{0,3}}[\"']?)|(?P<end>(?<=>)))", re.IGNORECASE)
_LONGEST = 40  # characters of an opener, and of what is looked back for, at least

_SPACE, _UNQUOTED, _BARE, _TARGET = r"\s", r"[\s>]", r"[\s<>\"]", r"[)\n]"
_CLOSERS = {end: re.compile(end) for end in (_SPACE, _UNQUOTED, _BARE, _TARGET, '"', "'", ">", r"\)")}
_AFTER = {'"': '"', "'": "'", "<": ">"}  # what ends an address that stands behind this
_MARKS = frozenset("[]<>`")
_KEPT = 4096  # characters that wait before they are read


def is_markup(text: str) -> bool:
    """Whether a text would make an address, a link or a tag of what stands beside it."""
    return not _MARKS.isdisjoint(text) or _OUTSIDE.search(text) is not None


class AddressReader:
    """Follows one text. Costs nothing until somebody asks, but for a reading every few thousand characters."""

    def __init__(self) -> None:
        self._text = ""
        self._position = 0  # what stands before is read
        self._tag = False
        self._until: str | None = None  # what ends the address we are in

    def add(self, text: str) -> None:
        """The text went on."""
        self._text += text
        if len(self._text) > _KEPT:
            self._read(len(self._text) - _LONGEST)
            self._text = self._text[self._position - _LONGEST :]
            self._position = _LONGEST

    @property
    def inside(self) -> bool:
        """Whether what comes next belongs to an address."""
        self._read(len(self._text))
        return self._until is not None

    def _read(self, end: int) -> None:
        """Follow openers and closers that begin before `end`. An opener at the very end may still be one in the making,
        so the search goes on from before it."""
        while True:
            pattern = _CLOSERS[self._until] if self._until else (_IN_TAG if self._tag else _OUTSIDE)
            match = pattern.search(self._text, self._position)
            if match is None or match.start() >= end:
                break
            if self._until:
                self._close(match)
            else:
                self._open(match)
        self._position = max(self._position, min(end, len(self._text) - _LONGEST))

    def _close(self, match: re.Match[str]) -> None:
        """A quote belongs to its address; `>` may end a tag as well; a target may hold more than one `)`."""
        self._position = match.end() if self._until in ('"', "'") else match.start()
        self._until = _SPACE if self._until == _TARGET and match.group() == ")" else None

    def _open(self, match: re.Match[str]) -> None:
        self._position = match.end()
        kind, said = match.lastgroup, match.group()
        if kind in ("tag", "end"):
            self._tag = kind == "tag"
        elif kind == "css":
            self._until = said[-1] if said[-1] in "\"'" else r"\)"
        elif kind == "target":
            self._until = ">" if said[-1] == "<" else _TARGET
        elif kind == "value":
            self._until = said[-1] if said[-1] in "\"'" else _UNQUOTED
        else:
            before = self._text[max(0, match.start() - _LONGEST) : match.start()].rstrip(ascii_letters)
            self._until = _AFTER.get(before[-1:], _BARE)
