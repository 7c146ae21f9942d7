"""The console: its people, their sessions and one-time links; counters by the hour; an index of threats."""

import struct
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTED = ("project", "route", "decision", "threat_type")
_COUNTS = ("exchanges", "flagged", "degraded", "errors", "streamed", "prompt_tokens", "completion_tokens")
_HISTOGRAMS = ("latency", "overhead")


def upgrade() -> None:
    """Create the tables, and count by the hour what was counted by the minute."""
    op.create_table(
        "hourly_rollups",
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String(16 if name == "decision" else 64), primary_key=True) for name in _COUNTED),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _COUNTS),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in _HISTOGRAMS),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "console_accounts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "console_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), sa.ForeignKey("console_accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "console_links",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    threat = sa.text("threat_type IS NOT NULL")
    op.create_index("events_by_threat", "events", ["threat_type", "time"], sqlite_where=threat, postgresql_where=threat)
    _count_hours()


def _count_hours() -> None:
    columns: list[sa.ColumnClause[Any]] = [*map(sa.column, ("minute", *_COUNTED, *_COUNTS, *_HISTOGRAMS))]
    hours: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in op.get_bind().execute(sa.select(*columns).select_from(sa.table("rollups"))).mappings():
        values = dict(row)
        values["hour"] = values.pop("minute") // 60
        key = tuple(values[name] for name in ("hour", *_COUNTED))
        hours[key] = _sum(hours[key], values) if key in hours else values
    if hours:
        table = sa.table("hourly_rollups", *map(sa.column, ("hour", *_COUNTED, *_COUNTS, *_HISTOGRAMS)))
        op.get_bind().execute(table.insert(), list(hours.values()))


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    counts = {name: one[name] + other[name] for name in _COUNTS}
    return {**one, **counts, **{name: _added(one[name], other[name]) for name in _HISTOGRAMS}}


def _added(one: bytes, other: bytes) -> bytes:
    counts = zip(struct.iter_unpack("<I", one), struct.iter_unpack("<I", other), strict=True)
    return b"".join(struct.pack("<I", a + b) for (a,), (b,) in counts)


def downgrade() -> None:
    """Remove what was added."""
    op.drop_index("events_by_threat", "events")
    for table in ("console_links", "console_sessions", "console_accounts", "hourly_rollups"):
        op.drop_table(table)
