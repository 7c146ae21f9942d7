"""Who gets which answer of the console: hosts, origins, tokens, sessions, roles."""

import asyncio
import logging
from pathlib import Path

import pytest

from console.house import HOST, OWN, PASSWORD, Browser, house
from promptguard_gateway.console.site import API, COOKIE, Route, Site
from promptguard_gateway.domain.console import Role

ROUTES = {
    ("GET", "people"): "admin",
    ("POST", "links"): "admin",
    ("DELETE", "people/acc_1"): "admin",
    ("GET", "playground"): "analyst",
    ("POST", "playground"): "analyst",
    ("GET", "overview"): "viewer",
    ("GET", "upstreams"): "viewer",
    ("GET", "events"): "viewer",
    ("GET", "events/evt_1"): "viewer",
    ("GET", "live"): "viewer",
    ("POST", "password"): "viewer",
    ("DELETE", "session"): "viewer",
}
OPEN = {("GET", "session"), ("POST", "session"), ("POST", "links/accept")}


async def test_pages_are_for_everybody_and_carry_the_strict_headers(tmp_path: Path) -> None:
    """Every path that is no file is the application; nothing inline, no frame, no other host."""
    async with house(tmp_path) as it:
        for path in ("/", "/welcome", "/events/evt_1", "/index.html"):
            page = await it.browser().send("GET", path)
            assert (page.status, page.body, page.content_type) == (200, b"<!doctype html>", "text/html; charset=utf-8")
            assert page.headers["Cache-Control"] == "no-store"
        script = await it.browser().send("GET", "/assets/app-1.js")
        assert "immutable" in script.headers["Cache-Control"]
        policy = script.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert script.headers["X-Content-Type-Options"] == "nosniff"
        assert (await it.browser().send("GET", "/assets/../index.html")).status == 404
        assert (await it.browser().send("POST", "/")).status == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        ("localhost:8081", 200),
        ("[::1]:8081", 200),
        ("10.0.0.7", 200),
        ("console.example", 200),
        ("CONSOLE.example.:8081", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:8081", 403),
        ("", 403),
    ],
)
async def test_a_name_that_is_not_listed_is_refused(tmp_path: Path, host: str, status: int) -> None:
    """A foreign name that resolves to this machine reads neither pages nor API."""
    async with house(tmp_path) as it:
        for path in ("/", f"{API}session"):
            answer = await it.browser().send("GET", path, headers={"host": host, "origin": ""})
            assert answer.status == status


async def test_every_route_needs_its_role(tmp_path: Path) -> None:
    """Without a session 401, with a lesser role 403; no route is missing from the table above."""
    async with house(tmp_path) as it:
        listed = {(method, path.replace("evt_1", "*").replace("acc_1", "*")) for method, path in ROUTES} | OPEN
        assert listed == set(it.site._routes)
        nobody, browsers = it.browser(), {role.value: await it.signed_in(role) for role in Role}
        ranks = list(browsers)
        for (method, path), needed in ROUTES.items():
            assert (await nobody.ask(method, path, {}))[0] == 401, path
            for lesser in ranks[: ranks.index(needed)]:
                assert (await browsers[lesser].ask(method, path, {}))[0] == 403, path


WRITES = [("POST", "links"), ("DELETE", "people/acc_1"), ("POST", "playground"), ("POST", "password")]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"origin": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8080"},
    ],
)
async def test_forged_requests_change_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    """Another origin, no origin, no token or a wrong one: 403, with the cookie of an administrator."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        for method, path in WRITES:
            assert (await browser.ask(method, path, {"role": "admin"}, **headers))[0] == 403
        assert (await browser.ask("GET", "people"))[0] == 200


async def test_another_site_reads_and_signs_in_nobody(tmp_path: Path) -> None:
    """What browsers say of where a request comes from is believed when it speaks against it."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        assert (await browser.ask("GET", "people", **{"sec-fetch-site": "cross-site", "origin": ""}))[0] == 403
        assert (await browser.ask("GET", "people", origin="https://evil.example"))[0] == 403
        good = {"name": "admin", "password": PASSWORD}
        assert (await it.browser().ask("POST", "session", good, origin="https://evil.example"))[0] == 403
        assert (await it.browser().ask("POST", "session", good, **{"content-type": "text/plain"}))[0] == 415


