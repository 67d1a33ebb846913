"""The person before the background: what is cut, what stands still, what is put behind."""

from dataclasses import replace

import numpy as np
import pytest

from backends.animation.rig.engine import NOT_CUT, RigAvatar, RigEngine
from backends.animation.rig.layers import Layers, behind, separate
from backends.animation.rig.matte import _by_colour, _without_strays, fill, find_matte
from backends.animation.rig.pose import HeadPose, project, turn_limits
from backends.animation.rig.topology import CHIN, OVAL
from backends.types import Box, ImageArray, Portrait
from tests.unit.rig.conftest import Draw, performance

TURNS = ({"yaw_deg": 15.0}, {"yaw_deg": -15.0, "pitch_deg": 10.0}, {"pitch_deg": -10.0, "x": 0.1})


@pytest.fixture(params=["closed", "smiling"])
def avatar(request: pytest.FixtureRequest) -> RigAvatar:
    found: RigAvatar = request.getfixturevalue(request.param)
    return found


def composed(layers: Layers) -> np.ndarray:
    share = layers.opacity[..., None] / 255.0
    return layers.person * share + layers.background * (1 - share)


def test_both_layers_are_the_portrait(avatar: RigAvatar) -> None:
    assert avatar.layers.cut
    assert np.abs(composed(avatar.layers) - avatar.portrait.pixels).max() <= 1


def test_the_face_is_opaque_and_the_corners_are_not(avatar: RigAvatar) -> None:
    opacity, mesh = avatar.layers.opacity, avatar.mesh
    inside = np.setdiff1d(np.arange(468), OVAL)
    columns, rows = mesh.pixels[inside, :2].round().astype(int).T
    assert (opacity[rows, columns] == 255).mean() > 0.98
    assert opacity[:20, -20:].max() == 0
    assert 0.2 < (opacity > 0).mean() < 0.8


def test_a_still_face_changes_nothing_around_it(draw: Draw, avatar: RigAvatar) -> None:
    (frame,) = draw(avatar, {})
    x, y, width, height = (int(v) for v in avatar.portrait.face)
    change = np.abs(frame.astype(int) - avatar.portrait.pixels).max(2)
    change[max(0, y) : y + height, max(0, x) : x + width] = 0
    assert change.max() <= 1


def test_the_background_stands_still_while_the_head_turns(draw: Draw, avatar: RigAvatar) -> None:
    frames = draw(avatar, *TURNS)
    unit = avatar.mesh.frame.eye_distance
    radius = int(0.8 * unit)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(avatar.layers.opacity[::4, ::4], radius // 4), (2 * (radius // 4) + 1,) * 2
    ).max((2, 3))
    far = around == 0
    assert far.mean() > 0.1
    for frame in frames:
        change = np.abs(frame.astype(int) - avatar.portrait.pixels).max(2)[::4, ::4]
        assert change[far].max() <= 1


def test_nothing_of_the_person_stays_behind(avatar: RigAvatar) -> None:
    """The background behind the middle of the head looks like the background, not like the head."""
    mesh, layers = avatar.mesh, avatar.layers
    columns, rows = mesh.pixels[list(OVAL), :2].round().astype(int).T
    behind_face = layers.background[rows, columns].astype(int)
    around = layers.background[layers.opacity == 0].astype(int)
    low, high = np.percentile(around, [1, 99], axis=0)
    inside = (behind_face >= low - 10) & (behind_face <= high + 10)
    assert inside.mean() > 0.95


def test_skull_and_hair_turn_as_one_body(avatar: RigAvatar) -> None:
    mesh = avatar.mesh
    head = HeadPose.of(performance([{"yaw_deg": 9.0, "pitch_deg": 4.0}]).pose[0])
    above = (mesh.local[:, 1] < mesh.local[CHIN, 1] - 1.0) & (np.abs(mesh.local[:, 0]) < 1.8)
    above &= mesh.local[:, 1] > -1.8
    assert above.sum() > 300
    assert mesh.head_weight[above].min() == 1.0
    moved = project(mesh, mesh.local, head)
    rigid = mesh.frame.to_pixels(head.apply(mesh.local))
    assert moved[above] == pytest.approx(rigid[above])


