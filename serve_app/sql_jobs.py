"""Jobs in an SQL database."""

import hashlib
import operator
import time
from dataclasses import replace
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError

from backends.errors import StorageError
from serve_app import sql_tallies, sql_tenants, telemetry
from serve_app.auth import LOCAL
from serve_app.database import Database, larger
from serve_app.jobs import EVERY_JOB, MAX_ATTEMPTS, Filter, Lease, Message, Once, Page, length_of
from serve_app.problems import KeyReusedError, NotFoundError, NotReadyError, problem
from serve_app.schemas import ClipFacts, Job, JobStatus, NoticeModel, Problem, Stage, VideoRequest
from serve_app.sql_tables import JOBS, UPLOADED

_TELLING = 0.05
"""Share of the work from which on the remaining time is estimated."""
_JOB = JOBS.c
_EARLIER = JOBS.alias("earlier")
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
    """Jobs in an SQL database: SQLite for one machine, PostgreSQL for many."""

    def __init__(self, url: str) -> None:
        """Raises StorageError as `Database`."""
        self._database = Database(url)

    @property
    def database(self) -> Database:
        """For what is kept beside jobs."""
        return self._database

    def close(self) -> None:
        self._database.close()

    def create(
        self,
        job: str,
        request: VideoRequest,
        warnings: tuple[NoticeModel, ...] = (),
        once: Once | None = None,
        webhook: str | None = None,
        tenant: str = LOCAL,
    ) -> Job:
        values = {
            "id": job,
            "tenant": tenant,
            "consent": request.consent,
            "once_key": once and _once_key(once),
            "once_digest": once and once.digest,
            "tier": request.tier,
            "status": JobStatus.QUEUED,
            "request": request.model_dump_json(),
            "carried": telemetry.carried(),
            "length": length_of(request),
            "warnings": [w.model_dump() for w in warnings],
            "created_at": round(time.time(), 6),  # as exact as times in requests
            "webhook": webhook,
            "webhook_due": None if webhook is None else 0.0,  # as soon as it is finished
        }
        try:
            with self._database.transaction() as connection:
                connection.execute(JOBS.insert().values(values))
        except StorageError as error:
            made = once and isinstance(error.__cause__, IntegrityError) and self.made(once)
            if made:
                return made
            raise
        return self.get(job)

    def made(self, once: Once) -> Job | None:
        with self._database.transaction() as connection:
            query = _select().where(_JOB.once_key == _once_key(once))
            row = connection.execute(query).mappings().first()
        if row is not None and row["once_digest"] != once.digest:
            raise KeyReusedError(
                f"the idempotency key {once.key!r} stands for another request; take a new key"
            )
        return None if row is None else _job(row)

    def get(self, job: str, tenant: str | None = None) -> Job:
        query = _select().where(_JOB.id == job, *_fitting(Filter(tenant)))
        with self._database.transaction() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError(f"there is no job {job!r}")
        return _job(row)

    def list(self, limit: int = 50, after: int | None = None, wanted: Filter = EVERY_JOB) -> Page:
        query = _select().order_by(_JOB.number.desc()).limit(limit + 1).where(*_fitting(wanted))
        if after is not None:
            query = query.where(_JOB.number < after)
        with self._database.transaction() as connection:
            rows = connection.execute(query).mappings().all()
        following = int(rows[limit - 1]["number"]) if len(rows) > limit else None
        return Page(tuple(_job(row) for row in rows[:limit]), following)

    def count_queued(self, tenant: str | None = None) -> int:
        query = sql.select(sql.func.count()).where(_QUEUED, *_fitting(Filter(tenant)))
        with self._database.transaction() as connection:
            return int(connection.execute(query.select_from(JOBS)).scalar_one())

    def used_today(self, tenant: str) -> float:
        with self._database.transaction() as connection:
            return sql_tenants.used(connection, tenant, time.time())

    def lease(
        self,
        tier: str,
        owner: str,
        lease_s: float,
        longest: int | None = None,
        most_running: int | None = None,
    ) -> Lease | None:
        now = time.time()
        abandoned = sql.and_(_RUNNING, _JOB.lease_until < now)
        room = sql.true() if most_running is None else most_running > sql_tenants.RUNNING
        waiting = sql.and_(_QUEUED, _JOB.not_before <= now, room)
        fitting = sql.true() if longest is None else _JOB.length <= longest
        due = (
            sql.select(_JOB.number)
            .where(_JOB.tier == tier, sql.or_(waiting, abandoned), fitting)
            .order_by(*sql_tenants.TURN, _JOB.number)
            .limit(1)
        )
        with (
            self._database.transaction() as connection
        ):  # readers do not lock, so that idling costs nothing
            if connection.execute(due).first() is None:
                return None
        with self._database.transaction() as connection:
            lost = connection.execute(
                JOBS.update()
                .where(_JOB.tier == tier, abandoned, _JOB.attempts >= MAX_ATTEMPTS)
                .values(
                    status=JobStatus.FAILED,
                    owner=None,
                    error=_abandoned().model_dump(),
                    finished_at=now,
                )
            ).rowcount
            failed = telemetry.ended(tier, _abandoned(), 0.0)
            sql_tallies.add(connection, failed * lost)
            first = due.with_for_update(skip_locked=True).scalar_subquery()
            row = connection.execute(
                JOBS.update()
                .where(_JOB.number == first)
                .values(
                    status=JobStatus.RUNNING,
                    owner=owner,
                    attempts=_JOB.attempts + 1,
                    lease_until=now + lease_s,
                    started_at=now,
                    begun_progress=_JOB.progress,
                )
                .returning(_JOB.id, _JOB.attempts, _JOB.request, _JOB.carried, _JOB.length)
            ).first()
        if row is None:
            return None
        return Lease(row.id, row.attempts, row.request, row.carried or {}, row.length)

    def heartbeat(
        self,
        lease: Lease,
        owner: str,
        lease_s: float,
        stage: Stage | None,
        progress: float,
        run: str | None = None,
    ) -> bool:
        further = larger(_JOB.progress, progress)
        values: dict[str, Any] = {"lease_until": time.time() + lease_s, "progress": further}
        if stage is not None:
            values["stage"] = stage
        if run is not None:
            goes_on = _JOB.run == run
            values |= {
                "run": run,
                "progress": sql.case((goes_on, further), else_=progress),
                "begun_progress": sql.case((goes_on, _JOB.begun_progress), else_=0.0),
            }
        return self._change(lease, owner, **values)

    def finish(
        self, lease: Lease, owner: str, outcome: ClipFacts | Problem, run: str | None = None
    ) -> bool:
        if isinstance(outcome, ClipFacts):
            done: dict[str, Any] = {"status": JobStatus.SUCCEEDED, "progress": 1.0, "run": run}
            done["clip"] = outcome.model_dump(mode="json")
        else:
            done = {"status": JobStatus.FAILED, "error": outcome.model_dump()}
        done["finished_at"] = time.time()
        with self._database.transaction() as connection:
            change = JOBS.update().where(*_mine(lease, owner)).values(**done)
            row = connection.execute(
                change.returning(_JOB.tier, _JOB.tenant, _JOB.created_at)
            ).first()
            if row is not None and isinstance(outcome, ClipFacts):
                sql_tenants.add(connection, row.tenant, time.time(), outcome.duration_s)
            if row is not None:
                whole_s = time.time() - row.created_at
                sql_tallies.add(connection, telemetry.ended(row.tier, outcome, whole_s))
        return row is not None

    def requeue(self, lease: Lease, owner: str, counted: bool, after_s: float = 0.0) -> bool:
        attempts = lease.attempt if counted else lease.attempt - 1
        then = time.time() + after_s
        return self._change(
            lease, owner, status=JobStatus.QUEUED, attempts=attempts, stage=None, not_before=then
        )

    def cancel(self, job: str) -> Job:
        with self._database.transaction() as connection:
            row = connection.execute(
                JOBS.update()
                .where(_JOB.id == job, _UNFINISHED)
                .values(status=JobStatus.CANCELLED, finished_at=time.time())
                .returning(_JOB.tier)
            ).first()
            if row is not None:
                sql_tallies.add(connection, telemetry.ended(row.tier, None, 0.0))
        return self.get(job)

    def delete(self, job: str) -> None:
        with self._database.transaction() as connection:
            deleted = connection.execute(
                JOBS.delete().where(_JOB.id == job, sql.not_(_UNFINISHED))
            ).rowcount
        if not deleted:
            self.get(job)
            raise NotReadyError(f"job {job!r} is not finished; cancel it first")

    def inputs(self) -> frozenset[str]:
        with self._database.transaction() as connection:
            requests = connection.execute(sql.select(JOBS.c.request).where(_UNFINISHED)).scalars()
            return frozenset(key for text in requests for key in UPLOADED.findall(text))

    def finished_before(self, time_s: float, limit: int = 100) -> tuple[str, ...]:
        query = sql.select(_JOB.id).where(_JOB.finished_at < time_s).order_by(_JOB.finished_at)
        with self._database.transaction() as connection:
            return tuple(connection.execute(query.limit(limit)).scalars())

    def due_message(self, lease_s: float) -> Message | None:
        now = time.time()
        due = sql.and_(sql.not_(_UNFINISHED), _JOB.webhook_due <= now)
        first = sql.select(_JOB.number).where(due).order_by(_JOB.webhook_due).limit(1)
        with self._database.transaction() as connection:
            if connection.execute(first).first() is None:
                return None
        with self._database.transaction() as connection:
            number = first.with_for_update(skip_locked=True).scalar_subquery()
            row = connection.execute(
                JOBS.update()
                .where(_JOB.number == number)
                .values(webhook_due=now + lease_s, webhook_tries=_JOB.webhook_tries + 1)
                .returning(_JOB.id, _JOB.webhook, _JOB.webhook_tries)
            ).first()
        try:
            return Message(self.get(row.id), row.webhook, row.webhook_tries) if row else None
        except NotFoundError:  # deleted meanwhile: nobody is to be told any more
            return None

    def message_done(self, message: Message, taken: bool, again_s: float | None) -> None:
        result = "taken" if taken else "given_up" if again_s is None else "failed"
        due = None if again_s is None else time.time() + again_s
        with self._database.transaction() as connection:
            connection.execute(
                JOBS.update().where(_JOB.id == message.job.id).values(webhook_due=due)
            )
            sql_tallies.add(connection, [telemetry.count(telemetry.WEBHOOKS, result)])

    def measures(self) -> telemetry.Measures:
        oldest = sql.func.min(_JOB.created_at)
        unfinished = (
            sql.select(_JOB.tier, _JOB.status, sql.func.count(), oldest)
            .where(_UNFINISHED)
            .group_by(_JOB.tier, _JOB.status)
        )
        waiting: dict[str, telemetry.Waiting] = {}
        with self._database.transaction() as connection:
            for tier, status, number, since in connection.execute(unfinished):
                had = waiting.get(tier, telemetry.Waiting())
                if status == JobStatus.QUEUED:
                    age_s = max(0.0, time.time() - since)
                    waiting[tier] = replace(had, queued=number, oldest_s=age_s)
                else:
                    waiting[tier] = replace(had, running=number)
            return telemetry.Measures(sql_tallies.read(connection), waiting)

    def _change(self, lease: Lease, owner: str, **values: Any) -> bool:
        """Changes a job that is still the owner's, in this very attempt."""
        change = JOBS.update().where(*_mine(lease, owner)).values(**values)
        with self._database.transaction() as connection:
            return bool(connection.execute(change).rowcount)


