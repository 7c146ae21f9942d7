"""A process that records exchanges and says which were acknowledged, until it is killed, from inside or outside.

Arguments: folder, name of this round, point ("" for none), how often to pass the point before dying there.
Every line on standard output is one acknowledgement: `intent <id>` or `event <id>`.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from promptguard_gateway.store.sqlite import SqliteStore
from store.values import make_event, make_intent

CONCURRENCY = 16
DECISIONS = ("allow", "allow", "allow", "redact", "block")


class DieAt:
    """Kills this process without warning when it passes a point for the n-th time."""

    def __init__(self, point: str, passes: int) -> None:
        self._point = point
        self._passes = passes

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._passes -= 1
            if self._passes <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def acknowledge(kind: str, identifier: str) -> None:
    """One write, so that a line is whole or absent."""
    os.write(1, f"{kind} {identifier}\n".encode())


async def exchanges(store: SqliteStore, name: str, worker: int) -> None:
    """One exchange after the other, for ever."""
    number = 0
    while True:
        identifier = f"evt_{name}_{worker:02}_{number:06}"
        await store.record_intent(make_intent(identifier))
        acknowledge("intent", identifier)
        await store.record_event(make_event(identifier, decision=DECISIONS[number % len(DECISIONS)]))
        acknowledge("event", identifier)
        number += 1


async def main(folder: str, name: str, point: str, passes: str) -> None:
    store = SqliteStore.open(Path(folder), for_serving=True, at=DieAt(point, int(passes)))
    os.write(1, b"ready -\n")
    await asyncio.gather(*(exchanges(store, name, worker) for worker in range(CONCURRENCY)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
