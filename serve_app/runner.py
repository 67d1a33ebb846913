"""What a Director replica does beside answering: it takes jobs from the store and carries them out."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass

from pydantic import ValidationError

from backends.errors import ProsoponError, StorageError
from backends.performance.exchange import to_json
from serve_app.director import Clip, Director
from serve_app.jobs import MAX_ATTEMPTS, Jobs, Lease
from serve_app.problems import problem, problem_of
from serve_app.schemas import ClipFacts, Problem, Stage
from serve_app.storage import Storage

_log = logging.getLogger(__name__)

PERFORMANCE = "performance.json"
CAPTIONS = "captions"
CLIP = "clip.mp4"
_TEMPORARY = ("segments", "sound", "speech")


@dataclass(slots=True)
class _Progress:
    stage: Stage | None = None
    done: float = 0.0

    def report(self, stage: Stage, done: float) -> None:
        self.stage, self.done = stage, max(self.done, min(done, 1.0))


class Runner:
    """Carries out a tier's jobs, a few at once; belongs to one event loop."""

    def __init__(
        self,
        director: Director,
        jobs: Jobs,
        storage: Storage,
        tier: str,
        parallel: int = 2,
        lease_s: float = 15.0,
        beat_s: float = 0.5,
        poll_s: float = 0.2,
    ) -> None:
        """
        Args:
            parallel: jobs at a time.
            lease_s: for how long a job stays taken when this process dies.
            beat_s: how often progress is written, and how soon a cancellation is noticed.
            poll_s: how often the store is asked for work when nobody calls `wake`.
        """
        self._director, self._jobs, self._storage, self._tier = director, jobs, storage, tier
        self._parallel, self._lease_s, self._beat_s, self._poll_s = (
            parallel,
            lease_s,
            beat_s,
            poll_s,
        )
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._called = asyncio.Event()
        self._working: dict[asyncio.Task[None], Lease] = {}

    @property
    def working(self) -> int:
        """Jobs that are in work here."""
        return len(self._working)

    def wake(self) -> None:
        """There is work: look now."""
        self._called.set()

    async def run(self) -> None:
        """Works until it is cancelled; then gives back what it has begun."""
        try:
            while True:
                lease = await self._next() if len(self._working) < self._parallel else None
                if lease is None:
                    await self._pause()
                    continue
                task = asyncio.create_task(self._carry_out(lease))
                self._working[task] = lease
                task.add_done_callback(self._done)
        finally:
            self.close()

    def close(self) -> None:
        """Gives back what is begun, at once: nobody has to wait until the leases run out."""
        for task, lease in list(self._working.items()):
            task.cancel()
            try:
                self._jobs.requeue(lease, self._owner, counted=False)
            except StorageError:
                _log.exception("job %s could not be given back; its lease will run out", lease.job)
        self._working.clear()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.pop(task, None)
        self._called.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("a job's outcome could not be kept; its lease will run out", exc_info=error)

    async def _next(self) -> Lease | None:
        try:
            return await asyncio.to_thread(self._jobs.lease, self._tier, self._owner, self._lease_s)
        except StorageError:
            _log.exception("the job store cannot be asked for work")
            await asyncio.sleep(1.0)
            return None

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._called.wait(), self._poll_s)
        self._called.clear()

    async def _carry_out(self, lease: Lease) -> None:
        progress = _Progress()
        making = asyncio.create_task(self._make(lease, progress))
        try:
            while not (await asyncio.wait({making}, timeout=self._beat_s))[0]:
                if not await self._beat(lease, progress):
                    making.cancel()
                    await asyncio.wait({making})
                    await self._discard(lease)
                    return
            await self._conclude(lease, making)
        finally:
            making.cancel()

    async def _beat(self, lease: Lease, progress: _Progress) -> bool:
        try:
            return await asyncio.to_thread(
                self._jobs.heartbeat,
                lease,
                self._owner,
                self._lease_s,
                progress.stage,
                progress.done,
            )
        except StorageError:
            _log.exception("the progress of job %s could not be kept", lease.job)
            return True

    async def _make(self, lease: Lease, progress: _Progress) -> ClipFacts:
        clip = await self._director.make(lease.request(), lease.files, progress.report)
        await asyncio.to_thread(self._keep, lease, clip)
        return clip.facts.model_copy(update={"path": f"/v1/videos/{lease.job}/content"})

    def _keep(self, lease: Lease, clip: Clip) -> None:
        """Stores what stands beside the video, and drops what was only needed to make it."""
        self._storage.put(f"{lease.files}/{PERFORMANCE}", to_json(clip.performance).encode())
        if clip.captions is not None:
            kind = lease.request().captions
            self._storage.put(f"{lease.files}/{CAPTIONS}.{kind}", clip.captions.encode())
        for folder in _TEMPORARY:
            self._storage.delete(f"{lease.files}/{folder}")

    async def _conclude(self, lease: Lease, making: asyncio.Task[ClipFacts]) -> None:
        error = making.exception()
        if error is None:
            outcome: ClipFacts | Problem = making.result()
        elif _again(error, lease):
            _log.warning("job %s failed and is begun again: %s", lease.job, error)
            await self._discard(lease)
            await asyncio.to_thread(self._jobs.requeue, lease, self._owner, True)
            return
        else:
            outcome = _problem(error, lease)
        counts = await asyncio.to_thread(self._jobs.finish, lease, self._owner, outcome)
        if error is not None or not counts:
            await self._discard(lease)

    async def _discard(self, lease: Lease) -> None:
        await asyncio.to_thread(self._storage.delete, lease.files)


def _again(error: BaseException, lease: Lease) -> bool:
    return isinstance(error, ProsoponError) and error.retryable and lease.attempt < MAX_ATTEMPTS


def _problem(error: BaseException, lease: Lease) -> Problem:
    if isinstance(error, ValidationError):
        return problem(500, "stale_request", "another version of the service took this request")
    if not isinstance(error, ProsoponError):
        _log.error("job %s failed", lease.job, exc_info=error)
    return problem_of(error)
