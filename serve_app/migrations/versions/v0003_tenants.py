"""Whose a job is, and the keys of those who may ask."""

import sqlalchemy as sql
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    tenant = sql.Column("tenant", sql.String(200), nullable=False, server_default="local")
    op.add_column("jobs", tenant)
    op.create_index("jobs_of_tenants", "jobs", ["tenant", "number"])
    op.create_table(
        "keys",
        sql.Column("prefix", sql.String(16), primary_key=True),
        sql.Column("name", sql.String(64), nullable=False, unique=True),
        sql.Column("tenant", sql.String(64), nullable=False),
        sql.Column("scopes", sql.String(200), nullable=False),
        sql.Column("digest", sql.String(200), nullable=False),
        sql.Column("created_at", sql.Float, nullable=False),
        sql.Column("expires_at", sql.Float),
        sql.Column("revoked_at", sql.Float),
    )
