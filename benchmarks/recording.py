"""What recording an exchange costs, and what it could cost with journals: lines appended to a file beside the database.

Run as `python -m benchmarks.recording`. Every way records an intent and an allowed event, with other work in between
that takes the caches as a request does; CPU of the calling thread, in interleaved blocks. Nothing waits for the disk
in any of them. What journals leave to do at start and when they grow is not in the figures.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.gateway import markdown
from promptguard_gateway.domain.events import Coverage, Event, Intent
from promptguard_gateway.store.dialect import connect_writer
from promptguard_gateway.store.sqlite import DATABASE, SqliteStore
from promptguard_gateway.store.transaction import EventRow, Recorder, event_row, intent_row

BLOCKS = 25
_BLOCK = 64  # exchanges, and events in one transaction where they are gathered
_DOCUMENT = json.dumps([{"number": number, "words": ["word"] * 5} for number in range(60)])
_COLUMNS = {"project": "default", "api_key": "key_1", "route": "chat.completions"}

Step = Callable[[str], None]


def intent(identifier: str) -> Intent:
    """As a chat request leaves one."""
    return Intent(id=identifier, time=time.time_ns() // 1_000_000, digest="sha256:" + "0" * 64, **_COLUMNS)


def event(identifier: str) -> Event:
    """Of an exchange in which nothing was found."""
    return Event(
        id=identifier,
        time=time.time_ns() // 1_000_000,
        end_user=None,
        dialect="openai_chat",
        model="vllm/demo",
        upstream="demo",
        streamed=False,
        policy="default:moderate",
        policy_version=1,
        mode="enforce",
        direction="input",
        decision="allow",
        flagged=False,
        threat_type=None,
        confidence=0.0,
        coverage={"input": Coverage(leaves=3, inspected=2, exempt={"identifier": 1}, characters=450)},
        timings_us={"total": 5_500, "upstream": 5_000},
        outcome="answered",
        status=200,
        **_COLUMNS,
    )


class Database:
    """Both as transactions, as the gateway does when one exchange is under way."""

    name = "two transactions (the gateway)"

    def __init__(self, recorder: Recorder, journal: int) -> None:
        self._recorder = recorder

    def begin(self, identifier: str) -> None:
        self._recorder.write([intent_row(intent(identifier))], [])

    def end(self, identifier: str) -> None:
        self._recorder.write([], [event_row(event(identifier))])


class IntentJournal(Database):
    """The intent as a line, the event as a transaction."""

    name = "intent in a journal"

    def __init__(self, recorder: Recorder, journal: int) -> None:
        super().__init__(recorder, journal)
        self._journal = journal

    def begin(self, identifier: str) -> None:
        os.write(self._journal, msgspec.json.encode(intent(identifier)) + b"\n")


class Journals(IntentJournal):
    """Both as lines, and the events of a block in one transaction, counted here like the rest."""

    name = f"both in a journal, {_BLOCK} events a transaction"

    def __init__(self, recorder: Recorder, journal: int) -> None:
        super().__init__(recorder, journal)
        self._gathered: list[EventRow] = []

    def end(self, identifier: str) -> None:
        row = event_row(event(identifier))
        os.write(self._journal, msgspec.json.encode(row[1]) + b"\n")
        self._gathered.append(row)
        if len(self._gathered) == _BLOCK:
            self._recorder.write([], self._gathered)
            self._gathered.clear()


WAYS = (Database, IntentJournal, Journals)


def timed(step: Step, identifier: str) -> float:
    """CPU seconds of one step, after other work."""
    json.dumps(json.loads(_DOCUMENT), indent=1)
    bytes(512 * 1024)
    begun = time.thread_time()
    step(identifier)
    return time.thread_time() - begun


def block(way: Database, number: int) -> tuple[float, float]:
    """CPU in ms an exchange, of its intent and of its event, over one block."""
    names = [f"evt_{number:06d}{each:020d}" for each in range(_BLOCK)]
    spent = [(timed(way.begin, name), timed(way.end, name)) for name in names]
    begins, ends = zip(*spent, strict=True)
    return 1000 * sum(begins) / _BLOCK, 1000 * sum(ends) / _BLOCK


def main() -> int:
    """Measure and print medians over the blocks."""
    with tempfile.TemporaryDirectory(prefix="promptguard-bench-") as name:
        ways = []
        for number, way in enumerate(WAYS):
            folder = Path(name) / str(number)
            SqliteStore.open(folder, for_serving=True).close()
            journal = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            ways.append(way(Recorder(connect_writer(folder / DATABASE, busy_timeout=1.0)), journal))
        figures = [[block(way, number) for way in ways] for number in range(BLOCKS)]
    lines = [["recorded as", "intent ms", "event ms", "both ms", "to the gateway's"]]
    for column, way in enumerate(ways):
        own = [row[column] for row in figures]
        both, ratio = median(map(sum, own)), median(sum(row[column]) / sum(row[0]) for row in figures)
        parts = (median(part[0] for part in own), median(part[1] for part in own), both)
        lines.append([way.name, *(f"{part:.3f}" for part in parts), f"{ratio:.2f}"])
    print(markdown(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
