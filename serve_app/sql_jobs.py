"""Jobs in an SQL database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from backends.errors import StorageError
from serve_app.jobs import MAX_ATTEMPTS, Lease, Message, Once
from serve_app.problems import KeyReusedError, NotFoundError, NotReadyError, problem
from serve_app.schemas import ClipFacts, Job, JobStatus, NoticeModel, Problem, Stage, VideoRequest

_BUSY_S = 30.0
"""How long SQLite waits for another process's write."""
_TELLING = 0.05
"""Share of the work from which on the remaining time is estimated."""


_TABLE = sql.Table(
    "jobs",
    sql.MetaData(),
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("id", sql.String(32), nullable=False, unique=True),
    sql.Column("once_key", sql.String(200), unique=True),
    sql.Column("once_digest", sql.String(64)),
    sql.Column("tier", sql.Text, nullable=False),
    sql.Column("status", sql.String(16), nullable=False),
    sql.Column("request", sql.Text, nullable=False),
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
    sql.Index("jobs_due", "tier", "status", "number"),
    sql.Index("webhooks_due", "webhook_due"),
)
_JOB = _TABLE.c
_EARLIER = _TABLE.alias("earlier")
_POSITION = (
    sql.select(sql.func.count())
    .where(
        _EARLIER.c.tier == _JOB.tier,
        _EARLIER.c.status == JobStatus.QUEUED,
        _EARLIER.c.number <= _JOB.number,
    )
    .scalar_subquery()
)
_QUEUED = _JOB.status == JobStatus.QUEUED
_RUNNING = _JOB.status == JobStatus.RUNNING
_UNFINISHED = sql.or_(_QUEUED, _RUNNING)


