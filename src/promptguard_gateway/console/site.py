"""The console's front door: which request may have which answer.

Order matters and is the same for every route: host, origin, path, method, session, role, anti-forgery token, then the
body. The pages themselves are for everybody who can reach the listener; they hold nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from promptguard_gateway import __version__
from promptguard_gateway.console.answers import Refused, json_answer, refusal
from promptguard_gateway.console.checks import check_host, check_origin, check_token, token_of
from promptguard_gateway.console.files import STATIC, Files
from promptguard_gateway.console.people import ABSOLUTE_SECONDS, People, SignedIn
from promptguard_gateway.domain.console import Account, Role, Session, may
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.listener import Feed, Incoming, Outgoing

log = logging.getLogger("promptguard")

API = "/console/api/"
COOKIE = "promptguard_console"
T = TypeVar("T", bound=Struct)


class Visit(Struct, frozen=True):
    """A request to the API and who makes it. `name` is the last piece of the path where the route has one there."""

    incoming: Incoming
    name: str
    session: str
    account: Account | None

    @property
    def person(self) -> Account:
        """Who it is, on routes that need somebody."""
        if self.account is None:
            raise Refused("signed_out", "Sign in first.")
        return self.account

    @property
    def asked(self) -> Mapping[str, str]:
        """The query's parameters, the last of each name."""
        return {name: values[-1] for name, values in parse_qs(self.incoming.query).items()}

    async def body(self, kind: type[T]) -> T:
        """The JSON body as a value. Raises Refused or GatewayError; neither repeats what was sent."""
        if self.incoming.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused("unsupported_media_type", "Send the body as application/json.")
        try:
            return msgspec.json.decode(await self.incoming.read(), type=kind)
        except msgspec.DecodeError:
            raise Refused("bad_request", "The body is not what this route takes.") from None


Work = Callable[[Visit], Awaitable[Outgoing | Feed]]


class Route(Struct, frozen=True):
    """What answers, and the role it needs; None is for everybody."""

    needs: Role | None
    work: Work


Routes = Mapping[tuple[str, str], Route]


