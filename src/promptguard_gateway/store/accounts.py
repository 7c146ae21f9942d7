"""The console's people in the database: accounts, sessions, one-time links. Fulfils `domain.ports.AccountStore`."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from promptguard_gateway.domain.console import Accepted, Account, Role, Session
from promptguard_gateway.store.schema import console_accounts, console_links, console_sessions

_ACCOUNT = (console_accounts.c.id, console_accounts.c.name, console_accounts.c.role, console_accounts.c.created)
_KEEP_LINKS = 24 * 3600 * 1000  # milliseconds; how long a link is remembered as used or expired


class SqlAccountStore:
    """See the port. Every method is one transaction and raises sqlalchemy.exc.SQLAlchemyError when it cannot be."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def has_accounts(self) -> bool:
        """Whether anybody may sign in."""
        with self._engine.connect() as connection:
            return connection.scalar(select(console_accounts.c.id).limit(1)) is not None

    def list_accounts(self) -> Sequence[Account]:
        """Everybody, the oldest first."""
        with self._engine.connect() as connection:
            return [_account(row) for row in connection.execute(select(*_ACCOUNT).order_by(console_accounts.c.created))]

    def password_of(self, name: str) -> tuple[Account, str] | None:
        """The account of a name and its password's hash."""
        query = select(*_ACCOUNT, console_accounts.c.password).where(console_accounts.c.name == name)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (_account(row), row.password)

    def set_password(self, account: str, password: str) -> None:
        """Change the hash, and end all sessions of this person."""
        with self._engine.begin() as connection:
            connection.execute(
                update(console_accounts).where(console_accounts.c.id == account).values(password=password)
            )
            connection.execute(delete(console_sessions).where(console_sessions.c.account == account))

    def remove_account(self, account: str) -> bool:
        """Remove a person, with the sessions. False for nobody, and for the last administrator."""
        others = (
            select(console_accounts.c.id)
            .where(console_accounts.c.role == Role.ADMIN.value, console_accounts.c.id != account)
            .exists()
        )
        with self._engine.begin() as connection:
            removed = connection.execute(delete(console_accounts).where(console_accounts.c.id == account, others))
        return removed.rowcount == 1

    def add_link(self, digest: str, role: Role, expires: int) -> None:
        """Remember a one-time link; those that expired long ago are forgotten."""
        with self._engine.begin() as connection:
            connection.execute(delete(console_links).where(console_links.c.expires < expires - _KEEP_LINKS))
            connection.execute(insert(console_links).values(digest=digest, role=role.value, expires=expires))

    def accept(self, digest: str, account: Account, password: str) -> Accepted:
        """Use a link up and create the account, with the link's role in place of its own; both or neither."""
        try:
            with self._engine.begin() as connection:
                return _accept(connection, digest, account, password)
        except IntegrityError:
            return Accepted.NAME_TAKEN

    def add_session(self, digest: str, account: str, now: int) -> None:
        """A browser signed in."""
        with self._engine.begin() as connection:
            connection.execute(insert(console_sessions).values(digest=digest, account=account, created=now, seen=now))

    def session(self, digest: str) -> Session | None:
        """The session of a digest, whatever its age."""
        query = (
            select(*_ACCOUNT, console_sessions.c.created.label("begun"), console_sessions.c.seen)
            .join_from(console_sessions, console_accounts)
            .where(console_sessions.c.digest == digest)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Session(account=_account(row), created=row.begun, seen=row.seen)

    def touch_session(self, digest: str, now: int) -> None:
        """The browser is still there."""
        with self._engine.begin() as connection:
            connection.execute(update(console_sessions).where(console_sessions.c.digest == digest).values(seen=now))

    def end_session(self, digest: str) -> None:
        """Sign out."""
        with self._engine.begin() as connection:
            connection.execute(delete(console_sessions).where(console_sessions.c.digest == digest))

    def forget_sessions(self, created_before: int, seen_before: int) -> None:
        """Remove those that are too old to be good."""
        old = (console_sessions.c.created < created_before) | (console_sessions.c.seen < seen_before)
        with self._engine.begin() as connection:
            connection.execute(delete(console_sessions).where(old))


def _accept(connection: Connection, digest: str, account: Account, password: str) -> Accepted:
    """The update comes first: it takes the write lock, so that of two who use a link one is second."""
    unused = (console_links.c.digest == digest, console_links.c.used.is_(None))
    fresh = console_links.c.expires > account.created
    used = connection.execute(update(console_links).where(*unused, fresh).values(used=account.created))
    link = connection.execute(select(console_links).where(console_links.c.digest == digest)).one_or_none()
    if link is None:
        return Accepted.UNKNOWN
    if used.rowcount == 0:
        return Accepted.USED if link.used is not None else Accepted.EXPIRED
    connection.execute(
        insert(console_accounts).values(
            id=account.id, name=account.name, role=link.role, password=password, created=account.created
        )
    )
    return Accepted.DONE


def _account(row: Row[*tuple[object, ...]]) -> Account:
    return Account(id=row.id, name=row.name, role=Role(row.role), created=row.created)
