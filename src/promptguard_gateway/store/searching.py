"""What the console reads: lists, the tail and the counters. Every query reads a bounded number of rows.

A list follows one index, chosen by what is asked for, and looks at a limited number of its rows; whatever else is asked
for is held against those. A rare combination among a million events so comes in several pages, some of them empty,
instead of one query that reads everything.
"""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Engine, Select, Subquery, and_, case, func, select, text, tuple_

from promptguard_gateway.domain.console import EventFilter, EventPage, EventRow, Overview, Point, StoredEvent
from promptguard_gateway.store.events import EventReader
from promptguard_gateway.store.pieces import Counters, Piece
from promptguard_gateway.store.rollups import HOUR, MINUTE, percentile
from promptguard_gateway.store.schema import NOT_ALLOWED, events, hourly_rollups, rollups

LOOKED_AT = 20_000  # rows of an index that one search reads
SAMPLED = 5_000  # newest events whose models are counted
LATEST = HOUR  # how long after its beginning an exchange may still be counted, with room: streams end sooner
_MOST = 10  # projects and models of an overview
_KEPT = 1_000  # finished pieces of overviews
_CURSOR = re.compile(r"(\d{1,16})-(\d{1,16})")

_ROW = tuple(events.c[name] for name in EventRow.__struct_fields__)
_NEWEST = (events.c.time.desc(), events.c.sequence.desc())


