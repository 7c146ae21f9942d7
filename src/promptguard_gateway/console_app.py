"""The console's part of the composition: from ports to a listener, or to a sentence why there is none.

The gateway does not depend on it: an address that is taken costs the console, not the gateway.
"""

import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from msgspec import Struct

from promptguard_gateway.console.answers import SECURITY_HEADERS
from promptguard_gateway.console.desk import Desk
from promptguard_gateway.console.people import People, new_link
from promptguard_gateway.console.site import Site, link_path
from promptguard_gateway.domain.console import Role
from promptguard_gateway.domain.ports import AccountStore, EventQueries, Tester
from promptguard_gateway.domain.settings import ConsoleSettings
from promptguard_gateway.proxy.http_server import RunningServer
from promptguard_gateway.proxy.side_listener import serve_beside

log = logging.getLogger("promptguard")

States = Callable[[], Awaitable[list[tuple[str, str]]]]


class RunningConsole(Struct, frozen=True):
    """The console's address, or why there is none.

    `link` makes the first administrator: it is shown once, to whoever started the gateway.
    """

    address: str | None
    trouble: str | None = None
    link: str | None = None
    built: bool = True


@asynccontextmanager
async def console(
    settings: ConsoleSettings, accounts: AccountStore, queries: EventQueries, tester: Tester, upstreams: States
) -> AsyncIterator[RunningConsole]:
    """The console, listening while the context lasts."""
    if not settings.enabled:
        yield RunningConsole(None)
        return
    people = People(accounts)
    site = Site(people, Desk(queries, tester, people, upstreams).routes(), allowed_hosts=settings.allowed_hosts)
    try:
        server = await serve_beside(site, settings.host, settings.port, error_headers=SECURITY_HEADERS)
    except OSError as error:
        people.close()
        yield RunningConsole(None, trouble=_trouble(settings, error))
        return
    try:
        yield _running(settings, server, people, built=site.built)
    finally:
        await server.close()
        people.close()


def _running(settings: ConsoleSettings, server: RunningServer, people: People, *, built: bool) -> RunningConsole:
    address, secret = address_of(settings.host, server.port), people.first_link()
    return RunningConsole(address, link=address + link_path(secret) if secret else None, built=built)


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds the console."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what it is bound to, not binding it
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def another_link(settings: ConsoleSettings, accounts: AccountStore, role: Role) -> str:
    """One more one-time link, for a person with this role."""
    return address_of(settings.host, settings.port) + link_path(new_link(accounts, role, time.time()))


def _trouble(settings: ConsoleSettings, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "the name does not resolve"
    return (
        f"cannot listen on {settings.host}:{settings.port}: {reason}. Free the port, choose another with "
        "PROMPTGUARD_CONSOLE_PORT, or turn the console off with PROMPTGUARD_CONSOLE_ENABLED=off"
    )
