"""The console's queries: right answers, by index, from a bounded number of rows however many events there are."""

import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from promptguard_gateway.domain.console import EventFilter
from promptguard_gateway.domain.events import Usage
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.rollups import HOUR, MINUTE
from promptguard_gateway.store.searching import SqlEventQueries
from store.test_events import store
from store.values import BEGAN, make_event

KINDS = [("allow", None), ("allow", "hidden"), ("block", "injection"), ("redact", "pii")]
EVENTS = [
    make_event(
        f"evt_{number}",
        time=BEGAN + number // 3 * 1000,  # three at a time begin in the same millisecond
        decision=decision,
        threat_type=threat,
        project=project,
        model=model,
        usage=Usage(prompt_tokens=2, completion_tokens=1, total_tokens=3),
    )
    for number, ((decision, threat), project, model) in enumerate(
        product(KINDS * 3, ("default", "support"), ("demo", "large"))
    )
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("events")
    engine = engine_for(folder / DATABASE)
    upgrade(engine)
    store(folder, EVENTS)
    yield engine
    engine.dispose()


FILTERS = st.builds(
    EventFilter,
    decision=st.sampled_from([None, "allow", "block", "redact"]),
    flagged=st.sampled_from([None, True]),
    threat_type=st.sampled_from([None, "injection", "pii", "nothing"]),
    project=st.sampled_from([None, "default", "support"]),
    model=st.sampled_from([None, "demo", "other"]),
    since=st.sampled_from([None, BEGAN + 3000]),
    until=st.sampled_from([None, BEGAN + 9000]),
)


def wanted_ids(wanted: EventFilter) -> list[str]:
    """What a search should find, worked out in plain Python."""
    named = ("decision", "flagged", "threat_type", "project", "model")
    found = [
        (event.time, sequence, event.id)
        for sequence, event in enumerate(EVENTS)
        if all(getattr(wanted, name) in (None, getattr(event, name)) for name in named)
        and (wanted.since is None or event.time >= wanted.since)
        and (wanted.until is None or event.time < wanted.until)
    ]
    return [identifier for _, _, identifier in sorted(found, reverse=True)]


@given(FILTERS, st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_pages_follow_each_other_without_gap_or_repetition(
    engine: Engine, wanted: EventFilter, limit: int, looked_at: int
) -> None:
    """Whatever is asked for, however long a page and however few rows one search looks at."""
    queries = SqlEventQueries(engine, looked_at=looked_at)
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = queries.search(wanted, cursor, limit)
        assert len(page.rows) <= limit
        found += [row.id for row in page.rows]
        assert page.next != cursor or cursor is None
        cursor, pages = page.next, pages + 1
    assert found == wanted_ids(wanted)


def plans(engine: Engine, ask: object) -> list[str]:
    """The query plans of what a function runs."""
    seen: list[str] = []

    def explain(_connection: object, cursor: sqlite3.Cursor, statement: str, values: object, *_: object) -> None:
        seen.append(" ".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)))

    sqlalchemy.event.listen(engine, "before_cursor_execute", explain)
    try:
        ask()
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", explain)
    return seen


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (EventFilter(), "events_by_time"),
        (EventFilter(decision="allow"), "events_by_time"),
        (EventFilter(model="demo", flagged=True), "events_by_time"),
        (EventFilter(since=BEGAN), "events_by_time"),
        (EventFilter(decision="block"), "events_by_decision"),
        (EventFilter(decision="block", model="demo", since=BEGAN), "events_by_decision"),
        (EventFilter(project="support"), "events_by_project"),
        (EventFilter(project="support", decision="block", until=BEGAN + 9000), "events_by_project"),
        (EventFilter(threat_type="pii"), "events_by_threat"),
        (EventFilter(threat_type="pii", project="support", decision="redact"), "events_by_threat"),
    ],
)
@pytest.mark.parametrize("cursor", [None, f"{BEGAN + 9000}-20"])
def test_every_search_follows_one_index(engine: Engine, wanted: EventFilter, index: str, cursor: str | None) -> None:
    """None sorts and none scans the table; the cursor is a place in the index."""
    for plan in plans(engine, lambda: SqlEventQueries(engine).search(wanted, cursor, 50)):
        assert f"USING INDEX {index}" in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN events" not in plan or index == "events_by_time"


