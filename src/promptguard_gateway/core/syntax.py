r"""Reading RE2 syntax into the trees of `core.patterns`.

The subset is what this project and its operators write: literals, escapes, classes (also POSIX and Unicode ones),
groups of any kind, the flags `i`, `m` and `s`, alternatives, greedy and lazy repeats, and the assertions
`^ $ \A \z \b \B`. Groups do not capture. What cannot be closed or is not RE2 (back-references, look-around, atomic
groups, possessive repeats) is refused with the position where it stands.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from promptguard_gateway.core.engine import Program, ProgramError
from promptguard_gateway.core.patterns import Assertion, Node, One, Repeat, in_sequence, one_of

MOST_REPEATS: Final = 1000
"""RE2 refuses to repeat anything more often."""


MOST_NESTED: Final = 60
"""Groups inside each other, so that reading and rewriting a pattern stays within Python's stack."""


class PatternError(ValueError):
    """A pattern that cannot be used. `position` counts characters of the pattern, from 0."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at character {position}")
        self.reason = reason
        self.position = position


class _Flags(Struct, frozen=True):
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False


_NAMES = {"i": "ignore_case", "m": "multi_line", "s": "dot_all"}
_ASSERTIONS = "AzbB"
_CLASSES = "dDsSwW"
_CONTROLS = "nrtafv"
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_HEX = re.compile(r"x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})")
_UNICODE = re.compile(r"[pP](?:[A-Z]|\{\^?[A-Za-z_]+\})")
_GROUP = re.compile(r"\?(?:P?<[A-Za-z_]\w*>|([a-zA-Z]*)(-[a-zA-Z]+)?(:|\)))")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")


@lru_cache(maxsize=4096)
def parse(regex: str) -> Node:
    """The tree of a pattern. Raises `PatternError`."""
    reader = _Reader(regex)
    node = reader.choice(_Flags())
    if reader.position < len(regex):
        raise PatternError("a parenthesis that was never opened", reader.position)
    try:
        Program(regex)
    except ProgramError as error:
        raise PatternError(str(error), 0) from None
    return node


class _Reader:
    """Recursive descent: choice > sequence > repeat > atom."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.position = 0
        self.depth = 0

    def choice(self, flags: _Flags) -> Node:
        options: list[Node] = []
        while True:
            option, flags = self._sequence(flags)
            options.append(option)
            if not self._take("|"):
                return one_of(options)

    def _sequence(self, flags: _Flags) -> tuple[Node, _Flags]:
        items: list[Node] = []
        while self.position < len(self.regex) and self.regex[self.position] not in "|)":
            changed = self._flag_group(flags)
            if changed is None:
                items.append(self._repeated(self._atom(flags)))
            else:
                flags = changed
        return in_sequence(items), flags

    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        lazy = self._take("?")
        if self._peek() in ("*", "+", "?") or _COUNT.match(self.regex, self.position):
            raise PatternError("a repeat of a repeat", self.position)
        return Repeat(node, *bounds, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        found = _COUNT.match(self.regex, self.position)
        if found is None:
            return None
        low = int(found[1])
        high = int(found[3]) if found[3] else (None if found[2] else low)
        if max(low, high or 0) > MOST_REPEATS:
            raise PatternError(f"more than {MOST_REPEATS} repeats", self.position)
        self.position = found.end()
        return low, high

    def _atom(self, flags: _Flags) -> Node:
        start = self.position
        self.position += 1
        match self.regex[start]:
            case "(":
                return self._group(flags)
            case "[":
                return One(self._class(start), flags.ignore_case)
            case ".":
                return One("(?s:.)" if flags.dot_all else ".")
            case "\\":
                return self._escape(flags)
            case "^" | "$" as sign:
                return Assertion(f"(?m:{sign})" if flags.multi_line else sign)
            case "*" | "+" | "?":
                raise PatternError("nothing to repeat", start)
            case character:
                return One("\\" + character if character in "{}]" else character, flags.ignore_case)

    def _flag_group(self, flags: _Flags) -> _Flags | None:
        """`(?i)`: the flags from here to the end of the group around it."""
        found = _GROUP.match(self.regex, self.position + 1) if self._peek() == "(" else None
        if found is None or found[3] != ")":
            return None
        self.position = found.end()
        return self._changed(flags, found)

    def _group(self, flags: _Flags) -> Node:
        start = self.position
        if self._peek() == "?":
            found = _GROUP.match(self.regex, start)
            if found is None:
                raise PatternError("look-around, atomic and conditional groups cannot be used: group", start)
            self.position = found.end()
            flags = self._changed(flags, found)
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise PatternError(f"more than {MOST_NESTED} groups inside each other", start - 1)
        node = self.choice(flags)
        self.depth -= 1
        if not self._take(")"):
            raise PatternError("a parenthesis that is never closed", start - 1)
        return node

    def _changed(self, flags: _Flags, found: re.Match[str]) -> _Flags:
        on, off = found[1] or "", (found[2] or "")[1:]
        if set(on + off) - set(_NAMES):
            raise PatternError(f"the flags {on + off!r} cannot be used, only i, m and s", found.start())
        values = dict.fromkeys((_NAMES[name] for name in on), True) | dict.fromkeys(
            (_NAMES[name] for name in off), False
        )
        return replace(flags, **values)

    def _escape(self, flags: _Flags) -> Node:
        source = self._escape_source()
        if source[1] in _ASSERTIONS:
            return Assertion(source)
        return One(source, flags.ignore_case)

    def _escape_source(self) -> str:
        """What follows a backslash, with the backslash."""
        start = self.position - 1
        kind = self._peek()
        found = _HEX.match(self.regex, self.position) or _UNICODE.match(self.regex, self.position)
        if found is not None:
            self.position = found.end()
        elif kind.isdigit():
            raise PatternError("back-references and octal escapes cannot be used", start)
        elif kind and (kind in _ASSERTIONS + _CLASSES + _CONTROLS or (kind.isascii() and not kind.isalnum())):
            self.position += 1
        else:
            raise PatternError(f"the escape \\{kind} is not known", start)
        return self.regex[start : self.position]

    def _class(self, start: int) -> str:
        """A class in brackets, to its end. What it may hold is checked by RE2 itself."""
        self._take("^")
        self._take("]")
        while not self._take("]"):
            posix = _POSIX.match(self.regex, self.position)
            if posix is not None:
                self.position = posix.end()
            elif self._take("\\"):
                self._escape_source()
            elif self.position < len(self.regex):
                self.position += 1
            else:
                raise PatternError("a class that is never closed", start)
        return self.regex[start : self.position]

    def _peek(self) -> str:
        return self.regex[self.position : self.position + 1]

    def _take(self, character: str) -> bool:
        taken = self._peek() == character
        self.position += taken
        return taken
