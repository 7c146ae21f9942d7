"""What something costs, for tests that compare costs."""

from collections.abc import Callable
from time import process_time


def fastest(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of the fastest run: automata are built in the first one, and other programs disturb any."""
    return min(map(_once, [work] * runs))


def _once(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started
