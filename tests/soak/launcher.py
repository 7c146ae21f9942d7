"""`promptguard serve` with a crash point: the store's writer dies when it passes the point for the n-th time.

`SOAK_CRASH` names both, as in `before_commit:7`. Everything else is the program that people run; the point is armed
here, in the tests, because the package has no switch to make it die.
"""

import asyncio
import os
from pathlib import Path

import uvloop

from promptguard_gateway.app import load_settings, running
from promptguard_gateway.cli.serve import announce
from promptguard_gateway.store.sqlite import SqliteStore
from store.crash_child import DieAt


async def main() -> None:
    """Serve until the point is passed."""
    point, _, passes = os.environ["SOAK_CRASH"].partition(":")
    settings = load_settings(os.environ, Path.cwd())
    store = SqliteStore.open(Path(settings.data), for_serving=True, at=DieAt(point, int(passes)))
    async with running(settings, store=store) as gateway:
        await announce(gateway)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
