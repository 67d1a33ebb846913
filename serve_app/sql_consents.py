"""Consents in the service's SQL database."""

from dataclasses import asdict

import sqlalchemy as sql

from serve_app.consents import Consent, Made
from serve_app.database import Database
from serve_app.problems import NotFoundError
from serve_app.sql_tables import JOBS, UPLOADED

CONSENTS = sql.Table(
    "consents",
    sql.MetaData(),
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
_CONSENT = CONSENTS.c


class SqlConsents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, consent: Consent) -> None:
        with self._database.transaction() as connection:
            connection.execute(CONSENTS.insert().values(asdict(consent)))

    def find(self, tenant: str, consent: str) -> Consent | None:
        query = sql.select(CONSENTS).where(*_this(tenant, consent))
        with self._database.transaction() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else Consent(**row)

    def list(self, tenant: str, limit: int) -> tuple[Consent, ...]:
        query = sql.select(CONSENTS).where(_CONSENT.tenant == tenant)
        with self._database.transaction() as connection:
            newest = query.order_by(_CONSENT.created_at.desc()).limit(limit)
            return tuple(Consent(**row) for row in connection.execute(newest).mappings())

    def revoke(self, tenant: str, consent: str, now: float) -> tuple[Made, ...]:
        revoked_at = sql.func.coalesce(_CONSENT.revoked_at, now)
        with self._database.transaction() as connection:
            change = CONSENTS.update().where(*_this(tenant, consent))
            if not connection.execute(change.values(revoked_at=revoked_at)).rowcount:
                raise NotFoundError(f"there is no consent {consent!r}")
            made = sql.select(JOBS.c.id, JOBS.c.request).where(
                JOBS.c.tenant == tenant, JOBS.c.consent == consent
            )
            return tuple(
                Made(row.id, tuple(UPLOADED.findall(row.request)))
                for row in connection.execute(made)
            )


def _this(tenant: str, consent: str) -> tuple[sql.ColumnElement[bool], ...]:
    return (_CONSENT.tenant == tenant, _CONSENT.id == consent)
