"""The service's counts in the job store's database: one row a number, added to inside the caller's transaction."""

import json
from collections.abc import Iterable

import sqlalchemy as sql
from sqlalchemy.dialects import postgresql, sqlite

from serve_app.telemetry import Tally

TALLIES = sql.Table(
    "tallies",
    sql.MetaData(),
    sql.Column("metric", sql.String(64), primary_key=True),
    sql.Column("labels", sql.String(300), primary_key=True),
    sql.Column("part", sql.String(16), primary_key=True),
    sql.Column("value", sql.Float, nullable=False),
)
_KEY = ("metric", "labels", "part")


def add(connection: sql.Connection, tallies: Iterable[Tally]) -> None:
    """Adds to what is there; several processes may at once."""
    summed: dict[tuple[str, str, str], float] = {}
    for metric, labels, part, value in tallies:
        key = (metric, json.dumps(labels), part)
        summed[key] = summed.get(key, 0.0) + value
    # Always in the same order, so that two transactions never wait for each other.
    rows = [dict(zip(_KEY, key, strict=True), value=summed[key]) for key in sorted(summed)]
    if not rows:
        return
    postgres = connection.dialect.name == "postgresql"
    added = postgresql.insert(TALLIES) if postgres else sqlite.insert(TALLIES)
    connection.execute(
        added.on_conflict_do_update(
            index_elements=_KEY, set_={"value": TALLIES.c.value + added.excluded.value}
        ),
        rows,
    )


def read(connection: sql.Connection) -> tuple[Tally, ...]:
    rows = connection.execute(sql.select(TALLIES).order_by(*TALLIES.primary_key))
    return tuple(
        Tally(metric, tuple(json.loads(labels)), part, value)
        for metric, labels, part, value in rows
    )
