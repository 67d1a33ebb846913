"""The order of the work, with real stages in this process."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import av
import pytest

from backends.errors import EngineError
from backends.faces.framing import Framing
from backends.types import Notice, SpeechChunk
from serve_app.clients import DrawTask, Prepared, Stages
from serve_app.config import TierConfig
from serve_app.director import Director
from serve_app.schemas import Stage, VideoRequest
from serve_app.storage import FolderStorage
from serve_app.work import Clip, notices

TEXT = "Hello [happy] everyone! This is a second sentence. [sad] And this is a third one."


def make(director: Director, prefix: str, **fields: object) -> Clip:
    request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft", **fields)  # type: ignore[arg-type]
    return asyncio.run(director.make(request, prefix, lambda *_: None))


def packets(storage: FolderStorage, clip: Clip) -> list[bytes]:
    with av.open(io.BytesIO(storage.get(clip.video))) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_clip_is_the_same_however_many_segments_are_drawn_at_once(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    """Each is made in an event loop of its own, as scripts and notebooks do."""
    clips = [
        make(
            Director(stages, shared_storage, tier.model_copy(update={"parallel_segments": n})),
            f"director/{n}",
            captions="burn",
        )
        for n in (1, 8)
    ]
    assert clips[0].facts.frames > 3 * 25
    first, second = (packets(shared_storage, clip) for clip in clips)
    assert len(first) == clips[0].facts.frames
    assert first == second


def test_facts_tell_what_is_spoken(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    facts = make(Director(stages, shared_storage, tier), "director/facts").facts
    assert [cue.emotion for cue in facts.utterances] == ["neutral", "happy", "happy", "sad"]
    spoken = " ".join(cue.text.strip() for cue in facts.utterances)
    assert spoken == "Hello everyone! This is a second sentence. And this is a third one."
    starts = [cue.start_s for cue in facts.utterances]
    assert starts == sorted(starts)
    assert facts.phonemes[0].start_s == 0
    assert facts.phonemes[-1].end_s <= facts.duration_s + 1 / facts.fps
    assert facts.duration_s * facts.fps == pytest.approx(facts.frames)


def test_progress_never_goes_back(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    told: list[tuple[Stage, float]] = []
    request = VideoRequest(text=TEXT, tier="test", size=128, quality="draft")
    director = Director(stages, shared_storage, tier)
    asyncio.run(
        director.make(request, "director/told", lambda stage, done: told.append((stage, done)))
    )
    assert told[0] == (Stage.PARSING, 0.0) and told[-1] == (Stage.COMPOSING, 1.0)
    assert [done for _, done in told] == sorted(done for _, done in told)


def test_what_is_known_of_the_portrait_is_told(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    shut = Notice("eyes_closed", "the eyes are closed")

    class Told:
        def __init__(self) -> None:
            self.describe, self.draw = stages.animation.describe, stages.animation.draw
            self.encoder, self.examine = stages.animation.encoder, stages.animation.examine

        async def prepare(self, portrait: str, framing: Framing) -> Prepared:
            return Prepared((64, 64), (shut,))

    director = Director(replace(stages, animation=Told()), shared_storage, tier)
    checked = asyncio.run(director.check(VideoRequest(text=TEXT, tier="test")))
    assert [notice.code for notice in notices(checked)] == ["eyes_closed"]


def test_failed_segment_ends_the_clip_with_its_own_error(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    class Broken:
        def __init__(self) -> None:
            self.describe, self.prepare = stages.animation.describe, stages.animation.prepare
            self.encoder, self.examine = stages.animation.encoder, stages.animation.examine

        async def draw(self, task: DrawTask) -> None:
            raise EngineError(f"cannot draw {task.key}")

    broken = replace(stages, animation=Broken())
    with pytest.raises(EngineError, match="cannot draw director/broken/segments"):
        make(Director(broken, shared_storage, tier), "director/broken")


async def test_no_sentence_is_spoken_far_ahead_of_what_is_drawn(
    stages: Stages, shared_storage: FolderStorage, tier: TierConfig
) -> None:
    """Other clips are spoken meanwhile. Two segments may wait, as one may be in work; a sentence adds what it has."""
    drawn: list[int] = []
    ahead: list[float] = []
    heard_s = 0.0

    class Slow:
        async def draw(self, task: DrawTask) -> None:
            await asyncio.sleep(0.3)
            await stages.animation.draw(task)
            drawn.append(len(task.performance))

        def __getattr__(self, name: str) -> object:
            return getattr(stages.animation, name)

    class Quick:
        async def speak(self, *args: Any) -> AsyncIterator[SpeechChunk]:
            nonlocal heard_s
            ahead.append(heard_s - sum(drawn) / 25)
            async for chunk in stages.speech.speak(*args):
                heard_s += chunk.duration_s
                yield chunk

        def __getattr__(self, name: str) -> object:
            return getattr(stages.speech, name)

    own = replace(stages, animation=Slow(), speech=Quick())  # type: ignore[arg-type]
    text = "This is one sentence of many. " * 10
    request = VideoRequest(text=text, tier="test", size=128, quality="draft")
    narrow = tier.model_copy(update={"parallel_segments": 1, "max_characters": 1000})
    director = Director(own, shared_storage, narrow)
    await director.make(request, "director/ahead", lambda *_: None)
    longest = heard_s / 10
    assert len(ahead) == 10 and max(ahead) <= 3 * 2 + 2 * longest < heard_s
