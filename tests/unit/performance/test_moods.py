"""Emotions over time and in speech."""

import numpy as np
import pytest

from backends.performance import plan_speech
from backends.performance.emotion import GLIDE_S, mood
from backends.performance.timeline import CueOnset
from backends.types import NO_CUE, Cue, Emotion, Performance
from tests.unit.performance.spoken_by_hand import SENTENCE, at, speech

ORDER = tuple(Emotion)


def acted(emotion: Emotion, intensity: float = 1.0) -> Performance:
    return plan_speech(speech(SENTENCE, [(0.0, Cue.of(emotion, intensity))]), 25)


def test_a_new_expression_is_strongest_at_first_and_settles() -> None:
    cues = [CueOnset(-1e9, NO_CUE), CueOnset(1.0, Cue.of(Emotion.SAD, 0.4))]
    times = np.arange(0.0, 6.0, 0.01)
    sadness = mood(cues, times).weights[:, ORDER.index(Emotion.SAD)]
    peak, settled = sadness.argmax(), sadness[-1]
    assert 1.1 * settled < sadness[peak] < 1.2 * settled
    assert GLIDE_S / 2 < times[peak] - 1.0 < 0.6
    assert sadness[times > 3.0] == pytest.approx(settled, rel=0.02)
    assert sadness[np.abs(times - 1.0).argmin()] == pytest.approx(settled / 2, rel=0.05)
    assert np.abs(np.diff(sadness)).max() < 0.05


def test_nothing_overshoots_its_full_strength() -> None:
    cues = [CueOnset(-1e9, NO_CUE), CueOnset(1.0, Cue.of(Emotion.HAPPY))]
    feeling = mood(cues, np.arange(0.0, 4.0, 0.04))
    assert feeling.weights.max() == 1.0 and feeling.relax.max() == 1.0


@pytest.mark.parametrize("emotion", Emotion)
def test_lips_close_in_every_emotion(emotion: Emotion) -> None:
    plan = acted(emotion)
    pressed = at(plan, 0.3 + 0.08 * 11 + 0.25 + 0.04 - 0.035)  # the m of "my"
    assert plan.extra["closure"][pressed] == 1.0
    for name in ("mouthUpperUpLeft", "mouthLowerDownRight"):
        assert plan.channel(name)[pressed] == 0.0


def test_lips_that_meet_in_surprise_do_not_draw_the_face_long() -> None:
    plan = acted(Emotion.SURPRISED)
    pressed, vowel = (at(plan, 0.3 + 0.08 * k + 0.25 + 0.04 - 0.035) for k in (11, 12))
    jaw = plan.channel("jawOpen")
    assert jaw[pressed] < 0.65 * jaw[vowel]


def test_the_mood_shapes_speech() -> None:
    def lifted(emotion: Emotion) -> float:
        plan = acted(emotion)
        return float(plan.channel("mouthUpperUpLeft").max())

    assert lifted(Emotion.SAD) < 0.75 * lifted(Emotion.NEUTRAL)
    opened = {e: acted(e).channel("jawOpen").mean() for e in (Emotion.SAD, Emotion.SURPRISED)}
    assert opened[Emotion.SURPRISED] > opened[Emotion.SAD] + 0.2


def test_more_intensity_is_more_of_the_same() -> None:
    frowns = [acted(Emotion.SAD, i).channel("mouthFrownLeft").mean() for i in (0.33, 0.66, 1.0)]
    assert frowns == sorted(frowns) and frowns[0] > 0.3
