"""What is removed, and above all what is not."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from backends.errors import StorageError
from serve_app.housekeeping import Housekeeper, tidy
from serve_app.jobs import Lease, job_files, new_job_id
from serve_app.problems import NotFoundError
from serve_app.schemas import JobStatus, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage
from tests.unit.serve_app.test_jobs import FACTS, FAILURE

RUN, OTHER = "run", "another"
MADE = ("clip.mp4", "performance.json", "segments/0000000.mp4", "sound/whole.mp4", "speech/0.npz")
DAY_S = 86_400.0


class Shelf:
    def __init__(self, folder: Path, jobs: SqlJobs) -> None:
        self.storage, self.jobs = FolderStorage(folder / "store"), jobs
        self.keeper = Housekeeper(jobs, self.storage, keep_days=30)

    def job(self, *runs: str, **fields: str) -> str:
        """A queued job, for which so many runs have made everything."""
        job = new_job_id()
        self.jobs.create(job, VideoRequest(text="Hi.", tier="test", **fields))  # type: ignore[arg-type]
        self.storage.put(f"{job_files(job)}/portrait", b"")
        for run in runs:
            for name in MADE:
                self.storage.put(f"{job_files(job, run)}/{name}", b"")
        return job

    def take(self) -> Lease:
        lease = self.jobs.lease("test", "a", 60.0)
        assert lease is not None
        return lease

    def ended(self, job: str, status: JobStatus) -> None:
        match status:
            case JobStatus.SUCCEEDED:
                self.jobs.finish(self.take(), "a", FACTS, RUN)
            case JobStatus.FAILED:
                self.jobs.finish(self.take(), "a", FAILURE)
            case JobStatus.CANCELLED:
                self.jobs.cancel(job)
            case JobStatus.RUNNING:
                self.take()

    def files(self, job: str) -> set[str]:
        prefix = f"{job_files(job)}/"
        return {e.key.removeprefix(prefix) for e in self.storage.list(job_files(job))}

    def uploaded(self, number: int, age_s: float = 0.0) -> str:
        key = f"uploads/{number:032x}"
        self.storage.put(key, b"")
        self.aged(key, age_s)
        return key

    def aged(self, prefix: str, age_s: float) -> None:
        then = time.time() - age_s
        root = self.storage.root / prefix
        for path in [root, *root.rglob("*")]:
            os.utime(path, (then, then))


@pytest.fixture
def shelf(tmp_path: Path, jobs: SqlJobs) -> Shelf:
    return Shelf(tmp_path, jobs)


ALL = {"portrait", *(f"{run}/{name}" for run in (RUN, OTHER) for name in MADE)}
LEFT = {
    JobStatus.QUEUED: ALL,
    JobStatus.RUNNING: ALL,
    JobStatus.SUCCEEDED: {f"{RUN}/clip.mp4", f"{RUN}/performance.json"},
    JobStatus.FAILED: set(),
    JobStatus.CANCELLED: set(),
}


@pytest.mark.parametrize("status", LEFT)
def test_what_stays_of_a_job(shelf: Shelf, status: JobStatus) -> None:
    job, neighbour = shelf.job(RUN, OTHER), shelf.job(RUN)
    shelf.ended(job, status)
    tidy(shelf.jobs, shelf.storage, job)
    assert shelf.files(job) == LEFT[status]
    assert shelf.files(neighbour) == {"portrait", *(f"{RUN}/{name}" for name in MADE)}


def test_nothing_stays_of_a_job_that_is_not_known(shelf: Shelf) -> None:
    job = shelf.job(RUN)
    shelf.jobs.cancel(job)
    shelf.jobs.delete(job)
    tidy(shelf.jobs, shelf.storage, job)
    assert shelf.files(job) == set()


@pytest.mark.parametrize("status", LEFT)
@pytest.mark.parametrize("old", [True, False])
def test_sweep_removes_what_died_with_its_process(
    shelf: Shelf, status: JobStatus, old: bool
) -> None:
    job, stranger = shelf.job(RUN, OTHER), new_job_id()
    shelf.ended(job, status)
    shelf.storage.put(f"{job_files(stranger)}/portrait", b"")  # a request that is just coming in
    if old:
        shelf.aged("jobs", 2 * 3600)
    shelf.keeper.sweep()
    assert shelf.files(job) == (LEFT[status] if old else ALL)
    assert shelf.files(stranger) == (set() if old else {"portrait"})


def test_sweep_removes_uploads_that_nobody_waits_for(shelf: Shelf) -> None:
    new = shelf.uploaded(1)
    old = shelf.uploaded(2, 2 * DAY_S)
    needed = [shelf.uploaded(n, 2 * DAY_S) for n in (3, 4, 5)]
    shelf.job(portrait=needed[0], driving_video=needed[1], background=needed[2])
    used = shelf.uploaded(6, 2 * DAY_S)
    shelf.jobs.cancel(shelf.job(portrait=used))
    shelf.keeper.sweep()
    assert {e.key for e in shelf.storage.list("uploads")} == {new, *needed}
    assert old not in needed


def test_sweep_removes_jobs_that_were_kept_long_enough(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, waiting = shelf.job(RUN), shelf.job()
    shelf.ended(done, JobStatus.SUCCEEDED)
    shelf.keeper.sweep()
    assert shelf.jobs.get(done).status is JobStatus.SUCCEEDED
    later = time.time() + 31 * DAY_S
    monkeypatch.setattr("serve_app.housekeeping.time.time", lambda: later)
    shelf.keeper.sweep()
    with pytest.raises(NotFoundError):
        shelf.jobs.get(done)
    assert shelf.files(done) == set()
    assert shelf.jobs.get(waiting).status is JobStatus.QUEUED
    assert shelf.files(waiting) == {"portrait"}


async def test_it_sweeps_when_it_starts(shelf: Shelf) -> None:
    old = shelf.uploaded(1, 2 * DAY_S)
    sweeping = asyncio.create_task(shelf.keeper.run())
    async with asyncio.timeout(30):
        while shelf.storage.exists(old):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    sweeping.cancel()
    await asyncio.wait({sweeping})


async def test_store_that_fails_does_not_end_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next hour may be better."""
    monkeypatch.setattr("serve_app.housekeeping._EVERY_S", 0.01)
    asked = iter(range(3))

    class Failing(FolderStorage):
        def sweep(self, older_than_s: float) -> None:
            if next(asked, None) is not None:
                raise StorageError("it is gone for a moment")
            super().sweep(older_than_s)

    keeper = Housekeeper(shelf.jobs, Failing(shelf.storage.root))
    old = shelf.uploaded(1, 2 * DAY_S)
    sweeping = asyncio.create_task(keeper.run())
    async with asyncio.timeout(30):
        while shelf.storage.exists(old):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not sweeping.done()
    sweeping.cancel()
    await asyncio.wait({sweeping})
