"""API keys in the service's SQL database."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from backends.errors import InputError, StorageError
from serve_app.auth import Key, Scope
from serve_app.database import Database
from serve_app.problems import NotFoundError

KEYS = sql.Table(
    "keys",
    sql.MetaData(),
    sql.Column("prefix", sql.String(16), primary_key=True),
    sql.Column("name", sql.String(64), nullable=False, unique=True),
    sql.Column("tenant", sql.String(64), nullable=False),
    sql.Column("scopes", sql.String(200), nullable=False),
    sql.Column("digest", sql.String(200), nullable=False),
    sql.Column("created_at", sql.Float, nullable=False),
    sql.Column("expires_at", sql.Float),
    sql.Column("revoked_at", sql.Float),
)


class SqlKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: Key) -> None:
        values = asdict(key) | {"scopes": " ".join(sorted(key.scopes))}
        try:
            with self._database.transaction() as connection:
                connection.execute(KEYS.insert().values(values))
        except StorageError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise InputError(
                    f"there is a key {key.name!r} already; names are never used twice"
                ) from error
            raise

    def find(self, prefix: str) -> Key | None:
        with self._database.transaction() as connection:
            query = sql.select(KEYS).where(KEYS.c.prefix == prefix)
            row = connection.execute(query).mappings().first()
        return None if row is None else _key(row)

    def list(self) -> tuple[Key, ...]:
        query = sql.select(KEYS).order_by(KEYS.c.created_at)
        with self._database.transaction() as connection:
            return tuple(map(_key, connection.execute(query).mappings().all()))

    def revoke(self, name: str, now: float) -> Key:
        with self._database.transaction() as connection:
            connection.execute(
                KEYS.update()
                .where(KEYS.c.name == name, KEYS.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            query = sql.select(KEYS).where(KEYS.c.name == name)
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no key {name!r}; see: prosopon keys list")
        return _key(row)


def _key(row: sql.RowMapping) -> Key:
    fields: dict[str, Any] = dict(row)
    return Key(**fields | {"scopes": frozenset(map(Scope, row["scopes"].split()))})
