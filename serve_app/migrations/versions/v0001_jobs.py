"""The table of jobs, as it was before there were migrations."""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    if sql.inspect(op.get_bind()).has_table("jobs"):
        return
    op.create_table(
        "jobs",
        sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("id", sql.String(32), nullable=False, unique=True),
        sql.Column("once_key", sql.String(200), unique=True),
        sql.Column("once_digest", sql.String(64)),
        sql.Column("tier", sql.Text, nullable=False),
        sql.Column("status", sql.String(16), nullable=False),
        sql.Column("request", sql.Text, nullable=False),
        sql.Column("warnings", sql.JSON, nullable=False),
        sql.Column("stage", sql.String(16)),
        sql.Column("progress", sql.Float, nullable=False),
        sql.Column("attempts", sql.Integer, nullable=False),
        sql.Column("owner", sql.Text),
        sql.Column("lease_until", sql.Float),
        sql.Column("created_at", sql.Float, nullable=False),
        sql.Column("started_at", sql.Float),
        sql.Column("error", sql.JSON),
        sql.Column("clip", sql.JSON),
        sql.Column("webhook", sql.Text),
        sql.Column("webhook_due", sql.Float),
        sql.Column("webhook_tries", sql.Integer, nullable=False),
        sql.Index("jobs_due", "tier", "status", "number"),
        sql.Index("webhooks_due", "webhook_due"),
    )
