"""One seed, one clip: whatever it was planned and drawn in, and whatever else was made meanwhile."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256

import numpy as np
import pytest

from backends.animation import load_engine as load_animation_engine
from backends.faces.portrait import load_portrait
from backends.performance import plan_speech
from backends.script import ScriptOptions, parse
from backends.speech import find_voice
from backends.speech import load_engine as load_speech_engine
from backends.speech.timeline import Timeline
from backends.types import Performance, Speech, SpeechChunk, segment_grid
from benchmarks.boxes import unsigned
from serve_app.config import TierConfig
from serve_app.local import studio
from tests.golden.conftest import SENTENCES, Kept, Workshop, request_of

pytestmark = pytest.mark.xdist_group("golden")

NAME = "share"
REQUEST = request_of(SENTENCES[NAME])


@pytest.fixture(scope="module")
def first(clips: Mapping[str, Kept]) -> Kept:
    return clips[NAME]


def assert_equal_rows(a: Performance, b: Performance) -> None:
    assert (a.fps, a.start, a.extra.keys()) == (b.fps, b.start, b.extra.keys())
    np.testing.assert_array_equal(a.coefficients, b.coefficients)
    np.testing.assert_array_equal(a.pose, b.pose)
    np.testing.assert_array_equal(a.gaze, b.gaze)
    for channel, values in a.extra.items():
        np.testing.assert_array_equal(values, b.extra[channel])


def assert_same_clip(a: Kept, b: Kept) -> None:
    np.testing.assert_array_equal(a.samples, b.samples)
    assert_equal_rows(a.clip.performance, b.clip.performance)
    assert a.clip.facts.utterances == b.clip.facts.utterances
    assert a.clip.facts.phonemes == b.clip.facts.phonemes
    assert a.video_stream == b.video_stream
    assert a.audio_stream == b.audio_stream


def test_one_segment_at_a_time_in_fresh_engines_gives_the_same_clip(
    first: Kept, tier: TierConfig
) -> None:
    alone = tier.model_copy(update={"parallel_segments": 1})
    with studio(alone) as made, asyncio.Runner() as runner:
        [again] = Workshop(made, runner).make(REQUEST)
        assert_same_clip(first, again)
        assert unsigned(first.path.read_bytes()) == unsigned(again.path.read_bytes())


def test_clips_made_at_the_same_time_are_as_if_made_alone(
    clips: Mapping[str, Kept], workshop: Workshop
) -> None:
    names = ("share", "greek")
    together = workshop.make(*(request_of(SENTENCES[name]) for name in names))
    for name, kept in zip(names, together, strict=True):
        assert_same_clip(clips[name], kept)


def test_another_seed_gives_another_clip(first: Kept, workshop: Workshop) -> None:
    [other] = workshop.make(REQUEST.model_copy(update={"seed": 1}))
    frames = min(first.clip.facts.frames, other.clip.facts.frames)
    samples = min(len(first.samples), len(other.samples))
    assert not np.array_equal(first.samples[:samples], other.samples[:samples])
    assert not np.array_equal(
        first.clip.performance.pose[:frames], other.clip.performance.pose[:frames]
    )
    assert first.video_stream != other.video_stream


def spoken() -> list[SpeechChunk]:
    """The sentences of the request on the clip's clock, and the silence at the end."""
    engine = load_speech_engine("piper")
    voice = find_voice(engine, None, "en")
    timeline = Timeline(REQUEST.fps)
    chunks = [
        timeline.place(utterance, chunk)
        for utterance in parse(REQUEST.text, ScriptOptions()).utterances
        for chunk in engine.synthesize(utterance, voice, REQUEST.seed)
    ]
    return [*chunks, timeline.finish()]


def test_planned_whole_is_planned_sentence_by_sentence(first: Kept) -> None:
    chunks = spoken()
    speech = Speech(tuple(chunks))
    np.testing.assert_array_equal(speech.samples, first.samples)
    whole = SpeechChunk(
        speech.samples, speech.sample_rate, speech.phonemes, speech.words, speech.cues
    )
    planned = plan_speech(Speech((whole,)), REQUEST.fps, REQUEST.seed)
    assert_equal_rows(planned, first.clip.performance)


def test_frames_drawn_whole_are_those_of_segments_in_any_order(first: Kept) -> None:
    engine = load_animation_engine("rig")
    avatar = engine.prepare(load_portrait(REQUEST.portrait, REQUEST.framing()))
    rows = first.clip.performance

    def draw(frames: range) -> list[str]:
        """A digest of each frame, before it is encoded."""
        plan = rows.slice(frames.start, frames.stop)
        batches = engine.animate(avatar, plan, frames)
        return [sha256(frame.tobytes()).hexdigest() for b in batches for frame in b.frames]

    whole = draw(range(len(rows)))
    assert len(set(whole)) > 0.9 * len(whole)
    for frames in reversed(list(segment_grid(len(rows), rows.fps))):
        assert draw(frames) == whole[frames.start : frames.stop]
