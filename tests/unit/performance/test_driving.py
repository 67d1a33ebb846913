"""Speech that follows a driving video."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.performance.driving import DrivenPlanner, follow, forth_and_back
from backends.performance.planner import Planner, plan_speech
from backends.types import COEFFICIENTS, INDEX, Performance
from tests.unit.performance.spoken_by_hand import SENTENCE, cut, speech


@pytest.fixture(scope="module")
def driving() -> Performance:
    rng = np.random.default_rng(3)
    still = np.zeros(40, np.float32)
    return Performance(
        coefficients=rng.random((40, len(COEFFICIENTS)), np.float32),
        pose=rng.random((40, 6), np.float32),
        gaze=rng.random((40, 2), np.float32),
        extra=dict.fromkeys(("closure", "tongue", "teeth", "relax"), still),
    )


@given(count=st.integers(1, 50), start=st.integers(0, 10_000))
def test_a_loop_never_jumps(count: int, start: int) -> None:
    at = forth_and_back(np.arange(start, start + 200), count)
    assert at.min() >= 0
    assert at.max() < count
    assert np.abs(np.diff(at)).max() <= 1
    assert set(forth_and_back(np.arange(2 * count), count)) == set(range(count))


def test_the_first_pass_is_the_video_itself() -> None:
    assert forth_and_back(np.arange(7), 4).tolist() == [0, 1, 2, 3, 2, 1, 0]


def test_speech_keeps_the_mouth_and_the_video_the_rest(driving: Performance) -> None:
    spoken = plan_speech(speech(SENTENCE), 25)
    rows = follow(spoken, driving)
    at = forth_and_back(np.arange(len(rows)), 40)
    for name in ("jawOpen", "mouthSmileLeft", "mouthClose"):
        assert (rows.channel(name) == spoken.channel(name)).all()
    for name in ("browInnerUp", "eyeBlinkLeft", "eyeLookUpRight"):
        assert (rows.channel(name) == driving.coefficients[at, INDEX[name]]).all()
    assert (rows.pose == driving.pose[at]).all()
    assert (rows.gaze == driving.gaze[at]).all()
    assert rows.extra is spoken.extra


def test_planned_in_pieces_is_planned_whole(driving: Performance) -> None:
    whole = speech(SENTENCE)
    planner = DrivenPlanner(Planner(25), driving)
    pieces = [planner.push(chunk) for chunk in cut(whole, [5, 12, 20]).chunks]
    rows = Performance.join([*(p for p in pieces if p is not None), planner.finish()])
    expected = follow(plan_speech(whole, 25), driving)
    assert np.array_equal(rows.coefficients, expected.coefficients)
    assert np.array_equal(rows.pose, expected.pose)
