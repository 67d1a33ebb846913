"""What the measure of emotions makes of a classifier's scores."""

import numpy as np
import pytest

from backends.performance import plan_speech
from backends.types import Emotion
from benchmarks.quality.emotion import JUDGED, by_portrait, reading, summary, thinned
from benchmarks.quality.judges import LABELS
from tests.unit.performance.spoken_by_hand import SENTENCE, speech


def scores(**some: float) -> dict[str, float]:
    return dict.fromkeys(LABELS, 0.0) | some


def test_the_label_is_that_of_most_frames() -> None:
    frames = [scores(sad=0.6, neutral=0.4), scores(sad=0.5, neutral=0.4), scores(neutral=0.9)]
    found = reading("face", Emotion.SAD, 1.0, frames, [scores(sad=0.1), scores(sad=0.3)])
    assert found.label == "sad" and found.read
    assert found.share == pytest.approx(2 / 3)
    assert found.score == pytest.approx(1.1 / 3)
    assert found.neutral_score == pytest.approx(0.2)
    assert found.labels == {"sad": 2, "neutral": 1}
    assert not reading("face", Emotion.HAPPY, 1.0, frames, frames).read


def test_all_that_the_judge_knows_is_asked_for() -> None:
    assert {*JUDGED, Emotion.NEUTRAL} == {Emotion(label) for label in LABELS}


def test_tables_tell_whether_scores_rise() -> None:
    readings = [
        reading("face", Emotion.SAD, intensity, [scores(sad=score)], [scores()])
        for intensity, score in ((0.33, 0.2), (1.0, 0.7), (0.66, 0.5))
    ]
    assert "100% of 1 series" in str(summary(readings).caption)
    assert summary(readings).row_count == by_portrait(readings).row_count == 1


def test_thinned_rows_are_rows_of_the_plan() -> None:
    plan = plan_speech(speech(SENTENCE), 25)
    thin = thinned(plan, 3)
    assert len(thin) == -(-len(plan) // 3)
    assert np.array_equal(thin.coefficients[4], plan.coefficients[12])
    assert np.array_equal(thin.extra["closure"][1:], plan.extra["closure"][3::3])