def _mine(lease: Lease, owner: str) -> tuple[sql.ColumnElement[bool], ...]:
    return (_JOB.id == lease.job, _RUNNING, _JOB.owner == owner, _JOB.attempts == lease.attempt)


def _once_key(once: Once) -> str:
    """Each tenant has keys of its own."""
    return hashlib.sha256(f"{once.tenant}\n{once.key}".encode()).hexdigest()


def _select() -> sql.Select[Any]:
    return sql.select(JOBS, _POSITION.label("position"))


def _fitting(wanted: Filter) -> list[sql.ColumnElement[bool]]:
    tests = (
        (_JOB.tenant, operator.eq, wanted.tenant),
        (_JOB.status, operator.eq, wanted.status),
        (_JOB.tier, operator.eq, wanted.tier),
        (_JOB.created_at, operator.ge, wanted.since),
        (_JOB.created_at, operator.lt, wanted.until),
    )
    return [test(column, value) for column, test, value in tests if value is not None]


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
        run=row["run"],
    )


def _eta_s(row: sql.RowMapping) -> float | None:
    """What is left if the work goes on as fast as it went."""
    made = float(row["progress"] - row["begun_progress"])
    if row["status"] != JobStatus.RUNNING or made < _TELLING:
        return None
    elapsed = float(time.time() - row["started_at"])
    return round(max(0.0, elapsed * (1 - float(row["progress"])) / made), 1)


def _abandoned() -> Problem:
    return problem(
        500,
        "abandoned",
        f"the work was begun {MAX_ATTEMPTS} times and each time whoever did it disappeared; "
        "memory may be short",
    )
