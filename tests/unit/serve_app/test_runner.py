"""Runs jobs with a real Director over tone and sketch; what goes wrong is made by its stages."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from backends.errors import NoFaceError, SynthesisError
from backends.speech.engine import Voice
from backends.types import SpeechChunk, Utterance
from serve_app.clients import SpeechClient, Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.jobs import MAX_ATTEMPTS, job_files, new_job_id
from serve_app.problems import QueueFullError
from serve_app.runner import Runner
from serve_app.schemas import Job, JobStatus, Stage, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage

CLIP_FILES = {"clip.mp4", "performance.json", "captions.srt", "captions.vtt"}


class Faulty:
    """The tone voice, with something in its way before each utterance."""

    def __init__(self, speech: SpeechClient, before: Callable[[Utterance], object]) -> None:
        self._speech, self._before = speech, before
        self.describe, self.find_voice = speech.describe, speech.find_voice

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        waiting = self._before(utterance)
        if isinstance(waiting, asyncio.Event):
            await waiting.wait()
        async for chunk in self._speech.speak(utterance, voice, seed, speed):
            yield chunk


class Workplace:
    """A store, a queue and runners on them."""

    def __init__(
        self, stages: Stages, storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
    ) -> None:
        self.stages, self.storage, self.jobs, self.tier = stages, storage, jobs, tier
        self.runners: list[Runner] = []

    def queue(self, request: VideoRequest) -> str:
        return self.jobs.create(new_job_id(), request).id

    def runner(
        self, stages: Stages | None = None, parallel: int = 2, lease_s: float = 60.0
    ) -> Runner:
        director = Director(stages or self.stages, self.storage, self.tier, pause_s=0.01)
        runner = Runner(
            director,
            self.jobs,
            self.storage,
            self.tier.tier,
            parallel,
            lease_s,
            beat_s=0.02,
            poll_s=0.02,
            again_s=0.01,
        )
        self.runners.append(runner)
        return runner

    @asynccontextmanager
    async def running(self, runner: Runner) -> AsyncIterator[None]:
        task = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def until(self, job: str, reached: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(60):
            while True:
                if reached(found := self.jobs.get(job)):
                    return found
                await asyncio.sleep(0.02)

    async def finished(self, job: str) -> Job:
        """The job when it is finished and those who worked on it have tidied up."""
        return await self.until(
            job,
            lambda found: found.status.final and all(job not in r.working for r in self.runners),
        )

    def faulty(self, before: Callable[[Utterance], object]) -> Stages:
        return replace(self.stages, speech=Faulty(self.stages.speech, before))

    def files(self, job: str) -> set[str]:
        """What is stored of a job, without the name of the run."""
        keys = [entry.key for entry in self.storage.list(job_files(job))]
        return {key.split("/", 3)[-1] for key in keys}


@pytest.fixture
def workplace(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig
) -> Workplace:
    return Workplace(stages, shared_storage, jobs, tier)


async def test_job_becomes_a_clip_with_its_files(
    workplace: Workplace, request_: VideoRequest
) -> None:
    job = workplace.queue(request_.model_copy(update={"captions": "vtt"}))
    async with workplace.running(workplace.runner()):
        done = await workplace.finished(job)
    assert done.status is JobStatus.SUCCEEDED
    assert done.clip is not None and done.clip.path == f"/v1/videos/{job}/content"
    assert workplace.files(job) == CLIP_FILES
    files = job_files(job, done.run)
    assert workplace.storage.get(f"{files}/captions.vtt").startswith(b"WEBVTT")
    json.loads(workplace.storage.get(f"{files}/performance.json"))


async def test_several_jobs_at_once_and_no_more(
    workplace: Workplace, request_: VideoRequest
) -> None:
    gate, speaking = asyncio.Event(), []

    def wait(utterance: Utterance) -> asyncio.Event:
        speaking.append(utterance.text)
        return gate

    ids = [workplace.queue(request_) for _ in range(3)]
    async with workplace.running(workplace.runner(workplace.faulty(wait))):
        await workplace.until(ids[1], lambda job: job.stage is not None)
        assert workplace.jobs.get(ids[2]).status is JobStatus.QUEUED
        gate.set()
        assert {(await workplace.finished(job)).status for job in ids} == {JobStatus.SUCCEEDED}
    assert len(speaking) == 3


async def test_progress_is_told_while_the_work_goes_on(
    workplace: Workplace, request_: VideoRequest
) -> None:
    gate = asyncio.Event()
    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(lambda _: gate))):
        told = await workplace.until(job, lambda found: found.stage is not None)
        assert told.status is JobStatus.RUNNING and told.stage is Stage.PARSING
        gate.set()
        assert (await workplace.finished(job)).progress == 1.0


async def test_callers_fault_is_told_once_and_leaves_nothing(
    workplace: Workplace, request_: VideoRequest
) -> None:
    def refuse(_: Utterance) -> None:
        raise NoFaceError("there is no face in it")

    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(refuse))):
        done = await workplace.finished(job)
    assert done.error is not None
    assert (done.error.code, done.error.status, done.attempts) == ("no_face", 422, 1)
    assert "there is no face in it" in done.error.detail
    assert workplace.files(job) == set()


@pytest.mark.parametrize(
    ("times", "attempts"),
    [(1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (8, 3)],
)
async def test_failure_that_may_pass_is_tried_again(
    workplace: Workplace, request_: VideoRequest, times: int, attempts: int
) -> None:
    """A few times where it happened, and if that does not help, in another attempt."""
    failures = iter([True] * times)

    def fail(_: Utterance) -> None:
        if next(failures, False):
            raise SynthesisError("out of breath")

    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(fail))):
        done = await workplace.finished(job)
        assert workplace.files(job) == CLIP_FILES
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, attempts)


async def test_full_stage_is_waited_for(workplace: Workplace, request_: VideoRequest) -> None:
    refusals = iter(range(30))

    def refuse(_: Utterance) -> None:
        if next(refusals, None) is not None:
            raise QueueFullError("too much to do")

    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(refuse))):
        done = await workplace.finished(job)
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 1)


async def test_failure_that_does_not_pass_is_told_at_last(
    workplace: Workplace, request_: VideoRequest
) -> None:
    def fail(_: Utterance) -> None:
        raise SynthesisError("no voice at all")

    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(fail))):
        done = await workplace.finished(job)
    assert (done.status, done.attempts) == (JobStatus.FAILED, MAX_ATTEMPTS)
    assert done.error is not None and done.error.code == "synthesis_failed"


async def test_surprise_is_told_without_its_inside(
    workplace: Workplace, request_: VideoRequest
) -> None:
    def surprise(_: Utterance) -> None:
        raise KeyError("/root/.secret")

    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(surprise))):
        done = await workplace.finished(job)
    assert done.error is not None
    assert (done.error.code, done.error.status) == ("internal_error", 500)
    assert "secret" not in done.error.detail


async def test_cancelled_job_stops_and_leaves_nothing(
    workplace: Workplace, request_: VideoRequest
) -> None:
    job = workplace.queue(request_.model_copy(update={"text": "One. Two. Three."}))
    gates = {"One.": asyncio.Event(), "Two.": asyncio.Event()}
    gates["One."].set()
    begun: list[str] = []

    def wait(utterance: Utterance) -> asyncio.Event | None:
        begun.append(utterance.text)
        return gates.get(utterance.text)

    runner = workplace.runner(workplace.faulty(wait))
    async with workplace.running(runner):
        await workplace.until(job, lambda _: begun == ["One.", "Two."])
        assert workplace.files(job)
        workplace.jobs.cancel(job)
        await workplace.until(job, lambda _: not workplace.files(job))
        gates["Two."].set()
        other = workplace.queue(request_)
        await workplace.finished(other)
    assert workplace.jobs.get(job).status is JobStatus.CANCELLED
    assert begun == ["One.", "Two.", "Hello there."]


async def test_stopped_runner_gives_its_jobs_back_at_once(
    workplace: Workplace, request_: VideoRequest
) -> None:
    gate = asyncio.Event()
    job = workplace.queue(request_)
    async with workplace.running(workplace.runner(workplace.faulty(lambda _: gate))):
        await workplace.until(job, lambda found: found.status is JobStatus.RUNNING)
    assert workplace.jobs.get(job).status is JobStatus.QUEUED
    async with workplace.running(workplace.runner()):
        done = await workplace.finished(job)
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 1)


async def test_job_of_a_dead_owner_is_finished_by_another(
    workplace: Workplace, request_: VideoRequest
) -> None:
    job = workplace.queue(request_)
    assert workplace.jobs.lease("test", "someone who died", -1.0)
    async with workplace.running(workplace.runner()):
        done = await workplace.finished(job)
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 2)


async def test_owner_that_lost_its_job_does_not_disturb_the_next(
    workplace: Workplace, request_: VideoRequest
) -> None:
    """The first is so slow that its lease runs out; another does the job, and the first cleans up only after itself."""
    gate = asyncio.Event()
    slow = workplace.runner(workplace.faulty(lambda _: gate), parallel=1, lease_s=-1.0)
    job = workplace.queue(request_)
    async with workplace.running(slow):
        await workplace.until(job, lambda found: found.attempts == 1)
        async with workplace.running(workplace.runner()):
            done = await workplace.until(job, lambda found: found.status.final)
        gate.set()
        await workplace.until(job, lambda _: not slow.working)
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 2)
    assert workplace.jobs.get(job) == done
    assert workplace.files(job) == CLIP_FILES


async def test_request_of_another_version_fails_and_stops_nobody(
    workplace: Workplace, request_: VideoRequest
) -> None:
    strange = request_.model_copy(update={"style": "unheard of"})
    job, next_ = workplace.queue(strange), workplace.queue(request_)
    async with workplace.running(workplace.runner()):
        done = await workplace.finished(job)
        assert (await workplace.finished(next_)).status is JobStatus.SUCCEEDED
    assert done.error is not None and done.error.code == "stale_request"