def test_the_tail_and_the_counters_are_read_by_their_keys(engine: Engine) -> None:
    """Neither the feed nor an overview looks at more than it gives; models come from a sample."""
    queries = SqlEventQueries(engine)
    assert all("SEARCH events USING INTEGER PRIMARY KEY" in plan for plan in plans(engine, lambda: queries.after(3, 9)))
    minutes, models = plans(engine, lambda: queries.overview(BEGAN, BEGAN + HOUR, MINUTE))
    assert "SEARCH rollups USING PRIMARY KEY" in minutes
    assert "USING INDEX events_by_time" in models
    hours, _ = plans(engine, lambda: queries.overview(BEGAN, BEGAN + HOUR, HOUR))
    assert "SEARCH hourly_rollups USING PRIMARY KEY" in hours


@pytest.mark.parametrize("step", [MINUTE, 5 * MINUTE, HOUR, 6 * HOUR])
def test_an_overview_adds_up(engine: Engine, step: int) -> None:
    """Whatever the step: the pieces add up to the whole, and the whole is what was stored."""
    page = SqlEventQueries(engine).overview(BEGAN, BEGAN + 12 * HOUR, step)
    total = page.total
    assert (total.allowed, total.flagged, total.blocked, total.redacted) == (12, 12, 12, 12)
    for name in ("allowed", "flagged", "blocked", "redacted", "errors"):
        assert sum(getattr(point, name) for point in page.points) == getattr(total, name)
    assert page.threats == {"hidden": 12, "injection": 12, "pii": 12}
    assert page.projects == {"default": (24, 12), "support": (24, 12)}
    assert page.models == {"demo": (24, 12), "large": (24, 12)}
    assert (page.prompt_tokens, page.completion_tokens, page.sampled) == (96, 48, 48)
    assert 400 <= (total.added_p50 or 0) <= 640
    assert 5_000 <= (total.total_p95 or 0) <= 7_200


def test_an_empty_range_has_points_and_no_percentiles(engine: Engine) -> None:
    """A chart of nothing is a chart, not a hole."""
    page = SqlEventQueries(engine).overview(0, HOUR, MINUTE)
    assert len(page.points) == 60
    assert page.total.added_p50 is None
    assert page.threats == page.projects == {}


def test_a_finished_piece_is_read_once_and_the_newest_ones_always(tmp_path: Path) -> None:
    """A page that asks again and again reads the last hours only, and sees what comes."""
    engine = engine_for(tmp_path / DATABASE)
    upgrade(engine)
    store(tmp_path, [make_event("evt_1", time=BEGAN), make_event("evt_2", time=BEGAN + 20 * HOUR)])
    queries, end = SqlEventQueries(engine), (BEGAN // HOUR + 24) * HOUR
    first = queries.overview(end - 24 * HOUR, end, HOUR)
    store(tmp_path, [make_event("evt_3", time=end - HOUR)])
    parameters: list[object] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        if "hourly_rollups" in statement:
            parameters.append(values)

    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    second = queries.overview(end - 24 * HOUR, end, HOUR)
    assert (first.total.allowed, second.total.allowed) == (2, 3)
    assert parameters == [(end // HOUR - 2, end // HOUR)]
    assert [point.allowed for point in second.points][:1] == [1]
    engine.dispose()


@pytest.mark.parametrize("cursor", ["", "1", "1-", "a-b", "1-2-3", "1-2 ", "9" * 17 + "-1"])
def test_a_cursor_of_somebody_else_is_refused(engine: Engine, cursor: str) -> None:
    """Not guessed at."""
    with pytest.raises(ValueError, match="cursor"):
        SqlEventQueries(engine).search(EventFilter(), cursor, 5)
