import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.script.emotions import EMOTIONS
from backends.script.recipes import VoiceRecipe
from backends.speech.phones import Phone
from backends.speech.pitch import pitch_track
from backends.speech.prosody import Turn, manner, manners_of, pace, spoken_in, turns_of
from backends.speech.words import Word
from backends.types import NO_CUE, Cue, Emotion, FloatArray, TextSpan, Utterance

RATE = 22_050
PLAIN = VoiceRecipe()


def voice(seconds: float = 1.5, hertz: float = 120.0, level: float = 0.1) -> FloatArray:
    """A steady voice whose pitch swings by two semitones, twice a second."""
    times = np.arange(round(seconds * RATE)) / RATE
    swing = hertz * 2 ** (np.sin(4 * np.pi * times) / 6)
    phase = 2 * np.pi * np.cumsum(swing) / RATE
    tone = sum(np.cos(k * phase) / k for k in range(1, 12))
    return (level * tone / np.std(tone)).astype(np.float32)


def level_db(samples: FloatArray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2)))


def semitones(samples: FloatArray) -> np.ndarray:
    track = pitch_track(samples, RATE)
    return 12 * np.log2(track[track > 0])


def under(samples: FloatArray, recipe: VoiceRecipe) -> FloatArray:
    return spoken_in(samples, RATE, [Turn(0, recipe)], seed=0)


def test_no_cue_and_neutral_ask_for_nothing() -> None:
    assert (
        manner(NO_CUE)
        == manner(Cue.of(Emotion.NEUTRAL))
        == manner(Cue.of(Emotion.SAD, 0.0))
        == PLAIN
    )


@pytest.mark.parametrize("emotion", [e for e in Emotion if e != Emotion.NEUTRAL])
def test_a_manner_grows_with_its_intensity(emotion: Emotion) -> None:
    full = EMOTIONS[emotion].voice
    for name in VoiceRecipe.__slots__:
        aim, plain = getattr(full, name), getattr(PLAIN, name)
        way = [abs(getattr(manner(Cue.of(emotion, i)), name) - plain) for i in (0.2, 0.5, 0.8, 1.0)]
        assert way == sorted(way)
        assert len(set(way)) == (4 if aim != plain else 1)
        assert getattr(manner(Cue.of(emotion)), name) == pytest.approx(aim)


def test_every_emotion_sounds_like_itself() -> None:
    assert len({manner(Cue.of(emotion)) for emotion in Emotion}) == len(Emotion)


def test_a_mixture_lies_between_and_within_limits() -> None:
    both = manner(Cue(((Emotion.HAPPY, 0.5), (Emotion.SAD, 0.5))))
    assert manner(Cue.of(Emotion.SAD)).rate < both.rate < manner(Cue.of(Emotion.HAPPY)).rate
    everything = manner(Cue(tuple((emotion, 1.0) for emotion in Emotion)))
    assert 0.7 < everything.rate < 1.4 and abs(everything.pitch_semitones) <= 5
    assert 0 <= everything.breathiness <= 1


def test_nothing_asked_nothing_changed() -> None:
    sound = voice()
    assert under(sound, PLAIN) is sound
    assert under(sound, VoiceRecipe(rate=0.8, pauses=1.5)) is sound  # pace is the engine's


@pytest.mark.parametrize("wanted", [-3.0, 2.0])
def test_pitch_moves_and_nothing_else(wanted: float) -> None:
    sound = voice()
    moved = under(sound, VoiceRecipe(pitch_semitones=wanted))
    assert len(moved) == len(sound)
    assert np.median(semitones(moved)) - np.median(semitones(sound)) == pytest.approx(
        wanted, abs=0.15
    )
    assert level_db(moved) == pytest.approx(level_db(sound), abs=0.3)


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_the_melody_narrows_and_widens_about_its_mean(factor: float) -> None:
    sound = voice()
    before, after = (
        semitones(x)[10:-10] for x in (sound, under(sound, VoiceRecipe(pitch_range=factor)))
    )
    assert np.std(after) / np.std(before) == pytest.approx(factor, rel=0.12)
    assert np.median(after) == pytest.approx(np.median(before), abs=0.3)


@pytest.mark.parametrize("recipe", [VoiceRecipe(energy_db=d) for d in (-4.0, 3.0)])
def test_energy_is_what_the_recipe_says(recipe: VoiceRecipe) -> None:
    sound = voice()
    assert level_db(under(sound, recipe)) - level_db(sound) == pytest.approx(
        recipe.energy_db, abs=0.1
    )


def test_brightness_tilts_the_spectrum_and_keeps_the_level() -> None:
    sound = voice()

    def tilt_db(samples: FloatArray) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
        return float(10 * np.log10(power[hertz > 1200].sum() / power[hertz < 500].sum()))

    dark, bright = (under(sound, VoiceRecipe(brightness_db=d)) for d in (-4.0, 4.0))
    assert tilt_db(dark) < tilt_db(sound) - 2.5 and tilt_db(bright) > tilt_db(sound) + 2.5
    assert level_db(dark) == pytest.approx(level_db(sound), abs=0.3)
    assert level_db(bright) == pytest.approx(level_db(sound), abs=0.3)


