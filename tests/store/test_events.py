"""Reading back: whole records, a cursor that misses nothing, counters."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.events import Event, EventFinding, EventReason, Usage
from promptguard_gateway.store.dialect import connect_writer, engine_for
from promptguard_gateway.store.events import EventReader
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.rollups import bucket_of
from promptguard_gateway.store.transaction import Recorder, event_row
from store.values import BEGAN, MINUTE, make_event

BLOCKED = make_event("evt_2", time=BEGAN + MINUTE, project="support", decision="block", threat_type="injection")
EVENTS = [
    make_event("evt_1", usage=Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)),
    BLOCKED,
    make_event("evt_3", time=BEGAN + 2 * MINUTE, project="support"),
    make_event("evt_4", time=BEGAN + 2 * MINUTE, decision="redact", threat_type="pii"),
    make_event("evt_5", time=BEGAN + 2 * MINUTE + 1),
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_for(tmp_path / DATABASE)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def reader(engine: Engine, tmp_path: Path) -> EventReader:
    store(tmp_path, EVENTS)
    return EventReader(engine)


def store(folder: Path, events: list[Event]) -> None:
    recorder = Recorder(connect_writer(folder / DATABASE, busy_timeout=1.0))
    recorder.write([], [event_row(event) for event in events])
    recorder.books.settle()
    recorder.close()


def names(found: list[Event]) -> list[str]:
    return [event.id for event in found]


def test_an_event_comes_back_whole(engine: Engine, tmp_path: Path) -> None:
    """The record is the event, to the last field of its findings."""
    finding = EventFinding(
        detector="pii.email",
        version="1",
        direction="input",
        category="pii.email",
        rule="email",
        path="messages[0].content",
        pointer="/note",
        span=(3, 9),
        score=0.875,
        severity="medium",
        owasp=("LLM02",),
        agentic=("ASI02",),
        action="redact",
        view="plain",
        digest="hmac:00",
        excerpt="write to [EMAIL_REDACTED] „ünï“",
    )
    whole = Event(
        **{name: getattr(BLOCKED, name) for name in BLOCKED.__struct_fields__ if name not in {"findings", "reasons"}},
        findings=(finding,),
        reasons=(EventReason(rule="pii", finding=0, text="because"),),
    )
    store(tmp_path, [whole])
    found = EventReader(engine).get("evt_2")
    assert found is not None
    assert found.event == whole
    assert EventReader(engine).get("evt_9") is None


def test_the_tail_is_a_cursor(reader: EventReader) -> None:
    """Pages follow each other in the order of storing, without gap or repetition."""
    first = reader.tail(0, limit=3)
    rest = reader.tail(first[-1].sequence, limit=3)
    assert names([stored.event for stored in [*first, *rest]]) == ["evt_1", "evt_2", "evt_3", "evt_4", "evt_5"]
    assert reader.last_sequence() == rest[-1].sequence
    assert reader.tail(reader.last_sequence()) == []


def test_the_counters_of_a_range(reader: EventReader) -> None:
    """A minute belongs to the range when it begins before its end and not before its beginning."""
    minutes = reader.rollups(BEGAN, BEGAN + MINUTE)
    assert [(minute.minute, minute.exchanges) for minute in minutes] == [(BEGAN // MINUTE, 1)]
    assert (minutes[0].prompt_tokens, minutes[0].completion_tokens) == (3, 4)
    assert minutes[0].latency[bucket_of(5_500)] == 1
    assert minutes[0].overhead[bucket_of(500)] == 1
    assert minutes[0].threat_type is None
    blocked = reader.rollups(0, 2**50, project="support")[0]
    assert (blocked.decision, blocked.threat_type, blocked.flagged) == ("block", "injection", 1)
    assert sum(minute.exchanges for minute in reader.rollups(0, 2**50)) == 5


def test_a_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """One sentence instead of a driver's traceback."""
    with pytest.raises(StoreError, match="Events cannot be read"):
        EventReader(engine_for(tmp_path / "missing" / DATABASE)).tail(0)
