"""A reference video made ready: where every vertex of the rig's mesh lies in each of its frames, and what it would be
without the frame's own expression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.mesh import FaceFrame, Mesh, smoothstep
from backends.animation.rig.topology import (
    EYES,
    INNER_LOWER,
    INNER_UPPER,
    LOWER_LIP,
    OVAL,
    SKIN_POINTS,
    UPPER_LIP,
    Eye,
)
from backends.faces.tracking import Track, angles_deg, place

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

LIPS = tuple({i for ring in (*UPPER_LIP, *LOWER_LIP) for i in ring})
BROWS = (
    46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336,
)  # fmt: skip
NOSE = (6, 197, 195, 5, 4, 1, 2, 98, 327, 129, 358)
"""Bridge, tip, base and wings, which turn with the head more than any expression moves them."""
BELOW_EYES = (0.16, 0.38)
"""Eye distances below the eyes between which a frame's own expression begins to be replaced."""
BESIDE_BROWS, BESIDE_NOSE = 0.16, 0.12
"""Eye distances within which brows are replaced and the nose is left alone."""
OUTSIDE = 0.5
"""Eye distances beyond the outline of the face over which what its own expression moved fades out."""
RIDGE = 10.0
"""Of the regression of shape on pose, in degrees squared: smaller turns say little of it."""
TURNING_SHARE = 0.15
"""Of the video, at its end and its beginning, where the loop may turn: it does where the head is stillest."""
SHUT_EYE, OPEN_EYE = 0.07, 0.14
"""Height of an eye's opening in widths of the eye: shut, and open enough for lids to be moved."""


@dataclass(frozen=True, slots=True)
class Footing:
    """Every frame's geometry; lengths in eye distances, in the face's frame of the best one."""

    source: Floats
    """(n, v, 2) pixels: the mesh's vertices in the frame."""
    relaxed: Floats
    """(n, v, 3) the same in the face's frame, without the frame's own expression around mouth and brows."""
    faces: tuple[FaceFrame, ...]
    """Where the head is."""
    own_gap: Floats
    """(n,) between the lips, of the frame itself."""
    awake: Floats
    """(n,) 0 where the eyes are shut, 1 where they are open."""
    undone: Floats
    """(v,) the most that a vertex loses of its frames' own expressions."""
    order: NDArray[np.int32]
    """Frames of the video as they are shown, forth and back."""
    repeat: int
    """Where in `order` it goes on after its end."""

    def at(self, step: int) -> int:
        """The frame of the video that is shown after so many of them."""
        past = len(self.order)
        if step < past:
            return int(self.order[step])
        return int(self.order[self.repeat + (step - self.repeat) % (past - self.repeat)])


def best_frame(track: Track) -> int:
    """The frame whose face is nearest to rest: seen, frontal, eyes open, lips closed, no smile."""
    points = track.landmarks
    unit = np.linalg.norm(points[:, 33] - points[:, 263], axis=1)
    gap = _lip_gaps(points) / unit
    lift = (points[:, [13, 14], 1].mean(1) - points[:, [61, 291], 1].mean(1)) / unit
    across = points[:, 263] - points[:, 33]
    turned = np.abs(np.arctan2(across[:, 2], across[:, 0]))
    stir = np.abs(np.gradient(points[:, :, :2], axis=0)).mean((1, 2)) / unit
    cost = 6 * gap + 3 * np.maximum(lift, 0) + 0.5 * turned + 20 * stir
    cost += 2 * (1 - _awake(points)) + 10 * ~track.found
    return int(cost.argmin())


def lay_footing(track: Track, best: int, mesh: Mesh, rigid: Array) -> Footing:
    """Aligns the rig's mesh with every frame of a tracked video.

    Args:
        best: From `best_frame`.
        mesh: Of that frame.
        rigid: (v,) 1 for vertices under the frame of glasses.
    """
    count = len(track)
    landmarks = track.landmarks[:, :SKIN_POINTS]
    placed = [place(mesh.local, points) for points in landmarks]
    faces = tuple(FaceFrame(p.rotation.T, p.shift, p.scale) for p in placed)
    local = np.repeat(mesh.local[None], count, axis=0)
    for k, face in enumerate(faces):
        local[k, :SKIN_POINTS] = face.to_local(landmarks[k])
    source = np.stack([f.to_pixels(p)[:, :2] for f, p in zip(faces, local, strict=True)])
    turns = np.array([angles_deg(p.rotation) for p in placed])
    change = local - mesh.local
    expression = change - _with_pose(change, turns, best)
    away = -expression * (_weights(mesh.local) * (1.0 - rigid))[None, :, None]
    away += _spread(mesh.local) @ away[:, list(OVAL)]
    order, repeat = _order(landmarks)
    return Footing(
        source=source.astype(np.float32),
        relaxed=(local + away).astype(np.float32),
        faces=faces,
        own_gap=(_lip_gaps(local)).astype(np.float32),
        awake=_awake(landmarks).astype(np.float32),
        undone=np.abs(away).max((0, 2)).astype(np.float32),
        order=order,
        repeat=repeat,
    )


