"""The tables, in SQLAlchemy's types, so that SQLite and PostgreSQL share one description.

`intents` is the journal: a row lives from before dispatch until its event is stored, so at start every row left over is
an exchange that died with the process. `events` keeps the whole record as JSON; the columns beside it are copies for
querying. `rollups` holds counters by the minute, so that a page over a million events reads few rows. `marks` holds
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

# The newest revision under migrations/versions; a database that says this needs no Alembic.
HEAD = "0001"

NOT_ALLOWED = "decision <> 'allow'"

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
    Column("created", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# `source` is `created` or `environment`: the second kind follows PROMPTGUARD_API_KEY and goes when it changes.
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
)

# The model is the client's own word and therefore no part of the key: a client could make a row of every exchange.
rollups = Table(
    "rollups",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("project", String(64), primary_key=True),
    Column("route", String(64), primary_key=True),
    Column("decision", String(16), primary_key=True),
    Column("threat_type", String(64), primary_key=True),
    Column("exchanges", BigInteger, nullable=False),
    Column("flagged", BigInteger, nullable=False),
    Column("degraded", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("streamed", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("latency", LargeBinary, nullable=False),
    Column("overhead", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
