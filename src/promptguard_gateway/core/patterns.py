"""Patterns as trees, because a stream needs more from a pattern than "does it occur".

Whether the end of an unfinished text may still become a finding is a question about the *prefixes* of the pattern's
words. The words of a pattern are a regular language, their prefixes are one too, and its pattern can be written down:

    pre(empty)  = empty                     pre(x y)    = pre(x) | x pre(y)
    pre(c)      = c?                        pre(x | y)  = pre(x) | pre(y)
    pre(^)      = empty                     pre(x{m,n}) = x{0,n-1} pre(x)

Assertions (`\\b`, `^`, `$`) are dropped, so a closure accepts more than the prefixes and never less: a stream may wait
a character too long and can never let one go too early. `core.syntax` reads RE2 syntax into these trees.
"""

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct


class Empty(Struct, frozen=True):
    """Matches the empty text."""


class One(Struct, frozen=True):
    """Exactly one character: a literal, a class or a dot, kept as it was written."""

    source: str
    ignore_case: bool = False


class Assertion(Struct, frozen=True):
    """Matches the empty text in some places only."""

    source: str


class Sequence(Struct, frozen=True):
    """One after the other."""

    items: tuple["Node", ...]


class Choice(Struct, frozen=True):
    """One of several, the first that leads to a match."""

    options: tuple["Node", ...]


class Repeat(Struct, frozen=True):
    """From `low` to `high` times; `high` None is without end."""

    node: "Node"
    low: int
    high: int | None
    lazy: bool = False


Node = Empty | One | Assertion | Sequence | Choice | Repeat

EMPTY = Empty()
_STEPS = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
# Sequences longer than this are halved rather than nested, so that nesting grows with the logarithm of their length.
_NESTED = 16


def in_sequence(items: list[Node]) -> Node:
    """The nodes one after the other, without empty ones."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, Sequence) else (item,))
    kept = tuple(item for item in flat if not isinstance(item, Empty))
    if not kept:
        return EMPTY
    return kept[0] if len(kept) == 1 else Sequence(kept)


def one_of(options: list[Node]) -> Node:
    """The nodes as alternatives, without repeating one."""
    kept = tuple(dict.fromkeys(options))
    return kept[0] if len(kept) == 1 else Choice(kept)


def emit(node: Node) -> str:
    """The tree as RE2 syntax."""
    match node:
        case Empty():
            return ""
        case One(source, ignore_case):
            return f"(?i:{source})" if ignore_case else source
        case Assertion(source):
            return source
        case Sequence(items):
            return "".join(_emit_run(ignore_case, list(run)) for ignore_case, run in groupby(items, _ignores_case))
        case Choice(options):
            return f"(?:{'|'.join(map(emit, options))})"
        case Repeat(inner, low, high, lazy):
            return _emit_atom(inner) + _STEPS.get((low, high), _counted(low, high)) + ("?" if lazy else "")


def _ignores_case(node: Node) -> bool:
    return isinstance(node, One) and node.ignore_case


def _emit_run(ignore_case: bool, run: list[Node]) -> str:
    if ignore_case:
        return f"(?i:{''.join(node.source for node in run if isinstance(node, One))})"
    return "".join(map(emit, run))


def _emit_atom(node: Node) -> str:
    return emit(node) if isinstance(node, One | Choice) else f"(?:{emit(node)})"


def _counted(low: int, high: int | None) -> str:
    if high is None:
        return f"{{{low},}}"
    return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def without_assertions(node: Node) -> Node:
    """The same pattern, true everywhere its assertions were false."""
    match node:
        case Assertion():
            return EMPTY
        case Sequence(items):
            return in_sequence([without_assertions(item) for item in items])
        case Choice(options):
            return one_of([without_assertions(option) for option in options])
        case Repeat(inner, low, high):
            return _repeat(without_assertions(inner), low, high)
        case _:
            return node


def closure(node: Node) -> Node:
    """A pattern of all prefixes of all words of `node`, the words themselves and the empty one included."""
    return _closure(without_assertions(node))


def _closure(node: Node) -> Node:
    match node:
        case One():
            return Repeat(node, 0, 1)
        case Sequence(items):
            return _closure_of_sequence(items)
        case Choice(options):
            return one_of([_closure(option) for option in options])
        case Repeat(inner, _, high):
            return _closure_of_repeat(inner, high)
        case _:
            return EMPTY


def _closure_of_sequence(items: tuple[Node, ...]) -> Node:
    if len(items) > _NESTED:
        middle = len(items) // 2
        head, tail = items[:middle], items[middle:]
        return one_of([_closure_of_sequence(head), in_sequence([*head, _closure_of_sequence(tail)])])
    closed = _closure(items[-1])
    for item in reversed(items[:-1]):
        further = in_sequence([item, closed])
        closed = Repeat(further, 0, 1) if isinstance(item, One) else one_of([_closure(item), further])
    return closed


def _closure_of_repeat(inner: Node, high: int | None) -> Node:
    if high == 0:
        return EMPTY
    if isinstance(inner, One):
        return Repeat(inner, 0, high)
    return in_sequence([_repeat(inner, 0, None if high is None else high - 1), _closure(inner)])


def _repeat(node: Node, low: int, high: int | None) -> Node:
    if isinstance(node, Empty) or high == 0:
        return EMPTY
    return node if (low, high) == (1, 1) else Repeat(node, low, high)


def reverse(node: Node) -> Node:
    """A pattern of the words of `node`, written from their end to their beginning."""
    match node:
        case Sequence(items):
            return Sequence(tuple(reverse(item) for item in reversed(items)))
        case Choice(options):
            return Choice(tuple(reverse(option) for option in options))
        case Repeat(inner, low, high, lazy):
            return Repeat(reverse(inner), low, high, lazy)
        case _:
            return node


def shortest(node: Node) -> int:
    """How many characters the shortest word of the pattern has."""
    match node:
        case Empty() | Assertion():
            return 0
        case One():
            return 1
        case Sequence(items):
            return sum(map(shortest, items))
        case Choice(options):
            return min(map(shortest, options))
        case Repeat(inner, low):
            return low * shortest(inner)


def longest(node: Node) -> int | None:
    """How many characters the longest word of the pattern has; None if there is no longest."""
    match node:
        case One():
            return 1
        case Sequence(items):
            sizes = [longest(item) for item in items]
            return None if None in sizes else sum(size or 0 for size in sizes)
        case Choice(options):
            sizes = [longest(option) for option in options]
            return None if None in sizes else max(size or 0 for size in sizes)
        case Repeat(inner, _, high):
            size = longest(inner)
            return None if size is None or high is None else size * high
        case _:
            return 0


def copies(node: Node) -> int:
    """How many characters counted repeats add to a pattern: `a{3}` is `aaa`, two more than are written.

    Each of them is a place where a text may be in the pattern. Many at once is what makes a pattern expensive.
    """
    match node:
        case Sequence(items):
            return sum(map(copies, items))
        case Choice(options):
            return sum(map(copies, options))
        case Repeat(inner, low, high):
            times = max(low if high is None else high, 1)
            return times * copies(inner) + (times - 1) * sum(1 for _ in ones(inner))
        case _:
            return 0


def ones(node: Node) -> Iterator[One]:
    """Every place of the pattern that takes one character."""
    match node:
        case One():
            yield node
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from ones(part)
        case Repeat(inner):
            yield from ones(inner)
