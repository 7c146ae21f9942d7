"""Events over the management API: filters, pages without gaps, files that are safe to open, and no others' events."""

import csv
import io
import json
from collections.abc import Sequence

import pytest

from promptguard_gateway.control.events import EventDesk
from promptguard_gateway.control.managing import Asked, Authority
from promptguard_gateway.domain.console import EventFilter, EventPage, EventRow, StoredEvent
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.projects import Scope
from promptguard_gateway.proxy.http_reply import Reply
from promptguard_gateway.wire.management import EventExport, EventQuery
from store.values import make_event

ADMIN = Asked(Authority(None, "default", frozenset(Scope)), "key_1")
MINE = Asked(Authority("mine", "mine", frozenset({Scope.MANAGE})), "key_2")


def row(number: int, **changes: object) -> EventRow:
    """The list's row of one event."""
    known = {
        "sequence": number,
        "id": f"evt_{number}",
        "time": 1_000 * number,
        "project": "mine",
        "api_key": "pg_live_abcd",
        "route": "guard",
        "model": "m",
        "decision": "allow",
        "threat_type": None,
        "outcome": "answered",
        "status": 200,
        "streamed": False,
        "flagged": False,
    }
    return EventRow(**(known | changes))


class Queries:
    """Rows in pages, and what was asked for."""

    def __init__(self, rows: Sequence[EventRow] = ()) -> None:
        self._rows = rows
        self.asked: list[EventFilter] = []

    def search(self, wanted: EventFilter, cursor: str | None, limit: int) -> EventPage:
        self.asked.append(wanted)
        begin = int(cursor or 0)
        page = self._rows[begin : begin + limit]
        behind = begin + len(page)
        return EventPage(page, str(behind) if behind < len(self._rows) else None, None)

    def get(self, identifier: str) -> StoredEvent | None:
        project = {"evt_1": "mine", "evt_2": "theirs"}.get(identifier)
        return None if project is None else StoredEvent(1, make_event(identifier, project=project))


def desk(*rows: EventRow) -> tuple[EventDesk, Queries]:
    queries = Queries(rows)
    return EventDesk(queries), queries


def test_a_key_of_one_project_sees_its_events_only() -> None:
    """Whatever it asks for: another project's are absent, as those of a project that does not exist."""
    events, queries = desk(row(1))
    events.list(MINE, EventQuery())
    assert queries.asked[0].project == "mine"
    with pytest.raises(GatewayError, match="no such project"):
        events.list(MINE, EventQuery(project_id="theirs"))
    with pytest.raises(GatewayError, match="no such project"):
        events.export(MINE, EventExport(project_id="theirs"))
    assert events.get(Asked(MINE.authority, "", {"event": "evt_1"})).id == "evt_1"
    for identifier in ("evt_2", "evt_3"):
        with pytest.raises(GatewayError, match="no such event"):
            events.get(Asked(MINE.authority, "", {"event": identifier}))
    assert events.get(Asked(ADMIN.authority, "", {"event": "evt_2"})).id == "evt_2"


def test_pages_leave_nothing_out() -> None:
    """Each cursor continues behind the last event; a word that is no cursor is the client's fault."""
    events, _ = desk(*(row(number) for number in range(25)))
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = events.list(ADMIN, EventQuery(limit=10, cursor=cursor))
        seen += [item.id for item in page.events]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"evt_{number}" for number in range(25)]
    with pytest.raises(GatewayError) as caught:
        events.list(ADMIN, EventQuery(cursor="x"))
    assert caught.value.param == "cursor"


def test_an_export_is_complete_up_to_its_limit_and_says_where_to_go_on() -> None:
    """JSON lines, one event each."""
    events, _ = desk(*(row(number) for number in range(1200)))
    whole = events.export(ADMIN, EventExport())
    assert [json.loads(line)["id"] for line in whole.body.splitlines()] == [f"evt_{number}" for number in range(1200)]
    assert "X-PromptGuard-Next-Cursor" not in headers(whole)
    part = events.export(ADMIN, EventExport(limit=700))
    assert len(part.body.splitlines()) == 700
    assert headers(part)["X-PromptGuard-Next-Cursor"] == "700"


def headers(reply: Reply) -> dict[str, str]:
    return dict(reply.headers or {})


@pytest.mark.parametrize("model", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_csv_is_a_formula(model: str) -> None:
    """The client chooses the model's name, and somebody opens the file in a spreadsheet."""
    events, _ = desk(row(1, model=model), row(2, model='a "quoted", name'))
    reply = events.export(ADMIN, EventExport(format="csv"))
    first, second = csv.DictReader(io.StringIO(reply.body.decode(), newline=""))
    assert first["model"] == "'" + model
    assert second["model"] == 'a "quoted", name'
    assert reply.content_type == "text/csv; charset=utf-8"
