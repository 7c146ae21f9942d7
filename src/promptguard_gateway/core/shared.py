"""Compiled programs that policies share: two policies differ in thresholds and cells, hardly ever in patterns.

Compiling takes seconds and a hundred megabytes for each policy if nothing is shared. What is shared lives as long as
somebody uses it, and no longer, so a gateway whose policies change all day does not grow.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Shared(Generic[T]):
    """Makes a value of a list of patterns, or gives the one that somebody has of the same list."""

    def __init__(self, make: Callable[[tuple[str, ...]], T]) -> None:
        self._make = make
        self._made: WeakValueDictionary[tuple[str, ...], T] = WeakValueDictionary()

    def of(self, regexes: Iterable[str]) -> T:
        """Raises what making it raises. Two threads that ask at once may make it twice, which is harmless."""
        key = tuple(regexes)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(key)
        return made