async def test_signing_in_gives_a_new_session(tmp_path: Path) -> None:
    """A session id that was there before is not taken over, and ends; the cookie is out of reach of scripts."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        before = browser.cookie
        assert (await browser.ask("POST", "session", {"name": " Admin ", "password": PASSWORD}))[0] == 200
        assert browser.cookie != before
        assert (await Browser(it.site, cookie=before).ask("GET", "people"))[0] == 401
        planted = Browser(it.site, cookie="planted")
        await planted.ask("POST", "session", {"name": "admin", "password": PASSWORD})
        assert planted.cookie != "planted"
        answer = await planted.send("POST", f"{API}session", {"name": "admin", "password": PASSWORD})
        assert answer.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Strict")
        behind_tls = {"x-forwarded-proto": "https"}
        answer = await planted.send(
            "POST", f"{API}session", {"name": "admin", "password": PASSWORD}, headers=behind_tls
        )
        assert answer.headers["Set-Cookie"].endswith("; Secure")


async def test_signing_out_ends_the_session(tmp_path: Path) -> None:
    """Replaying the old cookie opens nothing."""
    async with house(tmp_path) as it:
        browser = await it.signed_in()
        stolen = Browser(it.site, cookie=browser.cookie)
        assert (await browser.ask("DELETE", "session"))[0] == 200
        assert browser.cookie == ""
        assert (await stolen.ask("GET", "people"))[0] == 401
        assert (await stolen.ask("GET", "session"))[1]["account"] is None


async def test_bodies_are_strict_and_never_repeated(tmp_path: Path) -> None:
    """A field too many, a wrong type, no JSON: 400, and the answer does not quote the body."""
    async with house(tmp_path) as it:
        for body in ({"name": "a", "password": "b", "role": "admin"}, {"name": 1}, b"{secret", [], b"\xff"):
            status, answer = await it.browser().ask("POST", "session", body)
            assert status == 400
            assert "secret" not in str(answer)


async def test_what_fails_here_is_a_500_without_details(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the place and the type, never the message."""
    async with house(tmp_path) as it:

        async def broken(_visit: object) -> None:
            raise RuntimeError("a prompt")

        site = Site(it.people, {("GET", "broken"): Route(None, broken)}, allowed_hosts=[])
        with caplog.at_level(logging.ERROR):
            status, answer = await Browser(site).ask("GET", "broken")
        assert (status, answer["error"]["code"]) == (500, "internal_error")
        assert "a prompt" not in caplog.text + str(answer)
        assert "RuntimeError" in caplog.text


async def test_unknown_paths_and_methods(tmp_path: Path) -> None:
    """404 and 405 before anything is looked up."""
    async with house(tmp_path) as it:
        assert (await it.browser().ask("GET", "nothing"))[0] == 404
        assert (await it.browser().ask("GET", "nothing/here"))[0] == 404
        assert (await it.browser().ask("PUT", "session", {}))[0] == 405


async def test_a_crowd_at_the_door_is_turned_away(tmp_path: Path) -> None:
    """Passwords are checked one at a time; what would pile up gets 429."""
    async with house(tmp_path) as it:
        guesses = [it.browser().ask("POST", "session", {"name": f"n{i}", "password": "x"}) for i in range(8)]
        statuses = [status for status, _ in await asyncio.gather(*guesses)]
        assert set(statuses) == {401, 429}
        assert statuses.count(401) >= 4


def test_the_headers_of_these_tests_are_the_consoles_own() -> None:
    """A request with them is the honest case."""
    assert OWN["origin"].endswith(OWN["host"])
    assert COOKIE
