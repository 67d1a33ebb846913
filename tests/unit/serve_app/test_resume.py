"""What an attempt made stays made: attempts that die anywhere, and what the next one does again."""

import asyncio
import errno
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import AnimationError, InputError, StorageError
from backends.speech.engine import Voice
from backends.types import Cue, CueSpan, Emotion, PhonemeSpan, SpeechChunk, Utterance, WordSpan
from benchmarks.boxes import unsigned
from serve_app import kept
from serve_app.clients import DrawTask, Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.jobs import MAX_ATTEMPTS, job_files, new_job_id
from serve_app.kept import Kept, speech_bytes, speech_from
from serve_app.runner import Runner
from serve_app.schemas import Job, JobStatus, VideoRequest
from serve_app.sql_jobs import SqlJobs
from serve_app.storage import FolderStorage

TEXT = "Hello everyone! This is a second sentence. And this here is a third one. Then a fourth one."
OVER = -1.0


class Killed(BaseException):
    """What happens to a process, told by its stages; nothing in it gets to clean up."""


class Watched:
    """Real stages that count what they make, and are killed where a test says so.

    Each time something is spoken it sounds different, as with an engine that draws its own noise.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self.spoken: Counter[str] = Counter()
        self.drawn: Counter[int] = Counter()
        self.before_speaking: Callable[[str], None] = lambda _: None
        self.before_drawing: Callable[[int], None] = lambda _: None
        self.describe = stages.animation.describe
        self.prepare, self.encoder = stages.animation.prepare, stages.animation.encoder
        self.examine, self.capture = stages.animation.examine, stages.animation.capture

    @property
    def stages(self) -> Stages:
        return replace(self._stages, speech=_Speech(self, self._stages), animation=self)

    async def draw(self, task: DrawTask) -> None:
        self.before_drawing(task.performance.start)
        await self._stages.animation.draw(task)
        self.drawn[task.performance.start] += 1


class _Speech:
    def __init__(self, watched: Watched, stages: Stages) -> None:
        self._watched, self._speech = watched, stages.speech
        self.describe, self.find_voice = stages.speech.describe, stages.speech.find_voice

    async def speak(
        self, utterance: Utterance, voice: Voice, seed: int, speed: float
    ) -> AsyncIterator[SpeechChunk]:
        self._watched.before_speaking(utterance.text)
        self._watched.spoken[utterance.text] += 1
        noise = np.random.default_rng().normal(0, 0.01)
        async for chunk in self._speech.speak(utterance, voice, seed, speed):
            yield replace(chunk, samples=chunk.samples + np.float32(noise))


class Place:
    def __init__(self, stages: Stages, storage: FolderStorage, jobs: SqlJobs, tier: TierConfig):
        self.storage, self.jobs, self.tier = storage, jobs, tier
        self.watched = Watched(stages)
        self.job = jobs.create(
            new_job_id(), VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
        ).id

    def runner(self, storage: FolderStorage | None = None, parallel: int = 2) -> Runner:
        storage = storage or self.storage
        director = Director(self.watched.stages, storage, self.tier, pause_s=0.0)
        return Runner(
            director,
            self.jobs,
            storage,
            self.tier.tier,
            parallel,
            beat_s=0.01,
            poll_s=0.01,
            again_s=0.0,
        )

    async def attempt_that_dies(self) -> None:
        """An attempt whose owner is gone in the middle, together with its lease."""
        lease = self.jobs.lease("test", "someone", OVER)
        assert lease is not None
        director = Director(self.watched.stages, self.storage, self.tier)
        order = await director.prepare(lease.request(), lambda *_: None)
        run = await director.run_of(order)
        assert self.jobs.heartbeat(lease, "someone", OVER, None, 0.4, run)
        with pytest.raises(BaseException) as death:
            await director.carry_out(order, job_files(self.job, run), lambda *_: None)
        assert _is_death(death.value)

    async def finished(self, runner: Runner | None = None, job: str | None = None) -> Job:
        """The job when it is finished and its runner has tidied up."""
        runner, job = runner or self.runner(), job or self.job
        task = asyncio.create_task(runner.run())
        try:
            async with asyncio.timeout(60):
                while True:
                    found = self.jobs.get(job)
                    if found.status.final and job not in runner.working:
                        return found
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()
            await asyncio.wait({task})

    def clip(self, job: Job) -> bytes:
        return self.storage.get(f"{job_files(job.id, job.run)}/clip.mp4")


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_is_death(inner) for inner in error.exceptions)
    return isinstance(error, Killed)


def kill(*at: object) -> Callable[[object], None]:
    """Each of these places kills once."""
    left = Counter(at)

    def check(place: object) -> None:
        if left[place]:
            left[place] -= 1
            raise Killed

    return check


@pytest.fixture
def place(stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig) -> Place:
    return Place(stages, shared_storage, jobs, tier)


@pytest.mark.parametrize("at", [0, 25, 75])
async def test_attempt_that_dies_while_drawing_loses_at_most_what_was_being_drawn(
    place: Place, at: int
) -> None:
    place.watched.before_drawing = kill(at)
    await place.attempt_that_dies()
    before = dict(place.watched.drawn)
    done = await place.finished()
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 2)
    asked_again = sum(place.watched.spoken.values()) - len(place.watched.spoken)
    assert asked_again <= 1, "the sentence in which it died"
    assert place.watched.drawn[at] == 1
    again = [start for start in before if place.watched.drawn[start] > before[start]]
    assert len(again) <= place.tier.parallel_segments


async def test_attempts_that_die_while_speaking_say_nothing_twice(place: Place) -> None:
    place.watched.before_speaking = kill(
        "This is a second sentence.", "And this here is a third one."
    )
    for _ in range(2):
        await place.attempt_that_dies()
    done = await place.finished()
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 3)
    assert len(place.watched.spoken) == 4 and set(place.watched.spoken.values()) == {1}


async def test_resumed_clip_is_the_one_that_would_have_been(place: Place, stages: Stages) -> None:
    """With a voice that is the same each time, two attempts make what one makes."""
    place.watched.before_drawing = kill(75)
    whole = Director(stages, place.storage, place.tier)
    request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
    once = await whole.make(request, "resume/once", lambda *_: None)

    def half() -> Director:
        animated = replace(stages, animation=place.watched)
        return Director(animated, place.storage, place.tier)

    with pytest.raises(BaseException) as death:
        await half().make(request, "resume/twice", lambda *_: None)
    assert _is_death(death.value)
    twice = await half().make(request, "resume/twice", lambda *_: None)
    assert unsigned(place.storage.get(twice.video)) == unsigned(place.storage.get(once.video))
    assert twice.facts.utterances == once.facts.utterances
    assert twice.captions == once.captions
    np.testing.assert_array_equal(twice.performance.coefficients, once.performance.coefficients)


async def test_attempt_that_dies_when_all_is_made_is_soon_done(place: Place) -> None:
    """The clip was there, and nobody had told the store."""
    lease = place.jobs.lease("test", "someone", OVER)
    assert lease is not None
    director = Director(place.watched.stages, place.storage, place.tier)
    order = await director.prepare(lease.request(), lambda *_: None)
    files = job_files(place.job, await director.run_of(order))
    await director.carry_out(order, files, lambda *_: None)
    made = place.watched.spoken.total(), place.watched.drawn.total()
    first = place.storage.get(f"{files}/clip.mp4")
    done = await place.finished()
    assert (place.watched.spoken.total(), place.watched.drawn.total()) == made
    assert unsigned(place.clip(done)) == unsigned(first)


async def test_another_version_of_the_service_begins_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.watched.before_drawing = kill(75)
    await place.attempt_that_dies()
    before = dict(place.watched.spoken)
    monkeypatch.setattr("serve_app.director.code_version", lambda: "the next one's")
    done = await place.finished()
    assert done.status is JobStatus.SUCCEEDED
    assert before and all(place.watched.spoken[text] == 2 for text in before)
    keys = {entry.key for entry in place.storage.list(job_files(place.job))}
    assert {key.split("/")[2] for key in keys} == {done.run}, "what the old one made is gone"


@pytest.mark.parametrize(
    "change",
    [
        {"request": {"seed": 1}},
        {"request": {"captions": "burn"}},
        {"request": {"quality": "best"}},
        {"tier": {"max_characters": 199}},
    ],
)
async def test_runs_differ_by_whatever_decides_how_the_clip_turns_out(
    place: Place, change: dict[str, dict[str, object]]
) -> None:
    request = VideoRequest(text="Hi.", tier="test", size=128, quality="draft")

    async def run(request: VideoRequest, tier: TierConfig) -> str:
        director = Director(place.watched.stages, place.storage, tier)
        return await director.run_of(await director.prepare(request, lambda *_: None))

    first = await run(request, place.tier)
    assert first == await run(request.model_copy(), place.tier.model_copy())
    changed = request.model_copy(update=change.get("request", {}))
    assert first != await run(changed, place.tier.model_copy(update=change.get("tier", {})))


async def test_segment_that_fails_once_costs_no_attempt(place: Place) -> None:
    failures = [AnimationError("it slipped")]

    def slip(start: int) -> None:
        if start == 25 and failures:
            raise failures.pop()

    place.watched.before_drawing = slip
    done = await place.finished()
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 1)
    assert set(place.watched.drawn.values()) == {1}


async def test_callers_fault_is_never_tried_again(place: Place) -> None:
    asked: Counter[int] = Counter()

    def refuse(start: int) -> None:
        asked[start] += 1
        if start == 25:
            raise InputError("this cannot be drawn")

    place.watched.before_drawing = refuse
    done = await place.finished()
    assert (done.status, done.attempts, asked[25]) == (JobStatus.FAILED, 1, 1)
    assert not list(place.storage.list(job_files(place.job)))


class Full(FolderStorage):
    """A disk that is full for so many writes."""

    def __init__(self, root: Path, refused: int) -> None:
        super().__init__(root)
        self.refused = refused

    @contextmanager
    def _partial(self, key: str) -> Iterator[Path]:
        with super()._partial(key) as path:
            yield path
            if key.startswith("jobs/") and self.refused:
                self.refused -= 1
                raise OSError(errno.ENOSPC, "No space left on device")


async def test_full_store_is_tried_again_and_then_told(place: Place) -> None:
    done = await place.finished(place.runner(Full(place.storage.root, refused=2)))
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 3)
    assert set(place.watched.drawn.values()) == {1}
    other = place.jobs.create(
        new_job_id(), VideoRequest(text="Hi.", tier="test", size=128, quality="draft")
    ).id
    done = await place.finished(place.runner(Full(place.storage.root, refused=10**6)), other)
    assert (done.status, done.attempts) == (JobStatus.FAILED, MAX_ATTEMPTS)
    assert done.error is not None
    assert (done.error.code, done.error.status) == ("storage_failed", 500)
    assert "No space left on device" in done.error.detail
    assert not list(place.storage.root.rglob("*.part"))


async def test_short_clip_is_not_stuck_behind_long_ones(place: Place) -> None:
    """Two long clips have come first and fill all places but the last."""
    place.jobs.cancel(place.job)
    long = VideoRequest(
        text="This takes a while to say. " * 20, tier="test", size=128, quality="draft"
    )
    place.tier = place.tier.model_copy(update={"max_characters": 1000})
    ids = [place.jobs.create(new_job_id(), long).id for _ in range(2)]
    short = place.jobs.create(
        new_job_id(), VideoRequest(text="Hi.", tier="test", size=128, quality="draft")
    ).id
    runner = place.runner(parallel=2)
    done = await place.finished(runner, short)
    assert done.status is JobStatus.SUCCEEDED
    first, second = (place.jobs.get(job) for job in ids)
    assert first.attempts <= 1 and second.attempts == 0
    assert first.status is not JobStatus.SUCCEEDED, "the short one had its share of the drawing"


def test_of_two_that_speak_at_once_the_first_is_heard_by_both(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    first, second = Kept(storage, "jobs/a/1"), Kept(storage, "jobs/a/1")
    one, two = (chunk(np.full(10, value, np.float32)) for value in (0.1, 0.2))
    assert np.array_equal(first.keep_speech(0, 0, one).samples, one.samples)
    assert np.array_equal(second.keep_speech(0, 0, two).samples, one.samples)
    third = Kept(storage, "jobs/a/1")
    kept, whole = third.speech(0)
    assert np.array_equal(kept[0].samples, one.samples) and not whole
    first.end_speech(0)
    assert Kept(storage, "jobs/a/1").speech(0)[1]
    assert third.speech(1) == ([], False)


def chunk(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> SpeechChunk:
    return SpeechChunk(samples, 22_050, (), (), ())


times = st.floats(0, 1e4)
spoken = st.builds(
    SpeechChunk,
    samples=st.lists(st.floats(-1, 1, width=32), max_size=5).map(
        lambda values: np.array(values, np.float32)
    ),
    sample_rate=st.integers(8000, 48_000),
    phonemes=st.lists(st.builds(PhonemeSpan, st.text(max_size=3), times, times)).map(tuple),
    words=st.lists(
        st.builds(WordSpan, st.text(max_size=5), times, times, st.integers(), st.integers())
    ).map(tuple),
    cues=st.lists(
        st.builds(
            CueSpan,
            st.builds(Cue.of, st.sampled_from(Emotion), st.floats(0, 1)),
            times,
            times,
            st.text(max_size=5),
            st.just("el"),
        )
    ).map(tuple),
    start_s=times,
)


@given(spoken)
def test_speech_that_is_kept_is_what_was_said(said: SpeechChunk) -> None:
    back = speech_from(speech_bytes(said))
    assert np.array_equal(said.samples, back.samples)
    assert back.samples.dtype == np.float32
    assert replace(said, samples=back.samples) == back


@given(st.binary(max_size=200))
def test_damaged_speech_is_told(data: bytes) -> None:
    with pytest.raises(StorageError):
        speech_from(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_speech_with_a_changed_byte_is_told_or_the_same(at: int, value: int) -> None:
    said = chunk(np.linspace(-1, 1, 50, dtype=np.float32))
    data = bytearray(speech_bytes(said))
    data[at % len(data)] = value
    try:
        kept = speech_from(bytes(data))
    except StorageError:
        return
    assert np.array_equal(kept.samples, said.samples)


async def test_replicas_of_another_version_are_waited_for(
    place: Place, stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while an update replaces one replica after the other: nothing of theirs gets into the clip."""
    versions = iter(["the next one's"] * 10)
    ours = kept.source_version()
    monkeypatch.setattr("serve_app.deployments.source_version", lambda: next(versions, ours))
    done = await place.finished()
    assert (done.status, done.attempts) == (JobStatus.SUCCEEDED, 1)
    assert set(place.watched.drawn.values()) == {1}
    assert next(versions, None) is None
