"""The mesh and how coefficients move it."""

import numpy as np
import pytest

from backends.animation.rig.controls import Controls, read
from backends.animation.rig.deform import FaceShape, deform, lip_gap
from backends.animation.rig.engine import RigAvatar
from backends.animation.rig.mesh import FaceFrame
from backends.animation.rig.pose import TURN_LIMITS_DEG, HeadPose, soft_limit
from backends.animation.rig.solver import Surface
from backends.animation.rig.topology import (
    EYES,
    INNER_LOWER,
    INNER_UPPER,
    LEFT_EYE,
    MOUTH_LEFT_CORNER,
    MOUTH_RIGHT_CORNER,
    OVAL,
    RIGHT_EYE,
    fill_triangles,
    skin_triangles,
)
from backends.types import INDEX
from tests.unit.rig.conftest import Row, both, performance

MOODS: dict[str, Row] = {
    "happy": both("mouthSmile", 1.0) | both("mouthUpperUp", 0.3) | both("mouthStretch", 0.5),
    "sad": both("mouthFrown", 1.0) | {"mouthShrugLower": 0.8, "browInnerUp": 1.0},
    "angry": both("browDown", 1.0) | both("noseSneer", 0.8) | both("mouthPress", 0.8),
    "surprised": both("mouthLowerDown", 0.2) | {"mouthFunnel": 0.4},
    "fearful": both("mouthStretch", 1.0) | both("mouthLowerDown", 0.3),
    "disgusted": both("noseSneer", 1.0) | both("mouthFrown", 0.7) | both("mouthUpperUp", 0.4),
}


def controls(row: Row, shape: FaceShape) -> Controls:
    return read(performance([row]), 0, shape)


def surface(avatar: RigAvatar, row: Row) -> np.ndarray:
    return deform(avatar.shape, controls(row, avatar.shape).face)[0]


def test_the_face_has_852_triangles_and_three_holes() -> None:
    triangles = skin_triangles()
    assert triangles.shape == (852, 3)
    sides = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])
    )
    edges, counts = np.unique(sides, axis=0, return_counts=True)
    assert counts.max() == 2
    border = set(edges[counts == 1].ravel().tolist())
    mouth = {*INNER_UPPER, *INNER_LOWER}
    assert border == mouth | {i for eye in EYES for i in eye.contour} | set(OVAL)
    assert {i for t in fill_triangles().tolist() for i in t} == border - set(OVAL)


def test_fields_with_the_same_handles_are_solved_as_by_themselves() -> None:
    rows, columns = np.mgrid[:6, :6].astype(float)
    vertices = np.stack([columns.ravel(), rows.ravel(), 0.1 * rows.ravel()], 1)
    corners = [k for k in range(30) if k % 6 < 5]
    triangles = np.array([t for k in corners for t in ((k, k + 1, k + 6), (k + 1, k + 7, k + 6))])
    mesh = Surface.of(vertices, triangles.astype(np.int32))
    fields = {
        "up": {0: (0.0, 0.0, 0.0), 35: (0.0, -1.0, 0.0)},
        "aside": {35: (1.0, 0.0, 0.5), 0: (0.0, 0.0, 0.0)},
        "middle": {0: (0.0, 0.0, 0.0), 14: (0.0, 2.0, 0.0)},
    }
    solved = mesh.bend_all(fields)
    assert list(solved["up"][35]) == [0.0, -1.0, 0.0]
    for name, handles in fields.items():
        assert solved[name] == pytest.approx(mesh.bend(handles), abs=1e-6)


def test_the_frame_measures_in_eye_distances(closed: RigAvatar) -> None:
    frame, mesh = closed.mesh.frame, closed.mesh
    eyes = [mesh.local[[eye.outer, eye.inner]].mean(0) for eye in (RIGHT_EYE, LEFT_EYE)]
    assert eyes[1] - eyes[0] == pytest.approx([1, 0, 0], abs=1e-9)
    assert frame.to_pixels(mesh.local) == pytest.approx(mesh.pixels)
    turned = mesh.pixels[:468] @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    assert FaceFrame.of(turned).to_local(turned) == pytest.approx(mesh.local[:468])


def test_far_vertices_never_move(closed: RigAvatar) -> None:
    mesh = closed.mesh
    assert (mesh.head_weight[:468] == 1).all()
    moved = np.abs(closed.shape.displacements).max(0).reshape(-1, 3).max(1)
    assert moved[mesh.border].max() < 1e-6


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("relax", [0.0, 1.0])
@pytest.mark.parametrize("face", ["closed", "smiling"])
def test_closed_lips_touch_in_every_mood(
    mood: str, relax: float, face: str, request: pytest.FixtureRequest
) -> None:
    avatar = request.getfixturevalue(face)
    row = {**MOODS[mood], "jawOpen": 0.5, "closure": 1.0, "relax": relax}
    assert lip_gap(surface(avatar, row)).max() < 0.02


def test_lips_touch_when_mouth_close_follows_the_jaw(closed: RigAvatar) -> None:
    assert lip_gap(surface(closed, {"jawOpen": 0.4, "mouthClose": 0.4})).max() < 0.02