class SqlEventQueries:
    """Fulfils `domain.ports.EventQueries`. Raises SQLAlchemyError or StoreError when it cannot read."""

    def __init__(self, engine: Engine, *, looked_at: int = LOOKED_AT) -> None:
        self._engine = engine
        self._finished: dict[tuple[int, int], Piece] = {}  # by beginning and length
        self._reader = EventReader(engine)
        self._looked_at = looked_at

    def get(self, identifier: str) -> StoredEvent | None:
        """One event by its id."""
        return self._reader.get(identifier)

    def last_sequence(self) -> int:
        """The newest event's sequence; 0 without events."""
        return self._reader.last_sequence()

    def after(self, sequence: int, limit: int) -> Sequence[EventRow]:
        """What was stored behind a sequence, oldest first."""
        query = select(*_ROW).where(events.c.sequence > sequence).order_by(events.c.sequence).limit(limit)
        return self._rows(query)

    def search(self, wanted: EventFilter, cursor: str | None, limit: int) -> EventPage:
        """Newest first. Raises ValueError for a cursor that is none of ours."""
        indexed = _indexed(wanted, cursor)
        rows = self._rows(_matching(indexed.limit(self._looked_at).subquery("looked_at"), wanted, limit))
        if len(rows) == limit:
            return EventPage(rows, _cursor(rows[-1]), rows[-1].time)
        last = self._rows(indexed.offset(self._looked_at - 1).limit(1))
        return EventPage(rows, _cursor(last[0]), last[0].time) if last else EventPage(rows, None, None)

    def overview(self, since: int, until: int, step: int) -> Overview:
        """The counters of a range in pieces of `step` milliseconds: whole minutes, or whole hours."""
        first = since // step * step
        pieces = self._pieces(first, until, step)
        with self._engine.connect() as connection:
            models = connection.execute(_models(first)).all()
        return Overview(
            since=first,
            until=until,
            step=step,
            total=_point(first, total := Piece.sum(pieces.values())),
            prompt_tokens=total.prompt_tokens,
            completion_tokens=total.completion_tokens,
            points=[_point(start, piece) for start, piece in pieces.items()],
            threats=dict(total.threats.most_common()),
            projects={name: (count, total.stopped[name]) for name, count in total.projects.most_common(_MOST)},
            models={name: (count, stopped) for name, count, stopped in models[:_MOST]},
            sampled=sum(count for _, count, _ in models),
        )

    def _pieces(self, first: int, until: int, step: int) -> dict[int, Piece]:
        """By their beginnings; those that nothing can be added to are read once and kept."""
        starts = range(first, until, step)
        missing = next((start for start in starts if (start, step) not in self._finished), until)
        fresh = self._counted(missing, until, step) if missing < until else {}
        pieces = {start: fresh.get(start) or self._finished.get((start, step)) or Piece() for start in starts}
        for start, piece in pieces.items():
            if start + step <= until - step - LATEST:
                self._finished[start, step] = piece
        while len(self._finished) > _KEPT:
            del self._finished[next(iter(self._finished))]
        return pieces

    def _counted(self, since: int, until: int, step: int) -> dict[int, Piece]:
        table, period = (hourly_rollups, HOUR) if step % HOUR == 0 else (rollups, MINUTE)
        begun = table.primary_key.columns.values()[0]
        query = select(table).where(begun >= since // period, begun < -(-until // period))
        pieces: dict[int, Piece] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                counters = Counters(*row)
                pieces.setdefault(counters.begun * period // step * step, Piece()).add(counters)
        return pieces

    def _rows(self, query: Select[*tuple[object, ...]]) -> Sequence[EventRow]:
        with self._engine.connect() as connection:
            return [EventRow(**row) for row in connection.execute(query).mappings()]


# Lists.


def _indexed(wanted: EventFilter, cursor: str | None) -> Select[*tuple[object, ...]]:
    """The rows of the index that fits best, newest first, from the cursor on."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.threat_type is not None:
        conditions.append(events.c.threat_type == wanted.threat_type)
    elif wanted.project is not None:
        conditions.append(events.c.project == wanted.project)
    elif wanted.decision is not None and wanted.decision != "allow":
        # With the words of the partial index, so that it is used.
        conditions.append(and_(events.c.decision == wanted.decision, text(NOT_ALLOWED)))
    if wanted.since is not None:
        conditions.append(events.c.time >= wanted.since)
    if wanted.until is not None:
        conditions.append(events.c.time < wanted.until)
    if cursor is not None:
        conditions.append(tuple_(events.c.time, events.c.sequence) < tuple_(*_position(cursor)))
    return select(*_ROW).where(*conditions).order_by(*_NEWEST)


def _matching(looked_at: Subquery, wanted: EventFilter, limit: int) -> Select[*tuple[object, ...]]:
    """Those of the rows that are wanted in every respect, in their order.

    The order is not asked for again: SQLite would sort all rows before it gives the first, and without that it takes
    them as the subquery yields them and stops at the limit.
    """
    query: Select[*tuple[object, ...]] = select(*looked_at.c).limit(limit)
    for name in ("decision", "flagged", "threat_type", "project", "model"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(looked_at.c[name] == value)
    return query


def _cursor(row: EventRow) -> str:
    return f"{row.time}-{row.sequence}"


def _position(cursor: str) -> tuple[int, int]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise ValueError("not a cursor of ours")
    return int(found[1]), int(found[2])


def _models(since: int) -> Select[str, int, int]:
    """The models of the newest events of a range, with how many of each were not simply allowed."""
    newest = (
        select(events.c.model, events.c.decision)
        .where(events.c.time >= since)
        .order_by(*_NEWEST)
        .limit(SAMPLED)
        .subquery("newest")
    )
    stopped = func.sum(case((newest.c.decision != "allow", 1), else_=0))
    return select(newest.c.model, func.count().label("n"), stopped).group_by(newest.c.model).order_by(text("n DESC"))


# Counters.


def _point(start: int, piece: Piece) -> Point:
    return Point(
        start=start,
        allowed=piece.decided["allow"] - piece.flagged,
        flagged=piece.flagged,
        redacted=piece.decided["redact"],
        blocked=piece.decided["block"],
        errors=piece.errors,
        added_p50=percentile(piece.overhead.counts, 0.5),
        added_p95=percentile(piece.overhead.counts, 0.95),
        total_p50=percentile(piece.latency.counts, 0.5),
        total_p95=percentile(piece.latency.counts, 0.95),
    )
