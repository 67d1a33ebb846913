"""The table of emotions: complete, unambiguous, within range."""

import unicodedata
from collections import Counter

import pytest

from backends.script.emotions import EMOTIONS, amplitude
from backends.types import COEFFICIENTS, Emotion


def _folded(name: str) -> str:
    marks_apart = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in marks_apart if not unicodedata.combining(c))


def test_every_emotion_has_a_row() -> None:
    assert set(EMOTIONS) == set(Emotion)
    for emotion, spec in EMOTIONS.items():
        assert spec.english[0] == emotion


def test_a_name_means_one_emotion() -> None:
    names = Counter(
        name
        for spec in EMOTIONS.values()
        for name in {_folded(n) for n in (*spec.english, *spec.greek)}
    )
    assert [n for n, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("emotion", "names"),
    [
        (Emotion.HAPPY, {"joyful", "cheerful", "χαρά", "χαρούμενος", "χαρούμενη", "χαρούμενο"}),
        (Emotion.SERIOUS, {"σοβαρός", "σοβαρή", "σοβαρό", "σοβαρά"}),
        (Emotion.ANGRY, {"anger", "θυμός", "θυμωμένη"}),
        (Emotion.NEUTRAL, {"ουδέτερο"}),
    ],
)
def test_usual_names(emotion: Emotion, names: set[str]) -> None:
    assert names <= {*EMOTIONS[emotion].english, *EMOTIONS[emotion].greek}


@pytest.mark.parametrize("emotion", Emotion)
def test_recipes_are_in_range(emotion: Emotion) -> None:
    face, voice = EMOTIONS[emotion].face, EMOTIONS[emotion].voice
    for recipe in (face.coefficients, face.rest):
        assert set(recipe) <= set(COEFFICIENTS)
        assert all(0.0 < value <= 1.0 for value in recipe.values())
    assert 0.0 <= face.parted <= 1.0
    assert abs(face.yaw_deg) < 4 and -4 < face.pitch_deg < 7 and abs(face.roll_deg) < 4
    assert 0.7 < voice.rate < 1.3 and abs(voice.pitch_semitones) < 4


def test_only_neutral_leaves_the_face_alone() -> None:
    plain = [e for e, spec in EMOTIONS.items() if not spec.face.coefficients]
    assert plain == [Emotion.NEUTRAL]


def test_amplitude_lifts_the_middle() -> None:
    assert amplitude(0.0) == 0.0 and amplitude(1.0) == 1.0 and amplitude(7.0) == 1.0
    assert 0.45 < amplitude(0.33) < 0.47
    assert amplitude(-1.0) == 0.0
