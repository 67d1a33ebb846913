"""Phones are found in a sound where they are: by the recogniser, and coarsely by rules."""

import sys
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import EngineUnavailableError, InputError, UnsupportedLanguageError
from backends.speech import aligners, hearing
from backends.speech.aligners import HeardAligner, find_aligner
from backends.speech.alignment import Aligner, spell
from backends.speech.boundaries import Anchor, quiet_runs, spans_of
from backends.speech.ctc import best_path
from backends.speech.hearing import HEARING_HZ, Levels, listen, measure
from backends.speech.listening import timed
from backends.speech.phones import SILENCE
from backends.speech.recognising import recognised, segments_of
from backends.speech.ruled import RuledAligner
from backends.speech.sounds import heard_as, letter_of
from backends.types import FloatArray, PhonemeSpan, SpeechChunk
from tests.unit.speech.sound_files import said, utterance

ENGLISH = "Nobody in the room would believe what he had seen, but maybe Peter could prove it."
GREEK = "Η μητέρα μου μαγείρεψε ψάρι με πατάτες, και ο παππούς διάβαζε εφημερίδα."


def at_16k(chunk: SpeechChunk) -> FloatArray:
    return np.asarray(soxr.resample(chunk.samples, chunk.sample_rate, HEARING_HZ), np.float32)


def errors_s(aligner: Aligner, text: str, language: str) -> FloatArray:
    chunk = said(text, language)
    spans = aligner.align(lambda rate: [at_16k(chunk)], [spell(utterance(text, language))]).spans
    truth = [span for span in chunk.phonemes if span.phoneme != SILENCE]
    found = [span for span in spans if span.phoneme != SILENCE]
    assert [span.phoneme for span in found] == [span.phoneme for span in truth]
    pairs = zip(found, truth, strict=True)
    return np.array([abs(a.start_s - b.start_s) for a, b in pairs], np.float32)


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GREEK, "el")])
def test_the_recogniser_finds_phones_where_the_voice_put_them(text: str, language: str) -> None:
    errors = errors_s(HeardAligner(), text, language)
    assert np.median(errors) <= 0.03
    assert np.percentile(errors, 95) <= 0.08


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (GREEK, "el")])
def test_rules_find_them_coarsely(text: str, language: str) -> None:
    assert np.median(errors_s(RuledAligner(), text, language)) <= 0.1


def test_rules_say_that_they_are_coarse() -> None:
    aligned = RuledAligner().align(
        lambda rate: [at_16k(said(ENGLISH))], [spell(utterance(ENGLISH))]
    )
    assert [notice.code for notice in aligned.notices] == ["coarse_alignment"]


def test_without_a_recogniser_rules_take_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_aligner().name == "hama"
    monkeypatch.setattr(aligners, "is_installed", lambda: False)
    assert find_aligner().name == "rules"


def test_a_text_that_is_not_what_is_spoken_is_told() -> None:
    wrong = utterance(
        "Seven zebras quickly jumped over the frozen lake to fetch a giant yellow hat."
    )
    aligned = HeardAligner().align(lambda rate: [at_16k(said(ENGLISH))], [spell(wrong)])
    assert [notice.code for notice in aligned.notices] == ["transcript_mismatch"]
    right = HeardAligner().align(lambda rate: [at_16k(said(ENGLISH))], [spell(utterance(ENGLISH))])
    assert not right.notices


