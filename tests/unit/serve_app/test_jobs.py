import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

from backends.errors import StorageError
from serve_app.jobs import MAX_ATTEMPTS, SHORT, Filter, Lease, new_job_id
from serve_app.problems import NotFoundError, NotReadyError, problem
from serve_app.schemas import (
    Job,
    JobStatus,
    NoticeModel,
    Stage,
    VideoRequest,
)
from serve_app.sql_jobs import SqlJobs
from tests.unit.serve_app.facts import FACTS

LONG, OVER = 60.0, -1.0
"""Seconds of a lease; one that is negative has run out when it is given."""
FAILURE = problem(422, "no_face", "there is no face")


@pytest.fixture
def jobs(url: str) -> Iterator[SqlJobs]:
    store = SqlJobs(url)
    yield store
    store.close()


def create(jobs: SqlJobs, tier: str = "test") -> str:
    return jobs.create(new_job_id(), VideoRequest(text="Hello.", tier=tier)).id


def take(jobs: SqlJobs, owner: str = "a", lease_s: float = LONG) -> Lease:
    lease = jobs.lease("test", owner, lease_s)
    assert lease is not None
    return lease


def test_new_job_is_queued_with_its_request_and_warnings(jobs: SqlJobs) -> None:
    warning = NoticeModel(code="unknown_cue", message="what is [χαραα]?", position=3)
    request = VideoRequest(text="Γειά σου [χαρά]", tier="test", seed=7, pronounce={"a": "b"})
    job = jobs.create(new_job_id(), request, (warning,))
    assert (job.status, job.progress, job.attempts) == (JobStatus.QUEUED, 0.0, 0)
    assert job.queue_position == 1
    assert job.warnings == (warning,)
    assert jobs.get(job.id) == job
    assert take(jobs).request() == request


def test_jobs_are_leased_in_order_and_only_once(jobs: SqlJobs) -> None:
    ids = [create(jobs) for _ in range(3)]
    assert [take(jobs).job for _ in range(3)] == ids
    assert jobs.lease("test", "a", LONG) is None


def test_tiers_do_not_meet(jobs: SqlJobs) -> None:
    create(jobs, "other")
    assert jobs.lease("test", "a", LONG) is None
    mine = create(jobs)
    assert jobs.get(mine).queue_position == 1
    assert take(jobs).job == mine


def test_queue_positions_move_up(jobs: SqlJobs) -> None:
    ids = [create(jobs) for _ in range(3)]
    assert [jobs.get(i).queue_position for i in ids] == [1, 2, 3]
    assert jobs.count_queued() == 3
    take(jobs)
    assert [jobs.get(i).queue_position for i in ids] == [None, 1, 2]
    jobs.cancel(ids[1])
    assert jobs.get(ids[2]).queue_position == 1
    assert jobs.count_queued() == 1


def test_heartbeat_tells_progress_and_keeps_the_lease(jobs: SqlJobs) -> None:
    create(jobs)
    lease = take(jobs, lease_s=OVER)
    assert jobs.heartbeat(lease, "a", LONG, Stage.DRAWING, 0.5)
    job = jobs.get(lease.job)
    assert (job.status, job.stage, job.progress) == (JobStatus.RUNNING, Stage.DRAWING, 0.5)
    assert job.eta_s is not None and job.eta_s >= 0
    assert jobs.lease("test", "b", LONG) is None


def test_abandoned_job_is_taken_again_and_its_first_owner_is_told(jobs: SqlJobs) -> None:
    create(jobs)
    first = take(jobs, "a", OVER)
    second = take(jobs, "b")
    assert (second.job, second.attempt) == (first.job, 2)
    assert not jobs.heartbeat(first, "a", LONG, Stage.DRAWING, 0.9)
    assert not jobs.finish(first, "a", FACTS)
    assert jobs.finish(second, "b", FACTS)


