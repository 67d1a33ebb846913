"""What the HTTP gateway does, without HTTP: `serve_app.api` gives it its routes."""

import asyncio
import hashlib
import logging
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from typing import Any, BinaryIO

from backends.errors import InputError
from serve_app import audit
from serve_app.audit import AuditLog
from serve_app.auth import Principal
from serve_app.catalogue import (
    Failure,
    PortraitCheck,
    ScriptModel,
    SystemModel,
    TierLoad,
    script_model,
)
from serve_app.clients import Tiers
from serve_app.config import GatewayConfig
from serve_app.consents import Consents, Policy, RequestT, check_consent
from serve_app.housekeeping import tidy
from serve_app.jobs import Filter, Jobs, Once, Page, job_files, new_job_id
from serve_app.limits import check_limits, check_sessions
from serve_app.live import Session, check_live
from serve_app.logs import told
from serve_app.offers import Offers
from serve_app.playback import Playback
from serve_app.problems import NotFoundError, QueueFullError
from serve_app.results import Results
from serve_app.schemas import (
    Job,
    JobStatus,
    PortraitRequest,
    SpeechRequest,
    VideoOrder,
    VideoRequest,
)
from serve_app.speaking import Speaking, Spoken
from serve_app.storage import Storage
from serve_app.telemetry import Waiting, exposition
from serve_app.uploads import Uploads
from serve_app.webhooks import Webhooks

_log = logging.getLogger(__name__)
_FAILURES = 10
"""The latest that /v1/system tells of."""
_WATCHING_S = 0.25
"""How often the store is asked for changes of a job that somebody watches."""


