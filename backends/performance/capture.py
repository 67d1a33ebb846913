"""What a filmed face does, as a performance: landmarks become ARKit coefficients, head pose, gaze and closed lips.

All is measured in the head's own frame, in eye distances, as differences from the person's own neutral (percentiles
over the video), so that another face can do the same. A coefficient of 1 is the movement that the portrait rig makes of
it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.spatial.transform import Rotation

from backends.faces.tracking import Track, place, track_face
from backends.performance.eyes import look
from backends.performance.noise import Floats, smoothstep
from backends.performance.visemes import JAW_DROPS, LOWER_DROPS, UPPER_LIFTS
from backends.types import COEFFICIENTS, INDEX, FloatArray, ImageArray, Performance

RIGHT, LEFT = "Right", "Left"
EYES = {
    RIGHT: (33, 133, (160, 159, 158), (144, 145, 153), (468, 469, 470, 471, 472)),
    LEFT: (263, 362, (387, 386, 385), (373, 374, 380), (473, 474, 475, 476, 477)),
}
"""Outer and inner corner, middle of the upper and of the lower lid, iris; MediaPipe's numbering."""
INNER_BROW = {RIGHT: (55, 107), LEFT: (285, 336)}
OUTER_BROW = {RIGHT: (46, 63, 53), LEFT: (276, 293, 283)}
CORNER = {RIGHT: 61, LEFT: 291}
UPPER_MIDDLE, LOWER_MIDDLE = (82, 13, 312), (87, 14, 317)
NOSE_BASE, CHIN = 2, 152

TOUCHING = 0.018
"""Gap between lips that counts as touching, beyond the smallest of the video."""
CLOSED_PERCENTILE, NEUTRAL_PERCENTILE = 3, 50
OPEN_EYE_PERCENTILE = 75
SHUT_SHARE = 0.33
"""Height of a shut eye in heights of the open one, where the video shows none that is more shut."""
CHIN_DROPS = 0.33
"""Eye distances by which jawOpen 1 lowers the chin."""
LARGEST_REST_LIFT = 0.03
"""A face whose mouth corners are higher than this above the lips' middle smiles all the time."""
JAW_TAKES_CORNERS = 0.16
"""Share of an opening by which the corners of the mouth sink."""
SMILE_LIFTS, SMILE_WIDENS, FROWN_DROPS = 0.13, 0.20, 0.09
STRETCH_WIDENS, PUCKER_NARROWS = 0.20, 0.24
BROW_UP, BROW_DOWN, EYE_WIDENS = 0.11, 0.10, 0.30
BROW_NOISE = 0.01
"""Eye distances that the landmarks of still brows wander, more under glasses: less is no movement."""
CHEEKS_WITH_SMILE = 0.4
EYEBALL_RADIUS = 0.19
"""12 mm (Bekerman et al. 2014) of an eye distance of 63 mm."""
NECK = np.array([0.0, 1.55, 0.95])
"""About which heads turn: below and behind the middle between the eyes."""
CAMERA_DISTANCE = 11.0


def capture(frames: Iterable[ImageArray], fps: int, video_fps: float, name: str) -> Performance:
    """The performance of the largest face in a video.

    Args:
        frames: (h, w, 3) uint8 RGB each, upright.
        fps: Of the performance.
        video_fps: Of the frames.
        name: What messages call the video.

    Raises:
        NoFaceError: no face, or it is lost too often.
    """
    return resampled(read_track(track_face(frames, name)), video_fps, fps)


def read_track(track: Track) -> Performance:
    """The performance of tracked landmarks, a row a frame; its fps is not set."""
    shape = _person(track)
    placed = [place(shape, points) for points in track.landmarks]
    local = np.stack([p.to_local(q) for p, q in zip(placed, track.landmarks, strict=True)])
    table = np.zeros((len(track), len(COEFFICIENTS)))
    closure = _mouth(table, local)
    _brows(table, local)
    _lids(table, local)
    gaze = _gaze(local)
    for channel, value in look(gaze[:, 0], gaze[:, 1]).items():
        table[:, INDEX[channel]] = value
    turns = np.stack([p.rotation for p in placed])
    shifts = np.stack([p.shift for p in placed])
    pose = _pose(turns, shifts, np.array([p.scale for p in placed]))
    still = np.zeros(len(track), np.float32)
    return Performance(
        coefficients=np.clip(table, 0.0, 1.0).astype(np.float32),
        pose=pose.astype(np.float32),
        gaze=gaze.astype(np.float32),
        extra={
            "closure": closure.astype(np.float32), "tongue": still, "teeth": still,
            "relax": np.ones_like(still),
        },
    )  # fmt: skip


