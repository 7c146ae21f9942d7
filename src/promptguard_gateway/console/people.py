"""Who may sign in, and who is signed in: one-time links, passwords, sessions.

There is no first password and no open registration. An account is made with a one-time link, which the gateway prints
at a first start and an administrator makes for others. Links and session ids are 256 random bits; only their digests
are stored, so whoever reads the database can use neither.
"""

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from msgspec import Struct

from promptguard_gateway.console.answers import Refused
from promptguard_gateway.console.passwords import LONGEST, SHORTEST, Scrypt, password_fits
from promptguard_gateway.console.throttle import Throttle
from promptguard_gateway.domain.console import Accepted, Account, Role, Session
from promptguard_gateway.domain.ports import AccountStore

LINK_SECONDS = 15 * 60  # for a link that the gateway prints or an administrator makes
IDLE_SECONDS = 3600
ABSOLUTE_SECONDS = 12 * 3600
_SEEN_EVERY = 60  # seconds between two notes that a session is alive
_WAITING_LOGINS = 4  # each hashes for a fifth of a second, one after the other

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
T = TypeVar("T")


class SignedIn(Struct, frozen=True):
    """A new session: the id goes into the cookie and nowhere else."""

    id: str
    account: Account

    def __repr__(self) -> str:
        return f"SignedIn({self.account!r})"


class People:
    """Accounts and sessions. `clock` gives Unix seconds, `monotonic` seconds that never jump."""

    def __init__(
        self,
        store: AccountStore,
        *,
        passwords: Scrypt | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._passwords = passwords or Scrypt()
        self._clock = clock
        self._throttle = Throttle(monotonic)
        self._hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console-passwords")
        self._logins = 0

    def close(self) -> None:
        """End the thread that hashes."""
        self._hashing.shutdown(wait=False, cancel_futures=True)

    def first_link(self) -> str | None:
        """The secret of a link that makes the first administrator; None when there is somebody. Blocks."""
        return None if self._store.has_accounts() else new_link(self._store, Role.ADMIN, self._clock())

    async def invite(self, role: Role) -> str:
        """The secret of a link that makes an account with this role."""
        return await asyncio.to_thread(new_link, self._store, role, self._clock())

    async def accept(self, link: str, name: str, password: str) -> SignedIn:
        """Use a link: a new account, signed in. Raises Refused."""
        name = _checked_name(name)
        _check_password(password)
        account = Account(id=f"acc_{secrets.token_hex(8)}", name=name, role=Role.VIEWER, created=self._now())
        hashed = await self._slowly(lambda: self._passwords.hash(password))
        became = await asyncio.to_thread(self._store.accept, digest_of(link), account, hashed)
        if became is Accepted.NAME_TAKEN:
            raise Refused("name_taken", "Somebody has this name. Choose another one.")
        if became is not Accepted.DONE:
            raise Refused("link_gone", _GONE[became])
        return await asyncio.to_thread(self._enter, name)

    async def sign_in(self, name: str, password: str) -> SignedIn:
        """A new session, with an id of its own whatever the browser had before. Raises Refused."""
        name = name.strip().lower()
        wait = self._throttle.wait(name)
        if wait > 0:
            raise Refused("too_many_attempts", "Too many wrong passwords. Wait a little.", retry_after=round(wait) + 1)
        account = await self._recognised(name, password)
        if account is None:
            self._throttle.failed(name)
            raise Refused("wrong_password", "Name or password is wrong.")
        self._throttle.succeeded(name)
        return await asyncio.to_thread(self._enter, name)

    async def session(self, session: str) -> Session | None:
        """The live session of an id."""
        return await asyncio.to_thread(self._session, session)

    async def is_alive(self, session: str) -> bool:
        """Whether a session is still good; asking does not keep it."""
        return await asyncio.to_thread(self._live, digest_of(session), self._now()) is not None

    async def sign_out(self, session: str) -> None:
        """End a session."""
        await asyncio.to_thread(self._store.end_session, digest_of(session))

    async def change_password(self, account: Account, old: str, new: str) -> SignedIn:
        """A new password; all other sessions of this person end. Raises Refused."""
        _check_password(new)
        if await self._recognised(account.name, old) is None:
            raise Refused("wrong_password", "The present password is wrong.")
        hashed = await self._slowly(lambda: self._passwords.hash(new))
        await asyncio.to_thread(self._store.set_password, account.id, hashed)
        return await asyncio.to_thread(self._enter, account.name)

    async def everybody(self) -> list[Account]:
        """All accounts."""
        return list(await asyncio.to_thread(self._store.list_accounts))

    async def remove(self, account: str) -> None:
        """Remove an account and its sessions. Raises Refused for the last administrator."""
        if not await asyncio.to_thread(self._store.remove_account, account):
            raise Refused("last_administrator", "This is the last administrator, or nobody: nothing was changed.")

    async def _recognised(self, name: str, password: str) -> Account | None:
        known = await asyncio.to_thread(self._store.password_of, name)
        stored = known[1] if known else self._passwords.nobodys
        fits = await self._slowly(lambda: len(password) <= LONGEST and password_fits(password, stored))
        return known[0] if known and fits else None

    async def _slowly(self, work: Callable[[], T]) -> T:
        """Hash in the one thread for it; whoever comes when several wait is turned away, so that nothing piles up."""
        if self._logins >= _WAITING_LOGINS:
            raise Refused("too_many_attempts", "Too many people sign in at once. Try again.", retry_after=2)
        self._logins += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, work)
        finally:
            self._logins -= 1

    def _enter(self, name: str) -> SignedIn:
        """A new session of somebody who was recognised."""
        known = self._store.password_of(name)
        if known is None:
            raise Refused("signed_out", "This account was removed just now.")
        now, session = self._now(), secrets.token_urlsafe(32)
        self._store.forget_sessions(now - ABSOLUTE_SECONDS * 1000, now - IDLE_SECONDS * 1000)
        self._store.add_session(digest_of(session), known[0].id, now)
        return SignedIn(session, known[0])

    def _session(self, session: str) -> Session | None:
        digest, now = digest_of(session), self._now()
        found = self._live(digest, now)
        if found is not None and now - found.seen > _SEEN_EVERY * 1000:
            self._store.touch_session(digest, now)
        return found

    def _live(self, digest: str, now: int) -> Session | None:
        found = self._store.session(digest)
        if found is None:
            return None
        young = now - found.created <= ABSOLUTE_SECONDS * 1000
        return found if young and now - found.seen <= IDLE_SECONDS * 1000 else None

    def _now(self) -> int:
        return int(self._clock() * 1000)


_GONE = {
    Accepted.UNKNOWN: "This link is not one of this gateway's. Ask for another one.",
    Accepted.EXPIRED: "This link has expired. `promptguard console link` makes another one.",
    Accepted.USED: "This link was used before. Sign in, or ask for another one.",
}


def new_link(store: AccountStore, role: Role, now: float) -> str:
    """Make a one-time link and return its secret, to be shown once. `now` in Unix seconds."""
    secret = secrets.token_urlsafe(32)
    store.add_link(digest_of(secret), role, int((now + LINK_SECONDS) * 1000))
    return secret


def digest_of(secret: str) -> str:
    """SHA-256: the secret has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _checked_name(name: str) -> str:
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise Refused("bad_request", "A name is up to 64 letters, digits and . _ @ - between letters or digits.")
    return name


def _check_password(password: str) -> None:
    if len(password) < SHORTEST:
        raise Refused("bad_request", f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise Refused("bad_request", f"A password has at most {LONGEST} characters.")
