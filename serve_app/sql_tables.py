"""The table of jobs; `serve_app/migrations` leads there."""

import re

import sqlalchemy as sql

from serve_app.auth import LOCAL

UPLOADED = re.compile(r"uploads/[0-9a-f-]{32,}")
"""Storage keys of uploads in a job's request."""
JOBS = sql.Table(
    "jobs",
    sql.MetaData(),
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("id", sql.String(32), nullable=False, unique=True),
    sql.Column("once_key", sql.String(200), unique=True),
    sql.Column("once_digest", sql.String(64)),
    sql.Column("tier", sql.Text, nullable=False),
    sql.Column("status", sql.String(16), nullable=False),
    sql.Column("request", sql.Text, nullable=False),
    sql.Column("carried", sql.JSON(none_as_null=True)),
    sql.Column("warnings", sql.JSON, nullable=False),
    sql.Column("stage", sql.String(16)),
    sql.Column("progress", sql.Float, nullable=False, default=0.0),
    sql.Column("attempts", sql.Integer, nullable=False, default=0),
    sql.Column("owner", sql.Text),
    sql.Column("lease_until", sql.Float),
    sql.Column("created_at", sql.Float, nullable=False),
    sql.Column("started_at", sql.Float),
    sql.Column("error", sql.JSON(none_as_null=True)),
    sql.Column("clip", sql.JSON(none_as_null=True)),
    sql.Column("webhook", sql.Text),
    sql.Column("webhook_due", sql.Float),
    sql.Column("webhook_tries", sql.Integer, nullable=False, default=0),
    sql.Column("run", sql.String(64)),
    sql.Column("begun_progress", sql.Float, nullable=False, server_default="0"),
    sql.Column("not_before", sql.Float, nullable=False, server_default="0"),
    sql.Column("length", sql.Integer, nullable=False, server_default="0"),
    sql.Column("finished_at", sql.Float),
    sql.Column("tenant", sql.String(200), nullable=False, server_default=LOCAL),
    sql.Index("jobs_due", "tier", "status", "number"),
    sql.Index("webhooks_due", "webhook_due"),
    sql.Index("jobs_finished", "finished_at"),
    sql.Column("consent", sql.String(200)),
    sql.Index("jobs_of_tenants", "tenant", "number"),
    sql.Index("jobs_running", "tier", "status", "tenant"),
    sql.Index("jobs_of_consents", "consent"),
)
