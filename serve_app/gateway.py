"""What the HTTP gateway does, without HTTP: `serve_app.api` gives it its routes."""

import asyncio
import hashlib
import logging
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from backends.errors import InputError, ProsoponError, UnknownPortraitError, UnknownTierError
from backends.faces.framing import names_picture
from backends.faces.presets import PRESETS
from serve_app.catalogue import (
    PortraitCheck,
    ScriptModel,
    TierFacts,
    TierModel,
    VoiceModel,
    script_model,
    tier_model,
    voice_models,
)
from serve_app.clients import TierClient, Tiers
from serve_app.config import GatewayConfig, StrictModel
from serve_app.jobs import Jobs, Once, job_files, new_job_id
from serve_app.playback import Playback
from serve_app.problems import (
    NotFoundError,
    NotReadyError,
    QueueFullError,
    RequestTooLargeError,
    TierUnavailableError,
)
from serve_app.runner import CAPTIONS, CLIP, PERFORMANCE
from serve_app.schemas import Job, JobStatus, VideoOrder, VideoRequest
from serve_app.storage import Storage
from serve_app.webhooks import Webhooks

_log = logging.getLogger(__name__)
_UPLOAD = re.compile(r"[0-9a-f]{32}")
_DESCRIBING_S = 10.0
_WATCHING_S = 0.25
"""How often the store is asked for changes of a job that somebody watches."""


class PortraitRequest(StrictModel):
    portrait: str = "preset:astronaut"
    """ "preset:NAME" or the id of an upload."""
    tier: str = "lightweight"


