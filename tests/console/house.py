"""A console over a real store in a folder, with clocks and a tester that a test holds in its hands."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from promptguard_gateway.console.desk import Desk
from promptguard_gateway.console.files import Files
from promptguard_gateway.console.passwords import Scrypt
from promptguard_gateway.console.people import People, new_link
from promptguard_gateway.console.site import COOKIE, Site
from promptguard_gateway.domain.console import Role, Trial
from promptguard_gateway.domain.listener import Feed, Incoming, Outgoing
from promptguard_gateway.store.accounts import SqlAccountStore
from promptguard_gateway.store.dialect import engine_for
from promptguard_gateway.store.files import DATABASE
from promptguard_gateway.store.migrate import upgrade
from promptguard_gateway.store.searching import SqlEventQueries

HOST = "127.0.0.1:8081"
OWN = {"host": HOST, "origin": f"http://{HOST}", "content-type": "application/json"}
QUICK = Scrypt(n=2**4, p=1)
PASSWORD = "correct horse battery"


class FakeTester:
    """Says nothing of any text."""

    policies: Sequence[str] = ("project default", "strict")

    def thresholds_of(self, project: str, detectors: Iterable[str]) -> Mapping[str, tuple[float, float]]:
        return dict.fromkeys(detectors, (0.5, 0.8))

    async def try_text(self, text: str, *, answer: bool, policies: Sequence[str]) -> Trial:
        return Trial(results=[], inspected_us=len(text))


async def no_upstreams() -> list[tuple[str, str]]:
    return [("http://localhost:8000", "ready")]


@dataclass
class Browser:
    """Keeps the cookie and the anti-forgery token, as the pages do."""

    site: Site
    cookie: str = ""
    token: str = ""

    async def send(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> Outgoing | Feed:
        """One request from the console's own origin, unless `headers` say otherwise."""
        ours = {**OWN, "cookie": f"other=1; {COOKIE}={self.cookie}", "x-csrf-token": self.token, **(headers or {})}

        async def read() -> bytes:
            return body if isinstance(body, bytes) else json.dumps(body).encode()

        path, _, query = path.partition("?")
        answer = await self.site(
            Incoming(
                method=method,
                path=path,
                query=query,
                headers={name: value for name, value in ours.items() if value},
                peer="127.0.0.1",
                read=read,
            )
        )
        if isinstance(answer, Outgoing) and "Set-Cookie" in answer.headers:
            self.cookie = re.match(rf"{COOKIE}=([^;]*)", answer.headers["Set-Cookie"])[1]
            self.token = json.loads(answer.body).get("token") or ""
        return answer

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict]:
        """The status and the JSON of an answer of the API."""
        answer = await self.send(method, f"/console/api/{path}", body, headers=headers)
        return answer.status, json.loads(answer.body)


@dataclass
class House:
    """The console and its parts."""

    folder: Path
    store: SqlAccountStore
    queries: SqlEventQueries
    people: People
    site: Site
    now: list[float] = field(default_factory=lambda: [1_700_000_000.0])

    def browser(self) -> Browser:
        return Browser(self.site)

    def link(self, role: Role = Role.ADMIN) -> str:
        return new_link(self.store, role, self.now[0])

    async def signed_in(self, role: Role = Role.ADMIN, name: str | None = None) -> Browser:
        """A browser of a new person with this role."""
        browser = self.browser()
        body = {"link": self.link(role), "name": name or role.value, "password": PASSWORD}
        status, _ = await browser.ask("POST", "links/accept", body)
        assert status == 200
        return browser


@asynccontextmanager
async def house(folder: Path, *, looked_at: int = 20_000) -> AsyncIterator[House]:
    """A console over an empty store."""
    engine = engine_for(folder / DATABASE)
    await asyncio.to_thread(upgrade, engine)
    store, queries, now = SqlAccountStore(engine), SqlEventQueries(engine, looked_at=looked_at), [1_700_000_000.0]
    people = People(store, passwords=QUICK, clock=lambda: now[0], monotonic=lambda: now[0])
    desk = Desk(queries, FakeTester(), people, no_upstreams, clock=lambda: now[0])
    pages = folder / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html>")
    (pages / "assets" / "app-1.js").write_text("1")
    site = Site(people, desk.routes(), allowed_hosts=["Console.Example"], files=Files(pages))
    try:
        yield House(folder, store, queries, people, site, now)
    finally:
        people.close()
        engine.dispose()
