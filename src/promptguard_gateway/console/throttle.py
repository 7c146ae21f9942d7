"""Guessing passwords is slowed down: after some failures a name has to wait, twice as long each time.

Only a minute at most, so that nobody can lock the administrator out for long by failing on purpose.
"""

from collections import OrderedDict
from collections.abc import Callable

FREE_FAILURES = 5
LONGEST_WAIT = 60.0  # seconds
_FORGIVEN_AFTER = 900.0  # seconds without a failure
_REMEMBERED = 1000  # names


class Throttle:
    """Counts failures by name. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Seconds until the next attempt is heard; 0 when it is now."""
        count, last = self._failures.get(name, (0, 0.0))
        if count < FREE_FAILURES:
            return 0.0
        pause = min(LONGEST_WAIT, 2.0 ** (count - FREE_FAILURES))
        return max(0.0, last + pause - self._clock())

    def failed(self, name: str) -> None:
        """An attempt was wrong."""
        count, last = self._failures.pop(name, (0, 0.0))
        now = self._clock()
        self._failures[name] = (1 if now - last > _FORGIVEN_AFTER else count + 1, now)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """An attempt was right: the failures before are forgotten."""
        self._failures.pop(name, None)
