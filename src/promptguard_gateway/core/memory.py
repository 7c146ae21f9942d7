"""What is remembered from one exchange to the next: results, by the digest of the texts they follow from; no text."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """The newest `size` results. Whoever uses one makes it new again."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[bytes, T] = OrderedDict()

    def get(self, key: bytes) -> T | None:
        """What is remembered under this digest."""
        found = self._kept.pop(key, None)  # in one step: another thread may do the same
        if found is not None:
            self._kept[key] = found
        return found

    def put(self, key: bytes, result: T) -> None:
        """Remember, and forget the oldest."""
        self._kept[key] = result
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


def digest(texts: Iterable[str], before: bytes = b"") -> bytes:
    """BLAKE2b, 256 bits: whoever could find two texts with one digest could have the verdict on one given to the other.

    Each text goes in with its length, so that no two lists say the same. `before`: a digest to begin with.
    """
    made = hashlib.blake2b(before, digest_size=32)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(data))
        made.update(data)
    return made.digest()
