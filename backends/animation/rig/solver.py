"""Smooth displacement of a mesh from a few handles (Botsch and Kobbelt 2004: minimal bending energy)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix, diags, identity
from scipy.sparse.linalg import splu

from backends.animation.rig.topology import IntArray

Array = NDArray[np.float64]
Vector = tuple[float, ...]

FLATTEN = 0.6
"""Depths are scaled down before angles are measured: they are estimates and noisy."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The operators of a triangle mesh."""

    laplacian: csc_matrix
    """(n, n) cotangent weights; positive semi-definite."""
    bending: csc_matrix
    """(n, n) L M⁻¹ L."""

    @classmethod
    def of(cls, vertices: Array, triangles: IntArray) -> "Surface":
        flat = vertices * [1.0, 1.0, FLATTEN]
        n = len(flat)
        areas = np.zeros(n)
        rows, columns, values = [], [], []
        for a, b, c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            i, j, k = triangles[:, a], triangles[:, b], triangles[:, c]
            u, v = flat[i] - flat[k], flat[j] - flat[k]
            area2 = np.linalg.norm(np.cross(u, v), axis=1) + 1e-9
            cotangent = np.clip((u * v).sum(1) / area2, 0.05, 5.0) / 2
            rows += [i, j]
            columns += [j, i]
            values += [cotangent, cotangent]
            np.add.at(areas, k, area2 / 6)
        places = np.concatenate(rows), np.concatenate(columns)
        weights = coo_matrix((np.concatenate(values), places), (n, n)).tocsc()
        laplacian = csc_matrix(diags(np.asarray(weights.sum(1)).ravel()) - weights)
        bending = csc_matrix(laplacian @ diags(1 / np.maximum(areas, 1e-4)) @ laplacian)
        return cls(laplacian, bending)

    def bend(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) displacements that pass through the handles with the least bending."""
        return self._solve(self.bending, handles)

    def spread(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) harmonic interpolation: never beyond the handles' own values."""
        return self._solve(self.laplacian, handles)

    @staticmethod
    def _solve(energy: csc_matrix, handles: Mapping[int, Vector]) -> Array:
        fixed = np.array(sorted(handles))
        values = np.array([handles[i] for i in fixed.tolist()], np.float64)
        out = np.zeros((energy.shape[0], values.shape[1]))
        out[fixed] = values
        free = np.setdiff1d(np.arange(len(out)), fixed)
        columns = energy[:, free]  # symmetric: its rows are the handles' columns
        system = columns[free] + 1e-9 * identity(len(free))
        factors = splu(csc_matrix(system), permc_spec="MMD_AT_PLUS_A",
                       options={"SymmetricMode": True})  # fmt: skip
        out[free] = factors.solve(-(columns[fixed].T @ values))
        return out
