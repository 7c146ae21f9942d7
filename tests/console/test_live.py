"""The live feed: nothing is missed, nothing comes twice, and nobody is waited for."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

from console.house import house
from promptguard_gateway.console.live import BACKLOG, MOST_BEHIND, feed
from promptguard_gateway.domain.listener import Feed
from store.test_events import store
from store.values import make_event


async def frames(pieces: AsyncGenerator[bytes, None], count: int) -> list[tuple[str, int, object]]:
    """The next frames with content: event, id, data."""
    found = []
    async for piece in pieces:
        fields = dict(line.split(": ", 1) for line in piece.decode().strip().splitlines())
        if "data" in fields:
            found.append((fields["event"], int(fields["id"]), json.loads(fields["data"])))
        if len(found) == count:
            return found
    return found


async def good() -> bool:
    return True


async def test_a_feed_that_was_cut_off_resumes_without_a_gap(tmp_path: Path) -> None:
    """Whatever is stored meanwhile comes next, each event once, in the order of storing."""
    async with house(tmp_path) as it:
        store(tmp_path, [make_event(f"evt_{i}") for i in range(5)])
        first = feed(it.queries, None, good, pause=0.01)
        [(event, last, rows)] = await frames(first, 1)
        assert (event, [row["id"] for row in rows]) == ("events", [f"evt_{i}" for i in range(5)])
        await first.aclose()
        store(tmp_path, [make_event(f"evt_{i}") for i in range(5, 8)])
        again = feed(it.queries, last, good, pause=0.01)
        [(_, last, rows)] = await frames(again, 1)
        assert [row["id"] for row in rows] == ["evt_5", "evt_6", "evt_7"]
        store(tmp_path, [make_event("evt_8")])
        [(_, last, rows)] = await frames(again, 1)
        assert [row["id"] for row in rows] == ["evt_8"]
        await again.aclose()


async def test_a_feed_far_behind_says_what_it_skips(tmp_path: Path) -> None:
    """It goes on with the newest events and tells how many it left out."""
    async with house(tmp_path) as it:
        store(tmp_path, [make_event(f"evt_{i}") for i in range(MOST_BEHIND + BACKLOG + 5)])
        late = feed(it.queries, 0, good, pause=0.01)
        [(event, _, data), (_, last, rows)] = await frames(late, 2)
        assert (event, data) == ("skipped", {"events": MOST_BEHIND + 5})
        assert rows[0]["sequence"] == MOST_BEHIND + 6
        assert last == rows[-1]["sequence"]
        await late.aclose()


async def test_a_feed_ends_with_its_session(tmp_path: Path) -> None:
    """Whoever was signed out sees nothing more."""
    async with house(tmp_path) as it:

        async def ended() -> bool:
            return False

        pieces = [piece async for piece in feed(it.queries, None, ended, pause=0.01, beat=0.0)]
        assert pieces == [b"retry: 2000\n\n"]


async def test_an_id_from_another_store_begins_at_its_end(tmp_path: Path) -> None:
    """A browser that was connected to a gateway with more events waits for the next one here."""
    async with house(tmp_path) as it:
        store(tmp_path, [make_event("evt_1")])
        strange = feed(it.queries, 10**9, good, pause=0.01)
        await anext(strange)
        store(tmp_path, [make_event("evt_2")])
        [(_, _, rows)] = await frames(strange, 1)
        assert [row["id"] for row in rows] == ["evt_2"]
        await strange.aclose()


async def test_the_route_takes_the_id_that_browsers_send(tmp_path: Path) -> None:
    """`Last-Event-ID` beats the query; an id that is no number is refused."""
    async with house(tmp_path) as it:
        store(tmp_path, [make_event(f"evt_{i}") for i in range(3)])
        browser = await it.signed_in()
        answer = await browser.send("GET", "/console/api/live?after=0", headers={"last-event-id": "2"})
        assert isinstance(answer, Feed)
        assert answer.headers["Cache-Control"] == "no-store"
        [(_, _, rows)] = await frames(answer.pieces, 1)
        assert [row["id"] for row in rows] == ["evt_2"]
        await answer.pieces.aclose()
        assert (await browser.send("GET", "/console/api/live?after=x")).status == 400
