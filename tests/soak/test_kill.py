"""The whole gateway is killed under load, again and again on one data folder, and its books still balance.

Three parties keep books: the clients (what they were told), the upstream (what reached it), and the store. After each
restart they are compared. `PROMPTGUARD_SOAK_KILLS` sets the count of the long run, `PROMPTGUARD_SOAK_SECONDS` ends it
early; the kills that were made are printed.
"""

import asyncio
import os
import random
import signal
import sqlite3
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.recovery import UNKNOWN_CRASH
from soak.process import GatewayProcess, events_of, spawn, start
from soak.traffic import Clients, TokenUpstream, Told, nothing, token_source

CLIENTS = 16
READY_SECONDS = 15.0  # of the median start: one or two on a machine that does nothing else
# Inside the gateway's writer; seen from the upstream; seen from a client; and anywhere, during a start included.
IN_WRITER = ("before_intent", "after_intent", "before_commit", "after_commit", "before_settling", "after_settling")
AT_UPSTREAM = ("dispatched", "mid_stream", "upstream_done")
AT_CLIENT = ("first_byte", "last_byte")
POINTS = (*IN_WRITER, *AT_UPSTREAM, *AT_CLIENT, "any", "start")


@dataclass
class Fuse:
    """Kills a process when a point is passed for the n-th time."""

    point: str
    passes: int
    pid: int

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.passes -= 1
            if self.passes == 0:
                os.kill(self.pid, signal.SIGKILL)


@dataclass
class Books:
    """The clients' ledger, the upstream's, and what the store says so far."""

    data: Path
    told: list[Told] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    sequence: int = 0
    stored: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> decision, outcome
    tokens: set[str] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)

    def balance(self) -> None:
        """Compare all three after a restart, then begin a new page."""
        orphans = self._read_store()
        for line in self.told:
            decision, outcome = self.stored[line.event_id]  # whoever saw an id can look it up
            if line.complete:
                assert outcome in ("answered", "blocked"), line
                assert decision == line.decision, line
                self.tally["complete answers"] += 1
        unaccounted = {token for token in self.reached if token not in self.tokens}
        assert len(unaccounted) <= orphans <= CLIENTS
        self._check_database()
        self.tally["requests upstream"] += len(self.reached)
        self.tally[UNKNOWN_CRASH] += orphans
        self.told.clear()
        self.reached.clear()

    def _read_store(self) -> int:
        """What is new in the store; how many of it are exchanges that died."""
        orphans = 0
        for one in events_of(self.data, self.sequence):
            assert one.event.id not in self.stored
            self.stored[one.event.id] = (one.event.decision, one.event.outcome)
            self.sequence = one.sequence
            orphans += one.event.outcome == UNKNOWN_CRASH
            if one.event.end_user is not None:
                assert one.event.end_user not in self.tokens
                self.tokens.add(one.event.end_user)
        return orphans

    def _check_database(self) -> None:
        connection = sqlite3.connect(f"file:{self.data / DATABASE}?mode=ro", uri=True)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("SELECT count(*) FROM intents").fetchone() == (0,)
            counted = connection.execute("SELECT sum(exchanges) FROM rollups").fetchone()[0] or 0
            assert counted == len(self.stored)
        finally:
            connection.close()


async def die_at(gateway: GatewayProcess, upstream: TokenUpstream, clients: Clients, point: str, passes: int) -> None:
    """Load the gateway until it is dead: by its own crash point, by a fuse, or at a random moment."""
    fuse = Fuse(point, passes, gateway.pid) if point in AT_UPSTREAM + AT_CLIENT else nothing
    upstream.hook = clients.hook = fuse
    load = asyncio.create_task(clients.run(CLIENTS))
    patience = clients.chance.uniform(0.0, 0.6) if point == "any" else 10.0
    done, _ = await asyncio.wait({load}, timeout=patience)
    assert done or point == "any", f"{point} was not passed"
    gateway.kill()
    await load
    upstream.hook = nothing
    await gateway.process.communicate()
    assert gateway.process.returncode == -signal.SIGKILL


async def die_during_start(data: Path, upstream: TokenUpstream, seconds: float) -> None:
    """A start that is killed, perhaps in the middle of naming the orphans of the kill before."""
    process = await spawn(data, upstream.origin)
    await asyncio.sleep(seconds)
    process.kill()
    await process.communicate()


async def kill_often(data: Path, kills: int, end: float) -> tuple[Books, list[float], int]:
    """The books, the seconds of every restart, and the kills that were made until `end` (monotonic)."""
    chance = random.Random(20261123)
    books, ready, tokens = Books(data), list[float](), token_source()
    made = 0
    async with TokenUpstream() as upstream:
        while made < kills and time.monotonic() < end:
            point = POINTS[made % len(POINTS)]
            passes = chance.randint(1, 3 if "settling" in point else 120)
            made += 1
            if point == "start":
                await die_during_start(data, upstream, chance.uniform(0.3, 1.5))
                continue
            crash = f"{point}:{passes}" if point in IN_WRITER else ""
            gateway = await start(data, upstream.origin, crash=crash)
            try:
                ready.append(gateway.ready_seconds)
                books.balance()
                clients = Clients(gateway.port, chance, tokens)
                await die_at(gateway, upstream, clients, point, passes)
            finally:
                gateway.kill()
            books.told, books.reached = clients.told, list(upstream.seen)
            upstream.seen.clear()
        gateway = await start(data, upstream.origin)
        books.balance()
        gateway.terminate()
        await gateway.process.communicate()
    return books, ready, made


def run(tmp_path: Path, kills: int, seconds: float) -> int:
    """The test's body; how many kills were made."""
    data = tmp_path / "data"
    books, ready, made = asyncio.run(kill_often(data, kills, time.monotonic() + seconds))
    worst = ", ".join(f"{seconds:.2f}" for seconds in sorted(ready)[-3:])
    print(
        f"\n{made} kills at {len(POINTS)} points: {len(books.stored)} events, {dict(books.tally)}; "
        f"start to readiness {statistics.median(ready):.2f} s (median), the slowest {worst} s"
    )
    assert books.tally["complete answers"] > made
    assert books.tally[UNKNOWN_CRASH] > 0
    assert statistics.median(ready) < READY_SECONDS
    return made


@pytest.mark.timeout(300)  # a start takes seconds, on a busy machine many
def test_killed_at_every_point_the_books_balance(tmp_path: Path) -> None:
    """Every point once: complete answers are stored as told, what reached the upstream is known, nothing is twice."""
    assert run(tmp_path, len(POINTS), 280) == len(POINTS)


@pytest.mark.clients
@pytest.mark.timeout(900)
def test_killed_twenty_times_the_books_balance(tmp_path: Path) -> None:
    """The same, as often as every change has to stand."""
    assert run(tmp_path, 20, 800) == 20


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_killed_hundreds_of_times_the_books_balance(tmp_path: Path) -> None:
    """The same, as often as a release has to stand."""
    kills = int(os.environ.get("PROMPTGUARD_SOAK_KILLS", "300"))
    run(tmp_path, kills, float(os.environ.get("PROMPTGUARD_SOAK_SECONDS", "10800")))
