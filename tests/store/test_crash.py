"""A gateway that is killed forgets nothing it acknowledged, and knows afterwards what it was in the middle of.

A child process records exchanges and prints what was acknowledged; it is killed at a named point inside a transaction
or at a random moment. All rounds share one folder, so each also starts from what the one before left behind.
`PROMPTGUARD_CRASH_ROUNDS` makes the soak longer than the 20 rounds of an ordinary run.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptguard_gateway.domain.console import StoredEvent
from promptguard_gateway.store.recovery import UNKNOWN_CRASH
from promptguard_gateway.store.sqlite import SqliteStore

ROUNDS = int(os.environ.get("PROMPTGUARD_CRASH_ROUNDS", "20"))
POINTS = ("before_intent", "after_intent", "before_commit", "after_commit", "before_settling", "after_settling", "")
TESTS = Path(__file__).parent.parent


def run_until_killed(folder: Path, name: str, point: str, chance: random.Random) -> list[tuple[str, str]]:
    """One life of the child; the acknowledgements it printed."""
    passes = chance.randint(1, 3 if "settling" in point else 60)
    child = subprocess.Popen(
        [sys.executable, "-m", "store.crash_child", str(folder), name, point, str(passes)],
        cwd=TESTS,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        assert lines == [b"ready -\n"]
        if not point:
            time.sleep(chance.uniform(0.0, 0.2))
            child.kill()
        lines += child.stdout.readlines()
    assert child.returncode == -9
    return [(kind, identifier) for kind, identifier in (line.decode().split() for line in lines[1:])]


def everything(store: SqliteStore) -> Iterator[StoredEvent]:
    after = 0
    while page := store.events.tail(after, 1000):
        yield from page
        after = page[-1].sequence


@pytest.mark.timeout(30 + 5 * ROUNDS)
def test_killed_at_any_point_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Acknowledged events are stored, acknowledged intents are events or orphans, nothing is there twice."""
    chance = random.Random(20)  # the rounds are the same in every run, as far as a kill can be
    intents: set[str] = set()
    answered: set[str] = set()
    orphans = 0
    for number in range(ROUNDS):
        point = POINTS[number % len(POINTS)]
        for kind, identifier in run_until_killed(tmp_path, f"{number:04}", point, chance):
            (intents if kind == "intent" else answered).add(identifier)
        orphans += check_ledger(tmp_path, intents, answered)
    assert len(answered) > ROUNDS
    assert orphans >= ROUNDS  # every kill finds exchanges under way


def check_ledger(folder: Path, intents: set[str], answered: set[str]) -> int:
    """Reopen and compare; how many orphans this start found."""
    began = time.monotonic()
    store = SqliteStore.open(folder, for_serving=True)
    try:
        assert time.monotonic() - began < 2.0
        outcomes = {}
        counted = Counter[int]()
        for stored in everything(store):
            assert stored.event.id not in outcomes
            outcomes[stored.event.id] = stored.event.outcome
            counted[stored.event.time // 60_000] += 1
        assert not {identifier for identifier in answered if outcomes.get(identifier, UNKNOWN_CRASH) == UNKNOWN_CRASH}
        assert intents <= outcomes.keys()
        totals = Counter[int]()
        for minute in store.events.rollups(0, 2**50):
            totals[minute.minute] += minute.exchanges
        assert totals == counted
        return store.recovered
    finally:
        store.close()
