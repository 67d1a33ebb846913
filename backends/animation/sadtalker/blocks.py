"""What SadTalker's networks are built of. The attribute names are those of the published checkpoints."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Dims = Literal[2, 3]


class NormedConv(nn.Module):
    """Convolution, batch norm, rectifier; before it nearest-neighbour enlargement, or behind it an average pool.

    In depth (`dims` 3) only height and width change.
    """

    def __init__(
        self,
        dims: Dims,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        step: int = 0,
        slope: float = 0.0,
    ) -> None:
        """
        Args:
            step: 1 doubles the size, -1 halves it.
            slope: of the rectifier below 0.
        """
        super().__init__()
        self.conv = conv(dims, inputs, outputs, kernel)
        self.norm = norm(dims, outputs)
        self.step, self.slope, self.dims = step, slope, dims

    def forward(self, x: Tensor) -> Tensor:
        factors = (2, 2) if self.dims == 2 else (1, 2, 2)
        if self.step > 0:
            x = F.interpolate(x, scale_factor=tuple(map(float, factors)), mode="nearest")
        x = F.leaky_relu_(self.norm(self.conv(x)), self.slope)
        if self.step < 0:
            x = F.avg_pool2d(x, factors) if self.dims == 2 else F.avg_pool3d(x, factors)
        return x


class Residual(nn.Module):
    """Norm, rectifier and convolution twice, added to the input."""

    def __init__(self, dims: Dims, channels: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(dims, channels), conv(dims, channels, channels)
        self.norm2, self.conv2 = norm(dims, channels), conv(dims, channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.relu_(self.norm1(x)))
        return x + self.conv2(F.relu_(self.norm2(inner)))  # type: ignore[no-any-return]


class SpectralConv2d(nn.Module):
    """A convolution whose weight is divided by its largest singular value (Miyato et al. 2018, equation 8).

    The checkpoint holds the singular vectors as training left them; nothing is iterated here.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight_orig = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        self.register_buffer("weight_u", torch.empty(outputs))
        self.register_buffer("weight_v", torch.empty(inputs * kernel * kernel))

    @property
    def weight(self) -> Tensor:
        largest = self.weight_u @ (self.weight_orig.flatten(1) @ self.weight_v)
        return self.weight_orig / largest

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, padding="same")


def conv(dims: Dims, inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d | nn.Conv3d:
    """One that keeps the size."""
    kind = nn.Conv2d if dims == 2 else nn.Conv3d
    return kind(inputs, outputs, kernel, padding=kernel // 2)


def norm(dims: Dims, channels: int) -> nn.BatchNorm2d | nn.BatchNorm3d:
    return nn.BatchNorm2d(channels) if dims == 2 else nn.BatchNorm3d(channels)


def grid(size: tuple[int, ...], like: Tensor) -> Tensor:
    """(depth, height, width, 3) x, y and z of every voxel of that size, -1..1 from the first to the last."""
    z, y, x = (torch.linspace(-1, 1, n, dtype=like.dtype, device=like.device) for n in size)
    return torch.stack(torch.meshgrid(z, y, x, indexing="ij")[::-1], dim=-1)
