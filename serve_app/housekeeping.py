"""Removes what nobody needs any more: after each job, and now and then whatever was left by those that died."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass

from backends.errors import StorageError
from serve_app.audit import AuditLog
from serve_app.jobs import Jobs, job_files
from serve_app.kept import TEMPORARY
from serve_app.problems import NotFoundError
from serve_app.schemas import Job, JobStatus
from serve_app.storage import Storage

_log = logging.getLogger(__name__)

_DAY_S = 86_400.0
_EVERY_S = 3600.0
_WRITING_S = 3600.0
"""Nothing is written for longer."""


def tidy(jobs: Jobs, storage: Storage, job: str) -> None:
    """Removes the files that a job in its state does not need: of one that is not finished none, of one that failed,
    was cancelled or is not known all, else all but those that belong to the clip."""
    try:
        found = jobs.get(job)
    except NotFoundError:
        storage.delete(job_files(job))
        return
    if found.status is JobStatus.SUCCEEDED:
        _keep_clip(storage, found)
    elif found.status.final:
        storage.delete(job_files(job))


def _keep_clip(storage: Storage, job: Job) -> None:
    files = job_files(job.id, job.run)
    for folder in TEMPORARY:
        storage.delete(f"{files}/{folder}")
    for entry in storage.list(job_files(job.id)):
        if not entry.key.startswith(f"{files}/"):  # the portrait, and what other runs had made
            storage.delete(entry.key)


@dataclass(frozen=True, slots=True)
class Housekeeper:
    """Any number of processes may do this at once."""

    jobs: Jobs
    storage: Storage
    keep_days: float = 30.0
    """How long finished jobs are kept with their videos."""
    audit: AuditLog | None = None
    keep_audit_days: float = 365.0

    async def run(self) -> None:
        """Sweeps now and every hour, until it is cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except StorageError:
                _log.exception("the store could not be swept")
            await asyncio.sleep(_EVERY_S)

    def sweep(self) -> None:
        """Removes what is half-written, uploads that are a day old and that no job waits for, jobs that were finished
        longer ago than they are kept, and files that jobs left behind."""
        now = time.time()
        if self.audit:
            self.audit.forget(now - self.keep_audit_days * _DAY_S)
        self.storage.sweep(_WRITING_S)
        while expired := self.jobs.finished_before(now - self.keep_days * _DAY_S):
            for job in expired:
                with suppress(NotFoundError):  # another process sweeps too
                    self.jobs.delete(job)
                self.storage.delete(job_files(job))
        needed = self.jobs.inputs()
        for upload in self.storage.list("uploads"):
            if upload.modified_at < now - _DAY_S and upload.key not in needed:
                self.storage.delete(upload.key)
        touched: dict[str, float] = {}
        for entry in self.storage.list("jobs"):
            job = entry.key.split("/")[1]
            touched[job] = max(touched.get(job, 0.0), entry.modified_at)
        for job, last in touched.items():
            if (
                last < now - _WRITING_S
            ):  # a request that is just coming in has files before it is a job
                tidy(self.jobs, self.storage, job)
