"""What every finished clip is, whatever is said: its file, its words and its times."""

from collections.abc import Mapping
from itertools import pairwise

import av
import numpy as np
import pytest

from backends.performance.exchange import from_json, to_json
from tests.golden.conftest import Kept, Sentence

pytestmark = pytest.mark.xdist_group("golden")

ROUNDED_S = 1e-4
"""Times are told to a tenth of a millisecond."""


def test_tracks_are_h264_and_aac_at_the_asked_rate(kept: Kept, sentence: Sentence) -> None:
    with av.open(kept.path) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (audio.codec_context.name, audio.sample_rate) == ("aac", 48_000)
        assert video.average_rate == sentence.fps
        assert max(video.width, video.height) == sentence.size
        assert (video.width, video.height) == tuple(kept.clip.facts.size)


def test_picture_and_sound_are_equally_long(kept: Kept, sentence: Sentence) -> None:
    with av.open(kept.path) as container:
        video_s, audio_s = (
            float(track.duration or 0) * float(track.time_base or 0)
            for track in (container.streams.video[0], container.streams.audio[0])
        )
    assert abs(video_s - audio_s) <= 1 / sentence.fps
    assert video_s == pytest.approx(kept.clip.facts.duration_s, abs=1e-6)
    spoken_s = len(kept.samples) / kept.sample_rate
    assert spoken_s == pytest.approx(kept.clip.facts.duration_s, abs=1 / kept.sample_rate)


def test_frames_decode_evenly_spaced_and_count_the_duration(kept: Kept, sentence: Sentence) -> None:
    with av.open(kept.path) as container:
        times = [frame.time for frame in container.decode(video=0)]
    facts = kept.clip.facts
    assert len(times) == facts.frames == round(facts.duration_s * sentence.fps)
    assert len(kept.clip.performance) == facts.frames
    np.testing.assert_allclose(times, np.arange(len(times)) / sentence.fps, atol=1e-6)


def test_the_index_stands_before_the_data(kept: Kept) -> None:
    data = kept.path.read_bytes()
    boxes, at = [], 0
    while at < len(data):
        boxes.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4])
    assert boxes.index(b"moov") < boxes.index(b"mdat")


def test_cue_spans_join_to_what_is_spoken(kept: Kept, sentence: Sentence) -> None:
    spans = kept.clip.facts.utterances
    assert "".join(span.text for span in spans) == sentence.spoken
    assert tuple(span.emotion for span in spans) == sentence.emotions


def test_cue_spans_lie_in_order_on_the_clock(kept: Kept) -> None:
    spans = kept.clip.facts.utterances
    assert spans[0].start_s > 0
    assert all(span.start_s < span.end_s for span in spans)
    assert all(a.end_s <= b.start_s for a, b in pairwise(spans))
    assert spans[-1].end_s < kept.clip.facts.duration_s


def test_phonemes_fill_the_clip_without_gaps(kept: Kept) -> None:
    phonemes = kept.clip.facts.phonemes
    assert phonemes[0].start_s == 0
    assert all(a.end_s == b.start_s for a, b in pairwise(phonemes))
    assert all(p.start_s < p.end_s for p in phonemes)
    assert phonemes[-1].end_s == pytest.approx(kept.clip.facts.duration_s, abs=1e-3)
    assert (phonemes[0].phoneme, phonemes[-1].phoneme) == ("_", "_")
    assert not any(a.phoneme == b.phoneme == "_" for a, b in pairwise(phonemes))


def test_the_language_follows_the_letters(clips: Mapping[str, Kept]) -> None:
    assert clips["greek"].clip.facts.language == "el"
    assert [w.code for w in clips["greek"].clip.facts.warnings] == ["voice_advice"]
    assert clips["share"].clip.facts.language == "en"
    assert clips["share"].clip.facts.warnings == ()


@pytest.mark.parametrize(
    ("name", "span", "channel"),
    [
        ("share", 1, "mouthSmileLeft"),
        ("greek", 1, "mouthSmileLeft"),
        ("inform", 1, "mouthFrownLeft"),
    ],
)
def test_a_cue_is_half_way_at_the_onset_of_its_word(kept: Kept, span: int, channel: str) -> None:
    onset_s = kept.clip.facts.utterances[span].start_s
    assert any(
        p.phoneme != "_" and p.start_s == pytest.approx(onset_s, abs=ROUNDED_S)
        for p in kept.clip.facts.phonemes
    )
    exported = from_json(to_json(kept.clip.performance))
    amount = exported.channel(channel)
    times_s = (np.arange(len(amount)) + 0.5) / exported.fps
    near = np.abs(times_s - onset_s) <= 0.3
    before, after = amount[near][0], amount[near][-1]
    assert after - before > 0.3
    half_way_s = np.interp((before + after) / 2, amount[near], times_s[near])
    assert abs(half_way_s - onset_s) <= 1 / exported.fps


def test_the_clip_ends_with_open_eyes(kept: Kept) -> None:
    blinks = kept.clip.performance.channel("eyeBlinkLeft")
    assert blinks[-1] <= np.median(blinks) + 0.1
