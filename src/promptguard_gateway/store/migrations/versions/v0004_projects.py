"""Projects with policies of their own, and keys with scopes, a switch and an end."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make both tables anew with what they held; keys that exist are good for what they were good for."""
    op.execute("CREATE TEMPORARY TABLE old_keys AS SELECT * FROM api_keys")
    op.execute("CREATE TEMPORARY TABLE old_projects AS SELECT * FROM projects")
    op.drop_table("api_keys")
    op.drop_table("projects")
    _create_projects()
    _create_keys()
    op.execute(
        "INSERT INTO projects (id, name, description, created, zero_retention) "
        "SELECT id, name, '', created, false FROM old_projects"
    )
    op.execute(
        "INSERT INTO api_keys (id, project, name, prefix, digest, source, created, revoked, disabled, scopes) "
        "SELECT id, project, name, prefix, digest, source, created, revoked, false, 'proxy' FROM old_keys"
    )
    default = sa.text(
        "INSERT INTO projects (id, name, description, created, zero_retention) "
        "SELECT 'default', 'default', '', :now, false WHERE NOT EXISTS (SELECT 1 FROM projects WHERE id = 'default')"
    )
    op.execute(default.bindparams(now=int(time.time() * 1000)))
    op.execute("DROP TABLE old_keys")
    op.execute("DROP TABLE old_projects")
    op.execute("UPDATE marks SET name = 'control' WHERE name = 'keys'")


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger),
        sa.Column("policy", sa.BigInteger),
        sa.Column("fail_mode", sa.String(8)),
        sa.Column("zero_retention", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", _SEQUENCE, primary_key=True),
        sa.Column("project", sa.String(64), sa.ForeignKey("projects.id")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(80), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("policy_versions_by_project", "policy_versions", ["project", "id"])


def _create_keys() -> None:
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
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("scopes", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """There is no way back: policies and scopes have no place in the first schema."""
    raise RuntimeError("schema 0004 cannot be taken back; restore a backup")