class Gateway:
    """Takes requests for the tiers and tells what became of them; everything durable is in the job store."""

    def __init__(
        self,
        config: GatewayConfig,
        jobs: Jobs,
        storage: Storage,
        tiers: Tiers,
        webhooks: Webhooks | None = None,
    ) -> None:
        """
        Args:
            webhooks: sends them; None where the service has no secret to sign them with.
        """
        self.config = config
        self._jobs, self._storage, self._tiers = jobs, storage, tiers
        self._webhooks = webhooks
        self._facts: dict[str, TierFacts] = {}
        self._background: set[asyncio.Task[None]] = set()

    # Jobs

    async def create(
        self, order: VideoOrder, upload: BinaryIO | None, key: str | None = None
    ) -> Job:
        """Checks a request and queues it; a refused one leaves nothing behind.

        Args:
            key: the caller's own name for it: sent again, it is answered with the job that it made.
        """
        if order.webhook_url and not self._webhooks:
            raise InputError(
                "webhook_url: this service sends no webhooks; its operator sets PROSOPON_WEBHOOK_SECRET"
            )
        once = key and Once(key, await asyncio.to_thread(_digest, order, upload))
        if once and (made := await asyncio.to_thread(self._jobs.made, once)):
            return made
        request = order.request()
        tier = await self._tier(request.tier)
        if await asyncio.to_thread(self._jobs.count_queued) >= self.config.max_queued_jobs:
            raise QueueFullError(
                f"{self.config.max_queued_jobs} videos are waiting already; try again later"
            )
        job = new_job_id()
        try:
            portrait = f"{job_files(job)}/portrait"
            if upload is None:
                portrait = self._picture(request.portrait)
            else:
                await self._store(portrait, upload)
            driving = request.driving_video and self._uploaded(request.driving_video)
            kept = {"portrait": portrait, "driving_video": driving or None}
            kept["background"] = self._backdrop(request.background)
            request = request.model_copy(update=kept)
            warnings = await tier.check(request)
            created = await asyncio.to_thread(
                self._jobs.create, job, request, warnings, once or None, order.webhook_url
            )
        except BaseException:
            self._storage.delete(job_files(job))
            raise
        if created.id != job:  # the same request came twice at once
            self._storage.delete(job_files(job))
        self._run(tier.wake())
        return created

    async def job(self, job: str) -> Job:
        return await asyncio.to_thread(self._jobs.get, job)

    async def jobs(self, limit: int, offset: int, status: JobStatus | None) -> tuple[Job, ...]:
        return await asyncio.to_thread(self._jobs.list, limit, offset, status)

    async def changes(self, job: str, seen: str | None = None) -> AsyncIterator[tuple[str, Job]]:
        """The job whenever it changed, with a name of its state, until it is finished or deleted.

        Args:
            seen: name of the last state that the watcher knows.
        """
        while True:
            try:
                found = await self.job(job)
            except NotFoundError:
                return
            if (state := _state(found)) != seen:
                seen = state
                yield state, found
            if found.status.final:
                return
            await asyncio.sleep(_WATCHING_S)

    async def wait(self, job: str) -> Job:
        """The job when it is finished, or as it is after `generate_wait_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.generate_wait_s):
                async for _ in self.changes(job):
                    pass
        return await self.job(job)

    async def remove(self, job: str) -> Job | None:
        """Cancels an unfinished job, deletes a finished one with its files."""
        if not (await self.job(job)).status.final:
            return await asyncio.to_thread(self._jobs.cancel, job)
        await asyncio.to_thread(self._jobs.delete, job)
        await asyncio.to_thread(self._storage.delete, job_files(job))
        return None

    async def result(self, job: str, file: str = CLIP) -> Path:
        """A file of a finished video.

        Raises:
            NotFoundError: no such job, or it has no such file.
            NotReadyError: it is not finished, or did not succeed.
        """
        found = await self.job(job)
        if found.status is not JobStatus.SUCCEEDED:
            raise NotReadyError(f"job {job!r} is {found.status}; only one that succeeded has files")
        path = self._storage.path(f"{job_files(job, found.attempts)}/{file}")
        if not path.is_file():
            raise NotFoundError(f"job {job!r} has no {file}; ask for it in the request")
        return path

    async def captions(self, job: str, kind: str) -> Path:
        return await self.result(job, f"{CAPTIONS}.{kind}")

    async def performance(self, job: str) -> Path:
        return await self.result(job, PERFORMANCE)

    async def playback(self, job: str, attempt: int | None = None) -> Playback:
        """The video as it can be watched by now; of the latest attempt where none is named."""
        return Playback(self._storage, await self.job(job), attempt)

    # Uploads

    async def upload(self, file: BinaryIO) -> str:
        """Keeps a picture; its id serves as `portrait` in requests."""
        upload = secrets.token_hex(16)
        await self._store(f"uploads/{upload}", file)
        return upload

    async def forget(self, upload: str) -> None:
        key = self._picture(upload)
        await asyncio.to_thread(self._storage.delete, key)

    def _picture(self, portrait: str) -> str:
        """The storage key of an upload; a preset as it is."""
        if portrait.startswith("preset:"):
            return portrait
        if upload := self._uploaded_key(portrait):
            return upload
        known = ", ".join(f"preset:{name}" for name in PRESETS)
        raise UnknownPortraitError(
            f"portrait {portrait!r} is neither the id of an upload nor one of {known}"
        )

    def _uploaded(self, video: str) -> str:
        if key := self._uploaded_key(video):
            return key
        raise InputError(
            f"driving_video {video!r} is not the id of an upload; send the video to /v1/uploads first"
        )

    def _backdrop(self, background: str) -> str:
        if not names_picture(background):
            return background
        if key := self._uploaded_key(background):
            return key
        raise InputError(
            f"background {background!r} is neither source, blur, #rrggbb nor the id of an upload; "
            "send a picture to /v1/uploads first"
        )

    def _uploaded_key(self, upload: str) -> str | None:
        key = f"uploads/{upload}"
        return key if _UPLOAD.fullmatch(upload) and self._storage.exists(key) else None

    async def _store(self, key: str, file: BinaryIO) -> None:
        def copy() -> None:
            with self._storage.writing(key) as path, path.open("wb") as target:
                shutil.copyfileobj(file, target)
                if target.tell() > self.config.max_upload_bytes:
                    raise RequestTooLargeError(
                        f"the picture has {target.tell()} bytes, "
                        f"at most {self.config.max_upload_bytes} are taken"
                    )

        await asyncio.to_thread(copy)

    # What there is

    async def ready(self) -> tuple[str, ...]:
        """Tiers that can take work.

        Raises:
            TierUnavailableError: none can.
        """
        states = await self._tiers.states()
        available = tuple(name for name, state in states.items() if state.available)
        if not available:
            reasons = "; ".join(f"{name}: {state.reason}" for name, state in states.items())
            raise TierUnavailableError(f"no tier can take work ({reasons})")
        return available

    async def tiers(self) -> tuple[TierModel, ...]:
        states = await self._tiers.states()
        found = [
            await self._tier_model(name)
            if state.available
            else TierModel(name=name, available=False, reason=state.reason)
            for name, state in states.items()
        ]
        return tuple(found)

    async def _tier_model(self, name: str) -> TierModel:
        try:
            return tier_model(name, await self._describe(name))
        except (ProsoponError, TimeoutError) as error:
            return TierModel(name=name, available=False, reason=str(error) or "it does not answer")

    async def voices(self) -> tuple[VoiceModel, ...]:
        """Of all available tiers."""
        available = [tier.name for tier in await self.tiers() if tier.available]
        return tuple(v for name in available for v in voice_models(name, self._facts[name]))

    async def _describe(self, name: str) -> TierFacts:
        if name not in self._facts:
            client = await self._tiers.client(name)
            self._facts[name] = await asyncio.wait_for(client.describe(), _DESCRIBING_S)
        return self._facts[name]

    # What would come of it

    async def parse(self, request: VideoRequest) -> ScriptModel:
        tier = await self._tier(request.tier)
        facts = await self._describe(request.tier)
        options = request.script_options(facts.max_characters)
        return script_model(await tier.parse(request.text, options))

    async def examine(self, request: PortraitRequest, upload: BinaryIO | None) -> PortraitCheck:
        tier = await self._tier(request.tier)
        if upload is None:
            return await tier.examine(self._picture(request.portrait))
        key = f"uploads/{secrets.token_hex(16)}"
        try:
            await self._store(key, upload)
            return await tier.examine(key)
        finally:
            self._storage.delete(key)

    # Inside

    async def _tier(self, name: str) -> TierClient:
        states = await self._tiers.states()
        if name not in states:
            raise UnknownTierError(f"there is no tier {name!r}; known are: {', '.join(states)}")
        if not states[name].available:
            raise TierUnavailableError(f"tier {name!r} cannot take work: {states[name].reason}")
        return await self._tiers.client(name)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background; what fails there is only logged, since Directors look for jobs anyway."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.warning("a Director could not be woken: %s", error)


def _state(job: Job) -> str:
    """A name for what a watcher sees of a job, apart from the time that passes."""
    place = job.queue_position or job.stage or ""
    return f"{job.attempts}-{job.status}-{place}-{job.progress:.4f}"


def _digest(order: VideoOrder, upload: BinaryIO | None) -> str:
    """SHA-256 of everything that was asked for."""
    digest = hashlib.sha256(order.model_dump_json().encode())
    if upload is not None:
        while piece := upload.read(2**20):
            digest.update(piece)
        upload.seek(0)
    return digest.hexdigest()
