"""Who did what."""

import sqlalchemy as sql
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "audit",
        sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("at", sql.Float, nullable=False),
        sql.Column("tenant", sql.String(200), nullable=False),
        sql.Column("actor", sql.String(64), nullable=False),
        sql.Column("action", sql.String(64), nullable=False),
        sql.Column("object", sql.String(64), nullable=False),
        sql.Column("outcome", sql.String(64), nullable=False),
        sql.Column("request_id", sql.String(128), nullable=False),
        sql.Column("times", sql.Integer, nullable=False),
        sql.Index("audit_at", "at"),
    )
