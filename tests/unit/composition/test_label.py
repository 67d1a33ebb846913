"""The visible mark: where it stands, in whose language, and that nothing else is touched."""

import numpy as np
import pytest

from backends.composition.label import CARD_S, Mark
from backends.composition.label_painter import LabelPainter
from backends.types import ImageArray

SIZES = [(128, 128), (128, 228), (720, 720), (1280, 720), (1080, 1920)]


def grey(size: tuple[int, int], level: int = 128) -> ImageArray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def painted(size: tuple[int, int], mark: Mark, index: int = 0, level: int = 128) -> ImageArray:
    frame = grey(size, level)
    LabelPainter(size, 25, mark).paint(frame, index)
    return frame


def extent(frame: ImageArray, level: int = 128) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is not the ground."""
    rows, columns = np.nonzero((frame != level).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "el", "tr", "xx"])
def test_corner_is_small_and_at_the_top_right(size: tuple[int, int], language: str) -> None:
    left, top, right, bottom = extent(painted(size, Mark(language)))
    width, height = size
    assert 0 < width - right <= 0.06 * width and 0 < top <= 0.06 * height
    assert bottom < height / 5 and right - left < 0.9 * width
    assert bottom - top >= 9


@pytest.mark.parametrize("level", [0, 128, 255])
def test_corner_is_read_on_any_ground(level: int) -> None:
    frame = painted((720, 720), Mark("en"), level=level)
    left, top, right, bottom = extent(frame, level)
    mark = frame[top:bottom, left:right].astype(int)
    assert mark.max() >= 240 and np.percentile(mark, 20) < 140


def test_same_in_every_frame_and_another_in_another_language() -> None:
    first, later = (painted((360, 360), Mark("en"), index) for index in (0, 400))
    assert (first == later).all()
    assert (first != painted((360, 360), Mark("el"))).any()
    assert (first == painted((360, 360), Mark("xx"))).all()


def test_card_begins_where_it_is_said_and_covers_the_picture() -> None:
    mark = Mark("el", card_from=50)
    assert (painted((360, 360), mark, 49, level=200) == 200).all()
    means = [float(painted((360, 360), mark, i, level=200).mean()) for i in range(50, 75)]
    assert means == sorted(means, reverse=True)
    assert means[0] > 150 and means[-1] < 60
    shown = painted((360, 360), mark, 50 + round(CARD_S * 25) - 1, level=200)
    assert shown.max() >= 240, "its letters"
    assert len(np.unique(shown[:40].reshape(-1, 3), axis=0)) == 1, "its ground"
