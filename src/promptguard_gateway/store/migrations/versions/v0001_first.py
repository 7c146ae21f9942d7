"""The first schema: journal, events, counters, projects and keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "marks",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO marks (name, value) VALUES ('keys', 0), ('rollups', 0)")
    op.create_table(
        "projects",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(64), sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("revoked", sa.BigInteger),
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("api_key", sa.String(64), nullable=False),
        sa.Column("route", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(80), nullable=False),
        sqlite_with_rowid=False,
    )
    _create_events()
    op.create_table(
        "rollups",
        sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("route", sa.String(64), primary_key=True),
        sa.Column("decision", sa.String(16), primary_key=True),
        sa.Column("threat_type", sa.String(64), primary_key=True),
        sa.Column("exchanges", sa.BigInteger, nullable=False),
        sa.Column("flagged", sa.BigInteger, nullable=False),
        sa.Column("degraded", sa.BigInteger, nullable=False),
        sa.Column("errors", sa.BigInteger, nullable=False),
        sa.Column("streamed", sa.BigInteger, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("latency", sa.LargeBinary, nullable=False),
        sa.Column("overhead", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", _SEQUENCE, primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("api_key", sa.String(64), nullable=False),
        sa.Column("route", sa.String(64), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("threat_type", sa.String(64)),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("streamed", sa.Boolean, nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("events_by_time", "events", ["time"])
    op.create_index("events_by_project", "events", ["project", "time"])
    not_allowed = sa.text("decision <> 'allow'")
    op.create_index(
        "events_by_decision",
        "events",
        ["decision", "time"],
        sqlite_where=not_allowed,
        postgresql_where=not_allowed,
    )


def downgrade() -> None:
    """Remove all tables and what they hold."""
    for table in ("rollups", "events", "intents", "api_keys", "projects", "marks"):
        op.drop_table(table)
