"""The measures of motion, on landmarks that move as told."""

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.performance import plan_speech
from backends.types import PhonemeSpan
from benchmarks.quality.dynamics import Look, head_rows, mouth_rows, viseme_rows
from benchmarks.quality.motion import (
    EYE_CORNERS,
    IRISES,
    LIDS,
    MESH,
    POINTS,
    Blink,
    Floats,
    Layout,
    Seen,
    aligned,
    at_phones,
    blinks,
    carried,
    correlation,
    eye_slope,
    head_turns,
    lengths_below,
    lips,
    loudness,
    openness,
    phone_class,
    share_below,
    trembling,
)
from benchmarks.quality.sync import planned_opening
from benchmarks.quality.talkers import BARS, summary
from tests.unit.performance.spoken_by_hand import speech

FPS, N = 25, 100
IO = 80.0
"""Pixels between the outer eye corners of the faces below."""
ANGLES = np.deg2rad([[7.0, -4.0, 3.0], [-6.0, 2.0, -5.0], [0.0, 0.0, 0.0]])


def face(layout: Layout, count: int, dimensions: int) -> Floats:
    """(count, d) a face whose eye corners are IO apart, its other points strewn."""
    points = np.random.default_rng(4).normal(0, IO / 2, (count, dimensions))
    points[layout.eye_corners[0]] = 0
    points[layout.eye_corners[1]] = 0
    points[layout.eye_corners[1], 0] = IO
    return points


def turned(points: Floats, angles: NDArray[np.float64]) -> Floats:
    """Turned by yaw, pitch, roll (rad) as `backends.types.POSE` counts them."""
    yaw, pitch, roll = angles
    about_y = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.asarray(points @ (np.array(about_z) @ about_y @ about_x).T)


def test_the_heads_motion_is_taken_out_and_told() -> None:
    still = face(MESH, 478, 3)
    moving = np.stack([still, *(1.1 * turned(still, a) + [30, 9, -5] for a in ANGLES)])
    held, rotations = aligned(moving, MESH)
    np.testing.assert_allclose(held, np.broadcast_to(held[0], held.shape), atol=1e-9)
    assert np.linalg.norm(held[2, 33] - held[2, 263]) == pytest.approx(1.0)
    turns = head_turns(rotations)
    np.testing.assert_allclose(turns[1:], np.degrees(ANGLES), atol=1e-6)


def test_points_are_carried_along_with_the_head() -> None:
    mesh = face(MESH, 478, 3).astype(np.float32)
    points = face(POINTS, 68, 2).astype(np.float32)
    turn = np.array([[0.9, 0.2], [-0.2, 0.9]], np.float32)
    moved = np.column_stack([mesh[:, :2] @ turn + [12, -7], mesh[:, 2]]).astype(np.float32)
    moved[list(MESH.lower)] += 20
    np.testing.assert_allclose(carried(points, mesh, moved), points @ turn + [12, -7], atol=1e-3)


def talking(layout: Layout, gap: Floats, count: int, dimensions: int) -> Floats:
    """(n, count, d) a face whose upper lip does a third of the gap, and whose mouth widens with it."""
    points = np.repeat(face(layout, count, dimensions)[None], len(gap), 0)
    for k, (above, below) in enumerate(zip(layout.upper, layout.lower, strict=True)):
        points[:, [above, below]] = 0
        points[:, [above, below], 0] = 10.0 * k
        points[:, above, 1] = 60 - gap * IO / 3
        points[:, below, 1] = 60 + gap * IO * 2 / 3
    left, right = layout.corners
    points[:, [left, right]] = 0
    points[:, left, 0] = 40 + 10 * gap
    return points


@pytest.mark.parametrize(("layout", "count", "dimensions"), [(MESH, 478, 3), (POINTS, 68, 2)])
def test_lips_are_measured(layout: Layout, count: int, dimensions: int) -> None:
    gap = 0.1 - 0.1 * np.cos(np.arange(N) * 2 * np.pi * 2 / FPS)
    found = lips(aligned(talking(layout, gap, count, dimensions), layout)[0], layout)
    np.testing.assert_allclose(found.gap, gap, atol=1e-9)
    assert np.ptp(found.upper) == pytest.approx(np.ptp(gap) / 3)
    assert np.ptp(found.lower) == pytest.approx(np.ptp(gap) * 2 / 3)
    assert correlation(found.width, gap) == pytest.approx(1.0)
    assert found.upper.max() > 0 and found.lower.max() > 0 and found.width.max() > 0.04


def test_eyes_that_stay_on_the_camera_have_a_positive_slope() -> None:
    yaw = np.linspace(-5, 5, 30)
    points = np.zeros((30, 478, 3))
    points[:, list(EYE_CORNERS), 0] = [0, 1, 2, 3]
    points[:, list(IRISES), 0] = 1.5 - 0.0016 * yaw[:, None]
    assert eye_slope(points, yaw) == pytest.approx(0.0016)


def test_a_steady_glide_does_not_tremble() -> None:
    glide = np.repeat(face(POINTS, 68, 2)[None], N, 0) + np.arange(N)[:, None, None]
    assert trembling(glide, POINTS) == pytest.approx(0, abs=1e-9)
    glide[::2] += [0.0, 1.0]
    assert trembling(glide, POINTS) == pytest.approx(2 / IO, rel=0.02)


