"""The service's SQL database: opened, brought up to date, and used in transactions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from backends.errors import StorageError

REVISION = "0005"
"""Of `serve_app/migrations` that this code is written for."""
_BUSY_S = 30.0
"""How long SQLite waits for another process's write."""
_CONNECTING_S = 10
_MIGRATING = 0x50524F53
"""PostgreSQL's advisory lock under which one process at a time migrates."""


class Database:
    """SQLite (in WAL mode) for one machine, PostgreSQL for many; safe from any thread."""

    def __init__(self, url: str) -> None:
        """Opens it and brings its tables up to date; the URL is SQLAlchemy's, or plain postgresql://.

        A newer schema is used as it is: migrations only ever add, so that old replicas work on while new ones start.

        Raises:
            StorageError: the URL is none, its driver is not installed, or the database does not work.
        """
        try:
            self._url = sql.make_url(url)
            if self._url.drivername == "postgresql":
                self._url = self._url.set(drivername="postgresql+psycopg")
            sqlite = self._url.get_backend_name() == "sqlite"
            if sqlite and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sql.create_engine(
                self._url,
                pool_pre_ping=not sqlite,
                connect_args={"timeout": _BUSY_S} if sqlite else {"connect_timeout": _CONNECTING_S},
            )
        except ModuleNotFoundError as error:
            raise StorageError(
                f"the job store needs a driver that is not installed ({error.name}); "
                "install prosopon[cluster]"
            ) from error
        except (SQLAlchemyError, OSError, TypeError) as error:
            raise StorageError(f"the job store cannot be opened: {error}") from error
        try:
            self._set_up(sqlite)
        except StorageError:
            self.close()
            raise

    def _set_up(self, sqlite: bool) -> None:
        if sqlite:
            with self.transaction() as connection:
                _use_wal(connection)
        with self.transaction() as connection:
            behind = (_revision(connection) or "") < REVISION
        if behind:
            with self.transaction() as connection:
                _migrate(connection)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[sql.Connection]:
        """Raises StorageError when the database does not work, there or in the block."""
        # SQLite waits for a lock only at a transaction's first statement: a transaction here either reads, or begins
        # with a write.
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or error
            shown = self._url.render_as_string()
            raise StorageError(f"the job store at {shown} does not work: {reason}") from error


def larger(one: sql.ColumnElement[Any], other: Any) -> sql.ColumnElement[Any]:
    """The larger of two values, which SQLite and PostgreSQL name differently."""
    return sql.case((one > other, one), else_=other)


def _revision(connection: sql.Connection) -> str | None:
    """Of the schema that is there; nothing where nobody has migrated yet."""
    if not sql.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql(
        "SELECT version_num FROM alembic_version"
    ).scalar()
    return found


def _migrate(connection: sql.Connection) -> None:
    """Runs what is missing; whoever comes meanwhile waits, and then finds nothing to do."""
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
    config = Config()
    config.set_main_option("script_location", str(resources.files("serve_app") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _use_wal(connection: sql.Connection) -> None:
    """Readers and the writer of an SQLite file no longer wait for each other; the file remembers it."""
    deadline = time.monotonic() + _BUSY_S
    while True:  # SQLite does not wait by itself while several processes open a new file at once
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
