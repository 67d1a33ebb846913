"""A recording becomes chunks whose sound is its own, and lips that close with it."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from backends.performance.planner import plan_speech
from backends.performance.speech import LEAD_S
from backends.speech import listening
from backends.speech.listening import Followed, follow, spoken
from backends.speech.recorded import Recording, open_recording
from backends.types import (
    NO_CUE,
    Cue,
    Emotion,
    Pause,
    Speech,
    SpeechChunk,
    TextSpan,
    Utterance,
)
from tests.unit.speech.sound_files import encoded, said, tone, utterance

FPS = 25
FIRST = "Many of my neighbours leave the village before the winter."
SECOND = "Maybe Peter brought them home."
TRUTHS = (FIRST, SECOND)
BEFORE_S = 0.7


@cache
def both() -> Recording:
    """Both sentences, silence before and behind."""
    a, b = said(FIRST), said(SECOND)
    silence = np.zeros(round(BEFORE_S * a.sample_rate), np.float32)
    samples = np.concatenate([silence, a.samples, silence, b.samples, silence])
    return open_recording(encoded(samples, a.sample_rate, "mp3", "mp3"))


@cache
def followed(texts: tuple[Utterance, ...]) -> Followed:
    return follow(both(), texts)


def chunks_of(
    texts: tuple[Utterance, ...] = (), cue: Cue = NO_CUE
) -> list[tuple[Utterance | None, SpeechChunk]]:
    return list(spoken(both(), followed(texts), cue, "und", FPS))


@pytest.mark.parametrize("texts", [(), (utterance(FIRST), utterance(SECOND))])
def test_the_sound_is_the_recordings_own(texts: tuple[Utterance, ...]) -> None:
    recording = both()
    chunks = [chunk for _, chunk in chunks_of(texts)]
    own = np.concatenate(list(recording.pieces()))
    samples = Speech(tuple(chunks)).samples
    assert np.array_equal(samples[: len(own)], own)
    assert not samples[len(own) :].any()
    assert len(samples) % (48_000 // FPS) == 0
    assert len(samples) - len(own) < 48_000 // FPS
    at = 0.0
    for chunk in chunks:
        assert chunk.start_s == pytest.approx(at, abs=1e-4)
        assert chunk.phonemes[0].start_s == pytest.approx(at, abs=1e-4)
        assert chunk.phonemes[-1].end_s == pytest.approx(chunk.end_s, abs=1e-4)
        at = chunk.end_s


def test_words_and_utterances_are_found() -> None:
    texts = (utterance(FIRST), utterance(SECOND))
    chunks = chunks_of(texts)
    assert [text for text, _ in chunks] == [None, *texts]
    a, b = said(FIRST), said(SECOND)
    onset_s = BEFORE_S + a.words[0].start_s
    assert chunks[1][1].start_s == pytest.approx(onset_s, abs=0.06)
    onset_s = BEFORE_S + a.duration_s + BEFORE_S + b.words[0].start_s
    assert chunks[2][1].start_s == pytest.approx(onset_s, abs=0.06)
    assert [w.word for w in chunks[2][1].words] == [w.word for w in b.words]
    said_s = [w.start_s + onset_s - b.words[0].start_s for w in b.words]
    found_s = [w.start_s for w in chunks[2][1].words]
    assert np.median(np.abs(np.subtract(found_s, said_s))) <= 0.04


def alone(recording: Recording, texts: tuple[Utterance, ...] = ()) -> list[SpeechChunk]:
    followed_alone = follow(recording, texts)
    return [chunk for _, chunk in spoken(recording, followed_alone, NO_CUE, "und", FPS)]


def closures(chunks: Sequence[SpeechChunk], truths: Sequence[SpeechChunk]) -> list[bool]:
    """Of each p, b and m: whether lips meet while it is spoken."""
    closure = plan_speech(Speech(tuple(chunks)), FPS).extra["closure"]
    met = []
    for truth in truths:
        for phoneme, start_s, end_s in truth.phonemes:
            if phoneme[:1] in "pbm":
                first = int(np.floor((start_s - LEAD_S) * FPS - 0.5))
                last = int(np.ceil((end_s - LEAD_S) * FPS - 0.5))
                met.append(float(closure[max(first, 0) : last + 1].max()) > 0.8)
    return met


@pytest.mark.parametrize("texts", [(), (utterance(FIRST), utterance(SECOND))])
def test_lips_meet_when_the_speaker_closes_them(texts: tuple[Utterance, ...]) -> None:
    first, second = said(FIRST), said(SECOND)
    begins = {BEFORE_S: first, 2 * BEFORE_S + first.duration_s: second}
    placed = [chunk.shifted(by_s) for by_s, speech in begins.items() for chunk in speech.chunks]
    met = closures([chunk for _, chunk in chunks_of(texts)], placed)
    assert len(met) >= 9
    assert np.mean(met) >= 0.9


def test_cues_turn_the_face_at_their_words() -> None:
    at = FIRST.index("leave")
    sad, happy = Cue.of(Emotion.SAD), Cue.of(Emotion.HAPPY, 0.5)
    text = Utterance(FIRST, (TextSpan(0, at, sad, 0), TextSpan(at, len(FIRST), happy, 9)), "en")
    chunk = chunks_of((text, utterance(SECOND)))[1][1]
    assert [c.cue for c in chunk.cues] == [sad, happy]
    word = next(w for w in said(FIRST).words if w.word == "leave")
    assert chunk.cues[1].start_s == pytest.approx(BEFORE_S + word.start_s, abs=0.05)


def test_pauses_of_a_transcript_change_no_sound() -> None:
    text = Utterance(FIRST, utterance(FIRST).spans, "en", pause_s=2.0, pauses=(Pause(5, 1.5),))
    [_, (_, plain), _] = chunks_of((utterance(FIRST), utterance(SECOND)))
    [_, (_, paused), _] = chunks_of((text, utterance(SECOND)))
    assert np.array_equal(plain.samples, paused.samples)


def test_an_emotion_holds_where_there_is_no_text() -> None:
    chunks = [c for _, c in chunks_of(cue=Cue.of(Emotion.PROUD, 0.7))]
    cues = [cue for chunk in chunks for cue in chunk.cues]
    assert {cue.cue for cue in cues} == {Cue.of(Emotion.PROUD, 0.7)}
    assert (cues[0].start_s, cues[-1].end_s) == (0.0, pytest.approx(chunks[-1].end_s))
    assert not any(cue.text for cue in cues)


@pytest.mark.parametrize("noise", [0.0, 0.003])
def test_the_mouth_is_still_in_silence(noise: float) -> None:
    samples = np.random.default_rng(0).normal(0, noise, 4 * 44_100).astype(np.float32)
    recording = open_recording(encoded(samples))
    rows = plan_speech(Speech(tuple(alone(recording))), FPS)
    jaw = rows.channel("jawOpen")[FPS // 2 :]
    assert np.ptp(jaw) < 0.01


def test_the_mouth_rests_between_sentences() -> None:
    chunks = [chunk for _, chunk in chunks_of()]
    pause_s = BEFORE_S + said(FIRST).duration_s
    rows = plan_speech(Speech(tuple(chunks)), FPS)
    jaw = rows.channel("jawOpen")
    resting = jaw[round((pause_s + 0.4) * FPS) : round((pause_s + 0.5) * FPS)]
    assert resting.max() < 0.25 * jaw.max()


def test_half_a_second_and_no_words() -> None:
    recording = open_recording(encoded(tone(0.5)))
    for texts in ((), (utterance("..."),)):
        assert Speech(tuple(alone(recording, texts))).duration_s == pytest.approx(0.52)


def test_long_speech_without_a_text_comes_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_UNSCRIPTED_S", 1.0)
    lengths = [chunk.duration_s for _, chunk in chunks_of()]
    assert len(lengths) >= 3
    assert max(lengths) < 2.5