def test_the_neck_follows_less_and_less(avatar: RigAvatar) -> None:
    mesh = avatar.mesh
    middle = np.abs(mesh.local[:, 0]) < 0.5
    below = middle & (mesh.local[:, 1] > mesh.local[CHIN, 1])
    order = np.argsort(mesh.local[below, 1])
    weights = mesh.head_weight[below][order]
    assert (np.diff(weights) <= 1e-9).all()
    assert weights[-1] < 0.06
    assert mesh.head_weight.min() >= 0


def test_a_head_that_is_turned_in_the_photo_turns_less() -> None:
    assert turn_limits((0.0, 0.0)) == (15.0, 10.0, 8.0)
    yaw, pitch, roll = turn_limits((-12.0, 3.0))
    assert 5 <= yaw < 9
    assert pitch < 10
    assert roll == 8
    assert turn_limits((40.0, -40.0))[0] == 5.0
    assert turn_limits((0.0, 0.0), cut=False) == (7.5, 5.0, 4.0)


@pytest.mark.parametrize("colour", [(0, 0, 0), (30, 144, 255)])
def test_another_background(
    engine: RigEngine, draw: Draw, hopper: Portrait, colour: tuple[int, int, int]
) -> None:
    paint = np.full_like(hopper.pixels, colour)
    avatar = engine.prepare(replace(hopper, backdrop=paint))
    assert isinstance(avatar, RigAvatar)
    assert engine.notices(avatar) == ()
    for frame in draw(avatar, {}, *TURNS):
        assert (frame[:10, -60:] == colour).all()
        x, y, width, height = hopper.face
        face = frame[int(y + height / 2) - 8 :, int(x + width / 2) - 8 :][:16, :16]
        assert np.abs(face.mean((0, 1)) - colour).max() > 40


def test_a_blurred_background_keeps_its_colours(engine: RigEngine, hopper: Portrait) -> None:
    avatar = engine.prepare(replace(hopper, backdrop="blur"))
    assert isinstance(avatar, RigAvatar)
    blurred, beside = avatar.layers.background.astype(float), avatar.layers.opacity == 0
    assert blurred[beside].mean(0) == pytest.approx(hopper.pixels[beside].mean(0), abs=12)
    assert (
        np.abs(np.diff(blurred, axis=1)).mean()
        < 0.2 * np.abs(np.diff(hopper.pixels.astype(float), axis=1)).mean()
    )