def test_breath_is_noise_above_the_voice_and_only_with_it() -> None:
    sound = np.concatenate([voice(), np.zeros(RATE, np.float32)])
    breathy = under(sound, VoiceRecipe(breathiness=1.0))
    spectrum = np.abs(np.fft.rfft(breathy[:RATE])) ** 2
    plain = np.abs(np.fft.rfft(sound[:RATE])) ** 2
    assert spectrum[5000:].sum() > 20 * plain[5000:].sum()
    assert np.abs(breathy[-RATE // 2 :]).max() < 1e-4


def test_the_seed_is_the_breaths_noise() -> None:
    sound, turns = voice(), [Turn(0, VoiceRecipe(breathiness=1.0))]
    one, again, other = (spoken_in(sound, RATE, turns, seed) for seed in (5, 5, -1))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 1e-4


def test_loud_peaks_are_held_below_full_scale() -> None:
    loud = under(voice(level=0.3), VoiceRecipe(energy_db=5.0))
    assert 0.85 < np.abs(loud).max() <= 0.8911


@pytest.mark.parametrize("decibels", [4.0, -4.0])
def test_the_level_glides_and_is_half_way_at_the_turn(decibels: float) -> None:
    sound, hop = voice(2.0), RATE // 200
    turns = [Turn(0, PLAIN), Turn(RATE, VoiceRecipe(energy_db=decibels))]
    turned = spoken_in(sound, RATE, turns, 0)
    starts = range(RATE - 20 * hop, RATE + 20 * hop, hop)
    rise = [level_db(turned[i - hop : i]) - level_db(sound[i - hop : i]) for i in starts]
    assert rise[0] == pytest.approx(0, abs=0.05) and rise[-1] == pytest.approx(decibels, abs=0.05)
    half = next(k for k, r in enumerate(rise) if abs(r) >= 2.0)
    assert abs(half - 20) * 5 <= 10  # ms
    assert max(abs(b - a) for a, b in itertools.pairwise(rise)) < 0.6  # no jump


@pytest.mark.parametrize("wanted", [3.0, -3.0])
def test_the_pitch_glides_and_is_half_way_at_the_turn(wanted: float) -> None:
    sound = voice(2.0)
    turns = [Turn(0, PLAIN), Turn(RATE, VoiceRecipe(pitch_semitones=wanted))]
    turned = spoken_in(sound, RATE, turns, 0)
    moved = 12 * np.log2(pitch_track(turned, RATE)[20:-20] / pitch_track(sound, RATE)[20:-20])
    half = next(k for k, m in enumerate(moved) if abs(m) >= 1.5)
    assert abs(half + 20 - 200) * 5 <= 20  # ms
    assert moved[:140].mean() == pytest.approx(0, abs=0.1)
    assert moved[-140:].mean() == pytest.approx(wanted, abs=0.15)


def test_what_lies_well_before_a_turn_is_the_same() -> None:
    sound = voice(2.0)
    turned = spoken_in(sound, RATE, [Turn(0, PLAIN), Turn(RATE, manner(Cue.of(Emotion.ANGRY)))], 0)
    early = RATE - RATE // 4
    np.testing.assert_allclose(turned[:early], sound[:early], atol=2e-3)


RECIPES = st.sampled_from([PLAIN, *(manner(Cue.of(emotion, 0.9)) for emotion in Emotion)])


@settings(deadline=None)
@given(
    st.integers(0, 6000),
    st.lists(st.tuples(st.integers(0, 6000), RECIPES), max_size=4),
    st.sampled_from([16_000, 22_050, 24_000]),
    st.integers(-5, 2**70),
)
def test_any_sound_and_turns(
    count: int, later: list[tuple[int, VoiceRecipe]], rate: int, seed: int
) -> None:
    rng = np.random.default_rng(count)
    sound = (rng.uniform(-1, 1, count) * rng.uniform(0, 1)).astype(np.float32)
    starts = sorted((min(at, count), recipe.rate, i) for i, (at, recipe) in enumerate(later))
    turns = [Turn(0, PLAIN), *(Turn(at, later[i][1]) for at, _, i in starts)]
    out = spoken_in(sound, rate, turns, seed)
    assert out.dtype == np.float32 and out.shape == sound.shape
    assert np.isfinite(out).all() and np.abs(out).max(initial=0.0) <= 1.0


def test_closures_are_never_quickened() -> None:
    quick, slow = manner(Cue.of(Emotion.EXCITED)), manner(Cue.of(Emotion.SAD))
    for closure in ("p", "b", "m", "pʰ"):
        assert pace(quick, closure) == 1.0
        assert pace(slow, closure) == slow.rate
    assert pace(quick, "ˈɛ") == quick.rate
    assert pace(slow, "_") < slow.rate


def test_a_manner_begins_with_the_first_word_under_its_cue() -> None:
    text = "Oh, you came."
    sad = Cue.of(Emotion.SAD)
    spans = (TextSpan(0, 4, NO_CUE, -1), TextSpan(4, len(text), sad, -1))
    words = [Word("Oh", 0, 2), Word("you", 4, 7), Word("came", 8, 12)]
    phones = [
        Phone("_", 0, 10),
        Phone("ˈoʊ", 10, 20, 0),
        Phone("_", 20, 30),
        Phone("j", 30, 40, 1),
        Phone("k", 40, 50, 2),
        Phone("_", 50, 60),
    ]
    manners = manners_of(Utterance(text, spans, "en"), phones, words)
    assert manners == [PLAIN] * 3 + [manner(sad)] * 3
    assert turns_of(phones, manners) == [Turn(0, PLAIN), Turn(30, manner(sad))]


def test_a_first_cue_without_words_gives_way_to_the_second() -> None:
    spans = (TextSpan(0, 2, Cue.of(Emotion.SAD), -1), TextSpan(2, 5, Cue.of(Emotion.ANGRY), -1))
    phones = [Phone("_", 0, 10), Phone("j", 10, 20, 0)]
    manners = manners_of(Utterance("- yes"[:5], spans, "en"), phones, [Word("yes", 2, 5)])
    assert manners == [manner(Cue.of(Emotion.ANGRY))] * 2
