"""The arithmetic of crops, for any picture and face."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backends.errors import InputError
from backends.faces.framing import (
    ASPECTS,
    MAX_SIZE,
    MAX_UPSCALE,
    MIN_SIZE,
    Aspect,
    Framing,
    crop_size,
    output_size,
    place_crop,
)
from backends.types import Box

sides = st.integers(100, 6000)
aspects = st.sampled_from(ASPECTS)
RATIOS = {"1:1": 1.0, "9:16": 9 / 16, "16:9": 16 / 9}


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, int, Box]:
    """A picture's width and height, and a face of natural proportions inside it."""
    width, height = draw(sides), draw(sides)
    face_width = draw(st.floats(64, min(width, height) / 1.4))
    face_height = face_width * draw(st.floats(1.05, 1.35))
    x = draw(st.floats(0, 1)) * (width - face_width)
    y = draw(st.floats(0, 1)) * (height - face_height)
    return width, height, Box(x, y, face_width, face_height)


@given(pictures(), aspects, st.floats(0, 1.5))
def test_a_crop_lies_inside_the_picture_and_holds_the_face(
    picture: tuple[int, int, Box], aspect: Aspect, hair: float
) -> None:
    width, height, face = picture
    size = crop_size(width, height, face.height, aspect)
    assume(size[0] >= face.width and size[1] >= face.height)
    crop = place_crop(width, height, size, face, face.y - hair * face.height)
    assert crop.x >= 0
    assert crop.y >= 0
    assert crop.x + crop.width <= width
    assert crop.y + crop.height <= height
    assert crop.x <= face.x + 1
    assert crop.x + crop.width >= face.x + face.width - 1
    assert crop.y <= face.y + 1
    assert crop.y + crop.height >= face.y + face.height - 1


@given(pictures(), aspects)
def test_a_crop_has_its_aspect_within_a_pixel(
    picture: tuple[int, int, Box], aspect: Aspect
) -> None:
    width, height, face = picture
    across, down = crop_size(width, height, face.height, aspect)
    ratio = RATIOS.get(aspect, width / height)
    assert abs(across - down * ratio) <= 1 + ratio
    assert abs(down - across / ratio) <= 1 + 1 / ratio


@given(pictures(), aspects)
def test_a_small_face_is_brought_near_and_a_large_one_is_left(
    picture: tuple[int, int, Box], aspect: Aspect
) -> None:
    width, height, face = picture
    across, down = crop_size(width, height, face.height, aspect)
    assert face.height / min(across, down) >= 0.19
    if aspect == "source" and face.height >= 0.2 * min(width, height):
        assert (across, down) == (width, height)


@given(pictures())
def test_hair_is_whole_where_the_picture_has_room(picture: tuple[int, int, Box]) -> None:
    width, height, face = picture
    size = crop_size(width, height, face.height, "1:1")
    hair_top = max(0.0, face.y - 0.5 * face.height)
    assume(size[1] >= 1.9 * face.height and size[0] >= face.width)
    assert place_crop(width, height, size, face, hair_top).y <= hair_top + 1


@given(sides, sides, st.none() | st.integers(MIN_SIZE, MAX_SIZE))
def test_a_clip_is_even_and_never_enlarged_beyond_the_limit(
    width: int, height: int, size: int | None
) -> None:
    across, down = output_size(width, height, size)
    assert across % 2 == 0
    assert down % 2 == 0
    assert across <= MAX_UPSCALE * width
    assert down <= MAX_UPSCALE * height
    longer = max(width, height)
    asked = longer if size is None else min(size, MAX_UPSCALE * longer)
    assert max(across, down) == asked - asked % 2
    scale = max(across, down) / longer
    assert abs(across - width * scale) <= 1
    assert abs(down - height * scale) <= 1


@pytest.mark.parametrize("bad", [{"size": 0}, {"size": 9000}, {"aspect": "4:3"}, {"face": 0}])
def test_a_framing_that_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Framing(**bad)
