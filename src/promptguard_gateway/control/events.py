"""Events for programs: searched, paged, shown, exported. To a key of one project there are no others."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from promptguard_gateway.control.managing import Asked, absent
from promptguard_gateway.domain.console import EventFilter, EventRow
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.events import Event
from promptguard_gateway.domain.ports import EventQueries
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.wire.management import EventExport, EventItem, EventList, EventQuery, time_of

_PAGE = 500  # rows of one query
_PAGES = 40  # queries of one export
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIELDS = tuple(field.name for field in msgspec.structs.fields(EventItem))


class EventDesk:
    """The routes about events."""

    def __init__(self, queries: EventQueries) -> None:
        self._queries = queries

    def list(self, asked: Asked, query: EventQuery) -> EventList:
        """GET events."""
        items, cursor = self._page(_filter(asked, query), query.cursor, query.limit)
        return EventList(events=tuple(items), next_cursor=cursor)

    def get(self, asked: Asked) -> Event:
        """GET events/{event}."""
        found = self._queries.get(asked.parameters["event"])
        if found is None or not asked.authority.covers(found.event.project):
            raise absent("event")
        return found.event

    def export(self, asked: Asked, query: EventExport) -> Reply:
        """GET events/export. What is left is said in a header, for the next request's cursor."""
        wanted, cursor = _filter(asked, query), query.cursor
        items: Sequence[EventItem] = ()
        for _ in range(_PAGES):
            page, cursor = self._page(wanted, cursor, min(_PAGE, query.limit - len(items)))
            items = (*items, *page)
            if cursor is None or len(items) >= query.limit:
                break
        headers = {"Cache-Control": "no-store"}
        if cursor is not None:
            headers["X-PromptGuard-Next-Cursor"] = cursor
        if query.format == "csv":
            return json_response(200, _as_csv(items), headers, content_type="text/csv; charset=utf-8")
        lines = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
        return json_response(200, lines, headers, content_type="application/x-ndjson")

    def _page(self, wanted: EventFilter, cursor: str | None, limit: int) -> tuple[Sequence[EventItem], str | None]:
        try:
            page = self._queries.search(wanted, cursor, limit)
        except ValueError:
            raise GatewayError("invalid_value", "cursor must be a next_cursor of ours.", param="cursor") from None
        return [_item(row) for row in page.rows], page.next


def _filter(asked: Asked, query: EventQuery) -> EventFilter:
    project = query.project_id or asked.authority.project
    if not asked.authority.covers(project):
        raise absent("project")
    return EventFilter(
        decision=query.decision,
        flagged=query.flagged,
        threat_type=query.threat_type,
        project=project,
        model=query.model,
        since=_milliseconds(query.since),
        until=_milliseconds(query.until),
    )


def _milliseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _item(row: EventRow) -> EventItem:
    return EventItem(
        id=row.id,
        time=time_of(row.time),
        project_id=row.project,
        api_key=row.api_key,
        route=row.route,
        model=row.model,
        decision=row.decision,
        threat_type=row.threat_type,
        outcome=row.outcome,
        status=row.status,
        streamed=row.streamed,
        flagged=row.flagged,
    )


def _as_csv(items: Sequence[EventItem]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(_FIELDS)
    writer.writerows(list(_cells(item)) for item in items)
    return text.getvalue().encode()


def _cells(item: EventItem) -> Iterator[str]:
    for name in _FIELDS:
        value = getattr(item, name)
        cell = "" if value is None else str(value)
        yield f"'{cell}" if cell.startswith(_FORMULA) else cell
