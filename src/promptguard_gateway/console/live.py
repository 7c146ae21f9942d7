"""Events as they happen, as server-sent events that resume without a gap.

A feed reads committed events behind a sequence; the sequence is the id of what it sends. A browser that was cut off
sends the last id it saw and goes on from there. The writers know nothing of feeds: a slow browser delays only itself,
and one that is hopelessly behind is told what it misses.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from promptguard_gateway.domain.ports import EventQueries

BACKLOG = 100  # events that a feed begins with
BATCH = 200
MOST_BEHIND = 2_000  # events; beyond, the feed skips to the newest ones and says so
_PAUSE = 0.5  # seconds between two looks
_BEAT = 15.0  # seconds of silence after which a comment keeps the connection, and the session is looked at


async def feed(
    queries: EventQueries,
    after: int | None,
    alive: Callable[[], Awaitable[bool]],
    *,
    pause: float = _PAUSE,
    beat: float = _BEAT,
) -> AsyncGenerator[bytes, None]:
    """Frames for everything behind `after` (None: the newest few). Ends when `alive` says no."""
    loop = asyncio.get_running_loop()
    last = await asyncio.to_thread(queries.last_sequence)
    position = max(0, last - BACKLOG) if after is None else min(after, last)
    checked = loop.time()
    yield b"retry: 2000\n\n"
    while True:
        last = await asyncio.to_thread(queries.last_sequence)
        if last - position > MOST_BEHIND:
            yield _frame("skipped", last - BACKLOG, {"events": last - BACKLOG - position})
            position = last - BACKLOG
        if last > position:
            rows = await asyncio.to_thread(queries.after, position, BATCH)
            position = rows[-1].sequence if rows else last
            yield _frame("events", position, rows)
        if loop.time() - checked > beat:
            checked = loop.time()
            if not await alive():
                return
            yield b": still here\n\n"
        if last - position <= 0:
            await asyncio.sleep(pause)


def _frame(event: str, identifier: int, data: object) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (event.encode(), identifier, msgspec.json.encode(data))
