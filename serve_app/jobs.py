"""Jobs: what was asked for, how far it is, who works on it.

The gateway and the Directors are processes of their own and meet only here. A Director leases a job for a short time
and renews the lease while it works; when it dies, the lease runs out and another takes the job again.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from serve_app.auth import LOCAL
from serve_app.schemas import ClipFacts, Job, JobStatus, NoticeModel, Problem, Stage, VideoRequest
from serve_app.telemetry import Measures

MAX_ATTEMPTS = 3
"""How often a job is begun before it counts as failed."""
SHORT = 500
"""Characters of text up to which a job is short: half a minute of speech."""
_NO_TEXT = 1000
"""As how many characters a job counts that has no text, but a driving video or a recording."""


def length_of(request: VideoRequest) -> int:
    """How much work a job is, in characters of text."""
    return len(request.text or request.transcript) or _NO_TEXT


def new_job_id() -> str:
    return secrets.token_hex(16)


def job_files(job: str, run: str | None = None) -> str:
    """Storage prefix of a job, or of one run of it: of all attempts that make the very same clip.

    What one attempt made, the next goes on with; another version of the service begins another run, so that no clip
    mixes versions.
    """
    return f"jobs/{job}" if run is None else f"jobs/{job}/{run}"


@dataclass(frozen=True, slots=True)
class Once:
    """A tenant's name for one request, so that sending it again makes no second job."""

    key: str
    digest: str
    """Of the request's content: the same key may not stand for another."""
    tenant: str = LOCAL


@dataclass(frozen=True, slots=True)
class Lease:
    """A job to work on until the lease runs out."""

    job: str
    attempt: int
    """1 the first time."""
    request_json: str
    carried: Mapping[str, str] = field(default_factory=dict)
    """What came along with the request, see `telemetry.carried`."""
    length: int = 0
    """See `length_of`."""

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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs are wanted; all of what is named must hold."""

    tenant: str | None = None
    status: JobStatus | None = None
    tier: str | None = None
    since: float | None = None
    """Accepted then or later, in seconds since the epoch."""
    until: float | None = None
    """Accepted before."""


EVERY_JOB = Filter()


class Page(NamedTuple):
    jobs: tuple[Job, ...]
    after: int | None
    """Where the next page begins; None: this is the last."""


class Jobs(Protocol):
    """Blocking calls, safe from any thread and process; they raise StorageError when the store fails."""

    def create(
        self,
        job: str,
        request: VideoRequest,
        warnings: tuple[NoticeModel, ...] = (),
        once: Once | None = None,
        webhook: str | None = None,
        tenant: str = LOCAL,
    ) -> Job:
        """Queues a job; where `once` has made one already, that one is the answer.

        Args:
            webhook: URL that is told of the end.
            tenant: whose job it is.

        Raises:
            KeyReusedError: the key belongs to another request.
        """
        ...

    def made(self, once: Once) -> Job | None:
        """The job that `once` has made; raises KeyReusedError as `create`."""
        ...

    def get(self, job: str, tenant: str | None = None) -> Job:
        """Raises NotFoundError, also for a job of another tenant than the one that is named."""
        ...

    def list(self, limit: int = 50, after: int | None = None, wanted: Filter = EVERY_JOB) -> Page:
        """The newest first.

        Args:
            after: of the page before; jobs that come or go meanwhile move no other to another page.
        """
        ...

    def count_queued(self, tenant: str | None = None) -> int: ...

    def used_today(self, tenant: str) -> float:
        """Seconds of video that were finished since midnight UTC, deleted ones too."""
        ...

    def lease(
        self,
        tier: str,
        owner: str,
        lease_s: float,
        longest: int | None = None,
        most_running: int | None = None,
    ) -> Lease | None:
        """The tier's next job, or one whose owner let the lease run out; nothing when there is none.

        Tenants take turns: the next is whoever has the fewest jobs in work, then whoever was served longest ago.

        Args:
            longest: no job beyond that length.
            most_running: none of a tenant that has as many of this tier in work.
        """
        ...

    def heartbeat(
        self,
        lease: Lease,
        owner: str,
        lease_s: float,
        stage: Stage | None,
        progress: float,
        run: str | None = None,
    ) -> bool:
        """Renews the lease and tells how far the work is; within a run that is never less than before.

        False: the job was cancelled, deleted or given to another; the work is to stop.
        """
        ...

    def finish(
        self, lease: Lease, owner: str, outcome: ClipFacts | Problem, run: str | None = None
    ) -> bool:
        """Whether the outcome counts: not when the job was cancelled or given to another meanwhile."""
        ...

    def requeue(self, lease: Lease, owner: str, counted: bool, after_s: float = 0.0) -> bool:
        """Gives the job back, to be taken again no sooner than `after_s`; unless `counted`, the attempt is as if it had
        never been."""
        ...

    def cancel(self, job: str) -> Job:
        """Cancels what is not finished; raises NotFoundError."""
        ...

    def delete(self, job: str) -> None:
        """Forgets a finished job; raises NotFoundError, and NotReadyError when it is not finished."""
        ...

    def inputs(self) -> frozenset[str]:
        """Storage keys of the uploads that unfinished jobs still need."""
        ...

    def finished_before(self, time_s: float, limit: int = 100) -> tuple[str, ...]:
        """Jobs that were finished before then (seconds since the epoch), the first first."""
        ...

    def due_message(self, lease_s: float) -> Message | None:
        """A message to send now; it is due again when the lease runs out before `message_done`."""
        ...

    def message_done(self, message: Message, taken: bool, again_s: float | None) -> None:
        """It was taken, or nobody tries any more (None), or it is sent again after so many seconds."""
        ...

    def measures(self) -> Measures:
        """What was counted so far, and what is under way."""
        ...
