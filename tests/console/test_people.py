"""One-time links, passwords, sessions: what opens the door, how often and for how long."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.house import PASSWORD, QUICK, house
from promptguard_gateway.console.answers import Refused
from promptguard_gateway.console.passwords import Scrypt, password_fits
from promptguard_gateway.console.people import ABSOLUTE_SECONDS, IDLE_SECONDS, LINK_SECONDS
from promptguard_gateway.console.throttle import FREE_FAILURES, LONGEST_WAIT, Throttle
from promptguard_gateway.domain.console import Role
from promptguard_gateway.store.files import DATABASE


async def test_the_first_link_makes_an_administrator_once(tmp_path: Path) -> None:
    """The second use is 410, and a gateway that has an administrator prints none."""
    async with house(tmp_path) as it:
        link = it.people.first_link()
        body = {"link": link, "name": "Ada", "password": PASSWORD}
        status, answer = await it.browser().ask("POST", "links/accept", body)
        assert status == 200
        assert (answer["account"]["name"], answer["account"]["role"]) == ("ada", "admin")
        assert (await it.browser().ask("POST", "links/accept", {**body, "name": "eve"}))[0] == 410
        assert it.people.first_link() is None


@pytest.mark.parametrize("link", ["", "guess", "x" * 43])
async def test_a_guessed_link_opens_nothing(tmp_path: Path, link: str) -> None:
    """Nor does its digest, which is what the database holds."""
    async with house(tmp_path) as it:
        it.link()
        with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
            (digest,) = database.execute("SELECT digest FROM console_links").fetchone()
        for guess in (link, digest):
            body = {"link": guess, "name": "eve", "password": PASSWORD}
            assert (await it.browser().ask("POST", "links/accept", body))[0] == 410
        assert not it.store.has_accounts()


async def test_a_link_expires(tmp_path: Path) -> None:
    """After fifteen minutes it is 410 and tells how to get another one."""
    async with house(tmp_path) as it:
        link = it.link()
        it.now[0] += LINK_SECONDS + 1
        status, answer = await it.browser().ask(
            "POST", "links/accept", {"link": link, "name": "ada", "password": PASSWORD}
        )
        assert status == 410
        assert "promptguard console link" in answer["error"]["message"]


async def test_a_refused_name_or_password_leaves_the_link_good(tmp_path: Path) -> None:
    """A name that is taken, a short password, letters that are none: try again with the same link."""
    async with house(tmp_path) as it:
        await it.signed_in(name="ada")
        link = it.link(Role.VIEWER)
        for name, password, status in (
            ("ada", PASSWORD, 409),
            ("bob", "short", 400),
            ("bob", "x" * 257, 400),
            ("<b>", PASSWORD, 400),
            ("", PASSWORD, 400),
            ("bob", PASSWORD, 200),
        ):
            got, _ = await it.browser().ask("POST", "links/accept", {"link": link, "name": name, "password": password})
            assert got == status


async def test_a_link_gives_its_own_role(tmp_path: Path) -> None:
    """An administrator invites; whoever accepts cannot ask for more."""
    async with house(tmp_path) as it:
        admin = await it.signed_in()
        status, answer = await admin.ask("POST", "links", {"role": "viewer"})
        assert status == 201
        link = answer["path"].removeprefix("/welcome#")
        body = {"link": link, "name": "bob", "password": PASSWORD, "role": "admin"}
        assert (await it.browser().ask("POST", "links/accept", body))[0] == 400
        del body["role"]
        _, answer = await it.browser().ask("POST", "links/accept", body)
        assert answer["account"]["role"] == "viewer"


async def test_sessions_end_by_idleness_and_by_age(tmp_path: Path) -> None:
    """Use keeps a session for twelve hours at most; an hour without use ends it; asking for the feed is no use."""
    async with house(tmp_path) as it:
        used, idle = await it.signed_in(name="ada"), await it.signed_in(name="bob")
        for _ in range(3):
            it.now[0] += IDLE_SECONDS / 2
            assert (await used.ask("GET", "people"))[0] == 200
            await it.people.is_alive(idle.cookie)
        assert (await idle.ask("GET", "people"))[0] == 401
        while it.now[0] < 1_700_000_000 + ABSOLUTE_SECONDS - IDLE_SECONDS / 2:
            it.now[0] += IDLE_SECONDS / 2
            assert (await used.ask("GET", "people"))[0] == 200
        it.now[0] += IDLE_SECONDS / 2 + 1
        assert (await used.ask("GET", "people"))[0] == 401


async def test_a_new_password_ends_all_other_sessions(tmp_path: Path) -> None:
    """The old one is asked for, and of no use afterwards."""
    async with house(tmp_path) as it:
        here, there = await it.signed_in(name="ada"), it.browser()
        await there.ask("POST", "session", {"name": "ada", "password": PASSWORD})
        new = "another " + PASSWORD
        assert (await here.ask("POST", "password", {"old": "wrong", "new": new}))[0] == 401
        assert (await here.ask("POST", "password", {"old": PASSWORD, "new": new}))[0] == 200
        assert (await here.ask("GET", "people"))[0] == 200
        assert (await there.ask("GET", "people"))[0] == 401
        assert (await there.ask("POST", "session", {"name": "ada", "password": PASSWORD}))[0] == 401


async def test_removing_people(tmp_path: Path) -> None:
    """Their sessions end at once; the last administrator cannot go."""
    async with house(tmp_path) as it:
        admin, viewer = await it.signed_in(name="ada"), await it.signed_in(Role.VIEWER, name="bob")
        _, answer = await admin.ask("GET", "people")
        ids = {person["name"]: person["id"] for person in answer["people"]}
        assert (await admin.ask("DELETE", f"people/{ids['bob']}"))[0] == 200
        assert (await viewer.ask("GET", "events"))[0] == 401
        assert (await admin.ask("DELETE", f"people/{ids['ada']}"))[0] == 409
        assert (await admin.ask("GET", "people"))[0] == 200


async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    """After some wrong passwords even the right one has to wait; the answer says how long."""
    async with house(tmp_path) as it:
        await it.signed_in(name="ada")
        browser = it.browser()
        for _ in range(FREE_FAILURES):
            assert (await browser.ask("POST", "session", {"name": "ada", "password": "x"}))[0] == 401
        answer = await browser.send("POST", "/console/api/session", {"name": "ada", "password": PASSWORD})
        assert answer.status == 429
        it.now[0] += float(answer.headers["Retry-After"])
        assert (await browser.ask("POST", "session", {"name": "ada", "password": PASSWORD}))[0] == 200


def test_the_wait_grows_to_a_minute_and_is_forgotten() -> None:
    """Nobody is locked out for longer, and other names do not wait."""
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(FREE_FAILURES + 20):
        throttle.failed("ada")
    assert throttle.wait("ada") == LONGEST_WAIT
    assert throttle.wait("bob") == 0
    now[0] += 1000
    throttle.failed("ada")
    assert throttle.wait("ada") == 0
    throttle.failed("ada")
    throttle.succeeded("ada")
    assert throttle.wait("ada") == 0


def stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob(f"{DATABASE}*"))


async def test_nothing_that_opens_a_door_is_stored(tmp_path: Path) -> None:
    """Neither password nor session nor link stands in the database's files, nor in a representation."""
    async with house(tmp_path) as it:
        link = it.link()
        signed_in = await it.people.accept(link, "ada", PASSWORD)
        stored = stored_bytes(tmp_path)
        for secret in (link, signed_in.id, PASSWORD):
            assert secret.encode() not in stored
            assert secret not in repr(signed_in)
        with pytest.raises(Refused, match="Name or password"):
            await it.people.sign_in("ada", QUICK.nobodys)


def test_a_hash_fits_its_password_only() -> None:
    """Salted: the same password twice gives two hashes. Any text can be a password."""
    one, two = QUICK.hash("p\0\ud800ä"), Scrypt().hash("p\0\ud800ä")
    assert one != QUICK.hash("p\0\ud800ä")
    assert password_fits("p\0\ud800ä", one)
    assert password_fits("p\0\ud800ä", two)
    assert not password_fits("p", one)
    assert not password_fits("", QUICK.nobodys)