@pytest.mark.parametrize("aligner", [HeardAligner(), RuledAligner()])
def test_more_words_than_the_sound_has_room_for(aligner: Aligner) -> None:
    short = [np.zeros(HEARING_HZ // 2, np.float32)]
    with pytest.raises(InputError, match=r"more than can be spoken in 0\.5 s"):
        aligner.align(lambda rate: short, [spell(utterance(ENGLISH))])


def test_a_language_without_a_spelling() -> None:
    with pytest.raises(UnsupportedLanguageError):
        spell(utterance("hello", "zz"))


def test_words_keep_their_phones() -> None:
    line = spell(utterance("Good morning, Peter!"))
    assert [word.text for word in line.words] == ["Good", "morning", "Peter"]
    assert [line.phones[0].word, line.phones[-1].word] == [0, 2]


def test_sound_of_an_engine_without_timings_gets_them() -> None:
    truth = said(ENGLISH)
    chunk = timed(utterance(ENGLISH), truth.samples, truth.sample_rate)
    assert chunk.samples is truth.samples or np.array_equal(chunk.samples, truth.samples)
    assert [w.word for w in chunk.words] == [w.word for w in truth.words]
    off = [abs(a.start_s - b.start_s) for a, b in zip(chunk.words, truth.words, strict=True)]
    assert np.median(off) <= 0.03


def test_long_sound_is_heard_as_its_parts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows join: what lies across a join is heard once."""
    sound = at_16k(said(ENGLISH))
    whole = [s.phoneme for s in recognised(listen([sound])) if s.phoneme != SILENCE]
    monkeypatch.setattr(hearing, "_WINDOW_S", 2)
    heard = listen([sound])
    joined = [s.phoneme for s in recognised(heard) if s.phoneme != SILENCE]
    assert len(heard.log_probabilities) == pytest.approx(len(sound) / 320, abs=2)
    assert heard.levels.duration_s == pytest.approx(said(ENGLISH).duration_s, abs=0.01)
    assert SequenceMatcher(a=whole, b=joined).ratio() >= 0.9


def test_pieces_are_heard_as_one_sound() -> None:
    sound = at_16k(said(ENGLISH))
    pieces = np.split(sound, [1000, 1001, 30_000])
    assert np.array_equal(listen(pieces).log_probabilities, listen([sound]).log_probabilities)


@pytest.mark.parametrize("level", [0.0, 0.003, 0.1])
def test_noise_and_silence_hold_no_phones(level: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1, 3 * HEARING_HZ) * level
    [span] = recognised(listen([noise.astype(np.float32)]))
    assert span == PhonemeSpan(SILENCE, 0.0, 3.0)


def test_without_a_recogniser_nothing_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hama.asr", None)
    hearing._recogniser.cache_clear()
    try:
        with pytest.raises(EngineUnavailableError, match=r"prosopon\[audio\]"):
            listen([np.zeros(HEARING_HZ, np.float32)])
        assert find_aligner().name == "rules"
    finally:
        hearing._recogniser.cache_clear()


def test_tokens_are_segments_of_ipa() -> None:
    assert segments_of("aɪ") == ("a", "ɪ")
    assert segments_of("t͡ʃ") == ("t͡", "ʃ")
    assert segments_of("kʰ") == ("kʰ",)
    assert not any(map(segments_of, ("<blank>", "<pad>", " ", "ː", "一", "³")))


@pytest.mark.parametrize("phoneme", ["ˈɛ", "iː", "ç", "ʘ", "ɬ", "ɧ", "ã", "t͡ɕʰ"])
def test_every_sound_is_heard_as_something(phoneme: str) -> None:
    tokens = listen([np.zeros(HEARING_HZ, np.float32)]).tokens
    columns, shares = heard_as(letter_of(phoneme), tokens)
    assert len(columns) == len(shares) > 0


def test_pauses_are_found_under_noise() -> None:
    truth = said("Good morning. How are you?")
    sound = at_16k(truth)
    noise = np.random.default_rng(1).normal(0, 0.003, len(sound) + HEARING_HZ)
    noise[: len(sound)] += sound
    last = quiet_runs(measure([noise.astype(np.float32)]))[-1]
    assert last.start_s == pytest.approx(truth.duration_s, abs=0.15)
    assert last.end_s == pytest.approx(truth.duration_s + 1.0, abs=0.02)


@given(
    times=st.lists(st.floats(0, 10), min_size=1, max_size=40),
    loud=st.lists(st.booleans(), min_size=1, max_size=100),
    phonemes=st.lists(st.sampled_from(["p", "a", "s", "ˈɔː"]), min_size=40, max_size=40),
)
def test_spans_cover_the_sound_in_order(
    times: list[float], loud: list[bool], phonemes: list[str]
) -> None:
    decibels = np.repeat(np.where(loud, -20.0, -80.0), 10).astype(np.float32)
    levels = Levels(decibels, len(decibels) / 100)
    times = sorted(t % levels.duration_s for t in times)
    anchors = [Anchor(p, t, t) for p, t in zip(phonemes, times, strict=False)]
    spans = spans_of(anchors, levels)
    assert [s.phoneme for s in spans if s.phoneme != SILENCE] == [a.phoneme for a in anchors]
    assert spans[0].start_s == 0.0
    assert spans[-1].end_s == pytest.approx(levels.duration_s)
    for a, b in pairwise(spans):
        assert a.start_s <= a.end_s == b.start_s


@given(st.data())
def test_the_path_visits_every_phone_in_order(data: st.DataObject) -> None:
    sequence = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30))
    frames = data.draw(st.integers(2 * len(sequence), 100))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    table = np.log(random.dirichlet(np.ones(5), frames)).astype(np.float32)
    peaks = best_path(table[:, :4], table[:, 4], sequence)
    assert len(peaks) == len(sequence)
    assert all(a.last < b.first for a, b in pairwise(peaks))
    for (a, kind), (b, same) in pairwise(zip(peaks, sequence, strict=True)):
        assert kind != same or b.first - a.last > 1


def test_a_long_path_is_found_along_the_beam() -> None:
    """A thousand phones, each shown ten frames after the one before."""
    random = np.random.default_rng(0)
    sequence = random.integers(0, 4, 1000).tolist()
    table = np.full((10_000, 5), -6.0, np.float32)
    table[:, 4] = -0.1
    for i, kind in enumerate(sequence):
        table[10 * i + 5] = -6.0
        table[10 * i + 5, kind] = -0.1
    peaks = best_path(table[:, :4], table[:, 4], sequence)
    assert [peak.first for peak in peaks] == [10 * i + 5 for i in range(1000)]
