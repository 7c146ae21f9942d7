"""The tables, in SQLAlchemy's types, so that SQLite and PostgreSQL share one description.

`intents` is the journal: a row lives from before dispatch until its event is stored, so at start every row left over is
an exchange that died with the process. `events` keeps the whole record as JSON; the columns beside it are copies for
querying. `rollups` and `hourly_rollups`
hold counters, so that a page over a million events reads few rows. `marks` holds
counters that tell another process that something changed.

The migrations under `migrations/` lead to exactly these tables; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from promptguard_gateway.domain.projects import DEFAULT_PROJECT

# The newest revision under migrations/versions; a database that says this needs no Alembic.
HEAD = "0004"

NOT_ALLOWED = "decision <> 'allow'"
THREAT = "threat_type IS NOT NULL"

metadata = MetaData()

# SQLite gives rows their number by itself only when the type is spelt INTEGER.
_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

# Alembic's own table, described so that a new database can be created without loading Alembic.
alembic_version = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

marks = Table(
    "marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

projects = Table(
    "projects",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("removed", BigInteger),
    Column("policy", BigInteger),
    Column("fail_mode", String(8)),
    Column("zero_retention", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# The project that every store has, without the time of its creation.
DEFAULT = {"id": DEFAULT_PROJECT, "name": DEFAULT_PROJECT, "description": "", "zero_retention": False}

# Never changed and never deleted: events name these rows. `project` is NULL for the policy of the settings.
policy_versions = Table(
    "policy_versions",
    metadata,
    Column("id", _SEQUENCE, primary_key=True),
    Column("project", String(64), ForeignKey("projects.id")),
    Column("created", BigInteger, nullable=False),
    Column("author", String(80), nullable=False),
    Column("note", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index("policy_versions_by_project", "project", "id"),
)

# `source` is `created` or `environment`: the second kind follows PROMPTGUARD_API_KEY and goes when it changes.
# `scopes` are words with blanks between them.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(64), ForeignKey("projects.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("source", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Column("disabled", Boolean, nullable=False),
    Column("expires", BigInteger),
    Column("scopes", String(64), nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("project", String(64), nullable=False),
    Column("api_key", String(64), nullable=False),
    Column("route", String(64), nullable=False),
    Column("digest", String(80), nullable=False),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("sequence", _SEQUENCE, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("time", BigInteger, nullable=False),
    Column("project", String(64), nullable=False),
    Column("api_key", String(64), nullable=False),
    Column("route", String(64), nullable=False),
    Column("model", Text, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("threat_type", String(64)),
    Column("outcome", String(32), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("streamed", Boolean, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("record", Text, nullable=False),
    Index("events_by_time", "time"),
    Index("events_by_project", "project", "time"),
    # Most events are allowed ones; the index of the others stays small and costs an allowed event nothing.
    Index(
        "events_by_decision",
        "decision",
        "time",
        sqlite_where=text(NOT_ALLOWED),
        postgresql_where=text(NOT_ALLOWED),
    ),
    Index("events_by_threat", "threat_type", "time", sqlite_where=text(THREAT), postgresql_where=text(THREAT)),
)

# The model is the client's own word and therefore no part of the key: a client could make a row of every exchange.
_COUNTED = ("project", "route", "decision", "threat_type")
_COUNTS = ("exchanges", "flagged", "degraded", "errors", "streamed", "prompt_tokens", "completion_tokens")


def _counters(name: str, period: str) -> Table:
    return Table(
        name,
        metadata,
        Column(period, BigInteger, primary_key=True, autoincrement=False),
        *(Column(column, String(16 if column == "decision" else 64), primary_key=True) for column in _COUNTED),
        *(Column(column, BigInteger, nullable=False) for column in _COUNTS),
        Column("latency", LargeBinary, nullable=False),
        Column("overhead", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


# The same counters twice: a page over an hour reads minutes, a page over a month reads hours.
rollups = _counters("rollups", "minute")
hourly_rollups = _counters("hourly_rollups", "hour")

# Who may sign in to the console. `password` is a hash with its parameters, see `console.passwords`.
console_accounts = Table(
    "console_accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", String(255), nullable=False),
    Column("created", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Of sessions and one-time links only digests are kept: a stolen database opens no session.
console_sessions = Table(
    "console_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("console_accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

console_links = Table(
    "console_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger),
    sqlite_with_rowid=False,
)
