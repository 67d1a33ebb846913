"""Captured faces: what was done to the landmarks is what the performance says."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from backends.faces.detect import find_faces
from backends.faces.images import read_image
from backends.faces.presets import preset
from backends.faces.tracking import Track
from backends.performance.capture import EYES, NECK, read_track, resampled
from backends.types import Performance

Array = NDArray[np.float64]
FRAMES = 60
WAVE = np.maximum(0.0, -np.cos(2 * np.pi * np.arange(FRAMES) / 30))
"""0 to 1 and back, twice, with a rest between."""
LOWER_FACE = (14, 17, 87, 317, 178, 402, 88, 318, 152, 148, 377, 176, 400, 199, 200, 18, 83, 313)


@pytest.fixture(scope="module")
def still() -> Array:
    """A face with closed lips, its own frame in pixels."""
    return find_faces(read_image(preset("hopper").path))[0].landmarks.astype(np.float64)


def unit(points: Array) -> float:
    corners = [points[list(EYES[side][:2])].mean(0) for side in ("Left", "Right")]
    return float(np.linalg.norm(corners[0] - corners[1]))


def captured(still: Array, move: Callable[[Array, float], Array]) -> Performance:
    """Of a face moved by `move(points, amount)` with the amounts of WAVE."""
    rng = np.random.default_rng(1)
    frames = np.stack([move(still.copy(), float(amount)) for amount in WAVE])
    frames += rng.normal(scale=0.002 * unit(still), size=frames.shape)
    return read_track(Track(frames, np.ones(FRAMES, bool)))


def shifted(indices: tuple[int, ...], x: float = 0.0, y: float = 0.0) -> Callable[..., Array]:
    def move(points: Array, amount: float) -> Array:
        points[list(indices)] += amount * unit(points) * np.array([x, y, 0.0])
        return points

    return move


@pytest.mark.parametrize(
    ("channel", "indices", "x", "y"),
    [
        ("jawOpen", LOWER_FACE, 0.0, 0.2),
        ("mouthSmileLeft", (291,), 0.05, -0.08),
        ("mouthSmileRight", (61,), -0.05, -0.08),
        ("mouthFrownLeft", (291,), 0.0, 0.06),
        ("mouthPucker", (291,), -0.15, 0.0),
        ("browOuterUpLeft", (276, 293, 283), 0.0, -0.08),
        ("browInnerUp", (55, 107, 285, 336), 0.0, -0.08),
        ("browDownRight", (55, 107), 0.0, 0.06),
    ],
)
def test_a_moved_part_moves_its_coefficient(
    still: Array, channel: str, indices: tuple[int, ...], x: float, y: float
) -> None:
    rows = captured(still, shifted(indices, x, y))
    found = rows.channel(channel)
    assert np.corrcoef(found, WAVE)[0, 1] > 0.9
    assert found.max() > 0.35
    assert found.min() < 0.12


def test_a_shut_eye_blinks_and_the_other_does_not(still: Array) -> None:
    _, _, upper, lower, _ = EYES["Left"]

    def shut(points: Array, amount: float) -> Array:
        points[list(upper)] += 0.95 * amount * (points[list(lower)] - points[list(upper)])
        return points

    rows = captured(still, shut)
    assert np.corrcoef(rows.channel("eyeBlinkLeft"), WAVE)[0, 1] > 0.9
    assert rows.channel("eyeBlinkLeft").max() > 0.9
    assert rows.channel("eyeBlinkRight").max() < 0.35


@pytest.mark.parametrize(("axis", "channel", "sign"), [("y", 0, -1), ("x", 1, 1), ("z", 2, 1)])
def test_a_turned_head_is_told_in_degrees_and_nothing_else_moves(
    still: Array, axis: str, channel: int, sign: int
) -> None:
    middle = np.mean([still[list(EYES[side][:2])].mean(0) for side in EYES], axis=0)

    def turn(points: Array, amount: float) -> Array:
        rotation = Rotation.from_euler(axis, sign * 12 * amount, degrees=True).as_matrix()
        pivot = middle + unit(still) * NECK
        return (points - pivot) @ rotation.T + pivot

    rows = captured(still, turn)
    assert np.ptp(rows.pose[:, channel]) == pytest.approx(12, abs=1.0)
    assert np.corrcoef(rows.pose[:, channel], WAVE)[0, 1] > 0.99
    others = [k for k in range(3) if k != channel]
    assert np.ptp(rows.pose[:, others], axis=0).max() < 2.0
    assert np.ptp(rows.pose[:, 3:5], axis=0).max() < 0.08
    assert rows.channel("jawOpen").max() < 0.15
    assert rows.channel("mouthSmileLeft").max() < 0.3


def test_gaze_follows_the_irises(still: Array) -> None:
    irises = (*EYES["Left"][4], *EYES["Right"][4])
    rows = captured(still, shifted(irises, x=0.04))
    assert np.corrcoef(rows.gaze[:, 0], WAVE)[0, 1] > 0.95
    assert 8 < np.ptp(rows.gaze[:, 0]) < 18


def test_touching_lips_are_closed_and_parted_ones_are_not(still: Array) -> None:
    rows = captured(still, shifted(LOWER_FACE, y=0.2))
    assert rows.extra["closure"][WAVE < 0.01].min() > 0.6
    assert rows.extra["closure"][WAVE > 0.5].max() == 0.0


def test_another_rate_keeps_the_motion(still: Array) -> None:
    rows = captured(still, shifted(LOWER_FACE, y=0.2))
    slower = resampled(rows, video_fps=30.0, fps=25)
    assert len(slower) == 50
    assert slower.fps == 25
    times = (np.arange(50) + 0.5) / 25
    expected = np.interp(times, (np.arange(FRAMES) + 0.5) / 30, rows.channel("jawOpen"))
    assert slower.channel("jawOpen") == pytest.approx(expected, abs=1e-4)
