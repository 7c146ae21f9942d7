"""What people look at: the overview, events, the live feed, the playground. Each is a query behind a route."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from msgspec import Struct

from promptguard_gateway.console.answers import UNSTORED, Refused, json_answer
from promptguard_gateway.console.live import feed
from promptguard_gateway.console.people import People
from promptguard_gateway.console.site import Route, Routes, Visit
from promptguard_gateway.domain.console import EventFilter, Role
from promptguard_gateway.domain.listener import Feed, Outgoing
from promptguard_gateway.domain.ports import EventQueries, Tester

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000  # milliseconds
# name -> how long it is, and the length of one point. Minutes are read for short ranges, hours for long ones.
RANGES = {
    "1h": (_HOUR, _MINUTE),
    "6h": (6 * _HOUR, 5 * _MINUTE),
    "24h": (_DAY, _HOUR),
    "7d": (7 * _DAY, 6 * _HOUR),
    "30d": (30 * _DAY, _DAY),
}
_PAGE, _LONGEST_PAGE = 50, 200
_LONGEST_WORD = 256  # characters of a filter
_FEEDS = 32  # at the same time, from all browsers


class TextToTry(Struct, forbid_unknown_fields=True):
    """What the playground is given."""

    text: str
    answer: bool = False
    policies: list[str] = []


class Desk:
    """The routes that read. `upstreams` gives each upstream's origin and its state in a few words."""

    def __init__(
        self,
        queries: EventQueries,
        tester: Tester,
        people: People,
        upstreams: Callable[[], Awaitable[list[tuple[str, str]]]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._queries = queries
        self._tester = tester
        self._people = people
        self._upstreams = upstreams
        self._clock = clock
        self._feeds = 0

    def routes(self) -> Routes:
        """Who may look at what."""
        return {
            ("GET", "overview"): Route(Role.VIEWER, self._overview),
            ("GET", "upstreams"): Route(Role.VIEWER, self._states),
            ("GET", "events"): Route(Role.VIEWER, self._search),
            ("GET", "events/*"): Route(Role.VIEWER, self._event),
            ("GET", "live"): Route(Role.VIEWER, self._live),
            ("GET", "playground"): Route(Role.ANALYST, self._policies),
            ("POST", "playground"): Route(Role.ANALYST, self._try),
        }

    async def _overview(self, visit: Visit) -> Outgoing:
        named = visit.asked.get("range", "1h")
        if named not in RANGES:
            raise Refused("bad_request", f"range is one of {', '.join(RANGES)}.")
        length, step = RANGES[named]
        until = int(self._clock() * 1000) // step * step + step  # the piece that is filling comes last
        return json_answer(await asyncio.to_thread(self._queries.overview, until - length, until, step))

    async def _states(self, visit: Visit) -> Outgoing:
        states = [{"origin": origin, "state": state} for origin, state in await self._upstreams()]
        return json_answer({"upstreams": states})

    async def _search(self, visit: Visit) -> Outgoing:
        asked = visit.asked
        wanted = EventFilter(
            decision=_word(asked.get("decision")),
            flagged=True if asked.get("flagged") == "true" else None,
            threat_type=_word(asked.get("threat")),
            project=_word(asked.get("project")),
            model=_word(asked.get("model")),
            since=_number(asked.get("since"), "since"),
            until=_number(asked.get("until"), "until"),
        )
        limit = min(_number(asked.get("limit"), "limit") or _PAGE, _LONGEST_PAGE)
        try:
            page = await asyncio.to_thread(self._queries.search, wanted, asked.get("cursor"), limit)
        except ValueError:
            raise Refused("bad_request", "cursor is not one of ours.") from None
        return json_answer(page)

    async def _event(self, visit: Visit) -> Outgoing:
        found = await asyncio.to_thread(self._queries.get, visit.name)
        if found is None:
            raise Refused("not_found", "There is no event of this id.")
        thresholds = self._tester.thresholds_of(found.event.project, found.event.scores)
        return json_answer({"sequence": found.sequence, "event": found.event, "thresholds": thresholds})

    async def _live(self, visit: Visit) -> Feed:
        if self._feeds >= _FEEDS:
            raise Refused("too_many_attempts", "Too many live pages are open.", retry_after=30)
        last = visit.incoming.headers.get("last-event-id") or visit.asked.get("after")
        after = _number(last, "after")

        frames = feed(self._queries, after, lambda: self._people.is_alive(visit.session))
        return Feed(pieces=self._counted(frames), headers=UNSTORED)

    async def _counted(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        self._feeds += 1
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self._feeds -= 1

    async def _policies(self, visit: Visit) -> Outgoing:
        return json_answer({"policies": self._tester.policies})

    async def _try(self, visit: Visit) -> Outgoing:
        asked = await visit.body(TextToTry)
        policies = asked.policies or self._tester.policies[:1]
        return json_answer(await self._tester.try_text(asked.text, answer=asked.answer, policies=policies))


def _word(value: str | None) -> str | None:
    if value is not None and len(value) > _LONGEST_WORD:
        raise Refused("bad_request", f"A filter has at most {_LONGEST_WORD} characters.")
    return value or None


def _number(value: str | None, name: str) -> int | None:
    if value is None or value == "":
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 16):
        raise Refused("bad_request", f"{name} is a whole number.")
    return int(value)
