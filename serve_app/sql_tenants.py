"""What the job store knows of tenants: whose turn it is, and what they used."""

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from serve_app.schemas import JobStatus
from serve_app.sql_tables import JOBS

_DAY_S = 86_400

USAGE = sql.Table(
    "usage",
    sql.MetaData(),
    sql.Column("tenant", sql.String(200), primary_key=True),
    sql.Column("day", sql.Integer, primary_key=True),
    sql.Column("video_s", sql.Float, nullable=False),
)
"""Days are counted from the epoch, in UTC."""

_OTHER = JOBS.alias("other")
_OF_THE_SAME = (_OTHER.c.tenant == JOBS.c.tenant, _OTHER.c.tier == JOBS.c.tier)
RUNNING: sql.ColumnElement[int] = (
    sql.select(sql.func.count())
    .where(*_OF_THE_SAME, _OTHER.c.status == JobStatus.RUNNING)
    .correlate(JOBS)
    .scalar_subquery()
)
"""How many jobs of a job's tenant are in work in its tier."""
_SERVED = (
    sql.select(sql.func.coalesce(sql.func.max(_OTHER.c.started_at), 0.0))
    .where(*_OF_THE_SAME)
    .correlate(JOBS)
    .scalar_subquery()
)
TURN = (RUNNING, _SERVED)
"""The order in which tenants are served; of one tenant, the jobs go by number."""


def add(connection: sql.Connection, tenant: str, now: float, video_s: float) -> None:
    """Adds to what the tenant used today, in the caller's transaction."""
    postgres = connection.dialect.name == "postgresql"
    added = postgresql.insert(USAGE) if postgres else sqlite.insert(USAGE)
    row = {"tenant": tenant, "day": int(now // _DAY_S), "video_s": video_s}
    connection.execute(
        added.values(row).on_conflict_do_update(
            index_elements=("tenant", "day"),
            set_={"video_s": USAGE.c.video_s + added.excluded.video_s},
        )
    )


def used(connection: sql.Connection, tenant: str, now: float) -> float:
    """Seconds of video of today."""
    today = (USAGE.c.tenant == tenant, USAGE.c.day == int(now // _DAY_S))
    found = connection.execute(sql.select(USAGE.c.video_s).where(*today)).scalar()
    return float(found or 0.0)
