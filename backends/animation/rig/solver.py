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
REGULAR = 1e-9
"""On the diagonals, so that a part of the mesh without handles can be solved too."""


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
        anchored = REGULAR * identity(n)
        return cls(csc_matrix(laplacian + anchored), csc_matrix(bending + anchored))

    def bend(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) displacements that pass through the handles with the least bending."""
        return self._solve(self.bending, list(handles), np.array(list(handles.values())))

    def bend_all(self, fields: Mapping[str, Mapping[int, Vector]]) -> dict[str, Array]:
        """(n, 3) of each field; those with the same handles are solved together."""
        alike: dict[frozenset[int], list[str]] = {}
        for name, handles in fields.items():
            alike.setdefault(frozenset(handles), []).append(name)
        solved: dict[str, Array] = {}
        for names in alike.values():
            fixed = list(fields[names[0]])
            values = np.hstack([[fields[name][i] for i in fixed] for name in names])
            columns = np.split(self._solve(self.bending, fixed, values), len(names), axis=1)
            solved |= zip(names, map(np.ascontiguousarray, columns), strict=True)
        return solved

    def spread(self, handles: Mapping[int, Vector]) -> Array:
        """(n, d) harmonic interpolation: never beyond the handles' own values."""
        return self._solve(self.laplacian, list(handles), np.array(list(handles.values())))

    @staticmethod
    def _solve(energy: csc_matrix, fixed: list[int], values: Array) -> Array:
        out = np.zeros((energy.shape[0], values.shape[1]))
        out[fixed] = values
        free = np.ones(len(out), np.bool_)
        free[fixed] = False
        factors = splu(_part(energy, free), permc_spec="MMD_AT_PLUS_A",
                       options={"SymmetricMode": True})  # fmt: skip
        out[free] = factors.solve(-(energy @ out)[free])
        return out


def _part(matrix: csc_matrix, kept: NDArray[np.bool_]) -> csc_matrix:
    """The rows and columns of a matrix that are kept."""
    number = np.cumsum(kept) - 1
    columns = np.repeat(np.arange(len(kept)), np.diff(matrix.indptr))
    inside = kept[matrix.indices] & kept[columns]
    size = int(number[-1]) + 1
    counts = np.bincount(number[columns[inside]], minlength=size)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    rows = number[matrix.indices[inside]].astype(np.int32)
    return csc_matrix((matrix.data[inside], rows, starts), (size, size))
