"""The audit log in the service's SQL database."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sql

from serve_app.audit import Line, Page
from serve_app.database import Database
from serve_app.sql_keys import KEYS

AUDIT = sql.Table(
    "audit",
    sql.MetaData(),
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
_LINE = AUDIT.c
_NAMED = sql.func.coalesce(KEYS.c.name, "").label("name")


class SqlAudit:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, lines: Sequence[Line]) -> None:
        rows: list[dict[str, Any]] = [asdict(line) for line in lines]
        for row in rows:
            del row["name"]
        with self._database.transaction() as connection:
            connection.execute(AUDIT.insert(), rows)

    def read(
        self,
        limit: int,
        after: int | None = None,
        since: float | None = None,
        key: str | None = None,
    ) -> Page:
        query = sql.select(AUDIT, _NAMED).outerjoin(KEYS, KEYS.c.prefix == _LINE.actor)
        query = query.order_by(_LINE.number.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(_LINE.number < after)
        if since is not None:
            query = query.where(_LINE.at >= since)
        if key is not None:
            query = query.where(sql.or_(_LINE.actor == key, KEYS.c.name == key))
        with self._database.transaction() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        following = int(rows[limit - 1]["number"]) if len(rows) > limit else None
        for row in rows:
            del row["number"]
        return Page(tuple(Line(**row) for row in rows[:limit]), following)

    def forget(self, before: float) -> None:
        with self._database.transaction() as connection:
            connection.execute(AUDIT.delete().where(_LINE.at < before))
