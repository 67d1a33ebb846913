"""Jobs: what was asked for, how far it is, who works on it.

The gateway and the Directors are processes of their own and meet only here. A Director leases a job for a short time
and renews the lease while it works; when it dies, the lease runs out and another takes the job again.
"""

import secrets
from dataclasses import dataclass
from typing import Protocol

from serve_app.schemas import ClipFacts, Job, JobStatus, NoticeModel, Problem, Stage, VideoRequest

MAX_ATTEMPTS = 3
"""How often a job is begun before it counts as failed."""


def new_job_id() -> str:
    return secrets.token_hex(16)


def job_files(job: str, attempt: int | None = None) -> str:
    """Storage prefix of a job; each attempt has its own below it, so that a straggler disturbs no successor."""
    return f"jobs/{job}" if attempt is None else f"jobs/{job}/{attempt}"


@dataclass(frozen=True, slots=True)
class Once:
    """A caller's name for one request, so that sending it again makes no second job."""

    key: str
    digest: str
    """Of the request's content: the same key may not stand for another."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job to work on until the lease runs out."""

    job: str
    attempt: int
    """1 the first time."""
    request_json: str

    @property
    def files(self) -> str:
        return job_files(self.job, self.attempt)

    def request(self) -> VideoRequest:
        """Raises pydantic.ValidationError where another version of the service wrote it."""
        return VideoRequest.model_validate_json(self.request_json)


@dataclass(frozen=True, slots=True)
class Message:
    """Somebody to be told of a job's end."""

    job: Job
    url: str
    tries: int
    """1 the first time."""


class Jobs(Protocol):
    """Blocking calls, safe from any thread and process; they raise StorageError when the store fails."""

    def create(
        self,
        job: str,
        request: VideoRequest,
        warnings: tuple[NoticeModel, ...] = (),
        once: Once | None = None,
        webhook: str | None = None,
    ) -> Job:
        """Queues a job; where `once` has made one already, that one is the answer.

        Args:
            webhook: URL that is told of the end.

        Raises:
            KeyReusedError: the key belongs to another request.
        """
        ...

    def made(self, once: Once) -> Job | None:
        """The job that `once` has made; raises KeyReusedError as `create`."""
        ...

    def get(self, job: str) -> Job:
        """Raises NotFoundError."""
        ...

    def list(
        self, limit: int = 50, offset: int = 0, status: JobStatus | None = None
    ) -> tuple[Job, ...]:
        """The newest first."""
        ...

    def count_queued(self) -> int: ...

    def lease(self, tier: str, owner: str, lease_s: float) -> Lease | None:
        """The tier's next job, or one whose owner let the lease run out; nothing when there is none."""
        ...

    def heartbeat(
        self, lease: Lease, owner: str, lease_s: float, stage: Stage | None, progress: float
    ) -> bool:
        """Renews the lease and tells how far the work is.

        False: the job was cancelled, deleted or given to another; the work is to stop.
        """
        ...

    def finish(self, lease: Lease, owner: str, outcome: ClipFacts | Problem) -> bool:
        """Whether the outcome counts: not when the job was cancelled or given to another meanwhile."""
        ...

    def requeue(self, lease: Lease, owner: str, counted: bool) -> bool:
        """Gives the job back; unless `counted`, the attempt is as if it had never been."""
        ...

    def cancel(self, job: str) -> Job:
        """Cancels what is not finished; raises NotFoundError."""
        ...

    def delete(self, job: str) -> None:
        """Forgets a finished job; raises NotFoundError, and NotReadyError when it is not finished."""
        ...

    def due_message(self, lease_s: float) -> Message | None:
        """A message to send now; it is due again when the lease runs out before `message_done`."""
        ...

    def message_done(self, message: Message, again_s: float | None) -> None:
        """It was taken, or nobody tries any more (None), or it is sent again after so many seconds."""
        ...
