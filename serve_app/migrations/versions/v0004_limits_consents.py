"""What tenants used, and what people agreed to."""

import sqlalchemy as sql
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("jobs_running", "jobs", ["tier", "status", "tenant"])
    op.create_table(
        "usage",
        sql.Column("tenant", sql.String(200), primary_key=True),
        sql.Column("day", sql.Integer, primary_key=True),
        sql.Column("video_s", sql.Float, nullable=False),
    )
    op.add_column("jobs", sql.Column("consent", sql.String(200)))
    op.create_index("jobs_of_consents", "jobs", ["consent"])
    op.create_table(
        "consents",
        sql.Column("id", sql.String(32), primary_key=True),
        sql.Column("tenant", sql.String(200), nullable=False),
        sql.Column("who", sql.String(200), nullable=False),
        sql.Column("purpose", sql.String(1000), nullable=False),
        sql.Column("key", sql.String(64), nullable=False),
        sql.Column("created_at", sql.Float, nullable=False),
        sql.Column("expires_at", sql.Float),
        sql.Column("revoked_at", sql.Float),
        sql.Index("consents_of_tenants", "tenant", "created_at"),
    )
