"""Migrations: what a store of any earlier version becomes, and what they promise."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from serve_app import database, sql_tallies
from serve_app.database import REVISION, Database
from serve_app.jobs import new_job_id
from serve_app.schemas import JobStatus, VideoRequest
from serve_app.sql_audit import AUDIT
from serve_app.sql_consents import CONSENTS
from serve_app.sql_jobs import JOBS, SqlJobs
from serve_app.sql_keys import KEYS
from serve_app.sql_tenants import USAGE

FIRST_SCHEMA = """
CREATE TABLE jobs (
    number INTEGER NOT NULL, id VARCHAR(32) NOT NULL, once_key VARCHAR(200), once_digest VARCHAR(64),
    tier TEXT NOT NULL, status VARCHAR(16) NOT NULL, request TEXT NOT NULL, warnings JSON NOT NULL,
    stage VARCHAR(16), progress FLOAT NOT NULL, attempts INTEGER NOT NULL, owner TEXT, lease_until FLOAT,
    created_at FLOAT NOT NULL, started_at FLOAT, error JSON, clip JSON, webhook TEXT, webhook_due FLOAT,
    webhook_tries INTEGER NOT NULL, PRIMARY KEY (number), UNIQUE (id), UNIQUE (once_key)
);
CREATE INDEX jobs_due ON jobs (tier, status, number);
CREATE INDEX webhooks_due ON jobs (webhook_due);
"""
"""As services wrote it before there were migrations."""


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_steps_are_numbered_in_one_line_and_the_last_is_what_the_code_expects() -> None:
    steps = [step.revision for step in scripts().walk_revisions()]
    assert steps == sorted(steps, reverse=True) and steps[0] == REVISION
    assert scripts().get_heads() == [REVISION]


def test_steps_lead_to_the_tables_that_the_code_uses(url: str) -> None:
    store = Database(url)
    tables = sql.MetaData()
    for table in (JOBS, KEYS, CONSENTS, AUDIT, USAGE, sql_tallies.TALLIES):
        table.to_metadata(tables)
    with store.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables) == []
    store.close()


def old_file(path: Path, *rows: dict[str, Any]) -> str:
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST_SCHEMA)
        for row in rows:
            names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", row)
    connection.close()
    return f"sqlite:///{path}"


def old_row(job: str, status: str, attempts: int) -> dict[str, Any]:
    return {
        "id": job,
        "tier": "test",
        "status": status,
        "request": VideoRequest(text="Hello.", tier="test").model_dump_json(),
        "warnings": "[]",
        "progress": 0.5,
        "attempts": attempts,
        "created_at": 1000.0,
        "started_at": 1000.0,
        "webhook_tries": 0,
    }


def test_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    ids = {
        status: new_job_id() for status in ("queued", "running", "succeeded", "failed", "cancelled")
    }
    rows = (old_row(job, status, 2) for status, job in ids.items())
    jobs = SqlJobs(old_file(tmp_path / "jobs.sqlite", *rows))
    assert {jobs.get(job).status for job in ids.values()} == set(JobStatus)
    assert jobs.get(ids["succeeded"]).run == "2", "where its files have always been"
    finished = {ids[status] for status in ("succeeded", "failed", "cancelled")}
    assert set(jobs.finished_before(1001.0)) == finished
    lease = jobs.lease("test", "a", 60.0)
    assert lease is not None and lease.job == ids["queued"]
    jobs.create(new_job_id(), VideoRequest(text="Hello.", tier="test"))
    jobs.close()


def test_many_bring_one_old_store_up_to_date_at_once(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        url = old_file(tmp_path / "old.sqlite", old_row(new_job_id(), "queued", 0))
    failures: list[BaseException] = []

    def open_one() -> None:
        try:
            Database(url).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = Database(url)
    with store.transaction() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [
            (REVISION,)
        ]
    store.close()


def test_failed_step_leaves_the_store_as_it_was(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_: sql.Connection) -> None:
        migrate(_)
        raise sql.exc.OperationalError("ALTER TABLE", {}, Exception("the disk is full"))

    migrate = database._migrate
    with monkeypatch.context() as patch:
        patch.setattr(database, "_migrate", broken)
        with pytest.raises(database.StorageError, match="the disk is full"):
            Database(url)
    jobs = SqlJobs(url)
    assert jobs.list().jobs == ()
    jobs.close()


def test_newer_store_is_used_as_it_is(url: str) -> None:
    """Old replicas work on, and start, while a new version is rolled out."""
    store = Database(url)
    with store.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN something_new INTEGER DEFAULT 1")
    store.close()
    jobs = SqlJobs(url)
    job = jobs.create(new_job_id(), VideoRequest(text="Hello.", tier="test"))
    assert jobs.get(job.id) == job
    jobs.close()