class SqlJobs:
    """Jobs in an SQL database: SQLite (in WAL mode) for one machine, PostgreSQL for many."""

    def __init__(self, url: str) -> None:
        """Opens the store and creates its table where it is missing; the URL is SQLAlchemy's.

        Raises:
            StorageError: the URL is none, its driver is not installed, or the database does not work.
        """
        try:
            self._url = sql.make_url(url)
            sqlite = self._url.get_backend_name() == "sqlite"
            if sqlite and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sql.create_engine(
                self._url,
                pool_pre_ping=not sqlite,
                connect_args={"timeout": _BUSY_S} if sqlite else {},
            )
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise StorageError(f"the job store cannot be opened: {error}") from error
        with self._transaction() as connection:
            if sqlite:
                _use_wal(connection)
            connection.execute(CreateTable(_TABLE, if_not_exists=True))
            for index in _TABLE.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def close(self) -> None:
        self._engine.dispose()

    def create(
        self,
        job: str,
        request: VideoRequest,
        warnings: tuple[NoticeModel, ...] = (),
        once: Once | None = None,
        webhook: str | None = None,
    ) -> Job:
        values = {
            "id": job,
            "once_key": once and once.key,
            "once_digest": once and once.digest,
            "tier": request.tier,
            "status": JobStatus.QUEUED,
            "request": request.model_dump_json(),
            "warnings": [w.model_dump() for w in warnings],
            "created_at": time.time(),
            "webhook": webhook,
            "webhook_due": None if webhook is None else 0.0,  # as soon as it is finished
        }
        try:
            with self._transaction() as connection:
                connection.execute(_TABLE.insert().values(values))
        except StorageError as error:
            made = once and isinstance(error.__cause__, IntegrityError) and self.made(once)
            if made:
                return made
            raise
        return self.get(job)

    def made(self, once: Once) -> Job | None:
        with self._transaction() as connection:
            query = _select().where(_JOB.once_key == once.key)
            row = connection.execute(query).mappings().first()
        if row is not None and row["once_digest"] != once.digest:
            raise KeyReusedError(
                f"the idempotency key {once.key!r} stands for another request; take a new key"
            )
        return None if row is None else _job(row)

    def get(self, job: str) -> Job:
        with self._transaction() as connection:
            row = connection.execute(_select().where(_JOB.id == job)).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no job {job!r}")
        return _job(row)

    def list(
        self, limit: int = 50, offset: int = 0, status: JobStatus | None = None
    ) -> tuple[Job, ...]:
        query = _select().order_by(_JOB.number.desc()).limit(limit).offset(offset)
        if status is not None:
            query = query.where(_JOB.status == status)
        with self._transaction() as connection:
            return tuple(_job(row) for row in connection.execute(query).mappings())

    def count_queued(self) -> int:
        with self._transaction() as connection:
            query = sql.select(sql.func.count()).select_from(_TABLE).where(_QUEUED)
            return int(connection.execute(query).scalar_one())

    def lease(self, tier: str, owner: str, lease_s: float) -> Lease | None:
        now = time.time()
        abandoned = sql.and_(_RUNNING, _JOB.lease_until < now)
        due = (
            sql.select(_JOB.number)
            .where(_JOB.tier == tier, sql.or_(_QUEUED, abandoned))
            .order_by(_JOB.number)
            .limit(1)
        )
        with self._transaction() as connection:  # readers do not lock, so that idling costs nothing
            if connection.execute(due).first() is None:
                return None
        with self._transaction() as connection:
            connection.execute(
                _TABLE.update()
                .where(_JOB.tier == tier, abandoned, _JOB.attempts >= MAX_ATTEMPTS)
                .values(status=JobStatus.FAILED, owner=None, error=_abandoned().model_dump())
            )
            first = due.with_for_update(skip_locked=True).scalar_subquery()
            row = connection.execute(
                _TABLE.update()
                .where(_JOB.number == first)
                .values(
                    status=JobStatus.RUNNING,
                    owner=owner,
                    attempts=_JOB.attempts + 1,
                    lease_until=now + lease_s,
                    started_at=now,
                    stage=None,
                    progress=0.0,
                )
                .returning(_JOB.id, _JOB.attempts, _JOB.request)
            ).first()
        return Lease(row.id, row.attempts, row.request) if row else None

    def heartbeat(
        self, lease: Lease, owner: str, lease_s: float, stage: Stage | None, progress: float
    ) -> bool:
        return self._change(
            lease, owner, lease_until=time.time() + lease_s, stage=stage, progress=progress
        )

    def finish(self, lease: Lease, owner: str, outcome: ClipFacts | Problem) -> bool:
        if isinstance(outcome, ClipFacts):
            done: dict[str, Any] = {"status": JobStatus.SUCCEEDED, "progress": 1.0}
            return self._change(lease, owner, **done, clip=outcome.model_dump(mode="json"))
        return self._change(lease, owner, status=JobStatus.FAILED, error=outcome.model_dump())

    def requeue(self, lease: Lease, owner: str, counted: bool) -> bool:
        attempts = lease.attempt if counted else lease.attempt - 1
        return self._change(
            lease, owner, status=JobStatus.QUEUED, attempts=attempts, stage=None, progress=0.0
        )

    def cancel(self, job: str) -> Job:
        with self._transaction() as connection:
            connection.execute(
                _TABLE.update()
                .where(_JOB.id == job, _UNFINISHED)
                .values(status=JobStatus.CANCELLED)
            )
        return self.get(job)

    def delete(self, job: str) -> None:
        with self._transaction() as connection:
            deleted = connection.execute(
                _TABLE.delete().where(_JOB.id == job, sql.not_(_UNFINISHED))
            ).rowcount
        if not deleted:
            self.get(job)
            raise NotReadyError(f"job {job!r} is not finished; cancel it first")

    def due_message(self, lease_s: float) -> Message | None:
        now = time.time()
        due = sql.and_(sql.not_(_UNFINISHED), _JOB.webhook_due <= now)
        first = sql.select(_JOB.number).where(due).order_by(_JOB.webhook_due).limit(1)
        with self._transaction() as connection:
            if connection.execute(first).first() is None:
                return None
        with self._transaction() as connection:
            number = first.with_for_update(skip_locked=True).scalar_subquery()
            row = connection.execute(
                _TABLE.update()
                .where(_JOB.number == number)
                .values(webhook_due=now + lease_s, webhook_tries=_JOB.webhook_tries + 1)
                .returning(_JOB.id, _JOB.webhook, _JOB.webhook_tries)
            ).first()
        try:
            return Message(self.get(row.id), row.webhook, row.webhook_tries) if row else None
        except NotFoundError:  # deleted meanwhile: nobody is to be told any more
            return None

    def message_done(self, message: Message, again_s: float | None) -> None:
        due = None if again_s is None else time.time() + again_s
        with self._transaction() as connection:
            connection.execute(
                _TABLE.update().where(_JOB.id == message.job.id).values(webhook_due=due)
            )

    def _change(self, lease: Lease, owner: str, **values: Any) -> bool:
        """Changes a job that is still the owner's, in this very attempt."""
        mine = (_JOB.id == lease.job, _RUNNING, _JOB.owner == owner, _JOB.attempts == lease.attempt)
        with self._transaction() as connection:
            return bool(connection.execute(_TABLE.update().where(*mine).values(**values)).rowcount)

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        # SQLite waits for a lock only at a transaction's first statement: a transaction here either reads, or begins
        # with a write.
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or error
            shown = self._url.render_as_string()
            raise StorageError(f"the job store at {shown} does not work: {reason}") from error


def _select() -> sql.Select[Any]:
    return sql.select(_TABLE, _POSITION.label("position"))


def _job(row: sql.RowMapping) -> Job:
    return Job(
        id=row["id"],
        tier=row["tier"],
        status=row["status"],
        stage=row["stage"],
        progress=row["progress"],
        queue_position=row["position"] if row["status"] == JobStatus.QUEUED else None,
        eta_s=_eta_s(row),
        attempts=row["attempts"],
        created_at=row["created_at"],
        warnings=row["warnings"],
        error=row["error"],
        clip=row["clip"],
    )


def _eta_s(row: sql.RowMapping) -> float | None:
    """What is left if the work goes on as fast as it went."""
    if row["status"] != JobStatus.RUNNING or row["progress"] < _TELLING:
        return None
    elapsed, done = float(time.time() - row["started_at"]), float(row["progress"])
    return round(max(0.0, elapsed * (1 - done) / done), 1)


def _abandoned() -> Problem:
    return problem(
        500,
        "abandoned",
        f"the work was begun {MAX_ATTEMPTS} times and each time whoever did it disappeared; "
        "memory may be short",
    )


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
