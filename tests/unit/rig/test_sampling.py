"""Pixels of a texture at places of a map, against the same arithmetic in floating point."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.animation.rig.raster import HALF, NOWHERE, UNITS, rasterize
from backends.animation.rig.sampling import sample, soften
from backends.types import ImageArray

SIZE = 24


def words(pixels: ImageArray) -> np.ndarray:
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def pixels(seed: int, alpha: int | None = None) -> ImageArray:
    """(SIZE, SIZE, 4)"""
    made = np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 4), dtype=np.uint8)
    if alpha is not None:
        made[..., 3] = alpha
    return made


def units(places: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(places) * UNITS + HALF).astype(np.int32)


def sampled(texture: ImageArray, under: ImageArray, x: np.ndarray, y: np.ndarray) -> ImageArray:
    out = np.empty(x.shape, np.uint32)
    sample(x, y, words(texture), words(under), 0, 0, out)
    return out.view(np.uint8).reshape(*x.shape, 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 255))
def test_between_pixels_it_is_the_mean_over_what_lies_under(seed: int, alpha: int) -> None:
    texture, under = pixels(seed, alpha), pixels(seed + 1, 255)
    steps = np.random.default_rng(seed).integers(0, 32 * (SIZE - 1), (2, 5, SIZE))
    x, y = steps / 32
    i, j = x.astype(int), y.astype(int)
    fx, fy = (x - i)[..., None], (y - j)[..., None]
    colours = texture.astype(np.float64)
    above = colours[j, i] * (1 - fx) + colours[j, i + 1] * fx
    below = colours[j + 1, i] * (1 - fx) + colours[j + 1, i + 1] * fx
    mixed = above * (1 - fy) + below * fy
    share = alpha / 255
    wanted = mixed * share + under[:5].astype(np.float64) * (1 - share)
    got = sampled(texture, under, units(x), units(y)).astype(np.float64)
    assert np.abs(got - wanted)[..., :3].max() <= 1.6


def test_whole_places_are_the_texture_itself() -> None:
    texture, under = pixels(1, 255), pixels(2, 255)
    y, x = np.mgrid[: SIZE - 1, : SIZE - 1]
    assert (sampled(texture, under, units(x), units(y))[..., :3] == texture[:-1, :-1, :3]).all()


def test_where_nothing_was_drawn_the_picture_stays() -> None:
    texture, under = pixels(3, 255), pixels(4, 255)
    x = np.full((SIZE, SIZE), NOWHERE, np.int32)
    x[5, 7:9] = units(np.array([3.0, 4.0]))
    y = np.where(x == NOWHERE, NOWHERE, units(np.array(6.0))).astype(np.int32)
    got = sampled(texture, under, x, y)
    assert (got[5, 7:9, :3] == texture[6, 3:5, :3]).all()
    got[5, 7:9] = under[5, 7:9]
    assert (got == under).all()


@pytest.mark.parametrize("place", [-3.0, -1e-4, SIZE + 5.0, 16_000.0])
def test_places_beyond_the_texture_are_at_its_edge(place: float) -> None:
    texture, under = pixels(5, 255), pixels(6, 255)
    at = units(np.full((2, 3), place))
    edge = texture[:2, :2] if place < 0 else texture[-2:, -2:]
    colours = sampled(texture, under, at, at)[..., :3].reshape(-1, 3)
    assert (colours >= edge[..., :3].min((0, 1)) - 1).all()
    assert (colours <= edge[..., :3].max((0, 1)) + 1).all()


def test_only_edges_of_folds_are_softened() -> None:
    x, y = (units(v) for v in np.meshgrid(np.arange(SIZE), np.arange(SIZE)))
    x[:, 12:] += units(np.array(9.0))
    colours = np.zeros((SIZE, SIZE, 4), np.uint8)
    colours[:, 12:] = 200
    flat = words(colours)
    soften(flat, x, y, 0, SIZE, 0, SIZE)
    got = flat.view(np.uint8).reshape(colours.shape)[4]
    assert (got[:11] == 0).all()
    assert (got[11] == 50).all()
    assert (got[12] == 150).all()
    assert (got[13:] == 200).all()


def test_neighbouring_triangles_leave_no_gap() -> None:
    corners = np.array([[1.3, 2.1], [20.7, 1.2], [19.2, 21.4], [2.6, 18.9]], np.float32)
    columns = np.full((SIZE, SIZE), NOWHERE, np.int32)
    rows = np.zeros_like(columns)
    rasterize(np.array([[0, 1, 2], [0, 2, 3]], np.int32), corners, corners, 0, 0, columns, rows)
    inside = columns[4:18, 5:18]
    assert (inside != NOWHERE).all()
    y, x = np.mgrid[4:18, 5:18]
    assert np.abs((inside - HALF) / UNITS - x).max() < 1e-2
    assert np.abs((rows[4:18, 5:18] - HALF) / UNITS - y).max() < 1e-2
