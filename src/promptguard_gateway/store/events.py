"""Reading events and counters: for the command line and the dashboard. Nothing here writes."""

from collections.abc import Sequence
from typing import TypeVarTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, Row, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from promptguard_gateway.domain.console import StoredEvent
from promptguard_gateway.domain.errors import StoreError
from promptguard_gateway.domain.events import Event
from promptguard_gateway.store.rollups import merged
from promptguard_gateway.store.schema import events, rollups

_decode = msgspec.json.Decoder(Event).decode
Columns = TypeVarTuple("Columns")


class MinuteCounters(Struct, frozen=True, kw_only=True):
    """The counters of one minute (Unix time in minutes), project, route, decision and threat type.

    `latency` and `overhead` are histograms: counts by bucket, see `store.rollups`.
    """

    minute: int
    project: str
    route: str
    decision: str
    threat_type: str | None
    exchanges: int
    flagged: int
    degraded: int
    errors: int
    streamed: int
    prompt_tokens: int
    completion_tokens: int
    latency: Sequence[int]
    overhead: Sequence[int]


class EventReader:
    """Committed events. Every method blocks for a query and raises StoreError when the store cannot be read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, identifier: str) -> StoredEvent | None:
        """One event by its id."""
        found = self._read(_stored().where(events.c.id == identifier))
        return found[0] if found else None

    def tail(self, after: int, limit: int = 100) -> list[StoredEvent]:
        """What was stored after a sequence, oldest first: a cursor that misses nothing and repeats nothing."""
        return self._read(_stored().where(events.c.sequence > after).order_by(events.c.sequence).limit(limit))

    def last_sequence(self) -> int:
        """The newest event's sequence, where a live feed begins; 0 without events."""
        return int(self._rows(select(func.coalesce(func.max(events.c.sequence), 0)))[0][0])

    def rollups(self, since: int, until: int, *, project: str | None = None) -> list[MinuteCounters]:
        """The counters of the minutes from `since` up to before `until`, both Unix milliseconds, oldest first."""
        query = select(rollups).where(rollups.c.minute >= since // 60_000, rollups.c.minute * 60_000 < until)
        if project is not None:
            query = query.where(rollups.c.project == project)
        return [_counters(row) for row in self._rows(query.order_by(*rollups.primary_key.columns))]

    def _read(self, query: Select[int, str]) -> list[StoredEvent]:
        return [StoredEvent(sequence, _decode(record)) for sequence, record in self._rows(query)]

    def _rows(self, query: Select[*Columns]) -> Sequence[Row[*Columns]]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or type(error).__name__
            raise StoreError(f"Events cannot be read: {reason}.") from None


def _stored() -> Select[int, str]:
    return select(events.c.sequence, events.c.record)


def _counters(row: Row[*tuple[object, ...]]) -> MinuteCounters:
    values = dict(row._mapping)
    values["threat_type"] = row.threat_type or None
    values["latency"] = merged([row.latency])
    values["overhead"] = merged([row.overhead])
    return MinuteCounters(**values)