def _with_pose(change: Array, turns: Array, best: int) -> Array:
    """(n, v, 3) the part of the landmarks' changes that follows the head's turning: their depth is estimated, so that a
    turning face seems to change its shape. The lips get one common shift, so that it cannot part them."""
    features = turns - turns.mean(0)
    system = features.T @ features + RIDGE * len(change) * np.eye(3)
    flat = change.reshape(len(change), -1)
    slopes = np.linalg.solve(system, features.T @ (flat - flat.mean(0)))
    found: Array = ((turns - turns[best]) @ slopes).reshape(change.shape)
    found[:, list(LIPS)] = found[:, list(LIPS)].mean(1, keepdims=True)
    return found


def _weights(local: Array) -> Array:
    """(v,) 1 where a frame's own expression is replaced, 0 where it stays: eyes, nose, outline of the upper face."""
    from_y, to_y = BELOW_EYES
    lower = smoothstep((local[:, 1] - from_y) / (to_y - from_y))
    lower *= 1.0 - _near(local, NOSE, BESIDE_NOSE)
    brows = _near(local, BROWS, BESIDE_BROWS)
    for eye in EYES:
        brows[[*eye.contour, *eye.crease, *eye.pouch]] = 0.0
    weight = np.maximum(lower, brows)
    weight[SKIN_POINTS:] = 0.0
    return weight


def _near(local: Array, points: tuple[int, ...], reach: float) -> Array:
    """(v,) 1 at some landmarks, 0 from `reach` off them on."""
    away = np.linalg.norm(local[:, None, :2] - local[None, list(points), :2], axis=2).min(1)
    return smoothstep(1.0 - away / reach)


def _spread(local: Array) -> Array:
    """(v, 36) what vertices beyond the face's outline take of its points' movements."""
    outer = local[SKIN_POINTS:, :2]
    away = np.linalg.norm(outer[:, None] - local[None, list(OVAL), :2], axis=2)
    share = 1.0 / (away + 0.03) ** 3
    share /= share.sum(1, keepdims=True)
    share *= smoothstep(1.0 - away.min(1) / OUTSIDE)[:, None]
    return np.concatenate([np.zeros((SKIN_POINTS, len(OVAL))), share])


def _lip_gaps(points: Array) -> Array:
    """(n,) of points (n, v, 3), in their unit."""
    gaps = points[:, list(INNER_LOWER[1:-1])] - points[:, list(INNER_UPPER[1:-1])]
    wide: Array = np.linalg.norm(gaps[..., :2], axis=2).max(1)
    return wide


def _awake(points: Array) -> Array:
    """(n,) of landmarks (n, 468 or more, 3)."""

    def opening(eye: Eye) -> Array:
        across = np.linalg.norm(points[:, eye.outer, :2] - points[:, eye.inner, :2], axis=1)
        lids = points[:, list(eye.lower[2:5]), :2] - points[:, list(eye.upper[2:5]), :2]
        height: Array = np.linalg.norm(lids, axis=2).mean(1) / np.maximum(across, 1e-6)
        return height

    lowest = np.minimum(*(opening(eye) for eye in EYES))
    return smoothstep((lowest - SHUT_EYE) / (OPEN_EYE - SHUT_EYE))


def _order(landmarks: Array) -> tuple[NDArray[np.int32], int]:
    """The video forth, back to a still frame near its beginning, and so on: a loop without a cut."""
    count = len(landmarks)
    steps = np.abs(np.gradient(landmarks[:, :, :2], axis=0)).mean((1, 2))
    reach = max(1, int(TURNING_SHARE * count))
    last = count - reach + int(steps[count - reach :].argmin())
    first = int(steps[:reach].argmin())
    forth, back = np.arange(0, last + 1), np.arange(last - 1, first, -1)
    return np.concatenate([forth, back]).astype(np.int32), first
