"""Smooth displacement of a mesh from a few handles (Botsch and Kobbelt 2004: minimal bending energy)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.topology import IntArray

Array = NDArray[np.float64]
Vector = tuple[float, ...]

FLATTEN = 0.6
"""Depths are scaled down before angles are measured: they are estimates and noisy."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The operators of a triangle mesh."""

    laplacian: Array
    """(n, n) cotangent weights; positive semi-definite."""
    bending: Array
    """(n, n) L M⁻¹ L."""

    @classmethod
    def of(cls, vertices: Array, triangles: IntArray) -> "Surface":
        flat = vertices * [1.0, 1.0, FLATTEN]
        n = len(flat)
        weights, areas = np.zeros((n, n)), np.zeros(n)
        for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            i, j, k = triangles[:, a], triangles[:, b], triangles[:, c]
            u, v = flat[i] - flat[k], flat[j] - flat[k]
            area2 = np.linalg.norm(np.cross(u, v), axis=1) + 1e-9
            cotangent = np.clip((u * v).sum(1) / area2, 0.05, 5.0) / 2
            np.add.at(weights, (i, j), cotangent)
            np.add.at(weights, (j, i), cotangent)
            np.add.at(areas, k, area2 / 6)
        laplacian = np.diag(weights.sum(1)) - weights
        bending = (laplacian / np.maximum(areas, 1e-4)) @ laplacian
        return cls(laplacian, bending)

    def bend(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) displacements that pass through the handles with the least bending."""
        return self._solve(self.bending, handles)

    def spread(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) harmonic interpolation: never beyond the handles' own values."""
        return self._solve(self.laplacian, handles)

    @staticmethod
    def _solve(energy: Array, handles: Mapping[int, Vector]) -> Array:
        fixed = np.array(sorted(handles))
        values = np.array([handles[i] for i in fixed.tolist()], np.float64)
        out = np.zeros((len(energy), values.shape[1]))
        out[fixed] = values
        free = np.setdiff1d(np.arange(len(energy)), fixed)
        system = energy[np.ix_(free, free)] + 1e-9 * np.eye(len(free))
        out[free] = np.linalg.solve(system, -energy[np.ix_(free, fixed)] @ values)
        return out