class Site:
    """Pages and API behind the checks. `routes` by method and path; a path that ends in `*` takes one more piece."""

    def __init__(
        self, people: People, routes: Routes, *, allowed_hosts: Collection[str], files: Files | None = None
    ) -> None:
        self._people = people
        self._routes: Routes = {**self._own_routes(), **routes}
        self._methods: dict[str, set[str]] = {}
        for method, path in self._routes:
            self._methods.setdefault(path, set()).add(method)
        self._allowed_hosts = frozenset(map(str.lower, allowed_hosts))
        self._files = files or Files(STATIC)

    @property
    def built(self) -> bool:
        """Whether there are pages to show."""
        return self._files.built

    async def __call__(self, incoming: Incoming) -> Outgoing | Feed:
        """Answer one request; raises nothing but cancellation and the client's departure."""
        try:
            check_host(incoming.headers.get("host", ""), self._allowed_hosts)
            if not incoming.path.startswith(API):
                return self._files.answer(incoming)
            check_origin(incoming.method, incoming.headers)
            return await self._api(incoming)
        except Refused as refused:
            return refusal(refused)
        except GatewayError as error:
            return json_answer({"error": {"code": error.code, "message": error.message}}, error.status)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as failure:
            # Its message could hold content; its place is enough to mend it.
            log.error("the console failed on %s: %s", incoming.method, _place(failure))
            return refusal(Refused("internal_error", "The console failed on this request. The log says where."))

    async def _api(self, incoming: Incoming) -> Outgoing | Feed:
        route, name = self._route(incoming)
        session = _cookie(incoming.headers.get("cookie", ""))
        found = await self._people.session(session) if session else None
        if route.needs is not None:
            _require(route.needs, found)
            check_token(incoming.method, incoming.headers, session)
        return await route.work(Visit(incoming, name, session, found.account if found else None))

    def _route(self, incoming: Incoming) -> tuple[Route, str]:
        path, name = incoming.path.removeprefix(API), ""
        if path not in self._methods:
            parent, _, name = path.rpartition("/")
            path = f"{parent}/*"
        method = "GET" if incoming.method == "HEAD" else incoming.method
        if path not in self._methods:
            raise Refused("not_found", "There is no such path here.")
        if method not in self._methods[path]:
            raise Refused("method_not_allowed", f"This path takes {', '.join(sorted(self._methods[path]))}.")
        return self._routes[method, path], name

    # Signing in and out, and who may.

    def _own_routes(self) -> Routes:
        return {
            ("GET", "session"): Route(None, self._whoami),
            ("POST", "session"): Route(None, self._sign_in),
            ("DELETE", "session"): Route(Role.VIEWER, self._sign_out),
            ("POST", "links/accept"): Route(None, self._accept),
            ("POST", "links"): Route(Role.ADMIN, self._invite),
            ("POST", "password"): Route(Role.VIEWER, self._change_password),
            ("GET", "people"): Route(Role.ADMIN, self._list),
            ("DELETE", "people/*"): Route(Role.ADMIN, self._remove),
        }

    async def _whoami(self, visit: Visit) -> Outgoing:
        if visit.account is None:
            return json_answer({"account": None, "token": None, "version": __version__})
        return json_answer(_introduced(visit.account, visit.session))

    async def _sign_in(self, visit: Visit) -> Outgoing:
        asked = await visit.body(Credentials)
        return await self._signed_in(visit, await self._people.sign_in(asked.name, asked.password))

    async def _accept(self, visit: Visit) -> Outgoing:
        asked = await visit.body(NewAccount)
        return await self._signed_in(visit, await self._people.accept(asked.link, asked.name, asked.password))

    async def _change_password(self, visit: Visit) -> Outgoing:
        asked = await visit.body(NewPassword)
        return await self._signed_in(visit, await self._people.change_password(visit.person, asked.old, asked.new))

    async def _signed_in(self, visit: Visit, signed_in: SignedIn) -> Outgoing:
        """The browser gets the new session's id; the one it had before ends."""
        if visit.session:
            await self._people.sign_out(visit.session)
        cookie = _set_cookie(signed_in.id, ABSOLUTE_SECONDS, visit.incoming)
        return json_answer(_introduced(signed_in.account, signed_in.id), headers={"Set-Cookie": cookie})

    async def _sign_out(self, visit: Visit) -> Outgoing:
        await self._people.sign_out(visit.session)
        return json_answer({}, headers={"Set-Cookie": _set_cookie("", 0, visit.incoming)})

    async def _invite(self, visit: Visit) -> Outgoing:
        asked = await visit.body(Invitation)
        return json_answer({"path": link_path(await self._people.invite(asked.role))}, 201)

    async def _list(self, visit: Visit) -> Outgoing:
        return json_answer({"people": await self._people.everybody()})

    async def _remove(self, visit: Visit) -> Outgoing:
        await self._people.remove(visit.name)
        return json_answer({})


class Credentials(Struct, forbid_unknown_fields=True):
    """Who signs in."""

    name: str
    password: str


class NewAccount(Struct, forbid_unknown_fields=True):
    """Who uses a one-time link."""

    link: str
    name: str
    password: str


class NewPassword(Struct, forbid_unknown_fields=True):
    """A password in place of another."""

    old: str
    new: str


class Invitation(Struct, forbid_unknown_fields=True):
    """What the person who gets the link may do."""

    role: Role


def link_path(secret: str) -> str:
    """The path of a one-time link. Behind `#` it never leaves the browser, so no log and no Referer holds it."""
    return f"/welcome#{secret}"


def _introduced(account: Account, session: str) -> dict[str, object]:
    return {"account": account, "token": token_of(session), "version": __version__}


def _require(role: Role, session: Session | None) -> None:
    if session is None:
        raise Refused("signed_out", "Sign in first.")
    if not may(session.account.role, role):
        raise Refused("forbidden", f"This needs the role {role.value}.")


def _cookie(header: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _set_cookie(value: str, seconds: int, incoming: Incoming) -> str:
    """`Secure` where TLS ends before us; without TLS browsers would drop the cookie."""
    secure = "; Secure" if incoming.headers.get("x-forwarded-proto") == "https" else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def _place(failure: Exception) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"
    return f"{type(failure).__name__} at {where}"
