import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import EmptyTextError, SynthesisError
from backends.speech.timeline import Timeline
from backends.types import (
    NO_CUE,
    CueSpan,
    PhonemeSpan,
    Speech,
    SpeechChunk,
    TextSpan,
    Utterance,
    WordSpan,
)


def utterance(pause_s: float = 0.0) -> Utterance:
    return Utterance("hi", (TextSpan(0, 2, NO_CUE, -1),), "en", pause_s)


def chunk(count: int, rate: int = 22_050, start: int = 0, quiet_edges: bool = False) -> SpeechChunk:
    """A loud stretch of one word, `start` samples into its utterance."""
    a, b = start / rate, (start + count) / rate
    edge = min(0.01, (b - a) / 4) if quiet_edges else 0.0
    marks = [("_", a, a + edge), ("a", a + edge, b - edge), ("_", b - edge, b)]
    return SpeechChunk(
        samples=np.full(count, 0.5, np.float32),
        sample_rate=rate,
        phonemes=tuple(PhonemeSpan(*mark) for mark in marks if mark[2] > mark[1]),
        words=(WordSpan("hi", a + edge, b - edge, 0, 2),),
        cues=(CueSpan(NO_CUE, a, b, "hi", "en"),),
        start_s=a,
    )


pieces = st.lists(
    st.tuples(
        st.lists(st.integers(1, 50_000), min_size=1, max_size=3),  # samples of each chunk
        st.floats(0, 3),  # pause after the utterance
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(
    pieces,
    st.sampled_from([1, 24, 25, 30, 50, 60]),
    st.sampled_from([16_000, 22_050, 24_000, 48_000]),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.booleans(),
)
def test_a_clip_of_any_utterances(
    spoken: list[tuple[list[int], float]],
    fps: int,
    rate: int,
    silences: tuple[float, float, float],
    quiet_edges: bool,
) -> None:
    lead_in_s, gap_s, tail_s = silences
    timeline = Timeline(fps, lead_in_s, gap_s, tail_s)
    placed: list[SpeechChunk] = []
    expected = lead_in_s
    for i, (counts, pause_s) in enumerate(spoken):
        expected += gap_s if i else 0.0
        start = 0
        for count in counts:
            given_chunk = chunk(count, rate, start, quiet_edges)
            out = timeline.place(utterance(pause_s), given_chunk)
            assert out.words[0].end_s - out.words[0].start_s == pytest.approx(
                given_chunk.words[0].end_s - given_chunk.words[0].start_s
            )
            assert out.cues[0].start_s == pytest.approx(expected, abs=len(spoken) * 2 / rate)
            assert out.end_s == pytest.approx(out.cues[0].end_s)
            placed.append(out)
            start += count
            expected += count / rate
        expected += pause_s
    placed.append(timeline.finish())

    at = 0
    for piece in placed:
        assert piece.start_s == pytest.approx(at / rate, abs=1e-9)
        end_s = piece.start_s
        for phoneme in piece.phonemes:
            assert phoneme.start_s == pytest.approx(end_s, abs=1e-9)
            assert phoneme.end_s > phoneme.start_s
            end_s = phoneme.end_s
        assert end_s == pytest.approx(piece.end_s, abs=1e-9)
        at += len(piece.samples)
    total = len(Speech(tuple(placed)).samples)
    frames = timeline.frames
    assert total == -(-frames * rate // fps)
    assert expected + tail_s - 10 / rate <= total / rate < expected + tail_s + 1 / fps + 10 / rate


@pytest.mark.parametrize(("fps", "rate"), [(25, 22_050), (24, 22_050), (30, 24_000), (60, 22_050)])
def test_the_end_is_a_whole_frame(fps: int, rate: int) -> None:
    timeline = Timeline(fps)
    timeline.place(utterance(), chunk(rate, rate))
    total = round(timeline.finish().end_s * rate)
    assert timeline.frames == -(-16 * fps // 10)  # 0.2 + 1 + 0.4 s
    assert 0 <= total - timeline.frames * rate / fps < 1


def test_silences_have_their_lengths() -> None:
    timeline = Timeline(25, lead_in_s=0.5, gap_s=0.25, tail_s=0.4)
    first = timeline.place(utterance(pause_s=1.0), chunk(22_050))
    second = timeline.place(utterance(), chunk(22_050))
    assert first.phonemes[0] == PhonemeSpan("_", 0.0, 0.5)
    assert first.words[0].start_s == 0.5
    assert second.phonemes[0].start_s == pytest.approx(1.5, abs=1e-4)
    assert second.phonemes[0].end_s == pytest.approx(2.75, abs=1e-4)
    silence = second.samples[200 : round(1.25 * 22_050) - 1]
    assert not silence.any()


def test_joins_do_not_click() -> None:
    timeline = Timeline(25)
    placed = [timeline.place(utterance(), chunk(5000)) for _ in range(2)]
    samples = Speech((*placed, timeline.finish())).samples
    assert np.abs(np.diff(samples)).max() <= 0.5 / 100
    assert samples[0] == samples[-1] == 0


def test_what_was_handed_out_and_in_stays() -> None:
    timeline = Timeline(25)
    given_chunk = chunk(5000)
    first = timeline.place(utterance(), given_chunk)
    kept = first.samples.copy()
    timeline.place(utterance(), chunk(5000))
    timeline.finish()
    np.testing.assert_array_equal(first.samples, kept)
    assert (given_chunk.samples == 0.5).all()


def test_read_only_sound_is_taken() -> None:
    sound = chunk(5000)
    sound.samples.flags.writeable = False
    assert Timeline(25).place(utterance(), sound).samples.any()


def test_nothing_to_speak() -> None:
    with pytest.raises(EmptyTextError):
        Timeline(25).finish()


def test_another_rate_becomes_the_clips() -> None:
    timeline = Timeline(25, lead_in_s=0.2, gap_s=0.25)
    first = timeline.place(utterance(), chunk(2205, 22_050))
    other = timeline.place(utterance(), chunk(4800, 24_000))
    assert other.sample_rate == 22_050
    assert other.start_s == pytest.approx(first.end_s, abs=1e-9)
    assert other.duration_s == pytest.approx(0.25 + 0.2, abs=1e-4)
    assert other.phonemes[-1].end_s == pytest.approx(other.end_s, abs=1e-9)
    assert timeline.finish().start_s == pytest.approx(other.end_s, abs=1e-9)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=4))
def test_chunks_of_another_rate_stay_contiguous(counts: list[int]) -> None:
    timeline = Timeline(25)
    at_s = timeline.place(utterance(), chunk(100, 22_050)).end_s
    starts = itertools.accumulate(counts, initial=0)
    for start, count in zip(starts, counts, strict=False):
        placed = timeline.place(utterance(), chunk(count, 24_000, start))
        assert placed.start_s == pytest.approx(at_s, abs=1e-9)
        at_s = placed.end_s
    assert at_s == pytest.approx((100 / 22_050) + 0.2 + 0.25 + sum(counts) / 24_000, abs=3e-4)


def test_a_hole_between_chunks_is_refused() -> None:
    timeline = Timeline(25)
    timeline.place(utterance(), chunk(1000))
    with pytest.raises(SynthesisError, match="does not follow"):
        timeline.place(utterance(), chunk(1000, start=2000))
    timeline.place(utterance(), replace(chunk(1000, start=1000)))
