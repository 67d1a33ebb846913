"""Backgrounds as requests name them."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backends.errors import InputError, UnreadableMediaError
from backends.faces.background import load_backdrop
from backends.faces.framing import names_picture


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("name", ["source", "blur"])
def test_the_portraits_own(name: str) -> None:
    assert not names_picture(name)
    assert load_backdrop(name, None, (64, 48)) == name


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour(colour: tuple[int, int, int]) -> None:
    name = "#{:02x}{:02X}{:02x}".format(*colour)
    assert not names_picture(name)
    backdrop = load_backdrop(name, None, (6, 4))
    assert isinstance(backdrop, np.ndarray)
    assert backdrop.shape == (4, 6, 3)
    assert (backdrop == colour).all()


@given(st.text(max_size=9).map("#".__add__))
def test_no_colour(name: str) -> None:
    digits = name[1:]
    if len(digits) == 6 and all(c in "0123456789abcdefABCDEF" for c in digits):
        return
    with pytest.raises(InputError, match="is no colour: write #rrggbb"):
        load_backdrop(name, None, (6, 4))


@pytest.mark.parametrize("size", [(40, 40), (80, 20), (20, 80), (320, 200)])
def test_a_picture_covers_the_frame(size: tuple[int, int]) -> None:
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[:, 30:60] = 255  # white in the middle, black at both sides
    assert names_picture("room.png")
    backdrop = load_backdrop("room.png", png(picture), size)
    assert isinstance(backdrop, np.ndarray)
    assert backdrop.shape == (size[1], size[0], 3)
    assert backdrop[size[1] // 2, size[0] // 2].min() > 240
    wide = size[0] / size[1] >= 1.5
    assert (backdrop[:, 0].max() < 40) == (wide or size[0] / size[1] > 0.6)


@pytest.mark.parametrize("content", [b"", b"no picture", png(np.zeros((8, 8, 3), np.uint8))[:40]])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(UnreadableMediaError, match="the background"):
        load_backdrop("room.png", content, (64, 48))


def test_a_picture_that_did_not_come() -> None:
    with pytest.raises(InputError, match="not source, blur, #rrggbb or a picture"):
        load_backdrop("room", None, (64, 48))