def test_a_picture_without_an_edge_stays_whole(
    engine: RigEngine, draw: Draw, hopper: Portrait
) -> None:
    x, y, width, height = (int(v) for v in hopper.face)
    close = np.ascontiguousarray(hopper.pixels[y + 8 : y + height - 8, x + 8 : x + width - 8])
    close = close[: len(close) // 2 * 2, : close.shape[1] // 2 * 2]
    portrait = Portrait(close, Box(-8, -8, width, height), backdrop="blur")
    avatar = engine.prepare(portrait)
    assert isinstance(avatar, RigAvatar)
    assert not avatar.layers.cut
    assert engine.notices(avatar) == (NOT_CUT,)
    (frame,) = draw(avatar, {})
    assert np.abs(frame.astype(int) - close).mean() < 1


def test_a_disc_on_a_gradient_is_separated_without_fringes() -> None:
    """The known truth: colour and opacity of a soft red disc come back, and the gradient behind it."""
    rows, columns = np.mgrid[:160, :200].astype(np.float32)
    truth = np.stack([40 + rows / 2, 90 + columns / 4, np.full_like(rows, 150)], 2)
    share = np.clip((50 - np.hypot(columns - 100, rows - 80)) / 4 + 0.5, 0, 1).astype(np.float32)
    red = np.array([200, 30, 20], np.float32)
    picture = np.rint(red * share[..., None] + truth * (1 - share[..., None])).astype(np.uint8)
    layers = separate(picture, share, 40.0, traces=True)
    assert np.abs(composed(layers) - picture).max() <= 1
    soft = (share > 0.2) & (share < 1)
    assert np.abs(layers.person[soft].astype(float) - red).mean() < 12
    ring = (share > 0.5) & (np.hypot(columns - 100, rows - 80) > 42)
    assert np.abs(layers.background[ring] - truth[ring]).mean() < 6


def test_texture_beside_the_person_stays_in_the_background() -> None:
    """What light and lens leave at the edge is the person's, stripes of the wall a little further away are not."""
    rows, columns = np.mgrid[:320, :400].astype(np.float32)
    away = np.hypot(columns - 200, rows - 160) - 80
    picture = np.full((320, 400, 3), 128, np.uint8)
    picture[(rows.astype(int) // 12) % 2 > 0] = 160
    picture[away < 0] = (60, 30, 20)
    picture[(away >= 0) & (away < 1.5)] = 230
    layers = separate(picture, (away < 0).astype(np.float32), 100.0, traces=True)
    assert layers.opacity[(away > 0.5) & (away < 1)].min() > 60
    assert layers.opacity[away > 4.5].max() == 0
    assert np.abs(composed(layers) - picture).max() <= 1


def test_behind_continues_a_pattern_sharply() -> None:
    columns = np.arange(256)
    stripes = np.where(columns // 8 % 2, 136, 124).astype(np.uint8)
    picture: ImageArray = np.ascontiguousarray(
        np.broadcast_to(stripes[None, :, None], (128, 256, 3))
    )
    hidden = np.zeros((128, 256), np.uint8)
    hidden[40:, 100:140] = 1
    painted, unsure = behind(picture, hidden, 64.0)
    assert np.array_equal(painted[hidden == 0], picture[hidden == 0])
    edge = painted[100, 101:109, 0].astype(int)
    assert edge.max() - edge.min() > 6
    assert unsure.shape == hidden.shape
    assert unsure.min() > 0


def test_a_picture_frame_is_not_mirrored() -> None:
    picture = np.full((128, 256, 3), 130, np.uint8)
    picture[:, -3:] = 0
    hidden = np.zeros((128, 256), np.uint8)
    hidden[20:110, 150:230] = 1
    painted, _ = behind(picture, hidden, 64.0)
    assert painted[hidden > 0].min() > 90


def test_fill_keeps_what_is_known() -> None:
    values = np.zeros((33, 20, 2), np.float32)
    known = np.zeros((33, 20), np.float32)
    values[:, :5], known[:, :5] = (1.0, 3.0), 1.0
    filled = fill(values, known)
    assert filled[:, :5] == pytest.approx(values[:, :5])
    assert filled[..., 0] == pytest.approx(np.ones((33, 20)), abs=1e-4)
    assert filled[..., 1] == pytest.approx(np.full((33, 20), 3.0), abs=1e-4)


def test_no_matte_where_there_is_no_person() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 160, 3), dtype=np.uint8)
    outline = np.array([[60, 80], [100, 80], [100, 130], [60, 130]], np.float64)
    assert find_matte(noise, outline, 20.0) is None


def test_bars_behind_the_person_stay_behind() -> None:
    """They are as dark as the person and touch them; hair that a soft mask misses is told from a plain wall."""
    rows, columns = np.mgrid[:240, :240].astype(np.float32)
    away = np.hypot(columns - 120, rows - 120) - 60
    place = np.clip(-away / 12, -2, 2).astype(np.float32)
    coarse = np.clip(0.5 - away / 6, 0, 1).astype(np.float32)
    hair = (np.abs(columns - 120) < 1.5) & (rows < 64) & (rows > 52)
    wall, dark = np.full((240, 240, 3), [0.9, 0.8, 0.6], np.float32), np.float32([0.2, 0.1, 0.1])
    bars = np.where((columns.astype(int) % 40 < 10)[..., None], dark, wall)
    person = ((away < 0) | hair)[..., None]
    plain, busy = (
        _by_colour(np.where(person, dark, behind), coarse, place, 60.0) for behind in (wall, bars)
    )
    beside = (away > 5) & ~hair
    assert busy[beside].max() < 0.1 and plain[beside].max() < 0.1
    assert busy[away < -4].min() > 0.9 and plain[away < -4].min() > 0.9
    assert plain[hair].min() > 0.5


def test_what_the_network_takes_for_the_person_by_mistake_is_none() -> None:
    """A lump of the wall is left out of the mask; a hand that sticks out stays in it."""
    rows, columns = np.mgrid[:240, :240].astype(np.float32)
    body = (np.hypot(columns - 120, rows - 140) < 70).astype(np.uint8)
    hand, lump = (np.hypot(columns - x, rows - 120) < 14 for x in (38, 202))
    colours = np.where(
        body[..., None] > 0, np.float32([0.3, 0.2, 0.1]), np.float32([0.8, 0.2, 0.2])
    )
    colours[hand] = (0.9, 0.7, 0.6)
    mask = np.maximum(body, np.uint8(hand | lump))
    kept = _without_strays(colours, mask, 60.0)
    assert kept[hand].all() and kept[body > 0].mean() > 0.995
    assert kept[lump & (body == 0)].mean() < 0.2
