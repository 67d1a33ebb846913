"""A face that is gone now and then: held over short gaps, left alone in long ones, and told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.faces.presence import FADE_FRAMES, HELD_S, presence_of
from backends.faces.tracking import LANDMARKS, Track

FPS = 25.0


def track(found: list[bool]) -> Track:
    """A face of 40 x 60 pixels that goes to the right."""
    rng = np.random.default_rng(0)
    shape = rng.uniform(0, 1, (LANDMARKS, 3)) * [40, 60, 10]
    shape[0], shape[1] = (0, 0, 0), (40, 60, 10)
    steps = np.arange(len(found))[:, None, None] * np.array([2.0, 0, 0])
    return Track(shape + [10, 20, 0] + steps, np.array(found))


def test_a_face_that_is_always_there_says_nothing() -> None:
    presence = presence_of(track([True] * 10), FPS, "me.mp4")
    assert presence.notices == ()
    assert (presence.weights == 1).all()
    assert presence.box(3) == pytest.approx((16, 20, 40, 60))


def test_a_short_gap_is_held() -> None:
    gap = int(HELD_S * FPS)
    presence = presence_of(track([True] * 10 + [False] * gap + [True] * 10), FPS, "me.mp4")
    assert (presence.weights == 1).all()
    (notice,) = presence.notices
    assert f"{gap} of the {20 + gap} frames of me.mp4" in notice.message
    assert "left as they are" not in notice.message


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_drawing_fades_around_long_gaps_and_never_jumps(found: list[bool]) -> None:
    presence = presence_of(track(found), FPS, "me.mp4")
    weights = presence.weights
    assert ((weights >= 0) & (weights <= 1)).all()
    assert np.abs(np.diff(weights)).max(initial=0) <= 1 / FADE_FRAMES + 1e-6
    gone = weights == 0
    assert not (gone & np.array(found)).any()
    assert bool(presence.notices) == (not all(found))