def test_the_lower_lip_bites_for_f(closed: RigAvatar) -> None:
    open_gap = lip_gap(surface(closed, {"jawOpen": 0.3}))
    bite = lip_gap(surface(closed, {"jawOpen": 0.3, "teeth": 1.0}))
    assert bite.max() < 0.07 < open_gap.max()


@pytest.mark.parametrize(
    ("name", "landmark", "mirrored"),
    [
        ("mouthSmile", MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER),
        ("mouthFrown", MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER),
        ("browDown", 285, 55),
        ("browOuterUp", 334, 105),
        ("eyeBlink", 386, 159),
        ("eyeSquint", 374, 145),
        ("noseSneer", 358, 129),
        ("cheekSquint", 280, 50),
    ],
)
def test_left_is_the_persons_left(
    closed: RigAvatar, smiling: RigAvatar, name: str, landmark: int, mirrored: int
) -> None:
    avatar = smiling if name.startswith("brow") else closed  # glasses hold brows
    moved = np.linalg.norm(surface(avatar, {name + "Left": 1.0}) - avatar.shape.rest, axis=1)
    assert moved[landmark] > 0.01
    assert moved[landmark] > 8 * moved[mirrored]
    assert avatar.shape.rest[landmark, 0] > 0


def test_amplitudes(closed: RigAvatar) -> None:
    rest = closed.shape.rest
    width = rest[MOUTH_LEFT_CORNER, 0] - rest[MOUTH_RIGHT_CORNER, 0]
    wide = surface(closed, both("mouthStretch", 0.5))
    stretched = wide[MOUTH_LEFT_CORNER, 0] - wide[MOUTH_RIGHT_CORNER, 0]
    assert stretched / width == pytest.approx(1.125, abs=0.01)
    lifted = rest[13, 1] - surface(closed, both("mouthUpperUp", 1.0))[13, 1]
    assert lifted == pytest.approx(0.1485, abs=0.008)
    lowered = surface(closed, both("mouthLowerDown", 1.0))[14, 1] - rest[14, 1]
    assert lowered == pytest.approx(0.12, abs=0.005)


def test_inner_brows_alone_slant_and_with_outer_ones_arch(smiling: RigAvatar) -> None:
    rest = smiling.shape.rest
    slanted = surface(smiling, {"browInnerUp": 1.0})
    arched = surface(smiling, {"browInnerUp": 1.0, **both("browOuterUp", 1.0)})
    assert slanted[55, 1] < rest[55, 1] - 0.05
    assert slanted[46, 1] > rest[46, 1]
    assert arched[46, 1] < rest[46, 1] - 0.05


def test_skin_between_slanting_brows_rises_with_them(smiling: RigAvatar) -> None:
    lifted = (smiling.shape.rest - surface(smiling, {"browInnerUp": 1.0}))[:, 1]
    brows = lifted[[107, 336]].mean()
    assert 0.7 * brows < lifted[9] < 1.4 * brows
    assert lifted[9] > lifted[8] > lifted[168] > 0


def test_relaxing_takes_a_smile_away_and_an_asked_smile_brings_it_back(smiling: RigAvatar) -> None:
    def lift(row: Row) -> float:
        points = surface(smiling, row)
        corners = points[[MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER], 1].mean()
        return float(points[[13, 14], 1].mean() - corners)

    assert lift({"relax": 1.0, "closure": 1.0}) < 0.01 < 0.06 < lift({})
    assert lift({"relax": 1.0, **both("mouthSmile", 1.0)}) > 0.05


def test_coefficients_beyond_their_range_are_clipped(closed: RigAvatar) -> None:
    wild = surface(closed, {"jawOpen": 7.0, "mouthPucker": -3.0})
    assert wild == pytest.approx(surface(closed, {"jawOpen": 1.0}))


def test_every_visible_coefficient_moves_the_face(closed: RigAvatar) -> None:
    still = [n for n in INDEX if n.startswith("eyeLook")] + ["mouthClose", "tongueOut"]
    for name in INDEX:
        moved = np.abs(surface(closed, {name: 1.0}) - closed.shape.rest).max()
        assert (moved > 0.005) == (name not in still), name


def test_the_head_turns_as_the_signs_say() -> None:
    nose = np.array([[0.0, 0.5, -0.7]])

    def moved(**pose: float) -> np.ndarray:
        return HeadPose.of(performance([pose]).pose[0]).apply(nose)[0] - nose[0]

    assert moved() == pytest.approx([0, 0, 0], abs=1e-12)
    assert moved(yaw_deg=5)[0] > 0.05
    assert moved(pitch_deg=5)[1] > 0.05
    assert moved(roll_deg=5)[0] > 0.05  # about the neck, which is below
    assert moved(x=0.05)[0] > 0.04
    assert moved(z=0.2)[2] > 0


def test_turns_are_limited_softly() -> None:
    limit = TURN_LIMITS_DEG[0]
    assert soft_limit(3.0, limit) == 3.0
    turns = [soft_limit(v, limit) for v in (5.0, 10.0, 40.0, 1000.0)]
    assert turns == sorted(turns)
    assert turns[-1] < limit
    assert soft_limit(-40.0, limit) == -turns[2]
