"""Which landmark is what, in the numbering of MediaPipe's 478-point face mesh.

"Right" is the person's own right: the left side of a picture that is not mirrored.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.faces.graphs import solutions

IntArray = NDArray[np.int32]

SKIN_POINTS = 468
"""Landmarks on the skin; those behind are the two irises."""

OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face."""

UPPER_LIP = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
)
"""Rings of the upper lip, from the inner border to the outer, each from the picture's left to its right."""
LOWER_LIP = (
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
INNER_UPPER, INNER_LOWER = UPPER_LIP[0], LOWER_LIP[0]
MOUTH_LEFT_CORNER, MOUTH_RIGHT_CORNER = 291, 61
CHIN, FOREHEAD = 152, 10

LID_POINTS = 7
"""Landmarks on each lid between the corners of an eye."""


class Eye(NamedTuple):
    """Landmarks of an eye, rows from the outer corner to the inner one."""

    outer: int
    inner: int
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    """The ring above the upper lid."""
    under_brow: tuple[int, ...]
    pouch: tuple[int, ...]
    """The ring below the lower lid."""
    iris: tuple[int, ...]
    """The centre and four points of the rim."""

    @property
    def contour(self) -> tuple[int, ...]:
        """The closed outline of the opening."""
        return (self.outer, *self.upper, self.inner, *reversed(self.lower))


RIGHT_EYE = Eye(
    33, 133,
    (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155),
    (247, 30, 29, 27, 28, 56, 190), (225, 224, 223, 222, 221, 189), (25, 110, 24, 23, 22, 26, 112),
    (468, 469, 470, 471, 472),
)  # fmt: skip
LEFT_EYE = Eye(
    263, 362,
    (466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382),
    (467, 260, 259, 257, 258, 286, 414), (445, 444, 443, 442, 441, 413),
    (255, 339, 254, 253, 252, 256, 341),
    (473, 474, 475, 476, 477),
)  # fmt: skip
EYES = (RIGHT_EYE, LEFT_EYE)

NOT_FACES = frozenset({(49, 64, 129), (279, 294, 358)})
"""Cycles of three edges that go around a nostril's wing: no triangles of the skin."""


@lru_cache(maxsize=1)
def skin_triangles() -> IntArray:
    """The 852 triangles of the face's skin, with holes for the mouth and both eyes.

    MediaPipe publishes the edges of its mesh; the triangles are their 3-cliques but for `NOT_FACES`.
    """
    tesselation = solutions().face_mesh_connections.FACEMESH_TESSELATION
    edges = {(min(e), max(e)) for e in tesselation}
    neighbours: dict[int, set[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    cliques = {
        tuple(sorted((a, b, c))) for a, b in edges for c in neighbours[a] & neighbours[b]
    } - NOT_FACES
    return np.array(sorted(cliques), np.int32)


def _strip(upper: tuple[int, ...], lower: tuple[int, ...]) -> list[tuple[int, int, int]]:
    quads = zip(pairwise(upper), pairwise(lower), strict=True)
    halves = [t for (a, b), (c, d) in quads for t in ((a, c, d), (a, d, b))]
    return [t for t in halves if len(set(t)) == 3]


@lru_cache(maxsize=1)
def fill_triangles() -> IntArray:
    """Triangles across the openings of mouth and eyes, to be drawn behind the skin."""
    fills = _strip(INNER_UPPER, INNER_LOWER)
    for eye in EYES:
        fills += _strip((eye.outer, *eye.upper, eye.inner), (eye.outer, *eye.lower, eye.inner))
    return np.array(fills, np.int32)
