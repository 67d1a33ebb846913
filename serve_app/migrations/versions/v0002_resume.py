"""What a later attempt needs to go on where an earlier one stopped; what fairness, tidying up and metrics need."""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("jobs", sql.Column("run", sql.String(64)))
    for name in ("begun_progress", "not_before"):
        op.add_column("jobs", sql.Column(name, sql.Float, nullable=False, server_default="0"))
    op.add_column("jobs", sql.Column("length", sql.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sql.Column("finished_at", sql.Float))
    # Files of a clip lay in a folder named by the attempt.
    op.execute("UPDATE jobs SET run = CAST(attempts AS VARCHAR(64)) WHERE status = 'succeeded'")
    op.execute(
        "UPDATE jobs SET finished_at = created_at WHERE status IN ('succeeded', 'failed', 'cancelled')"
    )
    op.create_index("jobs_finished", "jobs", ["finished_at"])
    op.add_column("jobs", sql.Column("carried", sql.JSON))
    op.create_table(
        "tallies",
        sql.Column("metric", sql.String(64), primary_key=True),
        sql.Column("labels", sql.String(300), primary_key=True),
        sql.Column("part", sql.String(16), primary_key=True),
        sql.Column("value", sql.Float, nullable=False),
    )
