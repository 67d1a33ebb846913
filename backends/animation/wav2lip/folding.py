"""Batch normalisations folded into the convolutions before them, so that only convolutions are left to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.animation.wav2lip.architecture import EPSILON, Architecture, Layer
from backends.types import FloatArray

Weights = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Folded:
    """A convolution's numbers, ready to run."""

    weight: FloatArray
    bias: FloatArray


def fold(architecture: Architecture, weights: Weights) -> dict[str, Folded]:
    """The convolutions by `Layer.key`, and the last one by `Architecture.head`.

    The network that they make takes and gives RGB, where the published one has BGR.
    """
    folded = {layer.key: _fold(layer, weights) for layer in architecture.layers()}
    first = architecture.face[0][0].key
    swapped = folded[first].weight[:, [2, 1, 0, 5, 4, 3]]
    folded[first] = Folded(np.ascontiguousarray(swapped), folded[first].bias)
    head = architecture.head
    folded[head] = Folded(
        np.ascontiguousarray(weights[f"{head}.weight"][::-1]),
        np.ascontiguousarray(weights[f"{head}.bias"][::-1]),
    )
    return folded


def _fold(layer: Layer, weights: Weights) -> Folded:
    """y = gain · (conv(x) - mean) / sqrt(variance + ε) + shift as one convolution."""

    def of(name: str) -> NDArray[np.float64]:
        return weights[f"{layer.key}.conv_block.{name}"].astype(np.float64)

    gain = of("1.weight") / np.sqrt(of("1.running_var") + EPSILON)
    bias = (of("0.bias") - of("1.running_mean")) * gain + of("1.bias")
    over = (1, -1, 1, 1) if layer.up else (-1, 1, 1, 1)
    weight = of("0.weight") * gain.reshape(over)
    return Folded(weight.astype(np.float32), bias.astype(np.float32))