def resampled(rows: Performance, video_fps: float, fps: int) -> Performance:
    """Rows at another rate, each between the two around the middle of its time."""
    count = max(1, round(len(rows) * fps / video_fps))
    at = ((np.arange(count) + 0.5) / fps * video_fps - 0.5).clip(0, len(rows) - 1)
    before = np.floor(at).astype(int)
    after, part = np.minimum(before + 1, len(rows) - 1), (at - before).astype(np.float32)

    def between(values: FloatArray) -> FloatArray:
        share = part if values.ndim == 1 else part[:, None]
        mixed = values[before] * (1 - share) + values[after] * share
        return np.asarray(mixed, np.float32)

    return Performance(
        coefficients=between(rows.coefficients),
        pose=between(rows.pose),
        gaze=between(rows.gaze),
        extra={name: between(values) for name, values in rows.extra.items()},
        fps=fps,
    )


def _person(track: Track) -> Floats:
    """(478, 3) the person's own shape in eye distances, axes as `FaceFrame`, origin between the eyes."""
    seen = track.landmarks[track.found]
    middles = {side: seen[:, [outer, inner]].mean(1) for side, (outer, inner, *_) in EYES.items()}
    across = middles[LEFT] - middles[RIGHT]
    units = np.linalg.norm(across, axis=1)
    x = across / units[:, None]
    down = seen[:, CHIN] - seen[:, 10]
    y = down - x * (x * down).sum(1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    axes = np.stack([x, y, np.cross(x, y)], axis=1)
    origin = (middles[LEFT] + middles[RIGHT]) / 2
    local = np.einsum("npj,nij->npi", seen - origin[:, None], axes) / units[:, None, None]
    shape: Floats = np.median(local, axis=0)
    return shape


def _mouth(table: Floats, local: Floats) -> Floats:
    """Lays the mouth into the table; (n,) how closed the lips are."""
    lips = local[:, LOWER_MIDDLE, 1].mean(1), local[:, UPPER_MIDDLE, 1].mean(1)
    gap = np.maximum(lips[0] - lips[1], 0.0)
    opening = np.maximum(gap - np.percentile(gap, CLOSED_PERCENTILE), 0.0)
    chin = local[:, CHIN, 1] - local[:, NOSE_BASE, 1]
    drop = np.maximum(chin - np.percentile(chin, 2 * CLOSED_PERCENTILE), 0.0)
    # Half from the chin, whose landmark is less sure, half from the gap itself.
    jaw = np.minimum(0.5 * drop / CHIN_DROPS + 0.5 * opening / JAW_DROPS, opening / JAW_DROPS)
    lift = _above(local[:, NOSE_BASE, 1] - lips[1], NEUTRAL_PERCENTILE)
    upper = np.clip(lift / UPPER_LIFTS, 0.0, 1.0) * (opening > TOUCHING)
    lower = (opening - JAW_DROPS * jaw - UPPER_LIFTS * upper) / LOWER_DROPS
    width = local[:, CORNER[LEFT], 0] - local[:, CORNER[RIGHT], 0]
    wider = width - np.percentile(width, NEUTRAL_PERCENTILE)
    lifts = (lips[0] + lips[1]) / 2 - local[:, list(CORNER.values()), 1].mean(1) - opening / 4
    always = max(float(np.percentile(lifts, NEUTRAL_PERCENTILE)) - LARGEST_REST_LIFT, 0.0)
    smiles = {}
    for side, corner in CORNER.items():
        height = local[:, NOSE_BASE, 1] - local[:, corner, 1] + JAW_TAKES_CORNERS * opening
        raised = _above(height, NEUTRAL_PERCENTILE) + always
        smile = np.maximum(raised, 0.0) / SMILE_LIFTS
        smiles[side] = smile
        table[:, INDEX["mouthSmile" + side]] = smile
        table[:, INDEX["mouthFrown" + side]] = np.maximum(-raised, 0.0) / FROWN_DROPS
        table[:, INDEX["cheekSquint" + side]] = CHEEKS_WITH_SMILE * np.minimum(smile, 1.0)
        table[:, INDEX["mouthUpperUp" + side]] = upper
        table[:, INDEX["mouthLowerDown" + side]] = lower
    both = np.minimum((smiles[LEFT] + smiles[RIGHT]) / 2, 1.0)
    spread = wider - SMILE_WIDENS * both
    for side in CORNER:
        table[:, INDEX["mouthStretch" + side]] = np.maximum(spread, 0.0) / STRETCH_WIDENS
    table[:, INDEX["mouthPucker"]] = np.maximum(-spread, 0.0) / PUCKER_NARROWS * (1.0 - both)
    table[:, INDEX["jawOpen"]] = jaw
    closure = 1.0 - smoothstep(opening / TOUCHING)
    table[:, INDEX["mouthClose"]] = closure * np.clip(jaw, 0.0, 1.0)
    return closure


def _brows(table: Floats, local: Floats) -> None:
    inner, outer = [], []
    for side, (corner_out, corner_in, *_) in EYES.items():
        inner.append(local[:, corner_in, 1] - local[:, INNER_BROW[side], 1].mean(1))
        outer.append(local[:, corner_out, 1] - local[:, OUTER_BROW[side], 1].mean(1))
        up = _above(outer[-1], 50)
        down = -_above(inner[-1], 50)
        table[:, INDEX["browOuterUp" + side]] = np.maximum(up - BROW_NOISE, 0.0) / BROW_UP
        table[:, INDEX["browDown" + side]] = np.maximum(down - BROW_NOISE, 0.0) / BROW_DOWN
    up = _above(np.mean(inner, 0), 50)
    table[:, INDEX["browInnerUp"]] = np.maximum(up - BROW_NOISE, 0.0) / BROW_UP


def _lids(table: Floats, local: Floats) -> None:
    for side, (outer, inner, upper, lower, _) in EYES.items():
        width = np.linalg.norm(local[:, outer] - local[:, inner], axis=1)
        height = np.linalg.norm(local[:, upper] - local[:, lower], axis=2).mean(1) / width
        opened = float(np.percentile(height, OPEN_EYE_PERCENTILE))
        shut = min(float(height.min()), SHUT_SHARE * opened)
        blink = (0.92 * opened - height) / (0.92 * opened - shut)
        table[:, INDEX["eyeBlink" + side]] = np.maximum(blink, 0.0)
        table[:, INDEX["eyeWide" + side]] = np.maximum(height / opened - 1.08, 0.0) / EYE_WIDENS


def _gaze(local: Floats) -> Floats:
    """(n, 2) degrees from the person's usual gaze; of the mean of both eyes."""
    offsets = []
    for outer, inner, _, _, iris in EYES.values():
        offsets.append(local[:, iris, :2].mean(1) - local[:, [outer, inner], :2].mean(1))
    offset = np.mean(offsets, axis=0)
    offset = (offset - np.median(offset, axis=0)) / EYEBALL_RADIUS
    degrees: Floats = np.rad2deg(np.arcsin(np.clip(offset, -0.6, 0.6)))
    return degrees


def _pose(turns: Floats, shifts: Floats, scales: Floats) -> Floats:
    """(n, 6) as `backends.types.POSE`, from the person's usual pose."""
    unit = float(np.median(scales))
    usual = Rotation.from_matrix(turns).mean().as_matrix()
    relative = turns @ usual.T
    yaw = np.arcsin(np.clip(relative[:, 2, 0], -1.0, 1.0))
    pitch = np.arctan2(relative[:, 2, 1], relative[:, 2, 2])
    roll = np.arctan2(relative[:, 1, 0], relative[:, 0, 0])
    at = (shifts - np.median(shifts, axis=0)) / unit
    about_neck = NECK - relative @ NECK
    moved = at - (about_neck - np.median(about_neck, axis=0))
    away = (unit / scales - 1.0) * CAMERA_DISTANCE
    degrees = np.rad2deg(np.stack([yaw, pitch, roll], axis=1))
    return np.column_stack([degrees, moved[:, 0], moved[:, 1], away])


def _above(values: Floats, percentile: float) -> Floats:
    """Values as differences from the person's own neutral."""
    return values - np.percentile(values, percentile)
