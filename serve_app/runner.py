"""What a Director replica does beside answering: it takes jobs from the store and carries them out."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from threading import Lock

from pydantic import ValidationError

from backends.composition.captions import CAPTION_FILES
from backends.errors import ProsoponError, StorageError
from backends.performance.exchange import to_json
from serve_app.director import Director
from serve_app.housekeeping import tidy
from serve_app.jobs import MAX_ATTEMPTS, SHORT, Jobs, Lease, job_files
from serve_app.logs import told
from serve_app.problems import problem, problem_of
from serve_app.schemas import ClipFacts, Problem, Stage
from serve_app.storage import Storage
from serve_app.telemetry import carrying
from serve_app.tracing import span
from serve_app.work import Clip

_log = logging.getLogger(__name__)

PERFORMANCE = "performance.json"
CAPTIONS = "captions"
CLIP = "clip.mp4"


@dataclass(slots=True)
class _Progress:
    run: str | None = None
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
        parallel: int = 6,
        lease_s: float = 15.0,
        beat_s: float = 0.5,
        poll_s: float = 0.2,
        again_s: float = 5.0,
        tenant_jobs: int | None = None,
    ) -> None:
        """
        Args:
            parallel: jobs at a time; the last place is for short ones, which so never wait for long ones to end.
            lease_s: for how long a job stays taken when this process dies.
            beat_s: how often progress is written, and how soon a cancellation is noticed.
            poll_s: how often the store is asked for work when nobody calls `wake`.
            again_s: how long a failed job waits for its second attempt; four times as long for its third.
            tenant_jobs: jobs of one tenant in work at a time, over all that take jobs of the tier.
        """
        self._director, self._jobs, self._storage, self._tier = director, jobs, storage, tier
        self._parallel, self._lease_s, self._beat_s, self._poll_s = (
            parallel,
            lease_s,
            beat_s,
            poll_s,
        )
        self._again_s, self._tenant_jobs = again_s, tenant_jobs
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._called = asyncio.Event()
        self._working: dict[asyncio.Task[None], Lease] = {}
        self._held: list[Lease] = []
        """Everything leased, also what a thread has just got while nobody waits for it any more."""
        self._holding = Lock()
        self._closed = False

    @property
    def working(self) -> frozenset[str]:
        """Jobs that are in work here."""
        return frozenset(lease.job for lease in self._working.values())

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
                with carrying({**lease.carried, "job_id": lease.job}):
                    task = asyncio.create_task(self._carry_out(lease))
                self._working[task] = lease
                task.add_done_callback(self._done)
        finally:
            self.close()

    def close(self) -> None:
        """Gives back what is begun, at once: nobody has to wait until the leases run out."""
        with self._holding:
            self._closed = True
            held, self._held = self._held, []
        for task in self._working:
            task.cancel()
        for lease in held:
            self._give_back(lease)

    def _give_back(self, lease: Lease) -> None:
        try:
            self._jobs.requeue(lease, self._owner, counted=False)
        except StorageError:
            _log.exception("job %s could not be given back; its lease will run out", lease.job)

    def _done(self, task: asyncio.Task[None]) -> None:
        lease = self._working.pop(task)
        with self._holding:
            self._held = [held for held in self._held if held is not lease]
        self._called.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("a job's outcome could not be kept; its lease will run out", exc_info=error)

    async def _next(self) -> Lease | None:
        long = sum(lease.length > SHORT for lease in self._working.values())
        longest = SHORT if 0 < self._parallel - 1 <= long else None
        try:
            return await asyncio.to_thread(self._lease, longest)
        except StorageError:
            _log.exception("the job store cannot be asked for work")
            await asyncio.sleep(1.0)
            return None

    def _lease(self, longest: int | None) -> Lease | None:
        lease = self._jobs.lease(self._tier, self._owner, self._lease_s, longest, self._tenant_jobs)
        if lease is None:
            return None
        with self._holding:
            if not self._closed:
                self._held.append(lease)
                return lease
        self._give_back(lease)
        return None

    async def _pause(self) -> None:
        # Not wait_for: before Python 3.12 it may swallow a cancellation that comes together with the call.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._called.wait()
        self._called.clear()

    async def _carry_out(self, lease: Lease) -> None:
        _log.info("job %s begins, attempt %d", lease.job, lease.attempt)
        progress = _Progress()
        making = asyncio.create_task(self._make(lease, progress))
        try:
            while not (await asyncio.wait({making}, timeout=self._beat_s))[0]:
                if not await self._beat(lease, progress):
                    making.cancel()
                    await asyncio.wait({making})
                    await self._tidy(lease)
                    return
            await self._conclude(lease, making, progress)
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
                progress.run,
            )
        except StorageError:
            _log.exception("the progress of job %s could not be kept", lease.job)
            return True

    async def _make(self, lease: Lease, progress: _Progress) -> ClipFacts:
        with span("job", tier=self._tier, attempt=lease.attempt):
            return await self._made(lease, progress)

    async def _made(self, lease: Lease, progress: _Progress) -> ClipFacts:
        order = await self._director.prepare(lease.request(), progress.report)
        progress.run = await self._director.run_of(order)
        files = job_files(lease.job, progress.run)
        clip = await self._director.carry_out(order, files, progress.report)
        await asyncio.to_thread(self._keep, files, clip)
        return clip.facts.model_copy(update={"path": f"/v1/videos/{lease.job}/content"})

    def _keep(self, files: str, clip: Clip) -> None:
        """Stores what stands beside the video."""
        self._storage.put(f"{files}/{PERFORMANCE}", to_json(clip.performance).encode())
        for kind, written in CAPTION_FILES.items():
            self._storage.put(f"{files}/{CAPTIONS}.{kind}", written(clip.captions).encode())

    async def _conclude(
        self, lease: Lease, making: asyncio.Task[ClipFacts], progress: _Progress
    ) -> None:
        error = making.exception()
        if error is not None and _again(error, lease):
            after_s = self._again_s * 4 ** (lease.attempt - 1)
            _log.warning("job %s failed and is begun again: %s", lease.job, told(error))
            await asyncio.to_thread(self._jobs.requeue, lease, self._owner, True, after_s)
        else:
            outcome = making.result() if error is None else _problem(error, lease)
            ended = "succeeded" if error is None else f"failed: {told(error)}"
            _log.info("job %s %s", lease.job, ended)
            await asyncio.to_thread(self._jobs.finish, lease, self._owner, outcome, progress.run)
        await self._tidy(lease)

    async def _tidy(self, lease: Lease) -> None:
        try:
            await asyncio.to_thread(tidy, self._jobs, self._storage, lease.job)
        except StorageError:
            _log.exception("files of job %s that nobody needs any more were left", lease.job)


def _again(error: BaseException, lease: Lease) -> bool:
    return isinstance(error, ProsoponError) and error.retryable and lease.attempt < MAX_ATTEMPTS


def _problem(error: BaseException, lease: Lease) -> Problem:
    if isinstance(error, ValidationError):
        return problem(500, "stale_request", "another version of the service took this request")
    if not isinstance(error, ProsoponError):
        _log.error("job %s failed", lease.job, exc_info=error)
    return problem_of(error)