class Gateway:
    """Takes requests for the tiers and tells what became of them; everything durable is in the job store."""

    def __init__(
        self,
        config: GatewayConfig,
        jobs: Jobs,
        storage: Storage,
        tiers: Tiers,
        consents: Consents,
        audit_log: AuditLog,
        webhooks: Webhooks | None = None,
    ) -> None:
        """
        Args:
            webhooks: sends them; None where the service has no secret to sign them with.
        """
        self.config = config
        self._jobs, self._storage, self._tiers = jobs, storage, tiers
        self._webhooks = webhooks
        self.consents = consents
        self.audit = audit_log
        usual: Policy = "record" if config.auth == "open" else "require"
        self.consent_policy: Policy = config.consent or usual
        self.results = Results(storage)
        self.offers = Offers(tiers)
        self.speaking = Speaking(self.offers, storage)
        self._background: set[asyncio.Task[None]] = set()
        self._live: Counter[str] = Counter()
        """Live sessions of each tenant that has any."""

    # Jobs

    async def create(
        self,
        who: Principal,
        order: VideoOrder,
        files: Mapping[str, BinaryIO],
        key: str | None = None,
    ) -> Job:
        """Checks a request and queues it; a refused one leaves nothing behind.

        Args:
            who: asks, and owns the video.
            files: that came with it, by the fields which they stand for.
            key: the caller's own name for it: sent again, it is answered with the job that it made.
        """
        if order.webhook_url and not self._webhooks:
            raise InputError(
                "webhook_url: this service sends no webhooks; its operator sets PROSOPON_WEBHOOK_SECRET"
            )
        once = key and Once(key, await asyncio.to_thread(_digest, order, files), who.tenant)
        if once and (made := await asyncio.to_thread(self._jobs.made, once)):
            return made
        await asyncio.to_thread(check_limits, self.config.limits, self._jobs, who.tenant)
        own_files = not files.keys().isdisjoint(("portrait", "reference_audio"))
        request = await asyncio.to_thread(self._agreed, who, order.request(), own_files)
        request = await self.offers.placed(request)
        tier = await self.offers.tier(request.tier)
        if await asyncio.to_thread(self._jobs.count_queued) >= self.config.max_queued_jobs:
            raise QueueFullError(
                f"{self.config.max_queued_jobs} videos are waiting already; try again later"
            )
        job, uploads = new_job_id(), self.uploads(who)
        try:
            own = {name: f"{job_files(job)}/{name}" for name in files}
            for name, file in files.items():
                await uploads.store(own[name], file)
            request = uploads.placed(request, own)
            warnings = await tier.check(request)
            created = await asyncio.to_thread(
                self._jobs.create,
                job,
                request,
                warnings,
                once or None,
                order.webhook_url,
                who.tenant,
            )
        except BaseException:
            await asyncio.to_thread(self._storage.delete, job_files(job))
            raise
        if created.id != job:  # the same request came twice at once
            await asyncio.to_thread(self._storage.delete, job_files(job))
        else:
            audit.did("create_video", job)
        self._run(tier.wake())
        return created

    async def job(self, who: Principal, job: str) -> Job:
        return await asyncio.to_thread(self._jobs.get, job, who.tenant)

    async def jobs(self, who: Principal, limit: int, after: int | None, wanted: Filter) -> Page:
        wanted = replace(wanted, tenant=who.tenant)
        return await asyncio.to_thread(self._jobs.list, limit, after, wanted)

    async def changes(
        self, who: Principal, job: str, seen: str | None = None
    ) -> AsyncIterator[tuple[str, Job]]:
        """The job whenever it changed, with a name of its state, until it is finished or deleted.

        Args:
            seen: name of the last state that the watcher knows.
        """
        while True:
            try:
                found = await self.job(who, job)
            except NotFoundError:
                return
            if (state := _state(found)) != seen:
                seen = state
                yield state, found
            if found.status.final:
                return
            await asyncio.sleep(_WATCHING_S)

    async def wait(self, who: Principal, job: str) -> Job:
        """The job when it is finished, or as it is after `generate_wait_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.generate_wait_s):
                async for _ in self.changes(who, job):
                    pass
        return await self.job(who, job)

    async def remove(self, who: Principal, job: str) -> Job | None:
        """Cancels an unfinished job, deletes a finished one with its files."""
        if not (await self.job(who, job)).status.final:
            cancelled = await asyncio.to_thread(self._jobs.cancel, job)
            audit.did("cancel_video", job)
            await asyncio.to_thread(tidy, self._jobs, self._storage, job)
            return cancelled
        await asyncio.to_thread(self._jobs.delete, job)
        audit.did("delete_video", job)
        await asyncio.to_thread(self._storage.delete, job_files(job))
        return None

    async def revoke(self, who: Principal, consent: str) -> None:
        """Ends a consent: what is made under it is cancelled, and what was made is deleted with the portraits.

        Raises:
            NotFoundError: the tenant has no such consent.
        """
        now = time.time()
        found = await asyncio.to_thread(self.consents.revoke, who.tenant, consent, now)
        audit.did("revoke_consent", consent)
        for made in found:
            with suppress(NotFoundError):  # somebody else deletes it too
                if await self.remove(who, made.job):  # it was only cancelled
                    await self.remove(who, made.job)
            for upload in made.uploads:
                await asyncio.to_thread(self._storage.delete, upload)

    async def playback(self, who: Principal, job: str, run: str | None = None) -> Playback:
        """The video as it can be watched by now; of the latest run where none is named."""
        return Playback(self._storage, await self.job(who, job), run)

    def uploads(self, who: Principal) -> Uploads:
        return Uploads(self._storage, self.config.max_upload_bytes, who.tenant)

    @asynccontextmanager
    async def conversing(self, who: Principal, request: VideoRequest) -> AsyncIterator[Session]:
        """A live session, in which the text comes piece by piece, for as long as the block runs.

        Raises:
            LimitError: the tenant has too many.
            QueueFullError: all together have.
        """
        check_live(request)
        check_sessions(self.config.limits, self._live[who.tenant])
        if self._live.total() >= self.config.max_live_sessions:
            raise QueueFullError(
                f"{self.config.max_live_sessions} live sessions are under way already; try again later"
            )
        self._live[who.tenant] += 1
        try:
            yield await self._session(who, request)
        finally:
            self._live -= Counter((who.tenant,))

    async def _session(self, who: Principal, request: VideoRequest) -> Session:
        request = await asyncio.to_thread(self._agreed, who, request)
        request = await self.offers.placed(request)
        tier = await self.offers.tier(request.tier)
        audit.did("stream")
        return Session(tier, self._storage, self.uploads(who).placed(request, {}))

    async def speak(self, who: Principal, request: SpeechRequest) -> Spoken:
        """Speech alone, see `Speaking.speak`; in the voice of a recording of the tenant's own where one is named."""
        request = await asyncio.to_thread(self._agreed, who, request)
        named = request.reference_audio
        recording = await asyncio.to_thread(self.uploads(who).audio, named, "reference_audio")
        return await self.speaking.speak(request.model_copy(update={"reference_audio": recording}))

    # How it goes

    async def metrics(self) -> bytes:
        """In the Prometheus text format: what the job store counted, and what is under way."""
        states = await self._tiers.states()
        measures = await asyncio.to_thread(self._jobs.measures)
        return exposition(measures, {name: state.available for name, state in states.items()})

    async def system(self) -> SystemModel:
        """Tiers, what runs and waits, and what failed of late."""
        states = await self._tiers.states()
        waiting = (await asyncio.to_thread(self._jobs.measures)).waiting
        latest = Filter(status=JobStatus.FAILED)
        failed = await asyncio.to_thread(self._jobs.list, _FAILURES, None, latest)
        tiers = []
        for name, state in states.items():
            load = waiting.get(name, Waiting())
            tiers.append(
                TierLoad(
                    name=name,
                    available=state.available,
                    reason=state.reason,
                    replicas=dict(state.replicas),
                    queued=load.queued,
                    running=load.running,
                    oldest_queued_s=round(load.oldest_s, 1),
                )
            )
        failures = [
            Failure(job=job.id, tier=job.tier, created_at=job.created_at, error=job.error)
            for job in failed.jobs
            if job.error
        ]
        return SystemModel(
            version=version("prosopon"),
            tiers=tuple(tiers),
            max_queued=self.config.max_queued_jobs,
            failures=tuple(failures),
        )

    # What would come of it

    async def parse(self, request: VideoRequest) -> ScriptModel:
        request = await self.offers.placed(request)
        tier = await self.offers.tier(request.tier)
        facts = await self.offers.describe(request.tier)
        options = request.script_options(facts.max_characters)
        return script_model(await tier.parse(request.text or request.transcript, options))

    async def examine(
        self, who: Principal, request: PortraitRequest, upload: BinaryIO | None
    ) -> PortraitCheck:
        request = await self.offers.placed(request)
        tier = await self.offers.tier(request.tier)
        if upload is None:
            return await tier.examine(self.uploads(who).portrait(request.portrait))
        key = f"uploads/{secrets.token_hex(16)}"
        try:
            await self.uploads(who).store(key, upload)
            return await tier.examine(key)
        finally:
            await asyncio.to_thread(self._storage.delete, key)

    # Inside

    def _agreed(self, who: Principal, request: RequestT, own_files: bool = False) -> RequestT:
        return check_consent(self.consent_policy, self.consents, who, request, own_files)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background; what fails there is only logged, since Directors look for jobs anyway."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.warning("a Director could not be woken: %s", told(error))


def _state(job: Job) -> str:
    """A name for what a watcher sees of a job, apart from the time that passes."""
    place = job.queue_position or job.stage or ""
    return f"{job.attempts}-{job.status}-{place}-{job.progress:.4f}"


def _digest(order: VideoOrder, files: Mapping[str, BinaryIO]) -> str:
    """SHA-256 of everything that was asked for."""
    digest = hashlib.sha256(order.model_dump_json().encode())
    for name, file in sorted(files.items()):
        digest.update(name.encode())
        while piece := file.read(2**20):
            digest.update(piece)
        file.seek(0)
    return digest.hexdigest()