def test_progress_goes_on_where_an_earlier_attempt_stopped(jobs: SqlJobs) -> None:
    create(jobs)
    first = take(jobs, lease_s=OVER)
    assert jobs.heartbeat(first, "a", OVER, Stage.DRAWING, 0.5, "first")
    second = take(jobs)
    assert jobs.get(second.job).progress == 0.5
    assert jobs.heartbeat(second, "a", LONG, Stage.PARSING, 0.0)
    assert jobs.heartbeat(second, "a", LONG, Stage.SPEAKING, 0.1, "first")
    job = jobs.get(second.job)
    assert (job.progress, job.stage, job.run) == (0.5, Stage.SPEAKING, "first")
    assert job.eta_s is None, "nothing was made in this attempt that an estimate could come from"
    assert jobs.heartbeat(second, "a", LONG, Stage.SPEAKING, 0.2, "another version's")
    assert jobs.get(second.job).progress == 0.2


def test_only_short_jobs_are_leased_where_these_are_asked_for(jobs: SqlJobs) -> None:
    request = VideoRequest(text="word " * 200, tier="test")
    long = jobs.create(new_job_id(), request).id
    short = create(jobs)
    lease = jobs.lease("test", "a", LONG, longest=SHORT)
    assert lease is not None and (lease.job, lease.length) == (short, len("Hello."))
    assert jobs.lease("test", "a", LONG, longest=SHORT) is None
    lease = jobs.lease("test", "a", LONG)
    assert lease is not None and (lease.job, lease.length) == (long, 1000)


def test_job_given_back_for_later_waits(jobs: SqlJobs) -> None:
    job = create(jobs)
    assert jobs.requeue(take(jobs), "a", True, after_s=LONG)
    assert jobs.lease("test", "b", LONG) is None
    assert jobs.get(job).status is JobStatus.QUEUED
    behind = create(jobs)
    assert take(jobs).job == behind


def test_finished_jobs_are_found_by_their_age(jobs: SqlJobs) -> None:
    ids = [create(jobs) for _ in range(4)]
    jobs.finish(take(jobs), "a", FACTS, "run")
    jobs.cancel(ids[2])
    assert jobs.finished_before(time.time() + 1) == (ids[0], ids[2])
    assert jobs.finished_before(time.time() + 1, limit=1) == (ids[0],)
    assert jobs.finished_before(time.time() - 60) == ()


def test_uploads_that_unfinished_jobs_need_are_known(jobs: SqlJobs) -> None:
    keys = [f"uploads/{n:032x}" for n in range(4)]
    waiting = VideoRequest(portrait=keys[0], driving_video=keys[1], background=keys[2], tier="test")
    jobs.create(new_job_id(), waiting)
    done = jobs.create(new_job_id(), VideoRequest(text="Hi.", portrait=keys[3], tier="test")).id
    jobs.cancel(done)
    assert jobs.inputs() == set(keys[:3])


def test_same_owner_does_not_mistake_its_own_earlier_attempt(jobs: SqlJobs) -> None:
    create(jobs)
    first = take(jobs, "a", OVER)
    second = take(jobs, "a")
    assert not jobs.heartbeat(first, "a", LONG, None, 0.0)
    assert jobs.heartbeat(second, "a", LONG, None, 0.0)


def test_job_that_kills_its_owners_fails_at_last(jobs: SqlJobs) -> None:
    job = create(jobs)
    behind = create(jobs)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        lease = take(jobs, lease_s=OVER)
        assert (lease.job, lease.attempt) == (job, attempt)
    assert take(jobs).job == behind
    failed = jobs.get(job)
    assert failed.status is JobStatus.FAILED
    assert failed.error is not None and failed.error.code == "abandoned"


def test_results_are_kept(jobs: SqlJobs) -> None:
    create(jobs)
    lease = take(jobs)
    assert jobs.finish(lease, "a", FACTS)
    job = jobs.get(lease.job)
    assert (job.status, job.clip, job.progress) == (JobStatus.SUCCEEDED, FACTS, 1.0)
    create(jobs)
    lease = take(jobs)
    assert jobs.finish(lease, "a", FAILURE)
    job = jobs.get(lease.job)
    assert (job.status, job.error, job.clip) == (JobStatus.FAILED, FAILURE, None)


@pytest.mark.parametrize(("counted", "attempt"), [(True, 2), (False, 1)])
def test_job_given_back_is_queued_again(jobs: SqlJobs, counted: bool, attempt: int) -> None:
    create(jobs)
    assert jobs.requeue(take(jobs), "a", counted)
    assert take(jobs, "b").attempt == attempt


