"""Cutting a face out and putting a mouth on: what the network left as it was must not be seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.animation.wav2lip.crops import Region, face_input, region_of, smoothed
from backends.animation.wav2lip.mouths import Finish, Finisher, put
from backends.animation.wav2lip.scenes import StillScene, forth_and_back
from backends.animation.wav2lip.staging import RiggedStill
from backends.types import Box, FloatArray, ImageArray, Portrait
from tests.unit.rig.conftest import both, performance

SIZE, TOP = 96, 40
PLAIN = Finisher(Finish(), SIZE, TOP)


def unchanged(seen: FloatArray) -> FloatArray:
    """What a network draws that changes nothing."""
    return seen[3:, TOP:].copy()


def painted(seen: FloatArray, colour: tuple[float, float, float]) -> FloatArray:
    """With a coloured patch where a corner of the mouth is."""
    drawn = unchanged(seen)
    drawn[:, 66 - TOP : 78 - TOP, 26:38] = np.array(colour)[:, None, None]
    return drawn


def reddest(picture: ImageArray) -> tuple[float, float]:
    """Column and row of the middle of what is pure red."""
    rows, columns = np.nonzero((picture[..., 0] > 200) & (picture[..., 1:].max(2) < 60))
    return float(columns.mean()), float(rows.mean())


@given(
    x=st.floats(-400, 800), y=st.floats(-400, 800), side=st.floats(2, 900),
    width=st.integers(16, 500), height=st.integers(16, 500),
)  # fmt: skip
def test_a_region_lies_inside_the_picture(
    x: float, y: float, side: float, width: int, height: int
) -> None:
    x, y = min(x, width - 2), min(y, height - 2)
    region = region_of(Box(x, y, side, side), (width, height))
    assert 0 <= region.left < region.right <= width
    assert 0 <= region.top < region.bottom <= height


def test_boxes_are_averaged_over_five_frames() -> None:
    boxes = np.array([[0.0], [0], [0], [10], [0], [0], [0], [0]])
    assert smoothed(boxes)[:, 0] == pytest.approx([0, 2.5, 2, 2, 2, 2, 0, 0])
    assert smoothed(boxes[:1])[0, 0] == 0


def test_the_lower_half_is_hidden(hopper: Portrait) -> None:
    seen = face_input(hopper.pixels, Region(50, 40, 250, 260), SIZE)
    assert (seen[:3, SIZE // 2 :] == 0).all()
    assert (seen[:3, : SIZE // 2] == seen[3:, : SIZE // 2]).all()
    assert seen[3:].max() <= 1
    assert seen[3:, SIZE // 2 :].std() > 0.05


def test_a_face_that_stays_as_it_is_is_hardly_seen(hopper: Portrait) -> None:
    still = StillScene.of(hopper, SIZE)
    frame = hopper.pixels.copy()
    put(PLAIN.patch(unchanged(still.seen), still.seen[3:], still.region), frame)
    change = np.abs(frame.astype(int) - hopper.pixels).max(2)
    assert (
        np.percentile(change[still.region.top : still.region.bottom], 95) < 25
    )  # only finer detail goes
    assert change.mean() < 1.5


def test_only_the_lower_face_is_drawn_on(hopper: Portrait) -> None:
    still = StillScene.of(hopper, SIZE)
    frame, region = hopper.pixels.copy(), still.region
    drawn = np.ones_like(unchanged(still.seen))
    put(Finisher(Finish(match_colour=False), SIZE, TOP).patch(drawn, still.seen[3:], region), frame)
    changed = np.nonzero((frame != hopper.pixels).any(2))
    assert changed[0].min() >= region.top + 0.48 * region.height
    assert changed[0].max() < region.bottom
    assert region.left <= changed[1].min() < changed[1].max() < region.right
    middle = region.top + int(0.75 * region.height), (region.left + region.right) // 2
    assert (frame[middle] == 255).all()


def test_weight_is_opacity(hopper: Portrait) -> None:
    still = StillScene.of(hopper, SIZE)
    drawn = np.zeros_like(unchanged(still.seen))
    frames = []
    for weight in (0.0, 0.5, 1.0):
        frames.append(hopper.pixels.copy())
        put(PLAIN.patch(drawn, still.seen[3:], still.region, weight), frames[-1])
    assert (frames[0] == hopper.pixels).all()
    halfway = (frames[0].astype(int) + frames[2]) / 2
    assert np.abs(frames[1] - halfway).max() <= 2


def test_colours_are_matched_to_the_skin_around(hopper: Portrait) -> None:
    still = StillScene.of(hopper, SIZE)
    tinted = unchanged(still.seen) + np.array([0.06, -0.04, 0.05], np.float32)[:, None, None]
    change = []
    for match in (True, False):
        frame = hopper.pixels.copy()
        finisher = Finisher(Finish(match_colour=match), SIZE, TOP)
        put(finisher.patch(tinted, still.seen[3:], still.region), frame)
        change.append(np.abs(frame.astype(int) - hopper.pixels).mean())
    assert change[0] < 0.4 * change[1]


def test_a_sharpened_mouth_has_stronger_edges(hopper: Portrait) -> None:
    still = StillScene.of(hopper, SIZE)
    strength = []
    for sharpen in (0.0, 1.0):
        finisher = Finisher(Finish(sharpen=sharpen), SIZE, TOP)
        pixels = finisher.patch(unchanged(still.seen), still.seen[3:], still.region).pixels
        strength.append(np.abs(np.diff(pixels[..., 1].astype(int), axis=0)).mean())
    assert strength[1] > 1.2 * strength[0]


def test_a_whole_crop_has_hard_edges() -> None:
    picture = np.zeros((120, 100, 3), np.uint8)
    finisher = Finisher(Finish(whole=True), SIZE, 0)
    white, black = (np.full((3, SIZE, SIZE), v, np.float32) for v in (1.0, 0.0))
    put(finisher.patch(white, black, Region(10, 20, 80, 110)), picture)
    assert (picture[20:110, 10:80] == 255).all()
    assert picture.sum() == 255 * 3 * 90 * 70


def test_the_mouth_goes_where_head_and_expression_go(hopper: Portrait) -> None:
    """The same drawn mouth, carried along."""
    scene = RiggedStill.of(hopper, SIZE)
    patch = PLAIN.patch(
        painted(scene.still.seen, (1.0, 0.0, 0.0)), scene.still.seen[3:], scene.still.region
    )
    rows = performance(
        [{}, {"yaw_deg": 10}, {"roll_deg": 6}, {"x": 0.1}, both("mouthSmile", 1.0), {"jawOpen": 1}]
    )
    found = []
    for shot in scene.shots(rows):
        frame = np.zeros_like(hopper.pixels)
        shot.put(patch, frame)
        found.append(reddest(frame))
    rest, yawed, rolled, shifted, smiling, speaking = np.array(found)
    width = scene.still.region.width
    assert yawed[0] - rest[0] > 0.02 * width
    assert rolled[0] - rest[0] > 0.015 * width  # clockwise, about the neck
    assert shifted[0] - rest[0] > 0.02 * width
    assert rest[1] - smiling[1] > 0.003 * width
    assert np.abs(speaking - rest).max() < 0.3  # how the jaw speaks is the network's part


def test_a_rigged_mouth_that_stays_as_it_is_is_hardly_seen(hopper: Portrait) -> None:
    scene = RiggedStill.of(hopper, SIZE)
    patch = PLAIN.patch(unchanged(scene.still.seen), scene.still.seen[3:], scene.still.region)
    rows = performance([{"yaw_deg": 8, "roll_deg": 4, "browInnerUp": 0.7}])
    for shot in scene.shots(rows):
        frame = np.empty_like(hopper.pixels)
        shot.draw(frame)
        without = frame.copy()
        shot.put(patch, frame)
        assert np.abs(frame.astype(int) - without).mean() < 1.5
        assert (without != hopper.pixels).any()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_video_goes_forth_and_back_without_a_cut(count: int) -> None:
    shown = [forth_and_back(step, count) for step in range(5 * count)]
    assert shown[:count] == list(range(count))
    assert set(shown) == set(range(count))
    assert np.abs(np.diff(shown)).max(initial=0) <= 1
