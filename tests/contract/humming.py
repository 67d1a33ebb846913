"""A voice for random weights: the generator of a HiFi-GAN set to hum, so that tests can hear pitch and level."""

from collections.abc import Sequence
from typing import Any

from backends.speech.torch_models import torch


def hum(first: Any, upsamplers: Sequence[Any], residual: Sequence[Any], last: Any) -> None:
    """A pulse up and one down in every frame, whatever comes in: a tone of the frame rate with its overtones.

    Args:
        first, last: the convolutions at the generator's ends.
        upsamplers: its transposed convolutions.
        residual: all convolutions of its residual blocks, which do next to nothing then.
    """
    _set(first, 0.01 * torch().randn(first.weight.shape), bias=1.0)
    for number, layer in enumerate(upsamplers):
        inside, outside, size = layer.weight.shape
        stride = layer.stride[0]
        taps = torch().zeros(size)
        if number == 0:
            taps[: stride // 4], taps[stride // 2 : 3 * stride // 4] = 1.0, -1.0
        else:
            taps[:stride] = 1.0
        _set(layer, taps.expand(inside, outside, size) / inside)
    for layer in residual:
        _set(layer, 1e-4 * torch().randn(layer.weight.shape))
    _set(last, torch().full(last.weight.shape, 0.3 / last.weight[0].numel()))


def _set(layer: Any, weight: Any, bias: float = 0.0) -> None:
    """A layer's weight, which is kept as length and direction where it is normalised."""
    norm = weight.reshape(len(weight), -1).norm(dim=1).reshape(-1, *[1] * (weight.dim() - 1))
    if hasattr(layer, "weight_v"):
        layer.weight_v.copy_(weight)
        layer.weight_g.copy_(norm)
    elif hasattr(layer, "parametrizations"):
        layer.parametrizations.weight.original0.copy_(norm)
        layer.parametrizations.weight.original1.copy_(weight)
    else:
        layer.weight.copy_(weight)
    if layer.bias is not None:
        layer.bias.fill_(bias)