def test_a_blink_is_timed() -> None:
    opened = np.ones(N)
    fall, rise = np.linspace(1, 0, 4), np.linspace(0, 1, 11)
    opened[40:54] = [*fall[:3], *rise]
    (found,) = blinks(opened, 50)
    expected = Blink(0.72 / (1 / 3) * 20, 0.18 / (1 / 3) * 20 + 1.8 * 20, 7.2 * 20)
    np.testing.assert_allclose(found, expected, atol=5)
    assert blinks(np.ones(N), 50) == []
    cut = np.ones(N)
    cut[:6] = 0
    assert blinks(cut, 50) == [], "one that the clip cuts off has no times"


def test_openness_is_that_of_both_eyes() -> None:
    mesh = np.zeros((N, 478, 3))
    for (above, below), (left, _) in LIDS:
        mesh[:, below, 1], mesh[:, left, 0] = 10, 30
        mesh[50:55, above, 1] = 8
    found = openness(mesh)
    assert found[0] == pytest.approx(1.0) and found[52] == pytest.approx(0.2)


def test_closures_are_timed_between_frames() -> None:
    gap = np.full(N, 0.1)
    gap[50:53] = 0
    (long,) = lengths_below(gap, FPS, 0.03, [(51 + 0.5) / FPS])
    assert long == pytest.approx(2 * 40 + 2 * 0.3 * 40, abs=9)
    assert lengths_below(gap, FPS, 0.03, [1.0]) == [0]


def test_slow_and_fast_are_told_apart() -> None:
    t = np.arange(200) / FPS
    slow, fast = np.sin(2 * np.pi * 0.5 * t), np.sin(2 * np.pi * 4 * t)
    assert share_below(slow + 3 * t, FPS, 1.0) > 0.9
    assert share_below(fast, FPS, 1.0) < 0.01
    assert share_below(np.zeros(50), FPS, 1.0) == 1.0
    assert correlation(slow, np.zeros(200)) == 0


def test_loudness_is_the_sounds_in_the_frame() -> None:
    samples = np.zeros(8000, np.float32)
    samples[4000:] = 0.5
    found = loudness(samples, 8000, 25, FPS)
    assert found.shape == (25,)
    assert found[3] == pytest.approx(np.log(1e-4))
    assert found[20] == pytest.approx(np.log(0.5), abs=1e-3)


def test_phones_have_classes_and_values() -> None:
    assert phone_class("ˈɑː") == "a" and phone_class("t") == "t d n l" and phone_class("_") is None
    spans = [PhonemeSpan("ˈi", 0.4, 0.6), PhonemeSpan("?", 0.6, 0.7)]
    ((name, value),) = at_phones(np.arange(25.0), FPS, spans, 0.02)
    assert name == "i" and value == pytest.approx(0.48 * FPS - 0.5)


def look(gain: float = 1.0) -> Look:
    """A clip whose gap, seen by both models, is what was planned, times a gain."""
    said = speech("_:0.3 t ˈa:0.15 m:0.08 ˈi:0.15 t _:0.2 s ˈa:0.15 t f ˈɛ:0.12 t _:0.5")
    plan = plan_speech(said, FPS)
    gap = 0.25 * gain * planned_opening(plan)
    seen = Seen(FPS, talking(MESH, gap, 478, 3), talking(POINTS, gap, 68, 2), 0)
    return Look("anyone", 0, said, plan, seen)


@pytest.mark.parametrize("layout", [MESH, POINTS])
def test_a_clip_that_does_as_planned_is_found_so(layout: Layout) -> None:
    rows = mouth_rows(look(), layout)
    assert rows["r(opening planned, found)"] > 0.99
    assert abs(rows["lag of the opening, ms"]) <= 5
    assert rows["p b m closed"] == 1.0
    assert 60 <= rows["p b m closed, ms"] <= 160
    assert rows["gap in short pauses (io)"] > 0.01
    assert rows["r(width, gap)"] > 0.9


def test_lips_that_hardly_move_fall_out_of_the_bars() -> None:
    good, small = (summary([{"portrait": "a"} | mouth_rows(look(g), POINTS)]) for g in (1.0, 0.2))
    assert small["gap std (io)"]["mean"] == pytest.approx(0.2 * good["gap std (io)"]["mean"])
    assert not small["gap std (io)"]["holds"]
    assert set(good) <= set(BARS)


def test_visemes_are_shares_of_the_portraits_own_opening() -> None:
    once, twice = viseme_rows([look()]), viseme_rows([look(2.0)])
    assert once["a"][0] == 2 and once["p b m"][1] < 0.05 < once["t d n l"][1] < once["a"][1]
    assert twice["a"][1] == pytest.approx(once["a"][1])


def test_a_head_that_holds_still_is_found_so() -> None:
    still = look()
    mesh = np.repeat(still.seen.mesh[:1], len(still.seen.mesh), 0)
    seen = Seen(FPS, mesh, still.seen.points, 0)
    rows = head_rows(Look("anyone", 0, still.speech, still.plan, seen))
    assert rows["head yaw std (deg)"] == pytest.approx(0, abs=1e-6)
    assert rows["blinks a minute"] == 0