def test_cancelling(jobs: SqlJobs) -> None:
    create(jobs)
    running, queued = take(jobs), create(jobs)
    assert jobs.cancel(queued).status is JobStatus.CANCELLED
    assert jobs.cancel(running.job).status is JobStatus.CANCELLED
    assert not jobs.heartbeat(running, "a", LONG, None, 0.5)
    assert not jobs.finish(running, "a", FACTS)
    assert not jobs.requeue(running, "a", True)
    assert jobs.lease("test", "b", LONG) is None


def test_finished_job_stays_as_it_is_when_cancelled(jobs: SqlJobs) -> None:
    create(jobs)
    lease = take(jobs)
    jobs.finish(lease, "a", FACTS)
    assert jobs.cancel(lease.job).status is JobStatus.SUCCEEDED


def test_only_finished_jobs_are_deleted(jobs: SqlJobs) -> None:
    job = create(jobs)
    with pytest.raises(NotReadyError):
        jobs.delete(job)
    jobs.cancel(job)
    jobs.delete(job)
    for call in (jobs.get, jobs.delete, jobs.cancel):
        with pytest.raises(NotFoundError, match=job):
            call(job)


def test_listing(jobs: SqlJobs) -> None:
    ids = [create(jobs) for _ in range(5)]
    jobs.cancel(ids[1])
    assert [j.id for j in jobs.list().jobs] == ids[::-1]
    assert jobs.list().after is None
    first = jobs.list(limit=2)
    assert [j.id for j in first.jobs] == [ids[4], ids[3]]
    second = jobs.list(limit=2, after=first.after)
    assert [j.id for j in second.jobs] == [ids[2], ids[1]]
    assert jobs.list(limit=2, after=second.after) == ((jobs.get(ids[0]),), None)
    assert [j.id for j in jobs.list(wanted=Filter(status=JobStatus.CANCELLED)).jobs] == [ids[1]]
    assert jobs.list(wanted=Filter(tier="another")).jobs == ()
    moment = jobs.get(ids[2]).created_at
    assert [j.id for j in jobs.list(wanted=Filter(since=moment)).jobs] == ids[:1:-1]
    assert [j.id for j in jobs.list(wanted=Filter(until=moment)).jobs] == ids[1::-1]


def test_jobs_outlive_the_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new folder' / 'jobs.sqlite'}"
    first = SqlJobs(url)
    job = create(first)
    first.close()
    second = SqlJobs(url)
    assert second.get(job).status is JobStatus.QUEUED
    second.close()


def test_broken_store_says_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match=r"jobs\.sqlite"):
        SqlJobs(f"sqlite:///{path}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@localhost:1/db",
        "sqlite://user:secret@host/db",
        "nonsense",
        "no://driver",
    ],
)
def test_address_of_no_store_is_an_error_that_tells_no_password(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        SqlJobs(url)
    assert "secret" not in caught.value.message


def test_store_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        SqlJobs(f"sqlite:///{tmp_path / 'file' / 'jobs.sqlite'}")


def _drain(url: str, owner: str) -> list[str]:
    jobs = SqlJobs(url)
    taken = []
    while (lease := jobs.lease("test", owner, LONG)) is not None:
        assert jobs.heartbeat(lease, owner, LONG, Stage.SPEAKING, 0.1)
        assert jobs.finish(lease, owner, FAILURE)
        taken.append(lease.job)
    jobs.close()
    return taken


def _fill(url: str, count: int) -> list[str]:
    jobs = SqlJobs(url)
    ids = [create(jobs) for _ in range(count)]
    jobs.close()
    return ids


def test_threads_share_a_store_without_taking_a_job_twice(jobs: SqlJobs, url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: create(jobs), range(40)))
        taken = list(pool.map(lambda n: _drain(url, f"owner {n}"), range(8)))
    assert sorted(chain(*taken)) == sorted(ids)


def test_processes_share_a_store_without_taking_a_job_twice(url: str) -> None:
    """All open the same new store at once, as gateway and Directors do when a service starts."""
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        ids = list(chain(*pool.map(_fill, [url] * 3, [8] * 3)))
        taken = list(chain(*pool.map(_drain, [url] * 3, "abc")))
    assert sorted(taken) == sorted(ids)
    store = SqlJobs(url)
    done: tuple[Job, ...] = store.list(limit=100).jobs
    store.close()
    assert {job.status for job in done} == {JobStatus.FAILED}
